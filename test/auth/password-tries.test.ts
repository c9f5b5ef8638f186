import { describe, expect, it } from 'vitest';
import { networkOf } from '../../src/auth/passwords/network.ts';
import { addOwner, addPerson, type House, openHouse, owner } from './house.ts';

const minuteMs = 60_000;
const home = '192.168.1.5';
const attacker = '192.168.1.66';
const guest = { email: 'gus@home.example', password: owner.password };
const wrong = { email: owner.email, password: 'not the password' };

async function openHome(): Promise<House> {
  const house = await openHouse();
  addOwner(house);
  addPerson(house, { id: 'gus', name: 'Gus', email: guest.email, role: 'guest' });
  return house;
}

const signIn = async (house: House, body: object, from: string): Promise<number> =>
  (await house.call('POST', '/auth/login', { body, from })).status;

describe('a guest who guesses at the owner’s password', () => {
  /** Guesses that were judged, and how often the owner came in, in an hour. */
  async function anHour(withOwnAccount: boolean) {
    const house = await openHome();
    expect(await signIn(house, owner, home)).toBe(200);
    let [judged, camein] = [0, 0];
    for (let minute = 0; minute < 60; minute++) {
      for (let i = 0; i < 10; i++) {
        if (withOwnAccount && i % 5 === 0) await signIn(house, guest, attacker);
        if ((await signIn(house, wrong, attacker)) === 401) judged++;
      }
      if ((await signIn(house, owner, home)) === 200) camein++;
      house.clock.advance(minuteMs + 1);
    }
    return { judged, camein };
  }

  it('gets no further with an account of their own, and keeps the owner out at no time', async () => {
    const without = await anHour(false);
    expect(without).toEqual({ judged: 70, camein: 60 });
    expect(await anHour(true)).toEqual(without);
  });

  it('is not forgiven for confirming a password of their own', async () => {
    const house = await openHome();
    const { body } = await house.call('POST', '/auth/login', { body: guest, from: attacker });
    const bearer = String(body.access_token);
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) {
      await house.call('POST', '/auth/2fa/totp', { bearer, body: guest, from: attacker });
      statuses.push(await signIn(house, wrong, attacker));
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
  });

  it('gets ten guesses at one sitting even in a session of the owner’s, wherever it is', async () => {
    const house = await openHome();
    const { body } = await house.call('POST', '/auth/login', { body: owner, from: home });
    const bearer = String(body.access_token);
    const statuses: number[] = [];
    for (let i = 0; i < 30; i++) {
      const from = `10.0.0.${i}`;
      const password = { password: 'not the password' };
      const options = { bearer, body: password, from };
      statuses.push((await house.call('POST', '/auth/2fa/totp', options)).status);
    }
    expect(statuses.filter((status) => status === 403)).toHaveLength(10);
    const right = { bearer, body: { password: owner.password }, from: home };
    expect((await house.call('POST', '/auth/2fa/totp', right)).status).toBe(200);
  });
});

describe('whoever is at home', () => {
  it('comes in while strangers guess, after a restart too', async () => {
    let house = await openHome();
    expect(await signIn(house, owner, home)).toBe(200);
    house = await house.restart();
    for (let i = 0; i < 20; i++) await signIn(house, wrong, `10.0.0.${i}`);
    expect(await signIn(house, owner, '10.0.1.1')).toBe(429);
    expect(await signIn(house, owner, home)).toBe(200);
  });

  it('has no more guesses there than a stranger', async () => {
    const house = await openHome();
    expect(await signIn(house, owner, home)).toBe(200);
    const statuses: number[] = [];
    for (let i = 0; i < 14; i++) statuses.push(await signIn(house, wrong, home));
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(await signIn(house, owner, home)).toBe(429);
    house.clock.advance(minuteMs);
    expect(await signIn(house, owner, home)).toBe(200);
  });

  it('pays for a slip of their own once they are in, and for nobody else’s', async () => {
    const house = await openHome();
    for (let i = 0; i < 5; i++) await signIn(house, { ...guest, password: 'a slip' }, home);
    expect(await signIn(house, guest, home)).toBe(200);
    for (let i = 0; i < 9; i++) expect(await signIn(house, wrong, home)).toBe(401);
    expect(await signIn(house, { email: 'nobody@home.example', password: 'x' }, home)).toBe(401);
    expect(await signIn(house, { email: 'nobody@home.example', password: 'x' }, home)).toBe(429);
  });
});

it('counts an IPv6 network as one', async () => {
  const house = await openHome();
  const nobody = (i: number) => ({ email: `nobody${i}@home.example`, password: 'x' });
  const statuses: number[] = [];
  for (let i = 0; i < 12; i++) {
    statuses.push(await signIn(house, nobody(i), `2001:db8:0:1::${i.toString(16)}`));
  }
  expect(statuses.filter((status) => status === 401)).toHaveLength(10);
  expect(await signIn(house, nobody(99), '2001:db8:0:2::1')).toBe(401);
});

describe('the network of an address', () => {
  it.each([
    ['', ''],
    ['192.168.1.7', '192.168.1.7'],
    ['::ffff:192.168.1.7', '192.168.1.7'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:DB8:0:0:1:2:3:4', '2001:db8:0:0::/64'],
    ['2001:0db8:0001:0002:ffff::', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
