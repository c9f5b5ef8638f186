import type { Dirent } from 'node:fs';
import { existsSync } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { controlSocketPath, HearthError } from '#kernel';
import { answers } from './hub-link.ts';
import type { Invocation } from './invocation.ts';
import { bytes } from './table.ts';

/** The settings are the owner's, not the hub's. */
const kept = new Set(['config.json']);
const lockName = 'hearth.lock';

interface Entry {
  readonly name: string;
  readonly bytes: number;
}

/**
 * Deletes what a hub keeps, after saying what that is. Refuses while a hub runs, and in a directory
 * that no hub has made.
 */
export async function reset(at: Invocation, options: { readonly yes?: boolean }): Promise<void> {
  const directory = at.data;
  if (!existsSync(join(directory, 'hearth.db'))) {
    throw new HearthError('data_directory', `${directory} is not the data directory of a hub`, {
      hint: 'Say which one with --data DIR or HEARTH_DATA.',
    });
  }
  const lock = await holdDirectory(directory);
  try {
    const entries = await entriesOf(directory);
    const total = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    const answer = { directory, entries, bytes: total, deleted: options.yes === true };
    at.answer(answer, () => listing(at, entries, total));
    if (!options.yes) {
      throw new HearthError('bad_request', 'nothing is deleted yet', {
        hint: 'To delete all of this, for good: hearth reset --yes.',
      });
    }
    for (const { name } of entries) {
      if (name !== lockName) await rm(join(directory, name), { recursive: true, force: true });
    }
  } finally {
    lock.release();
  }
  await rm(join(directory, lockName), { force: true });
  at.note('All of it is deleted. The next start makes a new certificate authority:');
  at.note('- every device needs new files (hearth device add ID --out DIR);');
  at.note('- browsers and phones have to trust the new authority (the page /trust shows how).');
}

/** Keeps every hub out of the directory meanwhile. @throws HearthError `already_running`. */
async function holdDirectory(directory: string): Promise<{ release(): void }> {
  if (await answers(controlSocketPath(directory))) {
    throw new HearthError('already_running', `a hub runs in ${directory}`, {
      hint: 'Stop it first.',
    });
  }
  const { lockDirectory } = await import('#db');
  return lockDirectory(directory);
}

const listing = (at: Invocation, entries: readonly Entry[], total: number) =>
  [
    `In ${at.data}:`,
    at.table(
      ['name', 'size'],
      entries.map((entry) => [entry.name, bytes(entry.bytes)]),
    ),
    `${bytes(total)} in all.`,
  ].join('\n');

async function entriesOf(directory: string): Promise<Entry[]> {
  const found = await readdir(directory, { withFileTypes: true });
  const mine = found.filter(({ name }) => !kept.has(name));
  const entries = mine.map(async (entry) => ({
    name: entry.name,
    bytes: await sizeOf(directory, entry),
  }));
  return (await Promise.all(entries)).sort((a, b) => a.name.localeCompare(b.name));
}

async function sizeOf(directory: string, entry: Dirent): Promise<number> {
  const path = join(directory, entry.name);
  if (!entry.isDirectory()) return (await lstat(path)).size;
  const inner = await readdir(path, { withFileTypes: true });
  const sizes = await Promise.all(inner.map((one) => sizeOf(path, one)));
  return sizes.reduce((sum, size) => sum + size, 0);
}
