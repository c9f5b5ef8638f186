import type { Db } from '#db';
import { HearthError, isoOfMicroseconds, messageOf } from '#kernel';
import type { StorageIncident, StorageReport } from '../types.ts';
import { Engine } from './engine.ts';
import { reachFor } from './fault-points.ts';
import { Files } from './files.ts';
import { Journal } from './journal.ts';
import { closeQuietly, openJournal } from './journal-file.ts';
import { Ledger } from './ledger.ts';
import { Manifest } from './manifest.ts';
import { Pins } from './pins.ts';
import type {
  CommitMessage,
  FromWorker,
  Questions,
  ReadyMessage,
  WorkerStart,
} from './protocol.ts';
import { Reader } from './reader.ts';
import { type Report, recoverFiles, recoverJournal } from './recover.ts';
import { listSealedFile, type SealParts, writeSealedFile } from './seal.ts';
import { SeriesNames } from './series-names.ts';
import { Snapshots } from './snapshot.ts';
import { type Generation, Tail } from './tail.ts';
import { Compactor, mostSealed } from './tiers/compactor.ts';
import { Eraser } from './tiers/erase.ts';
import { RetentionKeeper } from './tiers/retention.ts';
import { removeDoomed } from './tiers/rewrite.ts';

type Note = Omit<Extract<FromWorker, { kind: 'note' }>, 'kind'>;

/** Everything the storage worker has open, and the life of a reading in it. */
export class Vault {
  readonly #start: WorkerStart;
  readonly #note: (note: Note) => void;
  readonly #files: Files;
  readonly #engine: Engine;
  readonly #names = new SeriesNames();
  readonly #tail = new Tail();
  readonly #pins = new Pins();
  #open: OpenVault | undefined;
  #sealing: Promise<void> | undefined;
  /** After a failure only housekeeping tries again: a whole COPY for every batch would be too dear. */
  #sealFailed = false;
  #nowUs: number;

  constructor(start: WorkerStart, note: (note: Note) => void) {
    this.#start = start;
    this.#note = note;
    this.#nowUs = start.nowUs;
    this.#files = new Files(start.options.directory);
    this.#engine = new Engine(start.options.directory, start.options.memoryMb);
  }

  get reader(): Reader {
    return this.#opened.reader;
  }

  get ledger(): Ledger {
    return this.#opened.ledger;
  }

  get snapshots(): Snapshots {
    return this.#opened.snapshots;
  }

  /** Opens the store, mends what is damaged and answers what the main thread needs to know. */
  async open(): Promise<ReadyMessage> {
    const { options, highWaterSeq } = this.#start;
    this.#files.make();
    await this.#engine.open();
    const label = isoOfMicroseconds(this.#nowUs).replaceAll(':', '');
    const { db, damage } = openJournal(this.#files, `journal-${label}`, options.journalBytes);
    const opened = this.#assemble(db);
    this.#open = opened;
    if (damage !== undefined) opened.report('journal_damaged', damage);
    this.#names.load(db);
    const parts = { ...opened, files: this.#files, names: this.#names, tail: this.#tail };
    await this.#engine.turn((connection) => recoverFiles(connection, parts));
    const { lastReceivedUs, newest } = recoverJournal(highWaterSeq, parts);
    return {
      kind: 'ready',
      series: this.#names.all(),
      nextSeries: this.#names.nextId(),
      newest,
      deliveries: opened.journal.deliveries(),
      quarantine: opened.ledger.quarantined(),
      committedSeq: opened.journal.lastSeq,
      lastWrittenUs: Math.max(lastReceivedUs, opened.manifest.lastReceivedUs()),
    };
  }

  /**
   * Writes a batch to disk and answers its number; `remember` is to be called once that is told.
   * @throws HearthError `storage_full` or `storage_failed`; nothing of the batch is kept then.
   */
  commit(message: CommitMessage): { readonly seq: number; readonly remember: () => void } {
    this.#nowUs = Math.max(this.#nowUs, message.receivedUs);
    try {
      const { seq, points } = this.#opened.journal.commit(message);
      return {
        seq,
        remember: () => {
          const generation = this.#tail.add(seq, message.receivedUs, points);
          if (generation.isBehind) this.#catchUp(generation);
          if (generation.points >= this.#start.options.sealPoints) this.#sealSoon();
        },
      };
    } catch (error) {
      throw storageError(error);
    }
  }

  report(incident: StorageIncident): void {
    this.#note({ level: 'error', text: 'storage incident', fields: { ...incident } });
    try {
      this.ledger.addIncident(incident);
    } catch (error) {
      // A disk that is full has been told of already; the log has the incident.
      this.#note({ level: 'error', text: 'incident not kept', fields: { err: messageOf(error) } });
    }
  }

  /**
   * Housekeeping: makes room, lets go, erases, seals. Each step is tried whatever comes of the others.
   * Answers what went because the disk was full.
   */
  async tend(asked: Questions['tend']['question']): Promise<Questions['tend']['answer']> {
    const { nowUs, clockIsSteady, policy, space } = asked;
    const { keeper, eraser, manifest } = this.#opened;
    this.#nowUs = nowUs;
    const step = <T>(what: string, action: () => Promise<T>): Promise<T | undefined> =>
      action().catch((error) => {
        this.#noteFailure(`${what} failed; tried again later`, error);
        return undefined;
      });
    // First, because on a full disk this is what makes room for the rest.
    const shortened = space && (await step('making room', () => keeper.makeRoom(space, nowUs)));
    if (clockIsSteady && policy !== undefined) {
      await step('letting go', () => keeper.apply(policy, nowUs));
    }
    await step('sealing', () => this.#sealWhatIsDue(nowUs));
    // Not waited for: it may take minutes, and nothing here needs it.
    void this.#opened.compactor.tend(nowUs);
    await step('erasing', () => eraser.tend());
    this.#opened.snapshots.expire();
    await step('removing files', () =>
      this.#engine.turn(() => removeDoomed({ files: this.#files, manifest, pins: this.#pins })),
    );
    return shortened;
  }

  retentionPlan(
    asked: Questions['retentionPlan']['question'],
  ): Questions['retentionPlan']['answer'] {
    const { policy, space, nowUs, days } = asked;
    return this.#opened.keeper.preview(policy, space, nowUs, days);
  }

  /** Takes readings out of every answer; answers the number of this erasure. */
  erase({ deviceId, ...range }: Questions['erase']['question']): number {
    return this.#opened.eraser.wanted({ ...range, device: deviceId });
  }

  /** Resolves when nothing is left of all that is to be erased, with how many readings of `id` went. */
  async erased(id: number | undefined): Promise<number> {
    try {
      return await this.#opened.eraser.finish(id);
    } catch (error) {
      throw storageError(error);
    }
  }

  /** Makes a device's readings unfindable; `series` are all that it has, and is about to have. */
  forget(deviceId: string, series: readonly number[]): void {
    try {
      this.#opened.journal.forgetDevice(deviceId, series);
    } finally {
      // Also when the disk refuses it: then it is written with the next batch.
      this.#opened.eraser.noted();
    }
  }

  async #sealWhatIsDue(nowUs: number): Promise<void> {
    const [oldest, ...newer] = this.#tail.generations;
    const age = oldest === undefined ? 0 : nowUs - oldest.sinceUs;
    // One behind another is one that could not be sealed when it was full.
    const sealUs = this.#start.options.sealMs * 1000;
    // One from the future was begun by a clock that has been set back since: nobody knows its age.
    if (newer.length > 0 || this.#sealFailed || Math.abs(age) >= sealUs) await this.seal();
  }

  /** Seals everything that has been committed. One seal runs at a time; a second call waits for it. */
  async seal(): Promise<void> {
    while (this.#sealing !== undefined) await this.#sealing;
    const target = this.#opened.journal.lastSeq;
    for (let oldest = this.#tail.generations[0]; oldest; oldest = this.#tail.generations[0]) {
      if (oldest.firstSeq > target) return;
      await this.#sealOldest();
    }
  }

  /** Turns everything that has been committed into days and their sums. */
  async compact(): Promise<void> {
    await this.seal();
    await this.#opened.compactor.compact();
  }

  storage(): StorageReport {
    const { journal, manifest } = this.#opened;
    const { batches, bytes } = journal.size();
    const totals = manifest.totals();
    let { oldestUs, newestUs } = totals;
    for (const generation of this.#tail.generations) {
      for (const extent of generation.extents.values()) {
        oldestUs = Math.min(oldestUs ?? extent.oldestUs, extent.oldestUs);
        newestUs = Math.max(newestUs ?? extent.newestUs, extent.newestUs);
      }
    }
    return {
      journalBatches: batches,
      journalBytes: bytes,
      tailPoints: this.#tail.points,
      files: totals.files,
      fileBytes: totals.bytes,
      points: totals.points + this.#tail.points,
      oldestUs,
      newestUs,
      sealedFiles: totals.tiers.find(({ tier }) => tier === 'sealed')?.files ?? 0,
      tiers: totals.tiers,
    };
  }

  /** Writes back what the WAL holds and lets go of everything, once a query or seal is through or cut short. */
  async close(): Promise<void> {
    const { db } = this.#opened;
    await this.#engine.end(() => {
      try {
        db.pragma('wal_checkpoint(TRUNCATE)');
      } catch {
        // A full disk: the WAL stays, and the next start reads it.
      }
      closeQuietly(db);
    });
  }

  get #opened(): OpenVault {
    if (this.#open === undefined) throw new Error('the store is not open');
    return this.#open;
  }

  #assemble(db: Db): OpenVault {
    const manifest = new Manifest(db);
    const journal = new Journal(db, this.#names, manifest);
    const report: Report = (kind, detail) =>
      this.report({ at: isoOfMicroseconds(this.#nowUs), kind, detail });
    const ledger = new Ledger(db, this.#start.options.quarantineKept);
    const store = {
      engine: this.#engine,
      files: this.#files,
      manifest,
      pins: this.#pins,
      tail: this.#tail,
      reach: reachFor(this.#start.options.dieAt),
      note: (text: string, fields: Readonly<Record<string, unknown>>) =>
        this.#note({ level: 'info', text, fields }),
    };
    const compactor = new Compactor({
      ...store,
      report,
      timeZone: this.#start.options.timeZone,
      dayPoints: this.#start.options.dayPoints,
      note: (level, text, fields) => this.#note({ level, text, fields }),
    });
    return {
      db,
      manifest,
      report,
      journal,
      ledger,
      compactor,
      keeper: new RetentionKeeper(store),
      eraser: new Eraser({
        ...store,
        db,
        journal,
        ledger,
        seal: () => this.seal(),
        refresh: (dayFromUs) => compactor.refresh(dayFromUs),
        dropCopies: () => this.#opened.snapshots.dropTail(),
      }),
      snapshots: new Snapshots({
        engine: this.#engine,
        files: this.#files,
        names: this.#names,
        tail: this.#tail,
        journal,
        manifest,
        pins: this.#pins,
        monotonicMs: () => performance.now(),
      }),
      reader: new Reader({
        engine: this.#engine,
        files: this.#files,
        names: this.#names,
        tail: this.#tail,
        journal,
        manifest,
        report,
      }),
    };
  }

  #catchUp(generation: Generation): void {
    this.#engine
      .turn((connection) => generation.catchUp(connection, this.#opened.journal))
      .catch((error) => this.#noteFailure('the tail did not take readings in', error));
  }

  #sealSoon(): void {
    if (this.#sealing !== undefined || this.#sealFailed) return;
    this.#sealOldest().catch((error) =>
      this.#noteFailure('sealing failed; tried again later', error),
    );
  }

  #sealOldest(): Promise<void> {
    const generation = this.#tail.closeOldest();
    if (generation === undefined) return Promise.resolve();
    this.#sealFailed = true;
    this.#sealing = this.#sealGeneration(generation)
      .then(() => {
        this.#sealFailed = false;
      })
      .finally(() => {
        this.#sealing = undefined;
      });
    return this.#sealing;
  }

  async #sealGeneration(generation: Generation): Promise<void> {
    const parts: SealParts = {
      ...this.#opened,
      files: this.#files,
      names: this.#names,
      reach: reachFor(this.#start.options.dieAt),
    };
    await this.#engine.turn(async (connection) => {
      await generation.catchUp(connection, parts.journal);
      const file = await writeSealedFile(connection, generation, parts);
      listSealedFile(generation, file, parts);
      this.#tail.remove(generation);
      if (file !== undefined) this.#opened.reader.trust(file.name);
      await generation.drop(connection);
      this.#note({ level: 'info', text: 'sealed', fields: { ...file } });
    });
    // Between two rounds of housekeeping, too, sealed files stay few.
    const sealed = parts.manifest.files('sealed').length;
    if (sealed > mostSealed) void this.#opened.compactor.tend(this.#nowUs);
  }

  #noteFailure(text: string, error: unknown): void {
    this.#note({ level: 'error', text, fields: { err: messageOf(error) } });
  }
}

interface OpenVault {
  readonly compactor: Compactor;
  readonly db: Db;
  readonly journal: Journal;
  readonly manifest: Manifest;
  readonly ledger: Ledger;
  readonly keeper: RetentionKeeper;
  readonly eraser: Eraser;
  readonly reader: Reader;
  readonly snapshots: Snapshots;
  readonly report: Report;
}

function storageError(error: unknown): HearthError {
  const code = String((error as { code?: unknown }).code ?? '');
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
    return new HearthError('storage_full', 'the disk is full: the readings could not be stored', {
      hint: 'Free room on the disk of the data directory; the hub goes on by itself.',
      retryable: true,
      cause: error,
    });
  }
  return new HearthError(
    'storage_failed',
    `the journal could not be written: ${messageOf(error)}`,
    {
      hint: 'See hearth logs; the disk may be failing.',
      retryable: true,
      cause: error,
    },
  );
}
