import type { Command, CommandSource } from '#commands';
import { agreement, expectedState, type StateMap } from '#devices';
import { type Clock, isHearthError, type Log, messageOf } from '#kernel';
import { type Decision, Holdings } from './holdings.ts';
import { Notes } from './notes.ts';
import { type Owed, owedOf } from './owed.ts';
import { planFor, visible, wantedState } from './plan.ts';
import type { CommandPort, DevicePort, DuePort, OverrideOf } from './ports.ts';
import type { RunOutcome } from './record.ts';
import { Reminder, refusedForMs } from './reminder.ts';
import { type CauseKind, type Resolution, resolve, type WeighedSchedule } from './resolve.ts';
import { type Request, requestFor, type Sent, sendTogether } from './sending.ts';
import type { ScheduleStore } from './store.ts';
import type { ManualWord, OverrideWord } from './types.ts';

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

/** What is to be done for a device. */
interface Intent {
  readonly deviceId: string;
  readonly outcome: Application['outcome'];
  readonly resolution?: Resolution;
  readonly requests: readonly Request[];
  readonly write: (sent: Sent) => void;
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
  readonly #notes: Notes;
  /** Who is sent something at this moment: what becomes of their older commands is its doing. */
  readonly #served = new Set<string>();

  constructor(options: StewardOptions) {
    this.#options = options;
    this.holdings = new Holdings(options.store);
    this.#notes = new Notes({
      ...options,
      write: (deviceIds) => this.#writeDown(deviceIds),
    });
    this.#reminder = new Reminder({
      ...options,
      holdings: this.holdings,
      apply: (deviceIds) => this.apply(deviceIds, { reason: 'it has yet to take it' }),
    });
  }

  /** Before the due queue opens. What was answered and not written down before is learnt again. */
  start(): void {
    this.#reminder.start();
    this.holdings.load();
    for (const id of this.holdings.awaited) {
      const command = this.#find(id);
      if (command) this.onCommand(command);
    }
  }

  stop(): void {
    this.#notes.stop();
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
   * Says what should hold now for each device and sends what it lacks: all commands in one
   * transaction, and what was decided in another. A command that cannot be made is told of and keeps
   * nobody else from theirs. Not from within a transaction.
   */
  apply(deviceIds: Iterable<string>, ask: Ask): Application[] {
    const { commands } = this.#options;
    const intents = [...new Set(deviceIds)].map((deviceId) => this.#intend(deviceId, ask));
    for (const { deviceId } of intents) this.#served.add(deviceId);
    const applied = sendTogether(intents, commands);
    for (const { deviceId } of intents) this.#served.delete(deviceId);
    this.#writeDown(
      intents.map(({ deviceId }) => deviceId),
      () => {
        for (const { intent, sent } of applied) intent.write(sent);
      },
    );
    return applied.map(({ intent, sent }) => this.#tellOf(intent, sent, ask));
  }

  /** Whether a device that is back is owed something: it has yet to take what should hold. */
  isOwed(deviceId: string): boolean {
    const holding = this.holdings.of(deviceId);
    if (holding === undefined || holding.settled) return false;
    const { rejectedAtMs } = holding;
    return rejectedAtMs === null || this.#options.clock.nowMs() - rejectedAtMs >= refusedForMs;
  }

  /** What an override that begins now has to give back instead of what the device reports. */
  owedState(deviceId: string): Owed | undefined {
    const isAssumed = this.#options.store.baseline(deviceId)?.isAssumed === true;
    return owedOf(deviceId, this.resolve(deviceId), {
      ...this.#options,
      holdings: this.holdings,
      isAssumed,
    });
  }

  /**
   * A command went on: one that is awaited; one by hand that is now what holds; or one by hand that
   * came to nothing, after which what should hold may be under way no more.
   */
  onCommand(command: Command): void {
    const { device_id: deviceId, status, source } = command;
    if (this.#served.has(deviceId)) return;
    const before = this.holdings.of(deviceId);
    const isAwaited = this.holdings.awaits(command.id);
    if (isAwaited) {
      this.holdings.take(command, this.#options.clock.nowMs());
      this.#notes.add(deviceId);
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
    this.holdings.put({ ...before, settled: true, commandIds: [] });
    this.#notes.add(deviceId);
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

  /** What is to be sent to a device, and what is to be written once it was. */
  #intend(deviceId: string, { verify = false, inDoubt = false }: Ask): Intent {
    const { devices, due, commands } = this.#options;
    const left: Intent = { deviceId, outcome: 'left', requests: [], write: () => {} };
    if (!devices.exists(deviceId)) return left;
    const resolution = this.resolve(deviceId);
    const { word, because } = resolution;
    const isKnown = due.clockIsPlausible || (inDoubt && because.kind === 'override');
    if (!isKnown) {
      // What should hold is not known before the clock is right; the device is owed it then.
      return { ...left, write: () => this.#owe(deviceId, resolution) };
    }
    if (word === undefined) {
      return { ...left, resolution, write: () => this.holdings.remove(deviceId) };
    }
    const decision: Decision = { ...resolution, word };
    if (this.#isAnsweredByHand(deviceId, decision)) {
      return { ...left, outcome: 'pending', resolution };
    }
    const { actions, outcome, awaited } = planFor({
      word,
      definition: devices.definitionOf(deviceId),
      reported: devices.reported(deviceId),
      pending: commands.pendingOf(deviceId),
      before: this.holdings.progressOf(deviceId, decision),
      verify,
    });
    const source = sourceOf[because.kind];
    return {
      deviceId,
      outcome,
      resolution,
      requests: actions.map((action) => requestFor(deviceId, action, source)),
      write: ({ commands: made, error }) => {
        const commandIds = error === undefined ? [...awaited, ...made.map(({ id }) => id)] : [];
        const settled = error === undefined && commandIds.length === 0;
        this.#hold(deviceId, decision, { settled, commandIds });
      },
    };
  }

  #tellOf({ deviceId, outcome, resolution }: Intent, sent: Sent, { reason }: Ask): Application {
    const { commands, error } = sent;
    if (error === undefined) return { deviceId, outcome, resolution, commands };
    this.#options.log.warn(
      { deviceId, reason, because: resolution?.because.kind, error: messageOf(error) },
      'a command could not be made',
    );
    return { deviceId, outcome: 'failed', resolution, commands, error };
  }

  /** What is held for these devices, with the reminders that follow from it, in one transaction. */
  #writeDown(deviceIds: readonly string[], decide: () => void = () => {}): void {
    try {
      this.#options.store.transaction(() => {
        decide();
        this.holdings.write(deviceIds);
        for (const deviceId of deviceIds) this.#reminder.look(deviceId);
      });
      this.holdings.written(deviceIds);
    } catch (error) {
      for (const deviceId of deviceIds) this.#notes.add(deviceId);
      throw error;
    }
  }

  /** A command that is not forgotten yet. */
  #find(id: string): Command | undefined {
    try {
      return this.#options.commands.get(id);
    } catch (error) {
      if (isHearthError(error)) return undefined;
      throw error;
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
