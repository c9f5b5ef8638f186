import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Alerts } from '#alerts';
import type { Role } from '#auth';
import { Join } from '#join';
import { silentLog } from '#kernel';
import { LogRing, Ops } from '#ops';
import { buildApp } from '../../src/http/app.ts';
import { callers } from '../../src/http/callers.ts';
import { type Home, openHome } from '../devices/home.ts';

export interface Asked extends RequestInit {
  /** From where; another address is another guesser. */
  readonly remoteAddress?: string;
  /** The client certificate that TLS was made with. */
  readonly certificateDer?: Uint8Array;
}

/** A home with its door for new devices, behind the real app. */
export interface Door extends Home {
  readonly joining: Join;
  readonly alerts: Alerts;
  ask(path: string, request?: Asked): Promise<Response>;
  /** A token of this role, as a header. */
  as(role: Role): { authorization: string };
  /** A JSON request as a person of this role; as a stranger without one. */
  send(method: string, path: string, body?: unknown, role?: Role): Promise<Response>;
  /** Opens a window as the owner; returns the code. */
  openWindow(body?: object): Promise<string>;
  /** What was written down, newest last, as `action subject outcome`. */
  audited(): readonly string[];
}

export async function openDoor(at?: string): Promise<Door> {
  const home = await openHome(at);
  const { audit, auth, authority, clock, db, devices, directory } = home;
  const alerts = new Alerts({ db, clock, log: silentLog });
  const lines: string[] = [];
  const joining = new Join({
    db,
    clock,
    log: silentLog,
    authority,
    auth,
    audit: {
      append: (entry) => {
        lines.push(`${entry.action} ${entry.subject} ${entry.outcome}`);
        audit.append(entry);
      },
    },
    alerts,
    devices,
    mqttsPort: () => 8883,
  });
  await joining.start();
  onTestFinished(() => joining.stop());
  const ops = new Ops({
    version: '0.0.0',
    clock,
    logs: new LogRing(),
    probes: [],
    numbers: {},
    sections: {},
  });
  await ops.start();
  onTestFinished(() => ops.stop());
  const app = buildApp({
    clock,
    log: silentLog,
    audit,
    secrets: home.secrets,
    routes: [(api) => joining.routes(api)],
    rootRoutes: [(api) => joining.rootRoutes(api)],
    operations: ops,
    callerOf: callers({ auth, devices }),
    ourNames: () => new Set(['hub.local']),
    httpsPort: () => 8443,
    trustAnchor: () => authority,
    webDirectory: join(directory, 'web'),
    mostBodyBytes: 1024 * 1024,
  });
  const tokens = new Map<Role, string>();
  const as: Door['as'] = (role) => {
    const token = tokens.get(role) ?? auth.tokens.create({ name: `a ${role}`, role }).token;
    tokens.set(role, token);
    return { authorization: `Bearer ${token}` };
  };
  const ask: Door['ask'] = async (
    path,
    { remoteAddress = '192.168.1.7', certificateDer, ...init } = {},
  ) => {
    const request = new Request(`https://hub.local${path}`, init);
    request.headers.set('host', 'hub.local');
    const arrival = { door: 'https' as const, remoteAddress };
    return app.fetch(request, { ...arrival, ...(certificateDer && { certificateDer }) });
  };
  const send: Door['send'] = (method, path, body, role) =>
    ask(path, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(role && as(role)),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    ...home,
    joining,
    alerts,
    ask,
    as,
    send,
    openWindow: async (body = {}) => {
      const response = await send('POST', '/api/v1/join/window', body, 'owner');
      const { code } = (await response.json()) as { code: string };
      return code;
    },
    audited: () => lines,
  };
}

/** The device that a certificate names, for the authority of this home. */
export const holderOf = ({ authority }: Home, certificatePem: string) =>
  authority.identify(new X509Certificate(certificatePem).raw);
