import { HearthError } from '#kernel';
import { type Flags, inFlags } from './flag-words.ts';
import { type Hub, withHub } from './hub.ts';
import { interrupted } from './interrupted.ts';
import type { Invocation } from './invocation.ts';
import { cell } from './table.ts';

interface ImportOptions {
  readonly format?: string;
  readonly device?: string;
  readonly map: readonly string[];
  readonly asReadings?: boolean;
}

/** A job of the hub, as far as it is shown here. */
export interface ImportJob {
  readonly id: string;
  readonly status: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
  readonly progress: { readonly done: number; readonly total: number };
  readonly readings: number;
  readonly devices: readonly string[];
  readonly skipped: number;
  readonly reasons: readonly {
    readonly where: string;
    readonly reason: string;
    readonly count: number;
  }[];
  /** What --map names and the files do not have. */
  readonly unmatched?: readonly string[];
  readonly problem: {
    readonly code: string;
    readonly message: string;
    readonly hint: string | null;
  } | null;
}

const lookEveryMs = 300;
const redraw = '\r\u001b[2K';
const mostShown = 5;

const flags: Flags = {
  path: { flag: '<path>' },
  format: { flag: '--format' },
  device_id: { flag: '--device' },
  device_map: { flag: '--map' },
  as_readings: { flag: '--as-readings' },
};

/**
 * Brings history in from files of this machine, and waits until it is on disk. Ctrl-C calls it off;
 * what was brought by then stays, and comes in once when it is brought again.
 */
export async function importHistory(
  at: Invocation,
  path: string,
  options: ImportOptions,
): Promise<void> {
  const asked = {
    path: at.path(path),
    ...(options.format !== undefined && { format: options.format }),
    ...(options.device !== undefined && { device_id: options.device }),
    ...(options.map.length > 0 && { device_map: mapOf(options.map) }),
    ...(options.asReadings === true && { as_readings: true }),
  };
  await inFlags(flags, () =>
    withHub(at, async (hub) => {
      const job = await wait(at, hub, asked);
      // Of one that failed before anything came in there is nothing to sum up.
      const isSummedUp = at.json || job.status !== 'failed' || job.readings > 0;
      if (isSummedUp) at.answer(job, () => summaryOf(job));
      for (const { where, reason, count } of job.reasons.slice(0, mostShown)) {
        at.note(`${where === '' ? '' : `${cell(where)}: `}${cell(reason)} (${count})`);
      }
      for (const name of job.unmatched ?? []) {
        at.note(`--map ${cell(name)}: nothing in the files is called so`);
      }
      if (job.status === 'cancelled') throw calledOff();
      if (job.status === 'failed') throw failed(job);
    }),
  );
}

async function wait(at: Invocation, hub: Hub, body: object): Promise<ImportJob> {
  const { errors, clock } = at.around;
  const isWatched = errors.isTTY === true && !at.json;
  const stop = interrupted(at.around.signals, () => at.around.exit(130));
  try {
    let job = await hub.post<ImportJob>('/imports', body);
    const path = `/imports/${job.id}`;
    while (job.status === 'waiting' || job.status === 'running') {
      if (isWatched) errors.write(redraw + progressLine(job));
      await new Promise<void>((resolve) => {
        const cancel = clock.after(lookEveryMs, resolve);
        const now = () => {
          cancel();
          resolve();
        };
        if (stop.signal.aborted) now();
        else stop.signal.addEventListener('abort', now, { once: true });
      });
      const isCalledOff = stop.signal.aborted;
      job = await (isCalledOff ? hub.delete<ImportJob>(path) : hub.get<ImportJob>(path));
    }
    return job;
  } finally {
    if (isWatched) errors.write(redraw);
    stop.forget();
  }
}

export function progressLine({ status, progress, readings }: ImportJob): string {
  if (status === 'waiting') return 'waiting for another import';
  const { done, total } = progress;
  const percent = total === 0 ? 0 : Math.min(100, Math.floor((done / total) * 100));
  return `${String(percent).padStart(3)} %  ${readings} readings`;
}

function summaryOf({ readings, devices, skipped }: ImportJob): string {
  const of = devices.length === 1 ? 'device' : 'devices';
  const known = readings === 0 ? '' : ' (what was there already is not doubled)';
  const left = skipped === 0 ? '' : `; ${skipped} left out`;
  return `${readings} readings of ${devices.length} ${of} came in${known}${left}.`;
}

/** `sensor.meter_2=boiler.power` to its two halves. */
function mapOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at > 0 && at < pair.length - 1) return [pair.slice(0, at), pair.slice(at + 1)];
      throw new HearthError('bad_request', `--map ${pair} does not say what becomes what`, {
        field: '--map',
        hint: 'Write --map sensor.meter_2=boiler.power.',
      });
    }),
  );
}

const calledOff = (): HearthError =>
  new HearthError('unavailable', 'the import was called off', {
    hint: 'What came in stays. Begin again whenever you like: nothing comes in twice.',
  });

function failed({ problem }: ImportJob): HearthError {
  const known = problem?.code === 'storage_full' || problem?.code === 'unprocessable';
  const code = known ? (problem.code as 'storage_full' | 'unprocessable') : 'unavailable';
  // What is wrong with a file is not in the log.
  const hint = problem?.hint ?? (code === 'unprocessable' ? null : 'hearth logs may say why.');
  return new HearthError(code, `the import failed: ${problem?.message ?? 'no reason was told'}`, {
    ...(hint !== null && { hint }),
  });
}
