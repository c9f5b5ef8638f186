import { join } from 'node:path';
import { parse } from 'hono/utils/cookie';
import type { Db } from '#db';
import { type Clock, HearthError, type Log, type Part, Signal, sortableId } from '#kernel';
import type { Caller } from './access.ts';
import { type Accounts, openAccounts, sessionCookie } from './accounts.ts';
import { Credentials } from './credentials.ts';
import { needsOwnOrigin, requireOwnOrigin } from './origin.ts';
import { requireGoodPassword } from './passwords.ts';
import { routes } from './routes.ts';
import type { Api } from './routing.ts';
import { openSecret } from './secret.ts';
import { Sessions, type SignedIn } from './sessions.ts';
import { SetupCode } from './setup.ts';
import { SlowHash } from './slow-hash.ts';
import { CredentialStore, PeopleStore, TokenStore } from './store.ts';
import { Throttle } from './throttle.ts';
import { Tokens, tokenPrefix } from './tokens.ts';

const minuteMs = 60_000;

export interface AuthOptions {
  readonly db: Db;
  /** The data directory, which exists: `secret.key` and `setup-code` are kept in it. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** What the set-up page calls this home (`home.name`). */
  readonly homeName: string;
}

/** Something that was let in and no longer is, revoked or expired; live connections of it are to be ended. */
export interface Revocation {
  readonly kind: 'token' | 'credential';
  readonly id: string;
  readonly name: string;
}

/** Where a request came from, as far as a limit on tries or a list of sessions wants to know. */
export interface Origin {
  /** Empty for the control socket. */
  readonly remoteAddress: string;
  readonly userAgent: string;
}

export interface NewOwner {
  readonly code: string;
  readonly email: string;
  readonly password: string;
  readonly name: string;
}

/** People and programs: who they are, how they sign in and what they hold. */
export class Auth implements Part {
  readonly name = 'auth';
  readonly tokens: Tokens;
  readonly credentials: Credentials;
  readonly onRevoked: Signal<Revocation>;
  readonly #options: AuthOptions;
  readonly #people: PeopleStore;
  readonly #sessions: Sessions;
  readonly #setupCode: SetupCode;
  readonly #slowHash = new SlowHash();
  readonly #setupTries: Throttle;
  readonly #signInTries: Throttle;
  /** An account waits a minute at most, or strangers could keep its owner out. */
  readonly #accountTries: Throttle;
  #secret: string | undefined;
  #accounts: Promise<Accounts> | undefined;

  constructor(options: AuthOptions) {
    const { db, clock, log, directory } = options;
    this.#options = options;
    this.onRevoked = new Signal('auth.revoked', log);
    const slowHash = this.#slowHash;
    this.tokens = new Tokens({
      store: new TokenStore(db),
      clock,
      log,
      onRevoked: (token) => this.onRevoked.emit({ kind: 'token', ...token }),
    });
    this.credentials = new Credentials({
      store: new CredentialStore(db),
      clock,
      log,
      slowHash,
      onRevoked: (credential) => this.onRevoked.emit({ kind: 'credential', ...credential }),
    });
    this.#people = new PeopleStore(db);
    this.#sessions = new Sessions({ clock, accounts: () => this.#openAccounts() });
    this.#setupCode = new SetupCode(join(directory, 'setup-code'));
    const delays = { clock, firstDelayMs: minuteMs };
    this.#setupTries = new Throttle({ ...delays, tries: 5, maxDelayMs: 60 * minuteMs });
    this.#signInTries = new Throttle({ ...delays, tries: 10, maxDelayMs: 15 * minuteMs });
    this.#accountTries = new Throttle({ ...delays, tries: 10, maxDelayMs: minuteMs });
  }

  /** @throws HearthError `data_directory` when `secret.key` holds something else. */
  async start(): Promise<void> {
    const { directory, clock } = this.#options;
    this.#secret = await openSecret(join(directory, 'secret.key'));
    this.#people.deleteExpiredSessions(new Date(clock.nowMs()).toISOString());
    this.tokens.start();
    if (this.#people.hasOwner()) await this.#setupCode.close();
    else await this.#setupCode.open();
  }

  async stop(): Promise<void> {
    this.tokens.stop();
  }

  get homeName(): string {
    return this.#options.homeName;
  }

  /** What the person at the machine types to become the owner; undefined once there is one. */
  setupCode(): string | undefined {
    return this.#setupCode.value;
  }

  /**
   * Makes the owner and signs them in. Works once in the life of a hub.
   * @throws HearthError `gone` once there is an owner, `forbidden` for a wrong code, `bad_request`
   * for a weak password, `too_many_requests` after too many tries.
   */
  async setUp(owner: NewOwner, origin: Origin): Promise<SignedIn> {
    if (this.setupCode() === undefined) throw alreadySetUp();
    this.#setupTries.attempt(origin.remoteAddress);
    if (!this.#setupCode.matches(owner.code)) {
      this.#options.log.warn({ from: origin.remoteAddress }, 'a wrong setup code was tried');
      throw new HearthError('forbidden', 'that is not the setup code', {
        field: 'code',
        hint: 'The hub prints it when it starts; it is also in the file setup-code in its data directory.',
      });
    }
    this.#setupTries.succeeded(origin.remoteAddress);
    const { password, name } = owner;
    const email = owner.email.toLowerCase();
    requireGoodPassword(password, [email, email.split('@')[0] ?? '', name, this.homeName]);
    const passwordHash = await this.#slowHash.hash(password);
    const nowMs = this.#options.clock.nowMs();
    const person = { id: sortableId(nowMs), name, email };
    if (!this.#people.insertOwner(person, passwordHash, new Date(nowMs).toISOString())) {
      throw alreadySetUp();
    }
    await this.#setupCode.close();
    this.#options.log.info({ person: person.id }, 'the owner was created');
    return this.#sessions.signIn(email, password, origin.userAgent);
  }

  /**
   * Signs a person in.
   * @throws HearthError `unauthenticated`, or `too_many_requests` after too many tries.
   */
  async signIn(email: string, password: string, origin: Origin): Promise<SignedIn> {
    const account = email.toLowerCase();
    this.#signInTries.attempt(origin.remoteAddress);
    this.#accountTries.attempt(account);
    try {
      const signedIn = await this.#sessions.signIn(account, password, origin.userAgent);
      this.#signInTries.succeeded(origin.remoteAddress);
      this.#accountTries.succeeded(account);
      return signedIn;
    } catch (error) {
      this.#options.log.warn({ from: origin.remoteAddress }, 'a sign-in was refused');
      throw error;
    }
  }

  /** Ends the session that a request came with, if it came with one. Returns Set-Cookie lines. */
  async signOut(headers: Headers): Promise<readonly string[]> {
    const session = presentedBy(headers);
    return session === undefined || session.value.startsWith(tokenPrefix)
      ? []
      : this.#sessions.signOut(session.value);
  }

  /** Lets the session of a request last on; a dashboard does so when it opens. Returns Set-Cookie lines. */
  async renewSession(headers: Headers): Promise<readonly string[]> {
    const session = presentedBy(headers);
    if (session === undefined || session.value.startsWith(tokenPrefix)) return [];
    const cookies = await this.#sessions.renew(session.value);
    return session.by === 'cookie' ? cookies : [];
  }

  emailOf(personId: string): string | undefined {
    return this.#people.get(personId)?.email;
  }

  /**
   * Sets a person's password and ends all their sessions.
   * @throws HearthError `not_found` when nobody has the email, `bad_request` for a weak password.
   */
  async resetPassword(email: string, newPassword: string): Promise<void> {
    requireGoodPassword(newPassword, [email, email.split('@')[0] ?? '']);
    const passwordHash = await this.#slowHash.hash(newPassword);
    const at = new Date(this.#options.clock.nowMs()).toISOString();
    if (!this.#people.setPassword(email.toLowerCase(), passwordHash, at)) {
      throw new HearthError('not_found', 'nobody here has that email', { field: 'email' });
    }
    this.#sessions.forgetRecent();
  }

  /**
   * Who sends a request: by API token, by session as Bearer, or by session cookie. A request that
   * shows a Bearer is judged by that alone. Writes nothing; a device's own key is not looked at.
   * @param method of the request; left out, it is taken for one that changes something.
   * @throws HearthError `forbidden` when another site's page uses the cookie to change something.
   */
  async callerOf(
    headers: Headers,
    { method = 'POST' }: { readonly method?: string } = {},
  ): Promise<Caller | undefined> {
    const presented = presentedBy(headers);
    if (presented === undefined) return undefined;
    if (presented.value.startsWith(tokenPrefix)) {
      return presented.by === 'bearer' ? this.callerOfToken(presented.value) : undefined;
    }
    const caller = await this.#sessions.callerOf(presented.value);
    if (caller && presented.by === 'cookie' && needsOwnOrigin(method, headers)) {
      requireOwnOrigin(headers);
    }
    return caller;
  }

  /** Whose API token this is; undefined when it is unknown, revoked or expired. Touches no disk. */
  callerOfToken(token: string): Caller | undefined {
    return this.tokens.callerOf(token);
  }

  /** Adds set-up, sign-in, tokens and credentials to the API. */
  routes(api: Api): void {
    routes(api, this);
  }

  #openAccounts(): Promise<Accounts> {
    const { db, clock, log } = this.#options;
    if (this.#secret === undefined) throw new Error('auth has not been started');
    this.#accounts ??= openAccounts({
      db,
      clock,
      log,
      secret: this.#secret,
      slowHash: this.#slowHash,
    });
    return this.#accounts;
  }
}

/** The secret a request shows, and whether a program or a browser shows it. */
function presentedBy(
  headers: Headers,
): { readonly value: string; readonly by: 'bearer' | 'cookie' } | undefined {
  const authorization = headers.get('authorization');
  if (authorization !== null) {
    // RFC 9110 §11.1: the name of a scheme has no case.
    const value = /^bearer +([^\s]+)$/i.exec(authorization.trim())?.[1];
    return value === undefined ? undefined : { value, by: 'bearer' };
  }
  const value = parse(headers.get('cookie') ?? '', sessionCookie)[sessionCookie];
  return value === undefined || value === '' ? undefined : { value, by: 'cookie' };
}

const alreadySetUp = () =>
  new HearthError('gone', 'this hub has an owner already', {
    hint: 'Sign in instead.',
  });
