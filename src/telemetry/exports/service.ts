import { createReadStream, type ReadStream } from 'node:fs';
import { readdir, realpath, rm, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import type { Api, AuditPort } from '#auth';
import {
  type Clock,
  HearthError,
  isHearthError,
  type Log,
  type Part,
  type Unlisten,
} from '#kernel';
import { JobQueue } from '../job-queue.ts';
import { ExportFolder, manifestName } from './files.ts';
import { type Changes, endOf, interrupted, isOpen, manifestOf, newJob, problemOf } from './job.ts';
import type { ExportedDevices, ExportedHistory, Snapshots, WideExports } from './ports.ts';
import { Room, type RoomParts } from './room.ts';
import { exportRoutes } from './routes.ts';
import { requireS3, type S3Settings, s3PlaceOf, upload } from './s3.ts';
import { writeStatistics } from './statistics.ts';
import { ExportStore } from './store.ts';
import type { Exported, ExportJob, ExportOrder, ExportProgress, WithheldMetrics } from './types.ts';
import { writeWide } from './wide.ts';

export interface ExportsOptions {
  /** A directory of its own, made where it is missing: exports that are downloaded lie here. */
  readonly directory: string;
  /** The data directory: nobody names a folder within it. */
  readonly dataDirectory: string;
  readonly history: ExportedHistory;
  readonly snapshots: Snapshots;
  readonly analysis: WideExports;
  readonly devices: ExportedDevices;
  readonly audit: AuditPort;
  readonly s3: S3Settings;
  readonly timeZone: string;
  /** What is to be left free on the disk of the hub, in bytes. */
  readonly freeBytes: number;
  readonly freeOn?: RoomParts['freeOn'];
  /** Tells of people and tokens that are let out: what they asked for is called off. */
  readonly onRevoked?: {
    listen(listener: (one: { readonly kind: string; readonly id: string }) => void): Unlisten;
  };
  readonly clock: Clock;
  readonly log: Log;
}

/** Who asks, for the audit. */
export interface By {
  readonly actor: string;
  readonly origin?: string;
  /** `person:…` or `token:…` with the id, as a revocation names them. */
  readonly maker?: string | undefined;
}

/** How often the disk is looked at while an export is written. */
const lookEveryMs = 1000;
const mostWaiting = 10;
const mostKept = 50;

/** History on its way out: one job at a time, each of which can be watched, and called off. */
export class Exports implements Part {
  readonly name = 'exports';
  readonly #options: ExportsOptions;
  readonly #store: ExportStore;
  readonly #queue = new JobQueue();
  /** Oldest first. */
  #jobs: ExportJob[] = [];
  /** Who has been written down as having downloaded which. */
  readonly #downloaders = new Set<string>();
  /** Who asked for the jobs that have not ended. */
  readonly #makers = new Map<string, string>();
  #unlisten: Unlisten = () => {};

  constructor(options: ExportsOptions) {
    this.#options = options;
    this.#store = new ExportStore(options.directory, options.log);
  }

  get devices(): ExportedDevices {
    return this.#options.devices;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  /** What was under way when the hub ended is told of as failed, and leaves nothing. */
  async start(): Promise<void> {
    const jobs = await this.#store.load();
    const endedAt = this.#now();
    this.#jobs = jobs.map((job) => (isOpen(job) ? { ...job, ...interrupted(endedAt) } : job));
    const kept = new Set(
      this.#jobs
        .filter((job) => job.status === 'done' && job.destination === null)
        .map(({ id }) => id),
    );
    for (const entry of await readdir(this.#options.directory, { withFileTypes: true })) {
      if (!entry.isDirectory() || kept.has(entry.name)) continue;
      await rm(join(this.#options.directory, entry.name), { recursive: true, force: true });
    }
    for (const job of jobs) {
      if (!isOpen(job) || job.destination === null || !isAbsolute(job.destination)) continue;
      await new ExportFolder(job.destination).abandon().catch(() => {});
    }
    await this.#store.save(this.#jobs);
    this.#unlisten =
      this.#options.onRevoked?.listen(({ kind, id }) => this.#callOffOf(`${kind}:${id}`)) ??
      this.#unlisten;
  }

  async stop(): Promise<void> {
    this.#unlisten();
    await this.#queue.stop(new HearthError('unavailable', 'the hub was stopped meanwhile'));
    for (const job of this.#jobs) if (isOpen(job)) this.#change(job.id, interrupted(this.#now()));
    await this.#store.save(this.#jobs);
  }

  routes(api: Api): void {
    exportRoutes(api, this);
  }

  /**
   * Takes a job on; it runs when its turn comes.
   * @throws HearthError `too_many_requests` when ten wait, `conflict` or `unprocessable` for a folder
   * or a storage that cannot be written to.
   */
  async add(
    order: ExportOrder,
    asked: Pick<ExportJob, 'devices' | 'fields'>,
    by: By,
  ): Promise<ExportJob> {
    if (this.#queue.waiting >= mostWaiting) throw tooMany();
    await this.#checkDestination(order);
    const { sensitive, fields } = order;
    const withheld = this.withheldFrom(order.deviceIds, fields ?? undefined, sensitive);
    const job = newJob(order, { ...asked, withheld, requested_by: by.actor }, this.#options);
    this.#note(by, job, 'ok');
    if (by.maker !== undefined) this.#makers.set(job.id, by.maker);
    this.#jobs.push(job);
    await this.#forgetOldest();
    await this.#store.save(this.#jobs);
    this.#queue.add(job.id, (signal) => this.#run(job.id, order, signal));
    return this.get(job.id);
  }

  /** Newest first. */
  list(): readonly ExportJob[] {
    return this.#jobs.toReversed();
  }

  /** @throws HearthError `not_found`. */
  get(id: string): ExportJob {
    const job = this.#jobs.find((one) => one.id === id);
    if (job === undefined) {
      throw new HearthError('not_found', `there is no export "${id.slice(0, 64)}"`, {
        field: 'id',
        hint: 'GET /api/v1/exports lists the last fifty.',
      });
    }
    return job;
  }

  /** Once no job is waiting any more, and none runs. */
  drained(): Promise<void> {
    return this.#queue.drained();
  }

  /**
   * Calls off a job that has not ended; forgets one that has, with what the hub itself holds of it.
   * What was written to a folder or to storage stays. @throws HearthError `not_found`.
   */
  async remove(id: string, by: By): Promise<ExportJob> {
    const job = this.get(id);
    if (isOpen(job)) {
      this.#note(by, job, 'cancelled');
      await this.#callOff(id, new HearthError('gone', 'it was called off'));
      return this.get(id);
    }
    this.#note(by, job, 'removed');
    this.#jobs = this.#jobs.filter((one) => one.id !== id);
    await rm(this.#folderOf(id), { recursive: true, force: true });
    await this.#store.save(this.#jobs);
    return job;
  }

  /** A file of a finished export, to be downloaded. @throws HearthError `not_found`. */
  async download(
    id: string,
    name: string,
    by: By,
  ): Promise<{ readonly stream: ReadStream; readonly bytes: number }> {
    const bytes = await this.sizeOf(id, name);
    const key = `${by.actor} ${id}`;
    if (!this.#downloaders.has(key)) this.#note(by, this.get(id), 'downloaded');
    this.#downloaders.add(key);
    return { stream: createReadStream(join(this.#folderOf(id), name)), bytes };
  }

  /** How many bytes such a file has. @throws HearthError `not_found`. */
  async sizeOf(id: string, name: string): Promise<number> {
    const job = this.get(id);
    const isThere = name === manifestName || job.files.some((file) => file.name === name);
    if (job.status !== 'done' || job.destination !== null || !isThere) {
      throw new HearthError('not_found', `export ${id} has no file "${name.slice(0, 100)}" here`, {
        field: 'name',
        hint: 'GET /api/v1/exports/{id} names its files; those sent elsewhere are there.',
      });
    }
    return (await stat(join(this.#folderOf(id), name))).size;
  }

  /** What of these devices the caller may not be told. */
  withheldFrom(
    deviceIds: readonly string[],
    fields: readonly string[] | undefined,
    sensitive: boolean,
  ): WithheldMetrics[] {
    const { history } = this.#options;
    return deviceIds.flatMap((device_id) => {
      const metrics = history.withheld(device_id, fields, { sensitive });
      return metrics.length === 0 ? [] : [{ device_id, metrics }];
    });
  }

  async #checkDestination({ destination }: ExportOrder): Promise<void> {
    if (destination === null) return;
    if (!isAbsolute(destination)) {
      s3PlaceOf(destination);
      requireS3(this.#options.s3);
      return;
    }
    // Where it leads to, whatever stands for it; of what is not there `check` says so.
    const place = await realpath(destination).catch(() => resolve(destination));
    const way = relative(await realpath(this.#options.dataDirectory), place);
    if (way.split('/')[0] !== '..') throw withinData(destination);
    await new ExportFolder(destination).check();
  }

  async #run(id: string, order: ExportOrder, signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    this.#change(id, { status: 'running', started_at: this.#now() });
    await this.#store.save(this.#jobs);
    let changes: Changes;
    try {
      const { files } = await this.#write(id, order, signal);
      changes = { status: 'done', files };
    } catch (error) {
      if (!isHearthError(error)) log.error({ err: error, export: id }, 'an export failed');
      changes = signal.aborted
        ? endOf(signal.reason)
        : { status: 'failed', problem: problemOf(error) };
    }
    this.#makers.delete(id);
    this.#change(id, { ...changes, ended_at: this.#now() });
    await this.#store.save(this.#jobs);
    const { status, progress, format } = this.get(id);
    log.info({ export: id, status, format, rows: progress.rows }, 'an export ended');
  }

  async #write(id: string, order: ExportOrder, signal: AbortSignal): Promise<Exported> {
    const { destination } = order;
    const isElsewhere = destination !== null && isAbsolute(destination);
    const folder = new ExportFolder(isElsewhere ? destination : this.#folderOf(id));
    if (!isElsewhere) await folder.make();
    await folder.claim();
    let cancelLooks: Unlisten = () => {};
    try {
      const room = await this.#roomFor(folder);
      await room.require();
      const full = new AbortController();
      // One large day, or the sorting of one file of years, says nothing of its progress meanwhile.
      cancelLooks = this.#options.clock.every(lookEveryMs, () => {
        room.require().catch((error) => full.abort(error));
      });
      const onProgress = (progress: ExportProgress): void => this.#change(id, { progress });
      const run = { signal: AbortSignal.any([signal, full.signal]), onProgress };
      const exported =
        order.format === 'ha-statistics'
          ? await writeStatistics(order, folder.unfinished, this.#options, run)
          : await writeWide(order, folder.unfinished, this.#options, run);
      run.signal.throwIfAborted();
      cancelLooks();
      await folder.publish(
        exported.files,
        manifestOf(this.get(id), exported, this.#options.timeZone, this.#now()),
      );
      if (destination !== null && !isElsewhere) {
        await upload(
          folder.path,
          exported.files,
          s3PlaceOf(destination),
          {
            settings: this.#options.s3,
            clock: this.#options.clock,
          },
          signal,
        );
      }
      return exported;
    } catch (error) {
      await folder.abandon().catch(() => {});
      if (!isElsewhere) await rm(folder.path, { recursive: true, force: true });
      throw error;
    } finally {
      cancelLooks();
      if (destination !== null && !isElsewhere) {
        await rm(folder.path, { recursive: true, force: true });
      }
    }
  }

  #roomFor(folder: ExportFolder): Promise<Room> {
    const { directory, freeBytes, freeOn } = this.#options;
    const parts = { folder: folder.path, directory, floorBytes: freeBytes };
    return Room.of(freeOn === undefined ? parts : { ...parts, freeOn });
  }

  /** Ends what somebody asked for who may not ask for it any more. */
  #callOffOf(maker: string): void {
    for (const [id, one] of [...this.#makers]) {
      if (one !== maker) continue;
      this.#note({ actor: 'hub' }, this.get(id), 'cancelled');
      this.#callOff(id, letOut()).catch((error) =>
        this.#options.log.error({ err: error, export: id }, 'an export was not called off'),
      );
    }
  }

  async #callOff(id: string, reason: HearthError): Promise<void> {
    const state = await this.#queue.remove(id, reason);
    if (state === 'waited') {
      this.#makers.delete(id);
      this.#change(id, { ...endOf(reason), ended_at: this.#now() });
    }
    await this.#store.save(this.#jobs);
  }

  async #forgetOldest(): Promise<void> {
    while (this.#jobs.length > mostKept) {
      const at = this.#jobs.findIndex((job) => !isOpen(job));
      const [oldest] = at < 0 ? [] : this.#jobs.splice(at, 1);
      if (oldest === undefined) return;
      await rm(this.#folderOf(oldest.id), { recursive: true, force: true });
    }
  }

  #change(id: string, changes: Changes): void {
    this.#jobs = this.#jobs.map((job) => (job.id === id ? { ...job, ...changes } : job));
  }

  #note({ actor, origin }: By, job: ExportJob, outcome: string): void {
    const { id, format, start, end, destination, devices, interval, sensitive } = job;
    this.#options.audit.append({
      actor,
      action: 'telemetry.export',
      subject: `export:${id}`,
      outcome,
      ...(origin !== undefined && { origin }),
      detail: {
        format,
        start,
        end,
        to: destination ?? 'download',
        ...(devices && { devices: devices.slice(0, 20) }),
        ...(interval !== null && { interval }),
        ...(sensitive && { sensitive }),
      },
    });
  }

  #folderOf(id: string): string {
    // Whole, for the process that writes it has a working directory of its own.
    return resolve(this.#options.directory, id);
  }

  #now(): string {
    return new Date(this.#options.clock.nowMs()).toISOString();
  }
}

const tooMany = (): HearthError =>
  new HearthError('too_many_requests', `${mostWaiting} exports wait already`, {
    hint: 'Wait until some of them are done, or call some off.',
    retryable: true,
    retryAfterSeconds: 60,
  });

const withinData = (path: string): HearthError =>
  new HearthError('unprocessable', `out lies within the data directory of the hub: ${path}`, {
    field: 'out',
    hint: 'Name a folder elsewhere; without out the files can be downloaded.',
  });

const letOut = (): HearthError =>
  new HearthError('forbidden', 'whoever asked for it may not export any more', {
    hint: 'Ask for it again, as somebody who may.',
  });
