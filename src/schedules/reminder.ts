import type { StateMap } from '#devices';
import type { Clock } from '#kernel';
import type { Holdings } from './holdings.ts';
import type { CommandPort, DevicePort, DuePort } from './ports.ts';
import type { Holding } from './store.ts';

export interface ReminderOptions {
  readonly holdings: Holdings;
  readonly due: Omit<DuePort, 'set'>;
  readonly devices: DevicePort;
  readonly commands: Pick<CommandPort, 'pendingOf'>;
  readonly clock: Clock;
  /** Whether a device is looked at anyway, once it has come back after the start. */
  readonly isAwaited: (deviceId: string) => boolean;
  /** Compares devices with what should hold now, and sends what they lack. */
  readonly apply: (deviceIds: readonly string[]) => void;
}

const dueKind = 'schedule.owed';
const firstMs = 5 * 60_000;
const mostMs = 60 * 60_000;
/** What a device refused is not said to it again for so long. */
export const refusedForMs = 10 * 60_000;

/**
 * Says a word again that a device has yet to take, as long as the word holds and the device is
 * connected: after five minutes, and each time after twice as long, up to an hour. The first time it
 * does so at once when the device reports something else.
 */
export class Reminder {
  readonly #options: ReminderOptions;
  /** How often each device was reminded of the word that holds. */
  readonly #times = new Map<string, number>();
  /** Who is reminded in a moment. */
  readonly #hurried = new Set<string>();
  /** Whose reminder is due: together, for what was said to a group is due in the same moment. */
  readonly #called = new Set<string>();

  constructor(options: ReminderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.due.handle(dueKind, (deviceId) => {
      this.#called.add(deviceId);
      return () => this.#remind();
    });
  }

  /** Another word holds than before. */
  forget(deviceId: string): void {
    this.#times.delete(deviceId);
    this.#hurried.delete(deviceId);
    this.#options.due.cancel(dueKind, deviceId);
  }

  /** After every change of what is held: sees to it that a reminder is due where there is need of one. */
  look(deviceId: string): void {
    const { holdings, due, clock } = this.#options;
    const holding = holdings.of(deviceId);
    if (holding === undefined || holding.settled) {
      // Who only says that it took it is not told anew each time that its report says otherwise.
      if (holdings.isWatched(deviceId, clock.nowMs())) due.cancel(dueKind, deviceId);
      else this.forget(deviceId);
    } else if (this.#isUnderWay(holding)) due.cancel(dueKind, deviceId);
    else if (due.dueAtMs(dueKind, deviceId) === undefined) {
      due.setAfter(dueKind, deviceId, this.#waitMs(holding));
    }
  }

  /** The device is not as it was told to be; the second time that is nothing new. */
  contradicted(deviceId: string): void {
    const holding = this.#options.holdings.of(deviceId);
    if (holding === undefined || holding.settled || this.#isUnderWay(holding)) return;
    const isNews = !this.#times.has(deviceId) && !this.#hurried.has(deviceId);
    if (isNews && holding.rejectedAtMs === null) this.soon(deviceId);
  }

  /** A report of a device that has yet to take something: whether it tells that it has not. */
  heard(deviceId: string, values: StateMap, differs: (values: StateMap) => boolean): void {
    if (this.#times.has(deviceId) || this.#hurried.has(deviceId)) return;
    if (differs(values)) this.contradicted(deviceId);
  }

  /** Not at once: whoever brings the news may be in the middle of something. */
  soon(deviceId: string): void {
    this.#hurried.add(deviceId);
    this.#options.due.setAfter(dueKind, deviceId, 0);
  }

  #remind(): void {
    const called = [...this.#called];
    this.#called.clear();
    const deviceIds = called.filter((deviceId) => this.#mayRemind(deviceId));
    for (const deviceId of deviceIds) {
      this.#times.set(deviceId, (this.#times.get(deviceId) ?? 0) + 1);
    }
    if (deviceIds.length > 0) this.#options.apply(deviceIds);
  }

  #mayRemind(deviceId: string): boolean {
    const { holdings, due, devices, isAwaited } = this.#options;
    this.#hurried.delete(deviceId);
    const holding = holdings.of(deviceId);
    if (holding === undefined || holding.settled || this.#isUnderWay(holding)) return false;
    // It gets what it is owed when it is back, or once the clock is right.
    if (!due.clockIsPlausible || !devices.exists(deviceId)) return false;
    if (devices.get(deviceId).status === 'offline') return false;
    if (isAwaited(deviceId)) {
      due.setAfter(dueKind, deviceId, firstMs);
      return false;
    }
    return true;
  }

  #isUnderWay({ deviceId, commandIds }: Holding): boolean {
    if (commandIds.length === 0) return false;
    return this.#options.commands.pendingOf(deviceId).some(({ id }) => commandIds.includes(id));
  }

  #waitMs({ deviceId, rejectedAtMs }: Holding): number {
    const waitMs = Math.min(mostMs, firstMs * 2 ** (this.#times.get(deviceId) ?? 0));
    if (rejectedAtMs === null) return waitMs;
    return Math.max(waitMs, rejectedAtMs + refusedForMs - this.#options.clock.nowMs());
  }
}
