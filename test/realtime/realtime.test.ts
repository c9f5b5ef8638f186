import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Caller } from '#auth';
import { readClientMessage } from '../../src/realtime/messages.ts';
import { openStage, tablet } from './stage.ts';

describe('a screen', () => {
  it('is welcomed with the home as it is now', async () => {
    const { devices, screen } = await openStage();
    devices.create({ id: 'plug', name: 'Kitchen' });
    expect(await (await screen(tablet)).next()).toMatchObject({
      type: 'welcome',
      server_time: '2026-03-01T08:00:00.000Z',
      home: 'Elm Street 7',
      devices: [{ id: 'plug', name: 'Kitchen', status: 'offline', latest: null }],
    });
  });

  it('hears of nothing it did not ask for', async () => {
    const { devices, screen, sample, clock } = await openStage();
    for (const id of ['plug', 'lamp']) devices.create({ id });
    const one = await screen(tablet);
    await one.next();
    one.say({ type: 'subscribe', devices: ['plug'], metrics: ['power'] });
    expect(await one.next()).toEqual({ type: 'subscribed', devices: ['plug'], metrics: ['power'] });
    sample('lamp', { power: 1 });
    sample('plug', { voltage: 230 });
    sample('plug', { power: 2, voltage: 231 });
    clock.advance(100);
    expect(await one.next()).toEqual({
      type: 'telemetry',
      device_id: 'plug',
      timestamp: '2026-03-01T08:00:00.000Z',
      values: { power: 2 },
    });
    one.say({ type: 'unsubscribe', devices: ['plug'] });
    await one.next();
    sample('plug', { power: 3 });
    clock.advance(100);
    one.say({ type: 'ping' });
    expect(await one.next()).toMatchObject({ type: 'pong' });
  });

  it('hears of a device at most once in 100 ms, and then the newest of each metric', async () => {
    const { devices, watching, sample, clock } = await openStage();
    devices.create({ id: 'plug' });
    const one = await watching();
    clock.advance(100);
    const nowMs = clock.nowMs();
    for (let power = 0; power < 1000; power++) sample('plug', { power }, nowMs + power);
    sample('plug', { power: -1, current: 4 }, nowMs - 60_000);
    clock.advance(100);
    expect(await one.next()).toEqual({
      type: 'telemetry',
      device_id: 'plug',
      timestamp: new Date(nowMs + 999).toISOString(),
      values: { power: 999, current: 4 },
    });
    one.say({ type: 'ping' });
    expect(await one.next()).toMatchObject({ type: 'pong' });
  });

  it('hears of devices that come, change and go', async () => {
    const { devices, watching, clock } = await openStage();
    const one = await watching();
    devices.create({ id: 'plug' });
    devices.update('plug', { name: 'Kitchen' });
    clock.advance(100);
    expect(await one.next()).toMatchObject({
      type: 'device',
      change: 'created',
      device: { id: 'plug', name: 'Kitchen' },
    });
    devices.heartbeat('plug', undefined);
    clock.advance(100);
    expect(await one.next()).toMatchObject({ change: 'online', device: { status: 'online' } });
    devices.remove('plug');
    clock.advance(100);
    expect(await one.next()).toMatchObject({ change: 'removed' });
  });

  it('hears of readings and of what changed in their order', async () => {
    const { devices, watching, sample, clock } = await openStage();
    devices.create({ id: 'plug', type: 'plug' });
    const one = await watching();
    clock.advance(100);
    const sayState = (relay_state: boolean) => devices.takeReport('plug', { relay_state });
    sample('plug', { relay_state: false, power: 1 });
    sayState(true);
    sample('plug', { power: 60 });
    sayState(false);
    sample('plug', { power: 61 });
    sayState(true);
    sample('plug', { voltage: 230 });
    clock.advance(100);
    expect(await one.next()).toMatchObject({
      type: 'telemetry',
      values: { relay_state: false, power: 61 },
    });
    expect(await one.next()).toMatchObject({
      type: 'device',
      device: { reported: { relay_state: true } },
    });
    const last = await one.next();
    expect(last).toMatchObject({ type: 'telemetry' });
    expect(last).toHaveProperty('values', { voltage: 230 });
  });

  it.each([
    ['{', 'bad_request'],
    ['[]', 'bad_request'],
    [{ type: 'shout' }, 'bad_request'],
    [{ type: 'subscribe', devices: [] }, 'bad_request'],
    [{ type: 'subscribe', devices: ['x'.repeat(65)] }, 'bad_request'],
    [{ type: 'subscribe', devices: ['nobody'] }, 'not_found'],
    [{ type: 'auth', token: 'again' }, 'conflict'],
  ])('that says %j is told %s', async (message, code) => {
    const one = await (await openStage()).watching();
    one.say(message);
    expect(await one.next()).toMatchObject({ type: 'error', code });
  });
});

describe('a stranger', () => {
  it('is let in by a token in the first message', async () => {
    const { auth, screen } = await openStage();
    const { token } = auth.tokens.create({ name: 'tablet', role: 'member' });
    const one = await screen(undefined);
    one.say({ type: 'auth', token });
    expect(await one.next()).toMatchObject({ type: 'welcome' });
  });

  it('may be one with the longest name there is, in any script', () => {
    const token = `eyJ.${'x'.repeat(516)}.y`;
    expect(readClientMessage(JSON.stringify({ type: 'auth', token }))).toEqual({
      type: 'auth',
      token,
    });
  });

  it('stays in for as long as that token is good', async () => {
    const { auth, screen, clock } = await openStage();
    const { token } = auth.tokens.create({ name: 'tablet', role: 'member', expiresIn: '150s' });
    // The headers of its upgrade stand for nobody.
    const one = await screen(undefined, async () => undefined);
    one.say({ type: 'auth', token });
    await one.next();
    const live = (tens: number) => {
      for (let i = 0; i < tens; i++) {
        clock.advance(10_000);
        one.far.emit('pong', Buffer.alloc(0));
      }
    };
    live(13);
    one.say({ type: 'ping' });
    expect(await one.next()).toMatchObject({ type: 'pong' });
    live(7);
    expect(await one.closed).toMatchObject({ code: 1008 });
  });

  it.each([{ type: 'auth', token: 'hearth_wrong' }, { type: 'ping' }])(
    'is shown out for saying %j first',
    async (message) => {
      const one = await (await openStage()).screen(undefined);
      one.say(message);
      expect(await one.next()).toMatchObject({ type: 'error', code: 'unauthenticated' });
      expect((await one.closed).code).toBe(1008);
    },
  );

  it('is shown out after five seconds of silence, and hears nothing until then', async () => {
    const { devices, screen, clock, sample } = await openStage();
    const one = await screen(undefined);
    devices.create({ id: 'plug' });
    sample('plug', { power: 1 });
    let heard = 0;
    one.ws.on('message', () => heard++);
    clock.advance(4999);
    expect(one.far.readyState).toBe(one.far.OPEN);
    clock.advance(1);
    expect((await one.closed).code).toBe(1008);
    expect(heard).toBe(0);
  });

  it('cannot fill the house with others of its kind', async () => {
    const { screen } = await openStage();
    for (let i = 0; i < 20; i++) await screen(undefined);
    expect((await (await screen(undefined)).closed).code).toBe(1013);
    expect(await (await screen(tablet)).next()).toMatchObject({ type: 'welcome' });
  });
});

describe('a connection ends', () => {
  it('at once when its token is revoked', async () => {
    const { auth, screen } = await openStage();
    const { token, id } = auth.tokens.create({ name: 'tablet', role: 'member' });
    const one = await screen(auth.callerOfToken(token));
    const other = await screen(tablet);
    auth.tokens.revoke(id);
    expect(await one.closed).toEqual({ code: 1008, reason: 'your token is not valid any more' });
    expect(other.far.readyState).toBe(other.far.OPEN);
  });

  it('within a minute when its session ends', async () => {
    const { screen, clock } = await openStage();
    let caller: typeof tablet | undefined = tablet;
    const one = await screen(tablet, async () => caller);
    clock.advance(10_000);
    one.far.emit('pong', Buffer.alloc(0));
    caller = undefined;
    for (let i = 0; i < 5; i++) {
      clock.advance(10_000);
      one.far.emit('pong', Buffer.alloc(0));
    }
    expect(await one.closed).toEqual({ code: 1008, reason: 'your session has ended' });
  });

  it('when it answers no ping for 30 seconds', async () => {
    const { watching, clock } = await openStage();
    const one = await watching();
    one.ws.pause();
    clock.advance(40_000);
    one.ws.resume();
    expect((await one.closed).code).toBe(1008);
  });

  it('when it talks too much', async () => {
    const one = await (await openStage()).watching();
    for (let i = 0; i < 60; i++) one.say({ type: 'ping' });
    expect((await one.closed).code).toBe(1008);
  });

  it('before it begins when the house is full', async () => {
    const { screen } = await openStage(1);
    await screen(tablet);
    expect((await (await screen(tablet)).closed).code).toBe(1013);
  });

  it('when the hub stops', async () => {
    const { watching, realtime } = await openStage();
    const one = await watching();
    await realtime.stop();
    expect((await one.closed).code).toBe(1001);
  });
});

it('cannot be flooded by a device that makes up metrics', async () => {
  const { devices, watching, sample, clock } = await openStage();
  devices.create({ id: 'plug' });
  const one = await watching();
  clock.advance(100);
  const madeUp = Array.from({ length: 150_000 }, (_, i) => [`metric_${i}`, i]);
  sample('plug', Object.fromEntries(madeUp));
  clock.advance(100);
  const heard = await one.next();
  expect(Object.keys(heard.type === 'telemetry' ? heard.values : {})).toHaveLength(256);
});

it('is alone in its trouble: the others are served', async () => {
  const { devices, watching, clock } = await openStage();
  const broken = await watching();
  const other = await watching();
  Object.defineProperty(broken.far, 'send', {
    value: () => {
      throw new Error('no memory');
    },
  });
  devices.create({ id: 'plug' });
  clock.advance(100);
  expect(await other.next()).toMatchObject({ type: 'device', change: 'created' });
  expect((await broken.closed).code).toBe(1011);
});

describe('a slow screen', () => {
  it('gets what changed last, later, and nobody waits for it', async () => {
    const { devices, watching, sample, clock } = await openStage();
    devices.create({ id: 'plug' });
    const slow = await watching();
    const fast = await watching();
    const full = Object.getOwnPropertyDescriptor(slow.far, 'bufferedAmount');
    Object.defineProperty(slow.far, 'bufferedAmount', { value: 2_000_000, configurable: true });
    for (let power = 1; power <= 3; power++) {
      sample('plug', { power });
      clock.advance(100);
      expect(await fast.next()).toMatchObject({ values: { power } });
    }
    if (full) Object.defineProperty(slow.far, 'bufferedAmount', full);
    else Reflect.deleteProperty(slow.far, 'bufferedAmount');
    clock.advance(100);
    // The first news is that the device was there, which both heard in their welcome.
    expect(await slow.next()).toMatchObject({ type: 'telemetry', values: { power: 3 } });
  });

  it('is shut out when it reads nothing at all', async () => {
    const { devices, watching, clock } = await openStage();
    const stuck = await watching();
    stuck.ws.pause();
    const closed = once(stuck.far, 'close');
    // More than the buffers of the operating system hold for a socket.
    while (stuck.far.bufferedAmount <= 4 * 1024 * 1024) stuck.far.send('x'.repeat(1024 * 1024));
    devices.create({ id: 'plug' });
    clock.advance(100);
    expect(stuck.far.readyState).toBe(stuck.far.CLOSING);
    clock.advance(1000);
    await closed;
  });
});

describe('what else happens', () => {
  const command = (id: string, status: string) =>
    ({ type: 'command', command: { id, device_id: 'plug', status } }) as const;

  it('is told to everyone who watches, each state of a command once', async () => {
    const { realtime, watching, clock } = await openStage();
    const one = await watching();
    const other = await watching();
    for (const status of ['queued', 'sent', 'sent', 'delivered', 'acknowledged', 'confirmed']) {
      realtime.announce(command('c1', status));
    }
    realtime.announce({ type: 'alert', alert: { id: 'a1', device_id: null } });
    realtime.announce(command('c2', 'queued'));
    clock.advance(100);
    for (const screen of [one, other]) {
      for (const status of ['queued', 'sent', 'delivered', 'acknowledged', 'confirmed']) {
        expect(await screen.next()).toEqual(command('c1', status));
      }
      expect(await screen.next()).toEqual({ type: 'alert', alert: { id: 'a1', device_id: null } });
      expect(await screen.next()).toEqual(command('c2', 'queued'));
    }
  });

  it.each([
    [['created', 'updated'], 'created'],
    [['created', 'updated', 'updated'], 'created'],
    [['updated', 'updated'], 'updated'],
    [['created', 'removed'], 'removed'],
    [['removed', 'created'], 'created'],
  ] as const)('is told as it was %j: %s', async (changes, told) => {
    const { realtime, watching, clock } = await openStage();
    const one = await watching();
    for (const [number, change] of changes.entries()) {
      const schedule = { id: 's', device_id: null, name: `${number}` };
      realtime.announce({ type: 'schedule', change, schedule });
      realtime.announce({ type: 'group', change, id: 'g' });
      realtime.announce({ type: 'scene', change, id: 'g' });
      const device_type = { type: 'heater', label: `${number}` };
      realtime.announce({ type: 'device_type', change, device_type });
    }
    clock.advance(100);
    const last = `${changes.length - 1}`;
    expect([await one.next(), await one.next(), await one.next(), await one.next()]).toEqual([
      { type: 'schedule', change: told, schedule: { id: 's', device_id: null, name: last } },
      { type: 'group', change: told, id: 'g' },
      { type: 'scene', change: told, id: 'g' },
      { type: 'device_type', change: told, device_type: { type: 'heater', label: last } },
    ]);
  });

  it('shows settings to those alone who may control devices', async () => {
    const { realtime, screen, clock } = await openStage();
    const member: Caller = { kind: 'token', id: 'm', name: 'phone', role: 'member' };
    const value = { wifi_password: 'hunter2' };
    const screens = [await screen(tablet), await screen(member)];
    for (const one of screens) await one.next();
    const set = {
      type: 'command',
      command: { id: 'c1', device_id: 'plug', status: 'sent', value },
    } as const;
    realtime.announce(set);
    clock.advance(100);
    const [hidden, shown] = await Promise.all(screens.map((one) => one.next()));
    expect(hidden).toEqual({
      type: 'command',
      command: { id: 'c1', device_id: 'plug', status: 'sent', value: null, value_hidden: true },
    });
    expect(shown).toEqual(set);
  });

  it('is bounded for a screen that does not read: the oldest goes', async () => {
    const { realtime, watching, clock } = await openStage();
    const one = await watching();
    for (let number = 0; number <= 1000; number++) {
      realtime.announce(command(`c${number}`, 'queued'));
    }
    clock.advance(100);
    expect(await one.next()).toEqual(command('c1', 'queued'));
  });

  it('is told to nobody who has not said who they are', async () => {
    const { realtime, screen, clock } = await openStage();
    const stranger = await screen(undefined);
    const known = await screen(tablet);
    await known.next();
    realtime.announce(command('c1', 'queued'));
    clock.advance(100);
    expect(await known.next()).toEqual(command('c1', 'queued'));
    stranger.say('{');
    // The first that it hears is that this was no message.
    expect(await stranger.next()).toMatchObject({ type: 'error' });
  });
});
