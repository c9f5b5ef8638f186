import { type Clock, HearthError, type Log } from '#kernel';
import { makerOf } from '../access.ts';
import type { Proof } from '../doors.ts';
import { aboutEmail } from '../passwords/about.ts';
import { requireGoodPassword } from '../passwords/passwords.ts';
import type { SlowHash } from '../passwords/slow-hash.ts';
import type { AuditPort } from '../ports.ts';
import type { SecondFactors } from '../second-factor/second-factors.ts';
import type { Sessions } from '../sign-in/sessions.ts';
import type { Person } from '../types.ts';
import { entryBy } from './entry-by.ts';
import type { PasswordResets, ResetCode } from './password-resets.ts';
import type { People } from './people.ts';
import { type Doer, requireRank, requireRankOverAccess } from './rank.ts';

const resetLifetimeMs = 86_400_000;

export interface PeopleAccessOptions {
  readonly people: People;
  readonly sessions: Sessions;
  readonly secondFactors: SecondFactors;
  readonly resets: PasswordResets;
  readonly proof: Proof;
  readonly slowHash: SlowHash;
  readonly audit: AuditPort;
  readonly atomically: <Result>(work: () => Result) => Result;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * How others get in, for whoever runs the home. Each throws `forbidden` as `rank.ts` says, and takes
 * the password of whoever asks, where that is needed.
 */
export class PeopleAccess {
  readonly #options: PeopleAccessOptions;

  constructor(options: PeopleAccessOptions) {
    this.#options = options;
  }

  /** Makes a code that sets a new password; the old one stays until it is used. */
  async offerReset(person: Person, by: Doer, callersPassword?: string): Promise<ResetCode> {
    const { resets, atomically } = this.#options;
    await requireRankOverAccess(this.#options, by, person, callersPassword);
    return atomically(() => {
      this.#append(by, 'auth.password', person, { by: 'code' }, 'offered');
      return resets.create(person.id, resetLifetimeMs, makerOf(by.caller));
    });
  }

  /**
   * Sets somebody's password and ends all their sessions.
   * @throws HearthError `bad_request` with field `new_password` for a weak one.
   */
  async setPassword(
    person: Person,
    password: string,
    by: Doer,
    callersPassword?: string,
  ): Promise<void> {
    const { people, resets, sessions, slowHash, atomically, log } = this.#options;
    await requireRankOverAccess(this.#options, by, person, callersPassword);
    requireGoodPassword(password, [...aboutEmail(person.email), person.name], 'new_password');
    const passwordHash = await slowHash.hash(password);
    atomically(() => {
      const still = people.get(person.id);
      if (still === undefined) return;
      people.setPasswordHash(still, passwordHash);
      resets.voidAllOf(person.id);
      sessions.endAllOf(person.id);
      this.#append(by, 'auth.password', person, { by: 'other' });
    });
    log.info({ person: person.id }, 'a password was set');
  }

  /** For somebody who has lost phone and codes. @throws HearthError `conflict` when there is no app. */
  async removeSecondFactor(person: Person, by: Doer, callersPassword?: string): Promise<void> {
    const { secondFactors, atomically } = this.#options;
    await requireRankOverAccess(this.#options, by, person, callersPassword);
    atomically(() => {
      if (!secondFactors.remove(person.id)) {
        throw new HearthError('conflict', `${person.name} has no authenticator app`);
      }
      this.#append(by, 'auth.2fa', person, { change: 'reset' });
    });
  }

  /** Ends every session of somebody; they may sign in again. */
  signOut(person: Person, by: Doer): void {
    const { sessions, atomically } = this.#options;
    requireRank(by, person.role);
    atomically(() => {
      this.#append(by, 'auth.logout', person, { sessions: sessions.of(person.id).length });
      sessions.endAllOf(person.id);
    });
  }

  #append(
    by: Doer,
    action: string,
    { id }: Person,
    detail: Readonly<Record<string, unknown>>,
    outcome = 'ok',
  ): void {
    this.#options.audit.append(entryBy(by, action, `person:${id}`, detail, outcome));
  }
}
