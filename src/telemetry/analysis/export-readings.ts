import type { ExportDay } from '../exports/types.ts';
import { kinds } from '../points.ts';
import { quoted } from './database.ts';
import type { WideExportJob } from './export-job.ts';
import { readingsSql } from './readings.ts';

type Wanted = Pick<WideExportJob, 'snapshot' | 'devices' | 'fields' | 'without'>;

/**
 * A relation of `device, metric, time_us, value, text, kind`: all that is to be exported of a day,
 * with each time of a series once, as it arrived last; for a survey times may be `repeated`.
 */
export function readingsOf(
  wanted: Wanted,
  { startUs, endUs }: Pick<ExportDay, 'startUs' | 'endUs'>,
  repetition: 'once' | 'repeated' = 'once',
): string {
  const opened = `SELECT device, metric, time_us, value, text, kind FROM opened
    WHERE time_us >= ${Math.ceil(startUs)} AND time_us < ${Math.ceil(endUs)}`;
  const { snapshot, devices, fields, without } = wanted;
  if (snapshot === undefined) return opened;
  const files =
    repetition === 'once'
      ? snapshot.files
      : snapshot.files.map((file) => ({ ...file, shares: false }));
  const conditions = [
    // What is sealed is known here by its text alone; who may see it gets it opened.
    `kind <> ${kinds.sealed}`,
    `device IN (${listOf(devices)})`,
    ...(fields === undefined ? [] : [`metric IN (${listOf(fields)})`]),
    ...(without.length === 0 ? [] : [notLeftOut]),
  ];
  const readings = readingsSql({ files, erasures: snapshot.erasures }, { startUs, endUs });
  return `SELECT device, metric, epoch_us(time) AS time_us, value, text, kind
    FROM (${readings}) AS kept WHERE ${conditions.join(' AND ')} UNION ALL ${opened}`;
}

const notLeftOut = `NOT EXISTS (SELECT 1 FROM left_out
  WHERE left_out.device = kept.device AND left_out.metric = kept.metric)`;

/** An empty one names nobody: no device is called so. */
const listOf = (names: readonly string[]): string =>
  names.length === 0 ? "''" : names.map(quoted).join(', ');
