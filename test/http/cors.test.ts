import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ask, listening, openHouse } from './house.ts';

const panel = 'https://panel.home.example:8123';
const olive = { email: 'o@home.example', password: 'plum kettle orbit 9', name: 'Olive' };
const preflight = (origin: string) => ({
  method: 'OPTIONS',
  headers: {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization, content-type',
  },
});
const corsHeaders = (response: Response) =>
  [...response.headers.keys()].filter((name) => name.startsWith('access-control-'));

describe('pages of other origins', () => {
  it('are shut out as long as nobody lets them in', async () => {
    const { fromLan, as } = await openHouse();
    const asked = await fromLan('/api/v1/devices', preflight(panel));
    expect(asked.status).toBe(401);
    expect(corsHeaders(asked)).toEqual([]);
    const read = await fromLan('/api/v1/devices', { headers: { origin: panel, ...as('guest') } });
    expect(corsHeaders(read)).toEqual([]);
    expect(read.headers.get('vary')).toBeNull();
  });

  it.each([
    'https://evil.example',
    'https://panel.home.example',
    'http://panel.home.example:8123',
    'https://panel.home.example:8123.evil.example',
    'https://x.panel.home.example:8123',
    'null',
    `${panel}/`,
    'HTTPS://panel.home.example:8123',
  ])('are shut out unless they are one that is let in, letter by letter: %s', async (origin) => {
    const { fromLan, as } = await openHouse({ config: { 'https.allowed_origins': panel } });
    const asked = await fromLan('/api/v1/devices', preflight(origin));
    expect([asked.status, corsHeaders(asked)]).toEqual([401, []]);
    const read = await fromLan('/api/v1/devices', { headers: { origin, ...as('guest') } });
    expect(corsHeaders(read)).toEqual([]);
    expect(read.headers.get('vary')).toBe('origin');
  });

  it('that are let in may ask before they send, and use a token', async () => {
    const { fromLan, as } = await openHouse({ config: { 'https.allowed_origins': panel } });
    const asked = await fromLan('/api/v1/devices', preflight(panel));
    expect(asked.status).toBe(204);
    expect(Object.fromEntries(asked.headers)).toMatchObject({
      'access-control-allow-origin': panel,
      'access-control-allow-methods': expect.stringContaining('POST'),
      'access-control-allow-headers': expect.stringContaining('authorization'),
      'access-control-max-age': '600',
      vary: 'origin',
    });
    expect(asked.headers.has('access-control-allow-credentials')).toBe(false);
    const added = await fromLan('/api/v1/devices', {
      method: 'POST',
      headers: { origin: panel, 'content-type': 'application/json', ...as('owner') },
      body: '{"id":"plug"}',
    });
    expect(added.status).toBe(201);
    expect(added.headers.get('access-control-allow-origin')).toBe(panel);
    expect(added.headers.has('access-control-allow-credentials')).toBe(false);
    const missing = await fromLan('/api/v1/devices/none', {
      headers: { origin: panel, ...as('guest') },
    });
    expect(missing.headers.get('access-control-allow-origin')).toBe(panel);
  });

  it('that are let in get nowhere with the session of somebody who is signed in here', async () => {
    const { fromLan, auth } = await openHouse({ config: { 'https.allowed_origins': panel } });
    const setUp = await fromLan('/api/v1/setup', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...olive, code: auth.setupCode() }),
    });
    expect(setUp.status).toBe(201);
    const [cookie = ''] = (setUp.headers.getSetCookie()[0] ?? '').split(';');
    expect((await fromLan('/api/v1/auth/me', { headers: { cookie } })).status).toBe(200);
    const headers = { cookie, origin: panel };
    expect((await fromLan('/api/v1/auth/me', { headers })).status).toBe(401);
    const add = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' } };
    expect((await fromLan('/api/v1/devices', { ...add, body: '{"id":"a"}' })).status).toBe(401);
  });

  it('see nothing of the dashboard or the health page', async () => {
    const { fromLan } = await openHouse({ config: { 'https.allowed_origins': panel } });
    for (const path of ['/', '/health', '/trust']) {
      expect(corsHeaders(await fromLan(path, { headers: { origin: panel } })), path).toEqual([]);
    }
  });

  it('may open the live view when they are let in, as nobody until they show a token', async () => {
    const callers: unknown[] = [];
    const { http, authority, auth } = await listening({
      config: { 'https.allowed_origins': panel },
      onWebSocket: { '/ws': (_, { caller }) => callers.push(caller) },
    });
    const port = http.addresses().https;
    const setUp = await ask({
      port,
      ca: authority.caPem,
      method: 'POST',
      path: '/api/v1/setup',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...olive, code: auth.setupCode() }),
    });
    const [cookie = ''] = `${setUp.headers['set-cookie']}`.split(';');
    const knock = (origin: string) => {
      const { promise, resolve } = Promise.withResolvers<number | 'open'>();
      const ws = new WebSocket(`wss://127.0.0.1:${port}/ws`, {
        ca: authority.caPem,
        headers: { origin, cookie },
      });
      ws.on('open', () => resolve('open'));
      ws.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
      ws.on('error', () => {});
      return promise;
    };
    expect(await knock('https://evil.example')).toBe(403);
    expect(await knock(panel)).toBe('open');
    expect(await knock(`https://127.0.0.1:${port}`)).toBe('open');
    expect(callers).toEqual([undefined, expect.objectContaining({ name: 'Olive' })]);
  });
});
