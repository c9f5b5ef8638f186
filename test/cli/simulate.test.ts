import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { planSimulation, type SimulateOptions } from '../../src/cli/simulation-plan.ts';
import { HubSigner } from '../sim/hub-signer.ts';
import { ThrowAwayAuthority, TlsBroker } from '../sim/tls-broker.ts';
import { CommandLine, listenOnSocket } from './command-line.ts';

const fixture = join(import.meta.dirname, '../fixtures/household-minute.csv');

async function runningHub() {
  const at = await CommandLine.open();
  const authority = await ThrowAwayAuthority.make();
  const broker = await TlsBroker.start(authority);
  const signer = new HubSigner();
  const devices: { id: string; room?: string; created_at: string }[] = [];
  const rooms = [{ id: 'k', name: 'kitchen', order: 0 }];
  const api = new Hono()
    .get('/status', (context) => context.json({ addresses: { mqtts: { port: broker.hub.port } } }))
    .post('/devices', async (context) => {
      const { id, room } = await context.req.json();
      const created_at = new Date().toISOString();
      const device = { id, room, created_at };
      devices.push(device);
      return context.json({ device }, 201);
    })
    .get('/devices', (context) => context.json({ devices }))
    .delete('/devices/:id', (context) => {
      const index = devices.findIndex(({ id }) => id === context.req.param('id'));
      devices.splice(index, 1);
      return context.body(null, 204);
    })
    .get('/signing-keys', (context) => {
      const { ed25519Pem, p256Pem } = signer.hubKeys;
      return context.json({ ed25519: { pem: ed25519Pem }, p256: { pem: p256Pem } });
    })
    .get('/rooms', (context) => context.json({ rooms }))
    .post('/rooms', async (context) => {
      const { name } = await context.req.json();
      rooms.push({ id: name.toLowerCase(), name, order: 0 });
      return context.json(rooms.at(-1), 201);
    })
    .post('/devices/:id/certificates', async (context) => {
      const { caPem, certificatePem, keyPem } = await authority.issue(context.req.param('id'));
      return context.json({ ca: caPem, certificate: certificatePem, key: keyPem }, 201);
    });
  const seen = await listenOnSocket(at.directory, api);
  return { at, broker, seen, devices, rooms, signer };
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
  const { at, broker, devices, rooms } = await runningHub();
  expect(await at.run('simulate', '--preset', 'home', '--duration', '1', '--seed', 's')).toBe(0);
  expect(rooms.map(({ name }) => name).sort()).toEqual([
    'Bedroom',
    'Hall',
    'Living room',
    'kitchen',
  ]);
  expect(devices.find(({ id }) => id === 'sim-plug-1')?.room).toBe('k');
  expect(devices.every(({ room }) => room !== undefined)).toBe(true);
  expect(at.errors.text).toContain('The 9 simulated devices stay, as sim-plug-1 and so on');
  expect(at.errors.text).toContain('hearth query sim-plug-1\n');
  expect(at.errors.text).toContain('hearth simulate --remove\n');
  expect(broker.readings()).toHaveLength(9);
  expect(at.output.text).toMatch(/^devices +9\nsent +9\nacknowledged +9\n/);
  expect(at.output.text).toMatch(/seed +s\n$/);
});

it('does not mix made-up readings into a device that it has not made', async () => {
  const { at, broker, devices } = await runningHub();
  devices.push({ id: 'plug-2', created_at: new Date().toISOString() });
  expect(await at.run('simulate', '--replay', fixture, '--device', 'plug-2')).toBe(73);
  expect(at.errors.text).toContain('the simulator has not made the device plug-2');
  expect(broker.published).toEqual([]);
});

it('removes what it has made, and nothing that took such an id later', async () => {
  const { at, devices } = await runningHub();
  devices.push({ id: 'real', created_at: new Date().toISOString() });
  expect(await at.run('simulate', '--devices', '3', '--duration', '1', '--json')).toBe(0);
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  const again = devices.find(({ id }) => id === 'sim-plug-2');
  Object.assign(again ?? {}, { created_at: tomorrow });

  expect(await at.run('simulate', '--remove')).toBe(64);
  expect(devices).toHaveLength(4);
  at.output.text = '';
  expect(await at.run('simulate', '--remove', '--yes')).toBe(0);
  expect(at.output.text).toBe('2 simulated devices removed, with all readings. The rooms stay.\n');
  expect(devices.map(({ id }) => id).sort()).toEqual(['real', 'sim-plug-2']);
  at.output.text = '';
  expect(await at.run('simulate', '--remove', '--yes')).toBe(0);
  expect(at.output.text).toBe('There are no simulated devices.\n');
});

it('has the examples that its messages speak of', async () => {
  const at = await CommandLine.open();
  expect(await at.run('simulate', '--help')).toBe(0);
  for (const kind of ['--preset home', '--devices 100', '--replay', '--interactive', '--remove']) {
    expect(at.output.text).toMatch(new RegExp(`^ {2}hearth simulate ${kind}`, 'm'));
  }
});

it('draws a bar on a terminal, and takes it away again', async () => {
  const { at } = await runningHub();
  Object.assign(at.errors, { isTTY: true });
  await at.run('simulate', '--replay', fixture);
  expect(at.errors.text).toContain(' 100 %  200 sent  200 acknowledged');
  expect(at.errors.text).toContain(' acknowledged\r\u001b[2K\n');
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

it('does what the hub says, as it is told to take it, and says so', async () => {
  const { at, broker, signer } = await runningHub();
  async function* typed() {
    await broker.subscribed('device/fan/command');
    const expires_at = new Date(Date.now() + 60_000).toISOString();
    const turnOff = { commandId: 'c1', action: 'turnOff', value: null, expires_at };
    await broker.say('device/fan/command', signer.sign('fan', turnOff));
    await broker.heard('device/fan/ack', 1);
    yield 'behave obey\n';
    const forged = signer.sign('fan', turnOff).replace('turnOff', 'turnOn');
    await broker.say('device/fan/command', forged);
    await broker.heard('device/fan/ack', 2);
    yield 'quit\n';
  }
  at.input = Readable.from(typed());
  const argv = '--interactive --device fan --dialect purifier --behave nack'.split(' ');
  expect(await at.run('simulate', ...argv)).toBe(0);
  expect(at.errors.text).toContain('the hub says turnOff: refused, told to refuse\n');
  expect(at.errors.text).toContain('commands are taken so from now on: obey\n');
  expect(at.errors.text).toContain('the hub says a command: refused, bad signature\n');
});

it('has a fleet that takes commands as it is told to', async () => {
  const { at, broker, signer } = await runningHub();
  const acks = (async () => {
    await broker.subscribed('devices/sim-plug-1/command');
    const expires_at = new Date(Date.now() + 60_000).toISOString();
    const command = { id: 'c1', action: 'relay_off', value: null, expires_at };
    await broker.say('devices/sim-plug-1/command', signer.sign('sim-plug-1', command));
    return broker.heard('devices/sim-plug-1/ack', 1);
  })();
  const argv = '--devices 1 --duration 2 --behave delay:100ms'.split(' ');
  expect(await at.run('simulate', ...argv)).toBe(0);
  expect(await acks).toEqual([{ id: 'c1', status: 'ok', state: { relay_state: false } }]);
  expect(broker.readings().at(-1)).toMatchObject({ relay_state: false });
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
  [
    'a behaviour',
    { devices: '1', behave: 'delay:2s' },
    { behaviour: { kind: 'delay', delayMs: 2000 } },
  ],
  ['a behaviour of one', { interactive: true, behave: 'ack-only' }, { behaviour: { kind: 'lie' } }],
  ['a kind', { interactive: true, type: 'plug' }, { kind: 'interactive', everyMs: 5000 }],
])('understands %s', (_, options, plan) => {
  expect(planSimulation({ ...usual, ...options }, 10_000_000)).toMatchObject(plan);
});
