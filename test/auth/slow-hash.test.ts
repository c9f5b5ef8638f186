import { expect, it } from 'vitest';
import { SlowHash } from '../../src/auth/passwords/slow-hash.ts';

it('verifies what it hashed, never the same twice', async () => {
  const slowHash = new SlowHash();
  const [one, two] = [await slowHash.hash('plum kettle'), await slowHash.hash('plum kettle')];
  expect(one).toMatch(/^scrypt\$16384\$8\$5\$[\w-]{22}\$[\w-]{43}$/);
  expect(one).not.toBe(two);
  expect(await slowHash.verify(one, 'plum kettle')).toBe(true);
  expect(await slowHash.verify(one, 'plum kettlf')).toBe(false);
});

it('verifies what was hashed at another cost, so that the cost can be raised', async () => {
  const hash = 'scrypt$1024$8$1$c2FsdHNhbHRzYWx0c2FsdA$o2_2dK3ZVOOaHTiIYwRiTvaM3pDpUB_mjBcVzi_yaUA';
  expect(await new SlowHash().verify(hash, 'plum kettle')).toBe(true);
});

it('takes a letter typed in two ways for the same letter', async () => {
  const slowHash = new SlowHash();
  const hash = await slowHash.hash('caf\u00e9 in the rain');
  expect(await slowHash.verify(hash, 'cafe\u0301 in the rain')).toBe(true);
});

it('lets people and devices take turns', async () => {
  const slowHash = new SlowHash();
  const cheap = 'scrypt$2$1$1$AA$AA';
  const order: string[] = [];
  const devices = Array.from({ length: 502 }, () =>
    slowHash.verify(cheap, 'x', 'devices').then(() => order.push('device')),
  );
  await expect(slowHash.verifyNobody('x', 'devices')).rejects.toMatchObject({
    code: 'unavailable',
  });
  const people = Array.from({ length: 3 }, () =>
    slowHash.verify(cheap, 'x').then(() => order.push('person')),
  );
  await Promise.all([...devices, ...people]);
  expect(order.lastIndexOf('person')).toBeLessThan(20);
  expect(order).toHaveLength(505);
});

it('turns away whoever comes when the line is full, and serves all who stand in it', async () => {
  const slowHash = new SlowHash();
  const cheap = 'scrypt$2$1$1$AA$AA';
  const tries = Array.from({ length: 600 }, () =>
    slowHash.verify(cheap, 'x').catch((error) => error.code),
  );
  const answers = await Promise.all(tries);
  expect(answers.filter((answer) => answer === false)).toHaveLength(502);
  expect(answers.filter((answer) => answer === 'unavailable')).toHaveLength(98);
  expect(await slowHash.verify(cheap, 'x')).toBe(false);
});
