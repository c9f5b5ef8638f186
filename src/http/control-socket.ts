import { mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { controlSocketName, controlSocketNote, controlSocketPath } from '#kernel';

/** `sun_path` of a Unix socket holds 108 bytes with its final zero (unix(7)). */
const longestPath = 107;

/**
 * Clears the way for the control socket and returns its path. A directory too deep for a socket
 * gets it in a private folder (0700) among the temporary files, and a note of where it is.
 * Whatever is left of an earlier hub goes first: the directory lock says that it is dead.
 */
export async function prepareControlSocket(directory: string): Promise<string> {
  await removeControlSocket(directory);
  const near = join(directory, controlSocketName);
  if (Buffer.byteLength(near) <= longestPath) return near;
  const far = join(await mkdtemp(join(tmpdir(), 'hearth-')), controlSocketName);
  await writeFile(join(directory, controlSocketNote), `${far}\n`, { mode: 0o600 });
  return far;
}

export async function removeControlSocket(directory: string): Promise<void> {
  const path = controlSocketPath(directory);
  await rm(path, { force: true });
  if (path === join(directory, controlSocketName)) return;
  await rm(join(directory, controlSocketNote), { force: true });
  // Only while it is empty: what the note says is not worth removing a folder for.
  await rmdir(dirname(path)).catch(() => {});
}
