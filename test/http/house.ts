import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Alerts } from '#alerts';
import { type Api, OpenIdConnect, Passkeys, type Role, Shares } from '#auth';
import { Commands } from '#commands';
import { type Config, loadConfig } from '#config';
import { DueQueue } from '#db';
import { DeviceConfig } from '#device-config';
import { Groups } from '#groups';
import { HttpServer, type WebSocketHandlers } from '#http';
import { Join } from '#join';
import { silentLog } from '#kernel';
import { LogRing, Ops } from '#ops';
import { Overrides } from '#overrides';
import { Schedules } from '#schedules';
import { Signing } from '#signing';
import { Exports, Imports, LineProtocol, Sql, Telemetry } from '#telemetry';
import { buildApp } from '../../src/http/app.ts';
import type { Arrival } from '../../src/http/arrival.ts';
import { callers } from '../../src/http/callers.ts';
import { rootRoutesOf, routesOf } from '../../src/surfaces.ts';
import { type Home, openHome } from '../devices/home.ts';

export interface HouseOptions {
  readonly config?: Partial<Record<keyof Config, unknown>>;
  readonly onWebSocket?: Partial<WebSocketHandlers>;
  readonly routes?: readonly ((api: Api) => void)[];
  readonly rootRoutes?: readonly ((api: Api) => void)[];
}

/** The real app over real slices; `open` listens too. */
export interface House extends Home {
  readonly config: Config;
  readonly logs: LogRing;
  readonly webDirectory: string;
  readonly http: HttpServer;
  /** Sends a request as if it came from a machine on the LAN, by default over HTTPS. */
  fromLan(path: string, init?: RequestInit & Partial<Arrival>): Promise<Response>;
  /** A token of this role, as a header. */
  as(role: Role): { authorization: string };
}

export async function openHouse(options: HouseOptions = {}): Promise<House> {
  const home = await openHome();
  const { audit, auth, authority, clock, devices, directory, secrets } = home;
  const config = loadConfig({
    overrides: {
      data: directory,
      'http.port': 0,
      'https.port': 0,
      'http.address': '127.0.0.1',
      'https.address': '127.0.0.1',
      ...options.config,
    },
    environment: {},
  });
  // Not started: whom its routes turn away is all that matters here.
  const telemetry = new Telemetry({
    directory: join(directory, 'telemetry'),
    db: home.db,
    config,
    clock,
    log: silentLog,
    devices,
    vault: home.secrets,
    audit,
  });
  const logs = new LogRing();
  const ops = new Ops({
    version: '0.0.0',
    clock,
    logs,
    probes: [{ name: 'registry', check: async () => {} }],
    numbers: { devices: () => ({ count: devices.count }) },
    sections: { devices: () => ({ total: devices.count }) },
  });
  await ops.start();
  onTestFinished(() => ops.stop());
  const webDirectory = join(directory, 'web');
  const people = peopleOf(home);
  const controls = controlsOf(home);
  const surfaces = {
    auth,
    audit: home.audit,
    devices,
    telemetry,
    ...historyOf(home, telemetry, controls.commands),
    ...people,
    ...controls,
    joining: joiningOf(home),
  };
  // What a test brings goes first: it is asked instead of what stands in its place here.
  const routes = [...(options.routes ?? []), ...routesOf(surfaces)];
  const rootRoutes = [...rootRoutesOf(surfaces), ...(options.rootRoutes ?? [])];
  const sightOf = people.shares.sightOf.bind(people.shares);
  const given = { audit, secrets, routes, rootRoutes, sightOf, webDirectory };
  const shared = { clock, log: silentLog, ...given };
  const http = new HttpServer({
    ...shared,
    config,
    authority,
    auth,
    devices,
    ops,
    onWebSocket: {
      '/ws': options.onWebSocket?.['/ws'] ?? ((ws) => ws.close()),
      '/mqtt': options.onWebSocket?.['/mqtt'] ?? ((ws) => ws.close()),
    },
  });
  const app = buildApp({
    ...shared,
    operations: ops,
    callerOf: callers({ auth, devices }),
    ourNames: () => new Set(['hub.local']),
    httpsPort: () => 8443,
    trustAnchor: () => authority,
    mostBodyBytes: config['limits.body_bytes'],
    allowedOrigins: config['https.allowed_origins'],
  });
  return {
    ...home,
    config,
    logs,
    webDirectory,
    http,
    fromLan: async (path, { door = 'https', remoteAddress = '192.168.1.7', ...init } = {}) => {
      const request = new Request(`https://hub.local${path}`, init);
      if (!request.headers.has('host')) request.headers.set('host', 'hub.local');
      return app.fetch(request, { door, remoteAddress });
    },
    as: (role) => ({
      authorization: `Bearer ${auth.tokens.create({ name: `a ${role}`, role }).token}`,
    }),
  };
}

/** What takes history in and out; not started, as above. */
function historyOf(home: Home, telemetry: Telemetry, commands: Commands) {
  const { audit, auth, clock, db, devices, directory } = home;
  const { analysis } = telemetry;
  const shared = { db, audit, devices, clock, log: silentLog, telemetry, analysis };
  return {
    sql: new Sql({ ...shared, commands: (page) => commands.list(page) }),
    lineProtocol: new LineProtocol({ ...shared, auth }),
    imports: new Imports(shared),
    exports: new Exports({
      ...shared,
      directory: join(directory, 'exports'),
      dataDirectory: directory,
      history: telemetry,
      snapshots: telemetry,
      s3: { region: 'us-east-1' },
      timeZone: 'UTC',
      freeBytes: 0,
    }),
  };
}

/** What people sign in with, and what is shared with them. */
function peopleOf({ auth, db, audit, devices, clock }: Home) {
  const shared = { db, audit, clock, log: silentLog, people: auth.people };
  const ways = { ...shared, signIns: auth.signIns, proof: auth };
  return {
    passkeys: new Passkeys({ ...ways, homeName: 'Elm Street 7' }),
    oidc: new OpenIdConnect({ ...ways, joins: auth, settings: undefined }),
    shares: new Shares({ ...shared, devices }),
  };
}

function joiningOf({ auth, authority, audit, clock, db, devices }: Home): Join {
  const alerts = { raise: () => {} };
  return new Join({ auth, authority, audit, alerts, clock, db, devices, log: silentLog });
}

/** What tells devices what to do; not started, as above. */
function controlsOf({ db, audit, devices, clock, directory }: Home) {
  const shared = { db, audit, devices, clock, log: silentLog };
  const due = new DueQueue(shared);
  const speak = { sign: () => '', send: () => ({ sent: false, reason: 'away' }) as const };
  const signing = new Signing({ ...shared, directory: join(directory, 'signing') });
  const commands = new Commands({ ...shared, ...speak, due, retentionDays: 30 });
  const groups = new Groups({ ...shared, commands });
  const deviceConfig = new DeviceConfig({ ...shared, ...speak, due });
  const schedules: Schedules = new Schedules({
    ...shared,
    due,
    groups,
    commands,
    overrideOf: () => undefined,
    place: { timeZone: 'UTC', latitude: undefined, longitude: undefined },
  });
  const overrides = new Overrides({ ...shared, due, schedules });
  const alerts = new Alerts(shared);
  return { alerts, signing, commands, groups, deviceConfig, schedules, overrides };
}

/** Starts to listen, until the test is over. */
export async function listening(options: HouseOptions = {}): Promise<House> {
  const house = await openHouse(options);
  await house.http.start();
  onTestFinished(() => house.http.stop());
  return house;
}

export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

/** One request over a real socket. */
export function ask(
  options: RequestOptions & { ca?: string; servername?: string; body?: string },
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const send = options.ca === undefined ? httpRequest : httpsRequest;
  const request = send({ host: '127.0.0.1', agent: false, ...options }, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk) => {
      text += chunk;
    });
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
    );
    response.on('error', reject);
  });
  request.on('error', reject);
  request.end(options.body);
  return promise;
}
