import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/directory.ts';
import { type Bench, noonUs, rowsOf, startTelemetry, stopTelemetry, store } from './support.ts';

/**
 * What a power cut leaves: the directory as it is on disk at this moment, in a place of its own. The
 * high-water mark is brought up to date first, as it is once a second.
 */
async function cutPower({ telemetry, clock, directory }: Bench): Promise<string> {
  clock.advance(1000);
  await telemetry.storage();
  const copy = join(await temporaryDirectory(), 'hub');
  mkdirSync(copy);
  cpSync(directory, copy, { recursive: true });
  return copy;
}

/** Ten batches of one reading each, the first `sealed` of them in a sealed file. */
async function storeTen(bench: Bench, sealed = 0): Promise<void> {
  for (let n = 0; n < 10; n++) {
    await store(bench.telemetry, 'plug', { ts: noonUs + n, n });
    if (n + 1 === sealed) await bench.telemetry.seal();
  }
}

const numbersOf = async ({ telemetry }: Bench): Promise<unknown[]> =>
  (await rowsOf(telemetry, { deviceId: 'plug' })).map((row) => row.n);
const kindsOf = async ({ telemetry }: Bench): Promise<string[]> =>
  (await telemetry.incidents()).map((incident) => incident.kind);

const telemetryPath = (directory: string, ...names: string[]): string =>
  join(directory, 'telemetry', ...names);
const journal = (directory: string): string => telemetryPath(directory, 'journal.db');
const wal = (directory: string): string => telemetryPath(directory, 'journal.db-wal');
const sealedFile = (directory: string): string => {
  const name = readdirSync(telemetryPath(directory, 'raw')).sort().at(-1);
  return telemetryPath(directory, 'raw', String(name));
};

function flip(path: string, at: number, bit = 0): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
  writeFileSync(path, bytes);
}

const firstTen = Array.from({ length: 10 }, (_, n) => n);

describe('after a power cut', () => {
  it.each([0, 5, 10])('everything acknowledged is there, %i of 10 sealed', async (sealed) => {
    const bench = await startTelemetry({ directory: await temporaryDirectory() });
    await storeTen(bench, sealed);
    const after = await startTelemetry({ directory: await cutPower(bench) });
    expect(await numbersOf(after)).toEqual(firstTen);
    expect(await kindsOf(after)).toEqual([]);
    await store(after.telemetry, 'plug', { ts: noonUs + 10, n: 10 });
    expect(after.telemetry.health().committedSeq).toBe(11);
    expect(await numbersOf(after)).toEqual([...firstTen, 10]);
  });

  it('in the middle of writing a sealed file, the half-written file goes', async () => {
    const bench = await startTelemetry({ directory: await temporaryDirectory() });
    await storeTen(bench);
    const directory = await cutPower(bench);
    const half = telemetryPath(directory, 'raw', '000000000001-000000000010.parquet.tmp');
    writeFileSync(half, 'PAR1');
    const after = await startTelemetry({ directory });
    expect(await numbersOf(after)).toEqual(firstTen);
    expect(existsSync(half)).toBe(false);
  });

  it('between writing a sealed file and listing it, the file goes and the journal stays', async () => {
    const bench = await startTelemetry({ directory: await temporaryDirectory() });
    await storeTen(bench);
    const directory = await cutPower(bench);
    await bench.telemetry.seal();
    const orphan = sealedFile(bench.directory);
    copyFileSync(orphan, telemetryPath(directory, 'raw', String(orphan.split('/').at(-1))));
    const after = await startTelemetry({ directory });
    expect(await numbersOf(after)).toEqual(firstTen);
    expect(await kindsOf(after)).toEqual(['orphan_file']);
    expect(await after.telemetry.storage()).toMatchObject({ files: 0, tailPoints: 10 });
  });
});

describe('a damaged sealed file', () => {
  it.each<[string, (path: string) => void]>([
    ['cut short', (path) => truncateSync(path, Math.floor(statSync(path).size / 2))],
    ['filled with zeros', (path) => writeFileSync(path, Buffer.alloc(statSync(path).size))],
    ['changed in one bit', (path) => flip(path, 60, 3)],
    ['gone', (path) => rmSync(path)],
  ])('that is %s is set aside and reported, and the hub starts', async (_, damage) => {
    const bench = await startTelemetry({ directory: await temporaryDirectory() });
    await storeTen(bench, 5);
    const directory = await cutPower(bench);
    damage(sealedFile(directory));
    const after = await startTelemetry({ directory });
    expect(await numbersOf(after)).toEqual([5, 6, 7, 8, 9]);
    expect(await after.telemetry.incidents()).toEqual([
      { at: expect.any(String), kind: 'torn_file', detail: expect.stringContaining('5 readings') },
    ]);
    await stopTelemetry(after);
    const again = await startTelemetry({ directory });
    expect(await kindsOf(again)).toEqual(['torn_file']);
    expect(again.telemetry.health().committedSeq).toBe(10);
  });

  it('that breaks while the hub runs is found by the query, which is answered without it', async () => {
    const bench = await startTelemetry({ directory: await temporaryDirectory() });
    await storeTen(bench, 5);
    writeFileSync(sealedFile(bench.directory), 'not Parquet any more');
    expect(await numbersOf(bench)).toEqual([5, 6, 7, 8, 9]);
    expect(await kindsOf(bench)).toEqual(['torn_file']);
  });
});

describe('a damaged journal', () => {
  it('whose WAL is cut short starts, and says how many batches are gone', async () => {
    const bench = await startTelemetry({ directory: await temporaryDirectory() });
    await storeTen(bench);
    const directory = await cutPower(bench);
    truncateSync(wal(directory), statSync(wal(directory)).size - 6000);
    const after = await startTelemetry({ directory });
    const left = await numbersOf(after);
    expect(left.length).toBeLessThan(10);
    expect(left).toEqual(firstTen.slice(0, left.length));
    expect(await after.telemetry.incidents()).toEqual([
      {
        at: expect.any(String),
        kind: 'journal_gap',
        detail: expect.stringContaining(`last ${10 - left.length} batches`),
      },
    ]);
    // Numbers are never used twice, and what is gone is reported once.
    await store(after.telemetry, 'plug', { ts: noonUs + 10, n: 10 });
    expect(after.telemetry.health().committedSeq).toBe(11);
    await stopTelemetry(after);
    const again = await startTelemetry({ directory });
    expect(await kindsOf(again)).toEqual(['journal_gap']);
    expect(await numbersOf(again)).toEqual([...left, 10]);
  });

  it('whose WAL is filled with zeros starts, and a sealed file that only it listed is used', async () => {
    const bench = await startTelemetry({ directory: await temporaryDirectory() });
    await storeTen(bench, 5);
    const directory = await cutPower(bench);
    writeFileSync(wal(directory), Buffer.alloc(statSync(wal(directory)).size));
    const after = await startTelemetry({ directory });
    expect(await numbersOf(after)).toEqual([0, 1, 2, 3, 4]);
    expect((await kindsOf(after)).sort()).toEqual(['journal_gap', 'orphan_file']);
  });

  it('with a changed bit in a reading loses that batch alone, and says so', async () => {
    const bench = await startTelemetry({ directory: await temporaryDirectory() });
    await store(bench.telemetry, 'plug', { ts: noonUs, n: 0 });
    await store(bench.telemetry, 'plug', { ts: noonUs + 1, n: 1, text: 'needle in the journal' });
    await store(bench.telemetry, 'plug', { ts: noonUs + 2, n: 2 });
    await stopTelemetry(bench);
    flip(journal(bench.directory), readFileSync(journal(bench.directory)).indexOf('needle'));
    const after = await startTelemetry({ directory: bench.directory });
    expect(await numbersOf(after)).toEqual([0, 2]);
    expect(await kindsOf(after)).toEqual(['journal_damaged']);
    await stopTelemetry(after);
    expect(await kindsOf(await startTelemetry({ directory: bench.directory }))).toEqual([
      'journal_damaged',
    ]);
  });

  it.each<[string, (path: string) => void]>([
    ['is no database any more', (path) => writeFileSync(path, 'not a database at all')],
    ['is empty', (path) => writeFileSync(path, '')],
    ['is gone', (path) => rmSync(path)],
  ])('that %s starts anew, keeps the sealed files and reports the rest', async (_, damage) => {
    const bench = await startTelemetry({ directory: await temporaryDirectory() });
    await storeTen(bench, 5);
    await stopTelemetry(bench);
    damage(journal(bench.directory));
    const after = await startTelemetry({ directory: bench.directory });
    expect(await numbersOf(after)).toEqual([0, 1, 2, 3, 4]);
    expect(await kindsOf(after)).toContain('journal_gap');
    await store(after.telemetry, 'plug', { ts: noonUs + 10, n: 10 });
    expect(after.telemetry.health().committedSeq).toBe(11);
  });

  it.each([
    ['the magic', 3, 1],
    ['the page size', 16, 1],
    ['the version of the schema', 63, 1],
  ])('with a changed bit in %s is read all the same', async (_, at, bit) => {
    const bench = await startTelemetry({ directory: await temporaryDirectory() });
    await storeTen(bench, 5);
    await stopTelemetry(bench);
    flip(journal(bench.directory), at, bit);
    const after = await startTelemetry({ directory: bench.directory });
    expect(await numbersOf(after)).toEqual(firstTen);
    expect(await kindsOf(after)).toEqual(['journal_damaged']);
  });

  it('with a changed bit in its file format is written all the same', async () => {
    const bench = await startTelemetry({ directory: await temporaryDirectory() });
    await storeTen(bench, 5);
    await stopTelemetry(bench);
    // "Legal file format write versions are 1 and 2"; a higher one makes a file read-only.
    flip(journal(bench.directory), 18, 3);
    const after = await startTelemetry({ directory: bench.directory });
    await store(after.telemetry, 'plug', { ts: noonUs + 10, n: 10 });
    expect(await numbersOf(after)).toEqual([...firstTen, 10]);
  });
});

it('a hub starts, invents nothing and reports every loss, whichever bits of the journal flip', async () => {
  const bench = await startTelemetry({ directory: await temporaryDirectory() });
  await storeTen(bench, 5);
  const whole = await cutPower(bench);
  const parent = await temporaryDirectory();
  let run = 0;
  const file = fc.constantFrom('journal.db', 'journal.db-wal');
  const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  await fc.assert(
    fc.asyncProperty(
      file,
      fc.array(place, { minLength: 1, maxLength: 4 }),
      async (name, places) => {
        const directory = join(parent, `run-${run++}`);
        cpSync(whole, directory, { recursive: true });
        const path = telemetryPath(directory, name);
        const { size } = statSync(path);
        for (const one of places) flip(path, Math.floor(one * size), Math.floor(one * 1e6) % 8);
        const after = await startTelemetry({ directory });
        const left = await numbersOf(after);
        expect(firstTen).toEqual(expect.arrayContaining(left));
        if (left.length < 10) expect(await kindsOf(after)).not.toEqual([]);
        await store(after.telemetry, 'plug', { ts: noonUs + 10, n: 10 });
        expect(after.telemetry.health().committedSeq).toBe(11);
        expect(await numbersOf(after)).toEqual([...left, 10]);
        await stopTelemetry(after);
      },
    ),
    { numRuns: 10 },
  );
});
