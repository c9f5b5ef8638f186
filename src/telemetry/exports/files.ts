import { access, constants, mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HearthError, isHearthError, messageOf, syncDirectory, writeFileDurably } from '#kernel';
import type { ExportFile } from './types.ts';

/** Says what an export is made of; written last. Readers of a data set pass over what begins with `_`. */
export const manifestName = '_manifest.json';
/** Where files lie until all of them are whole. */
const unfinishedName = '_unfinished';

/** What an export may be made of: nothing else is ever removed from a folder. */
const ownName =
  /^(?:date=\d{4}-\d{2}-\d{2}\/part-0\.(?:parquet|csv|jsonl)|telemetry\.(?:parquet|csv|jsonl)|(?:measurements|counters)\.csv)$/;

/**
 * A folder that an export is written to. Files come into being below `_unfinished`, and are moved to
 * their places when all of them are whole: until then what an earlier export left stays as it was,
 * and one that is cut off leaves nothing under a final name that is not whole.
 */
export class ExportFolder {
  readonly path: string;
  /** Where the files are to be written first. */
  readonly unfinished: string;
  /** The topmost folder that was made for it. */
  #made: string | undefined;

  constructor(path: string) {
    this.path = path;
    this.unfinished = join(path, unfinishedName);
  }

  /** Makes the folder where there is none. @throws HearthError `unprocessable`. */
  async make(): Promise<void> {
    try {
      this.#made = await mkdir(this.path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw notWritable(this.path, error);
    }
  }

  /** Takes away what `make` made, as far as nothing is in it. */
  async unmake(): Promise<void> {
    const first = this.#made;
    this.#made = undefined;
    if (first === undefined) return;
    for (let path = this.path; path.length >= first.length; path = dirname(path)) {
      // One that is not empty belongs to somebody, and so does all that is above it.
      const isGone = await rmdir(path).then(
        () => true,
        () => false,
      );
      if (!isGone) return;
    }
  }

  /**
   * Whether an export may go here. It has to be there already: what a hub makes that runs as a service
   * of systemd may be hidden from everybody else (PrivateTmp).
   * @throws HearthError `conflict` for a folder with something else in it, `unprocessable` for one
   * that is not there or cannot be written to.
   */
  async check(): Promise<void> {
    try {
      const names = await readdir(this.path);
      const isOurs = names.includes(manifestName) || names.includes(unfinishedName);
      if (names.length > 0 && !isOurs) throw notOurs(this.path);
      await access(this.path, constants.W_OK | constants.X_OK);
    } catch (error) {
      throw isHearthError(error) ? error : notWritable(this.path, error);
    }
  }

  /** Makes it ready, and empty of what an interrupted export left. @throws HearthError as `check`. */
  async claim(): Promise<void> {
    await this.check();
    try {
      await rm(this.unfinished, { recursive: true, force: true });
      await mkdir(this.unfinished, { mode: 0o700 });
    } catch (error) {
      throw notWritable(this.path, error);
    }
  }

  /** Where a file of an export is written first. @throws HearthError for what cannot be one's file. */
  placeOf(name: string): string {
    // What a hub names may be written by a user who may do more than the hub.
    if (name === manifestName || isExportFile(name)) return join(this.unfinished, name);
    throw new HearthError('unavailable', `no file of an export is called "${name.slice(0, 100)}"`);
  }

  /** Puts the files where they belong, in the place of those of an earlier export. */
  async publish(files: readonly ExportFile[], manifest: object): Promise<void> {
    for (const { name } of files) await syncFile(this.placeOf(name));
    // From here on the folder is neither the old export nor the new one, and says so.
    await rm(join(this.path, manifestName), { force: true });
    const folders = new Set([this.path]);
    for (const { name } of files) {
      const place = join(this.path, name);
      await mkdir(dirname(place), { recursive: true, mode: 0o700 });
      await rename(join(this.unfinished, name), place);
      folders.add(dirname(place));
    }
    await this.#removeAllBut(new Set(files.map(({ name }) => name)));
    for (const folder of folders) await syncDirectory(folder);
    await writeFileDurably(join(this.path, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
    await rm(this.unfinished, { recursive: true, force: true });
  }

  /** Takes away what was not finished. */
  async abandon(): Promise<void> {
    await rm(this.unfinished, { recursive: true, force: true });
  }

  async #removeAllBut(kept: ReadonlySet<string>): Promise<void> {
    for (const top of await readdir(this.path, { withFileTypes: true })) {
      const names = top.isDirectory()
        ? (await readdir(join(this.path, top.name))).map((name) => `${top.name}/${name}`)
        : [top.name];
      const stale = names.filter((name) => ownName.test(name) && !kept.has(name));
      for (const name of stale) await rm(join(this.path, name), { force: true });
      if (!top.isDirectory() || stale.length === 0 || stale.length < names.length) continue;
      await rm(join(this.path, top.name), { recursive: true, force: true });
    }
  }
}

/** Whether a file can be one of an export's. */
export const isExportFile = (name: string): boolean => ownName.test(name);

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

const notOurs = (path: string): HearthError =>
  new HearthError('conflict', `${path} holds something that is no export`, {
    field: 'out',
    hint: 'Name a folder that is not there yet, an empty one, or one of an earlier export.',
  });

const notWritable = (path: string, error: unknown): HearthError =>
  new HearthError('unprocessable', `the hub cannot write to ${path}: ${reasonOf(error)}`, {
    field: 'out',
    hint: 'Name a folder that is there and that the user the hub runs as may write to.',
    cause: error,
  });

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is none that it sees',
  EACCES: 'it is not allowed to',
  EPERM: 'it is not allowed to',
  EROFS: 'it is read-only for it',
  ENOTDIR: 'a part of it is a file',
  EEXIST: 'a part of it is a file',
  ENOSPC: 'the disk is full',
};

const reasonOf = (error: unknown): string =>
  reasons[String((error as { code?: unknown }).code)] ?? messageOf(error);
