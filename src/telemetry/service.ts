import type { Api } from '#auth';
import type { Config } from '#config';
import type { Db } from '#db';
import { type Cancel, type Clock, HearthError, type Log, type Part, Signal } from '#kernel';
import type { Accept } from '#mqtt';
import type { Reseal, Vault } from '#secrets';
import type { Batch, Series } from './batch.ts';
import { ClockWatch } from './clock-watch.ts';
import { Committer } from './committer.ts';
import { History, type Reader } from './history.ts';
import { Intake } from './intake.ts';
import { type DeviceRefusals, Quarantine } from './quarantine.ts';
import { telemetryRoutes } from './routes.ts';
import { Sealing } from './sealing.ts';
import { SeriesBook } from './series.ts';
import { Storage } from './storage.ts';
import { HighWaterMark, SealedStore } from './store.ts';
import type { Reading as NewestReading } from './summary.ts';
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
import type { ReadyMessage } from './worker/protocol.ts';

/** What telemetry needs to know of devices. */
export interface KnownDevices {
  exists(deviceId: string): boolean;
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
}

const dayMs = 86_400_000;
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
  readonly #log: Log;
  readonly #mark: HighWaterMark;
  readonly #series = new SeriesBook();
  readonly #quarantine: Quarantine;
  readonly #sealing: Sealing;
  readonly #history: History;
  readonly #storage: Storage;
  readonly #committer: Committer;
  readonly #intake: Intake;
  readonly #clockWatch: ClockWatch;
  /** Removed devices of which storage does not know yet, with the numbers of their series. */
  readonly #removed = new Map<string, readonly number[]>();
  #newest: readonly Sample[] = [];
  #timers: Cancel[] = [];
  #restored = false;

  constructor(options: TelemetryOptions) {
    const { clock, config, log } = options;
    const retentionUs = config['telemetry.retention_days'] * dayMs * 1000;
    this.clock = clock;
    this.devices = options.devices;
    this.timeZone = config['home.time_zone'];
    this.#log = log;
    this.onSample = new Signal('telemetry.sample', log);
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
        retentionUs,
        memoryMb: config['telemetry.memory_mb'],
        quarantineKept: config['telemetry.quarantine'],
        journalBytes: options.journalBytes ?? defaultJournalBytes,
      },
    });
    this.#committer = new Committer({
      sink: this.#storage,
      series: this.#series,
      nowMs: () => clock.monotonicMs(),
      onCommitted: (batch) => this.#tell(batch),
    });
    this.#clockWatch = new ClockWatch(clock);
    this.#history = new History({
      storage: this.#storage,
      series: this.#series,
      sealing: this.#sealing,
      sensitiveOf,
      log,
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
        retentionUs,
      },
    });
  }

  /**
   * @throws HearthError `storage_failed` when the store cannot be opened (damage does not matter),
   * `data_directory` when the key file is not the one that sensitive readings were kept with.
   */
  async start(): Promise<void> {
    this.#sealing.start();
    await this.#storage.start();
    this.#timers = [
      this.clock.every(savingMs, () => this.#save()),
      this.clock.every(housekeepingMs, () => this.#tend()),
    ];
  }

  /** Brings everything taken in to disk and closes the store. */
  async stop(): Promise<void> {
    for (const cancel of this.#timers) cancel();
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
  }

  /** Sums a device's readings up, from `startUs`, before `endUs`. */
  statistics(
    asked: Pick<TelemetryQuery, 'deviceId' | 'startUs' | 'endUs' | 'fields'>,
    reader: Reader = anyone,
  ): Promise<DeviceStatistics> {
    return this.#history.statistics(asked, reader);
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

  /**
   * Forgets a removed device: a new one of the same name begins without history. Sealed files keep
   * its readings until their retention is over, where no query finds them. Never rejects: what
   * storage cannot do now it does at its next housekeeping.
   */
  async forget(deviceId: string): Promise<void> {
    this.#intake.forget(deviceId);
    this.#quarantine.forget(deviceId);
    this.#sealing.forget(deviceId);
    const waiting = this.#removed.get(deviceId) ?? [];
    this.#removed.set(deviceId, [...waiting, ...this.#series.forget(deviceId)]);
    await this.#forgetRemoved();
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
    this.#storage
      .ask('tend', { nowUs, clockIsSteady: isSteady })
      .catch((error) => this.#log.error({ err: error }, 'housekeeping failed'));
  }
}

/** Whoever is not known to see more. */
const anyone: Reader = { sensitive: false };
