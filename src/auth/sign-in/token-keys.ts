import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { type Clock, type Log, sortableId } from '#kernel';
import type { Reseal, Vault } from '#secrets';
import type { TokenKeyRow, TokenKeyStore } from './token-key-store.ts';

const purpose = 'auth.token-key';
const lifetimeMs = 90 * 86_400_000;
/** Longer than any access token, and than clocks of verifiers differ. */
const publishedAfterMs = 3_600_000;

export interface TokenKey {
  /** The `kid` of its tokens. */
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly createdAtMs: number;
}

/** A public key as RFC 7517 spells it. */
export interface PublicJwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
}

interface TokenKeysOptions {
  readonly store: TokenKeyStore;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The keys that sign access tokens: a new one every 90 days; the one before it stays published until
 * no token of its lives. At rest they are sealed.
 */
export class TokenKeys {
  readonly #options: TokenKeysOptions;
  /** Newest last. */
  #keys: readonly TokenKey[] = [];

  constructor(options: TokenKeysOptions) {
    this.#options = options;
  }

  /** @throws HearthError `data_directory` when a key cannot be opened. */
  load(): void {
    const { store, vault } = this.#options;
    this.#keys = store.all().map((row) => openKey(row, vault));
    this.turn();
  }

  /** Makes the next key when it is time, and forgets those of which no token lives. */
  turn(): void {
    const { store, clock, log } = this.#options;
    const nowMs = Math.floor(clock.nowMs());
    const newest = this.#keys.at(-1);
    if (newest === undefined || nowMs - newest.createdAtMs >= lifetimeMs) {
      this.#keys = [...this.#keys, this.#make(nowMs)];
      log.info({ keyId: this.signingKey.id }, 'access tokens are signed with a new key');
    }
    const livesOn = (_key: TokenKey, index: number) => {
      const successor = this.#keys[index + 1];
      return successor === undefined || nowMs - successor.createdAtMs < publishedAfterMs;
    };
    const kept = this.#keys.filter(livesOn);
    for (const { id } of this.#keys) if (!kept.some((key) => key.id === id)) store.delete(id);
    this.#keys = kept;
  }

  get signingKey(): TokenKey {
    const newest = this.#keys.at(-1);
    if (newest === undefined) throw new Error('auth has not been started');
    return newest;
  }

  find(id: string): TokenKey | undefined {
    return this.#keys.find((key) => key.id === id);
  }

  /** The JSON Web Key Set (RFC 7517 section 5). */
  published(): { readonly keys: readonly PublicJwk[] } {
    return {
      keys: this.#keys.map(({ id, publicKey }) => {
        const { kty = '', crv = '', x = '', y = '' } = publicKey.export({ format: 'jwk' });
        return { kty, crv, x, y, kid: id, alg: 'ES256', use: 'sig' };
      }),
    };
  }

  reseal(reseal: Reseal): void {
    const { store } = this.#options;
    for (const row of store.all()) store.setSealed(row.id, reseal(purpose, row.sealed_private_key));
  }

  #make(createdAtMs: number): TokenKey {
    const { store, vault } = this.#options;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const id = sortableId(createdAtMs);
    const der = privateKey.export({ format: 'der', type: 'pkcs8' });
    store.insert({
      id,
      sealed_private_key: vault.seal(purpose, der),
      created_at_ms: createdAtMs,
    });
    return { id, privateKey, publicKey, createdAtMs };
  }
}

function openKey(row: TokenKeyRow, vault: Vault): TokenKey {
  const der = vault.open(purpose, row.sealed_private_key);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  return { id: row.id, privateKey, publicKey, createdAtMs: row.created_at_ms };
}
