import { describe, expect, it } from 'vitest';
import { Compactor, type CompactorParts } from '../../src/telemetry/worker/tiers/compactor.ts';
import { noonUs } from './support.ts';

const minuteUs = 60e6;
const dayUs = 86_400e6;

/** A compactor of which the sums of one day are wanted anew, on a disk that may fail. */
function start() {
  const disk = { fails: true };
  const [incidents, tries, wanted]: [string[], number[], Set<number>] = [[], [], new Set([7])];
  let nowUs = noonUs;
  const compactor = new Compactor({
    timeZone: 'UTC',
    engine: { isEnding: false },
    manifest: {
      lostSums: () => [...wanted],
      foundSums: (day: number) => wanted.delete(day),
      doomed: () => [],
      files: () => [],
      dayAt: () => {
        tries.push(nowUs);
        if (disk.fails) throw new Error('the disk fails');
        return undefined;
      },
    },
    note: () => {},
    report: (kind: string) => incidents.push(kind),
  } as unknown as CompactorParts);
  const tendFor = async (minutes: number): Promise<void> => {
    for (let minute = 0; minute < minutes; minute++) {
      nowUs += minuteUs;
      await compactor.tend(nowUs);
    }
  };
  const setClock = (us: number): void => {
    nowUs = us;
  };
  return { disk, incidents, tries, wanted, tendFor, setClock };
}

describe('compaction that fails', () => {
  it('is tried later and later, and the owner is told once when that goes on for an hour', async () => {
    const { incidents, tries, tendFor } = start();
    await tendFor(30);
    expect(incidents).toEqual([]);
    await tendFor(600);
    expect(incidents).toEqual(['compaction_failing']);
    expect(tries.length).toBeLessThan(20);
  });

  it('does not wait for a time that a clock which was set back has yet to reach', async () => {
    const { disk, tries, tendFor, setClock } = start();
    await tendFor(10);
    disk.fails = false;
    setClock(noonUs - 4000 * dayUs);
    const before = tries.length;
    await tendFor(1);
    expect(tries.length).toBe(before + 1);
  });

  it('forgets no sums that are to be made anew', async () => {
    const { disk, wanted, tendFor } = start();
    await tendFor(10);
    expect([...wanted]).toEqual([7]);
    disk.fails = false;
    await tendFor(70);
    expect([...wanted]).toEqual([]);
  });
});
