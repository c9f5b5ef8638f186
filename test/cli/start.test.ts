import { expect, it } from 'vitest';
import { HearthError } from '#kernel';
import type { OpenedHub } from '../../src/cli/index.ts';
import { ManualClock } from '../support/clock.ts';
import { CommandLine } from './command-line.ts';

const hub: OpenedHub = {
  request: async () => new Response(),
  stop: async () => undefined,
  setupCode: () => '3f7k-9qrt',
  caFingerprint: 'AB:CD',
  addresses: {
    http: { port: 18080 },
    https: { port: 18443 },
    mqtts: { port: 18883 },
    mqtt: undefined,
  },
};

it.each(['SIGTERM', 'SIGINT', 'SIGHUP'])(
  'runs until %s, then stops and ends well',
  async (name) => {
    const at = await CommandLine.open();
    let stopped = false;
    const stop = async () => {
      stopped = true;
    };
    at.openHub = async () => ({ ...hub, stop });

    const ended = at.run('start', '--no-build', '--set', 'log.level=silent');
    await at.output.contains('Hearth is up');
    expect(stopped).toBe(false);
    at.signals.emit(name);

    expect(await ended).toBe(0);
    expect(stopped).toBe(true);
    expect(at.errors.text).toBe('Hearth has stopped.\n');
    expect(at.output.text).toContain('3f7k-9qrt');
    expect(at.output.text).toContain(`${at.directory}/data`);
    expect(at.signals.listenerCount(name)).toBe(0);
  },
);

it('hands the hub its settings: command line over environment', async () => {
  const at = await CommandLine.open();
  at.environment = { HEARTH_HTTP_PORT: '1', HEARTH_HTTPS_PORT: '2' };
  at.openHub = async ({ config, offline, logs }) => {
    expect(config).toMatchObject({ 'http.port': 0, 'https.port': 2 });
    expect(config.data).toBe(`${at.directory}/here`);
    expect(offline).toBeUndefined();
    expect(logs).toBeDefined();
    at.signals.emit('SIGTERM');
    return hub;
  };
  const options = ['--no-build', '--set', 'http.port=0', '--set', 'log.level=silent'];
  expect(await at.run('--data', 'here', 'start', ...options)).toBe(0);
});

it('warns of variables that look like settings and are none', async () => {
  const at = await CommandLine.open();
  at.environment = { HEARTH_HTTP_PROT: '1', HEARTH_TEST_PEERS: '1', OTHER: '1' };
  at.openHub = async () => hub;
  const ended = at.run('start', '--no-build', '--set', 'log.level=silent');
  await at.output.contains('Hearth is up');
  at.signals.emit('SIGTERM');
  expect(await ended).toBe(0);
  expect(at.errors.text).toBe(
    'HEARTH_HTTP_PROT is no setting. Did you mean HEARTH_HTTP_PORT?\nHearth has stopped.\n',
  );
});

it('says in JSON where it is', async () => {
  const at = await CommandLine.open();
  at.openHub = async () => hub;
  const ended = at.run('start', '--no-build', '--json');
  await at.output.contains('\n');
  at.signals.emit('SIGTERM');
  expect(await ended).toBe(0);
  expect(JSON.parse(at.output.text)).toMatchObject({
    local: 'http://localhost:18080',
    setup_code: '3f7k-9qrt',
    ca_fingerprint: 'AB:CD',
    ports: { http: 18080, https: 18443, mqtts: 18883 },
  });
});

it('does not wait for an orderly stop after a second signal, or for longer than 5 s', async () => {
  const at = await CommandLine.open();
  const clock = new ManualClock(0);
  at.clock = clock;
  const stopping = new Promise<void>((begun) => {
    const stop = () => {
      begun();
      return new Promise<never>(() => {});
    };
    at.openHub = async () => ({ ...hub, stop });
  });
  const ended = at.run('start', '--no-build', '--set', 'log.level=silent');
  await at.output.contains('Hearth is up');
  at.signals.emit('SIGINT');
  await stopping;

  expect(at.exits).toEqual([]);
  at.signals.emit('SIGINT');
  expect(at.exits).toEqual([130]);

  clock.advance(5000);
  expect(await ended).toBe(75);
  expect(at.errors.text).toContain('hearth: the hub did not stop within 5 s.');
});

it.each([
  ['already_running', 69],
  ['address_in_use', 69],
  ['data_directory', 73],
  ['bad_config', 78],
] as const)('ends with one line when the hub cannot start: %s', async (code, exitCode) => {
  const at = await CommandLine.open();
  at.openHub = () => Promise.reject(new HearthError(code, 'it cannot', { hint: 'Do that.' }));
  expect(await at.run('start')).toBe(exitCode);
  expect(at.errors.text).toBe('hearth: it cannot. Do that.\n');
  expect(at.output.text).toBe('');
});
