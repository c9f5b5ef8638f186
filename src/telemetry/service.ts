import { join } from 'node:path';
import type { NewAlert } from '#alerts';
import type { Api, AuditPort } from '#auth';
import type { Config } from '#config';
import type { Db } from '#db';
import {
  type Cancel,
  type Clock,
  HearthError,
  isoOfMicroseconds,
  type Log,
  type Part,
  Signal,
} from '#kernel';
import type { Accept } from '#mqtt';
import type { Reseal, Vault } from '#secrets';
import { Analysis } from './analysis/analysis.ts';
import type { Batch, Series } from './batch.ts';
import { ClockWatch } from './clock-watch.ts';
import { Committer } from './committer.ts';
import type { Comparison } from './comparison.ts';
import { History, type Reader } from './history.ts';
import { type Compared, type GroupQuery, type GroupSeries, HomeHistory } from './home-history.ts';
import { homeHistoryRoutes } from './home-routes.ts';
import { ImportIntake, type ImportReceipt, type ImportSeries } from './imports/intake.ts';
import { Intake } from './intake.ts';
import type { Reading } from './parse.ts';
import type { Points } from './points.ts';
import { type DeviceRefusals, Quarantine } from './quarantine.ts';
import { FreeDisk, freeBytesOf } from './retention/free-disk.ts';
import { type RetentionPlan, retentionRoutes } from './retention/routes.ts';
import { Retention } from './retention/service.ts';
import type { ErasureRequest } from './retention/types.ts';
import { telemetryRoutes } from './routes.ts';
import { Sealing } from './sealing.ts';
import { SeriesBook } from './series.ts';
import { Storage } from './storage.ts';
import { HighWaterMark, SealedStore } from './store.ts';
import type { Reading as NewestReading } from './summary.ts';
import { hubClockPlausible } from './timestamp.ts';
import type {
  DeviceStatistics,
  MessageProtection,
  QuarantinedMessage,
  Receipt,
  Sample,
  SetAside,
  StorageIncident,
  StorageReport,
  Submission,
  TelemetryHealth,
  TelemetryQuery,
  TelemetryRow,
  Value,
} from './types.ts';
import type { FaultPoint } from './worker/fault-points.ts';
import type { ReadyMessage, Snapshot, SnapshotScope } from './worker/protocol.ts';

/** What telemetry needs to know of devices. */
export interface KnownDevices {
  exists(deviceId: string): boolean;
  /** All of them, for what is about types, rooms or the home. */
  list?(): readonly {
    readonly id: string;
    readonly type: string;
    readonly room: string | null;
  }[];
  readonly rooms?: { list(): readonly { readonly id: string; readonly name: string }[] };
  /** The metrics whose values are kept encrypted; asked for each message. */
  sensitiveOf(deviceId: string): ReadonlySet<string>;
  latest(
    deviceId: string,
  ): { readonly timeUs: number; readonly values: Readonly<Record<string, Value>> } | undefined;
}

export interface TelemetryOptions {
  /** A directory of its own, made where it is missing. */
  readonly directory: string;
  /** hearth.db: for the high-water mark only. */
  readonly db: Db;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly devices: KnownDevices;
  /** Checks signatures and opens boxes; without it every message is read as it stands. */
  readonly protection?: MessageProtection;
  /** Seals the keys of sensitive metrics; without it what is sensitive is refused. */
  readonly vault?: Vault;
  /** The journal grows no further than this many bytes; 2 GB by default. */
  readonly journalBytes?: number;
  /** Writes down who changed what is kept, and who deleted what. */
  readonly audit?: AuditPort;
  /** Ends the process at this moment, as a power cut would: for tests alone. */
  readonly dieAt?: FaultPoint;
  /** Bytes that are free on the disk; asked of the file system of `directory` by default. */
  readonly freeBytes?: () => number | undefined;
}

const defaultJournalBytes = 2 * 1024 ** 3;
const housekeepingMs = 30_000;
const savingMs = 1000;

/** Readings: in, kept, and asked for. Nothing is acknowledged before it is on disk. */
export class Telemetry implements Part {
  readonly name = 'telemetry';
  /** The readings of a batch, once they are on disk. */
  readonly onSample: Signal<readonly Sample[]>;
  readonly devices: KnownDevices;
  readonly clock: Clock;
  readonly timeZone: string;
  /** The disk runs low, or readings went because it did. */
  readonly onAlert: Signal<NewAlert>;
  /** What is to leave no trace: from here on it is in no answer. */
  readonly onErased: Signal<Omit<ErasureRequest, 'actor' | 'origin'>>;
  readonly retention: Retention;
  /** Processes that read history beside the hub. */
  readonly analysis: Analysis;
  readonly #log: Log;
  readonly #mark: HighWaterMark;
  readonly #series = new SeriesBook();
  readonly #quarantine: Quarantine;
  readonly #sealing: Sealing;
  readonly #history: History;
  readonly #homeHistory: HomeHistory;
  readonly #storage: Storage;
  readonly #committer: Committer;
  readonly #intake: Intake;
  readonly #imports: ImportIntake;
  readonly #clockWatch: ClockWatch;
  readonly #freeDisk: FreeDisk;
  readonly #audit: AuditPort | undefined;
  /** Removed devices of which storage does not know yet, with the numbers of their series. */
  readonly #removed = new Map<string, readonly number[]>();
  #newest: readonly Sample[] = [];
  #timers: Cancel[] = [];
  #restored = false;

  constructor(options: TelemetryOptions) {
    const { clock, config, log } = options;
    this.clock = clock;
    this.devices = options.devices;
    this.timeZone = config['home.time_zone'];
    this.#log = log;
    this.onSample = new Signal('telemetry.sample', log);
    this.onAlert = new Signal('telemetry.onAlert', log);
    this.onErased = new Signal('telemetry.onErased', log);
    this.#audit = options.audit;
    this.retention = new Retention({
      db: options.db,
      config,
      clock,
      devices: options.devices,
      audit: options.audit,
    });
    this.#freeDisk = new FreeDisk({
      floorBytes: config['telemetry.free_disk_mb'] * 1024 ** 2,
      freeBytes: options.freeBytes ?? freeBytesOf(options.directory),
      onAlert: this.onAlert,
    });
    this.analysis = new Analysis({ clock, log, directory: join(options.directory, 'analysis') });
    this.#mark = new HighWaterMark(options.db);
    const sensitiveOf = (deviceId: string) => options.devices.sensitiveOf(deviceId);
    this.#quarantine = new Quarantine(clock, {
      kept: config['telemetry.quarantine'],
      isConfidential: (deviceId) => sensitiveOf(deviceId).size > 0,
    });
    const store = new SealedStore(options.db);
    this.#sealing = new Sealing({ store, vault: options.vault, clock, log });
    this.#storage = new Storage({
      clock,
      log,
      highWaterSeq: () => Math.max(this.#mark.read(), this.#committer.committedSeq),
      onReady: (message) => this.#learn(message),
      options: {
        directory: options.directory,
        sealPoints: config['telemetry.seal_points'],
        sealMs: config['telemetry.seal_minutes'] * 60_000,
        memoryMb: config['telemetry.memory_mb'],
        timeZone: config['home.time_zone'],
        quarantineKept: config['telemetry.quarantine'],
        journalBytes: options.journalBytes ?? defaultJournalBytes,
        ...(options.dieAt && { dieAt: options.dieAt }),
      },
    });
    this.#committer = new Committer({
      sink: this.#storage,
      series: this.#series,
      nowMs: () => clock.monotonicMs(),
      onCommitted: (batch) => this.#tell(batch),
    });
    this.#clockWatch = new ClockWatch(clock);
    const readable = {
      storage: this.#storage,
      series: this.#series,
      sealing: this.#sealing,
      sensitiveOf,
      log,
    };
    this.#history = new History(readable);
    this.#homeHistory = new HomeHistory(readable);
    this.#imports = new ImportIntake({
      clock,
      series: this.#series,
      committer: this.#committer,
      sealing: this.#sealing,
      sensitiveOf,
    });
    this.#intake = new Intake({
      clock,
      series: this.#series,
      committer: this.#committer,
      quarantine: this.#quarantine,
      protection: options.protection,
      sealing: this.#sealing,
      sensitiveOf,
      limits: {
        messagesPerSecond: config['limits.messages_per_second'],
        messageBytes: config['limits.body_bytes'],
      },
      lateness: this.retention,
    });
  }

  /**
   * @throws HearthError `storage_failed` when the store cannot be opened (damage does not matter),
   * `data_directory` when the key file is not the one that sensitive readings were kept with.
   */
  async start(): Promise<void> {
    this.#sealing.start();
    this.retention.start();
    await this.#storage.start();
    this.#timers = [
      this.clock.every(savingMs, () => this.#save()),
      this.clock.every(housekeepingMs, () => this.#tend()),
    ];
  }

  /** Brings everything taken in to disk and closes the store. */
  async stop(): Promise<void> {
    for (const cancel of this.#timers) cancel();
    await this.analysis.stop();
    await this.#committer.drained();
    this.#committer.abandon(new HearthError('unavailable', 'the hub is stopping'));
    this.#save();
    await this.#storage.stop();
  }

  /**
   * Takes a message in. Never throws for what it says: what is refused is in the receipt and in
   * quarantine.
   */
  submit(submission: Submission): Receipt {
    return this.#intake.submit(submission);
  }

  /** Takes readings in that came in another shape than JSON: see `Intake.submitReadings`. */
  submitReadings(
    submission: Submission,
    readings: readonly Reading[],
    how: { readonly goesOn: boolean },
  ): Receipt {
    return this.#intake.submitReadings(submission, readings, how);
  }

  /** Takes history in that is no news: see `ImportIntake`. */
  importPoints(
    points: Points,
    series: readonly (ImportSeries | undefined)[],
  ): Promise<ImportReceipt> {
    return this.#imports.take(points, series);
  }

  /** Whether the hub's own clock can be right. */
  get clockIsPlausible(): boolean {
    return hubClockPlausible(this.clock.nowMs() * 1000, this.#committer.lastWrittenUs);
  }

  /** What the broker calls for each message of a device. */
  acceptFrom(deviceId: string): Accept {
    return this.#intake.acceptFrom(deviceId);
  }

  /**
   * A device's readings or buckets, in pages of rows; whoever reads slowly is waited for. Everything
   * that was committed before the first page is asked for is in it. What is sensitive is in it only
   * for a reader who may see that.
   * @throws HearthError `bad_request` for an unknown time zone, `unavailable` while storage restarts.
   */
  query(query: TelemetryQuery, reader: Reader = anyone): AsyncIterable<readonly TelemetryRow[]> {
    return this.#history.query(query, reader);
  }

  /** The columns that an answer to `query` may have after its timestamp, in their order. */
  columnsOf(query: TelemetryQuery, reader: Reader = anyone): readonly string[] {
    return this.#history.columnsOf(query, reader);
  }

  /** The sensitive metrics that an answer leaves out for this reader. */
  withheld(deviceId: string, fields: readonly string[] | undefined, reader: Reader): string[] {
    return this.#history.withheld(deviceId, fields, reader);
  }

  /** The metrics of a device of which there may be sealed values: sensitive now, or once. */
  sealedMetrics(deviceId: string): readonly string[] {
    const now = this.devices.sensitiveOf(deviceId);
    return [...new Set([...now, ...this.#sealing.of(deviceId)])].sort();
  }

  /** The newest value of each sensitive metric: only for those who may see them. */
  newestSensitive(deviceId: string): Promise<ReadonlyMap<string, NewestReading>> {
    return this.#history.newestSensitive(deviceId);
  }

  /** Seals the keys of sensitive metrics anew, when the key file is rotated. */
  reseal(reseal: Reseal): void {
    this.#sealing.reseal(reseal);
  }

  routes(api: Api): void {
    telemetryRoutes(api, this);
    homeHistoryRoutes(api, this);
    retentionRoutes(api, this);
  }

  /** Sums a device's readings up, from `startUs`, before `endUs`. */
  statistics(
    asked: Pick<TelemetryQuery, 'deviceId' | 'startUs' | 'endUs' | 'fields'>,
    reader: Reader = anyone,
  ): Promise<DeviceStatistics> {
    return this.#history.statistics(asked, reader);
  }

  /** Several devices in buckets: a series for each group of them. */
  series(query: GroupQuery, reader: Reader = anyone): Promise<readonly GroupSeries[]> {
    return this.#homeHistory.series(query, reader);
  }

  /** The same with an earlier time beside it, row by row. */
  compare(
    query: GroupQuery,
    comparison: Comparison,
    reader: Reader = anyone,
  ): Promise<{ readonly series: readonly GroupSeries[]; readonly compared: Compared }> {
    return this.#homeHistory.compare(query, comparison, reader);
  }

  /** Statistics of several devices, without p50, p95 and p99. */
  manyStatistics(
    asked: {
      readonly deviceIds: readonly string[];
      readonly startUs: number;
      readonly endUs: number;
      readonly fields?: readonly string[] | undefined;
    },
    reader: Reader = anyone,
  ): Promise<ReadonlyMap<string, DeviceStatistics>> {
    return this.#homeHistory.statistics(asked, reader);
  }

  readonly quarantine = {
    /** Newest first. */
    list: (deviceId?: string): readonly QuarantinedMessage[] => this.#quarantine.list(deviceId),
    /** How many messages of each device were refused, or came too fast, since the hub started. */
    counts: (): ReadonlyMap<string, Readonly<DeviceRefusals>> => this.#quarantine.counts(),
    /** Sets a message aside that another part of the hub could make nothing of. */
    add: (message: SetAside): void =>
      this.#quarantine.addRejections({ ...message, body: message.payload, source: 'mqtt' }, [
        { index: 0, field: '', reason: message.problem },
      ]),
  };

  /** What was lost or set aside, newest first; kept across restarts. */
  incidents(): Promise<readonly StorageIncident[]> {
    return this.#storage.ask('incidents', undefined);
  }

  /** Writes an incident of another store down with telemetry's own. */
  async report(incident: StorageIncident): Promise<void> {
    await this.#storage.ask('report', { incident });
  }

  health(): TelemetryHealth {
    const { problem, committedSeq, lastCommitMs, waitingPoints } = this.#committer;
    return {
      status: !this.#storage.ready ? 'starting' : problem === undefined ? 'ok' : 'failing',
      ...(problem === undefined ? {} : { problem }),
      committedSeq,
      lastCommitMs,
      waitingPoints,
    };
  }

  storage(): Promise<StorageReport> {
    return this.#storage.ask('storage', undefined);
  }

  /**
   * History as files, for a process that reads it by itself; everything that was committed before is
   * in it. To be released; without a `renew` it ends after ten minutes.
   */
  snapshot(scope: SnapshotScope = {}): Promise<Snapshot> {
    return this.#storage.ask('snapshot', scope);
  }

  /** @throws HearthError `gone` when the lease has ended. */
  async renew(lease: number): Promise<void> {
    await this.#storage.ask('renew', { lease });
  }

  /** Never rejects: a worker that is started anew knows of no leases. */
  async release(lease: number): Promise<void> {
    await this.#storage.ask('release', { lease }).catch(() => {});
  }

  /**
   * Turns everything that has been committed into days and their sums, without waiting for its time.
   * @throws HearthError `storage_failed`; everything is then as it was.
   */
  async compact(): Promise<void> {
    await this.#committer.drained();
    await this.#storage.ask('compact', undefined);
  }

  /** Seals what has been committed, without waiting for its time. */
  async seal(): Promise<void> {
    await this.#committer.drained();
    await this.#storage.ask('seal', undefined);
  }

  /**
   * The newest value of each series that was found in the journal at the start, oldest first; what
   * is sealed is older than a clean stop, or than what devices have saved of themselves.
   */
  newest(): readonly Sample[] {
    return this.#newest;
  }

  /** What retention will let go of within so many days, and with the next housekeeping; soonest first. */
  async retentionPlan(days: number): Promise<RetentionPlan> {
    const atUs = this.clock.nowMs() * 1000;
    const space = this.#freeDisk.look();
    const policy = this.retention.policy();
    const going = await this.#storage.ask('retentionPlan', { nowUs: atUs, days, policy, space });
    return { atUs, ...space, going };
  }

  /**
   * Deletes a device's readings for good: they are in no answer any more at once, and in no file when
   * this resolves, with how many there were. A hub that ends in between goes on at its next start.
   * @throws HearthError `unavailable` while storage restarts, `storage_full`, `storage_failed`.
   */
  async erase({ actor, origin, ...request }: ErasureRequest): Promise<number> {
    const { deviceId, metrics, startUs, endUs } = request;
    this.#quarantine.erase(deviceId, startUs, endUs);
    const id = await this.#storage.ask('erase', { deviceId, metrics, startUs, endUs });
    // From here on it will be done, whatever happens.
    this.#audit?.append({
      actor,
      action: 'telemetry.delete',
      subject: `device:${deviceId}`,
      outcome: 'ok',
      ...(origin !== undefined && { origin }),
      detail: {
        start: isoOfMicroseconds(startUs),
        end: isoOfMicroseconds(endUs),
        ...(metrics && { metrics }),
      },
    });
    this.onErased.emit(request);
    return this.#storage.ask('erased', { id });
  }

  /**
   * Forgets a removed device: a new one of the same name begins without history. Its readings leave
   * all files soon after: see `erased`. Never rejects: what storage cannot do now it does at its next
   * housekeeping.
   */
  async forget(deviceId: string): Promise<void> {
    this.#intake.forget(deviceId);
    this.#quarantine.forget(deviceId);
    this.#sealing.forget(deviceId);
    this.retention.forget(deviceId);
    const waiting = this.#removed.get(deviceId) ?? [];
    this.#removed.set(deviceId, [...waiting, ...this.#series.forget(deviceId)]);
    const underWay = this.#committer.underWay();
    await this.#forgetRemoved();
    // What had been gathered of it when it was removed reaches the disk, and leaves it again.
    void underWay.then(() => this.erased()).catch(() => {});
  }

  /** Resolves when everything that is to be erased has left the disk. */
  async erased(): Promise<void> {
    await this.#storage.ask('erased', { id: undefined });
  }

  #learn(message: ReadyMessage): void {
    // Before anything else is sent: a new device of the same name may have readings waiting.
    void this.#forgetRemoved();
    const saved = message.series.filter((series) => !this.#isRemoved(series));
    this.#series.reconcile(saved, message.nextSeries);
    this.#committer.committedSeq = message.committedSeq;
    this.#committer.lastWrittenUs = Math.max(this.#committer.lastWrittenUs, message.lastWrittenUs);
    for (const one of message.deliveries) {
      if (!this.#removed.has(one.device)) this.#intake.recall(one);
    }
    if (!this.#restored) {
      this.#quarantine.restore(message.quarantine);
      this.#newest = message.newest;
    }
    this.#restored = true;
    this.#committer.flush();
  }

  #isRemoved(series: Series): boolean {
    return this.#removed.get(series.device)?.includes(series.id) === true;
  }

  async #forgetRemoved(): Promise<void> {
    if (!this.#storage.ready) return;
    const removals = [...this.#removed].map(async ([deviceId, series]) => {
      try {
        await this.#storage.ask('forget', { deviceId, series });
        if (this.#removed.get(deviceId) === series) this.#removed.delete(deviceId);
      } catch (error) {
        this.#log.error({ err: error, deviceId }, 'a device was not forgotten; tried again later');
      }
    });
    await Promise.all(removals);
  }

  #tell(batch: Batch): void {
    if (!this.onSample.hasListeners) return;
    // In a turn of its own, so that the acknowledgments leave first.
    setImmediate(() => this.onSample.emit(batch.samples));
  }

  /** What is written at most once a second: the high-water mark, and new entries of the quarantine. */
  #save(): void {
    try {
      this.#mark.raise(this.#committer.committedSeq);
    } catch (error) {
      this.#log.error({ err: error }, 'the high-water mark was not saved');
    }
    try {
      this.#sealing.save();
    } catch (error) {
      this.#log.error({ err: error }, 'which metrics are sealed was not saved');
    }
    if (!this.#storage.ready) return;
    const entries = this.#quarantine.takeUnsaved();
    if (entries.length === 0) return;
    this.#storage
      .ask('quarantine', { entries })
      .catch((error) => this.#log.error({ err: error }, 'quarantine was not saved'));
  }

  #tend(): void {
    const nowUs = this.clock.nowMs() * 1000;
    const { isSteady } = this.#clockWatch.look();
    if (isSteady) this.#committer.believe(nowUs);
    if (!this.#storage.ready) return;
    void this.#forgetRemoved();
    // Told before anything goes for it.
    const space = this.#freeDisk.look();
    this.#freeDisk.warn(space);
    this.#storage
      .ask('tend', { nowUs, clockIsSteady: isSteady, policy: this.retention.policy(), space })
      .then((shortened) => this.#freeDisk.tell(shortened))
      .catch((error) => this.#log.error({ err: error }, 'housekeeping failed'));
  }
}

/** Whoever is not known to see more. */
const anyone: Reader = { sensitive: false };
