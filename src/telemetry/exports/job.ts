import { type Clock, isHearthError, isoOfMicroseconds, messageOf, sortableId } from '#kernel';
import { daysBetween } from './days.ts';
import type { Exported, ExportJob, ExportOrder } from './types.ts';

/** What may become of a job. */
export type Changes = { -readonly [Key in keyof ExportJob]?: ExportJob[Key] };

/** A job that waits for its turn. */
export function newJob(
  order: ExportOrder,
  told: Pick<ExportJob, 'devices' | 'fields' | 'withheld' | 'requested_by'>,
  { clock, timeZone }: { readonly clock: Clock; readonly timeZone: string },
): ExportJob {
  const { startUs, endUs, format, interval, partition, destination, sensitive } = order;
  const nowMs = clock.nowMs();
  const days = daysBetween(startUs, endUs, timeZone).length;
  return {
    id: sortableId(nowMs),
    status: 'waiting',
    format,
    start: isoOfMicroseconds(startUs),
    end: isoOfMicroseconds(endUs),
    interval,
    partition,
    destination,
    sensitive,
    ...told,
    created_at: new Date(nowMs).toISOString(),
    started_at: null,
    ended_at: null,
    progress: { days_done: 0, days, rows: 0, bytes: 0 },
    problem: null,
    files: [],
  };
}

/** What is written beside the files of an export, and tells what they are. */
export function manifestOf(
  { format, start, end, interval, partition, fields, withheld }: ExportJob,
  { files, columns, devices }: Exported,
  timeZone: string,
  exportedAt: string,
): object {
  return {
    format,
    start,
    end,
    time_zone: timeZone,
    interval,
    partition,
    fields,
    exported_at: exportedAt,
    rows: files.reduce((sum, { rows }) => sum + rows, 0),
    // Older readings are summed up by now, or there never were any.
    from: devices.map((device) => device.from).sort()[0] ?? null,
    columns,
    devices,
    withheld,
    files,
  };
}

export const isOpen = ({ status }: ExportJob): boolean =>
  status === 'waiting' || status === 'running';

const cutOff = {
  code: 'unavailable',
  message: 'interrupted: the hub was stopped',
  hint: 'Ask for it again.',
};

export const interrupted = (endedAt: string): Changes => ({
  status: 'failed',
  ended_at: endedAt,
  problem: cutOff,
});

/** What a job that was stopped came to: called off, forbidden, or cut off by the end of the hub. */
export function endOf(reason: unknown): Changes {
  if (isHearthError(reason) && reason.code === 'gone') return { status: 'cancelled' };
  const isForbidden = isHearthError(reason) && reason.code === 'forbidden';
  return { status: 'failed', problem: isForbidden ? problemOf(reason) : cutOff };
}

/** What is told of an error. */
export const problemOf = (error: unknown): NonNullable<ExportJob['problem']> =>
  isHearthError(error)
    ? { code: error.code, message: error.message, hint: error.hint ?? null }
    : { code: 'storage_failed', message: messageOf(error), hint: 'See hearth logs.' };
