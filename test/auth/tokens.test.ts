import { describe, expect, it } from 'vitest';
import { roles } from '#auth';
import { type House, openHouse, startMs } from './house.ts';

const dayMs = 86_400_000;

const me = async (house: House, bearer: string) =>
  (await house.call('GET', '/auth/me', { bearer })).status;

describe('the API of tokens', () => {
  it('makes one, shows it once, lists it and revokes it', async () => {
    const house = await openHouse();
    const door = 'socket';
    const body = { name: 'Grafana', role: 'service', expiresIn: '30d' };
    const made = await house.call('POST', '/tokens', { door, body });
    expect(made.status).toBe(201);
    expect(made.headers.get('cache-control')).toBe('no-store');
    expect(made.body).toEqual({
      id: expect.any(String),
      name: 'Grafana',
      role: 'service',
      token: expect.stringMatching(/^hearth_[A-Za-z0-9_-]{43}$/),
      created_at: new Date(startMs).toISOString(),
      expires_at: new Date(startMs + 30 * dayMs).toISOString(),
      last_used_at: null,
      revoked_at: null,
      scopes: null,
    });
    const { token, ...shown } = made.body;
    const list = await house.call('GET', '/tokens', { door });
    expect(list.body.tokens).toContainEqual(shown);
    expect(JSON.stringify(list.body)).not.toContain(token);

    const path = `/tokens/${made.body.id}`;
    expect((await house.call('DELETE', path, { door })).status).toBe(204);
    expect(await me(house, String(token))).toBe(401);
    expect((await house.call('DELETE', path, { door })).status).toBe(404);
    expect((await house.call('DELETE', '/tokens/none', { door })).status).toBe(404);
  });

  it.each(roles)('gives a token of role %s that role, and no more', async (role) => {
    const house = await openHouse();
    const { token } = house.auth.tokens.create({ name: 'ci', role });
    const { body } = await house.call('GET', '/auth/me', { bearer: token });
    expect(body).toEqual({ id: expect.any(String), name: 'ci', role, kind: 'token' });
    const { status } = await house.call('GET', '/tokens', { bearer: token });
    expect(status).toBe(role === 'owner' ? 200 : 403);
  });

  it.each<[string, Record<string, unknown>]>([
    ['a role that is none', { name: 'ci', role: 'god' }],
    ['a role only devices have', { name: 'ci', role: 'device' }],
    ['a role that sees what is shared with a person', { name: 'ci', role: 'guest' }],
    ['no name', { role: 'service' }],
    ['a lifetime that is none', { name: 'ci', role: 'service', expiresIn: 'soon' }],
    ['a lifetime beyond the calendar', { name: 'ci', role: 'service', expiresIn: '999999999w' }],
  ])('refuses %s', async (_what, body) => {
    const house = await openHouse();
    const { status } = await house.call('POST', '/tokens', { door: 'socket', body });
    expect(status).toBe(400);
    expect(house.auth.tokens.list()).toEqual([]);
  });

  it('has nothing to say to a stranger', async () => {
    const house = await openHouse();
    for (const [method, path] of [
      ['GET', '/tokens'],
      ['POST', '/tokens'],
      ['DELETE', '/tokens/1'],
      ['GET', '/credentials'],
      ['POST', '/credentials'],
      ['DELETE', '/credentials/1'],
      ['GET', '/auth/me'],
      ['POST', '/auth/logout'],
    ] as const) {
      const body = method === 'POST' ? { name: 'x', role: 'service' } : undefined;
      expect((await house.call(method, path, { body })).status, `${method} ${path}`).toBe(401);
    }
  });
});

describe('the scopes of a token', () => {
  it('leave it those of its role’s rights, over a restart too', async () => {
    const house = await openHouse();
    const body = { name: 'Grafana', role: 'owner', scopes: ['self.read', 'telemetry.read'] };
    const made = await house.call('POST', '/tokens', { door: 'socket', body });
    expect(made.body.scopes).toEqual(body.scopes);
    const token = String(made.body.token);
    for (const now of [house, await house.restart()]) {
      expect(now.auth.callerOfToken(token)).toMatchObject({ scopes: body.scopes });
      expect(await me(now, token)).toBe(200);
      expect((await now.call('GET', '/tokens', { bearer: token })).status).toBe(403);
      expect((await now.call('GET', '/people', { bearer: token })).status).toBe(403);
    }
  });

  it.each([
    ['none', []],
    ['one that is none', ['everything']],
    ['a word', 'self.read'],
  ])('are refused when they are %s', async (_what, scopes) => {
    const house = await openHouse();
    const body = { name: 'ci', role: 'owner', scopes };
    const answer = await house.call('POST', '/tokens', { door: 'socket', body });
    expect(answer.status).toBe(400);
  });

  it('are refused when its role may not all of them, which are named with those that it may', async () => {
    const house = await openHouse();
    const scopes = ['devices.read', 'tokens.manage'];
    const body = { name: 'ci', role: 'member', scopes };
    const answer = await house.call('POST', '/tokens', { door: 'socket', body });
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([
      422,
      'unprocessable',
      'scopes.1',
    ]);
    expect(answer.body.message).toBe('the role member may not tokens.manage');
    expect(answer.body.hint).toMatch(/devices\.read, devices\.control, telemetry\.read/);
    expect(answer.body.hint).not.toContain('tokens.manage');
    expect(house.auth.tokens.list()).toEqual([]);
  });

  it('are what a refusal names when they are the reason, and the role when that is', async () => {
    const house = await openHouse();
    const scopes = ['self.read'] as const;
    const refusal = async (role: 'owner' | 'member') => {
      const { token } = house.auth.tokens.create({ name: `ci ${role}`, role, scopes });
      const { status, body } = await house.call('GET', '/people', { bearer: token });
      return [status, body.message, body.hint];
    };
    expect(await refusal('owner')).toEqual([
      403,
      'the scopes of ci owner leave out people.manage',
      'Its role may do this: take a token whose scopes have people.manage.',
    ]);
    expect(await refusal('member')).toEqual([
      403,
      'ci member may not do this',
      'Ask the owner of this home for a role that may.',
    ]);
  });

  it('are written down with who made and revoked it', async () => {
    const house = await openHouse();
    const body = { name: 'ci', role: 'service' };
    const made = await house.call('POST', '/tokens', { door: 'socket', body });
    await house.call('DELETE', `/tokens/${made.body.id}`, { door: 'socket' });
    expect(house.audited).toMatchObject([
      { actor: 'local', action: 'token.create', subject: `token:${made.body.id}` },
      { actor: 'local', action: 'token.revoke', origin: 'control socket' },
    ]);
  });
});

describe('a token', () => {
  it('ends when it said it would, not a moment earlier', async () => {
    const house = await openHouse();
    const { token } = house.auth.tokens.create({ name: 'ci', role: 'guest', expiresIn: '1h' });
    house.clock.advance(3_599_999);
    expect(house.auth.callerOfToken(token)).toMatchObject({ name: 'ci' });
    house.clock.advance(1);
    expect(house.auth.callerOfToken(token)).toBeUndefined();
  });

  it('tells whoever listens that it expired, within a minute and once', async () => {
    const house = await openHouse();
    const news: unknown[] = [];
    house.auth.onRevoked.listen((revocation) => news.push(revocation));
    const { id } = house.auth.tokens.create({ name: 'ci', role: 'guest', expiresIn: '1h' });
    const revoked = house.auth.tokens.create({ name: 'cd', role: 'guest', expiresIn: '1h' });
    house.auth.tokens.revoke(revoked.id);
    news.length = 0;
    house.clock.advance(3_599_999);
    expect(news).toEqual([]);
    house.clock.advance(3_600_000);
    expect(news).toEqual([{ kind: 'token', id, name: 'ci' }]);
  });

  it('is told apart from anything that is not one', async () => {
    const house = await openHouse();
    const { token } = house.auth.tokens.create({ name: 'ci', role: 'guest' });
    for (const other of ['', 'hearth_', token.slice(0, -1), `${token}x`, token.toUpperCase()]) {
      expect(house.auth.callerOfToken(other), other).toBeUndefined();
    }
  });

  it('stays what it is over a restart: valid, or revoked for good', async () => {
    const house = await openHouse();
    const kept = house.auth.tokens.create({ name: 'kept', role: 'guest' });
    const gone = house.auth.tokens.create({ name: 'gone', role: 'guest' });
    house.auth.tokens.revoke(gone.id);
    const before = house.auth.tokens.list();
    const after = await house.restart();
    expect(after.auth.tokens.list()).toEqual(before);
    expect(after.auth.callerOfToken(kept.token)).toMatchObject({ id: kept.id });
    expect(after.auth.callerOfToken(gone.token)).toBeUndefined();
  });

  it('tells whoever listens that it was revoked, once', async () => {
    const house = await openHouse();
    const { id } = house.auth.tokens.create({ name: 'ci', role: 'guest' });
    const news: unknown[] = [];
    house.auth.onRevoked.listen((revocation) => news.push(revocation));
    expect([house.auth.tokens.revoke(id), house.auth.tokens.revoke(id)]).toEqual([true, false]);
    expect(news).toEqual([{ kind: 'token', id, name: 'ci' }]);
  });

  it('has its last use written once a minute, and when the hub stops', async () => {
    const house = await openHouse();
    const { token } = house.auth.tokens.create({ name: 'ci', role: 'guest' });
    const written = () =>
      house.db.prepare<[], { at: string | null }>('SELECT last_used_at AS at FROM tokens').get()
        ?.at;
    house.clock.advance(1000);
    house.auth.callerOfToken(token);
    expect(written()).toBeNull();
    expect(house.auth.tokens.list()[0]?.lastUsedAt).toBe(new Date(startMs + 1000).toISOString());
    house.clock.advance(59_000);
    expect(written()).toBe(new Date(startMs + 1000).toISOString());
    house.auth.callerOfToken(token);
    await house.auth.stop();
    expect(written()).toBe(new Date(startMs + 60_000).toISOString());
  });

  it('is one of a thousand at most', async () => {
    const house = await openHouse();
    house.db.pragma('synchronous = OFF');
    const first = house.auth.tokens.create({ name: 'first', role: 'guest' });
    for (let i = 1; i < 1000; i++) house.auth.tokens.create({ name: `t${i}`, role: 'guest' });
    const another = () => house.auth.tokens.create({ name: 'another', role: 'guest' });
    expect(another).toThrow(expect.objectContaining({ code: 'conflict' }));
    house.auth.tokens.revoke(first.id);
    expect(another().name).toBe('another');
  });
});
