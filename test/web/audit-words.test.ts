import { describe, expect, it } from 'vitest';
import { auditKinds, auditWords, isRefusal, type Names } from '../../web/src/audit-words.ts';
import type { AuditRow } from '../../web/src/trust-wire.ts';

const names: Names = {
  people: new Map([
    ['p1', 'Ada'],
    ['p2', 'Gus'],
  ]),
  devices: new Map([['kettle', 'Kettle']]),
};

const row = (more: Partial<AuditRow>): AuditRow => ({
  seq: 1,
  at: '2026-01-01T00:00:00.000Z',
  actor: 'person:Ada',
  action: 'auth.login',
  subject: 'person:p1',
  outcome: 'ok',
  origin: '',
  detail: {},
  ...more,
});

describe('a row of the audit', () => {
  it.each<[Partial<AuditRow>, string]>([
    [{ action: 'telemetry.export', subject: 'export:x' }, 'Ada exported readings'],
    [
      { action: 'telemetry.export', subject: 'export:x', outcome: 'downloaded' },
      'Ada downloaded exported readings',
    ],
    [
      {
        action: 'telemetry.import',
        subject: 'import:x',
        outcome: 'done',
        detail: { readings: 12 },
      },
      'An import by Ada ended: 12 readings came in',
    ],
    [
      { action: 'retention.set', subject: 'type:purifier' },
      'Ada said how long readings of “purifier” are kept',
    ],
    [{ detail: { method: 'passkey' } }, 'Ada signed in with a passkey'],
    [{ actor: 'nobody', outcome: 'refused' }, 'A sign-in as Ada was refused'],
    [
      {
        actor: 'nobody',
        action: 'access.denied',
        subject: 'GET /api/v1/devices',
        outcome: 'unauthenticated',
      },
      'Somebody unknown was refused GET /api/v1/devices',
    ],
    [
      { actor: 'nobody', action: 'access.denied', subject: 'many', detail: { count: 12 } },
      '12 more requests were refused',
    ],
    [
      { actor: 'nobody', action: 'join.refuse', subject: 'device:kettle', outcome: 'forbidden' },
      'Kettle was refused to join',
    ],
    [
      { action: 'join.batch_remove', subject: 'batch:b1', detail: {} },
      'Ada forgot the keys of a list',
    ],
    [{ actor: 'device:kettle', action: 'join.join', subject: 'device:kettle' }, 'Kettle joined'],
    [
      { action: 'join.join', subject: 'device:kettle', detail: { by: 'code' } },
      'Kettle joined with a code',
    ],
    [
      { action: 'join.join', subject: 'device:kettle', detail: { by: 'registered key' } },
      'Kettle joined with its registered key',
    ],
    [
      { actor: 'hub', action: 'join.close', subject: 'join window', outcome: 'too_many_tries' },
      'No device can join any more: too many wrong codes were tried',
    ],
    [
      { action: 'ca.rotate', subject: 'ca', detail: { step: 'finished' } },
      'Ada ended the trust in the old certificate authority',
    ],
    [
      { action: 'room.add', subject: 'room:r1', outcome: 'forbidden', detail: { name: 'Hall' } },
      'Not done, forbidden: Ada added the room “Hall”',
    ],
    [{ outcome: 'second_factor' }, 'Ada gave the right password; the code had to follow'],
    [{ action: 'auth.password' }, 'Ada set their own password'],
    [
      { action: 'auth.password', subject: 'person:p2', outcome: 'offered' },
      'Ada gave out a code for the password of Gus',
    ],
    [
      { action: 'auth.2fa', subject: 'person:p2', detail: { change: 'reset' } },
      'Ada removed the authenticator app of Gus',
    ],
    [
      { action: 'person.role', subject: 'person:p2', detail: { from: 'guest', to: 'member' } },
      'Ada made Gus member, before guest',
    ],
    [
      { action: 'person.rename', subject: 'person:p2', detail: { from: 'Gustav', to: 'Gus' } },
      'Ada renamed Gustav to Gus',
    ],
    [
      { action: 'person.disable', subject: 'person:p2', detail: { state: 'disabled' } },
      'Ada shut Gus out',
    ],
    [
      { actor: 'local', action: 'token.create', subject: 'token:t', detail: { name: 'car' } },
      'Somebody at the hub itself made the token “car”',
    ],
    [
      {
        actor: 'token:car',
        action: 'command.create',
        subject: 'device:kettle',
        detail: { action: 'relay_on' },
      },
      'The program “car” told Kettle: relay_on',
    ],
    [
      { actor: 'hub', action: 'command.settle', subject: 'device:kettle', outcome: 'timed_out' },
      'Kettle: the command ended, timed out',
    ],
    [
      { action: 'something.new', subject: 'device:kettle', outcome: 'half_done' },
      'Ada: something new Kettle, half done',
    ],
  ])('%j is a sentence', (more, words) => {
    expect(auditWords(row(more), names)).toBe(words);
  });

  it('of somebody who is gone still has words', () => {
    const gone = row({ action: 'person.remove', subject: 'person:gone' });
    expect(auditWords(gone, names)).toBe('Ada removed somebody from the home');
  });

  it('is marked when something was refused', () => {
    expect(isRefusal(row({ outcome: 'refused' }))).toBe(true);
    expect(isRefusal(row({}))).toBe(false);
  });
});

it('offers each kind once', () => {
  const kinds = auditKinds.map(([kind]) => kind);
  expect(new Set(kinds).size).toBe(kinds.length);
});
