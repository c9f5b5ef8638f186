import {
  type Cancel,
  type Clock,
  equalSecrets,
  hashSecret,
  randomSecret,
  sortableId,
} from '#kernel';
import type { Origin, SignInMethod } from '../types.ts';
import type { SessionRow, SessionStore } from './session-store.ts';

/** Renewed whenever it is used to go on, so only a session nobody uses ends. */
export const sessionLifetimeMs = 30 * 86_400_000;
const renewAfterMs = 86_400_000;
/** Whoever signs in anew for every request pushes out their own oldest. */
const maxPerPerson = 50;
const writeUsesEveryMs = 600_000;
const checkEveryMs = 60_000;

export interface Session {
  readonly id: string;
  readonly personId: string;
  readonly method: SignInMethod;
  readonly userAgent: string;
  /** Where it was signed in from; empty for the machine itself. */
  readonly address: string;
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number;
  readonly expiresAtMs: number;
}

interface SessionsOptions {
  readonly store: SessionStore;
  readonly clock: Clock;
  /** A session is over, whyever. */
  readonly onEnded: (session: Session) => void;
}

/** What became of a refresh token that was shown. */
export type Rotation =
  | { readonly outcome: 'rotated'; readonly session: Session; readonly refreshToken: string }
  /** It was good once: somebody holds a copy. */
  | { readonly outcome: 'reused'; readonly session: Session }
  | { readonly outcome: 'unknown' };

/**
 * Who is signed in, in memory beside the table: asking costs no query, and a session that is ended is
 * over with the next request. A browser holds the session's cookie; a program holds a refresh token
 * `ID.FAMILY.SECRET`, of which only the last part changes, so that one of before is known for what it
 * is (RFC 9700 section 4.14.2) while whoever merely knows the id of a session can end nothing.
 */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #byId = new Map<string, SessionRow>();
  readonly #idByCookie = new Map<string, string>();
  /** Sessions whose last use is not written down yet. */
  readonly #used = new Set<string>();
  #cancels: readonly Cancel[] = [];

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  load(): void {
    this.#byId.clear();
    this.#idByCookie.clear();
    for (const row of this.#options.store.all()) this.#keep(row);
  }

  start(): void {
    const { clock } = this.#options;
    this.load();
    this.#endExpired();
    this.#cancels = [
      clock.every(checkEveryMs, () => this.#endExpired()),
      clock.every(writeUsesEveryMs, () => this.#writeUses()),
    ];
  }

  stop(): void {
    for (const cancel of this.#cancels) cancel();
    this.#writeUses();
  }

  /** Makes a session. What is answered with it is the one time it is seen. */
  create(
    personId: string,
    method: SignInMethod,
    { remoteAddress, userAgent }: Origin,
  ): { readonly session: Session; readonly cookie: string; readonly refreshToken: string } {
    this.#makeRoom(personId);
    const nowMs = this.#nowMs();
    const [id, cookie, family, secret] = [sortableId(nowMs), randomSecret(), ...refreshParts()];
    const row: SessionRow = {
      id,
      person_id: personId,
      method,
      cookie_hash: hashSecret(cookie),
      family_hash: hashSecret(family),
      refresh_hash: hashSecret(secret),
      user_agent: userAgent.slice(0, 200),
      address: remoteAddress.slice(0, 64),
      created_at_ms: nowMs,
      last_used_at_ms: nowMs,
      expires_at_ms: nowMs + sessionLifetimeMs,
    };
    this.#options.store.insert(row);
    this.#keep(row);
    return { session: sessionOf(row), cookie, refreshToken: `${id}.${family}.${secret}` };
  }

  get(id: string): Session | undefined {
    const row = this.#living(id);
    return row && sessionOf(row);
  }

  byCookie(cookie: string): Session | undefined {
    const id = this.#idByCookie.get(hashSecret(cookie));
    return id === undefined ? undefined : this.get(id);
  }

  /** Someone's sessions, the one used last first. */
  of(personId: string): Session[] {
    return [...this.#byId.values()]
      .filter((row) => row.person_id === personId)
      .map(sessionOf)
      .sort((a, b) => b.lastUsedAtMs - a.lastUsedAtMs);
  }

  /** Remembers that a session was used; written down later. */
  touch(id: string): void {
    const row = this.#byId.get(id);
    if (row === undefined) return;
    this.#byId.set(id, { ...row, last_used_at_ms: this.#nowMs() });
    this.#used.add(id);
  }

  /** Lets a session last its full time again, at most once a day. Returns whether it does. */
  renew(id: string): boolean {
    const row = this.#living(id);
    const expiresAtMs = this.#nowMs() + sessionLifetimeMs;
    if (row === undefined || expiresAtMs - row.expires_at_ms < renewAfterMs) return false;
    this.#write({ ...row, expires_at_ms: expiresAtMs });
    return true;
  }

  /** Whether a refresh token is the newest of a session that lives. */
  isCurrent(refreshToken: string): boolean {
    const [id = '', family = '', secret = ''] = refreshToken.split('.');
    const row = this.#living(id);
    if (row === undefined || !equalSecrets(hashSecret(family), row.family_hash)) return false;
    return equalSecrets(hashSecret(secret), row.refresh_hash);
  }

  /** Takes a refresh token for the next one. */
  rotate(refreshToken: string): Rotation {
    const [id = '', family = '', secret = ''] = refreshToken.split('.');
    const row = this.#living(id);
    if (row === undefined || !equalSecrets(hashSecret(family), row.family_hash)) {
      return { outcome: 'unknown' };
    }
    if (!equalSecrets(hashSecret(secret), row.refresh_hash)) {
      return { outcome: 'reused', session: sessionOf(row) };
    }
    const nowMs = this.#nowMs();
    const [, next] = refreshParts();
    const rotated = {
      ...row,
      refresh_hash: hashSecret(next),
      last_used_at_ms: nowMs,
      expires_at_ms: nowMs + sessionLifetimeMs,
    };
    this.#write(rotated);
    return {
      outcome: 'rotated',
      session: sessionOf(rotated),
      refreshToken: `${id}.${family}.${next}`,
    };
  }

  end(id: string): void {
    this.#end([id]);
  }

  /** Ends all sessions of a person, or all but one. */
  endAllOf(personId: string, exceptId?: string): void {
    const ids = this.of(personId).map(({ id }) => id);
    this.#end(ids.filter((id) => id !== exceptId));
  }

  #endExpired(): void {
    const nowMs = this.#nowMs();
    const expired = [...this.#byId.values()].filter((row) => row.expires_at_ms <= nowMs);
    this.#end(expired.map(({ id }) => id));
  }

  #end(ids: readonly string[]): void {
    const ended = ids.map((id) => this.#byId.get(id)).filter((row) => row !== undefined);
    if (ended.length === 0) return;
    for (const row of ended) {
      this.#byId.delete(row.id);
      this.#idByCookie.delete(row.cookie_hash);
      this.#used.delete(row.id);
    }
    this.#options.store.delete(ended.map(({ id }) => id));
    for (const row of ended) this.#options.onEnded(sessionOf(row));
  }

  #makeRoom(personId: string): void {
    const oldest = this.of(personId).slice(maxPerPerson - 1);
    this.#end(oldest.map(({ id }) => id));
  }

  #living(id: string): SessionRow | undefined {
    const row = this.#byId.get(id);
    return row && this.#nowMs() < row.expires_at_ms ? row : undefined;
  }

  #write(row: SessionRow): void {
    this.#options.store.update(row);
    this.#byId.set(row.id, row);
  }

  #keep(row: SessionRow): void {
    this.#byId.set(row.id, row);
    this.#idByCookie.set(row.cookie_hash, row.id);
  }

  #writeUses(): void {
    const rows = [...this.#used].map((id) => this.#byId.get(id)).filter((row) => row !== undefined);
    this.#used.clear();
    if (rows.length > 0) this.#options.store.setLastUsed(rows);
  }

  #nowMs(): number {
    return Math.floor(this.#options.clock.nowMs());
  }
}

const refreshParts = (): [family: string, secret: string] => [randomSecret(16), randomSecret()];

const sessionOf = (row: SessionRow): Session => ({
  id: row.id,
  personId: row.person_id,
  method: row.method,
  userAgent: row.user_agent,
  address: row.address,
  createdAtMs: row.created_at_ms,
  lastUsedAtMs: row.last_used_at_ms,
  expiresAtMs: row.expires_at_ms,
});
