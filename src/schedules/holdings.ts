import type { Command } from '#commands';
import type { Resolution } from './resolve.ts';
import type { Holding, ScheduleStore } from './store.ts';
import type { Word } from './types.ts';

/** A word that holds, with who says it. */
export type Decision = Resolution & { readonly word: Word };

/** A command that a device took and has not confirmed by what it reports. */
interface Watched {
  readonly deviceId: string;
  readonly sinceMs: number;
}

/** As long as the commands themselves look at what a device reports after its answer. */
export const watchedMs = 10 * 60_000;

/** How far the word that holds now has been brought to a device. */
export type Progress = 'new' | 'sent' | 'settled';

/** What was last decided for each device and whether it took it: in memory, and on disk. */
export class Holdings {
  readonly #store: ScheduleStore;
  readonly #byDevice = new Map<string, Holding>();
  readonly #unwritten = new Set<string>();
  /** Which device a command is to bring what should hold to. */
  readonly #deviceOf = new Map<string, string>();
  /** Commands that were taken, as long as the device may yet report otherwise. */
  readonly #watched = new Map<string, Watched>();
  /** Who said that it took the word that holds, and then reported otherwise: only a report settles it. */
  readonly #doubted = new Set<string>();

  constructor(store: ScheduleStore) {
    this.#store = store;
  }

  load(): void {
    for (const holding of this.#store.holdings()) this.#keep(holding);
  }

  of(deviceId: string): Holding | undefined {
    return this.#byDevice.get(deviceId);
  }

  /** The commands that devices have yet to answer, as far as is known. */
  get awaited(): string[] {
    return [...this.#deviceOf.keys()];
  }

  /** The devices that have yet to take what was decided for them. */
  get unsettled(): string[] {
    return [...this.#byDevice.values()]
      .filter(({ settled }) => !settled)
      .map(({ deviceId }) => deviceId);
  }

  /** Whether this very word was decided for the device before, at the same moment. */
  progressOf(deviceId: string, { word, because, decidedAtMs = 0 }: Decision): Progress {
    // A word by hand is on its way by itself: it has a command of its own.
    if (because.kind === 'manual') return 'settled';
    const holding = this.#byDevice.get(deviceId);
    const isSame =
      holding !== undefined &&
      holding.decidedAtMs === Math.floor(decidedAtMs) &&
      holding.cause.kind === because.kind &&
      holding.cause.id === because.id &&
      JSON.stringify(holding.word) === JSON.stringify(word);
    if (!isSame) return 'new';
    return holding.settled ? 'settled' : 'sent';
  }

  /** The device may have missed something while the clock was in doubt. */
  doubt(deviceId: string): void {
    const holding = this.#byDevice.get(deviceId);
    if (holding?.settled) this.put({ ...holding, settled: false });
  }

  /** Keeps a decision; it is on disk with the next `write`. */
  put(holding: Holding): void {
    if (isEqual(this.#byDevice.get(holding.deviceId), holding)) return;
    this.#keep(holding);
    this.#unwritten.add(holding.deviceId);
  }

  /** Writes down what is kept of these devices, in the caller's transaction. */
  write(deviceIds: readonly string[]): void {
    for (const deviceId of deviceIds) {
      const holding = this.#byDevice.get(deviceId);
      if (holding && this.#unwritten.has(deviceId)) this.#store.putHolding(holding);
    }
  }

  /** The transaction of `write` is over. */
  written(deviceIds: readonly string[]): void {
    for (const deviceId of deviceIds) this.#unwritten.delete(deviceId);
  }

  remove(deviceId: string): void {
    this.unwatch(deviceId);
    this.trust(deviceId);
    this.#unwritten.delete(deviceId);
    if (!this.#byDevice.has(deviceId)) return;
    this.#store.removeHolding(deviceId);
    this.#drop(deviceId);
  }

  /** Whether a command is one that a device's holding waits for, or waited for lately. */
  awaits(commandId: string): boolean {
    return this.#deviceOf.has(commandId) || this.#watched.has(commandId);
  }

  /** Whether a device took its word a moment ago, and has yet to report that it is so. */
  isWatched(deviceId: string, nowMs: number): boolean {
    return this.#watchedOf(deviceId).some(([, { sinceMs }]) => nowMs - sinceMs < watchedMs);
  }

  /** Another word holds, or it is so: the device's answer counts again. */
  trust(deviceId: string): void {
    this.#doubted.delete(deviceId);
  }

  /** What a device reports from now on says nothing of what it was told before. */
  unwatch(deviceId: string): void {
    for (const [id] of this.#watchedOf(deviceId)) this.#watched.delete(id);
  }

  /** An awaited command went on: it was taken, refused, or came to nothing. */
  take(command: Command, nowMs: number): void {
    const holding = this.#byDevice.get(command.device_id);
    if (holding === undefined) return;
    const isTaken = command.acknowledged_at !== null || command.status === 'confirmed';
    const rest = holding.commandIds.filter((id) => id !== command.id);
    if (isTaken) {
      this.#watch(command, nowMs);
      const isTrusted = !this.#doubted.has(command.device_id);
      this.put({ ...holding, commandIds: rest, settled: rest.length === 0 && isTrusted });
    } else if (command.status === 'rejected') {
      this.put({ ...holding, rejectedAtMs: Math.floor(nowMs) });
    } else if (isCalledOff(command)) {
      // Whoever called it off does not want it when the device is back.
      this.put({ ...holding, commandIds: rest, settled: rest.length === 0 });
    }
  }

  /** One that is acknowledged and not confirmed; its error says what the device reports instead. */
  #watch({ id, device_id: deviceId, status, error }: Command, nowMs: number): void {
    if (status === 'confirmed') this.#doubted.delete(deviceId);
    else if (status === 'acknowledged' && error !== null) this.#doubted.add(deviceId);
    if (status !== 'acknowledged') {
      this.#watched.delete(id);
      return;
    }
    const sinceMs = this.#watched.get(id)?.sinceMs ?? nowMs;
    this.#watched.set(id, { deviceId, sinceMs });
  }

  #watchedOf(deviceId: string): [string, Watched][] {
    if (this.#watched.size === 0) return [];
    return [...this.#watched].filter(([, watched]) => watched.deviceId === deviceId);
  }

  #keep(holding: Holding): void {
    this.#drop(holding.deviceId);
    this.#byDevice.set(holding.deviceId, holding);
    for (const id of holding.commandIds) this.#deviceOf.set(id, holding.deviceId);
  }

  #drop(deviceId: string): void {
    for (const id of this.#byDevice.get(deviceId)?.commandIds ?? []) this.#deviceOf.delete(id);
    this.#byDevice.delete(deviceId);
  }
}

const isEqual = (left: Holding | undefined, right: Holding): boolean =>
  left !== undefined && JSON.stringify(left) === JSON.stringify(right);

/**
 * By a person, and not by a newer command that took the word from it. A person's own command that is
 * taken back leaves what should hold as it was.
 */
const isCalledOff = ({ status, source, error }: Command): boolean =>
  status === 'cancelled' &&
  source !== 'manual' &&
  source !== 'scene' &&
  !(error ?? '').startsWith('superseded');
