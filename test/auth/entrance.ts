import { join } from 'node:path';
import { OpenAPIHono } from '@hono/zod-openapi';
import { onTestFinished } from 'vitest';
import { Audit, type AuditRow } from '#audit';
import { type Api, Auth, type HearthEnv, type OidcSettings, OpenIdConnect, Passkeys } from '#auth';
import type { Db } from '#db';
import { isHearthError, silentLog } from '#kernel';
import { Secrets } from '#secrets';
import type { NewPerson } from '../../src/auth/people/people.ts';
import type { Origin, Person } from '../../src/auth/types.ts';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { openMigrated } from '../support/pki.ts';

export const page = 'https://hub.local:8443';
/** Every other is at a port of somebody else's. */
const ourPages = new Set([page, 'https://localhost:8443', 'http://localhost:8080']);
export const password = 'plum kettle orbit 9';
/** That password at next to no cost. */
export const cheapHash = 'scrypt$2$1$1$c2FsdA$uhlkmqwK5PuagOWmhFN3AJRFf9pdO3E_YmwyKy9PCjQ';
export const origin: Origin = { remoteAddress: '192.168.1.7', userAgent: 'test' };

export interface Ask {
  readonly body?: unknown;
  /** An access token. */
  readonly as?: string;
  readonly at?: string;
  readonly cookie?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // What an answer holds is what its test asserts.
  // biome-ignore lint/suspicious/noExplicitAny: each test knows its own answer.
  readonly body: any;
}

/** Somebody who is signed in. */
export interface Somebody {
  readonly person: Person;
  readonly token: string;
  readonly sessionId: string;
}

/** All that lets people in, on a real database and behind a real app. */
export interface Entrance {
  readonly auth: Auth;
  readonly clock: ManualClock;
  readonly db: Db;
  readonly passkeys: Passkeys;
  readonly oidc: OpenIdConnect;
  ask(method: string, path: string, ask?: Ask): Promise<Answer>;
  /** Adds somebody with the password above, unless told otherwise, and signs them in. */
  somebody(name: string, about?: Partial<NewPerson>): Promise<Somebody>;
  /** What was written down of this action, newest first. */
  written(action: string): AuditRow[];
}

export async function openEntrance(settings?: OidcSettings): Promise<Entrance> {
  const directory = await temporaryDirectory();
  const clock = new ManualClock(Date.UTC(2026, 2, 1));
  const db = openMigrated(join(directory, 'hearth.db'));
  const shared = { db, clock, log: silentLog };
  const secrets = new Secrets({ keyPath: join(directory, 'hearth.key'), log: silentLog });
  await secrets.start();
  const audit = new Audit(shared);
  const homeName = 'Elm Street 7';
  const auth = new Auth({ ...shared, directory, homeName, vault: secrets, audit });
  await auth.start();
  onTestFinished(() => auth.stop());
  const ways = { ...shared, audit, people: auth.people, signIns: auth.signIns, proof: auth };
  const passkeys = new Passkeys({ ...ways, homeName });
  const oidc = new OpenIdConnect({ ...ways, joins: auth, settings });
  const app = appOf(auth, [passkeys, oidc]);
  return {
    auth,
    clock,
    db,
    passkeys,
    oidc,
    ask: async (method, path, { body, as, at = page, cookie, headers } = {}) => {
      const request = new Request(`${at}/api/v1${path}`, {
        method,
        headers: {
          host: new URL(at).host,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(as && { authorization: `Bearer ${as}` }),
          ...(cookie && { cookie }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const { remoteAddress } = origin;
      const isOurPage = ({ origin }: URL) => ourPages.has(origin);
      const response = await app.fetch(request, { door: 'https', remoteAddress, isOurPage });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: text.startsWith('{') ? JSON.parse(text) : text,
      };
    },
    somebody: async (name, about = {}) => {
      const person = auth.people.add({
        name,
        email: `${name.toLowerCase()}@home.example`,
        role: 'member',
        passwordHash: cheapHash,
        ...about,
      });
      const { accessToken, sessionId } = await auth.signIns.signInAs(person.id, 'password', origin);
      return { person, token: accessToken, sessionId };
    },
    written: (action) => audit.list({ action, limit: 100 }),
  };
}

const statuses: Readonly<Record<string, 400 | 401 | 403 | 404 | 409 | 422 | 429 | 503>> = {
  bad_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  unprocessable: 422,
  too_many_requests: 429,
  unavailable: 503,
};

function appOf(auth: Auth, ways: readonly { routes(api: Api): void }[]): Api {
  const app = new OpenAPIHono<HearthEnv>();
  app.use(async (context, next) => {
    const { method, raw } = context.req;
    context.set(
      'caller',
      await auth.callerOf(raw.headers, { method, isTls: raw.url.startsWith('https:') }),
    );
    await next();
  });
  app.onError((error, context) => {
    if (!isHearthError(error)) throw error;
    const { code, message, hint, field } = error;
    return context.json({ code, message, hint, field }, statuses[code] ?? 500);
  });
  const api: Api = new OpenAPIHono<HearthEnv>();
  for (const way of ways) way.routes(api);
  return app.route('/api/v1', api);
}
