import { type Clock, HearthError, type Log } from '#kernel';
import { actorOf, makerOf } from '../access.ts';
import type { Proof } from '../doors.ts';
import { aboutEmail } from '../passwords/about.ts';
import { requireGoodPassword } from '../passwords/passwords.ts';
import type { SlowHash } from '../passwords/slow-hash.ts';
import type { AuditPort } from '../ports.ts';
import type { Tokens } from '../programs/tokens.ts';
import type { Sessions } from '../sign-in/sessions.ts';
import type { Person, PersonRole } from '../types.ts';
import { entryBy } from './entry-by.ts';
import type { HandedOut } from './handed-out.ts';
import type { Invitation, Invitations, NewInvitation } from './invitations.ts';
import type { PasswordResets } from './password-resets.ts';
import type { NewPerson, People } from './people.ts';
import { type Doer, losesRank, requirePresenceFor, requireRank } from './rank.ts';

export interface HouseholdOptions {
  readonly people: People;
  readonly sessions: Sessions;
  readonly invitations: Invitations;
  readonly resets: PasswordResets;
  readonly handedOut: HandedOut;
  readonly tokens: Tokens;
  readonly proof: Proof;
  readonly slowHash: SlowHash;
  readonly audit: AuditPort;
  readonly atomically: <Result>(work: () => Result) => Result;
  readonly clock: Clock;
  readonly log: Log;
  /** What somebody was let in with is void: live connections of theirs are to be ended. */
  readonly onRevoked: (person: Person) => void;
}

export interface Newcomer extends Omit<NewPerson, 'passwordHash'> {
  readonly password: string;
}

export interface PersonChanges {
  readonly name?: string | undefined;
  readonly role?: PersonRole | undefined;
  readonly disabled?: boolean | undefined;
}

/** Who belongs to the home, and who may change that. */
export class Household {
  readonly #options: HouseholdOptions;

  constructor(options: HouseholdOptions) {
    this.#options = options;
  }

  /** @throws HearthError `not_found`. */
  get(id: string): Person {
    const person = this.#options.people.get(id);
    if (person !== undefined) return person;
    throw new HearthError('not_found', `there is no person "${id.slice(0, 64)}"`, {
      hint: 'GET /api/v1/people lists them.',
    });
  }

  /**
   * Adds somebody with a password that was chosen for them.
   * @param callersPassword of whoever adds an owner or admin, see `requirePresenceFor`.
   * @throws HearthError `forbidden`, `conflict` for an email or a name that is taken, `bad_request`
   * for a weak password.
   */
  async add(newcomer: Newcomer, by: Doer, callersPassword?: string): Promise<Person> {
    const { people, slowHash, atomically, log } = this.#options;
    const { name, email, role, password } = newcomer;
    requireRank(by, role);
    await requirePresenceFor(role, this.#options, by, callersPassword, 'current_password');
    requireGoodPassword(password, [...aboutEmail(email), name]);
    const passwordHash = await slowHash.hash(password);
    const person = atomically(() => {
      const added = people.add({ name, email, role, passwordHash });
      this.#append(by, 'person.join', `person:${added.id}`, { role });
      return added;
    });
    log.info({ person: person.id, role }, 'somebody was added');
    return person;
  }

  /**
   * @param callersPassword as for `add`.
   * @throws HearthError `forbidden` when that role is not the caller's to give, `conflict`.
   */
  async invite(
    invitation: NewInvitation,
    by: Doer,
    callersPassword?: string,
  ): Promise<Invitation & { readonly code: string }> {
    const { people, invitations, atomically } = this.#options;
    requireRank(by, invitation.role);
    await requirePresenceFor(invitation.role, this.#options, by, callersPassword);
    if (invitation.email !== undefined && people.byEmail(invitation.email)) {
      throw new HearthError('conflict', 'somebody here has that email', { field: 'email' });
    }
    return atomically(() => {
      const made = invitations.create(invitation, actorOf(by.caller), makerOf(by.caller));
      this.#append(by, 'person.invite', `invitation:${made.id}`, { role: made.role });
      return made;
    });
  }

  /** @throws HearthError `not_found`, `forbidden`. */
  withdraw(id: string, by: Doer): void {
    const { invitations, atomically } = this.#options;
    const invitation = invitations.list().find((candidate) => candidate.id === id);
    if (invitation === undefined) {
      throw new HearthError('not_found', 'there is no such invitation, or it was used', {
        hint: 'GET /api/v1/people/invitations lists them.',
      });
    }
    requireRank(by, invitation.role);
    atomically(() => {
      invitations.withdraw(id);
      this.#append(by, 'person.invite', `invitation:${id}`, { role: invitation.role }, 'withdrawn');
    });
  }

  /**
   * Changes somebody. Another role, and being disabled, end their sessions at once; a smaller one, and
   * being disabled, void what they handed out as well.
   * @param callersPassword as for `add`.
   * @throws HearthError `not_found`, `forbidden`, `conflict` for what would leave no owner, or a name
   * that is taken.
   */
  async change(
    id: string,
    changes: PersonChanges,
    by: Doer,
    callersPassword?: string,
  ): Promise<Person> {
    const { role, state } = this.get(id);
    requireRank(by, role);
    const roleToBe = changes.role ?? role;
    const isLetIn = state === 'disabled' && changes.disabled === false;
    if (roleToBe !== role || isLetIn) {
      requireRank(by, roleToBe);
      await requirePresenceFor(roleToBe, this.#options, by, callersPassword);
    }
    return this.#change(id, changes, by);
  }

  #change(id: string, { name, role, disabled }: PersonChanges, by: Doer): Person {
    const { people, atomically } = this.#options;
    const before = this.get(id);
    requireRank(by, before.role);
    const isNewRole = role !== undefined && role !== before.role;
    if (isNewRole) requireRank(by, role);
    const state = disabled === undefined ? before.state : disabled ? 'disabled' : 'active';
    const isOwnerNow = before.role === 'owner' && before.state === 'active';
    if (isOwnerNow && (isNewRole || state === 'disabled')) this.#requireAnotherOwner(id);
    const isLetOut = isNewRole || (state === 'disabled' && before.state === 'active');
    const person = atomically(() => {
      const changed = people.change(before, {
        state,
        ...(name !== undefined && { name }),
        ...(role !== undefined && { role }),
      });
      const subject = `person:${id}`;
      if (changed.name !== before.name) {
        this.#append(by, 'person.rename', subject, { from: before.name, to: changed.name });
      }
      if (isNewRole) this.#append(by, 'person.role', subject, { from: before.role, to: role });
      if (state !== before.state) this.#append(by, 'person.disable', subject, { state });
      if (isLetOut) this.#letOut(changed);
      if (state !== 'active' || losesRank(before.role, changed.role)) this.#voidMadeBy(changed, by);
      return changed;
    });
    if (isLetOut) this.#options.onRevoked(person);
    return person;
  }

  /** Removes somebody with all that is theirs. @throws HearthError as `change` does. */
  remove(id: string, by: Doer): void {
    const { people, atomically, log } = this.#options;
    const person = this.get(id);
    requireRank(by, person.role);
    if (person.role === 'owner' && person.state === 'active') this.#requireAnotherOwner(id);
    atomically(() => {
      this.#letOut(person);
      this.#voidMadeBy(person, by);
      people.remove(person);
      this.#append(by, 'person.remove', `person:${id}`, { role: person.role });
    });
    log.info({ person: id }, 'somebody was removed');
    this.#options.onRevoked(person);
  }

  #letOut(person: Person): void {
    this.#options.resets.voidAllOf(person.id);
    this.#options.sessions.endAllOf(person.id);
  }

  /** Whoever is out must not come in again by what they handed out while they were in. */
  #voidMadeBy({ id }: Person, by: Doer): void {
    const { handedOut, tokens } = this.#options;
    handedOut.voidAllBy(`person:${id}`, by);
    tokens.revokeAllBy(`person:${id}`, by);
  }

  #requireAnotherOwner(id: string): void {
    const others = this.#options.people
      .list()
      .filter((person) => person.id !== id && person.role === 'owner' && person.state === 'active');
    if (others.length > 0) return;
    throw new HearthError('conflict', 'a home has an owner at all times', {
      hint: 'Make somebody else an owner first.',
    });
  }

  #append(...told: Parameters<typeof entryBy>): void {
    this.#options.audit.append(entryBy(...told));
  }
}
