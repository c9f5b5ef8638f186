import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { lockDirectory } from '#db';
import { CommandLine, listenOnSocket } from './command-line.ts';

async function withData(): Promise<{ at: CommandLine; data: string }> {
  const at = await CommandLine.open();
  const data = join(at.directory, 'data');
  await mkdir(join(data, 'telemetry', 'day'), { recursive: true });
  await writeFile(join(data, 'hearth.db'), 'x'.repeat(1500));
  await writeFile(join(data, 'telemetry', 'day', 'one.parquet'), 'x'.repeat(40));
  await writeFile(join(data, 'config.json'), '{}');
  return { at, data };
}

it('only says what it would delete, and how much that is', async () => {
  const { at, data } = await withData();
  expect(await at.run('reset')).toBe(64);
  expect(at.output.text.replace(/^hearth\.(lock|db-).*\n/gm, '')).toMatch(
    /^In .*data:\nNAME +SIZE\nhearth\.db +1\.5 kB\ntelemetry +40 B\n.* in all\.\n$/,
  );
  expect(at.errors.text).toBe(
    'hearth: nothing is deleted yet. To delete all of this, for good: hearth reset --yes.\n',
  );
  expect(existsSync(join(data, 'hearth.db'))).toBe(true);
});

it('deletes everything but the settings', async () => {
  const { at, data } = await withData();
  expect(await at.run('reset', '--yes')).toBe(0);
  expect(await readdir(data)).toEqual(['config.json']);
  expect(at.errors.text).toContain('every device needs new files');
  expect(at.errors.text).toContain('browsers and phones have to trust the new authority');
});

it('does not touch the directory of a running hub', async () => {
  const { at, data } = await withData();
  await listenOnSocket(at.directory, new Hono());
  expect(await at.run('reset', '--yes')).toBe(69);
  expect(existsSync(join(data, 'hearth.db'))).toBe(true);
});

it('does not touch a directory that a hub has locked, though it does not listen yet', async () => {
  const { at, data } = await withData();
  const lock = lockDirectory(data);
  expect(await at.run('reset', '--yes')).toBe(69);
  lock.release();
  expect(existsSync(join(data, 'hearth.db'))).toBe(true);
});

it('does not touch a directory that no hub has made', async () => {
  const at = await CommandLine.open();
  await writeFile(join(at.directory, 'letter.txt'), 'dear');
  expect(await at.run('--data', '.', 'reset', '--yes')).toBe(73);
  expect(await readdir(at.directory)).toEqual(['letter.txt']);
});
