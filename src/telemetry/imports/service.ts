import type { Api, AuditPort } from '#auth';
import type { Db } from '#db';
import {
  type Clock,
  HearthError,
  isHearthError,
  type Log,
  messageOf,
  type Part,
  sortableId,
} from '#kernel';
import type { Analysis } from '../analysis/analysis.ts';
import { JobQueue } from '../job-queue.ts';
import { type By, type DevicePort, LineDevices } from '../line-protocol/devices.ts';
import { type Points, pointsIn } from '../points.ts';
import { findFiles } from './files.ts';
import type { ImportReceipt, ImportSeries } from './intake.ts';
import { checkManifests } from './manifest.ts';
import { checkMap, Places } from './places.ts';
import { importRoutes } from './routes.ts';
import type { ImportChunk, ImportFormat, ImportJob, ImportReading, LeftOut } from './types.ts';

export interface ImportsOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly analysis: Pick<Analysis, 'run'>;
  readonly devices: DevicePort;
  readonly telemetry: {
    importPoints(
      points: Points,
      series: readonly (ImportSeries | undefined)[],
    ): Promise<ImportReceipt>;
    seal(): Promise<void>;
  };
  readonly audit: AuditPort;
}

export interface ImportRequest {
  /** An absolute path on the machine of the hub. */
  readonly path: string;
  readonly format?: ImportFormat | undefined;
  /** Whose readings they are, where a table does not say. */
  readonly device?: string | undefined;
  /** Entities, devices or `device.metric` to `device.metric`. */
  readonly map?: Readonly<Record<string, string>> | undefined;
  /** Takes sums of an export over intervals for readings. */
  readonly asReadings?: boolean | undefined;
}

const mostWaiting = 10;
const mostKept = 50;
const mostReasons = 20;
/** After so many points they are sealed: an import is not to fill the memory that readings need. */
const pointsBetweenSeals = 200_000;

type Changes = { -readonly [Key in keyof ImportJob]?: ImportJob[Key] };

/**
 * History on its way in, one job at a time. Jobs are forgotten with the process: one that was cut off
 * is begun anew, and what it brings twice counts once.
 */
export class Imports implements Part {
  readonly name = 'imports';
  readonly #options: ImportsOptions;
  readonly #devices: LineDevices;
  readonly #queue = new JobQueue();
  /** Oldest first. */
  #jobs: ImportJob[] = [];

  constructor(options: ImportsOptions) {
    this.#options = options;
    this.#devices = new LineDevices(options.db, options.devices);
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    await this.#queue.stop(new HearthError('unavailable', 'the hub was stopped meanwhile'));
  }

  routes(api: Api): void {
    importRoutes(api, this);
  }

  /**
   * Takes a job on; it runs when its turn comes.
   * @throws HearthError `unprocessable` for a path that cannot be read, `too_many_requests` when ten wait.
   */
  async add(request: ImportRequest, by: By): Promise<ImportJob> {
    if (this.#queue.waiting >= mostWaiting) throw tooMany();
    const { path, device, map = {}, asReadings = false } = request;
    checkMap(map);
    const { format, files } = await findFiles(path, request.format);
    await checkManifests(files, asReadings);
    const { clock } = this.#options;
    const job: ImportJob = {
      id: sortableId(clock.nowMs()),
      status: 'waiting',
      path,
      format,
      files: files.length,
      requested_by: by.actor,
      created_at: this.#now(),
      ended_at: null,
      progress: { done: 0, total: 0 },
      readings: 0,
      devices: [],
      skipped: 0,
      reasons: [],
      unmatched: [],
      problem: null,
    };
    this.#note(by, job, 'ok');
    this.#jobs.push(job);
    this.#forgetOldest();
    const places = new Places(this.#devices, map, by);
    const reading = { format, files, device, entities: Object.keys(map) };
    this.#queue.add(job.id, (signal) => this.#run(job.id, reading, places, by, signal));
    return this.get(job.id);
  }

  /** Newest first. */
  list(): readonly ImportJob[] {
    return this.#jobs.toReversed();
  }

  /** @throws HearthError `not_found`. */
  get(id: string): ImportJob {
    const job = this.#jobs.find((one) => one.id === id);
    if (job !== undefined) return job;
    throw new HearthError('not_found', `there is no import "${id.slice(0, 64)}"`, {
      field: 'id',
      hint: 'GET /api/v1/imports lists those since the hub started.',
    });
  }

  /** Calls a job off; what it brought stays. @throws HearthError `not_found`. */
  async cancel(id: string): Promise<ImportJob> {
    this.get(id);
    const reason = new HearthError('gone', 'it was called off');
    const state = await this.#queue.remove(id, reason);
    if (state === 'waited') this.#change(id, { status: 'cancelled', ended_at: this.#now() });
    return this.get(id);
  }

  async #run(
    id: string,
    reading: ImportReading,
    places: Places,
    by: By,
    signal: AbortSignal,
  ): Promise<void> {
    const { analysis, log, telemetry } = this.#options;
    this.#change(id, { status: 'running' });
    let unsealed = 0;
    let changes: Changes;
    try {
      await analysis.run(
        { verb: 'import', ...reading },
        {
          signal,
          onAsk: async (asked) => {
            unsealed += await this.#take(id, asked as ImportChunk, places);
            if (unsealed < pointsBetweenSeals) return;
            unsealed = 0;
            await telemetry.seal();
          },
        },
      );
      changes = { ...doneOf(this.get(id)), unmatched: places.unmatched };
    } catch (error) {
      if (!isHearthError(error)) log.error({ err: error, import: id }, 'an import failed');
      changes = endOf(error, signal);
    }
    this.#change(id, { ...changes, ended_at: this.#now() });
    const job = this.get(id);
    log.info({ import: id, status: job.status, readings: job.readings }, 'an import ended');
    this.#note(by, job, job.status);
  }

  /** Brings a chunk to disk; answers how many values it had. */
  async #take(id: string, chunk: ImportChunk, places: Places): Promise<number> {
    const leftOut: LeftOut[] = [...chunk.leftOut];
    const points = pointsIn(chunk.buffer, chunk.capacity, chunk.count, chunk.texts);
    const found = await places.findAll(chunk.series);
    const missing = countMissing(
      points,
      found.map((place) => 'problem' in place),
    );
    for (const [at, place] of found.entries()) {
      const count = missing[at] ?? 0;
      if ('problem' in place && count > 0) {
        leftOut.push({ where: chunk.series[at]?.metric ?? '', reason: place.problem, count });
      }
    }
    const series = found.map((place) => ('problem' in place ? undefined : place));
    const receipt = await this.#options.telemetry.importPoints(points, series);
    await receipt.committed;
    for (const { reason, count } of receipt.skipped) leftOut.push({ where: '', reason, count });
    const job = this.get(id);
    this.#change(id, {
      progress: { done: chunk.done, total: chunk.total },
      readings: job.readings + receipt.accepted,
      devices: places.devices,
      skipped: job.skipped + leftOut.reduce((sum, { count }) => sum + count, 0),
      reasons: joined(job.reasons, leftOut),
    });
    return receipt.accepted;
  }

  #change(id: string, changes: Changes): void {
    this.#jobs = this.#jobs.map((job) => (job.id === id ? { ...job, ...changes } : job));
  }

  #forgetOldest(): void {
    while (this.#jobs.length > mostKept) {
      const at = this.#jobs.findIndex(({ ended_at }) => ended_at !== null);
      if (at < 0) return;
      this.#jobs.splice(at, 1);
    }
  }

  /** Once when it is taken on and once when it has ended. */
  #note({ actor, origin }: By, job: ImportJob, outcome: string): void {
    const { id, path, format, readings, skipped } = job;
    this.#options.audit.append({
      actor,
      action: 'telemetry.import',
      subject: `import:${id}`,
      outcome,
      origin,
      detail: { path: path.slice(0, 500), format, ...(job.ended_at && { readings, skipped }) },
    });
  }

  #now(): string {
    return new Date(this.#options.clock.nowMs()).toISOString();
  }
}

/** How many points each series has of those that are missing. */
function countMissing({ count, series }: Points, isMissing: readonly boolean[]): number[] {
  const counts = isMissing.map(() => 0);
  if (!isMissing.includes(true)) return counts;
  for (let at = 0; at < count; at++) {
    const number = series[at] as number;
    counts[number] = (counts[number] ?? 0) + 1;
  }
  return counts;
}

/** One reason once, where it was met first. */
function joined(known: readonly LeftOut[], more: readonly LeftOut[]): LeftOut[] {
  const all = known.map((one) => ({ ...one }));
  for (const one of more) {
    const same = all.find(({ reason }) => reason === one.reason);
    if (same !== undefined) same.count += one.count;
    else if (all.length < mostReasons) all.push({ ...one });
  }
  return all;
}

/** What took nothing and left something out did not do what was asked. */
function doneOf({ readings, skipped, reasons }: ImportJob): Changes {
  if (readings > 0 || skipped === 0) return { status: 'done' };
  const message = `nothing came in, ${skipped} left out: ${reasons[0]?.reason ?? 'no reason was told'}`;
  return { status: 'failed', problem: { code: 'unprocessable', message, hint: null } };
}

function endOf(error: unknown, signal: AbortSignal): Changes {
  const why = signal.aborted ? signal.reason : error;
  if (isHearthError(why) && why.code === 'gone') return { status: 'cancelled' };
  const problem = isHearthError(why)
    ? { code: why.code, message: why.message, hint: why.hint ?? null }
    : { code: 'storage_failed', message: messageOf(why), hint: 'See hearth logs.' };
  return { status: 'failed', problem };
}

const tooMany = (): HearthError =>
  new HearthError('too_many_requests', `${mostWaiting} imports wait already`, {
    hint: 'Wait until some of them are done, or call some off.',
    retryable: true,
    retryAfterSeconds: 60,
  });
