import type { Clock } from '#kernel';
import type { DeniedAttempt } from '#mqtt';

/** One refused attempt, or several alike in a row. Times are milliseconds since 1970 UTC. */
export interface Denial {
  readonly atMs: number;
  lastAtMs: number;
  count: number;
  /** `null` when nobody knows whose it was. */
  readonly deviceId: string | null;
  /** `service nodered`: who it was, where that is known. */
  readonly identity: string | null;
  readonly action: DeniedAttempt['action'];
  readonly topic: string;
  readonly clientId: string;
  readonly remoteAddress: string;
  readonly reason: string;
}

const mostOfOneDevice = 50;
const mostUnknown = 200;
const longestText = 256;

/**
 * Refused attempts, for the owner to see. Each list is bounded and repeats fold into one entry, so
 * that a device that hammers neither fills memory nor pushes everything else out of its list. Lists
 * and counts are of this run of the hub; a restart forgets both.
 */
export class Denials {
  readonly #clock: Clock;
  readonly #ofDevice = new Map<string, Denial[]>();
  readonly #countOfDevice = new Map<string, number>();
  #unknown: Denial[] = [];
  #unknownCount = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many attempts of nobody we know were refused since the hub started. */
  get unknownCount(): number {
    return this.#unknownCount;
  }

  /** How many attempts of a device were refused since the hub started, listed still or not. */
  countOf(deviceId: string): number {
    return this.#countOfDevice.get(deviceId) ?? 0;
  }

  add(attempt: DeniedAttempt, deviceId: string | undefined): void {
    const nowMs = this.#clock.nowMs();
    const list = deviceId === undefined ? this.#unknown : this.#listOf(deviceId);
    if (deviceId === undefined) this.#unknownCount += 1;
    else this.#countOfDevice.set(deviceId, this.countOf(deviceId) + 1);
    const index = list.findIndex((denial) => isRepeat(denial, attempt));
    const repeated = index < 0 ? undefined : list.splice(index, 1)[0];
    if (repeated) {
      repeated.count += 1;
      repeated.lastAtMs = nowMs;
      list.push(repeated);
      return;
    }
    list.push({
      atMs: nowMs,
      lastAtMs: nowMs,
      count: 1,
      deviceId: deviceId ?? null,
      identity: attempt.identity ? `${attempt.identity.kind} ${attempt.identity.name}` : null,
      action: attempt.action,
      topic: attempt.topic.slice(0, longestText),
      clientId: attempt.clientId.slice(0, longestText),
      remoteAddress: attempt.remoteAddress,
      reason: attempt.reason.slice(0, longestText),
    });
    if (list.length > (deviceId === undefined ? mostUnknown : mostOfOneDevice)) list.shift();
  }

  /** The last refusals of one device, newest first. */
  of(deviceId: string): Denial[] {
    return [...(this.#ofDevice.get(deviceId) ?? [])].reverse();
  }

  /** The last refusals of everyone, newest first. */
  all(): Denial[] {
    return [this.#unknown, ...this.#ofDevice.values()]
      .flat()
      .sort((left, right) => right.lastAtMs - left.lastAtMs)
      .slice(0, mostUnknown);
  }

  forget(deviceId: string): void {
    this.#ofDevice.delete(deviceId);
    this.#countOfDevice.delete(deviceId);
  }

  #listOf(deviceId: string): Denial[] {
    let list = this.#ofDevice.get(deviceId);
    if (list === undefined) {
      list = [];
      this.#ofDevice.set(deviceId, list);
    }
    return list;
  }
}

const isRepeat = (denial: Denial, attempt: DeniedAttempt): boolean =>
  denial.action === attempt.action &&
  denial.reason === attempt.reason.slice(0, longestText) &&
  denial.topic === attempt.topic.slice(0, longestText) &&
  denial.clientId === attempt.clientId.slice(0, longestText) &&
  denial.remoteAddress === attempt.remoteAddress;
