import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../support/directory.ts';

const root = join(import.meta.dirname, '../..');
const launcher = join(root, 'bin/hearth');

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

const launch = (command: string, argv: string[], path = process.env.PATH): Promise<Ended> =>
  new Promise((resolve) => {
    const child = execFile(command, argv, { env: { PATH: path } }, (_, output, errors) =>
      resolve({ code: child.exitCode ?? -1, output, errors }),
    );
  });

it('says which version it is, through links, from anywhere', async () => {
  const directory = await temporaryDirectory();
  await symlink(launcher, join(directory, 'first'));
  await symlink('first', join(directory, 'hearth'));
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const ended = await launch(join(directory, 'hearth'), ['--version'], '/usr/bin:/bin');
  expect(ended).toEqual({ code: 0, output: `${version}\n`, errors: '' });
});

it.each([
  [['dance'], "hearth: unknown command 'dance'."],
  [['device', 'list', '--loud'], "hearth: unknown option '--loud'."],
])('ends %j with 64 and one line', async (argv, message) => {
  const { code, output, errors } = await launch(launcher, argv);
  expect({ code, output }).toEqual({ code: 64, output: '' });
  expect(errors).toMatch(/^[^\n]+\n$/);
  expect(errors).toContain(message);
});

it('passes arguments on as they are', async () => {
  const { errors } = await launch(launcher, ['--data', 'a b/$HOME/*', 'device', 'list']);
  expect(errors).toContain('a b/$HOME/*');
});

it.each([
  { host: 'v20.19.0', says: 'and this machine has: v20.19.0.' },
  { host: undefined, says: 'and this machine has: none.' },
])('asks for npm ci when there is no Node that will do ($host)', async ({ host, says }) => {
  const copy = await temporaryDirectory();
  await mkdir(join(copy, 'bin'));
  await copyFile(launcher, join(copy, 'bin/hearth'));
  if (host) await writeFile(join(copy, 'node'), `#!/bin/sh\necho ${host}\n`, { mode: 0o755 });
  for (const tool of ['dirname', 'readlink']) await symlink(`/usr/bin/${tool}`, join(copy, tool));
  const ended = await launch('/bin/sh', [join(copy, 'bin/hearth')], copy);
  expect(ended.code).toBe(69);
  expect(ended.errors).toContain(says);
  expect(ended.errors).toContain(`npm ci in ${copy}`);
});
