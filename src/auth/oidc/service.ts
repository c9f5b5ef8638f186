import type { Db } from '#db';
import {
  type Clock,
  equalSecrets,
  HearthError,
  hashSecret,
  isHearthError,
  type Log,
  randomSecret,
} from '#kernel';
import type { Joins, KnownPeople, Present, Proof, SignsIn } from '../doors.ts';
import { Throttle } from '../passwords/throttle.ts';
import type { AuditPort } from '../ports.ts';
import type { Api } from '../routing.ts';
import { requireOtherWay } from '../sign-in/other-ways.ts';
import type { PageVisit } from '../sign-in/page-visit.ts';
import { requirePresence } from '../sign-in/presence.ts';
import { SingleUse } from '../sign-in/single-use.ts';
import type { Origin, Person, SignedIn } from '../types.ts';
import { whereFrom } from '../whence.ts';
import { type Decision, decide, type Purpose } from './decision.ts';
import { OidcProblem } from './problem.ts';
import { issuerOf, Provider } from './provider.ts';
import { oidcRoutes } from './routes.ts';
import { LinkStore } from './store.ts';
import { type Claims, journeyLifetimeMs, type Link, type OidcSettings } from './types.ts';

const minuteMs = 60_000;

export interface OpenIdConnectOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditPort;
  readonly people: KnownPeople;
  readonly signIns: SignsIn;
  readonly proof: Proof;
  readonly joins: Joins;
  /** Undefined where no provider is set up. */
  readonly settings: OidcSettings | undefined;
}

/** Somebody is on the way to the provider and back. */
interface Journey {
  readonly purpose: Purpose;
  /** Of a link: it must not outlive the session that began it. */
  readonly sessionId: string | undefined;
  readonly nonce: string;
  readonly verifier: string;
  /** Of what the browser holds: who comes back must be who left. */
  readonly cookieHash: string;
}

export interface Departure {
  /** At the provider. */
  readonly url: string;
  /** For the browser to hold until it comes back. */
  readonly cookie: string;
}

export type Arrival =
  | { readonly kind: 'signed-in'; readonly signedIn: SignedIn }
  | { readonly kind: 'linked' };

/** The path that a provider sends browsers back to, below every host name of the hub. */
export const callbackPath = '/api/v1/auth/oidc/callback';

/** Signing in by an OpenID Connect provider of the owner's choice. */
export class OpenIdConnect {
  readonly #options: OpenIdConnectOptions;
  readonly #provider: Provider | undefined;
  readonly #store: LinkStore;
  /** By the `state` that goes to the provider and comes back. */
  readonly #journeys: SingleUse<Journey>;
  readonly #tries: Throttle;

  constructor(options: OpenIdConnectOptions) {
    const { db, clock, settings } = options;
    this.#options = options;
    this.#provider = settings && new Provider(settings, clock);
    this.#store = new LinkStore(db);
    const lifetimeMs = journeyLifetimeMs;
    this.#journeys = new SingleUse({ clock, lifetimeMs, mostOfOne: 10, mostInAll: 1000 });
    const delays = { firstDelayMs: minuteMs, maxDelayMs: 15 * minuteMs };
    this.#tries = new Throttle({ clock, tries: 10, ...delays });
  }

  /** Adds `/auth/oidc` to the API. */
  routes(api: Api): void {
    oidcRoutes(api, this);
  }

  /** What the provider is called; undefined where none is set up. */
  get providerName(): string | undefined {
    return this.#options.settings?.name;
  }

  /** The account of a person at the provider. */
  linkOf(personId: string): Link | undefined {
    const { settings } = this.#options;
    return settings && this.#store.of(personId, issuerOf(settings.issuer));
  }

  /**
   * Begins a sign-in, with the code of an invitation for somebody new.
   * @throws OidcProblem `not_set_up` or `unreachable`.
   */
  beginSignIn(invitation: string | undefined, visit: PageVisit): Promise<Departure> {
    const purpose = { kind: 'sign-in', ...(invitation && { invitation }) } as const;
    return this.#depart(purpose, undefined, visit);
  }

  /**
   * Begins to link an account to somebody who is signed in.
   * @throws OidcProblem `not_set_up` or `unreachable`; HearthError `forbidden` when the sign-in is not
   * fresh and no password came with it, `conflict` when there is a link already.
   */
  async beginLink(
    present: Present,
    password: string | undefined,
    visit: PageVisit,
  ): Promise<Departure> {
    await requirePresence(this.#options, present, password, visit.origin);
    if (this.linkOf(present.id)) {
      throw new HearthError('conflict', 'an account of yours is linked already', {
        hint: 'Remove that link first.',
      });
    }
    return this.#depart({ kind: 'link', personId: present.id }, present.sessionId, visit);
  }

  /**
   * Ends what was begun, once the provider has sent the browser back.
   * @param state of the address the browser came to.
   * @param cookie what the browser was given when it left.
   * @throws OidcProblem saying why it came to nothing.
   */
  async arrive(
    state: string | undefined,
    cookie: string | undefined,
    { page, origin }: PageVisit,
  ): Promise<Arrival> {
    const provider = this.#requireProvider();
    this.#countTry(origin);
    const journey = state === undefined ? undefined : this.#journeys.take(state);
    const isOurs = journey && equalSecrets(hashSecret(cookie ?? ''), journey.cookieHash);
    if (state === undefined || !journey || !isOurs) throw new OidcProblem('expired');
    try {
      const claims = await provider.claimsOf(page, { ...journey, state });
      const arrival = await this.#admit(journey, claims, origin);
      this.#tries.succeeded(origin.remoteAddress);
      return arrival;
    } catch (error) {
      throw this.#refused(error, journey, origin);
    }
  }

  /**
   * Removes the link of a person.
   * @throws HearthError `not_found`, or `conflict` when nothing else would sign them in.
   */
  unlink(present: Present, { origin }: PageVisit): void {
    const link = this.linkOf(present.id);
    if (link === undefined) {
      throw new HearthError('not_found', 'no account of yours is linked');
    }
    const { db, people } = this.#options;
    requireOtherWay(db, people.get(present.id), 'oidc');
    this.#store.transaction(() => {
      this.#store.delete(link.issuer, link.subject);
      this.#write(present, origin, 'ok', { change: 'unlinked', issuer: link.issuer });
    });
  }

  async #depart(
    purpose: Purpose,
    sessionId: string | undefined,
    { page, isOurs, origin }: PageVisit,
  ): Promise<Departure> {
    const provider = this.#requireProvider();
    if (!isOurs) {
      throw new HearthError('forbidden', `the hub does not listen at ${page.origin} itself`, {
        field: 'Host',
        hint: 'Open it at its own port, or add that address to the setting https.allowed_origins.',
      });
    }
    const cookie = randomSecret();
    const journey: Journey = {
      purpose,
      sessionId,
      nonce: randomSecret(),
      verifier: randomSecret(),
      cookieHash: hashSecret(cookie),
    };
    const state = this.#journeys.put(origin.remoteAddress, journey);
    const redirectUri = new URL(callbackPath, page.origin).href;
    const url = await provider.addressFor(redirectUri, { ...journey, state });
    return { url: url.href, cookie };
  }

  async #admit({ purpose, sessionId }: Journey, claims: Claims, origin: Origin): Promise<Arrival> {
    const { clock, people, proof, signIns } = this.#options;
    if (purpose.kind === 'link' && !(sessionId && proof.sessionOf(sessionId))) {
      throw new OidcProblem('session_ended');
    }
    const decision = this.#decide(purpose, claims);
    if (decision.kind === 'refuse') throw new OidcProblem(decision.problem);
    const person =
      decision.kind === 'join'
        ? this.#join(decision, claims, origin)
        : people.get(decision.personId);
    if (person?.state !== 'active') throw new OidcProblem('disabled');
    const { issuer, subject } = claims;
    this.#store.transaction(() => {
      if (decision.kind !== 'sign-in') this.#link(person, claims, origin);
      this.#store.use(issuer, subject, Math.floor(clock.nowMs()));
    });
    if (purpose.kind === 'link') return { kind: 'linked' };
    return { kind: 'signed-in', signedIn: await signIns.signInAs(person.id, 'oidc', origin) };
  }

  #decide(purpose: Purpose, claims: Claims): Decision {
    const { issuer, subject, email } = claims;
    const { people, settings } = this.#options;
    return decide(purpose, claims, {
      link: this.#store.get(issuer, subject),
      byEmail: email === undefined ? undefined : people.byEmail(email),
      hasAnother: (personId) => this.#store.of(personId, issuer) !== undefined,
      linkByEmail: settings?.linkByEmail === true,
    });
  }

  #join(
    { invitation, email }: Extract<Decision, { kind: 'join' }>,
    { name = email.split('@')[0] ?? email }: Claims,
    origin: Origin,
  ): Person {
    try {
      return this.#options.joins.join({ invitation, email, name: name.slice(0, 100) }, origin);
    } catch (error) {
      if (!isHearthError(error)) throw error;
      const isStorm = error.code === 'too_many_requests';
      throw new OidcProblem(isStorm ? 'too_many' : 'invitation', error);
    }
  }

  #link(person: Person, { issuer, subject, email }: Claims, origin: Origin): void {
    const link: Link = {
      issuer,
      subject,
      personId: person.id,
      email,
      createdAtMs: Math.floor(this.#options.clock.nowMs()),
      lastUsedAtMs: undefined,
    };
    // Two arrivals of the same account, or person, may have come to the same decision.
    if (!this.#store.insert(link)) throw new OidcProblem('linked_already');
    this.#write(person, origin, 'ok', { change: 'linked', issuer });
    this.#options.log.info({ person: person.id, issuer }, 'an account was linked');
  }

  /** Writes a refusal down, and puts it into a word. What the provider said stays in the log. */
  #refused(error: unknown, { purpose }: Journey, origin: Origin): OidcProblem {
    const problem = problemOf(error);
    const { log, people } = this.#options;
    const level = problem.code === 'internal' ? 'error' : 'warn';
    log[level]({ err: problem.cause, problem: problem.code }, 'a sign-in by the provider failed');
    const person = purpose.kind === 'link' ? people.get(purpose.personId) : undefined;
    this.#write(person, origin, 'refused', { problem: problem.code });
    return problem;
  }

  #countTry({ remoteAddress }: Origin): void {
    try {
      this.#tries.attempt(remoteAddress);
    } catch (error) {
      throw new OidcProblem('too_many', error);
    }
  }

  #requireProvider(): Provider {
    if (this.#provider === undefined) throw new OidcProblem('not_set_up');
    return this.#provider;
  }

  #write(
    person: { readonly id: string; readonly name: string } | undefined,
    origin: Origin,
    outcome: string,
    detail: Readonly<Record<string, unknown>>,
  ): void {
    this.#options.audit.append({
      actor: person ? `person:${person.name}` : 'nobody',
      action: 'auth.oidc',
      subject: person ? `person:${person.id}` : 'hub',
      outcome,
      origin: whereFrom(origin),
      detail,
    });
  }
}

const problemOf = (error: unknown): OidcProblem =>
  error instanceof OidcProblem
    ? error
    : // Disabled, or removed, between the decision and the session.
      new OidcProblem(isHearthError(error) ? 'disabled' : 'internal', error);
