import { existsSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HearthError, messageOf, randomSecret, syncDirectory, writeFileDurably } from '#kernel';
import type { Reseal, Vault } from '#secrets';

const purpose = 'audit';

/** The key of the chain: sealed, in a file beside the database that it vouches for. */
export interface AnchorOptions {
  readonly vault: Vault;
  /** Where the sealed key lies. */
  readonly keyPath: string;
}

export interface OpenedKey {
  readonly key: Buffer;
  /** Whether no row was written under it yet, as far as the file says. */
  readonly isNew: boolean;
}

/**
 * Opens the key, or makes one where there is none. A new one lies at `keyPath.new` until `settleKey`
 * says that the chain is under it: so a power cut in between is no missing head, which would look as
 * if somebody had taken it away.
 * @throws HearthError `data_directory` when it cannot be opened.
 */
export async function openKey({ vault, keyPath }: AnchorOptions): Promise<OpenedKey> {
  const pending = `${keyPath}.new`;
  if (existsSync(keyPath)) return { key: await readKey(vault, keyPath), isNew: false };
  if (existsSync(pending)) return { key: await readKey(vault, pending), isNew: true };
  const key = Buffer.from(randomSecret(32), 'base64url');
  await writeFileDurably(pending, `${vault.seal(purpose, key)}\n`);
  return { key, isNew: true };
}

/** The chain is under the new key from now on. */
export async function settleKey({ keyPath }: AnchorOptions): Promise<void> {
  await rename(`${keyPath}.new`, keyPath);
  await syncDirectory(dirname(keyPath));
}

/** Seals the key anew; on disk once this returns. */
export async function resealKey({ keyPath }: AnchorOptions, reseal: Reseal): Promise<void> {
  const sealed = (await readFile(keyPath, 'utf8')).trim();
  await writeFileDurably(keyPath, `${reseal(purpose, sealed)}\n`);
}

async function readKey(vault: Vault, path: string): Promise<Buffer> {
  const text = await readFile(path, 'utf8').catch((error) => {
    throw new HearthError(
      'data_directory',
      `the key of the audit cannot be read: ${messageOf(error)}`,
      { cause: error },
    );
  });
  return vault.open(purpose, text.trim());
}
