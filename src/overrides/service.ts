import type { Audit } from '#audit';
import type { Api } from '#auth';
import type { Command } from '#commands';
import type { Db, DueQueue } from '#db';
import { expectedState } from '#devices';
import { type Clock, HearthError, type Log, type Part, Signal } from '#kernel';
import type { OverrideWord } from '#schedules';
import { newOverride } from './new-override.ts';
import { overrideJson } from './override-json.ts';
import { stateToRestore } from './previous.ts';
import { overrideRoutes } from './routes.ts';
import { mostMinutes } from './schema.ts';
import { anchorOf, onThisClock } from './span.ts';
import { OverrideStore } from './store.ts';
import type {
  Asker,
  NewEnd,
  OverriddenDevices,
  Override,
  OverrideRecord,
  OverrideRequest,
  Steward,
} from './types.ts';

export interface OverridesOptions {
  readonly db: Db;
  readonly due: Pick<DueQueue, 'handle' | 'setAfter' | 'cancel' | 'clockIsPlausible'>;
  readonly audit: Pick<Audit, 'append'>;
  readonly devices: OverriddenDevices;
  readonly schedules: Steward;
  readonly clock: Clock;
  readonly log: Log;
}

/** One that runs, and where the clock stood when its moments were written; see `onThisClock`. */
interface Running {
  readonly record: OverrideRecord;
  readonly anchorMs: number | undefined;
}

interface Ending extends Asker {
  readonly status: 'ended' | 'cancelled';
  readonly because: string;
}

const dueKind = 'override';
const mostMs = mostMinutes * 60_000;

/**
 * What runs for a while instead of what held before (pre-clean). The state before it is on disk
 * before anything is sent; at the end it becomes a word as of when the override began, so that a
 * schedule that spoke meanwhile wins.
 */
export class Overrides implements Part {
  readonly name = 'overrides';
  /** Begun, changed, over. */
  readonly onChange: Signal<Override>;
  readonly #store: OverrideStore;
  readonly #due: OverridesOptions['due'];
  readonly #audit: OverridesOptions['audit'];
  readonly #devices: OverriddenDevices;
  readonly #schedules: Steward;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #running = new Map<string, Running>();
  /** Whose end is being written down: over with the commit, before anything that follows from it. */
  readonly #ending = new Set<string>();
  /** Those of them that have yet to give back, by device. */
  readonly #ended = new Map<string, OverrideRecord>();

  constructor({ db, due, audit, devices, schedules, clock, log }: OverridesOptions) {
    this.#store = new OverrideStore(db);
    this.#due = due;
    this.#audit = audit;
    this.#devices = devices;
    this.#schedules = schedules;
    this.#clock = clock;
    this.#log = log;
    this.onChange = new Signal('overrides.onChange', log);
  }

  /** Reads what runs; before the due queue opens. What ended while the hub was off ends then. */
  async start(): Promise<void> {
    this.#due.handle(dueKind, (deviceId) => this.#timeIsOver(deviceId));
    for (const record of this.#store.running()) {
      this.#running.set(record.deviceId, { record, anchorMs: undefined });
    }
  }

  async stop(): Promise<void> {}

  routes(api: Api): void {
    overrideRoutes(api, this);
  }

  numbers(): { readonly active: number } {
    return { active: this.#running.size };
  }

  /** What overrides a device now, for whoever weighs the words. */
  activeOf(deviceId: string): OverrideWord | undefined {
    const record = this.#recordOf(deviceId);
    if (record === undefined) return undefined;
    const { id, action, value, startedAtMs, endsAtMs } = record;
    return { id, deviceId, word: { kind: 'action', action, value }, startedAtMs, endsAtMs };
  }

  /** The override that runs. @throws HearthError `not_found`, also when none does. */
  get(deviceId: string): Override {
    return this.#json(this.#require(deviceId));
  }

  /** The last hundred of a device, newest first. @throws HearthError `not_found`. */
  list(deviceId: string): Override[] {
    this.#devices.get(deviceId);
    const running = this.#recordOf(deviceId);
    const current = (record: OverrideRecord) => (record.id === running?.id ? running : record);
    return this.#store.list(deviceId).map((record) => this.#json(current(record)));
  }

  /**
   * Overrides a device, in place of the override that runs, if one does. Returns the command that
   * was sent, or null when the device was so already.
   * @throws HearthError `not_found`; `conflict` for a disabled device; `unprocessable` for an action
   * that cannot be or leaves no state behind; what the command's own door says: then none runs.
   */
  begin(
    deviceId: string,
    request: OverrideRequest,
  ): { override: Override; command: Command | null } {
    const replaced = this.#recordOf(deviceId);
    const record = newOverride(deviceId, request, {
      devices: this.#devices,
      replaced,
      owed: this.#schedules.owedState(deviceId),
      nowMs: this.#nowMs(),
    });
    const over = replaced && this.#over(replaced, 'replaced', `replaced by ${record.id}`);
    this.#store.transaction(() => {
      if (over) this.#store.update(over);
      this.#store.add(record);
      this.#append(record, 'override.start', request, {
        action: record.action,
        value: record.value,
        ends_at: this.#json(record).ends_at,
        ...(over && { replaces: over.id }),
      });
      this.#due.setAfter(dueKind, deviceId, request.durationMs);
    });
    this.#keep(record);
    if (over) this.onChange.emit(this.#json(over));
    const command = this.#sendFirst(record, request);
    const override = this.get(deviceId);
    this.onChange.emit(override);
    return { override, command };
  }

  /** Moves the end. @throws HearthError `not_found`; `unprocessable` when it is over a day away. */
  change(deviceId: string, end: NewEnd, asker: Asker): Override {
    const before = this.#require(deviceId);
    const nowMs = this.#nowMs();
    const leftMs = Math.max(0, before.endsAtMs - nowMs);
    const durationMs = 'extendMs' in end ? leftMs + end.extendMs : end.durationMs;
    if (durationMs > mostMs) {
      const minutes = Math.round(durationMs / 6000) / 10;
      throw new HearthError('unprocessable', `it would run for ${minutes} more minutes`, {
        field: 'extendMs' in end ? 'extendMinutes' : 'durationMinutes',
        hint: `An override may run for ${mostMinutes} minutes from now.`,
      });
    }
    const record = { ...before, endsAtMs: nowMs + Math.round(durationMs) };
    this.#store.transaction(() => {
      this.#store.update(record);
      this.#append(record, 'override.extend', asker, { ends_at: this.#json(record).ends_at });
      this.#due.setAfter(dueKind, deviceId, durationMs);
    });
    this.#keep(record);
    const override = this.#json(record);
    this.onChange.emit(override);
    return override;
  }

  /** Ends it before its time, with its restore. @throws HearthError `not_found`. */
  cancel(deviceId: string, asker: Asker): Override {
    return this.#cancel(this.#require(deviceId), { ...asker, because: 'cancelled' });
  }

  /**
   * A command has changed. One by hand that a device took is a person's newer word: it ends an
   * override of the same properties, and nothing is given back. Until it is taken the override runs
   * on, and it does so when the command comes to nothing.
   */
  onCommand(command: Command): void {
    if (command.source !== 'manual' && command.source !== 'scene') return;
    const record = this.#recordOf(command.device_id);
    if (record === undefined || !isTakenSince(command, record)) return;
    const sets = expectedState(this.#devices.definitionOf(record.deviceId), command);
    if (!Object.keys(sets).some((property) => Object.hasOwn(record.saved, property))) return;
    const over = this.#over(record, 'cancelled', 'a command by hand');
    this.#store.transaction(() => {
      this.#store.update(over);
      const asker = { requestedBy: command.requested_by };
      this.#append(over, 'override.cancel', asker, { command_id: command.id });
      this.#due.cancel(dueKind, over.deviceId);
    });
    this.#running.delete(over.deviceId);
    this.onChange.emit(this.#json(over));
  }

  /** A device is gone, and its rows with it. */
  forget(deviceId: string): void {
    if (this.#running.delete(deviceId)) this.#due.cancel(dueKind, deviceId);
  }

  /** Nothing runs of which no command could be made: whoever asked is told why. */
  #sendFirst(record: OverrideRecord, asker: Asker): Command | null {
    try {
      const commands = this.#schedules.apply(record.deviceId, `override ${record.id} began`);
      const command = commands.find(({ source }) => source === 'override') ?? null;
      if (command === null) return null;
      const sent = { ...record, commandId: command.id };
      this.#store.update(sent);
      this.#keep(sent);
      return command;
    } catch (error) {
      this.#cancel(record, { ...asker, because: 'its command could not be made' });
      throw error;
    }
  }

  #cancel(record: OverrideRecord, ending: Omit<Ending, 'status'>): Override {
    const over = this.#over(record, 'cancelled', ending.because);
    this.#store.transaction(() => {
      this.#close(over, 'override.cancel', ending);
      this.#due.cancel(dueKind, record.deviceId);
    });
    this.#giveBack([over]);
    return this.#json(over);
  }

  /** In the transaction that takes its end out of the due queue. */
  #timeIsOver(deviceId: string): (() => void) | undefined {
    const record = this.#recordOf(deviceId);
    if (record === undefined) return undefined;
    this.#ending.add(deviceId);
    const over = this.#over(record, 'ended', 'its time was over');
    this.#close(over, 'override.end', { requestedBy: 'hub' });
    this.#ended.set(deviceId, over);
    return () => this.#flushEnded();
  }

  /** After the commit: those that ended in the same moment give back together. */
  #flushEnded(): void {
    const ended = [...this.#ended.values()];
    this.#ended.clear();
    // One that runs as far as the disk knows was not committed, and ends anew.
    const isWritten = ({ id, deviceId }: OverrideRecord) =>
      this.#running.get(deviceId)?.record.id === id && !this.#store.runs(id);
    this.#giveBack(ended.filter(isWritten));
  }

  #over(
    record: OverrideRecord,
    status: 'ended' | 'cancelled' | 'replaced',
    because: string,
  ): OverrideRecord {
    return { ...record, status, endedAtMs: this.#nowMs(), endedBecause: because };
  }

  /** Writes the end down with what is to be given back. */
  #close(over: OverrideRecord, action: string, asker: Asker): void {
    const { id, deviceId, baselineAtMs, saved } = over;
    this.#store.update(over);
    const given = stateToRestore(saved, this.#devices.definitionOf(deviceId));
    if (given) {
      this.#schedules.saveBaseline({ deviceId, overrideId: id, atMs: baselineAtMs, ...given });
    }
    this.#append(over, action, asker, { because: over.endedBecause });
  }

  /** The end is on disk: whatever fails here is made good by whoever keeps what should hold. */
  #giveBack(ended: readonly OverrideRecord[]): void {
    if (ended.length === 0) return;
    const deviceIds = ended.map(({ deviceId }) => deviceId);
    for (const deviceId of deviceIds) {
      this.#ending.delete(deviceId);
      this.#running.delete(deviceId);
    }
    for (const over of ended) this.onChange.emit(this.#json(over));
    try {
      this.#schedules.applyAll(deviceIds, 'an override is over');
    } catch (error) {
      this.#log.warn({ err: error, deviceIds }, 'nothing was sent after an override');
    }
  }

  #append(
    record: OverrideRecord,
    action: string,
    { requestedBy, origin }: Asker,
    detail: Readonly<Record<string, unknown>>,
  ): void {
    this.#audit.append({
      actor: requestedBy,
      action,
      subject: `device:${record.deviceId}`,
      outcome: 'ok',
      ...(origin !== undefined && { origin }),
      detail: { override_id: record.id, ...detail },
    });
  }

  #keep(record: OverrideRecord): void {
    this.#ending.delete(record.deviceId);
    this.#running.set(record.deviceId, { record, anchorMs: anchorOf(this.#clock) });
  }

  #recordOf(deviceId: string): OverrideRecord | undefined {
    const running = this.#running.get(deviceId);
    if (running === undefined) return undefined;
    const isOver = this.#ending.has(deviceId) && !this.#store.runs(running.record.id);
    return isOver ? undefined : onThisClock(running.record, running.anchorMs, this.#clock);
  }

  #require(deviceId: string): OverrideRecord {
    this.#devices.get(deviceId);
    const record = this.#recordOf(deviceId);
    if (record) return record;
    throw new HearthError('not_found', `no override runs on "${deviceId}"`, {
      hint: 'Begin one first, or look at those that are over: the history keeps them.',
    });
  }

  #json(record: OverrideRecord): Override {
    // What time it is, is not known: only one of this run is measured by time that moves forward.
    const isOfThisRun = this.#running.get(record.deviceId)?.anchorMs !== undefined;
    const isMeasured = isOfThisRun || this.#due.clockIsPlausible;
    return overrideJson(record, this.#nowMs(), isMeasured);
  }

  #nowMs(): number {
    return Math.floor(this.#clock.nowMs());
  }
}

/** Whether a device took a command that was made after an override began. */
function isTakenSince({ status, created_at }: Command, { startedAtMs }: OverrideRecord): boolean {
  const isTaken = status === 'acknowledged' || status === 'confirmed';
  return isTaken && Date.parse(created_at) >= startedAtMs;
}
