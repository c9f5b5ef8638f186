import { describe, expect, it } from 'vitest';
import { alertWords } from '../../web/src/alert-words.ts';
import type { Alert, Command, Run } from '../../web/src/control-wire.ts';
import { runWords } from '../../web/src/run-words.ts';
import { command, typeOf } from './types.ts';

const names: Readonly<Record<string, string>> = { a: 'Lamp', b: 'Purifier' };
const nameOf = (id: string) => names[id] ?? id;
const of = (device_id: string, status: Command['status']) => command({ device_id, status });

describe('what became of a scene', () => {
  it.each<[Command[], Run['refused'], string]>([
    [[of('a', 'confirmed'), of('b', 'acknowledged')], [], 'Good night: all 2 done.'],
    [[of('a', 'confirmed')], [], 'Good night: done.'],
    [
      [of('a', 'confirmed'), of('b', 'sent')],
      [],
      'Good night: 1 of 2 done. No answer yet from Purifier.',
    ],
    [[of('a', 'timed_out')], [], 'Good night: 0 of 1 done. Not done by Lamp.'],
    [
      [of('a', 'confirmed')],
      [{ device_id: 'b', code: 'conflict', message: 'the device is disabled' }],
      'Good night: 1 of 2 done. Purifier: The device is disabled.',
    ],
  ])('%j %j', (commands, refused, words) => {
    const run: Run = { batch_id: 'x', status: 'done', commands, refused };
    expect(runWords('Good night', run, nameOf)).toBe(words);
  });
});

describe('an alert', () => {
  const alert: Alert = {
    id: 'a',
    at: '2026-01-05T10:00:00Z',
    last_at: '2026-01-05T10:00:00Z',
    count: 1,
    kind: 'command_timed_out',
    device_id: 'kettle',
    message: 'kettle did not do relay_on: no answer after 3 attempts',
    detail: { command: 'c1', action: 'relay_on', attempts: 3 },
  };

  it('says what the device did not do in words of its type', () => {
    expect(alertWords(alert, typeOf('plug'))).toBe('Switch on: no answer after 3 tries.');
  });

  it.each<[Alert['kind'], Alert['detail'], RegExp]>([
    [
      'disk_low',
      { free_bytes: 1.6e9, floor_bytes: 1.024e9 },
      /^The disk of the hub is nearly full: 1\.6.GB left\. Below 1.GB the oldest readings go/,
    ],
    [
      'history_shortened',
      {
        start: '2026-03-03T00:00:00',
        end: '2026-03-06T00:00:00',
        bytes: 120e6,
        tiers: ['raw'],
      },
      /the oldest readings, from 3 Mar 2026 to 5 Mar 2026, were removed to make room \(120.MB\)\. Coarser/,
    ],
  ])('about %s says what it means for the history', (kind, detail, words) => {
    expect(alertWords({ ...alert, kind, detail }, undefined)).toMatch(words);
  });

  it('of another kind is said as the hub says it', () => {
    const other = { ...alert, kind: 'clock_behind', message: 'the clock is behind', detail: {} };
    expect(alertWords(other, undefined)).toBe('The clock is behind.');
  });
});
