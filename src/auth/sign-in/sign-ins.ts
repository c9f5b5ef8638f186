import { type Clock, HearthError, hashSecret, type Log, randomSecret } from '#kernel';
import { PasswordTries } from '../passwords/password-tries.ts';
import type { SlowHash } from '../passwords/slow-hash.ts';
import { Throttle } from '../passwords/throttle.ts';
import type { People } from '../people/people.ts';
import type { AuditPort } from '../ports.ts';
import type { SecondFactor, SecondFactors } from '../second-factor/second-factors.ts';
import type { Origin, Person, SecondFactorNeeded, SignedIn, SignInMethod } from '../types.ts';
import { whereFrom } from '../whence.ts';
import { type AccessTokens, accessTokenLifetimeSeconds } from './access-tokens.ts';
import { cookieLine } from './cookies.ts';
import { Recent } from './recent.ts';
import type { Session, Sessions } from './sessions.ts';

const minuteMs = 60_000;
const challengeLifetimeMs = 5 * minuteMs;
/** An answer that was lost on the way is asked for again at once, not minutes later. */
const retryWithinMs = 10_000;

export interface SignInsOptions {
  readonly people: People;
  readonly sessions: Sessions;
  readonly accessTokens: AccessTokens;
  readonly secondFactors: SecondFactors;
  readonly slowHash: SlowHash;
  readonly audit: AuditPort;
  /** Runs `work` whole or not at all, on disk and in memory. */
  readonly atomically: <Result>(work: () => Result) => Result;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Attempt {
  readonly email: string;
  readonly password: string;
  /** Of the authenticator app, or a recovery code. */
  readonly code?: string | undefined;
}

interface Challenge {
  readonly personId: string;
  /** A new password voids what was begun with the old one. */
  readonly passwordHash: string;
}

type Refusal = 'unknown' | 'no_password' | 'password' | 'disabled' | 'code';

/** How people get in, and go on being in: every way in ends in `signInAs`. */
export class SignIns {
  readonly #options: SignInsOptions;
  readonly #tries: PasswordTries;
  readonly #codeTries: Throttle;
  readonly #challenges: Recent<Challenge>;
  /** Refresh tokens used a moment ago, by hash, and what was answered. */
  readonly #refreshed: Recent<Promise<SignedIn>>;

  constructor(options: SignInsOptions) {
    this.#options = options;
    const { clock, sessions } = options;
    const addressesOf = (id: string) => sessions.of(id).map(({ address }) => address);
    this.#tries = new PasswordTries({ clock, addressesOf });
    const delays = { firstDelayMs: minuteMs, maxDelayMs: 15 * minuteMs };
    this.#codeTries = new Throttle({ clock, tries: 5, ...delays });
    this.#challenges = new Recent({ clock, lifetimeMs: challengeLifetimeMs, maxEntries: 1000 });
    this.#refreshed = new Recent({ clock, lifetimeMs: retryWithinMs, maxEntries: 1000 });
  }

  /**
   * Signs a person in by password, or says that a code has to follow.
   * @throws HearthError `unauthenticated`, the same after as long whatever was wrong, or
   * `too_many_requests` after too many tries.
   */
  async signIn(
    { email, password, code }: Attempt,
    origin: Origin,
  ): Promise<SignedIn | SecondFactorNeeded> {
    const account = email.toLowerCase();
    const known = this.#options.people.byEmail(account);
    const tried = { account, person: known, origin };
    this.#tries.begin(tried);
    const passwordHash = await this.#rightPassword(known, password, origin);
    // They may have been disabled or removed while the hash ran.
    const person = known && this.#options.people.get(known.id);
    if (person === undefined || this.#passwordOf(person) !== passwordHash) {
      throw this.#refuse(known, 'password', origin);
    }
    if (person.state === 'disabled') throw this.#refuse(person, 'disabled', origin);
    this.#tries.succeed(tried);
    if (!this.#options.secondFactors.isOn(person.id)) {
      return this.signInAs(person.id, 'password', origin);
    }
    if (code !== undefined) return this.#signInWithCode(person, code, origin);
    const challenge = randomSecret();
    this.#challenges.set(hashSecret(challenge), { personId: person.id, passwordHash });
    this.#append(person, 'auth.login', 'second_factor', origin, { method: 'password' });
    return { challenge, expiresInSeconds: challengeLifetimeMs / 1000 };
  }

  /**
   * Signs in whoever showed the right password a moment ago and now shows the right code.
   * @throws HearthError `unauthenticated`, `too_many_requests`.
   */
  async verifySecondFactor(challenge: string, code: string, origin: Origin): Promise<SignedIn> {
    const { people } = this.#options;
    const key = hashSecret(challenge);
    const begun = this.#challenges.get(key);
    const person = begun && people.get(begun.personId);
    const isStill = person?.state === 'active' && this.#passwordOf(person) === begun?.passwordHash;
    if (person === undefined || !isStill) {
      throw new HearthError('unauthenticated', 'that sign-in is over', {
        hint: 'Begin again, with the password.',
      });
    }
    const signedIn = await this.#signInWithCode(person, code, origin);
    this.#challenges.delete(key);
    return signedIn;
  }

  /**
   * Makes a session for someone who has proved who they are.
   * @throws HearthError `unauthenticated` for nobody, and for someone who is disabled.
   */
  async signInAs(personId: string, method: SignInMethod, origin: Origin): Promise<SignedIn> {
    return this.#open(personId, method, origin, {});
  }

  /**
   * The next pair of tokens for a refresh token. The same one again within ten seconds is an answer
   * that got lost, and answered the same; later, or once the next one was used, it is a copy in other
   * hands, which ends the session.
   * @throws HearthError `unauthenticated`.
   */
  async refresh(refreshToken: string, origin: Origin): Promise<SignedIn> {
    const { people, sessions, audit, atomically } = this.#options;
    const key = hashSecret(refreshToken);
    // Before anything is awaited: two at once are one and its retry.
    const earlier = this.#refreshed.get(key);
    if (earlier !== undefined) {
      const answer = await earlier;
      // Once its own successor was used, the first answer cannot have been lost.
      if (sessions.isCurrent(answer.refreshToken)) return answer;
    }
    const rotation = sessions.rotate(refreshToken);
    if (rotation.outcome === 'unknown') throw sessionIsOver();
    const { session } = rotation;
    const person = people.get(session.personId);
    if (rotation.outcome === 'reused' || person === undefined) {
      atomically(() => {
        sessions.end(session.id);
        audit.append({
          actor: person ? `person:${person.name}` : 'nobody',
          action: 'auth.refresh_reuse',
          subject: `person:${session.personId}`,
          outcome: 'refused',
          origin: whereFrom(origin),
          detail: { session: session.id },
        });
      });
      this.#options.log.warn({ session: session.id }, 'a refresh token was used twice');
      throw sessionIsOver();
    }
    const answer = this.#answer(person, session, rotation.refreshToken, []);
    this.#refreshed.set(key, answer);
    return answer;
  }

  /** Ends a session that its own person no longer wants. */
  signOut(session: Session, origin: Origin): void {
    const { people, sessions, atomically } = this.#options;
    const person = people.get(session.personId);
    atomically(() => {
      if (person) this.#append(person, 'auth.logout', 'ok', origin, { session: session.id });
      sessions.end(session.id);
    });
  }

  /**
   * Makes sure that whoever is signed in knows the password, before what matters. Returns the hash
   * that it was right for.
   * @throws HearthError `forbidden` with `field`, `conflict` for someone without a password,
   * `too_many_requests`.
   */
  async confirmPassword(
    personId: string,
    password: string,
    origin: Origin,
    field = 'password',
  ): Promise<string> {
    const { people, slowHash } = this.#options;
    const person = people.get(personId);
    const passwordHash = person && this.#passwordOf(person);
    if (person === undefined || passwordHash === undefined) {
      throw new HearthError('conflict', 'you have no password', {
        hint: 'Ask the owner for a code to set one: hearth user passwd.',
      });
    }
    const tried = { account: person.email, person, origin };
    this.#tries.beginPresent(tried);
    if (!(await slowHash.verify(passwordHash, password))) {
      throw new HearthError('forbidden', 'the password is wrong', { field });
    }
    this.#tries.succeedPresent(tried);
    return passwordHash;
  }

  async #open(
    personId: string,
    method: SignInMethod,
    origin: Origin,
    detail: { readonly second_factor?: SecondFactor },
  ): Promise<SignedIn> {
    const { people, sessions, atomically } = this.#options;
    const person = people.get(personId);
    if (person === undefined || person.state === 'disabled') {
      throw this.#refuse(person, person ? 'disabled' : 'unknown', origin, method);
    }
    const { session, cookie, refreshToken } = atomically(() => {
      this.#append(person, 'auth.login', 'ok', origin, { method, ...detail });
      return sessions.create(person.id, method, origin);
    });
    return this.#answer(person, session, refreshToken, [cookieLine(cookie)]);
  }

  async #signInWithCode(person: Person, code: string, origin: Origin): Promise<SignedIn> {
    const { secondFactors } = this.#options;
    if (!origin.isLocal) this.#codeTries.attempt(person.id);
    const used = secondFactors.use(person.id, code);
    if (used === undefined) throw this.#refuse(person, 'code', origin);
    this.#codeTries.succeeded(person.id);
    return this.#open(person.id, 'password', origin, { second_factor: used });
  }

  async #answer(
    person: Person,
    session: Session,
    refreshToken: string,
    cookies: readonly string[],
  ): Promise<SignedIn> {
    return {
      person,
      sessionId: session.id,
      accessToken: await this.#options.accessTokens.sign(person, session.id),
      expiresInSeconds: accessTokenLifetimeSeconds,
      refreshToken,
      cookies,
    };
  }

  /** The hash that the password is right for. Takes as long when there is none. */
  async #rightPassword(
    person: Person | undefined,
    password: string,
    origin: Origin,
  ): Promise<string> {
    const { slowHash } = this.#options;
    const passwordHash = person && this.#passwordOf(person);
    if (passwordHash === undefined) {
      await slowHash.verifyNobody(password);
      throw this.#refuse(person, person ? 'no_password' : 'unknown', origin);
    }
    if (!(await slowHash.verify(passwordHash, password))) {
      throw this.#refuse(person, 'password', origin);
    }
    return passwordHash;
  }

  #passwordOf(person: Person): string | undefined {
    return this.#options.people.passwordHashOf(person.id);
  }

  /** Writes down why, and says no more than that it was not right. */
  #refuse(
    person: Person | undefined,
    reason: Refusal,
    origin: Origin,
    method: SignInMethod = 'password',
  ): HearthError {
    const { audit, log } = this.#options;
    log.warn({ from: origin.remoteAddress }, 'a sign-in was refused');
    audit.append({
      actor: 'nobody',
      action: 'auth.login',
      subject: `person:${person?.id ?? 'unknown'}`,
      outcome: 'refused',
      origin: whereFrom(origin),
      detail: { method, reason },
    });
    return reason === 'code'
      ? new HearthError('unauthenticated', 'the code is wrong', {
          field: 'code',
          hint: 'Take the one that the app shows now, or a recovery code. Each counts once.',
        })
      : new HearthError('unauthenticated', 'the email or the password is wrong', {
          hint: 'Check both, and that Caps Lock is off.',
        });
  }

  #append(
    person: Person,
    action: string,
    outcome: string,
    origin: Origin,
    detail: Readonly<Record<string, unknown>>,
  ): void {
    this.#options.audit.append({
      actor: `person:${person.name}`,
      action,
      subject: `person:${person.id}`,
      outcome,
      origin: whereFrom(origin),
      detail,
    });
  }
}

const sessionIsOver = (): HearthError =>
  new HearthError('unauthenticated', 'that session is over', { hint: 'Sign in again.' });
