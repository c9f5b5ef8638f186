import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { serverLimits } from '../../src/http/listener.ts';
import { listening, openHouse } from './house.ts';

describe('whoever asks too much', () => {
  it.each([
    ['token', 1000, 100],
    ['device', 200, 20],
  ] as const)('waits, whatever address it comes from: a %s', async (kind, burst, perSecond) => {
    const { fromLan, as, clock, devices } = await openHouse();
    const { apiKey } = devices.create({ id: 'plug' });
    const key: Record<string, string> = kind === 'token' ? as('service') : { 'x-api-key': apiKey };
    const path = kind === 'token' ? '/api/v1/devices/plug' : '/api/v1/devices/status';
    let sent = 0;
    const send = async (headers = key) => {
      sent += 1;
      return fromLan(path, { headers, remoteAddress: `10.0.${sent >> 7}.${sent & 127}` });
    };
    for (let i = 0; i < burst; i++) expect((await send()).status).toBe(200);
    const refused = await send();
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('ratelimit')).toContain(`"${kind}";r=0;t=${burst / perSecond}`);
    expect(await refused.json()).toMatchObject({
      code: 'too_many_requests',
      detail: `that is too many requests from one ${kind}`,
    });
    // Another is not held up by it, and a moment later there is some more.
    const other: Record<string, string> =
      kind === 'token' ? as('service') : { 'x-api-key': devices.create({ id: 'lamp' }).apiKey };
    expect((await send(other)).status).toBe(200);
    clock.advance(1000 / perSecond);
    expect((await send()).status).toBe(200);
    expect((await send()).status).toBe(429);
  });

  it('waits: an account, in however many sessions', async () => {
    const { fromLan, auth } = await openHouse();
    const setUp = await fromLan('/api/v1/setup', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        email: 'o@home.example',
        password: 'plum kettle orbit 9',
        name: 'Olive',
        code: auth.setupCode(),
      }),
    });
    const [cookie = ''] = (setUp.headers.getSetCookie()[0] ?? '').split(';');
    const ask = (i: number) =>
      fromLan('/api/v1/devices', { headers: { cookie }, remoteAddress: `10.0.1.${i % 100}` });
    for (let i = 0; i < 500; i++) expect((await ask(i)).status).toBe(200);
    const refused = await ask(0);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
  });

  it('is told with every answer what is left', async () => {
    const { fromLan, as } = await openHouse();
    const { headers } = await fromLan('/api/v1/devices', { headers: as('guest') });
    expect(headers.get('ratelimit-policy')).toBe('"token";q=1000;w=10, "address";q=1000;w=10');
    expect(headers.get('ratelimit')).toBe('"token";r=999;t=1, "address";r=999;t=1');
  });

  it('is held up on every path, also those beside the API', async () => {
    const { fromLan } = await openHouse();
    const remoteAddress = '192.168.1.7';
    for (let i = 0; i < 1000; i++) await fromLan('/.well-known/jwks.json', { remoteAddress });
    for (const path of ['/.well-known/jwks.json', '/', '/openapi.json', '/trust']) {
      expect((await fromLan(path, { remoteAddress })).status, path).toBe(429);
    }
  });

  it('is not the owner at the machine', async () => {
    const { fromLan } = await openHouse();
    for (let i = 0; i < 1200; i++) {
      const answer = await fromLan('/api/v1/devices', { door: 'socket', remoteAddress: '' });
      expect(answer.status).toBe(200);
    }
  });
});

describe('a request', () => {
  /** Writes `text` to a listener and returns what comes back. */
  async function say(text: string): Promise<string> {
    const { http } = await listening();
    const { promise, resolve } = Promise.withResolvers<string>();
    const socket = connect(http.addresses().http, '127.0.0.1', () => socket.write(text));
    let heard = '';
    socket.on('data', (data) => {
      heard += data;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(heard));
    return promise;
  }

  it('has headers of 16 kB at most', async () => {
    const long = `GET /health HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`;
    expect(await say(long)).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('may not say its length in two ways', async () => {
    const two =
      'POST /api/v1/setup HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n' +
      'transfer-encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n';
    expect(await say(two)).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('is over in bounded time, its headers sooner', async () => {
    expect(serverLimits.headersTimeout).toBeLessThanOrEqual(10_000);
    expect(serverLimits.requestTimeout).toBeLessThanOrEqual(30_000);
    expect(serverLimits.keepAliveTimeout).toBeLessThanOrEqual(15_000);
    expect(await say('GET /health HTTP/1.1\r\nhost: loc')).toMatch(/^HTTP\/1\.1 408 /);
  }, 20_000);
});

it('shows no version of TLS that is older than the setting', async () => {
  const { http } = await listening();
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connectTls({
    port: http.addresses().https,
    host: '127.0.0.1',
    maxVersion: 'TLSv1.2',
    rejectUnauthorized: false,
  });
  socket.on('secureConnect', () => resolve('connected'));
  socket.on('error', (error) => resolve(error.message));
  expect(await promise).toMatch(/protocol version/);
});
