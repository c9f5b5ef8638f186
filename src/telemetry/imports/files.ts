import type { Dirent } from 'node:fs';
import { access, constants, readdir, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { HearthError, messageOf } from '#kernel';
import type { ImportFormat } from './types.ts';

/** How files of a format end; a `.gz` after it is read too, where it is text. */
const endings: Readonly<Record<ImportFormat, readonly string[]>> = {
  parquet: ['.parquet'],
  csv: ['.csv', '.csv.gz'],
  jsonl: ['.jsonl', '.ndjson', '.jsonl.gz', '.ndjson.gz'],
  'line-protocol': ['.lp', '.lp.gz', '.line', '.line.gz', '.txt', '.txt.gz'],
  'home-assistant': ['.db', '.sqlite', '.sqlite3'],
};
const mostFiles = 100_000;

export interface Found {
  readonly format: ImportFormat;
  /** By name: of a folder with a day in each file, by day. */
  readonly files: readonly string[];
}

/**
 * The files that a path means: itself, or what is in and below a folder.
 * @throws HearthError `unprocessable` naming what is wrong with the path.
 */
export async function findFiles(path: string, format: ImportFormat | undefined): Promise<Found> {
  if (!isAbsolute(path)) throw bad(`path is not absolute: "${path.slice(0, 200)}"`);
  let isFolder: boolean;
  try {
    isFolder = (await stat(path)).isDirectory();
    await access(path, constants.R_OK);
  } catch (error) {
    throw bad(`path cannot be read: ${messageOf(error)}`);
  }
  if (!isFolder) return { format: format ?? requireFormat(path), files: [path] };
  const all = await below(path);
  const meant = format ?? all.map(formatOf).find((one) => one !== undefined);
  const files = all.filter((one) => formatOf(one) === meant).sort();
  if (meant === undefined || files.length === 0) {
    throw bad(`there is nothing to be read in ${path}`);
  }
  const others = new Set(all.map(formatOf).filter((one) => one !== undefined && one !== meant));
  if (format === undefined && others.size > 0) {
    throw bad(`${path} has files of several formats: ${[meant, ...others].join(', ')}`);
  }
  if (meant === 'home-assistant' && files.length > 1) {
    throw bad(`${path} has several databases: name one`);
  }
  return { format: meant, files };
}

function requireFormat(path: string): ImportFormat {
  const format = formatOf(path);
  if (format !== undefined) return format;
  throw bad(`the name does not say of which format ${path} is`, 'format');
}

const formatOf = (path: string): ImportFormat | undefined => {
  const name = path.toLowerCase();
  const found = Object.entries(endings).find(([, ends]) => ends.some((end) => name.endsWith(end)));
  return found?.[0] as ImportFormat | undefined;
};

async function below(folder: string): Promise<string[]> {
  const files: string[] = [];
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    const here = next;
    const entries: Dirent[] = await readdir(here, { withFileTypes: true });
    for (const entry of entries) {
      // What an export is still writing, and what other programs hide.
      if (/^[._]/.test(entry.name)) continue;
      if (entry.isDirectory()) folders.push(join(here, entry.name));
      else if (entry.isFile()) files.push(join(here, entry.name));
    }
    if (files.length > mostFiles) throw bad(`${folder} has more than ${mostFiles} files`);
  }
  return files;
}

const bad = (message: string, field = 'path'): HearthError =>
  new HearthError('unprocessable', message, {
    field,
    hint: 'Name a file or a folder with parquet, csv, jsonl or lp files, or a database of Home Assistant; or say the format.',
  });
