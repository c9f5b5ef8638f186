import { join } from 'node:path';
import type { NewAlert } from '#alerts';
import type { Api } from '#auth';
import { type Clock, HearthError, type Part, Signal } from '#kernel';
import type { Accept } from '#mqtt';
import type { Reseal } from '#secrets';
import { Analysis } from './analysis/analysis.ts';
import { assemble } from './assembly.ts';
import type { Batch } from './batch.ts';
import type { Committer } from './committer.ts';
import type { Comparison } from './comparison.ts';
import type { Forgetting } from './forgetting.ts';
import type { History, Reader } from './history.ts';
import type { Compared, GroupQuery, GroupSeries, HomeHistory } from './home-history.ts';
import { homeHistoryRoutes } from './home-routes.ts';
import type { Housekeeping } from './housekeeping.ts';
import type { ImportIntake, ImportReceipt, ImportSeries } from './imports/intake.ts';
import type { Intake } from './intake.ts';
import type { KnownDevices, TelemetryOptions } from './options.ts';
import type { Reading } from './parse.ts';
import type { Points } from './points.ts';
import type { DeviceRefusals, Quarantine } from './quarantine.ts';
import { FreeDisk, freeBytesOf } from './retention/free-disk.ts';
import { type RetentionPlan, retentionRoutes } from './retention/routes.ts';
import { Retention } from './retention/service.ts';
import type { ErasureRequest } from './retention/types.ts';
import { telemetryRoutes } from './routes.ts';
import type { Sealing } from './sealing.ts';
import type { SeriesBook } from './series.ts';
import type { Storage } from './storage.ts';
import type { Reading as NewestReading } from './summary.ts';
import { hubClockPlausible } from './timestamp.ts';
import type {
  DeviceStatistics,
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
} from './types.ts';
import type { ReadyMessage, Snapshot, SnapshotScope } from './worker/protocol.ts';

export type { KnownDevices, TelemetryOptions } from './options.ts';

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
  readonly #series: SeriesBook;
  readonly #quarantine: Quarantine;
  readonly #sealing: Sealing;
  readonly #history: History;
  readonly #homeHistory: HomeHistory;
  readonly #storage: Storage;
  readonly #committer: Committer;
  readonly #intake: Intake;
  readonly #imports: ImportIntake;
  readonly #freeDisk: FreeDisk;
  readonly #forgetting: Forgetting;
  readonly #housekeeping: Housekeeping;
  #newest: readonly Sample[] = [];
  #restored = false;

  constructor(options: TelemetryOptions) {
    const { clock, config, log } = options;
    this.clock = clock;
    this.devices = options.devices;
    this.timeZone = config['home.time_zone'];
    this.onSample = new Signal('telemetry.sample', log);
    this.onAlert = new Signal('telemetry.onAlert', log);
    this.onErased = new Signal('telemetry.onErased', log);
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
    const parts = assemble(options, {
      ...{ retention: this.retention, freeDisk: this.#freeDisk, onErased: this.onErased },
      onReady: (message) => this.#learn(message),
      onCommitted: (batch) => this.#tell(batch),
    });
    this.#series = parts.series;
    this.#quarantine = parts.quarantine;
    this.#sealing = parts.sealing;
    this.#storage = parts.storage;
    this.#committer = parts.committer;
    this.#history = parts.history;
    this.#homeHistory = parts.homeHistory;
    this.#imports = parts.imports;
    this.#intake = parts.intake;
    this.#forgetting = parts.forgetting;
    this.#housekeeping = parts.housekeeping;
  }

  /**
   * @throws HearthError `storage_failed` when the store cannot be opened (damage does not matter),
   * `data_directory` when the key file is not the one that sensitive readings were kept with.
   */
  async start(): Promise<void> {
    this.#sealing.start();
    this.retention.start();
    await this.analysis.start();
    await this.#storage.start();
    this.#housekeeping.start();
  }

  /** Brings everything taken in to disk and closes the store. */
  async stop(): Promise<void> {
    this.#housekeeping.stop();
    await this.analysis.stop();
    await this.#committer.drained();
    this.#committer.abandon(new HearthError('unavailable', 'the hub is stopping'));
    this.#housekeeping.save();
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
  erase(request: ErasureRequest): Promise<number> {
    return this.#forgetting.erase(request);
  }

  /**
   * Forgets a removed device: a new one of the same name begins without history. Its readings leave
   * all files soon after: see `erased`. Never rejects: what storage cannot do now it does at its next
   * housekeeping.
   */
  forget(deviceId: string): Promise<void> {
    return this.#forgetting.forget(deviceId);
  }

  /** Resolves when everything that is to be erased has left the disk. */
  erased(): Promise<void> {
    return this.#forgetting.erased();
  }

  #learn(message: ReadyMessage): void {
    // Before anything else is sent: a new device of the same name may have readings waiting.
    void this.#forgetting.tellStorage();
    const saved = message.series.filter((series) => !this.#forgetting.isOfRemoved(series));
    this.#series.reconcile(saved, message.nextSeries);
    this.#committer.committedSeq = message.committedSeq;
    this.#committer.lastWrittenUs = Math.max(this.#committer.lastWrittenUs, message.lastWrittenUs);
    for (const one of message.deliveries) {
      if (!this.#forgetting.isRemoved(one.device)) this.#intake.recall(one);
    }
    if (!this.#restored) {
      this.#quarantine.restore(message.quarantine);
      this.#newest = message.newest;
    }
    this.#restored = true;
    this.#committer.flush();
  }

  #tell(batch: Batch): void {
    if (!this.onSample.hasListeners) return;
    // In a turn of its own, so that the acknowledgments leave first.
    setImmediate(() => this.onSample.emit(batch.samples));
  }
}

/** Whoever is not known to see more. */
const anyone: Reader = { sensitive: false };
