import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { actions as permissions } from '#auth';
import { describeConfig } from '#config';
import { faultPoints } from '../../src/telemetry/worker/fault-points.ts';
import { auditKinds, auditWords } from '../../web/src/audit-words.ts';

const src = join(import.meta.dirname, '../../src');
const kinds = auditKinds.flatMap(([kind]) => (kind === '' ? [] : [kind]));

/** Words with a dot that are other things than actions of the audit. */
const others = new Set([
  ...permissions,
  ...describeConfig().map(({ key }) => key),
  ...faultPoints,
  // Files, what is due, what signals are called, and what the log is of.
  'audit.alert',
  'audit.key',
  'auth.people',
  'auth.revoked',
  'auth.totp',
  'ca.crt',
  'ca.key',
  'device.crt',
  'schedule.owed',
  'schedule.return',
  'schedule.settle',
  'signing.onAlert',
  'telemetry.onAlert',
  'telemetry.onErased',
  'telemetry.sample',
]);
/** Made of two words where they are written down, or called as the right to them is. */
const composed = [
  ...['export', 'import', 'delete', 'sql'].map((verb) => `telemetry.${verb}`),
  ...['group', 'scene'].flatMap((of) =>
    ['create', 'update', 'remove'].map((verb) => `${of}.${verb}`),
  ),
  ...['join.join', 'join.refuse', 'est.enrol', 'est.reenrol', 'est.refuse'],
];

const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !/^(cli|sim)\//.test(path))
  .map((path) => readFileSync(join(src, path), 'utf8'))
  .join('\n');
const literal = new RegExp(`'((?:${kinds.join('|')})\\.[A-Za-z0-9_]+)'`, 'g');
const found = [
  ...[...sources.matchAll(literal)].map(([, word = '']) => word),
  ...[...sources.matchAll(/\baction: '([a-z0-9]+\.[a-z0-9_]+)'/g)].map(([, word = '']) => word),
].filter((word) => !others.has(word));
const all = [...new Set([...found, ...composed])].sort();

const rowOf = (action: string, outcome: string) => ({
  seq: 1,
  at: '2026-07-01T08:00:00.000Z',
  actor: 'person:Ada',
  action,
  subject: 'device:fan',
  outcome,
  origin: '',
  detail: {},
});
const names = { people: new Map(), devices: new Map([['fan', 'Fan']]) };

describe('the actions that src writes into the audit', () => {
  it('are found', () => {
    expect(all.length).toBeGreaterThan(50);
    expect(all).toEqual(expect.arrayContaining(['room.add', 'auth.login', 'secrets.rotate']));
  });

  it.each(all)('%s has a sentence, whatever its outcome', (action) => {
    for (const outcome of ['ok', 'forbidden', 'expired', 'too_many_tries']) {
      const words = auditWords(rowOf(action, outcome), names);
      expect(words).not.toContain(action.replaceAll(/[._]/g, ' '));
      expect(words).not.toMatch(/[._]|undefined/);
    }
  });

  it.each(all)('%s is of a kind that can be asked for', (action) => {
    expect(kinds).toContain(action.split('.')[0]);
  });
});
