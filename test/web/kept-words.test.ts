import { describe, expect, it } from 'vitest';
import { beginMs, dateOf, finishMs } from '../../web/src/days.ts';
import { deletionWords } from '../../web/src/deletion-words.ts';
import { exportStatusWords, exportWords, fileWords } from '../../web/src/export-words.ts';
import type { ExportJob, Going, KeptRule, RetentionPlan } from '../../web/src/history-wire.ts';
import {
  bytesWords,
  daysWords,
  leavingWords,
  ruleWords,
  sizesOf,
} from '../../web/src/kept-words.ts';

const plain = (words: string) => words.replaceAll('\u00a0', ' ');
const nameOf = (id: string) => ({ kettle: 'Kettle', lamp: 'Lamp' })[id] ?? id;
const iso = (local: string) => new Date(local).toISOString();

describe('how long something is kept', () => {
  it.each([
    [1, '1 day'],
    [7, '7 days'],
    [365, '1 year'],
    [5 * 365, '5 years'],
    [400, '400 days'],
  ])('%i days are %s', (days, words) => {
    expect(daysWords(days)).toBe(words);
  });

  it('is said for what a rule says, and for nothing else', () => {
    const rule: KeptRule = {
      id: 'r',
      device_id: null,
      type: 'purifier',
      metric: null,
      raw_days: 90,
      minute_days: null,
      hour_days: 730,
      day_days: null,
    };
    expect(ruleWords(rule)).toBe('every reading for 90 days, by the hour for 2 years');
  });
});

describe('how much it takes', () => {
  it.each([
    [0, 'nothing'],
    [12, '1 kB'],
    [420_000, '420 kB'],
    [1_240_000, '1.2 MB'],
    [12_400_000, '12 MB'],
    [999_600_000, '1 GB'],
    [3.2e12, '3.2 TB'],
  ])('%i bytes are %s', (bytes, words) => {
    expect(plain(bytesWords(bytes, 'en-GB'))).toBe(words);
  });

  it('counts what came in lately among all readings', () => {
    const tier = (name: 'sealed' | 'raw' | '1h', bytes: number) => ({
      tier: name,
      bytes,
      points: 1,
    });
    expect(
      sizesOf({
        tiers: [tier('sealed', 10), tier('raw', 100), tier('1h', 7)],
        journal_bytes: 1,
        file_bytes: 117,
        oldest: null,
      }),
    ).toEqual({ raw: 111, '1m': 0, '1h': 7, '1d': 0 });
  });
});

describe('what goes next', () => {
  const going = (more: Partial<Going>): Going => ({
    in_days: 0,
    reason: 'age',
    tier: 'raw',
    device_id: 'kettle',
    metric: 'power',
    start: iso('2026-03-03T00:00'),
    end: iso('2026-03-04T00:00'),
    points: 100,
    bytes: 1_000_000,
    ...more,
  });
  const plan = (all: Going[]): RetentionPlan => ({
    days: 7,
    free_disk: { free_bytes: null, floor_bytes: 0 },
    next: { points: 0, bytes: 0 },
    total: { points: 0, bytes: 0 },
    going: all,
  });

  it('is one line for each day and fineness', () => {
    const words = leavingWords(
      plan([
        going({}),
        going({ metric: 'voltage' }),
        going({ device_id: 'lamp', end: iso('2026-03-05T00:00') }),
        going({ in_days: 1, tier: '1m' }),
        going({ in_days: 3, reason: 'disk' }),
      ]),
      nameOf,
      'en-GB',
    );
    expect(words.map(plain)).toEqual([
      'With the next clean-up: every reading from 3 Mar 2026 to 4 Mar 2026 of Kettle and Lamp, 3 MB.',
      'Tomorrow: what is kept by the minute on 3 Mar 2026 of Kettle, 1 MB.',
      'In 3 days: every reading on 3 Mar 2026 of Kettle, 1 MB, as the disk is too full.',
    ]);
  });

  it('names only a few devices', () => {
    const many = ['a', 'b', 'c', 'd'].map((id) => going({ device_id: id }));
    expect(leavingWords(plan(many), nameOf)[0]).toContain('of 4 devices');
  });
});

describe('an export', () => {
  const job: ExportJob = {
    id: 'x',
    status: 'running',
    format: 'csv',
    start: iso('2026-03-01T00:00'),
    end: iso('2026-04-01T00:00'),
    devices: ['kettle', 'lamp'],
    destination: null,
    sensitive: false,
    requested_by: 'person:Ada',
    created_at: iso('2026-04-02T10:00'),
    progress: { days_done: 3, days: 31, rows: 12_000, bytes: 0 },
    problem: null,
  };

  it('says what it is of', () => {
    expect(exportWords(job, nameOf)).toBe('Kettle and Lamp, 1 Mar 2026 to 31 Mar 2026');
    const oneDay = { ...job, devices: null, end: iso('2026-03-02T00:00') };
    expect(exportWords(oneDay, nameOf)).toBe('All devices, 1 Mar 2026');
  });

  it.each<[Partial<ExportJob>, string]>([
    [{ status: 'waiting' }, 'Waits for its turn.'],
    [{}, '3 of 31 days done, 12,000 rows so far.'],
    [
      { status: 'done', progress: { ...job.progress, bytes: 2_400_000 } },
      'Done: 12,000 rows, 2.4 MB.',
    ],
    [{ status: 'done', progress: { ...job.progress, rows: 0 } }, 'Done: there were no readings.'],
    [
      { status: 'failed', problem: { message: 'the disk is full', hint: 'Make room' } },
      'It failed. The disk is full. Make room.',
    ],
  ])('says how far it is: %j', (more, words) => {
    expect(plain(exportStatusWords({ ...job, ...more }))).toBe(words);
  });

  it('calls its files by their days', () => {
    expect(fileWords('date=2026-03-01/part-0.csv')).toBe('1 Mar 2026');
    expect(fileWords('telemetry.csv')).toBe('telemetry.csv');
  });
});

describe('a deletion', () => {
  const days = { startMs: beginMs('2026-03-03'), endMs: finishMs('2026-03-05') };

  it.each([
    [
      { deviceId: 'kettle', ...days },
      1240,
      'Everything that Kettle measured from 3 Mar 2026 to 5 Mar 2026 is deleted: 1,240 readings.',
    ],
    [
      { deviceId: 'kettle', metric: 'power', ...days, endMs: finishMs('2026-03-03') },
      undefined,
      'Power that Kettle measured on 3 Mar 2026 is deleted.',
    ],
    [
      { deviceId: 'kettle' },
      0,
      'Everything that Kettle measured, from the first reading to now, is deleted.',
    ],
  ])('%j names what goes', (deletion, readings, words) => {
    expect(deletionWords(deletion, 'Kettle', readings, 'en-GB')).toBe(words);
  });

  it('takes whole days', () => {
    expect(dateOf(beginMs('2026-03-03'))).toBe('2026-03-03');
    expect(dateOf(finishMs('2026-03-31'))).toBe('2026-04-01');
  });
});
