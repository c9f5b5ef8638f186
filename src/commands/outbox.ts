import type { Clock, Log } from '#kernel';
import type { DirectMessage } from '#mqtt';
import { bodyOf, commandTopics, dialectOf } from './dialects.ts';
import type { CommandEvent } from './machine.ts';
import type { Send, Sign } from './ports.ts';
import type { CommandRecord } from './record.ts';

const reasons = {
  away: 'the device is offline',
  not_subscribed: 'the device is connected but does not listen to its commands',
  busy: 'the device does not take its messages fast enough',
} as const;

/** Makes, signs and publishes one attempt, and says what came of it. */
export class Outbox {
  readonly #sign: Sign;
  readonly #send: Send;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(options: { sign: Sign; send: Send; clock: Clock; log: Log }) {
    this.#sign = options.sign;
    this.#send = options.send;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  publish(
    command: CommandRecord,
    { attempt, renewsWait }: { readonly attempt: number; readonly renewsWait: boolean },
    listeners: Pick<DirectMessage, 'onDelivered' | 'onLost'>,
  ): CommandEvent {
    const atMs = Math.floor(this.#clock.nowMs());
    const { deviceId } = command;
    if (atMs >= command.expiresAtMs) {
      return { type: 'held_back', atMs, attempt, why: 'its time was over', untilReachable: true };
    }
    try {
      const outcome = this.#send({
        to: { kind: 'device', name: deviceId },
        topics: commandTopics(deviceId),
        payloadFor: (topic) =>
          this.#sign({
            deviceId,
            purpose: 'command',
            body: bodyOf(dialectOf(topic), command, atMs),
          }),
        ...listeners,
      });
      if (outcome.sent) {
        const dialect = dialectOf(outcome.topic);
        return { type: 'published', atMs, attempt, dialect, qos: outcome.qos, renewsWait };
      }
      const untilReachable = outcome.reason !== 'busy';
      return { type: 'held_back', atMs, attempt, why: reasons[outcome.reason], untilReachable };
    } catch (error) {
      this.#log.error({ err: error, deviceId, commandId: command.id }, 'a command was not sent');
      const why = 'the hub could not make the message';
      return { type: 'held_back', atMs, attempt, why, untilReachable: false };
    }
  }
}
