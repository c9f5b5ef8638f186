import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadConfig } from '#config';
import { silentLog } from '#kernel';
import { LogRing, Ops } from '#ops';
import { LineProtocol, Telemetry } from '#telemetry';
import { buildApp } from '../../src/http/app.ts';
import type { Arrival } from '../../src/http/arrival.ts';
import { callers } from '../../src/http/callers.ts';
import type { TelemetryOptions } from '../../src/telemetry/service.ts';
import type { TelemetryRow } from '../../src/telemetry/types.ts';
import { type Home, openHome } from '../devices/home.ts';

/** Time at which these tests stand: noon of 31 January 2026. */
export const nowMs = Date.UTC(2026, 0, 31, 12);

export interface LineHouse extends Home {
  readonly telemetry: Telemetry;
  /** Sends a request as if it came from a machine on the LAN. */
  send(path: string, init?: RequestInit & Partial<Arrival>): Promise<Response>;
  /** Writes lines, to the second version of the interface unless told otherwise. */
  write(lines: string, secret: string, path?: string): Promise<Response>;
  token(role: 'owner' | 'admin' | 'member' | 'service'): string;
  rows(deviceId: string): Promise<TelemetryRow[]>;
}

export interface LineHouseOptions {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly telemetry?: Partial<TelemetryOptions>;
}

/** The app over the real registry, the real accounts and real storage. */
export async function openLineHouse(options: LineHouseOptions = {}): Promise<LineHouse> {
  const home = await openHome(undefined, nowMs);
  const { audit, auth, authority, clock, db, devices, directory, secrets } = home;
  const config = loadConfig({
    environment: {},
    overrides: { data: directory, 'home.time_zone': 'UTC', ...options.config },
  });
  const shared = { db, clock, devices, log: silentLog };
  const telemetry = new Telemetry({
    ...shared,
    directory: join(directory, 'telemetry'),
    config,
    vault: secrets,
    ...options.telemetry,
  });
  await telemetry.start();
  onTestFinished(() => telemetry.stop());
  telemetry.onSample.listen((samples) => devices.applySamples(samples));
  const lines = new LineProtocol({ ...shared, telemetry, auth, audit });
  const app = buildApp({
    clock,
    log: silentLog,
    audit,
    secrets,
    callerOf: callers({ auth, devices }),
    ourNames: () => new Set(['hub.local']),
    httpsPort: () => 8443,
    trustAnchor: () => authority,
    operations: new Ops({
      version: '0.0.0',
      clock,
      logs: new LogRing(),
      probes: [],
      numbers: {},
      sections: {},
    }),
    routes: [],
    rootRoutes: [(api) => lines.rootRoutes(api)],
    webDirectory: join(directory, 'web'),
    mostBodyBytes: config['limits.body_bytes'],
  });
  const send: LineHouse['send'] = async (path, init = {}) => {
    const { door = 'https', remoteAddress = '192.168.1.7', ...rest } = init;
    const request = new Request(`https://hub.local${path}`, rest);
    request.headers.set('host', 'hub.local');
    return app.fetch(request, { door, remoteAddress });
  };
  return {
    ...home,
    telemetry,
    send,
    write: (body, secret, path = '/api/v2/write?org=home&bucket=home') =>
      send(path, {
        method: 'POST',
        body,
        headers: { authorization: `Token ${secret}`, 'content-type': 'text/plain' },
      }),
    token: (role) => auth.tokens.create({ name: `a ${role}`, role }).token,
    rows: async (deviceId) => {
      const rows: TelemetryRow[] = [];
      const all = { deviceId, startUs: 0, endUs: (nowMs + 3_600_000) * 1000 };
      for await (const page of telemetry.query(all, { sensitive: true })) rows.push(...page);
      return rows;
    },
  };
}
