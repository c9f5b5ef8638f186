import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HearthError } from '#kernel';
import { isExportFile, manifestName } from '../exports/files.ts';

/**
 * Looks at what exports say of the files: sums are no readings.
 * @throws HearthError `unprocessable` for files of an export with sums over intervals, unless they are
 * meant `asReadings`, and for statistics of Home Assistant.
 */
export async function checkManifests(files: readonly string[], asReadings: boolean): Promise<void> {
  const folders = new Set(files.flatMap((path) => exportFolderOf(path) ?? []));
  for (const folder of folders) {
    const { format, interval } = await manifestIn(folder);
    if (format === 'ha-statistics') throw statistics(folder);
    if (typeof interval === 'string' && !asReadings) throw sums(folder, interval);
  }
}

/** Where the manifest of an export lies, if it is a file of one. */
function exportFolderOf(path: string): string | undefined {
  const folder = dirname(path);
  const name = basename(path);
  if (isExportFile(name)) return folder;
  return isExportFile(`${basename(folder)}/${name}`) ? dirname(folder) : undefined;
}

/** Empty where there is none that can be read. */
async function manifestIn(folder: string): Promise<{ format?: unknown; interval?: unknown }> {
  try {
    const manifest: unknown = JSON.parse(await readFile(join(folder, manifestName), 'utf8'));
    return typeof manifest === 'object' && manifest !== null ? manifest : {};
  } catch {
    return {};
  }
}

const sums = (folder: string, interval: string): HearthError =>
  new HearthError(
    'unprocessable',
    `${folder} holds sums over ${interval.slice(0, 20)}, and no readings: an export with an interval`,
    {
      field: 'path',
      hint: 'Export without an interval. To have power_avg and its like as metrics of their own, say --as-readings (as_readings over the API).',
    },
  );

const statistics = (folder: string): HearthError =>
  new HearthError('unprocessable', `${folder} holds statistics for Home Assistant`, {
    field: 'path',
    hint: 'They do not come back. Export as parquet, csv or jsonl.',
  });
