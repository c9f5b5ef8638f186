import { type Clock, HearthError, type Log, Signal } from '#kernel';
import type { Accept, InboundMessage } from '#mqtt';
import { readAck } from './ack.ts';
import type { Course } from './course.ts';
import { judge, type Report } from './judge.ts';
import type { CommandEvent } from './machine.ts';
import type { DevicePort, ReadingNews, StatusNews } from './ports.ts';
import type { Live } from './roster.ts';
import { StrayShares } from './stray-shares.ts';
import type { OtherAck, StrayAnswer } from './types.ts';

/** Answers that begin so are to a configuration, not to a command. */
const configAck = 'config-';

/** A reading this much older than its receipt is no news; a device's clock may be wrong by less. */
const backlogUs = 60e6;

/** As much of a stray answer as is shown. */
const shownBytes = 1024;

export interface HearingOptions {
  readonly course: Course;
  readonly devices: Pick<DevicePort, 'takeReport'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What devices say, as far as it tells what became of a command: answers, status and readings. */
export class Hearing {
  readonly onOtherAck: Signal<OtherAck>;
  readonly onStray: Signal<StrayAnswer>;
  readonly #course: Course;
  readonly #devices: Pick<DevicePort, 'takeReport'>;
  readonly #shares: StrayShares;
  readonly #log: Log;

  constructor(options: HearingOptions) {
    this.#course = options.course;
    this.#devices = options.devices;
    this.#shares = new StrayShares(options.clock);
    this.#log = options.log;
    this.onOtherAck = new Signal('commands.onOtherAck', options.log);
    this.onStray = new Signal('commands.onStrayAnswer', options.log);
  }

  /** Takes in a device's answers; each is acknowledged once it is on disk. */
  accept(deviceId: string): Accept {
    return (message) => {
      if (!this.#course.isRunning) {
        return Promise.reject(
          new HearthError('unavailable', 'the hub is not running', { retryable: true }),
        );
      }
      try {
        return this.#answered(deviceId, message);
      } catch (error) {
        this.#log.error({ err: error, deviceId }, 'an answer was not taken in');
        return Promise.reject(error);
      }
    };
  }

  /** Costs next to nothing while no command is under way. */
  onSamples(samples: readonly ReadingNews[]): void {
    if (this.#course.roster.isEmpty) return;
    for (const { deviceId, timeUs, receivedUs, values } of samples) {
      const waiting = this.#course.roster.ofDevice(deviceId);
      if (waiting === undefined) continue;
      // What a device catches up with, after it was away, tells of before the command.
      if (timeUs < receivedUs - backlogUs) continue;
      const receivedAtMs = receivedUs / 1000;
      this.#reported([...waiting.values()], { from: 'reading', receivedAtMs, values });
    }
  }

  onStatus({ deviceId, receivedAtMs, values }: StatusNews): void {
    const waiting = this.#course.roster.ofDevice(deviceId);
    if (waiting) this.#reported([...waiting.values()], { from: 'status', receivedAtMs, values });
  }

  #answered(deviceId: string, answer: InboundMessage): Promise<void> | undefined {
    const course = this.#course;
    const ack = readAck(answer.payload);
    if ('problem' in ack) return this.#strayed(deviceId, answer, ack.problem);
    if (ack.id.startsWith(configAck)) {
      this.onOtherAck.emit({ deviceId, id: ack.id, ok: ack.ok, message: ack.message });
      return undefined;
    }
    const live = course.find(ack.id);
    if (live?.command.deviceId !== deviceId) {
      return this.#strayed(deviceId, answer, `the device was sent no command "${ack.id}"`);
    }
    const { ok, message, state: values } = ack;
    const { kind, name } = answer.identity;
    const atMs = course.nowMs();
    if (Object.keys(values).length > 0) this.#devices.takeReport(deviceId, values);
    const report = judge(live, { from: 'answer', receivedAtMs: atMs, values }, atMs);
    const by = `${kind}:${name}`;
    const event: CommandEvent = { type: 'answered', atMs, ok, message, by };
    course.happen(live, report ? [event, report] : [event]);
    // What it says of itself holds for its other commands too.
    const others = [...(course.roster.ofDevice(deviceId)?.values() ?? [])];
    this.#reported(
      others.filter((other) => other !== live),
      { from: 'status', receivedAtMs: atMs, values },
    );
    return course.ledger.written();
  }

  #strayed(deviceId: string, { topic, payload }: InboundMessage, problem: string): undefined {
    this.#course.counts.strayAnswers += 1;
    this.#log.debug({ deviceId, problem }, 'an answer to nothing that was asked');
    if (!this.onStray.hasListeners || !this.#shares.take(deviceId)) return;
    // Its bytes are the broker's again afterwards.
    this.onStray.emit({
      deviceId,
      topic,
      payload: Buffer.from(payload.subarray(0, shownBytes)),
      problem,
    });
  }

  #reported(waiting: readonly Live[], report: Report): void {
    for (const live of waiting) {
      const event = judge(live, report, this.#course.nowMs());
      if (event) this.#course.happen(live, [event]);
    }
  }
}
