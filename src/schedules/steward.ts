import type { Command, CommandSource } from '#commands';
import { type Action, agreement, expectedState, type StateMap } from '#devices';
import { type Clock, type Log, messageOf } from '#kernel';
import { type Decision, Holdings, watchedMs } from './holdings.ts';
import type { Plan } from './plan.ts';
import { isOff, planFor, visible, wantedState } from './plan.ts';
import type { CommandPort, DevicePort, DuePort, OverrideOf } from './ports.ts';
import type { RunOutcome } from './record.ts';
import { Reminder, refusedForMs } from './reminder.ts';
import { type CauseKind, type Resolution, resolve, type WeighedSchedule } from './resolve.ts';
import type { ScheduleStore } from './store.ts';
import type { ManualWord, OverrideWord, Word } from './types.ts';

export interface StewardOptions {
  readonly store: ScheduleStore;
  readonly due: DuePort;
  readonly devices: DevicePort;
  readonly commands: CommandPort;
  readonly overrideOf: OverrideOf;
  readonly schedulesOf: (deviceId: string) => readonly WeighedSchedule[];
  /** Whether a device is looked at anyway, once it has come back after the start. */
  readonly isAwaited: (deviceId: string) => boolean;
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

const sourceOf: Readonly<Record<CauseKind, CommandSource>> = {
  override: 'override',
  manual: 'restore',
  restore: 'restore',
  schedule: 'schedule',
  schedule_end: 'schedule',
  schedule_once: 'schedule',
  nothing: 'schedule',
};

/** A word that a device is yet to be brought to. */
export interface Owed {
  /** What it means for the device's properties. */
  readonly state: StateMap;
  /** When it came to hold. */
  readonly atMs: number;
}

const cameToNothing: ReadonlySet<Command['status']> = new Set([
  'rejected',
  'expired',
  'timed_out',
  'cancelled',
]);

/** Sees to it that devices are as they should be: it sends what they lack. */
export class Steward {
  readonly holdings: Holdings;
  readonly #options: StewardOptions;
  readonly #reminder: Reminder;

  constructor(options: StewardOptions) {
    this.#options = options;
    this.holdings = new Holdings(options.store);
    this.#reminder = new Reminder({
      ...options,
      holdings: this.holdings,
      apply: (deviceId) => this.apply([deviceId], { reason: 'it has yet to take it' }),
    });
  }

  /** Before the due queue opens. */
  start(): void {
    this.#reminder.start();
    this.holdings.load();
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
      for (const { application, write } of applied) {
        write();
        this.#reminder.look(application.deviceId);
      }
    });
    return applied.map(({ application }) => application);
  }

  /** Whether a device that is back is owed something: it has yet to take what should hold. */
  isOwed(deviceId: string): boolean {
    const holding = this.holdings.of(deviceId);
    if (holding === undefined || holding.settled) return false;
    const { rejectedAtMs } = holding;
    return rejectedAtMs === null || this.#options.clock.nowMs() - rejectedAtMs >= refusedForMs;
  }

  /**
   * What a device is to be brought back to after an override that begins now, instead of what it
   * reports: a word that it has yet to take, or has taken a moment ago and not reported. One that is
   * off as it was left by an override keeps the rest of what it was given back.
   */
  owedState(deviceId: string): Owed | undefined {
    const { devices } = this.#options;
    const owed = this.#owed(deviceId);
    if (owed === undefined) return undefined;
    const state = wantedState(owed.word, devices.definitionOf(deviceId));
    return Object.keys(state).length === 0 ? undefined : { state, atMs: owed.atMs };
  }

  /**
   * A command went on: one that is awaited; one by hand that is now what holds; or one by hand that
   * came to nothing, after which what should hold may be under way no more.
   */
  onCommand(command: Command): void {
    const { device_id: deviceId, status, source } = command;
    const before = this.holdings.of(deviceId);
    const isAwaited = this.holdings.awaits(command.id);
    if (isAwaited) {
      this.#options.store.transaction(() => {
        this.holdings.take(command, this.#options.clock.nowMs());
        this.#reminder.look(deviceId);
      });
      if (status === 'acknowledged' && command.error !== null) {
        this.#reminder.contradicted(deviceId);
      }
    }
    if (before === undefined || (source !== 'manual' && source !== 'scene')) return;
    if (cameToNothing.has(status)) {
      const isConcerned = isAwaited ? before.cause.id === command.id : !before.settled;
      if (isConcerned) this.#reminder.soon(deviceId);
      return;
    }
    if (isAwaited || before.settled) return;
    if (status !== 'acknowledged' && status !== 'confirmed') return;
    if (this.resolve(deviceId).because.id !== command.id) return;
    this.#options.store.transaction(() => {
      this.holdings.put({ ...before, settled: true, commandIds: [] });
      this.#reminder.look(deviceId);
    });
  }

  /** A device said something of itself. */
  heard(deviceId: string, values: StateMap): void {
    const holding = this.holdings.of(deviceId);
    if (holding === undefined) return;
    const { devices, clock } = this.#options;
    const isWatched = this.holdings.isWatched(deviceId, clock.nowMs());
    if (holding.settled && !isWatched) return;
    const definition = devices.definitionOf(deviceId);
    const reported = devices.reported(deviceId);
    const wanted = visible(wantedState(holding.word, definition), definition, reported);
    if (holding.settled) {
      // What it never reports, it will not confirm either.
      const known = Object.entries(wanted).filter(([name]) => Object.hasOwn(reported, name));
      if (agreement(Object.fromEntries(known), values) === 'agrees') {
        this.holdings.unwatch(deviceId);
      }
      return;
    }
    this.#reminder.heard(deviceId, values, () => agreement(wanted, values) === 'differs');
  }

  #owed(deviceId: string): { readonly word: Word; readonly atMs: number } | undefined {
    const { devices, due, clock } = this.#options;
    const resolution = this.resolve(deviceId);
    const { word, because, decidedAtMs } = resolution;
    if (because.kind === 'override') return undefined;
    const holding = this.holdings.of(deviceId);
    const isUnknown = !due.clockIsPlausible && holding !== undefined && !holding.settled;
    if (isUnknown && holding.cause.kind !== 'override') {
      return { word: holding.word, atMs: holding.decidedAtMs };
    }
    if (word === undefined || decidedAtMs === undefined) return undefined;
    const owed = { word, atMs: decidedAtMs };
    if (because.kind === 'manual') return this.#isUnderWay(because.id) ? owed : undefined;
    const progress = this.holdings.progressOf(deviceId, { ...resolution, word });
    const isFresh = progress === 'settled' && this.holdings.isWatched(deviceId, clock.nowMs());
    if (isUnknown || progress === 'sent' || isFresh) return owed;
    const definition = devices.definitionOf(deviceId);
    const isLeftOff =
      because.kind === 'restore' &&
      isOff(wantedState(word, definition), definition) &&
      isOff(devices.reported(deviceId), definition);
    return isLeftOff ? owed : undefined;
  }

  /** Whether a command by hand waits for its answer, or for the report that agrees with it. */
  #isUnderWay(commandId = ''): boolean {
    const { commands, clock } = this.#options;
    const { status, error, acknowledged_at } = commands.get(commandId);
    if (status === 'acknowledged' && error === null && acknowledged_at !== null) {
      return clock.nowMs() - Date.parse(acknowledged_at) < watchedMs;
    }
    return status === 'queued' || status === 'sent' || status === 'delivered';
  }

  /** A person's newer word is on its way to an overridden device: it shall not be fought. */
  #isAnsweredByHand(deviceId: string, { because, sinceMs = 0, word }: Decision): boolean {
    if (because.kind !== 'override') return false;
    const definition = this.#options.devices.definitionOf(deviceId);
    const wanted = wantedState(word, definition);
    return this.#options.commands
      .pendingOf(deviceId)
      .filter(({ source }) => source === 'manual' || source === 'scene')
      .filter(({ created_at }) => Date.parse(created_at) > sinceMs)
      .some((command) =>
        Object.keys(expectedState(definition, command)).some((name) => Object.hasOwn(wanted, name)),
      );
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
    if (this.#isAnsweredByHand(deviceId, decision)) {
      return { application: { ...left, outcome: 'pending', resolution }, write: () => {} };
    }
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
    decision: Decision,
    progress: { readonly settled: boolean; readonly commandIds: readonly string[] },
  ): void {
    const { word, because, sinceMs = 0, decidedAtMs = 0 } = decision;
    const isNew = this.holdings.progressOf(deviceId, decision) === 'new';
    if (isNew) this.#reminder.forget(deviceId);
    if (isNew || progress.settled) this.holdings.trust(deviceId);
    this.holdings.unwatch(deviceId);
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
