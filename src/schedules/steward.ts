import type { Command, CommandSource } from '#commands';
import type { Action, StateMap } from '#devices';
import { type Clock, type Log, messageOf } from '#kernel';
import { type Decision, Holdings } from './holdings.ts';
import type { Plan } from './plan.ts';
import { planFor, wantedState } from './plan.ts';
import type { CommandPort, DevicePort, DuePort, OverrideOf } from './ports.ts';
import type { RunOutcome } from './record.ts';
import { type CauseKind, type Resolution, resolve, type WeighedSchedule } from './resolve.ts';
import type { ScheduleStore } from './store.ts';
import type { ManualWord, OverrideWord } from './types.ts';

export interface StewardOptions {
  readonly store: ScheduleStore;
  readonly due: Pick<DuePort, 'clockIsPlausible'>;
  readonly devices: DevicePort;
  readonly commands: CommandPort;
  readonly overrideOf: OverrideOf;
  readonly schedulesOf: (deviceId: string) => readonly WeighedSchedule[];
  readonly clock: Clock;
  readonly log: Log;
}

/** What was done for a device, and why. */
export interface Application {
  readonly deviceId: string;
  readonly outcome: Exclude<RunOutcome, 'overridden'>;
  readonly resolution: Resolution | undefined;
  readonly commands: readonly Command[];
  /** What the device's door said when a command could not be made. */
  readonly error?: unknown;
}

interface Ask {
  readonly reason: string;
  /** Look again at what is settled. */
  readonly verify?: boolean;
  /** An override that someone begins now holds now, whatever the clock says. */
  readonly inDoubt?: boolean;
}

const rejectedForMs = 10 * 60_000;

const sourceOf: Readonly<Record<CauseKind, CommandSource>> = {
  override: 'override',
  manual: 'restore',
  restore: 'restore',
  schedule: 'schedule',
  schedule_end: 'schedule',
  schedule_once: 'schedule',
  nothing: 'schedule',
};

/** Sees to it that devices are as they should be: it sends what they lack, once. */
export class Steward {
  readonly holdings: Holdings;
  readonly #options: StewardOptions;

  constructor(options: StewardOptions) {
    this.#options = options;
    this.holdings = new Holdings(options.store);
  }

  /** What should hold now for a device, and why. */
  resolve(deviceId: string): Resolution {
    const { clock, schedulesOf } = this.#options;
    const nowMs = clock.nowMs();
    const override = this.#override(deviceId, nowMs);
    return resolve(
      nowMs,
      schedulesOf(deviceId),
      override ? [override] : [],
      this.#manual(deviceId),
    );
  }

  /** What the device's properties should be now; undefined when nothing says. */
  wanted(deviceId: string): StateMap | undefined {
    const { word } = this.resolve(deviceId);
    return word && wantedState(word, this.#options.devices.definitionOf(deviceId));
  }

  /**
   * Says what should hold now for each device and sends what it lacks. A command that cannot be made
   * is told of and keeps nobody else from theirs. What was decided is on disk in one go. Not from
   * within a transaction.
   */
  apply(deviceIds: Iterable<string>, ask: Ask): Application[] {
    const { store } = this.#options;
    const applied: { application: Application; write: () => void }[] = [];
    for (const deviceId of new Set(deviceIds)) applied.push(this.#applyOne(deviceId, ask));
    store.transaction(() => {
      for (const { write } of applied) write();
    });
    return applied.map(({ application }) => application);
  }

  /** Whether a device that is back is owed something: it has yet to take what should hold. */
  isOwed(deviceId: string): boolean {
    const holding = this.holdings.of(deviceId);
    if (holding === undefined || holding.settled) return false;
    const { rejectedAtMs } = holding;
    return rejectedAtMs === null || this.#options.clock.nowMs() - rejectedAtMs >= rejectedForMs;
  }

  /** A command went on: one that is awaited, or one by hand that is now what holds. */
  onCommand(command: Command): void {
    if (this.holdings.awaits(command.id)) {
      this.holdings.take(command, this.#options.clock.nowMs());
      return;
    }
    if (command.source !== 'manual' && command.source !== 'scene') return;
    if (command.status !== 'acknowledged' && command.status !== 'confirmed') return;
    const holding = this.holdings.of(command.device_id);
    if (holding === undefined || holding.settled) return;
    if (this.resolve(command.device_id).because.id !== command.id) return;
    this.holdings.put({ ...holding, settled: true, commandIds: [] });
  }

  #applyOne(
    deviceId: string,
    { reason, verify = false, inDoubt = false }: Ask,
  ): { application: Application; write: () => void } {
    const { devices, due } = this.#options;
    const left = { deviceId, outcome: 'left' as const, resolution: undefined, commands: [] };
    if (!devices.exists(deviceId)) return { application: left, write: () => {} };
    const resolution = this.resolve(deviceId);
    const { word, because } = resolution;
    const isKnown = due.clockIsPlausible || (inDoubt && because.kind === 'override');
    if (!isKnown) {
      // What should hold is not known before the clock is right; the device is owed it then.
      return { application: left, write: () => this.#owe(deviceId, resolution) };
    }
    if (word === undefined) {
      const write = () => this.holdings.remove(deviceId);
      return { application: { ...left, resolution }, write };
    }
    const decision: Decision = { ...resolution, word };
    const plan = planFor({
      word,
      definition: devices.definitionOf(deviceId),
      reported: devices.reported(deviceId),
      pending: this.#options.commands.pendingOf(deviceId),
      before: this.holdings.progressOf(deviceId, decision),
      verify,
    });
    const { commands, error } = this.#send(deviceId, decision, plan, reason);
    const failed = error !== undefined;
    const commandIds = failed ? [] : [...plan.awaited, ...commands.map(({ id }) => id)];
    const write = () =>
      this.#hold(deviceId, decision, {
        settled: !failed && commandIds.length === 0,
        commandIds,
      });
    const application: Application = {
      deviceId,
      outcome: failed ? 'failed' : plan.outcome,
      resolution,
      commands,
      ...(failed && { error }),
    };
    return { application, write };
  }

  #send(
    deviceId: string,
    { because }: Decision,
    { actions }: Plan,
    reason: string,
  ): { commands: Command[]; error?: unknown } {
    const commands: Command[] = [];
    const source = sourceOf[because.kind];
    try {
      for (const action of actions) {
        commands.push(this.#options.commands.send(requestFor(deviceId, action, source)));
      }
      return { commands };
    } catch (error) {
      this.#options.log.warn(
        { deviceId, reason, because: because.kind, error: messageOf(error) },
        'a command could not be made',
      );
      return { commands, error };
    }
  }

  #hold(
    deviceId: string,
    { word, because, sinceMs = 0, decidedAtMs = 0 }: Decision,
    progress: { readonly settled: boolean; readonly commandIds: readonly string[] },
  ): void {
    this.holdings.put({
      deviceId,
      word,
      cause: because,
      sinceMs: Math.floor(sinceMs),
      decidedAtMs: Math.floor(decidedAtMs),
      rejectedAtMs: null,
      ...progress,
    });
  }

  #owe(deviceId: string, { word, ...rest }: Resolution): void {
    if (this.holdings.of(deviceId)) this.holdings.doubt(deviceId);
    else if (word) this.#hold(deviceId, { ...rest, word }, { settled: false, commandIds: [] });
  }

  /** Its owner says when an override is over: by time alone it may have been for a moment. */
  #override(deviceId: string, nowMs: number): OverrideWord | undefined {
    const override = this.#options.overrideOf(deviceId);
    if (override === undefined) return undefined;
    return {
      ...override,
      startedAtMs: Math.min(override.startedAtMs, nowMs),
      endsAtMs: Math.max(override.endsAtMs, nowMs + 1),
    };
  }

  /** The last word by hand, or what an override gave back if that is newer. */
  #manual(deviceId: string): ManualWord | undefined {
    const { commands, store } = this.#options;
    const byHand = commands.lastManual(deviceId);
    const baseline = store.baseline(deviceId);
    if (baseline && (byHand === undefined || baseline.atMs >= byHand.atMs)) {
      const { overrideId, state, atMs } = baseline;
      return { id: overrideId, kind: 'restore', word: { kind: 'state', state }, atMs };
    }
    if (byHand === undefined) return undefined;
    const { commandId, action, value, atMs } = byHand;
    return { id: commandId, kind: 'manual', word: { kind: 'action', action, value }, atMs };
  }
}

const requestFor = (deviceId: string, { action, value }: Action, source: CommandSource) => ({
  deviceId,
  action,
  ...(value !== undefined && { value }),
  source,
  requestedBy: 'hub',
});
