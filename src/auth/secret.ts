import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { HearthError, randomSecret, writeFileDurably } from '#kernel';

/**
 * The secret that signs session cookies, at `path`, made at the first start. Without it what the
 * database knows of a session signs nobody in.
 * @throws HearthError `data_directory` when the file holds something else.
 */
export async function openSecret(path: string): Promise<string> {
  if (!existsSync(path)) await writeFileDurably(path, `${randomSecret(32)}\n`, 0o600);
  const secret = (await readFile(path, 'utf8')).trim();
  if (/^[A-Za-z0-9_-]{43}$/.test(secret)) return secret;
  throw new HearthError('data_directory', `${path} does not hold a secret`, {
    hint: 'Restore it from a backup, or remove it: everyone then has to sign in again.',
  });
}
