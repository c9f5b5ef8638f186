import { type Clock, HearthError, type Log, Signal, sortableId } from '#kernel';
import type { PeopleChange, Person, PersonRole } from '../types.ts';
import { freeName, plainName } from './names.ts';
import type { PeopleStore } from './people-store.ts';

/** More than any home has; a list that cannot grow without end. */
const maxPeople = 500;

interface PeopleOptions {
  readonly store: PeopleStore;
  readonly clock: Clock;
  readonly log: Log;
}

export interface NewPerson {
  readonly name: string;
  readonly email: string;
  readonly role: PersonRole;
  /** As `SlowHash` makes it; left out for someone who signs in without a password. */
  readonly passwordHash?: string;
}

/**
 * The people of a home, in memory beside their table, so that asking who calls costs no query. Says
 * who there is; who may change it is said in `household.ts`.
 */
export class People {
  readonly onChange: Signal<PeopleChange>;
  readonly #options: PeopleOptions;
  readonly #byId = new Map<string, Person>();

  constructor(options: PeopleOptions) {
    this.#options = options;
    this.onChange = new Signal('auth.people', options.log);
  }

  load(): void {
    this.#byId.clear();
    for (const person of this.#options.store.all()) this.#byId.set(person.id, person);
  }

  get(id: string): Person | undefined {
    return this.#byId.get(id);
  }

  byEmail(email: string): Person | undefined {
    const wanted = email.toLowerCase();
    for (const person of this.#byId.values()) if (person.email === wanted) return person;
    return undefined;
  }

  /** Everyone, oldest first. */
  list(): Person[] {
    return [...this.#byId.values()];
  }

  get hasOwner(): boolean {
    return this.list().some(({ role }) => role === 'owner');
  }

  /** `wanted`, or that with a number behind it where somebody goes by it already. */
  freeName(wanted: string): string {
    return freeName(wanted, (name) => this.#isTaken(name));
  }

  /**
   * @throws HearthError `conflict` with field `email` or `name` when that is taken, or when there are
   * too many.
   */
  add({ name, email, role, passwordHash }: NewPerson): Person {
    const { store, clock } = this.#options;
    if (this.byEmail(email)) {
      throw new HearthError('conflict', 'that email cannot be used here', { field: 'email' });
    }
    this.#requireFreeName(name);
    if (this.#byId.size >= maxPeople) {
      throw new HearthError('conflict', `there are ${maxPeople} people already`);
    }
    const atMs = Math.floor(clock.nowMs());
    const person: Person = {
      id: sortableId(atMs),
      name,
      email: email.toLowerCase(),
      role,
      state: 'active',
      hasPassword: passwordHash !== undefined,
      createdAtMs: atMs,
      updatedAtMs: atMs,
    };
    store.insert(person, passwordHash ?? null);
    return this.#keep('added', person);
  }

  /** @throws HearthError `conflict` with field `name` when somebody else goes by it. */
  change(person: Person, changes: Partial<Pick<Person, 'name' | 'role' | 'state'>>): Person {
    const { store, clock } = this.#options;
    if (changes.name !== undefined) this.#requireFreeName(changes.name, person.id);
    const changed = { ...person, ...changes, updatedAtMs: Math.floor(clock.nowMs()) };
    store.update(changed);
    return this.#keep('updated', changed);
  }

  setPasswordHash(person: Person, passwordHash: string): Person {
    const { store, clock } = this.#options;
    const updatedAtMs = Math.floor(clock.nowMs());
    store.setPasswordHash(person.id, passwordHash, updatedAtMs);
    return this.#keep('updated', { ...person, hasPassword: true, updatedAtMs });
  }

  remove(person: Person): void {
    this.#options.store.delete(person.id);
    this.#byId.delete(person.id);
    this.onChange.emit({ change: 'removed', person });
  }

  /** What a password is checked against; undefined for someone without one. */
  passwordHashOf(id: string): string | undefined {
    return this.#options.store.passwordHash(id);
  }

  #isTaken(name: string, ownId?: string): boolean {
    const wanted = plainName(name);
    return this.list().some(({ id, name }) => id !== ownId && plainName(name) === wanted);
  }

  /** Who did what is written down by name: nobody may borrow another's. */
  #requireFreeName(name: string, ownId?: string): void {
    if (!this.#isTaken(name, ownId)) return;
    throw new HearthError('conflict', 'somebody here goes by that name', {
      field: 'name',
      hint: 'Add what tells you apart, such as a surname.',
    });
  }

  #keep(change: 'added' | 'updated', person: Person): Person {
    this.#byId.set(person.id, person);
    this.onChange.emit({ change, person });
    return person;
  }
}
