import { HearthError, isHearthError } from '#kernel';
import type { ExportFolder } from '#telemetry';
import { downloadExport } from './export-download.ts';
import { type Flags, inFlags } from './flag-words.ts';
import { homeTime } from './home-time.ts';
import { type Hub, withHub } from './hub.ts';
import { interrupted } from './interrupted.ts';
import type { Invocation } from './invocation.ts';
import { bytes } from './table.ts';
import { pastOf } from './time-option.ts';

interface ExportOptions {
  readonly start: string;
  readonly end: string;
  readonly format: string;
  readonly out?: string;
  readonly s3?: string;
  readonly device: readonly string[];
  readonly field: readonly string[];
  readonly interval?: string;
  readonly partition: string;
}

/** A job of the hub, as far as it is shown here. */
export interface ExportJob {
  readonly id: string;
  readonly status: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
  readonly start: string;
  readonly destination: string | null;
  readonly withheld: readonly { readonly device_id: string; readonly metrics: readonly string[] }[];
  readonly progress: {
    readonly days_done: number;
    readonly days: number;
    readonly rows: number;
    readonly bytes: number;
  };
  readonly problem: {
    readonly code: string;
    readonly message: string;
    readonly hint: string | null;
  } | null;
  readonly files: readonly {
    readonly name: string;
    readonly rows: number;
    readonly bytes: number;
  }[];
}

const lookEveryMs = 300;
const redraw = '\r\u001b[2K';

const flags: Flags = {
  start: { flag: '--start' },
  end: { flag: '--end' },
  format: { flag: '--format' },
  out: { flag: '--out' },
  s3: { flag: '--s3' },
  devices: { flag: '--device' },
  id: { flag: '--device' },
  fields: { flag: '--field' },
  interval: { flag: '--interval' },
  partition: { flag: '--partition' },
};

/**
 * Writes history to a folder or to storage that speaks S3, and waits until it is there. Ctrl-C calls
 * it off.
 */
export async function exportHistory(at: Invocation, options: ExportOptions): Promise<void> {
  const { out, s3 } = options;
  if ((out === undefined) === (s3 === undefined)) throw noPlace(out !== undefined);
  const home = homeTime(at);
  const asked = {
    start: pastOf(options.start, '--start', home),
    end: pastOf(options.end, '--end', home),
    format: options.format,
    partition: options.partition,
    ...(options.device.length > 0 && { devices: options.device }),
    ...(options.field.length > 0 && { fields: options.field }),
    ...(options.interval !== undefined && { interval: options.interval }),
  };
  await inFlags(flags, () =>
    withHub(at, async (hub) => {
      if (s3 !== undefined) return finish(at, await wait(at, hub, { ...asked, s3 }), s3);
      const path = at.path(out as string);
      const telemetry = await import('#telemetry');
      const folder = new telemetry.ExportFolder(path);
      await folder.make();
      try {
        await folder.check();
        finish(at, await waitForFolder(at, hub, asked, folder), path);
      } catch (error) {
        await folder.unmake();
        throw error;
      }
    }),
  );
}

/** Has the hub write to the folder itself, or fetches the files where it cannot. */
async function waitForFolder(
  at: Invocation,
  hub: Hub,
  asked: object,
  folder: ExportFolder,
): Promise<ExportJob> {
  try {
    return await wait(at, hub, { ...asked, out: folder.path });
  } catch (error) {
    if (!isHiddenFromHub(error)) throw error;
    // A hub that runs as a service sees neither this user's home nor /tmp: it hands the files over.
    return await wait(at, hub, asked, (done) => downloadExport(hub, done, folder));
  }
}

/** Asks for a job and watches it to its end. @throws HearthError for one that does not come to a good one. */
async function wait(
  at: Invocation,
  hub: Hub,
  body: object,
  then?: (job: ExportJob) => Promise<void>,
): Promise<ExportJob> {
  const { errors } = at.around;
  const isWatched = errors.isTTY === true && !at.json;
  const stop = interrupted(at.around.signals, () => at.around.exit(130));
  let job: ExportJob | undefined;
  try {
    job = await hub.post<ExportJob>('/exports', body);
    const path = `/exports/${job.id}`;
    while (isOpen(job)) {
      if (isWatched) errors.write(redraw + progressLine(job));
      await pause(at, stop.signal);
      if (stop.signal.aborted) job = await hub.delete<ExportJob>(path);
      else job = await hub.get<ExportJob>(path);
    }
    if (job.status === 'cancelled') throw calledOff();
    if (job.status !== 'done') throw failed(job);
    await then?.(job);
    return job;
  } finally {
    if (isWatched) errors.write(redraw);
    stop.forget();
  }
}

function finish(at: Invocation, job: ExportJob, place: string): void {
  const { rows, bytes: size } = job.progress;
  for (const { device_id, metrics } of job.withheld) {
    at.note(`Left out, for you may not see them: ${device_id}: ${metrics.join(', ')}.`);
  }
  at.answer({ ...job, destination: place }, () =>
    job.files.length === 0 || rows === 0
      ? `There are no readings to export: ${place} holds none.`
      : `${place}: ${count(rows, 'row')} in ${count(job.files.length, 'file')}, ${bytes(size)}.`,
  );
}

export function progressLine({ status, progress }: ExportJob): string {
  if (status === 'waiting') return 'waiting for another export';
  const { days_done, days, rows, bytes: size } = progress;
  return `${days_done} of ${count(days, 'day')}  ${count(rows, 'row')}  ${bytes(size)}`;
}

const count = (number: number, what: string): string =>
  `${number} ${what}${number === 1 ? '' : 's'}`;

const isOpen = ({ status }: ExportJob): boolean => status === 'waiting' || status === 'running';

/** Whether it is the folder that the hub cannot write to; this user can. */
const isHiddenFromHub = (error: unknown): boolean =>
  isHearthError(error) && error.field === 'out' && error.code === 'unprocessable';

const noPlace = (both: boolean): HearthError =>
  new HearthError(
    'bad_request',
    both ? '--out and --s3 are two places: an export goes to one' : 'where to is not said',
    {
      field: both ? '--s3' : '--out',
      hint: 'Name a folder with --out, or s3://bucket/prefix with --s3.',
    },
  );

const calledOff = (): HearthError =>
  new HearthError('unavailable', 'the export was called off', {
    hint: 'Nothing of it was kept; what was there before is as it was.',
  });

function failed({ problem }: ExportJob): HearthError {
  const hint = problem?.hint ?? 'hearth logs may say why.';
  const code = problem?.code === 'storage_full' ? 'storage_full' : 'unavailable';
  return new HearthError(
    code,
    `nothing was exported: ${problem?.message ?? 'no reason was told'}`,
    {
      hint,
    },
  );
}

/** Until it is time to look again, or the signal. */
const pause = (at: Invocation, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = at.around.clock.after(lookEveryMs, done);
    signal.addEventListener('abort', done);
  });
