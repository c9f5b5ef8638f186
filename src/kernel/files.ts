import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file so that a crash or a power cut at any instant leaves either what was there before
 * or all of `contents`: a temporary neighbour, fsync, rename, then fsync of the folder, without
 * which the new name itself may be forgotten. `mode` is the file's permissions, 0600 by default.
 */
export async function writeFileDurably(
  path: string,
  contents: string | Uint8Array,
  mode = 0o600,
): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'w', mode);
  try {
    await file.chmod(mode);
    await file.writeFile(contents);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** Makes renames and removals inside a folder survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
