import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { planSimulation, type SimulateOptions } from '../../src/cli/simulation-plan.ts';
import { ThrowAwayAuthority, TlsBroker } from '../sim/tls-broker.ts';
import { CommandLine, listenOnSocket, type Seen } from './command-line.ts';

const fixture = join(import.meta.dirname, '../fixtures/household-minute.csv');

async function runningHub(): Promise<{ at: CommandLine; broker: TlsBroker; seen: Seen[] }> {
  const at = await CommandLine.open();
  const authority = await ThrowAwayAuthority.make();
  const broker = await TlsBroker.start(authority);
  const ids = new Set<string>();
  const api = new Hono()
    .get('/status', (context) => context.json({ addresses: { mqtts: { port: broker.hub.port } } }))
    .post('/devices', async (context) => {
      const { id } = await context.req.json();
      if (ids.has(id)) return context.json({ code: 'conflict', detail: 'it is there' }, 409);
      ids.add(id);
      return context.json({ device: { id } }, 201);
    })
    .post('/devices/:id/certificates', async (context) => {
      const { caPem, certificatePem, keyPem } = await authority.issue(context.req.param('id'));
      return context.json({ ca: caPem, certificate: certificatePem, key: keyPem }, 201);
    });
  const seen = await listenOnSocket(at.directory, api);
  return { at, broker, seen };
}

it('replays a recording through the running hub, and again with the same key', async () => {
  const { at, broker, seen } = await runningHub();

  expect(await at.run('simulate', '--replay', fixture, '--json')).toBe(0);
  expect(JSON.parse(at.output.text)).toMatchObject({ sent: 200, acknowledged: 200, devices: 1 });
  expect(broker.readings()).toHaveLength(200);
  expect(broker.published[0]?.topic).toBe('devices/sim-household-minute/status');

  expect(await at.run('simulate', '--replay', fixture, '--json')).toBe(0);
  expect(seen.filter(({ method }) => method === 'POST')).toHaveLength(2);
});

it('runs a preset and says how it went', async () => {
  const { at, broker } = await runningHub();
  expect(await at.run('simulate', '--preset', 'home', '--duration', '1', '--seed', 's')).toBe(0);
  expect(broker.readings()).toHaveLength(9);
  expect(at.output.text).toMatch(/^devices +9\nsent +9\nacknowledged +9\n/);
  expect(at.output.text).toMatch(/seed +s\n$/);
});

it('draws a bar on a terminal, and takes it away again', async () => {
  const { at } = await runningHub();
  Object.assign(at.errors, { isTTY: true });
  await at.run('simulate', '--replay', fixture);
  expect(at.errors.text).toContain(' 100 %  200 sent  200 acknowledged');
  expect(at.errors.text.endsWith('\r\u001b[2K')).toBe(true);
});

it('warns that rows are older than what is kept', async () => {
  const { at } = await runningHub();
  await at.run('simulate', '--replay', fixture, '--start', '-8d');
  expect(at.errors.text).toContain('Rows older than 7 days come too late');
});

it('steers a device from the keyboard', async () => {
  const { at, broker } = await runningHub();
  at.input = Readable.from(['set fanSpeed 5\n', 'quit\n']);
  expect(await at.run('simulate', '--interactive')).toBe(0);
  expect(at.errors.text).toContain('fanSpeed is 5');
  expect(broker.readings()[0]).toMatchObject({ fanSpeed: 5 });
});

it('ends with what is lost when the hub turns a device away', async () => {
  const { at, broker } = await runningHub();
  broker.turnedAway.add('sim-plug-1');
  expect(await at.run('simulate', '--devices', '1', '--duration', '1')).toBe(77);
  expect(at.errors.text).toContain('hearth: the hub refuses sim-plug-1');
});

const usual: SimulateOptions = { duration: '60s', loss: '0', speed: 'max' };

it.each<[string, Partial<SimulateOptions>, object]>([
  ['devices', { devices: '2' }, { kind: 'fleet', durationMs: 60_000, ratePerSecond: 1 }],
  [
    'a rate',
    { preset: 'home', rate: '2.5', duration: '5m' },
    { ratePerSecond: 2.5, durationMs: 300_000 },
  ],
  [
    'plain seconds',
    { preset: 'office', duration: '90', loss: '5' },
    { durationMs: 90_000, lossPercent: 5 },
  ],
  [
    'a start',
    { replay: 'My file.csv', start: '-2h' },
    {
      startMs: 2_800_000,
      member: { id: 'sim-my-file', name: 'Replay of My file', profile: 'plug' },
    },
  ],
  [
    'a speed',
    { replay: 'a.csv', speed: '60', device: 'x' },
    { speed: 60, member: { id: 'x', name: 'Replay of a', profile: 'plug' } },
  ],
  ['a kind', { interactive: true, type: 'plug' }, { kind: 'interactive', everyMs: 5000 }],
])('understands %s', (_, options, plan) => {
  expect(planSimulation({ ...usual, ...options }, 10_000_000)).toMatchObject(plan);
});
