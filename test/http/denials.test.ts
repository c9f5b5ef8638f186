import { describe, expect, it } from 'vitest';
import type { House } from './house.ts';
import { ask, listening, openHouse } from './house.ts';

const denialsOf = ({ audit }: House) =>
  audit
    .list({ action: 'access.denied', limit: 1000 })
    .reverse()
    .map(({ actor, subject, outcome, origin, detail }) => ({
      actor,
      subject,
      outcome,
      origin,
      ...(Object.keys(detail).length > 0 && { detail }),
    }));

describe('whoever is turned away is written down', () => {
  it('by name, with the pattern of the path and the address, and nothing of what was said', async () => {
    const house = await openHouse();
    const { fromLan, as, devices } = house;
    const { apiKey } = devices.create({ id: 'plug' });
    const post = { method: 'POST', body: '{"id":"s3cret"}', remoteAddress: '192.168.1.9' };
    const typed = { 'content-type': 'application/json' };
    await fromLan('/api/v1/devices?note=s3cret', {
      ...post,
      headers: { ...typed, ...as('guest') },
    });
    await fromLan('/api/v1/devices', { ...post, headers: { ...typed, 'x-api-key': apiKey } });
    await fromLan('/api/v1/devices/s3cret', { headers: { authorization: 'Bearer s3cret' } });
    await fromLan('/api/v1/audit');
    await fromLan('/api/v1/s3cret');
    expect(denialsOf(house)).toEqual([
      {
        actor: 'token:a guest',
        subject: 'POST /api/v1/devices',
        outcome: 'forbidden',
        origin: '192.168.1.9',
      },
      {
        actor: 'device:plug',
        subject: 'POST /api/v1/devices',
        outcome: 'forbidden',
        origin: '192.168.1.9',
      },
      {
        actor: 'nobody',
        subject: 'GET /api/v1/devices/:id',
        outcome: 'unauthenticated',
        origin: '192.168.1.7',
      },
      {
        actor: 'nobody',
        subject: 'GET /api/v1/audit',
        outcome: 'unauthenticated',
        origin: '192.168.1.7',
      },
      { actor: 'nobody', subject: 'GET other', outcome: 'unauthenticated', origin: '192.168.1.7' },
    ]);
    expect(JSON.stringify(house.audit.list({ limit: 100 }))).not.toContain('s3cret');
  });

  it('also when it came under a name that is not ours, or from a page that is not', async () => {
    const house = await openHouse();
    await house.fromLan('/api/v1/devices', { headers: { host: 'evil.example' } });
    expect(denialsOf(house)).toMatchObject([
      { actor: 'nobody', subject: 'GET /api/v1/devices', outcome: 'forbidden' },
    ]);
  });

  it('but not who only asks who they are, nor what a public handler writes down itself', async () => {
    const house = await openHouse();
    expect((await house.fromLan('/api/v1/auth/me')).status).toBe(401);
    expect((await house.fromLan('/openapi.json')).status).toBe(401);
    const wrong = await house.fromLan('/api/v1/auth/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'a@home.example', password: 'plum kettle orbit 9' }),
    });
    expect(wrong.status).toBe(401);
    expect(denialsOf(house)).toEqual([]);
    const headers = { authorization: 'Bearer wrong' };
    expect((await house.fromLan('/api/v1/auth/me', { headers })).status).toBe(401);
    expect(denialsOf(house)).toHaveLength(1);
  });

  it('twenty times a minute for an address, and then with how often it went on', async () => {
    const house = await openHouse();
    const ask = (remoteAddress: string) => house.fromLan('/api/v1/audit', { remoteAddress });
    for (let i = 0; i < 55; i++) await ask('192.168.1.66');
    await ask('192.168.1.7');
    expect(denialsOf(house)).toHaveLength(21);
    house.clock.advance(60_000);
    expect(denialsOf(house).slice(21)).toEqual([
      {
        actor: 'nobody',
        subject: 'many',
        outcome: 'refused',
        origin: '192.168.1.66',
        detail: { count: 35 },
      },
    ]);
    await ask('192.168.1.66');
    expect(denialsOf(house)).toHaveLength(23);
    house.clock.advance(60_000);
    expect(denialsOf(house)).toHaveLength(23);
  });

  it('a bounded number of times however many addresses there are', async () => {
    const house = await openHouse();
    for (let i = 0; i < 1500; i++) {
      await house.fromLan('/api/v1/audit', { remoteAddress: `10.0.${i >> 8}.${i & 255}` });
    }
    expect(denialsOf(house)).toHaveLength(200);
    house.clock.advance(60_000);
    const counts = denialsOf(house).slice(200);
    expect(counts).toHaveLength(21);
    const sum = counts.reduce((total, { detail }) => total + Number(detail?.count), 0);
    expect(sum).toBe(1300);
  });

  it('also at the door of WebSockets', async () => {
    const house = await listening();
    const { https } = house.http.addresses();
    const knock = (headers: Record<string, string>) =>
      ask({
        port: https,
        ca: house.authority.caPem,
        path: '/ws?token=s3cret',
        headers: {
          connection: 'upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
          ...headers,
        },
      });
    expect((await knock({ authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await knock({ origin: 'https://evil.example' })).status).toBe(403);
    expect(denialsOf(house)).toMatchObject([
      { actor: 'nobody', subject: 'GET /ws', outcome: 'unauthenticated', origin: '127.0.0.1' },
      { actor: 'nobody', subject: 'GET /ws', outcome: 'forbidden', origin: '127.0.0.1' },
    ]);
  });
});

it('answers a refusal even when it cannot be written down', async () => {
  const house = await openHouse();
  house.db.exec('DROP TABLE audit');
  expect((await house.fromLan('/api/v1/audit')).status).toBe(401);
});
