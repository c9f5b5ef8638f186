import { describe, expect, it } from 'vitest';
import { type Answer, addOwner, addPerson, type House, openHouse, owner } from './house.ts';

const refresh = (house: House, refresh_token: unknown) =>
  house.call('POST', '/auth/refresh', { body: { refresh_token } });

async function signedIn() {
  const house = await openHouse();
  addOwner(house);
  const answer = await house.call('POST', '/auth/login', { body: owner });
  return { house, answer, cookie: answer.cookie };
}

const me = async (house: House, { body }: Answer) =>
  (await house.call('GET', '/auth/me', { bearer: String(body.access_token) })).status;

describe('a refresh token', () => {
  it('gives the next pair, of the same session', async () => {
    const { house, answer } = await signedIn();
    house.clock.advance(1_800_000);
    expect(await me(house, answer)).toBe(401);
    const next = await refresh(house, answer.body.refresh_token);
    expect([next.status, next.cookie]).toEqual([200, '']);
    expect(next.headers.get('cache-control')).toBe('no-store');
    expect(next.body).toMatchObject({
      token_type: 'bearer',
      expires_in: 1800,
      person: { email: owner.email, kind: 'person' },
    });
    expect(next.body.refresh_token).not.toBe(answer.body.refresh_token);
    expect(await me(house, next)).toBe(200);
    const { sessions } = (
      await house.call('GET', '/auth/sessions', { bearer: String(next.body.access_token) })
    ).body as { sessions: unknown[] };
    expect(sessions).toHaveLength(1);
  });

  it('of before ends the whole session, cookie and all, and is written down', async () => {
    const { house, answer, cookie } = await signedIn();
    const news: unknown[] = [];
    house.auth.onRevoked.listen((revocation) => news.push(revocation));
    const next = await refresh(house, answer.body.refresh_token);
    house.clock.advance(10_000);
    expect((await refresh(house, answer.body.refresh_token)).status).toBe(401);
    expect(await me(house, next)).toBe(401);
    expect((await refresh(house, next.body.refresh_token)).status).toBe(401);
    expect((await house.call('GET', '/auth/me', { headers: { cookie } })).status).toBe(401);
    expect(news).toMatchObject([{ kind: 'session', name: owner.name }]);
    expect(house.audited.map(({ action }) => action)).toEqual(['auth.login', 'auth.refresh_reuse']);
    expect(house.audited[1]).toMatchObject({ subject: 'person:olive', outcome: 'refused' });
  });

  it('is known for one of before, however many came after it', async () => {
    const { house, answer } = await signedIn();
    let newest = answer;
    for (let i = 0; i < 5; i++) {
      newest = await refresh(house, newest.body.refresh_token);
      house.clock.advance(20_000);
    }
    expect((await refresh(house, answer.body.refresh_token)).status).toBe(401);
    expect((await refresh(house, newest.body.refresh_token)).status).toBe(401);
  });

  it('gets the same answer when the first got lost, for ten seconds', async () => {
    const { house, answer } = await signedIn();
    const [first, retry] = await Promise.all([
      refresh(house, answer.body.refresh_token),
      refresh(house, answer.body.refresh_token),
    ]);
    house.clock.advance(9_999);
    const late = await refresh(house, answer.body.refresh_token);
    expect(retry.body).toEqual(first.body);
    expect(late.body).toEqual(first.body);
    expect(await me(house, late)).toBe(200);
    house.clock.advance(1);
    expect((await refresh(house, answer.body.refresh_token)).status).toBe(401);
  });

  it('gets no answer again once the next one was used: then it is a copy', async () => {
    const { house, answer } = await signedIn();
    const next = await refresh(house, answer.body.refresh_token);
    const third = await refresh(house, next.body.refresh_token);
    expect((await refresh(house, answer.body.refresh_token)).status).toBe(401);
    expect(await me(house, third)).toBe(401);
    expect(house.audited.at(-1)).toMatchObject({ action: 'auth.refresh_reuse' });
  });

  it('gets no answer again once the session is over', async () => {
    const { house, answer } = await signedIn();
    const next = await refresh(house, answer.body.refresh_token);
    await house.call('POST', '/auth/logout', { bearer: String(next.body.access_token) });
    expect((await refresh(house, answer.body.refresh_token)).status).toBe(401);
  });

  it('is known for one of before after a restart too', async () => {
    const { house, answer } = await signedIn();
    const next = await refresh(house, answer.body.refresh_token);
    const after = await house.restart();
    expect((await refresh(after, answer.body.refresh_token)).status).toBe(401);
    expect((await refresh(after, next.body.refresh_token)).status).toBe(401);
    expect(after.audited.map(({ action }) => action)).toEqual(['auth.refresh_reuse']);
  });

  it('is not had with what anybody may know of a session, which ends nothing either', async () => {
    const { house, answer } = await signedIn();
    const [id = '', family = '', secret = ''] = String(answer.body.refresh_token).split('.');
    const wrong = 'A'.repeat(43);
    for (const token of [
      id,
      `${id}..`,
      `${id}.${wrong}.${wrong}`,
      `${id}.${wrong}.${secret}`,
      `x.${family}.${secret}`,
      'nonsense',
      String(answer.body.access_token).slice(0, 500),
    ]) {
      expect((await refresh(house, token)).status, token).toBe(401);
    }
    expect(house.audited.map(({ action }) => action)).toEqual(['auth.login']);
    expect((await refresh(house, answer.body.refresh_token)).status).toBe(200);
  });

  it.each([
    [
      'a disabled person',
      (house: House) => house.auth.household.change('bob', { disabled: true }, local),
    ],
    ['a removed person', (house: House) => house.auth.household.remove('bob', local)],
    [
      'another role',
      (house: House) => house.auth.household.change('bob', { role: 'guest' }, local),
    ],
  ])('is void at once with %s', async (_what, change) => {
    const house = await openHouse();
    addOwner(house);
    addPerson(house, { id: 'bob', name: 'Bob', email: 'bob@home.example', role: 'member' });
    const answer = await house.call('POST', '/auth/login', {
      body: { email: 'bob@home.example', password: owner.password },
    });
    expect(await me(house, answer)).toBe(200);
    const news: unknown[] = [];
    house.auth.onRevoked.listen((revocation) => news.push(revocation));
    await change(house);
    expect(await me(house, answer)).toBe(401);
    expect((await refresh(house, answer.body.refresh_token)).status).toBe(401);
    const { cookie } = answer;
    expect((await house.call('GET', '/auth/me', { headers: { cookie } })).status).toBe(401);
    expect(news).toContainEqual({ kind: 'person', id: 'bob', name: 'Bob' });
  });
});

const local = {
  caller: { kind: 'local', id: 'local', name: 'local', role: 'owner' },
  origin: { remoteAddress: '', userAgent: '', isLocal: true },
} as const;
