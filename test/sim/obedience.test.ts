import { expect, it } from 'vitest';
import { type Clock, systemClock } from '#kernel';
import { type DialectName, parseBehaviour, profiles, SimulatedDevice } from '#sim';
import { seededRandom } from '../../src/sim/random.ts';
import { ManualClock } from '../support/clock.ts';
import { HubSigner } from './hub-signer.ts';
import { ThrowAwayAuthority, TlsBroker } from './tls-broker.ts';

const hub = new HubSigner();
const inAnHour = new Date(Date.now() + 3_600_000).toISOString();

const command = (id: string, action: string, value: unknown = null) =>
  hub.sign('fan', { id, action, value, expires_at: inAnHour });

interface Given {
  readonly behaviour?: string;
  readonly dialect?: DialectName;
  readonly profile?: keyof typeof profiles;
  readonly commandTopic?: string;
  readonly clock?: Clock;
}

async function connected({
  behaviour = 'obey',
  dialect = 'native',
  profile = 'purifier',
  commandTopic = 'devices/fan/command',
  clock = systemClock,
}: Given) {
  const authority = await ThrowAwayAuthority.make();
  const broker = await TlsBroker.start(authority);
  const told: string[] = [];
  const anythingTold = Promise.withResolvers<void>();
  const device = new SimulatedDevice({
    id: 'fan',
    credentials: { ...(await authority.issue('fan')), hubKeys: hub.hubKeys },
    hub: broker.hub,
    clock,
    random: seededRandom('test'),
    profile: profiles[profile],
    dialect,
    behaviour: parseBehaviour(behaviour, 'behave'),
    onTold: (sentence) => {
      told.push(sentence);
      anythingTold.resolve();
    },
  });
  await device.connect();
  await broker.subscribed(commandTopic);
  return { broker, device, told, anythingTold: anythingTold.promise };
}

const acks = 'devices/fan/ack';
const fast = { fanSpeed: 5, powerOn: true };
const before = { fanSpeed: 2, powerOn: true };

interface Case {
  readonly behaviour: string;
  readonly ack: object | undefined;
  readonly executed: number;
  readonly readings: number;
  readonly state: object;
}

const done = { id: 'c1', status: 'ok', state: fast };
it.each<Case>([
  { behaviour: 'obey', ack: done, executed: 1, readings: 1, state: fast },
  { behaviour: 'silent', ack: undefined, executed: 1, readings: 1, state: fast },
  { behaviour: 'delay:30ms', ack: done, executed: 1, readings: 1, state: fast },
  { behaviour: 'ignore', ack: undefined, executed: 0, readings: 0, state: before },
  { behaviour: 'lie', ack: { id: 'c1', status: 'ok' }, executed: 0, readings: 0, state: before },
  {
    behaviour: 'ack-only',
    ack: { id: 'c1', status: 'ok' },
    executed: 0,
    readings: 0,
    state: before,
  },
  {
    behaviour: 'nack',
    ack: { id: 'c1', status: 'error', message: 'told to refuse' },
    executed: 0,
    readings: 0,
    state: before,
  },
])('takes a command as it is told to: $behaviour', async (given) => {
  const { broker, device, anythingTold } = await connected(given);

  await broker.say('devices/fan/command', command('c1', 'setFanSpeed', 5));
  await anythingTold;
  if (given.ack) expect((await broker.heard(acks, 1))[0]).toEqual(given.ack);
  await broker.heard('devices/fan/telemetry', given.readings);
  // What comes after shows that nothing else came before.
  device.behaviour = { kind: 'obey' };
  await broker.say('devices/fan/command', command('c2', 'setConfig', {}));
  const answers = await broker.heard(acks, given.ack ? 2 : 1);
  await broker.heard('devices/fan/telemetry', given.readings + 1);

  expect(answers.at(-1)).toMatchObject({ id: 'c2', state: given.state });
  expect(device.executions.get('c1') ?? 0).toBe(given.executed);
  expect(broker.readings()).toHaveLength(given.readings + 1);
  expect(broker.readings().at(-1)).toMatchObject(given.state);
  await device.close();
});

it('executes a command once, however often it comes, and answers every time', async () => {
  const { broker, device } = await connected({});
  const text = command('c1', 'setFanSpeed', 5);
  for (const _ of [1, 2, 3]) await broker.say('devices/fan/command', text);

  expect(await broker.heard(acks, 3)).toEqual([done, done, done]);
  expect([...device.executions]).toEqual([['c1', 1]]);
  expect(broker.readings()).toHaveLength(1);
  await device.close();
});

it('executes a command once that comes again while it is being done', async () => {
  const { broker, device, told } = await connected({ behaviour: 'delay:50ms' });
  const text = command('c1', 'setFanSpeed', 5);
  for (const _ of [1, 2]) await broker.say('devices/fan/command', text);

  expect(await broker.heard(acks, 1)).toEqual([done]);
  expect([...device.executions]).toEqual([['c1', 1]]);
  expect(told).toEqual(['setFanSpeed 5: in 50 ms', 'c1 again: being done', 'setFanSpeed 5: done']);
  await device.close();
});

it('refuses what is forged, expired or not for it, saying why', async () => {
  const { broker, device } = await connected({});
  const forged = command('c1', 'setFanSpeed', 5).replace('"value":5', '"value":4');
  const expired = { id: 'c2', action: 'turnOff', value: null, expires_at: '2020-01-01T00:00:00Z' };
  await broker.say('devices/fan/command', forged);
  await broker.say('devices/fan/command', hub.sign('fan', expired));
  await broker.say('devices/fan/command', hub.sign('fan-2', { ...expired, id: 'c3' }));

  expect(await broker.heard(acks, 3)).toEqual([
    { id: 'c1', status: 'error', message: 'bad signature' },
    { id: 'c2', status: 'error', message: 'expired' },
    { id: 'c3', status: 'error', message: 'bad signature' },
  ]);
  expect(device.refused.map(({ reason }) => reason)).toEqual([
    'bad signature',
    'expired',
    'bad signature',
  ]);
  expect(device.executions.size).toBe(0);
  await device.close();
});

it('speaks as the purifier’s documents have it', async () => {
  const commandTopic = 'device/fan/command';
  const { broker, device } = await connected({ dialect: 'purifier', commandTopic });
  const body = { commandId: 'c1', action: 'setFanSpeed', value: 5, expires_at: inAnHour };
  await broker.say(commandTopic, hub.sign('fan', body));

  expect(await broker.heard('device/fan/ack', 1)).toEqual([
    { commandId: 'c1', status: 'success', deviceState: fast },
  ]);
  expect((await broker.heard('device/fan/data', 1))[0]).toMatchObject(fast);
  await device.close();
});

it('speaks as the smart plug’s documents have it: its status is its answer', async () => {
  const commandTopic = 'smartplug/fan/control';
  const { broker, device } = await connected({
    dialect: 'smartplug',
    profile: 'plug',
    commandTopic,
  });
  const body = { command: 'relay_off', id: 'c1', expires_at: inAnHour };
  await broker.say(commandTopic, hub.sign('fan', body));

  expect(await broker.heard('smartplug/fan/status', 2)).toEqual([
    { status: 'online' },
    { status: 'online', relay_state: false },
  ]);
  expect((await broker.heard('smartplug/fan/telemetry', 1))[0]).toMatchObject({ power: 0 });
  await device.close();
});

it('takes a configuration on, says so, and says which it has from then on', async () => {
  const { broker, device } = await connected({});
  const document = { version: 3, config: { interval: 5 }, issued_at: inAnHour };
  await broker.say('devices/fan/config', hub.sign('fan', document, { purpose: 'config' }));

  expect(await broker.heard(acks, 1)).toEqual([{ id: 'config-3', status: 'ok', state: before }]);
  expect(device.appliance?.config).toEqual({ interval: 5 });
  const online = { status: 'online' };
  const configured = { status: 'online', config_version: 3 };
  expect(await broker.heard('devices/fan/status', 2)).toEqual([online, configured]);
  device.cut();
  const statuses = await broker.heard('devices/fan/status', 3);
  expect(statuses.at(-1)).toEqual(configured);
  await device.close();
});

it('does not keep a promise once it is switched off', async () => {
  const clock = new ManualClock(Date.now());
  const { broker, device, anythingTold } = await connected({ behaviour: 'delay:1m', clock });
  await broker.say('devices/fan/command', command('c1', 'setFanSpeed', 5));
  await anythingTold;
  await device.close();
  clock.advance(2 * 3_600_000);
  expect(device.executions.size).toBe(0);
});

it('hears nothing without a profile', async () => {
  const authority = await ThrowAwayAuthority.make();
  const broker = await TlsBroker.start(authority);
  const device = new SimulatedDevice({
    id: 'fan',
    credentials: await authority.issue('fan'),
    hub: broker.hub,
    clock: new ManualClock(0),
    random: seededRandom('test'),
  });
  await device.connect();
  await device.report();
  expect(device.counts.sent).toBe(0);
  expect(device.executions.size).toBe(0);
});
