import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import type { WebSocketVisit } from '#http';
import { type House, type HouseOptions, listening } from './house.ts';

interface Visits extends House {
  readonly visits: WebSocketVisit[];
  /** Opens a WebSocket over HTTPS; resolves to the status it was refused with, or `open`. */
  knock(path: string, options?: ClientOptions & { protocol?: string }): Promise<number | 'open'>;
}

async function open(options: HouseOptions = {}): Promise<Visits> {
  const visits: WebSocketVisit[] = [];
  const visit = (_: WebSocket, news: WebSocketVisit) => visits.push(news);
  const house = await listening({ ...options, onWebSocket: { '/ws': visit, '/mqtt': visit } });
  const knock: Visits['knock'] = (path, { protocol, ...client } = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<number | 'open'>();
    const url = `wss://127.0.0.1:${house.http.addresses().https}${path}`;
    const settings = { ca: house.authority.caPem, ...client };
    const ws = protocol ? new WebSocket(url, protocol, settings) : new WebSocket(url, settings);
    ws.on('open', () => resolve('open'));
    ws.on('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    ws.on('error', reject);
    return promise;
  };
  return { ...house, visits, knock };
}

describe('/ws', () => {
  it('knows who comes with a token, and lets a stranger in to say who it is', async () => {
    const { knock, visits, as } = await open();
    expect(await knock('/ws', { headers: as('guest') })).toBe('open');
    expect(await knock('/ws')).toBe('open');
    expect(visits.map(({ caller }) => caller?.role)).toEqual(['guest', undefined]);
    expect(await visits[0]?.reauthenticate()).toMatchObject({ role: 'guest' });
  });

  it('takes no token from the address, where it would end up in logs', async () => {
    const { knock, visits, auth } = await open();
    const { token } = auth.tokens.create({ name: 'a', role: 'owner' });
    expect(await knock(`/ws?token=${token}`)).toBe('open');
    expect(visits[0]?.caller).toBeUndefined();
  });

  it('refuses wrong tokens, devices and other sites', async () => {
    const { knock, devices, as, visits } = await open();
    const { apiKey } = devices.create({ id: 'plug' });
    expect(await knock('/ws', { headers: { authorization: 'Bearer hearth_no' } })).toBe(401);
    expect(await knock('/ws', { headers: { 'x-api-key': apiKey } })).toBe(403);
    const evil = { ...as('owner'), origin: 'https://evil.example' };
    expect(await knock('/ws', { headers: evil })).toBe(403);
    expect(await knock('/ws', { headers: { host: 'evil.example' } })).toBe(403);
    expect(await knock('/ws', { headers: { 'sec-fetch-site': 'cross-site' } })).toBe(403);
    expect(visits).toEqual([]);
  });

  it('is bounded in number', async () => {
    const { knock } = await open({ config: { 'limits.websockets': 2 } });
    expect([await knock('/ws'), await knock('/ws'), await knock('/ws')]).toEqual([
      'open',
      'open',
      503,
    ]);
  });
});

describe('/mqtt', () => {
  it('hands over the client certificate, when the client shows one', async () => {
    const { knock, authority, visits } = await open();
    const { certificatePem, keyPem } = await authority.issueClient({ deviceId: 'plug' });
    const shown = { cert: certificatePem, ...(keyPem === undefined ? {} : { key: keyPem }) };
    expect(await knock('/mqtt', { protocol: 'mqtt', ...shown })).toBe('open');
    expect(await knock('/mqtt', { protocol: 'mqtt' })).toBe('open');
    const [first, second] = visits;
    expect(authority.identify(first?.certificateDer ?? new Uint8Array())).toMatchObject({
      deviceId: 'plug',
    });
    expect(second?.certificateDer).toBeUndefined();
  });

  it('speaks the subprotocol mqtt and no other', async () => {
    const { knock } = await open();
    expect(await knock('/mqtt')).toBe(400);
    expect(await knock('/mqtt', { protocol: 'chat' })).toBe(400);
  });
});

it('has no other WebSockets', async () => {
  const { knock } = await open();
  for (const path of ['/', '/api/v1/ws', '/ws/', '/mqtt2']) expect(await knock(path)).toBe(404);
});

it('cuts off a client that sends too much at once', async () => {
  const closed = Promise.withResolvers<number>();
  const { http, authority } = await listening({
    onWebSocket: {
      '/ws': (ws) => {
        ws.on('error', () => {});
        ws.on('close', (code) => closed.resolve(code));
      },
    },
  });
  const ws = new WebSocket(`wss://127.0.0.1:${http.addresses().https}/ws`, { ca: authority.caPem });
  await once(ws, 'open');
  ws.send('x'.repeat(70_000));
  expect(await closed.promise).toBe(1006);
  const [code] = await once(ws, 'close');
  expect(code).toBe(1009);
});

it('ends every WebSocket when it stops', async () => {
  const { http, authority } = await listening({ onWebSocket: { '/ws': () => {} } });
  const ws = new WebSocket(`wss://127.0.0.1:${http.addresses().https}/ws`, { ca: authority.caPem });
  await once(ws, 'open');
  const closed = once(ws, 'close');
  await http.stop();
  expect((await closed)[0]).toBe(1001);
});
