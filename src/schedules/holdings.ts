import type { Command } from '#commands';
import type { Resolution } from './resolve.ts';
import type { Holding, ScheduleStore } from './store.ts';
import type { Word } from './types.ts';

/** A word that holds, with who says it. */
export type Decision = Resolution & { readonly word: Word };

/** How far the word that holds now has been brought to a device. */
export type Progress = 'new' | 'sent' | 'settled';

/** What was last decided for each device and whether it took it: in memory, and on disk. */
export class Holdings {
  readonly #store: ScheduleStore;
  readonly #byDevice = new Map<string, Holding>();
  /** Which device a command is to bring what should hold to. */
  readonly #deviceOf = new Map<string, string>();

  constructor(store: ScheduleStore) {
    this.#store = store;
  }

  load(): void {
    for (const holding of this.#store.holdings()) this.#keep(holding);
  }

  of(deviceId: string): Holding | undefined {
    return this.#byDevice.get(deviceId);
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

  /** Writes a decision down; in a transaction with others when many are made at once. */
  put(holding: Holding): void {
    if (isEqual(this.#byDevice.get(holding.deviceId), holding)) return;
    this.#store.putHolding(holding);
    this.#keep(holding);
  }

  remove(deviceId: string): void {
    if (!this.#byDevice.has(deviceId)) return;
    this.#store.removeHolding(deviceId);
    this.#drop(deviceId);
  }

  /** Whether a command is one that a device's holding waits for. */
  awaits(commandId: string): boolean {
    return this.#deviceOf.has(commandId);
  }

  /** An awaited command went on: it was taken, refused, or came to nothing. */
  take(command: Command, nowMs: number): void {
    const holding = this.#byDevice.get(this.#deviceOf.get(command.id) ?? '');
    if (holding === undefined) return;
    const isTaken = command.acknowledged_at !== null || command.status === 'confirmed';
    const rest = holding.commandIds.filter((id) => id !== command.id);
    if (isTaken) {
      this.put({ ...holding, commandIds: rest, settled: rest.length === 0 });
    } else if (command.status === 'rejected') {
      this.put({ ...holding, rejectedAtMs: Math.floor(nowMs) });
    } else if (isCalledOff(command)) {
      // Whoever called it off does not want it when the device is back.
      this.put({ ...holding, commandIds: rest, settled: rest.length === 0 });
    }
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

/** By a person, and not by a newer command that took the word from it. */
const isCalledOff = ({ status, error }: Command): boolean =>
  status === 'cancelled' && !(error ?? '').startsWith('superseded');
