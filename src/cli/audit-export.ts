import { open, rm } from 'node:fs/promises';
import { HearthError, messageOf } from '#kernel';
import { type FilterOptions, filterFlags, filterOf } from './audit.ts';
import { inFlags } from './flag-words.ts';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { bytes } from './table.ts';

interface ExportOptions extends FilterOptions {
  readonly format: string;
  readonly out?: string;
}

/** Writes rows as CSV, oldest first: to a new file that only its owner reads, or to the output. */
export async function exportAudit(
  at: Invocation,
  { out, format, ...options }: ExportOptions,
): Promise<void> {
  const query = { ...filterOf(at, options), format };
  await inFlags(filterFlags, () =>
    withHub(at, async (hub) => {
      const { body } = await hub.stream('/audit/export', query);
      const pieces: AsyncIterable<Uint8Array> = body ?? emptyBody();
      if (out === undefined) {
        for await (const piece of pieces) await at.write(piece);
        return;
      }
      const path = at.path(out);
      const size = await writeNew(path, pieces);
      at.answer({ file: path, bytes: size }, () => `${path} is written, ${bytes(size)}.`);
    }),
  );
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}

/** @returns how many bytes. @throws HearthError `conflict` for a file that is there, `data_directory`. */
async function writeNew(path: string, pieces: AsyncIterable<Uint8Array>): Promise<number> {
  const file = await open(path, 'wx', 0o600).catch((cause: NodeJS.ErrnoException) => {
    const isThere = cause.code === 'EEXIST';
    const message = isThere ? `${path} is already there` : messageOf(cause);
    throw new HearthError(isThere ? 'conflict' : 'data_directory', message, {
      field: '--out',
      hint: 'Give another file with --out.',
      cause,
    });
  });
  let size = 0;
  try {
    for await (const piece of pieces) {
      await file.writeFile(piece);
      size += piece.byteLength;
    }
    await file.sync();
  } catch (cause) {
    // Half of the rows would pass for all of them.
    await rm(path, { force: true });
    throw new HearthError('unavailable', `the rows did not all arrive: ${messageOf(cause)}`, {
      hint: 'Nothing is written. Try again.',
      cause,
    });
  } finally {
    await file.close();
  }
  return size;
}
