import { join } from 'node:path';
import { Writable } from 'node:stream';
import { OpenAPIHono } from '@hono/zod-openapi';
import { onTestFinished } from 'vitest';
import {
  type Api,
  type AuditEntry,
  Auth,
  type AuthOptions,
  type HearthEnv,
  localCaller,
  type PersonRole,
} from '#auth';
import type { Db } from '#db';
import { createLog, type ErrorCode, isHearthError, type Log } from '#kernel';
import { Secrets } from '#secrets';
import { PeopleStore } from '../../src/auth/people/people-store.ts';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { openMigrated } from '../support/pki.ts';

export const startMs = Date.UTC(2026, 2, 1);

export const owner = {
  email: 'owner@home.example',
  password: 'plum kettle orbit 9',
  name: 'Olive',
};

/** The owner's password at next to no cost: what a test is about is seldom the waiting. */
export const cheapHash = 'scrypt$2$1$1$c2FsdA$uhlkmqwK5PuagOWmhFN3AJRFf9pdO3E_YmwyKy9PCjQ';

/** Gives a house the owner above without the set-up. */
export function addOwner(house: House): void {
  const { email, name } = owner;
  addPerson(house, { id: 'olive', email, name, role: 'owner' });
}

/** Somebody with the owner's password. */
export function addPerson(
  house: House,
  person: { id: string; name: string; email: string; role: PersonRole },
): void {
  new PeopleStore(house.db).insert(
    { ...person, state: 'active', hasPassword: true, createdAtMs: startMs, updatedAtMs: startMs },
    cheapHash,
  );
  house.auth.people.load();
}

const statuses: Partial<Record<ErrorCode, 400 | 401 | 403 | 404 | 409 | 410 | 422 | 429 | 503>> = {
  bad_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  gone: 410,
  unprocessable: 422,
  too_many_requests: 429,
  unavailable: 503,
};

export interface House {
  readonly auth: Auth;
  readonly clock: ManualClock;
  readonly db: Db;
  readonly secrets: Secrets;
  /** What was written down, oldest first. */
  readonly audited: AuditEntry[];
  readonly directory: string;
  /** Sends a request to the API as a program would, or a browser when `headers` say so. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Makes the owner; returns what the set-up answered. */
  setUp(): Promise<Answer>;
  /** Every line logged so far. */
  logged(): string;
  /** The hub goes away and comes back on the same directory. */
  restart(): Promise<House>;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly bearer?: string;
  /** As from this address on the LAN. */
  readonly from?: string;
  readonly url?: string;
  /** As at the machine itself, when `socket`. */
  readonly door?: 'https' | 'socket';
  readonly form?: Record<string, string>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // What an answer holds is what its test asserts.
  readonly body: Record<string, unknown>;
  /** `hearth_session=…`, as a browser sends it back; empty when none was set. */
  readonly cookie: string;
}

/** A hub's auth on a real database, behind a real Hono app that finds callers and maps errors. */
export async function openHouse(
  directory?: string,
  options: Partial<AuthOptions> = {},
  nowMs = startMs,
): Promise<House> {
  const home = directory ?? (await temporaryDirectory());
  const clock = new ManualClock(nowMs);
  const db = openMigrated(join(home, 'hearth.db'));
  const { log, logged } = await capturingLog();
  const secrets = new Secrets({ keyPath: join(home, 'hearth.key'), log });
  await secrets.start();
  const audited: AuditEntry[] = [];
  const auth = new Auth({
    db,
    directory: home,
    clock,
    log,
    homeName: 'Elm Street 7',
    vault: secrets,
    audit: { append: (entry) => audited.push(entry) },
    ...options,
  });
  await auth.start();
  onTestFinished(() => auth.stop());
  const app = appOf(auth);

  const call: House['call'] = async (method, path, options = {}) => {
    const { body, bearer, form, from, url = 'http://hub.local:8080' } = options;
    const base = path.startsWith('/.well-known') ? '' : '/api/v1';
    const request = new Request(`${url}${base}${path}`, {
      method,
      headers: {
        host: new URL(url).host,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(form && { body: new URLSearchParams(form).toString() }),
    });
    const response = await app.fetch(request, {
      door: options.door ?? 'https',
      remoteAddress: from,
    });
    const text = await response.text();
    const [cookie = ''] = (response.headers.getSetCookie()[0] ?? '').split(';');
    return {
      status: response.status,
      headers: response.headers,
      body: text.startsWith('{') ? JSON.parse(text) : {},
      cookie,
    };
  };

  return {
    auth,
    clock,
    db,
    secrets,
    audited,
    directory: home,
    call,
    logged,
    setUp: () => call('POST', '/setup', { body: { ...owner, code: auth.setupCode() } }),
    restart: async () => {
      await auth.stop();
      return openHouse(home, options, clock.nowMs());
    },
  };
}

function appOf(auth: Auth): OpenAPIHono<HearthEnv> {
  const app = new OpenAPIHono<HearthEnv>();
  app.use(async (context, next) => {
    const { method, raw } = context.req;
    const { door } = context.env as { door?: string };
    const isInside = door === 'socket';
    context.set(
      'caller',
      isInside
        ? localCaller
        : await auth.callerOf(raw.headers, { method, isTls: raw.url.startsWith('https:') }),
    );
    await next();
  });
  app.onError((error, context) => {
    if (!isHearthError(error)) throw error;
    const { code, message, hint, field, retryAfterSeconds } = error;
    if (retryAfterSeconds) context.header('retry-after', String(retryAfterSeconds));
    return context.json({ code, message, hint, field }, statuses[code] ?? 500);
  });
  const api: Api = new OpenAPIHono<HearthEnv>();
  auth.routes(api);
  auth.rootRoutes(app);
  return app.route('/api/v1', api);
}

async function capturingLog(): Promise<{ log: Log; logged: () => string }> {
  let lines = '';
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines += chunk;
      done();
    },
  });
  const log = await createLog({ level: 'trace', pretty: false, destination });
  return { log, logged: () => lines };
}
