import fc from 'fast-check';
import { expect, it } from 'vitest';
import { verifierOf } from '../../src/sim/signature.ts';
import { HubSigner } from './hub-signer.ts';

const hub = new HubSigner();
const body = { id: '01', action: 'setFanSpeed', value: 3, expires_at: '2026-01-31T08:10:00.000Z' };
const algorithms = ['ed25519', 'p256'] as const;

it.each(algorithms)('takes what the hub signed with its %s key, and nothing else', (algorithm) => {
  const verify = verifierOf(hub.hubKeys, algorithm);
  const check = (text: string, purpose: 'command' | 'config' = 'command', id = 'fan') =>
    verify(purpose, id, Buffer.from(text));
  const signed = hub.sign('fan', body, { algorithm });

  expect(check(signed)).toBe(true);
  expect(check(signed, 'config')).toBe(false);
  expect(check(signed, 'command', 'fan-2')).toBe(false);
  expect(check(JSON.stringify(body))).toBe(false);
  expect(check('')).toBe(false);
  expect(check(`${signed} `)).toBe(false);
  expect(check(new HubSigner().sign('fan', body, { algorithm }))).toBe(false);
  const other = algorithm === 'p256' ? 'ed25519' : 'p256';
  expect(check(hub.sign('fan', body, { algorithm: other }))).toBe(false);
});

it.each(algorithms)('takes either key of the hub when it is not told which: %s', (algorithm) => {
  const verify = verifierOf(hub.hubKeys);
  expect(verify('command', 'fan', Buffer.from(hub.sign('fan', body, { algorithm })))).toBe(true);
});

it.each(algorithms)('notices any byte that was changed: %s', (algorithm) => {
  const verify = verifierOf(hub.hubKeys, algorithm);
  const signed = Buffer.from(hub.sign('fan', body, { algorithm }));
  fc.assert(
    fc.property(fc.nat(signed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(signed);
      changed[at] = (changed[at] ?? 0) ^ change;
      return !verify('command', 'fan', changed);
    }),
    { numRuns: 500 },
  );
});

it('is not misled by a value that looks like a signature', () => {
  const verify = verifierOf(hub.hubKeys);
  const tricky = { ...body, value: ',"signature":"AAAA"}' };
  const signed = hub.sign('fan', tricky);
  expect(verify('command', 'fan', Buffer.from(signed))).toBe(true);
  const twice = `${signed.slice(0, -1)},"signature":"AAAA"}`;
  expect(verify('command', 'fan', Buffer.from(twice))).toBe(false);
});
