import { createPrivateKey, createPublicKey, type X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HearthError, messageOf, syncDirectory, writeFileDurably } from '#kernel';
import type { Reseal, Vault } from '#secrets';
import type { KeyPair } from './certificates.ts';

const purpose = 'pki.ca';

/** What is known of a file that may hold the authority's key. */
interface Found {
  readonly path: string;
  readonly keys: KeyPair;
}

/**
 * The authority's private key, sealed where it lies. Two files may hold it for a moment: while an
 * authority is being followed by another, the key of the next lies beside it until its certificate
 * is on disk. A Hearth from before there was a vault left it in the clear, in `ca.key`.
 */
export class CaKey {
  readonly #vault: Vault;
  readonly #sealedPath: string;
  readonly #nextPath: string;
  readonly #plainPath: string;

  constructor(directory: string, vault: Vault) {
    this.#vault = vault;
    this.#sealedPath = join(directory, 'ca.key.sealed');
    this.#nextPath = join(directory, 'ca.key.next');
    this.#plainPath = join(directory, 'ca.key');
  }

  /** On disk once this returns. */
  async write(keyPem: string): Promise<void> {
    await writeFileDurably(this.#sealedPath, this.#vault.seal(purpose, keyPem), 0o600);
  }

  /** Puts the next authority's key beside this one's; nothing uses it yet. */
  async writeNext(keyPem: string): Promise<void> {
    await writeFileDurably(this.#nextPath, this.#vault.seal(purpose, keyPem), 0o600);
  }

  /** The next key takes the place of this one, which is gone then. */
  async promoteNext(): Promise<void> {
    await rename(this.#nextPath, this.#sealedPath);
    await syncDirectory(dirname(this.#sealedPath));
  }

  /** The key that was made before its certificate was, if the first start was cut off there. */
  async readOrphan(): Promise<KeyPair | undefined> {
    for (const path of [this.#sealedPath, this.#plainPath]) {
      if (existsSync(path)) return this.#read(path);
    }
    return undefined;
  }

  /**
   * The key of `certificate`, wherever a power cut left it; afterwards it is in its place, sealed,
   * and nowhere else. A `ca.key` that is of another authority is not touched.
   * @throws HearthError `data_directory`.
   */
  async readFor(certificate: X509Certificate, certificatePath: string): Promise<KeyPair> {
    const problems: unknown[] = [];
    const paths = [this.#sealedPath, this.#nextPath, this.#plainPath].filter(existsSync);
    const fitting: Found[] = [];
    for (const path of paths) {
      try {
        const keys = await this.#read(path);
        if (certificate.checkPrivateKey(createPrivateKey(keys.keyPem)))
          fitting.push({ path, keys });
        else problems.push(unusable(`${certificatePath} is not the certificate of ${path}`));
      } catch (error) {
        problems.push(error);
      }
    }
    const [found] = fitting;
    if (found === undefined) {
      throw (
        problems[0] ??
        unusable(`${certificatePath} has no key beside it (${this.#sealedPath} is missing)`)
      );
    }
    await this.#settle(found, fitting);
    return found.keys;
  }

  /** Seals it with the newest key of the vault; the next one too, if it waits. On disk then. */
  async reseal(reseal: Reseal): Promise<void> {
    for (const path of [this.#sealedPath, this.#nextPath].filter(existsSync)) {
      const sealed = await readFile(path, 'utf8');
      await writeFileDurably(path, reseal(purpose, sealed.trim()), 0o600);
    }
  }

  async #settle(found: Found, fitting: readonly Found[]): Promise<void> {
    if (found.path === this.#nextPath) await this.promoteNext();
    if (found.path === this.#plainPath) await this.write(found.keys.keyPem);
    // One for an authority that never came to be.
    await rm(this.#nextPath, { force: true });
    if (fitting.some(({ path }) => path === this.#plainPath)) await rm(this.#plainPath);
    await syncDirectory(dirname(this.#sealedPath));
  }

  async #read(path: string): Promise<KeyPair> {
    const contents = await readFile(path, 'utf8');
    const keyPem =
      path === this.#plainPath
        ? contents
        : this.#vault.open(purpose, contents.trim()).toString('utf8');
    try {
      const publicKey = createPublicKey(createPrivateKey(keyPem));
      return {
        keyPem,
        publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      };
    } catch (error) {
      throw unusable(`${path} cannot be read: ${messageOf(error)}`);
    }
  }
}

export const unusable = (reason: string) =>
  new HearthError('data_directory', `the certificate authority cannot be used: ${reason}`, {
    hint: 'Restore ca.crt and ca.key.sealed from a backup, and the key file beside them. Removing both makes a new authority, which every device and browser must be given anew.',
  });
