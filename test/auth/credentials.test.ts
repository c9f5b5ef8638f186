import { describe, expect, it } from 'vitest';
import { openHouse } from './house.ts';

/** Chosen by a person, so that it takes the slow hash. */
const password = 'a lamp in the north window';

describe('the API of credentials', () => {
  it('makes one, shows its password once, lists it and removes it', async () => {
    const house = await openHouse();
    const door = 'socket';
    const body = { name: 'nodered', role: 'service' };
    const made = await house.call('POST', '/credentials', { door, body });
    expect(made.status).toBe(201);
    expect(made.headers.get('cache-control')).toBe('no-store');
    expect(made.body).toMatchObject(body);
    expect(made.body.password).toMatch(/^([0-9a-z]{5}-){3}[0-9a-z]{5}$/);
    const { password, ...shown } = made.body;
    const list = await house.call('GET', '/credentials', { door });
    expect(list.body).toEqual({ credentials: [shown] });

    expect(await house.auth.credentials.verify('nodered', String(password))).toEqual(body);
    expect((await house.call('POST', '/credentials', { door, body })).status).toBe(409);
    expect((await house.call('DELETE', '/credentials/nodered', { door })).status).toBe(204);
    expect((await house.call('DELETE', '/credentials/nodered', { door })).status).toBe(404);
    expect(await house.auth.credentials.verify('nodered', String(password))).toBeUndefined();
  });

  it.each<[string, Record<string, unknown>, string | undefined]>([
    ['a role of people', { name: 'nodered', role: 'owner' }, undefined],
    ['a wildcard', { name: '#', role: 'service' }, 'name'],
    ['a topic', { name: 'a/b', role: 'service' }, 'name'],
    ['a weak password', { name: 'plug', role: 'device', password: '1234567890' }, 'password'],
    [
      'its name as a password',
      { name: 'tasmota-plug', role: 'device', password: 'tasmota-plug' },
      'password',
    ],
  ])('refuses %s', async (_what, body, field) => {
    const house = await openHouse();
    const door = 'socket';
    const answer = await house.call('POST', '/credentials', { door, body });
    expect([answer.status, answer.body.field]).toEqual([400, field]);
    expect(house.auth.credentials.list()).toEqual([]);
  });
});

describe('verifying', () => {
  it('takes the right password and no other, and each name by its own', async () => {
    const { auth } = await openHouse();
    const one = await auth.credentials.add({ name: 'one', role: 'service' });
    const two = await auth.credentials.add({
      name: 'two',
      role: 'device',
      password: 'burnt into the chip',
    });
    const verify = (name: string, password: string) => auth.credentials.verify(name, password);
    expect(await verify('one', one.password)).toEqual({ name: 'one', role: 'service' });
    expect(await verify('two', two.password)).toEqual({ name: 'two', role: 'device' });
    for (const [name, password] of [
      ['one', two.password],
      ['two', one.password],
      ['One', one.password],
      ['one', ''],
      ['one', one.password.toUpperCase()],
      ['three', one.password],
      ['', ''],
    ] as const) {
      expect(await verify(name, password), `${name} ${password}`).toBeUndefined();
    }
  });

  it('is slow once for a chosen password and fast after, for ten minutes', async () => {
    const { auth, clock } = await openHouse();
    await auth.credentials.add({ name: 'nodered', role: 'service', password });
    const tookMs = async () => {
      const startMs = performance.now();
      expect(await auth.credentials.verify('nodered', password)).toBeDefined();
      return performance.now() - startMs;
    };
    const slowMs = await tookMs();
    const storm = await Promise.all(Array.from({ length: 50 }, tookMs));
    expect(Math.max(...storm)).toBeLessThan(slowMs);
    clock.advance(10 * 60_000);
    expect(await tookMs()).toBeGreaterThan(Math.max(...storm));
  });

  it('is fast at once for a password that was made here, and slow to refuse a wrong one', async () => {
    const { auth } = await openHouse();
    const made = await auth.credentials.add({ name: 'nodered', role: 'service' });
    const startMs = performance.now();
    expect(await auth.credentials.verify('nodered', made.password)).toBeDefined();
    const rightMs = performance.now() - startMs;
    expect(await auth.credentials.verify('nodered', 'not the password')).toBeUndefined();
    expect(performance.now() - startMs - rightMs).toBeGreaterThan(rightMs);
  });

  it('takes as long for an unknown name as for a wrong password', async () => {
    const { auth } = await openHouse();
    await auth.credentials.add({ name: 'nodered', role: 'service' });
    const tookMs = async (name: string) => {
      const startMs = performance.now();
      await auth.credentials.verify(name, 'not the password');
      return performance.now() - startMs;
    };
    const [known, unknown] = [await tookMs('nodered'), await tookMs('nobody')];
    // Without the slow hash it is a hundred times faster; the machine may be busy.
    expect(unknown).toBeGreaterThan(known / 5);
  });

  it('does not remember a password beyond its removal', async () => {
    const { auth } = await openHouse();
    const before = await auth.credentials.add({ name: 'nodered', role: 'service' });
    await auth.credentials.verify('nodered', before.password);
    const news: unknown[] = [];
    auth.onRevoked.listen((revocation) => news.push(revocation));
    expect([auth.credentials.remove('nodered'), auth.credentials.remove('nodered')]).toEqual([
      true,
      false,
    ]);
    expect(news).toEqual([{ kind: 'credential', id: 'nodered', name: 'nodered' }]);
    const after = await auth.credentials.add({ name: 'nodered', role: 'service' });
    expect(await auth.credentials.verify('nodered', before.password)).toBeUndefined();
    expect(await auth.credentials.verify('nodered', after.password)).toBeDefined();
  });

  it('lets nobody in whose credential goes while it is being verified', async () => {
    const { auth } = await openHouse();
    await auth.credentials.add({ name: 'nodered', role: 'service', password });
    const verdict = auth.credentials.verify('nodered', password);
    auth.credentials.remove('nodered');
    expect(await verdict).toBeUndefined();
  });

  it('makes whoever guesses wait, and nobody who knows the password', async () => {
    const { auth, clock } = await openHouse();
    await auth.credentials.add({ name: 'nodered', role: 'service', password });
    const made = await auth.credentials.add({ name: 'plug', role: 'device' });
    const verify = (name: string, secret: string, from: string) =>
      auth.credentials.verify(name, secret, from).catch(({ code }) => code);
    const [here, there] = ['192.168.1.66', '192.168.1.7'];
    expect(await verify('nodered', password, there)).toMatchObject({ name: 'nodered' });
    const guesses = await Promise.all(
      Array.from({ length: 14 }, (_, i) => verify('nodered', `guess ${i}`, here)),
    );
    expect(guesses.filter((answer) => answer === undefined)).toHaveLength(10);
    // That it was right a moment ago is no way to guess without being counted.
    expect(await verify('nodered', password, here)).toBe('too_many_requests');
    expect(await verify('nodered', password, there)).toMatchObject({ name: 'nodered' });
    expect(await verify('plug', made.password, here)).toMatchObject({ name: 'plug' });
    clock.advance(60_000);
    expect(await verify('nodered', password, here)).toMatchObject({ name: 'nodered' });
  });

  it('lets a fleet in that comes back at once from one address', async () => {
    const house = await openHouse();
    const names = Array.from({ length: 12 }, (_, i) => `plug-${i}`);
    for (const name of names) await house.auth.credentials.add({ name, role: 'device', password });
    const { auth } = await house.restart();
    const tries = [...names, ...names].map((name) =>
      auth.credentials.verify(name, password, '192.168.1.7'),
    );
    expect((await Promise.all(tries)).filter((answer) => answer === undefined)).toEqual([]);
    const again = Array.from({ length: 40 }, () =>
      auth.credentials.verify('plug-0', password, '192.168.1.8'),
    );
    expect((await Promise.all(again)).filter((answer) => answer === undefined)).toEqual([]);
  });

  it('makes an address wait that goes from name to name', async () => {
    const { auth } = await openHouse();
    const guesses = Array.from({ length: 50 }, (_, i) =>
      auth.credentials.verify(`nobody-${i}`, 'a guess', '192.168.1.66'),
    );
    expect(new Set(await Promise.all(guesses))).toEqual(new Set([undefined]));
    await expect(
      auth.credentials.verify('nobody-51', 'a guess', '192.168.1.66'),
    ).rejects.toMatchObject({ code: 'too_many_requests' });
  });

  it('is the same after a restart', async () => {
    const house = await openHouse();
    const { password } = await house.auth.credentials.add({ name: 'nodered', role: 'service' });
    const { auth } = await house.restart();
    expect(await auth.credentials.verify('nodered', password)).toBeDefined();
  });
});
