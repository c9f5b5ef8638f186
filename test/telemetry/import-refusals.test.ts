import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { local, openImportHouse } from './import-house.ts';

async function written(directory: string, files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  return directory;
}

const table = 'device_id,timestamp,power_avg\nplug,2026-01-01T00:00:00Z,5\n';
const day = 'date=2026-01-01/part-0.csv';

it.each([
  ['the folder', ''],
  ['a day of it', 'date=2026-01-01'],
  ['a file of it', day],
])('an export with an interval does not come in as readings: %s', async (_, name) => {
  const house = await openImportHouse();
  const manifest = JSON.stringify({ format: 'csv', interval: '1d' });
  const folder = join(house.directory, 'sums');
  await written(folder, { [day]: table, '_manifest.json': manifest });
  const path = join(folder, name);
  await expect(house.imports.add({ path }, local)).rejects.toThrow('holds sums over 1d');
  expect(await house.bring({ path, asReadings: true })).toMatchObject({ readings: 1 });
});

it('statistics for Home Assistant do not come back', async () => {
  const house = await openImportHouse();
  const path = await written(join(house.directory, 'hours'), {
    'counters.csv': 'statistic_id,unit,start,sum,state\n',
    '_manifest.json': '{"format":"ha-statistics","interval":null}',
  });
  await expect(house.imports.add({ path }, local)).rejects.toThrow('for Home Assistant');
});

it('times that are not understood are said, and nothing but them is a failure', async () => {
  const house = await openImportHouse();
  const rows = ['01.02.2026', '02.02.2026'].map((time) => `plug,${time},5\n`).join('');
  const folder = join(house.directory, 'files');
  await written(folder, { 'a.csv': `device_id,timestamp,power\n${rows}` });
  const reason = 'the time "01.02.2026" is not understood';
  expect(await house.bring({ path: join(folder, 'a.csv') })).toMatchObject({
    status: 'failed',
    skipped: 2,
    reasons: [{ where: 'a.csv:2', reason, count: 2 }],
    problem: { code: 'unprocessable', message: `nothing came in, 2 left out: ${reason}` },
  });
});

it('says what the map names in vain', async () => {
  const house = await openImportHouse();
  const folder = await written(join(house.directory, 'files'), { 'a.csv': table });
  const map = { foo: 'bar', plug: 'kettle' };
  expect(await house.bring({ path: folder, map })).toMatchObject({
    devices: ['kettle'],
    unmatched: ['foo'],
  });
});

it('without a column of devices, names the option', async () => {
  const house = await openImportHouse();
  const folder = await written(join(house.directory, 'files'), {
    'a.csv': 'timestamp,power\n2026-01-01T00:00:00Z,5\n',
  });
  const { problem } = await house.bring({ path: folder });
  expect(problem?.hint).toContain('--device');
});
