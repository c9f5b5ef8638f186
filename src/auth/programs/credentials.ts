import {
  type Clock,
  equalSecrets,
  HearthError,
  hashSecret,
  type Log,
  randomSecret,
  readableCode,
} from '#kernel';
import { actorOf } from '../access.ts';
import { networkOf } from '../passwords/network.ts';
import { requireGoodPassword } from '../passwords/passwords.ts';
import type { SlowHash } from '../passwords/slow-hash.ts';
import { Throttle } from '../passwords/throttle.ts';
import type { Doer } from '../people/rank.ts';
import type { AuditPort } from '../ports.ts';
import { Recent } from '../sign-in/recent.ts';
import { whereFrom } from '../whence.ts';
import type { CredentialRow, CredentialStore } from './store.ts';

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

type Credential = Pick<CredentialRecord, 'name' | 'role'>;

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
const minuteMs = 60_000;
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
  /** Names with the networks they were right from: nobody else there keeps them out. */
  readonly #places: Recent<true>;
  /** Tries of a name from a network. */
  readonly #tries: Throttle;
  /** Of a network only what went wrong counts: a whole fleet may stand behind one address. */
  readonly #wrong: Throttle;
  /** The same password twice at once is one try, by name, network and digest. */
  readonly #running = new Map<string, Promise<Credential | undefined>>();

  constructor(options: CredentialOptions) {
    this.#options = options;
    const { clock } = options;
    this.#recent = new Recent({ clock, lifetimeMs: 10 * minuteMs, maxEntries: 1000 });
    this.#places = new Recent({ clock, lifetimeMs: 30 * 24 * 60 * minuteMs, maxEntries: 10_000 });
    const delays = { clock, firstDelayMs: minuteMs, maxDelayMs: 15 * minuteMs };
    this.#tries = new Throttle({ ...delays, tries: 10 });
    this.#wrong = new Throttle({ ...delays, tries: 50 });
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
   * made is known at once, and one that was right a moment ago too, so that a fleet that returns
   * together is not kept in line.
   * @param remoteAddress from where; empty for this process itself, which nothing makes wait.
   * @throws HearthError `too_many_requests` after too many wrong ones, `unavailable` when too many are
   * waiting to be told.
   */
  async verify(
    name: string,
    password: string,
    remoteAddress = '',
  ): Promise<Credential | undefined> {
    const row = this.#options.store.get(name);
    if (row && equalSecrets(row.password_hash, randomScheme + hashSecret(password)))
      return credentialOf(row);
    const network = networkOf(remoteAddress);
    const place = `${network} ${name.slice(0, 64)}`;
    if (network !== '') {
      // Before the fast way below: it is no way to guess without being counted.
      this.#tries.check(place);
      if (!this.#places.get(place)) this.#wrong.check(network);
    }
    const digest = hashSecret(`${this.#recentKey}${password}`);
    if (row && this.#recent.get(name) === digest) return credentialOf(row);
    const key = `${place} ${digest}`;
    const running = this.#running.get(key);
    if (running) return running;
    if (network !== '') this.#tries.count(place);
    const verdict = this.#verifySlowly(row, password, digest);
    this.#running.set(key, verdict);
    try {
      const found = await verdict;
      if (network === '') return found;
      if (found === undefined) {
        this.#wrong.count(network);
      } else {
        this.#tries.succeeded(place);
        this.#places.set(place, true);
      }
      return found;
    } finally {
      this.#running.delete(key);
    }
  }

  async #verifySlowly(
    row: CredentialRow | undefined,
    password: string,
    digest: string,
  ): Promise<Credential | undefined> {
    const { store, slowHash } = this.#options;
    if (row === undefined || row.password_hash.startsWith(randomScheme)) {
      await slowHash.verifyNobody(password, 'devices');
      return undefined;
    }
    const { name, password_hash } = row;
    if (!(await slowHash.verify(password_hash, password, 'devices'))) return undefined;
    // It may have been removed, or made anew with another password, while the hash ran.
    if (store.get(name)?.password_hash !== password_hash) return undefined;
    this.#recent.set(name, digest);
    return credentialOf(row);
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

const credentialOf = ({ name, role }: Credential): Credential => ({ name, role });
