import type { Db } from '#db';
import { type Clock, HearthError, type Log, randomSecret, sortableId } from '#kernel';
import type { KnownPeople, Present, Proof, SignsIn } from '../doors.ts';
import { Throttle } from '../passwords/throttle.ts';
import type { AuditPort } from '../ports.ts';
import type { Api } from '../routing.ts';
import { requireOtherWay } from '../sign-in/other-ways.ts';
import type { PageVisit } from '../sign-in/page-visit.ts';
import { requirePresence } from '../sign-in/presence.ts';
import { Recent } from '../sign-in/recent.ts';
import { SingleUse } from '../sign-in/single-use.ts';
import type { Origin, SignedIn } from '../types.ts';
import { whereFrom } from '../whence.ts';
import {
  ceremonyTimeoutMs,
  counterOf,
  countsOn,
  creationOptions,
  newKeyOf,
  type Question,
  requestOptions,
} from './ceremony.ts';
import { requireAvailable } from './page.ts';
import { passkeyRoutes } from './routes.ts';
import type { AuthenticationResponse, RegistrationResponse } from './schema.ts';
import { PasskeyStore } from './store.ts';
import type { Passkey, StoredPasskey } from './types.ts';

const minuteMs = 60_000;
const mostOfOnePerson = 20;

export interface PasskeysOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditPort;
  readonly people: KnownPeople;
  readonly signIns: SignsIn;
  readonly proof: Proof;
  /** What the authenticator calls this home (`home.name`). */
  readonly homeName: string;
}

/**
 * Passkeys (Web Authentication Level 3): a person's own key in a phone, a computer or a security
 * key. It stands for both factors, as it only signs after a finger, a face or a PIN.
 */
export class Passkeys {
  readonly #options: PasskeysOptions;
  readonly #store: PasskeyStore;
  /** By session: only what it asked for last can be answered, once. */
  readonly #registrations: Recent<Question>;
  readonly #signIns: SingleUse<Question>;
  readonly #tries: Throttle;

  constructor(options: PasskeysOptions) {
    const { db, clock } = options;
    this.#options = options;
    this.#store = new PasskeyStore(db);
    const lifetimeMs = ceremonyTimeoutMs;
    this.#registrations = new Recent({ clock, lifetimeMs, maxEntries: 100 });
    this.#signIns = new SingleUse({ clock, lifetimeMs, mostOfOne: 20, mostInAll: 1000 });
    const delays = { firstDelayMs: minuteMs, maxDelayMs: 15 * minuteMs };
    this.#tries = new Throttle({ clock, tries: 10, ...delays });
  }

  /** Adds `/auth/passkeys` to the API. */
  routes(api: Api): void {
    passkeyRoutes(api, this);
  }

  /** The passkeys of a person, oldest first. */
  of(personId: string): readonly Passkey[] {
    return this.#store.of(personId);
  }

  /**
   * What the browser is to make a passkey from.
   * @throws HearthError `forbidden` when the sign-in is not fresh and no password came with it,
   * `unprocessable` where the page can have no passkey, `conflict` beyond 20 of them.
   */
  async beginRegistration(
    present: Present,
    password: string | undefined,
    visit: PageVisit,
  ): Promise<Record<string, unknown>> {
    const where = requireAvailable(visit);
    await requirePresence(this.#options, present, password, visit.origin);
    const person = this.#options.people.get(present.id);
    if (person === undefined) throw new HearthError('not_found', 'that person is gone');
    const existing = this.#store.of(present.id);
    if (existing.length >= mostOfOnePerson) {
      throw new HearthError('conflict', `there are ${mostOfOnePerson} passkeys already`, {
        hint: 'Remove those that you do not use any more.',
      });
    }
    const question = questionAt(where);
    this.#registrations.set(present.sessionId, question);
    return creationOptions(question, this.#options.homeName, person, existing);
  }

  /**
   * Keeps a passkey that a browser made.
   * @throws HearthError `unprocessable` when it is no answer to what this session asked for last,
   * `conflict` when it is known already.
   */
  async register(
    present: Present,
    name: string,
    response: RegistrationResponse,
    { origin }: PageVisit,
  ): Promise<Passkey> {
    const question = this.#registrations.get(present.sessionId);
    this.#registrations.delete(present.sessionId);
    if (question === undefined) throw expired();
    const { clock, log } = this.#options;
    const key = await newKeyOf(response, question, log);
    const createdAtMs = Math.floor(clock.nowMs());
    const passkey: StoredPasskey = {
      ...key,
      id: sortableId(createdAtMs),
      personId: present.id,
      rpId: question.rpId,
      name,
      transports: response.response.transports ?? [],
      createdAtMs,
      lastUsedAtMs: undefined,
    };
    this.#store.transaction(() => {
      if (!this.#store.insert(passkey)) {
        throw new HearthError('conflict', 'this passkey is known already', { field: 'response' });
      }
      this.#write(present, origin, 'ok', { change: 'added', id: passkey.id });
    });
    log.info({ person: present.id, passkey: passkey.id }, 'a passkey was added');
    return passkey;
  }

  /** @throws HearthError `not_found`. */
  rename(present: Present, id: string, name: string, { origin }: PageVisit): Passkey {
    return this.#store.transaction(() => {
      if (!this.#store.rename(present.id, id, name)) throw noSuchPasskey();
      this.#write(present, origin, 'ok', { change: 'renamed', id });
      const passkey = this.#store.of(present.id).find((candidate) => candidate.id === id);
      if (passkey === undefined) throw noSuchPasskey();
      return passkey;
    });
  }

  /** @throws HearthError `not_found`, or `conflict` when nothing else would sign the person in. */
  remove(present: Present, id: string, { origin }: PageVisit): void {
    const { db, people } = this.#options;
    requireOtherWay(db, people.get(present.id), 'passkey');
    this.#store.transaction(() => {
      if (!this.#store.delete(present.id, id)) throw noSuchPasskey();
      this.#write(present, origin, 'ok', { change: 'removed', id });
    });
    this.#options.log.info({ person: present.id, passkey: id }, 'a passkey was removed');
  }

  /**
   * What the browser is to ask its authenticators. It is the same whoever asks: the hub is not told
   * who wants to sign in, and tells nobody who can.
   * @throws HearthError `unprocessable` where the page can have no passkey.
   */
  async beginSignIn(visit: PageVisit): Promise<{
    readonly challengeId: string;
    readonly options: Record<string, unknown>;
  }> {
    const question = questionAt(requireAvailable(visit));
    const challengeId = this.#signIns.put(visit.origin.remoteAddress, question);
    return { challengeId, options: await requestOptions(question) };
  }

  /**
   * Signs in whoever has the passkey that signed.
   * @throws HearthError `unauthenticated`, in the same words for a passkey that is not known as for
   * one that signed something else; `too_many_requests`; and what a disabled person is told.
   */
  async signIn(
    challengeId: string,
    response: AuthenticationResponse,
    { origin }: PageVisit,
  ): Promise<SignedIn> {
    const { clock, log, signIns } = this.#options;
    this.#tries.attempt(origin.remoteAddress);
    const question = this.#signIns.take(challengeId);
    if (question === undefined) throw expired();
    const passkey = this.#store.byCredential(response.id);
    const counter = passkey && (await counterOf(response, question, passkey, log));
    if (passkey === undefined || counter === undefined || passkey.rpId !== question.rpId) {
      this.#refuse(passkey, origin, { reason: 'not_verified' });
      throw new HearthError('unauthenticated', 'this passkey does not sign anybody in here', {
        hint: 'Choose another one, or sign in with your password.',
      });
    }
    const { id, personId, counter: before } = passkey;
    const atMs = Math.floor(clock.nowMs());
    if (!countsOn(before, counter) || !this.#store.use(id, before, counter, atMs)) {
      this.#refuse(passkey, origin, { reason: 'counter', kept: before, shown: counter });
      throw new HearthError('unauthenticated', 'this passkey counts backwards', {
        hint: 'Somebody may have a copy of it. Sign in with your password and remove it.',
      });
    }
    const signedIn = await signIns.signInAs(personId, 'passkey', origin);
    this.#tries.succeeded(origin.remoteAddress);
    return signedIn;
  }

  /** Nobody is written down for a passkey that nobody has: that is a stranger's noise. */
  #refuse(
    passkey: StoredPasskey | undefined,
    origin: Origin,
    detail: Readonly<Record<string, unknown>>,
  ): void {
    const { log, people } = this.#options;
    log.warn({ from: origin.remoteAddress, ...detail }, 'a passkey was refused');
    const person = passkey && people.get(passkey.personId);
    if (person) this.#write(person, origin, 'refused', { id: passkey.id, ...detail });
  }

  #write(
    { id, name }: { readonly id: string; readonly name: string },
    origin: Origin,
    outcome: string,
    detail: Readonly<Record<string, unknown>>,
  ): void {
    this.#options.audit.append({
      actor: `person:${name}`,
      action: 'auth.passkey',
      subject: `person:${id}`,
      outcome,
      origin: whereFrom(origin),
      detail,
    });
  }
}

const questionAt = ({ rpId, origin }: { readonly rpId: string; readonly origin: string }) => ({
  challenge: randomSecret(),
  rpId,
  origin,
});

const expired = () =>
  new HearthError('unprocessable', 'the hub did not ask for this, or too long ago', {
    hint: 'Start again: what it asks is good for five minutes, and once.',
  });

const noSuchPasskey = () =>
  new HearthError('not_found', 'you have no such passkey', {
    hint: 'GET /api/v1/auth/passkeys lists yours.',
  });
