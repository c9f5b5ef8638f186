import {
  type Clock,
  equalSecrets,
  HearthError,
  hashSecret,
  type Log,
  randomSecret,
  readableCode,
} from '#kernel';
import { actorOf } from './access.ts';
import { requireGoodPassword } from './passwords.ts';
import type { AuditPort } from './ports.ts';
import type { Doer } from './rank.ts';
import { Recent } from './recent.ts';
import type { SlowHash } from './slow-hash.ts';
import type { CredentialStore } from './store.ts';
import { whereFrom } from './whence.ts';

export const credentialRoles = ['service', 'device'] as const;
export type CredentialRole = (typeof credentialRoles)[number];

/** A user name for MQTT without certificates. `createdAt` is ISO 8601 UTC. */
export interface CredentialRecord {
  /** Of a `device`, its id. */
  readonly name: string;
  readonly role: CredentialRole;
  readonly createdAt: string;
}

export interface NewCredential {
  readonly name: string;
  readonly role: CredentialRole;
  /** For a device that has its own already; otherwise one is made. */
  readonly password?: string;
}

interface CredentialOptions {
  readonly store: CredentialStore;
  readonly audit: AuditPort;
  readonly atomically: <Result>(work: () => Result) => Result;
  readonly clock: Clock;
  readonly log: Log;
  readonly slowHash: SlowHash;
  readonly onRevoked: (credential: { id: string; name: string }) => void;
}

/** 100 random bits in what a person can copy into the form of a device: `8rk2d-…`, four fives. */
const passwordLength = 20;
/** 100 random bits cannot be guessed, so a fast hash is enough for what we made ourselves. */
const randomScheme = 'sha256$';
/** What MQTT calls a user name is a topic level of ours too. */
const namePattern = /^[\p{L}\p{N}._:@~-]{1,64}$/u;

/**
 * User names and passwords for programs and devices that speak MQTT without a certificate. What
 * signed in a moment ago does so again without the slow hash: a fleet that reconnects all at once
 * would hold the hub up for minutes.
 */
export class Credentials {
  readonly #options: CredentialOptions;
  /** Names to a keyed hash of the password that was right. The key dies with the process. */
  readonly #recent: Recent<string>;
  readonly #recentKey = randomSecret();

  constructor(options: CredentialOptions) {
    this.#options = options;
    this.#recent = new Recent({
      clock: options.clock,
      lifetimeMs: 10 * 60_000,
      maxEntries: 1000,
    });
  }

  /**
   * Makes a credential. `password` in the answer is the one time it is seen.
   * @throws HearthError `bad_request` with field `name` or `password`, `conflict` for a taken name.
   */
  async add(
    { name, role, password: chosen }: NewCredential,
    by?: Doer,
  ): Promise<CredentialRecord & { readonly password: string }> {
    if (!namePattern.test(name)) {
      throw new HearthError('bad_request', `"${name.slice(0, 64)}" cannot be a user name`, {
        field: 'name',
        hint: 'Use 1 to 64 letters, digits and . _ : @ ~ -',
      });
    }
    if (chosen !== undefined) requireGoodPassword(chosen, [name]);
    const { store, clock, log, slowHash, atomically } = this.#options;
    const createdAt = new Date(clock.nowMs()).toISOString();
    const password = chosen ?? makePassword();
    const passwordHash =
      chosen === undefined ? randomScheme + hashSecret(password) : await slowHash.hash(chosen);
    const isNew = atomically(() => {
      const row = { name, role, password_hash: passwordHash, created_at: createdAt };
      if (!store.insert(row)) return false;
      this.#append('credential.create', name, role, by);
      return true;
    });
    if (!isNew) {
      throw new HearthError('conflict', `there is a credential "${name}" already`, {
        field: 'name',
        hint: `Remove it first: hearth credential remove ${name}.`,
      });
    }
    log.info({ name, role }, 'a credential was added');
    return { name, role, createdAt, password };
  }

  list(): CredentialRecord[] {
    return this.#options.store
      .all()
      .map(({ name, role, created_at }) => ({ name, role, createdAt: created_at }));
  }

  /** Removes a credential, given a `role` only one of that role. Returns whether there was one. */
  remove(name: string, role?: CredentialRole, by?: Doer): boolean {
    const { store, log, onRevoked, atomically } = this.#options;
    const row = store.get(name);
    if (row === undefined || (role !== undefined && row.role !== role)) return false;
    atomically(() => {
      store.delete(name);
      this.#append('credential.remove', name, row.role, by);
    });
    this.#recent.delete(name);
    log.info({ name }, 'a credential was removed');
    onRevoked({ id: name, name });
    return true;
  }

  /**
   * Who signs in with these. A refusal takes the same time whatever was wrong; a password that we
   * made is known at once, so that a fleet that returns together is not kept in line.
   * @throws HearthError `unavailable` when too many are waiting to be told.
   */
  async verify(
    name: string,
    password: string,
  ): Promise<{ readonly name: string; readonly role: CredentialRole } | undefined> {
    const { store, slowHash } = this.#options;
    const digest = hashSecret(`${this.#recentKey}${password}`);
    const row = store.get(name);
    const isOurs = row?.password_hash.startsWith(randomScheme) === true;
    if (row !== undefined) {
      const answer = { name: row.name, role: row.role };
      if (isOurs && equalSecrets(row.password_hash, randomScheme + hashSecret(password))) {
        return answer;
      }
      if (this.#recent.get(name) === digest) return answer;
    }
    if (row === undefined || isOurs) {
      await slowHash.verifyNobody(password);
      return undefined;
    }
    if (!(await slowHash.verify(row.password_hash, password))) return undefined;
    // It may have been removed, or made anew with another password, while the hash ran.
    if (store.get(name)?.password_hash !== row.password_hash) return undefined;
    this.#recent.set(name, digest);
    return { name: row.name, role: row.role };
  }

  #append(action: string, name: string, role: CredentialRole, by: Doer | undefined): void {
    this.#options.audit.append({
      actor: by ? actorOf(by.caller) : 'hub',
      action,
      subject: `credential:${name}`,
      outcome: 'ok',
      origin: by ? whereFrom(by.origin) : '',
      detail: { role },
    });
  }
}

const makePassword = (): string => (readableCode(passwordLength).match(/.{5}/g) ?? []).join('-');
