import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runHearth } from '../support/command.ts';
import { temporaryDirectory } from '../support/directory.ts';

const household = join(import.meta.dirname, '../fixtures/household-minute.csv');
const span = ['--start', '2006-12-16', '--end', '2006-12-18'];

async function hearth(directory: string, ...args: string[]): Promise<string> {
  const ended = await runHearth([...args, '--data', directory], { HEARTH_HOME_TIME_ZONE: 'UTC' });
  expect(ended.code, ended.errors).toBe(0);
  return ended.output;
}

const history = (directory: string) =>
  hearth(directory, 'query', 'house', ...span, '--limit', '100000', '--format', 'json');

it.each(['parquet', 'csv', 'jsonl'])(
  'what was exported as %s from one hub is the same history in another',
  { timeout: 240_000 },
  async (format) => {
    const [first, second, out] = [
      await temporaryDirectory(),
      await temporaryDirectory(),
      join(await temporaryDirectory(), 'history'),
    ];
    const said = await hearth(first, 'import', household, '--device', 'house');
    expect(said).toContain('600 readings of 1 device came in (what was there already');
    await hearth(first, 'export', ...span, '--format', format, '--out', out);
    expect(await readdir(out)).not.toEqual([]);
    expect(await hearth(second, 'import', out)).toContain(
      '600 readings of 1 device came in (what was there already',
    );
    const kept = JSON.parse(await history(second)) as { data: unknown[] };
    expect(kept.data).toHaveLength(200);
    expect(kept.data).toEqual((JSON.parse(await history(first)) as { data: unknown[] }).data);
  },
);

it('what cannot be read is said with the file, and ends with an error', async () => {
  const directory = await temporaryDirectory();
  const path = join(directory, 'broken.csv');
  await writeFile(path, 'what,ever\n1,2\n');
  const ended = await runHearth(['import', path, '--data', directory]);
  expect(ended.code).not.toBe(0);
  expect(ended.errors).toContain('broken.csv: there is no column timestamp');
  const lost = await runHearth(['import', path, '--map', 'nothing', '--data', directory]);
  expect(lost.errors).toContain('--map');
});
