import { describe, expect, it } from 'vitest';
import type { NewAlert } from '#alerts';
import { Signal, silentLog } from '#kernel';
import { FreeDisk } from '../../src/telemetry/retention/free-disk.ts';
import { filesToMakeRoom, type Removable } from '../../src/telemetry/worker/tiers/free-space.ts';
import { noonUs } from './support.ts';

const dayUs = 86_400e6;
const midnightUs = noonUs - dayUs / 2;
/** A file of 10 bytes, of the day so many days before today. */
const file = (tier: Removable['tier'], daysAgo: number): Removable => ({
  name: `${tier} ${daysAgo}`,
  tier,
  bytes: 10,
  fromUs: tier === 'sealed' ? null : midnightUs - daysAgo * dayUs,
  untilUs: tier === 'sealed' ? null : midnightUs - (daysAgo - 1) * dayUs,
});
const files = [
  file('sealed', 0),
  ...[0, 1, 2, 3].map((day) => file('raw', day)),
  ...[0, 1, 2, 9].map((day) => file('1m', day)),
  file('1h', 9),
  file('1d', 9),
];
const namesFor = (freeBytes: number | undefined, nowUs = noonUs, of = files) =>
  filesToMakeRoom(of, { freeBytes, floorBytes: 100 }, nowUs).map(({ name }) => name);

describe('what makes room on a full disk', () => {
  it.each<[string, number | undefined, string[]]>([
    ['nothing while there is enough', 100, []],
    ['nothing when nobody knows how much there is', undefined, []],
    ['the oldest raw day', 99, ['raw 3']],
    ['as few as are needed', 81, ['raw 3', 'raw 2']],
    ['the oldest minutes after all raw days but today', 70, ['raw 3', 'raw 2', 'raw 1']],
    ['them too', 61, ['raw 3', 'raw 2', 'raw 1', '1m 9']],
    ['never today, nor hours and days', 0, ['raw 3', 'raw 2', 'raw 1', '1m 9', '1m 2', '1m 1']],
  ])('is %s', (_, freeBytes, expected) => {
    expect(namesFor(freeBytes)).toEqual(expected);
  });

  it('is never the newest day, whatever the clock says', () => {
    expect(namesFor(0, noonUs + 999 * dayUs).slice(0, 3)).toEqual(['raw 3', 'raw 2', 'raw 1']);
    expect(namesFor(0, noonUs + 999 * dayUs, [file('raw', 0), file('raw', 0)])).toEqual([]);
    expect(namesFor(0, noonUs - 999 * dayUs)).toEqual([]);
  });
});

describe('the owner', () => {
  const floor = 1000 * 1024 ** 2;
  function watch() {
    const alerts: NewAlert[] = [];
    const onAlert = new Signal<NewAlert>('alerts', silentLog);
    onAlert.listen((alert) => alerts.push(alert));
    const disk = new FreeDisk({ floorBytes: floor, freeBytes: () => 0, onAlert });
    return {
      alerts,
      warn: (share: number) => disk.warn({ freeBytes: share * floor, floorBytes: floor }),
      disk,
    };
  }

  it('is told once that the disk runs low, and again after there was room', () => {
    const { alerts, warn } = watch();
    for (const share of [3, 2]) warn(share);
    expect(alerts).toEqual([]);
    for (const share of [1.9, 1.5, 2.1, 1.9, 0]) warn(share);
    expect(alerts).toMatchObject([
      { kind: 'disk_low', message: expect.stringMatching(/1900 MB left.*Below 1000 MB/) },
    ]);
    warn(2.5);
    warn(1.9);
    expect(alerts).toHaveLength(2);
  });

  it('is told what went', () => {
    const { alerts, disk } = watch();
    disk.tell(undefined);
    expect(alerts).toEqual([]);
    disk.tell({
      tiers: ['raw'],
      startUs: midnightUs - 2 * dayUs,
      endUs: midnightUs,
      files: 2,
      points: 20,
      bytes: 5 * 1024 ** 2,
    });
    expect(alerts).toMatchObject([
      {
        kind: 'history_shortened',
        message:
          'The disk was too full: raw readings from 2026-01-29T00:00:00.000Z to ' +
          '2026-01-31T00:00:00.000Z were removed, 5.0 MB in all.',
        detail: { files: 2, points: 20 },
      },
    ]);
  });
});
