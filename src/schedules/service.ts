import type { Api, AuditPort } from '#auth';
import type { Command } from '#commands';
import type { Db } from '#db';
import type { StateMap } from '#devices';
import { type Clock, type Log, type Part, Signal } from '#kernel';
import { Book, type Entry } from './book.ts';
import { Homecoming } from './homecoming.ts';
import type { Naming } from './names-for.ts';
import { overlapsOf } from './overlaps.ts';
import type { Owed } from './owed.ts';
import type { CommandPort, DevicePort, DuePort, GroupPort, OverrideOf } from './ports.ts';
import { Registry, type Requester } from './registry.ts';
import { scheduleRoutes } from './routes.ts';
import { runJson, scheduleJson } from './schedule-json.ts';
import type { RunJson, ScheduleInput, ScheduleJson, ScheduleMade, WhyJson } from './schema.ts';
import { Steward } from './steward.ts';
import { type Baseline, ScheduleStore } from './store.ts';
import { Ticker } from './ticker.ts';
import { type Location, Place } from './time/place.ts';
import type { Word } from './types.ts';
import { whyJson } from './why.ts';

export interface SchedulesOptions {
  readonly db: Db;
  /** It is started before this part, and opened afterwards. */
  readonly due: DuePort;
  readonly audit: AuditPort;
  readonly devices: DevicePort;
  readonly groups: GroupPort;
  readonly commands: CommandPort;
  readonly overrideOf: OverrideOf;
  readonly place: Location;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ScheduleChange {
  readonly change: 'created' | 'updated' | 'removed';
  /** As it is now, or was last. */
  readonly schedule: ScheduleJson;
}

/** What a device said of itself in a status message, after it was applied. */
interface Status {
  readonly deviceId: string;
  readonly values: StateMap;
}

const settleKind = 'schedule.settle';
const hub: Requester = { actor: 'hub' };

/**
 * What should hold at which times, and that it does: schedules, and the words of a hand and of an
 * override weighed against them (see `resolve`). After a power cut the devices are compared with
 * what should hold now and are sent the differences.
 */
export class Schedules implements Part {
  readonly name = 'schedules';
  readonly onChange: Signal<ScheduleChange>;
  readonly #options: SchedulesOptions;
  readonly #store: ScheduleStore;
  readonly #place: Place;
  readonly #book: Book;
  readonly #steward: Steward;
  readonly #ticker: Ticker;
  readonly #registry: Registry;
  readonly #homecoming: Homecoming;
  /** Whom a word was brought to before the devices were compared after the start; then nobody. */
  #touched: Set<string> | undefined = new Set();
  /** Who was in the groups that schedules are for, to see who joins. */
  readonly #members = new Map<string, ReadonlySet<string>>();

  constructor(options: SchedulesOptions) {
    const { db, log, due } = options;
    this.#options = options;
    this.onChange = new Signal('schedules.onChange', log);
    const store = new ScheduleStore(db);
    const place = new Place(options.place);
    const book = new Book({ ...options, place });
    const schedulesOf = (deviceId: string) => book.weighedFor(deviceId);
    const isAwaited = (deviceId: string) => this.#homecoming.isAwaited(deviceId);
    const steward = new Steward({ ...options, store, schedulesOf, isAwaited });
    const onRun = (id: string) => this.#tell('updated', book.find(id));
    const ticker = new Ticker({ ...options, book, store, steward, onRun });
    this.#store = store;
    this.#place = place;
    this.#book = book;
    this.#steward = steward;
    this.#ticker = ticker;
    this.#registry = new Registry({ ...options, book, store, ticker, place });
    this.#homecoming = new Homecoming({
      due,
      wanted: (deviceId) => steward.wanted(deviceId),
      look: (deviceId) => {
        const [applied] = steward.apply([deviceId], { reason: 'it is back', verify: true });
        return applied?.outcome === 'pending' ? 'pending' : 'done';
      },
    });
  }

  /** Reads the schedules; before the due queue opens. Nothing is sent before the clock is right. */
  async start(): Promise<void> {
    const { due, devices, log } = this.#options;
    due.handle(settleKind, () => {
      this.#ticker.armAll();
      this.#store.forgetOldRuns(this.#options.clock.nowMs());
      return () => this.#settle();
    });
    this.#ticker.start();
    this.#homecoming.start();
    this.#steward.start();
    for (const record of this.#store.schedules()) {
      const entry = this.#book.put(record);
      // A device may have gone while its schedules could not be told.
      if (record.deviceId !== null && !devices.exists(record.deviceId))
        this.#registry.remove(entry, hub);
      else if (entry.problem) log.warn({ schedule: record.id }, entry.problem);
      if (record.groupId !== null) this.#remember(record.groupId);
    }
  }

  async stop(): Promise<void> {
    this.#steward.stop();
  }

  routes(api: Api): void {
    scheduleRoutes(api, this, this.#book);
  }

  numbers(): Readonly<Record<'schedules' | 'enabled' | 'unsettled', number>> {
    const entries = this.#book.list();
    return {
      schedules: entries.length,
      enabled: entries.filter(({ record }) => record.enabled).length,
      unsettled: this.#steward.holdings.unsettled.length,
    };
  }

  /** In the order they were made; with `deviceId` those of a device, its groups' included. */
  list(deviceId?: string): ScheduleJson[] {
    const entries = deviceId === undefined ? this.#book.list() : this.#book.ofDevice(deviceId);
    return entries.map((entry) => this.#json(entry));
  }

  /** @throws HearthError `not_found`. */
  get(id: string): ScheduleJson {
    return this.#json(this.#registry.get(id));
  }

  /** The last 200 runs, newest first. @throws HearthError `not_found`. */
  history(id: string, limit: number): RunJson[] {
    return this.#store.runs(this.#registry.get(id).record.id, limit).map(runJson);
  }

  /**
   * Makes a schedule. One that is made inside its own window begins at once.
   * @throws HearthError `unprocessable` naming the field and the value that cannot be.
   */
  create(input: ScheduleInput, requester: Requester): ScheduleMade {
    return this.#made('created', this.#registry.create(input, requester));
  }

  /** Changes what is given. @throws HearthError `not_found`, and what {@link create} throws. */
  update(id: string, input: ScheduleInput, requester: Requester): ScheduleMade {
    const before = this.#book.find(id);
    const wasFor = before ? this.#book.devicesOf(before.record) : [];
    const entry = this.#registry.update(id, input, requester);
    const isFor = entry.record.enabled ? this.#book.devicesOf(entry.record) : [];
    this.#release(
      id,
      wasFor.filter((deviceId) => !isFor.includes(deviceId)),
    );
    return this.#made('updated', entry);
  }

  /** Removes a schedule; the devices are left as they are. @throws HearthError `not_found`. */
  remove(id: string, requester: Requester): void {
    this.#remove(this.#registry.get(id), requester);
  }

  /** What should hold for a device now, and why, with the names in `book`. @throws HearthError `not_found`. */
  why(deviceId: string, book: Naming = this.#book): WhyJson {
    const { devices, clock, due, overrideOf } = this.#options;
    devices.get(deviceId);
    const resolution = this.#steward.resolve(deviceId);
    const holding = this.#steward.holdings.of(deviceId);
    return whyJson({
      deviceId,
      nowMs: clock.nowMs(),
      resolution,
      override: overrideOf(deviceId),
      book,
      clock: this.#place.clock,
      definition: devices.definitionOf(deviceId),
      reported: devices.reported(deviceId),
      isSettled: holding?.settled ?? true,
      isAssumed: this.#store.baseline(deviceId)?.isAssumed === true,
      isClockBehind: !due.clockIsPlausible,
    });
  }

  /** What should hold for a device now, an override that runs included. */
  wordNow(deviceId: string): Word | undefined {
    return this.#steward.resolve(deviceId).word;
  }

  /**
   * Sends what a device lacks of what should hold now, and returns what was sent. Not from within a
   * transaction.
   * @throws HearthError what the commands' door says; the device is owed it all the same.
   */
  apply(deviceId: string, reason: string): readonly Command[] {
    this.#touched?.add(deviceId);
    const [applied] = this.#steward.apply([deviceId], { reason, inDoubt: true });
    if (applied?.error !== undefined) throw applied.error;
    return applied?.commands ?? [];
  }

  /** The same for many, all at once: what cannot be sent is told in the log, and owed. */
  applyAll(deviceIds: readonly string[], reason: string): void {
    for (const deviceId of deviceIds) this.#touched?.add(deviceId);
    this.#steward.apply(deviceIds, { reason, inDoubt: true });
  }

  /**
   * What a device is owed, or was told a moment ago: what an override that begins now has to give
   * back instead of what the device reports; undefined when the report says it all.
   */
  owedState(deviceId: string): Owed | undefined {
    return this.#steward.owedState(deviceId);
  }

  /** Writes down what an override gives back, in the caller's transaction. */
  saveBaseline(baseline: Baseline): void {
    this.#store.putBaseline(baseline);
  }

  /**
   * Once the clock can be believed: after what fell due while the hub was off, whoever has a schedule,
   * an override or something owed is compared with what should hold now.
   */
  settleAfterBoot(): void {
    const { due, clock } = this.#options;
    due.set(settleKind, 'boot', Math.floor(clock.nowMs()));
  }

  onCommand(command: Command): void {
    this.#steward.onCommand(command);
    if (this.#homecoming.isIdle) return;
    const holding = this.#steward.holdings.of(command.device_id);
    const isOver = finalStatuses.has(command.status);
    if (holding?.settled || isOver) {
      this.#homecoming.answered(command.device_id, holding?.settled ?? true);
    }
  }

  /** A device can hear commands again; may be told several times. */
  onReachable(deviceId: string): void {
    if (this.#homecoming.returned(deviceId)) return;
    if (this.#options.due.clockIsPlausible && this.#steward.isOwed(deviceId)) {
      this.#steward.apply([deviceId], { reason: 'it is back' });
    }
  }

  onStatus({ deviceId, values }: Status): void {
    this.#steward.heard(deviceId, values);
    if (!this.#homecoming.isIdle) this.#homecoming.heard(deviceId, values);
  }

  onSamples(samples: readonly Status[]): void {
    const isIdle = this.#homecoming.isIdle;
    for (const { deviceId, values } of samples) {
      this.#steward.heard(deviceId, values);
      if (!isIdle) this.#homecoming.heard(deviceId, values);
    }
  }

  /** Who joins a group gets what its schedules say now; who leaves it is left as it is. */
  onGroupChanged(groupId: string): void {
    this.#book.devicesChanged();
    const entries = this.#book.list().filter(({ record }) => record.groupId === groupId);
    if (entries.length === 0) return;
    if (!this.#options.groups.exists(groupId)) {
      this.#members.delete(groupId);
      for (const entry of entries) this.#remove(entry, hub);
      return;
    }
    const before = this.#members.get(groupId) ?? new Set();
    const now = this.#remember(groupId);
    for (const { record } of entries) {
      this.#release(
        record.id,
        [...before].filter((deviceId) => !now.has(deviceId)),
      );
    }
    const joined = [...now].filter((deviceId) => !before.has(deviceId));
    this.#steward.apply(joined, { reason: 'it joined a group' });
    for (const entry of entries) this.#tell('updated', entry);
  }

  /** A device is gone for good, and its schedules with it. */
  onDeviceRemoved(deviceId: string): void {
    this.#book.devicesChanged();
    for (const entry of this.#book.list()) {
      if (entry.record.deviceId === deviceId) this.#remove(entry, hub);
    }
    this.#homecoming.forget(deviceId);
    this.#store.transaction(() => {
      this.#steward.holdings.remove(deviceId);
      this.#store.removeBaseline(deviceId);
    });
  }

  /** Why a group must stay, for whoever is about to remove it; undefined when it may go. */
  reasonToKeepGroup(groupId: string): string | undefined {
    const entry = this.#book.list().find(({ record }) => record.groupId === groupId);
    return entry && `the schedule "${this.#json(entry).name}" is for it`;
  }

  #settle(): void {
    const { devices, overrideOf } = this.#options;
    this.#ticker.resume();
    // An override that ended while the hub was off: what the device says when it is back counts.
    const concerned = new Set([...this.#steward.holdings.unsettled, ...(this.#touched ?? [])]);
    this.#touched = undefined;
    for (const { record } of this.#book.list()) {
      if (!record.enabled) continue;
      for (const deviceId of this.#book.devicesOf(record)) concerned.add(deviceId);
    }
    for (const { id } of devices.list()) if (overrideOf(id)) concerned.add(id);
    // Nobody else has said how it is since: what it said before the power cut is no guide, and a
    // command that it has carried out already would be sent once more.
    const reported = this.#homecoming.expect([...concerned]);
    this.#steward.apply(reported, { reason: 'the hub was started', verify: true });
  }

  #made(change: 'created' | 'updated', entry: Entry): ScheduleMade {
    const { record } = entry;
    if (record.groupId !== null) this.#remember(record.groupId);
    this.#ticker.flush('a schedule was made or changed');
    const others = new Set(
      this.#book.devicesOf(record).flatMap((deviceId) => this.#book.ofDevice(deviceId)),
    );
    const overlaps = overlapsOf(entry, [...others], this.#options.clock.nowMs());
    this.#tell(change, entry);
    return { ...this.#json(entry), overlaps };
  }

  #remove(entry: Entry, requester: Requester): void {
    const schedule = this.#json(entry);
    const devices = this.#book.devicesOf(entry.record);
    this.#registry.remove(entry, requester);
    this.#release(entry.record.id, devices);
    this.onChange.emit({ change: 'removed', schedule });
  }

  /** What a schedule said of these devices is owed to them no more. */
  #release(scheduleId: string, deviceIds: readonly string[]): void {
    const { holdings } = this.#steward;
    const held = deviceIds.filter((deviceId) => holdings.of(deviceId)?.cause.id === scheduleId);
    this.#store.transaction(() => {
      for (const deviceId of held) holdings.remove(deviceId);
    });
  }

  #remember(groupId: string): ReadonlySet<string> {
    const members = new Set(this.#book.devicesOf({ deviceId: null, groupId }));
    this.#members.set(groupId, members);
    return members;
  }

  #tell(change: 'created' | 'updated', entry: Entry | undefined): void {
    if (entry && this.onChange.hasListeners) {
      this.onChange.emit({ change, schedule: this.#json(entry) });
    }
  }

  #json(entry: Entry): ScheduleJson {
    return scheduleJson(entry, {
      book: this.#book,
      clock: this.#place.clock,
      nowMs: this.#options.clock.nowMs(),
      lastRun: this.#ticker.lastRunOf(entry.record.id),
    });
  }
}

const finalStatuses: ReadonlySet<Command['status']> = new Set([
  'rejected',
  'expired',
  'timed_out',
  'cancelled',
]);
