import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { HearthError, type Log, type Part } from '#kernel';
import { type Key, makeKey, openKeyFile, writeKeyFile } from './key-file.ts';

/** Keeps secrets unreadable where they lie. A secret opens only for the purpose it was sealed for. */
export interface Vault {
  /** Text that can lie in a database or a file; another one each time. */
  seal(purpose: string, plain: string | Uint8Array): string;
  /** @throws HearthError `data_directory` when it was sealed with another key, or was changed. */
  open(purpose: string, sealed: string): Buffer;
}

/** Opens with whatever key it was sealed with, and seals with the newest. */
export type Reseal = (purpose: string, sealed: string) => string;

interface SecretsOptions {
  /** The one file that opens all secrets; it belongs in no backup of the data directory. */
  readonly keyPath: string;
  /**
   * Whether this home is known to have sealed secrets: then a key file that is missing (a disk that is
   * not mounted, a backup that was restored without it) is not quietly replaced by a new one.
   */
  readonly hasSealed?: () => boolean;
  readonly log: Log;
}

const version = 'hs1';
const form = /^hs1\.([a-z0-9]{8})\.([A-Za-z0-9_-]+)$/;
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Secrets at rest: AES-256-GCM (NIST SP 800-38D) under a key for each purpose, derived by HKDF (RFC
 * 5869) from the key file. A sealed secret is `hs1.KEY.BASE64URL(nonce, ciphertext, tag)`, in that
 * one spelling. Nonces are random: 2^32 secrets under one key and purpose are far off (§8.3).
 */
export class Secrets implements Part, Vault {
  readonly name = 'secrets';
  readonly #options: SecretsOptions;
  readonly #keepers = new Map<string, (reseal: Reseal) => void | Promise<void>>();
  readonly #derived = new Map<string, Buffer>();
  #keys: readonly Key[] = [];
  #rotating: Promise<string> | undefined;

  constructor(options: SecretsOptions) {
    this.#options = options;
  }

  /** @throws HearthError `data_directory` when the key file cannot be used. */
  async start(): Promise<void> {
    const { keyPath, hasSealed = () => false } = this.#options;
    this.#keys = await openKeyFile(keyPath, !hasSealed());
  }

  async stop(): Promise<void> {}

  /**
   * Whoever keeps sealed secrets says how they are sealed anew: `reseal` each of them, and have the
   * result on disk before this returns.
   */
  register(name: string, keeper: (reseal: Reseal) => void | Promise<void>): void {
    this.#keepers.set(name, keeper);
  }

  seal(purpose: string, plain: string | Uint8Array): string {
    const [key] = this.#keys;
    if (key === undefined) throw new Error('the secrets have not been started');
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#derive(key, purpose), nonce);
    const sealed = Buffer.concat([
      nonce,
      cipher.update(plain),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    return `${version}.${key.id}.${sealed.toString('base64url')}`;
  }

  open(purpose: string, sealed: string): Buffer {
    const [, keyId, text = ''] = form.exec(sealed) ?? [];
    const key = this.#keys.find(({ id }) => id === keyId);
    if (key === undefined) throw unreadable(purpose);
    const bytes = Buffer.from(text, 'base64url');
    // One spelling for one secret: the last letter may carry bits that nothing stands in.
    const isCanonical = bytes.toString('base64url') === text;
    if (!isCanonical || bytes.length < nonceBytes + tagBytes) throw unreadable(purpose);
    const nonce = bytes.subarray(0, nonceBytes);
    const decipher = createDecipheriv('aes-256-gcm', this.#derive(key, purpose), nonce, {
      authTagLength: tagBytes,
    });
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    try {
      return Buffer.concat([
        decipher.update(bytes.subarray(nonceBytes, -tagBytes)),
        decipher.final(),
      ]);
    } catch {
      throw unreadable(purpose);
    }
  }

  /**
   * Makes a new key and seals every secret with it. Whatever stops this half-way, every secret can
   * be read afterwards, and the next call ends it. Returns the id of the new key.
   * @throws HearthError `data_directory` when the key file cannot be written, and whatever a keeper throws.
   */
  rotate(): Promise<string> {
    this.#rotating ??= this.#rotate().finally(() => {
      this.#rotating = undefined;
    });
    return this.#rotating;
  }

  /** Once every keeper has registered and started: ends what a power cut left of a rotation. */
  async finishRotation(): Promise<void> {
    if (this.#keys.length > 1) await this.#takeOver();
  }

  async #rotate(): Promise<string> {
    // A rotation that was not ended has its new key already.
    if (this.#keys.length === 1) {
      const keys = [makeKey(this.#keys), ...this.#keys];
      await writeKeyFile(this.#options.keyPath, keys);
      this.#keys = keys;
    }
    return this.#takeOver();
  }

  /** Seals everything with the first key and forgets the others. */
  async #takeOver(): Promise<string> {
    const [key, ...older] = this.#keys;
    if (key === undefined) throw new Error('the secrets have not been started');
    await this.#resealAll();
    await writeKeyFile(this.#options.keyPath, [key]);
    this.#keys = [key];
    for (const derived of this.#derived.values()) derived.fill(0);
    for (const { bytes } of older) bytes.fill(0);
    this.#derived.clear();
    this.#options.log.info({ keyId: key.id }, 'every secret was sealed with a new key');
    return key.id;
  }

  async #resealAll(): Promise<void> {
    const reseal: Reseal = (purpose, sealed) => this.seal(purpose, this.open(purpose, sealed));
    for (const keeper of this.#keepers.values()) await keeper(reseal);
  }

  #derive(key: Key, purpose: string): Buffer {
    const name = `${key.id} ${purpose}`;
    const known = this.#derived.get(name);
    if (known) return known;
    const derived = Buffer.from(hkdfSync('sha256', key.bytes, '', `hearth ${purpose}`, 32));
    this.#derived.set(name, derived);
    return derived;
  }
}

const unreadable = (purpose: string): HearthError =>
  new HearthError('data_directory', `a secret cannot be opened (${purpose})`, {
    hint: 'The key file is not the one it was sealed with. Restore it from where you keep it.',
  });
