import {
  type Cancel,
  type Clock,
  HearthError,
  hashSecret,
  type Log,
  parseDurationMs,
  randomSecret,
  sortableId,
} from '#kernel';
import {
  type Action,
  actionsOf,
  actorOf,
  type Caller,
  makerOf,
  type Role,
  scopeOfRole,
} from '../access.ts';
import type { HandedOut } from '../people/handed-out.ts';
import { plainName } from '../people/names.ts';
import type { Doer } from '../people/rank.ts';
import type { AuditPort } from '../ports.ts';
import { whereFrom } from '../whence.ts';
import type { TokenRow, TokenStore } from './store.ts';

/** What every API token begins with, so that it is known for one wherever it turns up. */
export const tokenPrefix = 'hearth_';

const maxTokens = 1000;
const checkPeriodMs = 60_000;

/** An API token as its owner sees it later. Times are ISO 8601 UTC. */
export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: string;
  readonly expiresAt: string | undefined;
  /** To the minute. */
  readonly lastUsedAt: string | undefined;
  readonly revokedAt: string | undefined;
  /** Without it the token may all that its role may. */
  readonly scopes: readonly Action[] | undefined;
}

export interface NewToken {
  readonly name: string;
  readonly role: Role;
  /** A duration such as `30d`; without it the token lasts until it is revoked. */
  readonly expiresIn?: string | undefined;
  /** Of what the role may, only this. */
  readonly scopes?: readonly Action[] | undefined;
}

interface TokenOptions {
  readonly store: TokenStore;
  readonly handedOut: HandedOut;
  readonly audit: AuditPort;
  readonly atomically: <Result>(work: () => Result) => Result;
  readonly clock: Clock;
  readonly log: Log;
  /** A token is not valid any more: revoked just now, or expired within the last minute. */
  readonly onRevoked: (token: { id: string; name: string }) => void;
}

/**
 * Tokens for programs. A token is 256 random bits, so its SHA-256 is all that has to be kept, and
 * finding it by that hash tells a guesser nothing by the time it takes. Kept in memory beside the
 * table: asking who calls costs no query, and when a token was last used is written once a minute.
 */
export class Tokens {
  readonly #options: TokenOptions;
  readonly #byHash = new Map<string, TokenRow>();
  /** Token id to when it was last used, since the last write. */
  readonly #uses = new Map<string, string>();
  #expiryCheckedMs = 0;
  #cancelChecks: Cancel = () => {};

  constructor(options: TokenOptions) {
    this.#options = options;
  }

  load(): void {
    this.#byHash.clear();
    for (const row of this.#options.store.all()) this.#byHash.set(row.hash, row);
  }

  start(): void {
    this.load();
    const { clock } = this.#options;
    this.#expiryCheckedMs = clock.nowMs();
    this.#cancelChecks = clock.every(checkPeriodMs, () => {
      this.#tellExpired();
      this.#writeUses();
    });
  }

  stop(): void {
    this.#cancelChecks();
    this.#writeUses();
  }

  /**
   * Makes a token. `token` in the answer is the one time it is seen.
   * @throws HearthError `bad_request` with field `expiresIn`, `unprocessable` for a scope that is
   * not its role's, `conflict` when there are too many.
   */
  create(
    { name, role, expiresIn, scopes }: NewToken,
    by?: Doer,
  ): TokenRecord & { readonly token: string } {
    const { store, clock, log, atomically } = this.#options;
    requireScopesOf(role, scopes ?? []);
    const rows = [...this.#byHash.values()];
    if (rows.filter((row) => row.revoked_at === null).length >= maxTokens) {
      throw new HearthError('conflict', `there are ${maxTokens} tokens already`, {
        hint: 'Revoke those that nothing uses any more: hearth token list.',
      });
    }
    const nowMs = clock.nowMs();
    const lifetimeMs =
      expiresIn === undefined ? undefined : parseDurationMs(expiresIn, 'expiresIn');
    const token = `${tokenPrefix}${randomSecret()}`;
    const row: TokenRow = {
      id: sortableId(nowMs),
      name,
      role,
      hash: hashSecret(token),
      created_at: new Date(nowMs).toISOString(),
      expires_at: lifetimeMs === undefined ? null : isoAfter(nowMs, lifetimeMs),
      last_used_at: null,
      revoked_at: null,
      scopes: scopes === undefined ? null : JSON.stringify(scopes),
      made_by: (by && makerOf(by.caller)) ?? null,
    };
    atomically(() => {
      store.insert(row);
      this.#append('token.create', row, by);
    });
    this.#byHash.set(row.hash, row);
    log.info({ id: row.id, name, role }, 'a token was created');
    return { ...recordOf(row), token };
  }

  /** @throws HearthError `conflict` with field `name` when a token that lives is called so. */
  requireFreeName(name: string): void {
    const wanted = plainName(name);
    const rows = [...this.#byHash.values()];
    if (!rows.some((row) => this.#isGood(row) && plainName(row.name) === wanted)) return;
    throw new HearthError('conflict', `there is a token called "${name}"`, {
      field: 'name',
      hint: 'What programs do is written down by name: take another, or revoke that one first.',
    });
  }

  /** Every token there ever was, oldest first. */
  list(): TokenRecord[] {
    return [...this.#byHash.values()].map((row) =>
      recordOf({ ...row, last_used_at: this.#uses.get(row.id) ?? row.last_used_at }),
    );
  }

  /** Revokes a token for good, with the codes handed out by it. Returns whether there was one. */
  revoke(id: string, by?: Doer): boolean {
    const row = [...this.#byHash.values()].find((candidate) => candidate.id === id);
    if (row === undefined || row.revoked_at !== null) return false;
    const { store, handedOut, clock, log, onRevoked, atomically } = this.#options;
    const at = new Date(clock.nowMs()).toISOString();
    atomically(() => {
      store.revoke(id, at);
      this.#append('token.revoke', row, by);
      handedOut.voidAllBy(`token:${id}`, by);
    });
    this.#byHash.set(row.hash, { ...row, revoked_at: at });
    log.info({ id, name: row.name }, 'a token was revoked');
    onRevoked({ id, name: row.name });
    return true;
  }

  /** Revokes what somebody made, by `person:ID`. */
  revokeAllBy(maker: string, by: Doer): void {
    const rows = [...this.#byHash.values()].filter((row) => row.made_by === maker);
    for (const { id } of rows) this.revoke(id, by);
  }

  /** Whose token this is; undefined when it is unknown, revoked or expired. */
  callerOf(token: string): Caller | undefined {
    if (!token.startsWith(tokenPrefix)) return undefined;
    const row = this.#byHash.get(hashSecret(token));
    if (row === undefined || !this.#isGood(row)) return undefined;
    this.#uses.set(row.id, new Date(this.#options.clock.nowMs()).toISOString());
    const scopes = scopesOf(row);
    return { kind: 'token', id: row.id, name: row.name, role: row.role, ...(scopes && { scopes }) };
  }

  #isGood({ revoked_at, expires_at }: TokenRow): boolean {
    if (revoked_at !== null) return false;
    return expires_at === null || this.#options.clock.nowMs() < Date.parse(expires_at);
  }

  /** A connection that was let in with a token would outlive it: so its end is told like a revocation. */
  #tellExpired(): void {
    const { clock, log, onRevoked } = this.#options;
    const sinceMs = this.#expiryCheckedMs;
    const nowMs = clock.nowMs();
    this.#expiryCheckedMs = nowMs;
    for (const { id, name, expires_at, revoked_at } of [...this.#byHash.values()]) {
      if (expires_at === null || revoked_at !== null) continue;
      const endMs = Date.parse(expires_at);
      if (endMs <= sinceMs || endMs > nowMs) continue;
      log.info({ id, name }, 'a token has expired');
      onRevoked({ id, name });
    }
  }

  #append(action: string, { id, name, role, made_by }: TokenRow, by: Doer | undefined): void {
    this.#options.audit.append({
      actor: by ? actorOf(by.caller) : 'hub',
      action,
      subject: `token:${id}`,
      outcome: 'ok',
      origin: by ? whereFrom(by.origin) : '',
      detail: { name, role, ...(made_by !== null && { made_by }) },
    });
  }

  #writeUses(): void {
    if (this.#uses.size === 0) return;
    this.#options.store.setLastUsed(this.#uses);
    for (const [hash, row] of this.#byHash) {
      const last_used_at = this.#uses.get(row.id);
      if (last_used_at !== undefined) this.#byHash.set(hash, { ...row, last_used_at });
    }
    this.#uses.clear();
  }
}

const recordOf = (row: TokenRow): TokenRecord => ({
  id: row.id,
  name: row.name,
  role: row.role,
  createdAt: row.created_at,
  expiresAt: row.expires_at ?? undefined,
  lastUsedAt: row.last_used_at ?? undefined,
  revokedAt: row.revoked_at ?? undefined,
  scopes: scopesOf(row),
});

const scopesOf = ({ scopes }: TokenRow): readonly Action[] | undefined =>
  scopes === null ? undefined : (JSON.parse(scopes) as readonly Action[]);

/** A scope that the role may not would promise what it never gives. @throws HearthError. */
function requireScopesOf(role: Role, scopes: readonly Action[]): void {
  const index = scopes.findIndex((scope) => scopeOfRole(role, scope) === undefined);
  if (index < 0) return;
  throw new HearthError('unprocessable', `the role ${role} may not ${scopes[index]}`, {
    field: `scopes.${index}`,
    hint: `A token of that role may be given: ${actionsOf(role).join(', ')}.`,
  });
}

/** @throws HearthError when the end lies beyond what a date can say. */
function isoAfter(nowMs: number, lifetimeMs: number): string {
  const end = new Date(nowMs + lifetimeMs);
  if (!Number.isNaN(end.getTime())) return end.toISOString();
  throw new HearthError('bad_request', 'expiresIn is longer than a date can say', {
    field: 'expiresIn',
    hint: 'Leave expiresIn out for a token that lasts until it is revoked.',
  });
}
