import { mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silentLog, systemClock } from '#kernel';
import { DashboardBuild } from '../../src/cli/dashboard-build.ts';
import { temporaryDirectory } from '../support/directory.ts';

const modules = join(import.meta.dirname, '../../node_modules');

/** A dashboard of one page, built by the real vite. */
async function smallWeb(): Promise<string> {
  const root = await temporaryDirectory();
  await mkdir(join(root, 'web'));
  await mkdir(join(root, 'node_modules'));
  await symlink(join(modules, 'vite'), join(root, 'node_modules', 'vite'));
  await writeFile(join(root, 'web', 'index.html'), '<script type="module" src="./a.js"></script>');
  await writeFile(join(root, 'web', 'a.js'), 'document.title = "one";');
  await writeFile(
    join(root, 'web', 'vite.config.ts'),
    'export default { root: import.meta.dirname };',
  );
  return root;
}

const build = (root: string) => new DashboardBuild({ root, log: silentLog, clock: systemClock });

async function builtScript(root: string): Promise<string> {
  const assets = join(root, 'web', 'dist', 'assets');
  const [script = ''] = await readdir(assets);
  return readFile(join(assets, script), 'utf8');
}

it('builds once, and again only when the sources change', async () => {
  const root = await smallWeb();
  expect(await build(root).start()).toBe('built');
  expect(await builtScript(root)).toContain('one');
  expect(await build(root).start()).toBe('fresh');

  await writeFile(join(root, 'web', 'a.js'), 'document.title = "two";');
  expect(await build(root).start()).toBe('built');
  expect(await builtScript(root)).toContain('two');
  expect(await readdir(join(root, 'node_modules', '.cache', 'hearth'))).toEqual([]);
});

it('keeps the old dashboard when a build fails', async () => {
  const root = await smallWeb();
  await build(root).start();
  await writeFile(join(root, 'web', 'a.js'), 'this is not { JavaScript');
  expect(await build(root).start()).toBe('failed');
  expect(await builtScript(root)).toContain('one');
});

it.each([
  { what: 'newer than', builtMs: 60_000, result: 'fresh' },
  { what: 'older than', builtMs: -60_000, result: 'built' },
])('goes by age where `npm run build:web` left no stamp: $what', async ({ builtMs, result }) => {
  const root = await smallWeb();
  await mkdir(join(root, 'web', 'dist'));
  const index = join(root, 'web', 'dist', 'index.html');
  await writeFile(index, '');
  const time = new Date(Date.now() + builtMs);
  await utimes(index, time, time);
  expect(await build(root).start()).toBe(result);
});

it('has nothing to do in a package that comes built', async () => {
  expect(await build(await temporaryDirectory()).start()).toBe('fresh');
});

it('leaves nothing behind when it is stopped', async () => {
  const root = await smallWeb();
  const building = build(root);
  const result = building.start();
  building.stop();
  expect(await result).toBe('failed');
  expect(await readdir(join(root, 'web'))).not.toContain('dist');
});
