import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { HearthError } from '#kernel';
import type { OpenedHub } from '../../src/cli/index.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { CommandLine, listenOnSocket } from './command-line.ts';

/** A hub that a command opens for itself, and whether it was stopped again. */
function ownHub(api: Hono): OpenedHub & { stopped: boolean } {
  return {
    stopped: false,
    request: async (request) => new Hono().route('/api/v1', api).request(request),
    stop() {
      this.stopped = true;
      return Promise.resolve();
    },
    setupCode: () => undefined,
    caFingerprint: '',
    addresses: { http: undefined, https: undefined, mqtts: undefined, mqtt: undefined },
  };
}

const tokens = () =>
  new Hono()
    .get('/tokens', (context) => context.json({ tokens: [] }))
    .post('/tokens', (context) => context.json({ token: 'hearth_secret' }, 201));

it('opens the directory itself when no hub runs, and leaves it again', async () => {
  const at = await CommandLine.open();
  const hub = ownHub(tokens());
  at.openHub = async ({ config, offline }) => {
    expect({ data: config.data, offline }).toEqual({ data: `${at.directory}/data`, offline: true });
    return hub;
  };

  expect(await at.run('token', 'create', '--name', 'n', '--role', 'owner', '--json')).toBe(0);
  expect(JSON.parse(at.output.text)).toEqual({ token: 'hearth_secret' });
  expect(hub.stopped).toBe(true);
});

it('leaves the directory when the command fails, too', async () => {
  const at = await CommandLine.open();
  const hub = ownHub(new Hono());
  at.openHub = async () => hub;
  expect(await at.run('credential', 'add', 'ha', '--role', 'service')).not.toBe(0);
  expect(hub.stopped).toBe(true);
});

it('takes a socket that nobody listens on for a hub that was killed', async () => {
  const at = await CommandLine.open();
  await mkdir(join(at.directory, 'data'));
  await writeFile(join(at.directory, 'data', 'hearth.sock'), '');
  at.openHub = async () => ownHub(tokens());
  expect(await at.run('token', 'list')).toBe(0);
  expect(at.output.text).toBe('There are no tokens.\n');
});

it('finds the socket of a directory that is too deep for one', async () => {
  const at = await CommandLine.open();
  const elsewhere = await temporaryDirectory();
  await listenOnSocket(elsewhere, tokens());
  await mkdir(join(at.directory, 'data'));
  const note = join(at.directory, 'data', 'hearth.sock.path');
  await writeFile(note, `${join(elsewhere, 'data', 'hearth.sock')}\n`);
  expect(await at.run('token', 'list')).toBe(0);
});

it('takes the data directory from --data, then HEARTH_DATA', async () => {
  const at = await CommandLine.open();
  const elsewhere = await temporaryDirectory();
  await listenOnSocket(elsewhere, tokens());
  at.environment = { HEARTH_DATA: join(elsewhere, 'data') };
  expect(await at.run('token', 'list')).toBe(0);
  expect(await at.run('--data', 'nowhere', 'token', 'list')).toBe(73);
  expect(at.errors.text).toBe(
    `hearth: there is no data directory ${at.directory}/nowhere. Start the hub first (hearth start), or say where it is: --data DIR or HEARTH_DATA.\n`,
  );
});

it.each([['logs'], ['status'], ['simulate --preset home']])(
  'hearth %s needs a hub that runs',
  async (command) => {
    const at = await CommandLine.open();
    await mkdir(join(at.directory, 'data'));
    expect(await at.run(...command.split(' '))).toBe(69);
    expect(at.errors.text).toBe(
      `hearth: no hub runs in ${at.directory}/data. Start it: hearth start.\n`,
    );
  },
);

it('says that no hub runs where there is no data directory either', async () => {
  const at = await CommandLine.open();
  expect(await at.run('status')).toBe(69);
  expect(at.errors.text).toContain(`hearth: no hub runs in ${at.directory}/data. Start it:`);
  expect(at.errors.text).toContain('--data DIR');
});

it('says that the hub went away in the middle of an answer', async () => {
  const at = await CommandLine.open();
  await mkdir(join(at.directory, 'data'));
  const server = createServer((socket) => socket.once('data', () => socket.destroy()));
  await new Promise<void>((resolve) =>
    server.listen(join(at.directory, 'data', 'hearth.sock'), () => resolve()),
  );
  expect(await at.run('device', 'list')).toBe(69);
  expect(at.errors.text).toContain('hearth: the hub went away');
  await new Promise((resolve) => server.close(resolve));
});

it('passes a long answer on as it comes', async () => {
  const at = await CommandLine.open();
  const lines = Array.from({ length: 50_000 }, (_, i) => `${i},${Math.sqrt(i)}\n`).join('');
  const csv = `timestamp,power\n${lines}`;
  await listenOnSocket(
    at.directory,
    new Hono().get('/devices/plug-1/telemetry', (context) => context.text(csv)),
  );
  expect(await at.run('query', 'plug-1', '--format', 'csv')).toBe(0);
  expect(at.output.text).toBe(csv);
});

it('follows the log until it is told to stop', async () => {
  const at = await CommandLine.open();
  const api = new Hono().get('/logs', (context) => {
    const encoder = new TextEncoder();
    return context.body(
      new ReadableStream({ start: (lines) => lines.enqueue(encoder.encode('{"msg":"one"}\n')) }),
    );
  });
  await listenOnSocket(at.directory, api);
  const ended = at.run('logs', '--follow');
  await at.output.contains('one');
  at.signals.emit('SIGINT');
  expect(await ended).toBe(0);
});

describe('a problem', () => {
  const problem = {
    type: 'about:blank',
    title: 'Not Found',
    status: 404,
    code: 'not_found',
    detail: 'there is no device "x\u001b[2J"',
    hint: 'hearth device list shows them.',
    field: 'id',
  };
  const api = () => new Hono().get('/devices/x', (context) => context.json(problem, 404));

  it('becomes one clear line and an exit code', async () => {
    const at = await CommandLine.open();
    await listenOnSocket(at.directory, api());
    expect(await at.run('device', 'show', 'x')).toBe(66);
    expect(at.errors.text).toBe(
      'hearth: there is no device "x·[2J". hearth device list shows them.\n',
    );
    expect(at.output.text).toBe('');
  });

  it('stays JSON for a program', async () => {
    const at = await CommandLine.open();
    await listenOnSocket(at.directory, api());
    expect(await at.run('device', 'show', 'x', '--json')).toBe(66);
    const { code, detail, hint, field } = problem;
    expect(JSON.parse(at.errors.text)).toEqual({ code, detail, hint, field });
  });

  it('shows a stack trace only to who asks for it', async () => {
    const at = await CommandLine.open();
    at.openHub = () => Promise.reject(new HearthError('already_running', 'another hub is here'));
    await at.run('token', 'create', '--name', 'n', '--role', 'owner');
    expect(at.errors.text).toBe('hearth: another hub is here.\n');
    at.environment = { HEARTH_DEBUG: '1' };
    await at.run('token', 'create', '--name', 'n', '--role', 'owner');
    expect(at.errors.text).toContain('    at ');
  });

  it('says that the hub failed when it names no code', async () => {
    const at = await CommandLine.open();
    const hint = 'Look for 5N7e in the log of the hub (hearth logs).';
    const internal = { title: 'Internal Server Error', code: 'internal', hint };
    await listenOnSocket(
      at.directory,
      new Hono().get('/devices', (context) => context.json(internal, 500)),
    );
    expect(await at.run('device', 'list')).toBe(69);
    expect(at.errors.text).toBe(`hearth: the hub failed (500): Internal Server Error. ${hint}\n`);
  });

  it('says that a bug is ours', async () => {
    const at = await CommandLine.open();
    await mkdir(join(at.directory, 'data'));
    at.openHub = () => Promise.reject(new TypeError('x is not a function'));
    expect(await at.run('device', 'list')).toBe(70);
    expect(at.errors.text).toBe(
      'hearth: something went wrong inside: x is not a function. HEARTH_DEBUG=1 shows where.\n',
    );
  });
});
