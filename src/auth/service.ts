import { join } from 'node:path';
import type { Db } from '#db';
import { type Clock, HearthError, type Log, notBefore, type Part, Signal } from '#kernel';
import type { Reseal, Vault } from '#secrets';
import type { Caller, Role } from './access.ts';
import { needsOwnOrigin, requireOwnOrigin } from './origin.ts';
import { aboutEmail } from './passwords/about.ts';
import { requireGoodPassword } from './passwords/passwords.ts';
import { SlowHash } from './passwords/slow-hash.ts';
import { Throttle } from './passwords/throttle.ts';
import { CodeStore } from './people/code-store.ts';
import { HandedOut } from './people/handed-out.ts';
import { Household, type Newcomer } from './people/household.ts';
import { Invitations } from './people/invitations.ts';
import { type Joining, OwnAccount } from './people/own-account.ts';
import { PasswordResets } from './people/password-resets.ts';
import { People } from './people/people.ts';
import { PeopleAccess } from './people/people-access.ts';
import { PeopleStore } from './people/people-store.ts';
import { type Doer, requirePresenceFor } from './people/rank.ts';
import { SetupCode } from './people/setup.ts';
import type { AuditPort, Mail } from './ports.ts';
import { Credentials } from './programs/credentials.ts';
import { CredentialStore, TokenStore } from './programs/store.ts';
import { Tokens, tokenPrefix } from './programs/tokens.ts';
import { rootRoutes, routes } from './routes.ts';
import type { Api } from './routing.ts';
import { SecondFactorStore } from './second-factor/second-factor-store.ts';
import { SecondFactors } from './second-factor/second-factors.ts';
import { AccessTokens } from './sign-in/access-tokens.ts';
import { presentedBy } from './sign-in/presented.ts';
import { SessionStore } from './sign-in/session-store.ts';
import { type Session, Sessions } from './sign-in/sessions.ts';
import { SignIns } from './sign-in/sign-ins.ts';
import { TokenKeyStore } from './sign-in/token-key-store.ts';
import { TokenKeys } from './sign-in/token-keys.ts';
import type { Origin, Person, Revocation, SignedIn } from './types.ts';
import { whereFrom } from './whence.ts';

const minuteMs = 60_000;

export interface AuthOptions {
  readonly db: Db;
  /** The data directory, which exists: `setup-code` is kept in it. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** What the set-up page calls this home (`home.name`). */
  readonly homeName: string;
  /** Started before this: it opens what is sealed. */
  readonly vault: Vault;
  readonly audit: AuditPort;
  /** Left out where the home has set up no mail. */
  readonly mail?: Mail;
  /** Where people find the dashboard (`https://hub.local:8443`), for links made at the machine. */
  readonly publicOrigin?: () => string | undefined;
  /** The least that the time can be, in milliseconds since 1970: see `notBefore`. */
  readonly notBeforeMs?: () => number;
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
  readonly people: People;
  readonly household: Household;
  readonly peopleAccess: PeopleAccess;
  readonly invitations: Invitations;
  readonly signIns: SignIns;
  readonly sessions: Sessions;
  readonly secondFactors: SecondFactors;
  readonly ownAccount: OwnAccount;
  readonly tokens: Tokens;
  readonly credentials: Credentials;
  readonly onRevoked: Signal<Revocation>;
  readonly #options: AuthOptions;
  readonly #clock: Clock;
  readonly #keys: TokenKeys;
  readonly #accessTokens: AccessTokens;
  readonly #codes: CodeStore;
  readonly #setupCode: SetupCode;
  readonly #slowHash = new SlowHash();
  readonly #setupTries: Throttle;
  #cancelHousekeeping: () => void = () => {};

  constructor(options: AuthOptions) {
    const { db, log, directory, vault, audit, homeName, mail } = options;
    const clock = notBefore(options.clock, options.notBeforeMs ?? (() => 0));
    this.#options = options;
    this.#clock = clock;
    this.onRevoked = new Signal('auth.revoked', log);
    const atomically = <Result>(work: () => Result): Result => this.#atomically(work);
    const shared = { audit, atomically, clock, log };
    this.#codes = new CodeStore(db);
    this.people = new People({ store: new PeopleStore(db), clock, log });
    this.sessions = new Sessions({
      store: new SessionStore(db),
      clock,
      onEnded: ({ id, personId }) => this.#tellEnded(id, personId),
    });
    this.#keys = new TokenKeys({ store: new TokenKeyStore(db), vault, clock, log });
    this.#accessTokens = new AccessTokens({ keys: this.#keys, clock });
    this.secondFactors = new SecondFactors({
      store: new SecondFactorStore(db),
      vault,
      // What an app shows goes by the time that it is, or is thought to be.
      clock: options.clock,
      issuer: homeName,
    });
    this.invitations = new Invitations({ store: this.#codes, clock });
    const resets = new PasswordResets({ store: this.#codes, clock });
    const handedOut = new HandedOut({ invitations: this.invitations, resets, audit });
    this.tokens = new Tokens({
      ...shared,
      handedOut,
      store: new TokenStore(db),
      onRevoked: (token) => this.onRevoked.emit({ kind: 'token', ...token }),
    });
    const accounts = {
      ...shared,
      handedOut,
      tokens: this.tokens,
      proof: this,
      people: this.people,
      sessions: this.sessions,
      secondFactors: this.secondFactors,
      invitations: this.invitations,
      resets,
      slowHash: this.#slowHash,
    };
    this.signIns = new SignIns({ ...accounts, accessTokens: this.#accessTokens });
    this.ownAccount = new OwnAccount({ ...accounts, signIns: this.signIns, homeName, mail });
    this.household = new Household({
      ...accounts,
      onRevoked: ({ id, name }) => this.onRevoked.emit({ kind: 'person', id, name }),
    });
    this.peopleAccess = new PeopleAccess(accounts);
    this.credentials = new Credentials({
      ...shared,
      store: new CredentialStore(db),
      slowHash: this.#slowHash,
      onRevoked: (credential) => this.onRevoked.emit({ kind: 'credential', ...credential }),
    });
    this.#setupCode = new SetupCode(join(directory, 'setup-code'));
    this.#setupTries = new Throttle({
      clock,
      tries: 5,
      firstDelayMs: minuteMs,
      maxDelayMs: 60 * minuteMs,
    });
  }

  /** @throws HearthError `data_directory` when what is sealed cannot be opened. */
  async start(): Promise<void> {
    this.#keys.load();
    this.people.load();
    this.sessions.start();
    this.tokens.start();
    this.#cancelHousekeeping = this.#clock.every(60 * minuteMs, () => this.#keepHouse());
    if (this.people.hasOwner) await this.#setupCode.close();
    else await this.#setupCode.open();
  }

  async stop(): Promise<void> {
    this.#cancelHousekeeping();
    this.sessions.stop();
    this.tokens.stop();
  }

  get homeName(): string {
    return this.#options.homeName;
  }

  /** Whether there is a way to send mail to people. */
  get sendsMail(): boolean {
    return this.#options.mail !== undefined;
  }

  get publicOrigin(): string | undefined {
    return this.#options.publicOrigin?.();
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
    const { password, name, email } = owner;
    requireGoodPassword(password, [...aboutEmail(email), name, this.homeName]);
    const passwordHash = await this.#slowHash.hash(password);
    // Somebody else may have been faster while the hash ran.
    if (this.people.hasOwner) throw alreadySetUp();
    const person = this.#atomically(() => {
      const added = this.people.add({ name, email, role: 'owner', passwordHash });
      this.#options.audit.append({
        actor: `person:${added.name}`,
        action: 'person.join',
        subject: `person:${added.id}`,
        outcome: 'ok',
        origin: whereFrom(origin),
        detail: { role: 'owner' },
      });
      return added;
    });
    await this.#setupCode.close();
    this.#options.log.info({ person: person.id }, 'the owner was created');
    return this.signIns.signInAs(person.id, 'password', origin);
  }

  /**
   * Adds somebody with a password: see `Household`. Once that is an owner, the set-up is over.
   */
  async addPerson(newcomer: Newcomer, by: Doer, callersPassword?: string): Promise<Person> {
    const person = await this.household.add(newcomer, by, callersPassword);
    if (this.people.hasOwner) await this.#setupCode.close();
    return person;
  }

  /**
   * Who sends a request: by access token or API token as Bearer, or by session cookie. A request that
   * shows a Bearer is judged by that alone. Touches no disk; a device's own key is not looked at.
   * @param method of the request; left out, it is taken for one that changes something.
   * @param isTls whether it came over TLS; left out, it is held to what that asks for.
   * @throws HearthError `forbidden` when another site's page uses the cookie to change something.
   */
  async callerOf(
    headers: Headers,
    { method = 'POST', isTls = true }: { readonly method?: string; readonly isTls?: boolean } = {},
  ): Promise<Caller | undefined> {
    const presented = presentedBy(headers, isTls);
    if (presented === undefined) return undefined;
    if (presented.by === 'bearer') return this.callerOfBearer(presented.value);
    const session = this.sessions.byCookie(presented.value);
    const caller = session && this.#callerIn(session.id);
    if (caller && needsOwnOrigin(method, headers)) requireOwnOrigin(headers, isTls);
    return caller;
  }

  /** Whose access token or API token this is; undefined when it is not, or not any more. */
  callerOfBearer(token: string): Caller | undefined {
    if (token.startsWith(tokenPrefix)) return this.callerOfToken(token);
    const claims = this.#accessTokens.verify(token);
    return claims && this.#callerIn(claims.sessionId);
  }

  /** Whose API token this is; undefined when it is unknown, revoked or expired. Touches no disk. */
  callerOfToken(token: string): Caller | undefined {
    return this.tokens.callerOf(token);
  }

  /** A session that lives; undefined once it is over. */
  sessionOf(sessionId: string): Session | undefined {
    return this.sessions.get(sessionId);
  }

  /** Makes sure that somebody knows their password: see `SignIns`. */
  async confirmPassword(
    personId: string,
    password: string,
    origin: Origin,
    field?: string,
  ): Promise<void> {
    await this.signIns.confirmPassword(personId, password, origin, field);
  }

  /** Asks for more than an open browser before there is a way in with that role: see `rank.ts`. */
  requirePresenceFor(role: Role, by: Doer, password: string | undefined): Promise<void> {
    return requirePresenceFor(role, { clock: this.#clock, proof: this }, by, password);
  }

  /** Adds somebody invited who has no password: see `OwnAccount`. */
  join(joining: Joining, origin: Origin): Person {
    return this.ownAccount.join(joining, origin);
  }

  /** The public keys of access tokens, as a JSON Web Key Set. */
  publishedKeys(): ReturnType<TokenKeys['published']> {
    return this.#keys.published();
  }

  /** Seals everything of this slice with the newest key. */
  reseal(reseal: Reseal): void {
    this.#options.db.transaction(() => {
      this.#keys.reseal(reseal);
      this.secondFactors.reseal(reseal);
    })();
  }

  /** Adds set-up, sign-in, people, tokens and credentials to the API. */
  routes(api: Api): void {
    routes(api, this);
  }

  /** Adds what stands at `/`. */
  rootRoutes(api: Api): void {
    rootRoutes(api, this);
  }

  #callerIn(sessionId: string): Caller | undefined {
    const session = this.sessions.get(sessionId);
    const person = session && this.people.get(session.personId);
    if (person === undefined || person.state === 'disabled') return undefined;
    this.sessions.touch(sessionId);
    const { id, name, role } = person;
    return { kind: 'person', id, name, role, sessionId };
  }

  /** A failed write leaves nothing half-done: what is kept in memory is read again. */
  #atomically<Result>(work: () => Result): Result {
    try {
      return this.#options.db.transaction(work)();
    } catch (error) {
      this.people.load();
      this.sessions.load();
      this.tokens.load();
      throw error;
    }
  }

  #tellEnded(id: string, personId: string): void {
    this.onRevoked.emit({ kind: 'session', id, name: this.people.get(personId)?.name ?? '' });
  }

  #keepHouse(): void {
    this.#keys.turn();
    this.#codes.deleteExpired(this.#clock.nowMs());
  }
}

const alreadySetUp = () =>
  new HearthError('gone', 'this hub has an owner already', {
    hint: 'Sign in instead.',
  });
