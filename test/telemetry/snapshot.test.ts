import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freshDaysOf } from '../../src/telemetry/analysis/fresh-days.ts';
import { Pins } from '../../src/telemetry/worker/pins.ts';
import { findSharers } from '../../src/telemetry/worker/sharers.ts';
import { leaseMs, type SnapshotParts, Snapshots } from '../../src/telemetry/worker/snapshot.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { noonMs, startTelemetry, store } from './support.ts';

const dayMs = 86_400_000;
const iso = (atMs: number): string => new Date(atMs).toISOString();

async function start() {
  const directory = await temporaryDirectory();
  return startTelemetry({ directory, config: { 'telemetry.retention_days': 30 } });
}

describe('a snapshot', () => {
  it('has what was committed: files, and the tail as one more', async () => {
    const { telemetry } = await start();
    const empty = await telemetry.snapshot();
    expect(empty.files).toEqual([]);
    await store(telemetry, 'plug-1', { power: 1, timestamp: iso(noonMs - 3 * dayMs) });
    await telemetry.compact();
    await store(telemetry, 'plug-1', { power: 2, timestamp: iso(noonMs - dayMs) });
    await telemetry.seal();
    await store(telemetry, 'plug-1', { power: 3, timestamp: iso(noonMs) });

    const { files, days } = await telemetry.snapshot();
    expect(files.map(({ tier }) => tier).sort()).toEqual(['raw', 'sealed', 'tail']);
    expect(files.every(({ path }) => existsSync(path))).toBe(true);
    expect(files.every(({ shares }) => !shares)).toBe(true);
    expect(days).toHaveLength(1);

    const recent = await telemetry.snapshot({ startUs: (noonMs - 2 * dayMs) * 1000 });
    expect(recent.files.map(({ tier }) => tier)).toEqual(['sealed', 'tail']);
    const sums = await telemetry.snapshot({ tiers: ['1h'] });
    expect(sums.files.map(({ tier }) => tier)).toEqual(['1h']);
    const nobody = await telemetry.snapshot({ devices: ['plug-2'] });
    expect(nobody.files.filter(({ tier }) => tier !== 'tail')).toEqual([]);
  });

  it('says which files may hold a newer value for a time of another', async () => {
    const { telemetry } = await start();
    const early = iso(noonMs - 3 * dayMs);
    await store(telemetry, 'plug-1', [{ power: 1, timestamp: early }, { power: 2 }]);
    await telemetry.compact();
    await store(telemetry, 'plug-1', { power: 5, timestamp: early });
    const { files } = await telemetry.snapshot();
    const sharing = files.filter(({ shares }) => shares);
    expect(sharing.map(({ tier }) => tier).sort()).toEqual(['raw', 'tail']);
    expect(sharing[0]?.oldestUs).toBe((noonMs - 3 * dayMs) * 1000);
  });

  it('keeps its files on the disk until it is released', async () => {
    const { telemetry, directory } = await start();
    const raw = join(directory, 'telemetry', 'raw');
    await store(telemetry, 'plug-1', { power: 1 });
    await telemetry.seal();
    const { files, lease } = await telemetry.snapshot();
    const path = String(files[0]?.path);
    await telemetry.compact();
    expect(readdirSync(raw).some((name) => name.startsWith('raw-'))).toBe(true);
    expect(existsSync(path)).toBe(true);
    expect((await telemetry.snapshot()).files.map((file) => file.path)).not.toContain(path);

    await telemetry.release(lease);
    await store(telemetry, 'plug-1', { power: 2 });
    await telemetry.compact();
    expect(existsSync(path)).toBe(false);
    await expect(telemetry.renew(lease)).rejects.toMatchObject({ code: 'gone' });
  });

  it('writes the tail once for as long as nothing comes, and lets go of it', async () => {
    const { telemetry, directory } = await start();
    const tails = () =>
      readdirSync(join(directory, 'telemetry', 'spill')).filter((name) => name.startsWith('tail-'));
    await store(telemetry, 'plug-1', { power: 1 });
    const first = await telemetry.snapshot();
    const second = await telemetry.snapshot();
    expect(second.files[0]?.path).toBe(first.files[0]?.path);
    await store(telemetry, 'plug-1', { power: 2 });
    const third = await telemetry.snapshot();
    expect(third.files[0]?.path).not.toBe(first.files[0]?.path);
    expect(tails()).toHaveLength(2);
    await telemetry.release(first.lease);
    expect(tails()).toHaveLength(2);
    await telemetry.release(second.lease);
    expect(tails()).toEqual([third.files[0]?.path.split('/').at(-1)]);
  });
});

it('ends by itself when its reader says nothing for ten minutes', async () => {
  let nowMs = 0;
  const pins = new Pins();
  const snapshots = new Snapshots({
    engine: { turn: async (action: () => unknown) => action() },
    manifest: {
      version: 1,
      files: () => [{ name: 'a', tier: 'sealed', oldestUs: 0, newestUs: 1 }],
      incompleteExtents: () => [],
      extentsOf: () => [],
      days: () => [],
      erasures: () => [],
    },
    files: { pathOf: (name: string) => name },
    names: { all: () => [] },
    tail: { generations: [] },
    pins,
    monotonicMs: () => nowMs,
  } as unknown as SnapshotParts);
  const { lease } = await snapshots.take({});
  nowMs += leaseMs - 1;
  snapshots.renew(lease);
  nowMs += leaseMs - 1;
  snapshots.expire();
  expect(pins.has('a')).toBe(true);
  nowMs += 1;
  snapshots.expire();
  expect(pins.has('a')).toBe(false);
  expect(() => snapshots.renew(lease)).toThrow('may have left the disk');
});

describe('files share', () => {
  const held = (file: string, oldestUs: number, newestUs: number, metric = 'power') => ({
    device: 'plug',
    metric,
    file,
    oldestUs,
    newestUs,
  });
  it.each([
    ['nothing when one follows the other', [held('a', 0, 9), held('b', 10, 19)], []],
    ['a moment', [held('a', 0, 10), held('b', 10, 19)], ['a', 'b']],
    ['nothing when the series differ', [held('a', 0, 9), held('b', 5, 9, 'mode')], []],
    [
      'with one that reaches over others',
      [held('a', 0, 30), held('b', 5, 6), held('c', 20, 21), held('d', 40, 50)],
      ['a', 'b', 'c'],
    ],
  ])('%s', (_, extents, expected) => {
    expect([...findSharers(extents)].sort()).toEqual(expected);
  });

  it('as two loops would find', () => {
    const extent = fc
      .tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(30), fc.nat(10), fc.constantFrom('x', 'y'))
      .map(([file, from, length, metric]) => held(file, from, from + length, metric));
    const unique = fc.uniqueArray(extent, { selector: ({ file, metric }) => `${file} ${metric}` });
    fc.assert(
      fc.property(unique, (extents) => {
        const expected = extents.filter((one) =>
          extents.some(
            (other) =>
              other !== one &&
              other.metric === one.metric &&
              other.oldestUs <= one.newestUs &&
              one.oldestUs <= other.newestUs,
          ),
        );
        expect(findSharers(extents)).toEqual(new Set(expected.map(({ file }) => file)));
      }),
    );
  });
});

it('puts instants into the days there are, and into those of the calendar between them', () => {
  const at = (text: string): number => Date.parse(text) * 1000;
  const days = [
    { fromUs: at('2026-03-01T00:00Z'), untilUs: at('2026-03-02T00:00Z'), zone: 'UTC' },
    { fromUs: at('2026-03-04T10:00Z'), untilUs: at('2026-03-04T23:00Z'), zone: 'UTC' },
  ];
  const instants = [
    '2026-03-01T12:00Z',
    '2026-03-02T01:00Z',
    '2026-03-04T01:00Z',
    '2026-03-04T12:00Z',
  ];
  expect(
    freshDaysOf(instants.map(at), days, 'Europe/Berlin').map(({ fromUs, untilUs, isCompacted }) => [
      iso(fromUs / 1000).slice(5, 16),
      iso(untilUs / 1000).slice(5, 16),
      isCompacted,
    ]),
  ).toEqual([
    ['03-01T00:00', '03-02T00:00', true],
    // Clipped by the day before it, which was one of another zone.
    ['03-02T00:00', '03-02T23:00', false],
    ['03-03T23:00', '03-04T10:00', false],
    ['03-04T10:00', '03-04T23:00', true],
  ]);
});
