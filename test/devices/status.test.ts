import { expect, it } from 'vitest';
import { readStatus } from '../../src/devices/status.ts';

const nothing = { online: undefined, reported: {} };

it.each<[payload: string, expected: ReturnType<typeof readStatus>]>([
  ['online', { online: true, reported: {} }],
  [' Offline\n', { online: false, reported: {} }],
  ['"online"', { online: true, reported: {} }],
  ['{"state":"offline"}', { online: false, reported: {} }],
  [
    '{"status":"online","firmware_version":"1.2.0","relay_state":true}',
    { online: true, reported: { firmware_version: '1.2.0', relay_state: true } },
  ],
  ['{"state":"ON","fan_speed":3}', { online: undefined, reported: { state: 'ON', fan_speed: 3 } }],
  ['{"nested":{"a":1},"list":[1],"none":null,"bad name":1,"big":1e999}', nothing],
  ['{}', nothing],
  ['', undefined],
  ['maybe', undefined],
  ['[1]', undefined],
  ['42', undefined],
])('reads the status %j', (payload, expected) => {
  expect(readStatus(Buffer.from(payload))).toEqual(expected);
});

it('takes no more than it can keep', () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, i]));
  expect(Object.keys(readStatus(Buffer.from(JSON.stringify(many)))?.reported ?? {})).toHaveLength(
    32,
  );
  expect(readStatus(Buffer.from(JSON.stringify({ long: 'x'.repeat(257) })))?.reported).toEqual({});
  expect(readStatus(Buffer.alloc(20_000, ' '))).toBeUndefined();
});
