import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { canonicalNames, localNames, requireNames, sameNames } from '../../src/pki/names.ts';

it('knows this machine by host name, by mDNS name, as localhost and by loopback address', () => {
  const names = localNames();
  expect(names).toEqual(expect.arrayContaining([hostname(), 'localhost', '127.0.0.1', '::1']));
  if (!hostname().includes('.')) expect(names).toContain(`${hostname()}.local`);
  expect(names.filter((name) => /^fe80/i.test(name))).toEqual([]);
});

it.each([
  ['Hub.Example.ORG', 'hub.example.org'],
  [' hub ', 'hub'],
  ['*.home.example', '*.home.example'],
  ['living_room', 'living_room'],
  ['192.168.1.5', '192.168.1.5'],
  ['2001:0DB8:0:0::0001', '2001:db8::1'],
  ['0:0:0:0:0:0:0:1', '::1'],
])('spells %j as %j', (name, canonical) => {
  expect(canonicalNames([name])).toEqual([canonical]);
});

it.each([
  '',
  'https://hub',
  'hub:8443',
  'two words',
  '-hub',
  'hub..local',
  '*',
  'a.*.b',
  'fe80::1%eth0',
  'küche',
  'a'.repeat(254),
])('cannot name a server %j', (name) => {
  expect(canonicalNames(['hub', name])).toEqual(['hub']);
  expect(() => requireNames(['hub', name])).toThrow(
    expect.objectContaining({ code: 'bad_config', field: 'https.names' }),
  );
});

it('counts each name once, and no more than a hundred', () => {
  expect(canonicalNames(['::1', 'hub', 'HUB', '0::1'])).toEqual(['::1', 'hub']);
  const many = Array.from({ length: 300 }, (_, i) => `host${i}`);
  expect(canonicalNames(many)).toHaveLength(100);
});

it.each([
  [['a', 'b'], ['b', 'a'], true],
  [['a'], ['a', 'b'], false],
  [['a', 'c'], ['a', 'b'], false],
  [[], [], true],
])('compares %j with %j whatever the order', (left, right, same) => {
  expect(sameNames(left, right)).toBe(same);
});
