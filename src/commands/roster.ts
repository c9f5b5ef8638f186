import { agreement, type StateMap } from '#devices';
import type { Policy } from './machine.ts';
import { type CommandRecord, isPending, isWatched } from './record.ts';

/** A command that something may still happen to. */
export interface Live {
  command: CommandRecord;
  readonly policy: Policy;
  /** What the device is to be like once it is done. */
  readonly expected: StateMap;
  /** What the device said of those properties since it was sent. */
  seen: StateMap;
  /** A newer command says otherwise: what the device reports tells nothing of this one any more. */
  isOutdated: boolean;
  /** An earlier run of the hub made it: only a clock that is right says whether it still holds. */
  readonly isOfEarlierRun: boolean;
  /** How often it was handed to the broker: the loss of an older copy is no news. */
  copies: number;
}

/** The commands that are under way or watched, in memory: by id, and by device in their order. */
export class Roster {
  readonly #byId = new Map<string, Live>();
  readonly #byDevice = new Map<string, Map<string, Live>>();

  get isEmpty(): boolean {
    return this.#byId.size === 0;
  }

  get pendingCount(): number {
    let count = 0;
    for (const { command } of this.#byId.values()) if (isPending(command)) count += 1;
    return count;
  }

  add(live: Live): void {
    const { id, deviceId } = live.command;
    this.#byId.set(id, live);
    const ofDevice = this.#byDevice.get(deviceId);
    if (ofDevice) ofDevice.set(id, live);
    else this.#byDevice.set(deviceId, new Map([[id, live]]));
  }

  get(id: string): Live | undefined {
    return this.#byId.get(id);
  }

  /** Oldest first; `undefined` when there are none, which is what almost every reading meets. */
  ofDevice(deviceId: string): ReadonlyMap<string, Live> | undefined {
    return this.#byDevice.get(deviceId);
  }

  all(): Live[] {
    return [...this.#byId.values()];
  }

  pendingOf(deviceId: string): Live[] {
    return [...(this.#byDevice.get(deviceId)?.values() ?? [])].filter(({ command }) =>
      isPending(command),
    );
  }

  remove(id: string): void {
    const live = this.#byId.get(id);
    if (live === undefined) return;
    this.#byId.delete(id);
    const ofDevice = this.#byDevice.get(live.command.deviceId);
    ofDevice?.delete(id);
    if (ofDevice?.size === 0) this.#byDevice.delete(live.command.deviceId);
  }

  /** Lets go of a command that nothing more can happen to; it is on disk. */
  release(id: string, nowMs: number): void {
    const live = this.#byId.get(id);
    if (live === undefined || isPending(live.command)) return;
    if (!live.isOutdated && isWatched(live.command, live.expected, nowMs)) return;
    this.remove(id);
  }
}

/** Whether the device, which acknowledged it, has yet to report it or to report otherwise. */
export const awaitsReport = ({ command, expected, isOutdated }: Live): boolean =>
  command.status === 'acknowledged' &&
  command.error === null &&
  !isOutdated &&
  Object.keys(expected).length > 0;

/** Its settings replace those of before, though no property tells of them. */
const settings = 'setConfig';

/**
 * Whether a newer command takes the word from an older one of the same device: the same action
 * again, or a property that the two would leave different. A retry of the older would undo the newer.
 * An action that leaves nothing behind is done as often as it is asked for: two beeps are two beeps.
 */
export function supersedes(
  newer: { readonly command: Pick<CommandRecord, 'action'>; readonly expected: StateMap },
  older: { readonly command: Pick<CommandRecord, 'action'>; readonly expected: StateMap },
): boolean {
  const { action } = newer.command;
  const leavesState = action === settings || Object.keys(newer.expected).length > 0;
  const isSame = action === older.command.action;
  return (isSame && leavesState) || agreement(newer.expected, older.expected) === 'differs';
}
