import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { HearthError, messageOf } from '#kernel';

/** Held while a hub lives in a data directory; the operating system lets go of it when the hub dies. */
export interface DirectoryLock {
  release(): void;
}

/**
 * Makes the data directory (mode 0700) where it is missing and takes it for this process alone.
 * The lock is SQLite's own exclusive file lock, so that a killed hub leaves nothing to clean up.
 * @throws HearthError `already_running` when another hub has it, `data_directory` when it cannot be used.
 */
export function lockDirectory(directory: string): DirectoryLock {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (!statSync(directory).isDirectory()) throw new Error('it is not a directory');
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new HearthError(
      'data_directory',
      `the data directory ${directory} cannot be used: ${messageOf(error)}`,
      { hint: 'Give Hearth a directory it may write: --data DIR or HEARTH_DATA.', cause: error },
    );
  }
  const lock = new Database(join(directory, 'hearth.lock'), { timeout: 0 });
  try {
    lock.pragma('locking_mode = EXCLUSIVE');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw new HearthError('already_running', `another hub is using ${directory}`, {
      hint: 'Stop that one, or start this one with another --data directory and other ports.',
      cause: error,
    });
  }
  return { release: () => lock.close() };
}
