import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Ack, type AckProblem, readAck } from '../../src/commands/ack.ts';
import { bodyOf, commandTopics, dialectOf } from '../../src/commands/dialects.ts';

const plain = { message: null, state: {} };
const problem = (part: string) => ({ problem: expect.stringContaining(part) });

it.each<[payload: object | string, expected: Ack | AckProblem]>([
  [
    { id: 'c1', status: 'ok' },
    { id: 'c1', ok: true, ...plain },
  ],
  [
    { id: 'c1', status: 'error', message: 'too hot' },
    { id: 'c1', ok: false, ...plain, message: 'too hot' },
  ],
  [
    { commandId: 'c1', id: 'x', status: 'SUCCESS ', deviceState: { fanSpeed: 3, deep: {} } },
    { id: 'c1', ok: true, message: null, state: { fanSpeed: 3 } },
  ],
  [
    { command_id: 'c1', success: true },
    { id: 'c1', ok: true, ...plain },
  ],
  [
    { id: 'c1', success: false, errorMessage: 'a\n\u0007b\u2028c' },
    { id: 'c1', ok: false, ...plain, message: 'a b c' },
  ],
  [
    { id: 'c1', status: 'executed', state: [1] },
    { id: 'c1', ok: true, ...plain },
  ],
  [
    { id: 'c1', status: 'nack', error: 'x'.repeat(500) },
    { id: 'c1', ok: false, ...plain, message: 'x'.repeat(200) },
  ],
  [{ id: 'c1', status: 'maybe' }, problem('does not say')],
  [{ id: 'c1' }, problem('does not say')],
  [{ id: 7, status: 'ok' }, problem('no id')],
  [{ status: 'ok' }, problem('no id')],
  [{ id: 'x'.repeat(129), status: 'ok' }, problem('longer than 128 characters')],
  ['ok', problem('not JSON')],
  ['[]', problem('not a JSON object')],
  ['null', problem('not a JSON object')],
  [`{"id":"c1","status":"ok","message":"${'x'.repeat(17_000)}"}`, problem('16 KB')],
])('reads the answer %j', (payload, expected) => {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  expect(readAck(Buffer.from(text))).toEqual(expected);
});

it('takes no more state than it can keep, and never throws', () => {
  const state = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`p${i}`, i]));
  const ack = readAck(Buffer.from(JSON.stringify({ id: 'c1', status: 'ok', state })));
  expect(ack).toMatchObject({ id: 'c1' });
  expect('state' in ack && Object.keys(ack.state)).toHaveLength(32);
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      readAck(Buffer.from(text));
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      readAck(Buffer.from(bytes));
    }),
  );
});

const command = { id: 'c1', action: 'setFanSpeed', value: 3, expiresAtMs: 90_000 };

it.each([
  [
    'devices/fan/command',
    command,
    '{"id":"c1","action":"setFanSpeed","value":3,"issued_at":"1970-01-01T00:00:01.500Z","expires_at":"1970-01-01T00:01:30.000Z"}',
  ],
  [
    'device/fan/command',
    command,
    '{"commandId":"c1","id":"c1","action":"setFanSpeed","value":3,"timestamp":"1970-01-01T00:00:01.500Z","expires_at":"1970-01-01T00:01:30.000Z"}',
  ],
  [
    'smartplug/fan/control',
    command,
    '{"command":"setFanSpeed","value":3,"timestamp":1,"id":"c1","expires_at":"1970-01-01T00:01:30.000Z"}',
  ],
  [
    'smartplug/fan/control',
    { ...command, action: 'turnOff', value: null },
    '{"command":"relay_off","timestamp":1,"id":"c1","expires_at":"1970-01-01T00:01:30.000Z"}',
  ],
  [
    'devices/fan/command',
    { ...command, action: 'turnOff', value: null },
    '{"id":"c1","action":"turnOff","value":null,"issued_at":"1970-01-01T00:00:01.500Z","expires_at":"1970-01-01T00:01:30.000Z"}',
  ],
])('writes on %s what its devices read', (topic, what, expected) => {
  expect(commandTopics('fan')).toContain(topic);
  expect(JSON.stringify(bodyOf(dialectOf(topic), what, 1500))).toBe(expected);
});
