import type { DueQueue } from '#db';
import type { Clock, Log } from '#kernel';
import { isCarried, isToBeSent, maySend } from './standing.ts';
import type { Standings } from './standings.ts';
import type { ConfigStore } from './store.ts';
import type { SendDirect, SignConfig } from './types.ts';

export interface DeliveryOptions {
  readonly store: ConfigStore;
  readonly standings: Standings;
  readonly due: Pick<DueQueue, 'set' | 'setAfter' | 'cancel' | 'dueAtMs'>;
  readonly sign: SignConfig;
  readonly send: SendDirect;
  readonly clock: Clock;
  readonly log: Log;
}

export const configDue = 'config';
export const sendEveryMs = 5 * 60_000;

/** Sends a desired version to its device for as long as the device has not said that it has it. */
export class Delivery {
  readonly #store: ConfigStore;
  readonly #standings: Standings;
  readonly #due: DeliveryOptions['due'];
  readonly #sign: SignConfig;
  readonly #send: SendDirect;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor({ store, standings, due, sign, send, clock, log }: DeliveryOptions) {
    this.#store = store;
    this.#standings = standings;
    this.#due = due;
    this.#sign = sign;
    this.#send = send;
    this.#clock = clock;
    this.#log = log;
  }

  /** Sends what a device is missing, unless it refused it or a command is bringing it. */
  sendIfMissing(deviceId: string): void {
    if (isToBeSent(this.#standings.of(deviceId), this.#clock.nowMs())) this.#sendDesired(deviceId);
  }

  /** Sends the desired version once more to a device that an older one has just come to. */
  sendAgain(deviceId: string): void {
    if (maySend(this.#standings.of(deviceId), this.#clock.nowMs())) this.#sendDesired(deviceId);
  }

  #sendDesired(deviceId: string): void {
    const { desired } = this.#standings.of(deviceId);
    try {
      const outcome = this.#send({
        to: { kind: 'device', name: deviceId },
        topics: [`devices/${deviceId}/config`, `smartplug/${deviceId}/config`],
        payloadFor: () => this.#payload(deviceId, desired),
      });
      // A device that is away is sent to when it is back, not every five minutes.
      if (!outcome.sent && outcome.reason !== 'busy') this.#due.cancel(configDue, deviceId);
      else this.watch(deviceId);
    } catch (error) {
      this.#log.error({ err: error, deviceId }, 'a configuration could not be sent');
    }
  }

  /** Looks again in five minutes, unless that is planned already. */
  watch(deviceId: string): void {
    if (!isToBeSent(this.#standings.of(deviceId), this.#clock.nowMs())) return;
    if (this.#due.dueAtMs(configDue, deviceId) !== undefined) return;
    this.#due.setAfter(configDue, deviceId, sendEveryMs);
  }

  /** In the transaction that took the moment out of the due queue. */
  isDue(deviceId: string): (() => void) | undefined {
    const standing = this.#standings.of(deviceId);
    const nowMs = this.#clock.nowMs();
    if (isToBeSent(standing, nowMs)) {
      this.#due.setAfter(configDue, deviceId, sendEveryMs);
      return () => this.sendIfMissing(deviceId);
    }
    if (standing.carrier && isCarried(standing, nowMs)) {
      this.#due.set(configDue, deviceId, standing.carrier.expiresAtMs);
    }
    return undefined;
  }

  #payload(deviceId: string, version: number): string {
    const config = this.#store.version(deviceId, version)?.config;
    const issuedAt = new Date(this.#clock.nowMs()).toISOString();
    const body = { version, config, issued_at: issuedAt };
    return this.#sign({ deviceId, purpose: 'config', body });
  }
}
