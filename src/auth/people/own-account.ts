import { type Clock, HearthError, type Log, messageOf } from '#kernel';
import { aboutEmail } from '../passwords/about.ts';
import { requireGoodPassword } from '../passwords/passwords.ts';
import type { SlowHash } from '../passwords/slow-hash.ts';
import { Throttle } from '../passwords/throttle.ts';
import type { AuditPort, Mail } from '../ports.ts';
import type { SecondFactors } from '../second-factor/second-factors.ts';
import type { Sessions } from '../sign-in/sessions.ts';
import type { SignIns } from '../sign-in/sign-ins.ts';
import type { Origin, Person } from '../types.ts';
import { whereFrom } from '../whence.ts';
import { type Invitations, registrationIsClosed } from './invitations.ts';
import type { PasswordResets } from './password-resets.ts';
import type { People } from './people.ts';

const minuteMs = 60_000;
/** What comes by mail is used at once or not at all. */
const mailedCodeLifetimeMs = 30 * minuteMs;

export interface OwnAccountOptions {
  readonly people: People;
  readonly sessions: Sessions;
  readonly signIns: SignIns;
  readonly secondFactors: SecondFactors;
  readonly invitations: Invitations;
  readonly resets: PasswordResets;
  readonly slowHash: SlowHash;
  readonly audit: AuditPort;
  readonly mail: Mail | undefined;
  readonly homeName: string;
  readonly atomically: <Result>(work: () => Result) => Result;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Registration {
  readonly email: string;
  readonly password: string;
  readonly name: string;
  readonly invitation?: string | undefined;
}

export interface Joining {
  readonly email: string;
  readonly name: string;
  readonly invitation: string;
}

/** What people do with their own account. */
export class OwnAccount {
  readonly #options: OwnAccountOptions;
  readonly #codeTries: Throttle;
  readonly #mailTries: Throttle;

  constructor(options: OwnAccountOptions) {
    this.#options = options;
    const delays = { clock: options.clock, firstDelayMs: minuteMs, maxDelayMs: 60 * minuteMs };
    this.#codeTries = new Throttle({ ...delays, tries: 5 });
    this.#mailTries = new Throttle({ ...delays, tries: 3 });
  }

  /**
   * Adds whoever holds a good invitation.
   * @throws HearthError `forbidden`, the same after as long whatever is wrong with the invitation;
   * `bad_request` for a weak password, `conflict` for an email that is taken, `too_many_requests`.
   */
  async register(registration: Registration, origin: Origin): Promise<Person> {
    const { people, invitations, slowHash, atomically, homeName } = this.#options;
    const { email, password, name, invitation: code = '' } = registration;
    if (!people.hasOwner) {
      throw new HearthError('forbidden', 'this home has no owner yet', {
        hint: 'The first account is the owner’s: POST /api/v1/setup, with the code that the hub printed.',
      });
    }
    this.#countTry(origin);
    if (invitations.find(code, email) === undefined) {
      await slowHash.verifyNobody(password);
      throw registrationIsClosed();
    }
    this.#codeTries.succeeded(origin.remoteAddress);
    requireGoodPassword(password, [...aboutEmail(email), name, homeName]);
    const passwordHash = await slowHash.hash(password);
    const person = atomically(() => {
      const role = invitations.redeem(code, email);
      const added = people.add({ name, email, role, passwordHash });
      this.#append(added, 'person.join', origin, { role });
      return added;
    });
    this.#options.log.info({ person: person.id, role: person.role }, 'somebody joined the home');
    return person;
  }

  /**
   * As `register`, for somebody who signs in by other means than a password and has proved the email.
   * @throws HearthError `forbidden`, `conflict`, `too_many_requests`.
   */
  join({ email, name, invitation }: Joining, origin: Origin): Person {
    const { people, invitations, atomically, log } = this.#options;
    this.#countTry(origin);
    const person = atomically(() => {
      const role = invitations.redeem(invitation, email);
      const added = people.add({ name: people.freeName(name), email, role });
      this.#append(added, 'person.join', origin, { role });
      return added;
    });
    this.#codeTries.succeeded(origin.remoteAddress);
    log.info({ person: person.id, role: person.role }, 'somebody joined the home');
    return person;
  }

  /** @throws HearthError `conflict` with field `name` when somebody else goes by it. */
  rename(person: Person, name: string, origin: Origin): Person {
    const { people, atomically } = this.#options;
    if (name === person.name) return person;
    return atomically(() => {
      this.#append(person, 'person.rename', origin, { from: person.name, to: name });
      return people.change(person, { name });
    });
  }

  /**
   * Sets a new password and ends the person's other sessions.
   * @throws HearthError `forbidden` with field `current_password`, `bad_request` for a weak one,
   * `conflict` when it was set by somebody else meanwhile.
   */
  async changePassword(
    person: Person,
    { current, next, sessionId }: { current: string; next: string; sessionId: string },
    origin: Origin,
  ): Promise<void> {
    const { people, sessions, signIns } = this.#options;
    requireGoodPassword(next, this.#about(person), 'new_password');
    const confirmed = await signIns.confirmPassword(person.id, current, origin, 'current_password');
    await this.#setPassword(person, next, origin, 'change', sessionId, () => {
      // Somebody may have set another one, or ended this session, while the hash ran.
      const isStill = people.passwordHashOf(person.id) === confirmed;
      if (isStill && sessions.get(sessionId)) return;
      throw new HearthError('conflict', 'your password or this session has changed meanwhile', {
        hint: 'Sign in again.',
      });
    });
  }

  /**
   * Sets the password of whoever was given a code, and ends all their sessions.
   * @throws HearthError `forbidden` with field `code`, `bad_request` for a weak password.
   */
  async resetPassword(code: string, next: string, origin: Origin): Promise<void> {
    const { people, resets } = this.#options;
    this.#countTry(origin);
    const person = people.get(resets.personOf(code));
    if (person === undefined) throw new Error('a code of nobody');
    this.#codeTries.succeeded(origin.remoteAddress);
    requireGoodPassword(next, this.#about(person), 'new_password');
    await this.#setPassword(person, next, origin, 'reset', undefined, () => {
      // It may have been used by somebody else while the hash ran.
      resets.personOf(code);
    });
  }

  /**
   * Mails a code to whoever has this email, if anybody has and if this home sends mail. Returns at
   * once and says nothing of either.
   * @throws HearthError `too_many_requests` by the address it comes from alone.
   */
  forgotPassword(email: string, origin: Origin): void {
    const { people, log } = this.#options;
    if (!origin.isLocal) this.#mailTries.attempt(`from ${origin.remoteAddress}`);
    const person = people.byEmail(email);
    if (person === undefined || person.state === 'disabled' || !this.#mayMail(person)) return;
    this.#mailCode(person, origin).catch((error) => {
      log.error({ reason: messageOf(error) }, 'a code for a new password was not mailed');
    });
  }

  /** @throws HearthError `forbidden` for a wrong password, `conflict` when there is an app already. */
  async beginTotp(
    person: Person,
    password: string,
    origin: Origin,
  ): Promise<{ readonly secret: string; readonly uri: string }> {
    await this.#options.signIns.confirmPassword(person.id, password, origin);
    return this.#options.secondFactors.begin(person);
  }

  /** Turns the second factor on; returns the recovery codes, this once. */
  confirmTotp(person: Person, code: string, origin: Origin): readonly string[] {
    const { secondFactors, atomically } = this.#options;
    return atomically(() => {
      const codes = secondFactors.confirm(person.id, code);
      this.#append(person, 'auth.2fa', origin, { change: 'on' });
      return codes;
    });
  }

  /** @throws HearthError `forbidden` for a wrong password, `conflict` when there is no app. */
  async removeTotp(person: Person, password: string, origin: Origin): Promise<void> {
    const { secondFactors, signIns, atomically } = this.#options;
    await signIns.confirmPassword(person.id, password, origin);
    atomically(() => {
      if (secondFactors.remove(person.id)) {
        this.#append(person, 'auth.2fa', origin, { change: 'off' });
      }
    });
  }

  /** @throws HearthError `forbidden` for a wrong password, `conflict` when there is no app. */
  async renewRecoveryCodes(
    person: Person,
    password: string,
    origin: Origin,
  ): Promise<readonly string[]> {
    const { secondFactors, signIns, atomically } = this.#options;
    await signIns.confirmPassword(person.id, password, origin);
    return atomically(() => {
      const codes = secondFactors.renewRecoveryCodes(person.id);
      this.#append(person, 'auth.2fa', origin, { change: 'recovery_codes' });
      return codes;
    });
  }

  async #setPassword(
    { id }: Person,
    next: string,
    origin: Origin,
    by: 'change' | 'reset',
    exceptSessionId: string | undefined,
    stillMay: () => void = () => {},
  ): Promise<void> {
    const { people, resets, sessions, slowHash, atomically, log } = this.#options;
    const passwordHash = await slowHash.hash(next);
    atomically(() => {
      stillMay();
      const person = people.get(id);
      if (person === undefined) return;
      people.setPasswordHash(person, passwordHash);
      resets.voidAllOf(id);
      sessions.endAllOf(id, exceptSessionId);
      this.#append(person, 'auth.password', origin, { by });
    });
    log.info({ person: id, by }, 'a password was set');
  }

  async #mailCode(person: Person, origin: Origin): Promise<void> {
    const { mail, resets, homeName, atomically } = this.#options;
    if (mail === undefined) return;
    // Not before the answer is on its way: what it takes tells nobody who has an account.
    await new Promise((resolve) => setImmediate(resolve));
    const { code } = atomically(() => {
      this.#append(person, 'auth.password', origin, { by: 'mail' }, 'offered');
      return resets.create(person.id, mailedCodeLifetimeMs);
    });
    await mail.send(
      person.email,
      `A new password for ${homeName}`,
      `Hello ${person.name},\n\nwith this code you can set a new password within half an hour:\n\n` +
        `    ${code}\n\nIf you have not asked for it, do nothing: your password stays as it is.\n`,
    );
  }

  #mayMail(person: Person): boolean {
    try {
      this.#mailTries.attempt(`to ${person.id}`);
      return true;
    } catch {
      return false;
    }
  }

  #countTry({ remoteAddress, isLocal }: Origin): void {
    if (!isLocal) this.#codeTries.attempt(remoteAddress);
  }

  #about({ email, name }: Person): readonly string[] {
    return [...aboutEmail(email), name, this.#options.homeName];
  }

  #append(
    person: Person,
    action: string,
    origin: Origin,
    detail: Readonly<Record<string, unknown>>,
    outcome = 'ok',
  ): void {
    this.#options.audit.append({
      actor: outcome === 'ok' ? `person:${person.name}` : 'nobody',
      action,
      subject: `person:${person.id}`,
      outcome,
      origin: whereFrom(origin),
      detail,
    });
  }
}
