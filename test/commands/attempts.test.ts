import { describe, expect, it } from 'vitest';
import { type Desk, native, openDesk, plug, purifier, restart, startMs } from './desk.ts';

const seconds = (desk: Desk): number[] => desk.arrivals.map(({ atMs }) => (atMs - startMs) / 1000);

describe('a device that is offline', () => {
  it('is tried three times at 30 s, and then the command is timed out and somebody is told', async () => {
    const desk = await openDesk({ line: 'away' });
    const { id } = desk.send('setFanSpeed', { value: 3, origin: '192.168.1.9' });
    const seen: [number, string, number][] = [];
    for (const atS of [0, 29.999, 30, 59.999, 60, 89.999, 90]) {
      desk.clock.advance(startMs + atS * 1000 - desk.clock.nowMs());
      const { status, attempts } = desk.commands.get(id);
      seen.push([atS, status, attempts]);
    }
    expect(seen).toEqual([
      [0, 'queued', 1],
      [29.999, 'queued', 1],
      [30, 'queued', 2],
      [59.999, 'queued', 2],
      [60, 'queued', 3],
      [89.999, 'queued', 3],
      [90, 'timed_out', 3],
    ]);
    expect(desk.arrivals).toEqual([]);
    expect(desk.commands.get(id)).toMatchObject({
      sent_at: null,
      error: 'not sent in 3 attempts: the device is offline',
    });
    expect(desk.historyOf(id)).toEqual([
      'created',
      'not published attempt 1: the device is offline',
      'not published attempt 2: the device is offline',
      'not published attempt 3: the device is offline',
      'timed out not sent in 3 attempts: the device is offline',
    ]);
    expect(desk.auditOf('command.create')).toMatchObject([
      {
        actor: 'person:owner',
        subject: 'device:fan',
        outcome: 'ok',
        origin: '192.168.1.9',
        detail: { command: id, action: 'setFanSpeed', value: 3, source: 'manual' },
      },
    ]);
    expect(desk.auditOf('command.settle')).toMatchObject([
      { actor: 'hub', subject: 'device:fan', outcome: 'timed_out', detail: { attempts: 3 } },
    ]);
    expect(desk.alerts).toMatchObject([
      {
        kind: 'command_timed_out',
        deviceId: 'fan',
        message: 'fan did not do setFanSpeed 3: not sent in 3 attempts: the device is offline',
        detail: { command: id, action: 'setFanSpeed', attempts: 3 },
      },
    ]);
    expect(desk.due.size).toBe(0);
    expect(desk.commands.numbers()).toMatchObject({ unfinished: 0, timed_out: 1, published: 0 });
  });

  it('is waited for with expiresIn, and hears the command once when it comes back', async () => {
    const desk = await openDesk({ line: 'away' });
    const { id } = desk.send('setFanSpeed', { value: 3, expiresInMs: 600_000 });
    desk.clock.advance(400_000);
    expect(desk.commands.get(id)).toMatchObject({
      status: 'queued',
      attempts: 0,
      error: 'the device is offline',
    });
    desk.comes(native());
    desk.commands.onReachable('fan');
    desk.arrivals[0]?.delivered();
    expect(desk.commands.get(id)).toMatchObject({ status: 'delivered', attempts: 1 });
    await Promise.all([desk.answer({ id, status: 'ok' }), desk.clock.advance(50)]);
    desk.clock.advance(600_000);
    expect(desk.arrivals.map(({ body }) => body.id)).toEqual([id]);
    expect(desk.commands.get(id)).toMatchObject({ status: 'acknowledged', error: null });
    expect(desk.historyOf(id)).toEqual([
      'created',
      'not published the device is offline; kept until 2026-03-01T08:10:00.000Z',
      'published attempt 1, native, QoS 1',
      'delivered',
      'acknowledged',
    ]);
    expect(desk.alerts).toEqual([]);
  });

  it('is waited for no longer than was said', async () => {
    const desk = await openDesk({ line: 'away' });
    const { id } = desk.send('setFanSpeed', { value: 3, expiresInMs: 600_000 });
    desk.clock.advance(599_999);
    expect(desk.commands.get(id).status).toBe('queued');
    desk.clock.advance(1);
    expect(desk.commands.get(id)).toMatchObject({
      status: 'expired',
      error: 'not sent before it expired: the device is offline',
    });
    desk.comes(native());
    desk.clock.advance(600_000);
    expect(desk.arrivals).toEqual([]);
    expect(desk.alerts).toEqual([]);
  });

  it('counts attempts only from its return, and none while it is away again', async () => {
    const desk = await openDesk({ line: 'away' });
    const { id } = desk.send('setFanSpeed', { value: 3, expiresInMs: 86_400_000 });
    desk.clock.advance(3_600_000);
    desk.comes(native());
    desk.arrivals.at(-1)?.delivered();
    desk.clock.advance(10_000);
    desk.lines.set('fan', 'away');
    desk.clock.advance(3_600_000);
    expect(desk.commands.get(id)).toMatchObject({ status: 'delivered', attempts: 1 });
    desk.comes(native());
    desk.arrivals.at(-1)?.delivered();
    desk.clock.advance(30_000);
    desk.arrivals.at(-1)?.delivered();
    desk.clock.advance(60_000);
    expect(seconds(desk)).toEqual([3600, 7210, 7240]);
    expect(desk.commands.get(id)).toMatchObject({
      status: 'timed_out',
      attempts: 3,
      error: 'no answer after 3 attempts',
    });
    expect(desk.alerts).toHaveLength(1);
  });

  it('that comes back between two attempts hears the open one at once, and has 30 s to answer', async () => {
    const desk = await openDesk({ line: 'away' });
    const { id } = desk.send('setFanSpeed', { value: 3 });
    desk.clock.advance(10_000);
    desk.comes(native());
    expect(desk.commands.get(id)).toMatchObject({ status: 'sent', attempts: 1, error: null });
    desk.comes(native());
    desk.clock.advance(120_000);
    expect(seconds(desk)).toEqual([10, 40, 70]);
    expect(desk.commands.get(id)).toMatchObject({ status: 'timed_out', attempts: 3 });
  });

  it('that comes back hears what it missed in the order it was said', async () => {
    const desk = await openDesk({ line: 'away' });
    const ids = [1, 2, 3].map(
      (n) => desk.send('setConfig', { deviceId: n === 2 ? 'plug' : 'fan', value: { n } }).id,
    );
    const other = desk.send('setFanSpeed', { value: 3 });
    desk.comes(native());
    expect(desk.arrivals.map(({ body }) => body.id)).toEqual([ids[2], other.id]);
  });
});

it.each([
  ['not_subscribed', 'the device is connected but does not listen to its commands'],
  ['busy', 'the device does not take its messages fast enough'],
] as const)('a device that is %s is said to be so', async (line, error) => {
  const desk = await openDesk({ line });
  expect(desk.send('turnOn')).toMatchObject({ status: 'queued', attempts: 1, error });
});

it('a busy device that is waited for is asked again, and no attempt counts', async () => {
  const desk = await openDesk({ line: 'busy' });
  const { id } = desk.send('turnOn', { expiresInMs: 3_600_000 });
  desk.clock.advance(299_000);
  desk.lines.set('fan', native());
  desk.clock.advance(1000);
  expect(seconds(desk)).toEqual([300]);
  expect(desk.commands.get(id)).toMatchObject({ status: 'sent', attempts: 1 });
});

it('a device that is silent gets the same id three times', async () => {
  const desk = await openDesk();
  const { id } = desk.send('setFanSpeed', { value: 3 });
  desk.clock.advance(90_000);
  expect(seconds(desk)).toEqual([0, 30, 60]);
  expect(new Set(desk.arrivals.map(({ body }) => body.id))).toEqual(new Set([id]));
  expect(desk.arrivals[0]?.body).toEqual({
    id,
    action: 'setFanSpeed',
    value: 3,
    issued_at: '2026-03-01T08:00:00.000Z',
    expires_at: '2026-03-01T08:01:30.000Z',
    signature: 'command fan',
  });
  expect(desk.commands.get(id)).toMatchObject({
    status: 'timed_out',
    attempts: 3,
    error: 'no answer after 3 attempts',
  });
});

it('nothing goes out after its time, even when the clock was set forward', async () => {
  const desk = await openDesk({ line: 'away' });
  const { id } = desk.send('turnOn');
  desk.clock.step(startMs + 3_600_000);
  desk.comes(native());
  expect(desk.arrivals).toEqual([]);
  expect(desk.commands.get(id).status).toBe('expired');
});

it('the way to a device is the one it listens on', async () => {
  const desk = await openDesk({ line: purifier() });
  desk.lines.set('plug', plug());
  const fan = desk.send('turnOn');
  const socket = desk.send('turnOn', { deviceId: 'plug' });
  expect(desk.arrivals.map(({ topic, body }) => [topic, body.commandId ?? body.command])).toEqual([
    ['device/fan/command', fan.id],
    ['smartplug/plug/control', 'relay_on'],
  ]);
  expect(socket).toMatchObject({ action: 'turnOn', status: 'sent' });
});

it('a message that cannot be made is an attempt, not the end of the hub', async () => {
  const desk = await openDesk({
    onSend: () => {
      throw new Error('no key');
    },
  });
  const sent = desk.send('turnOn');
  expect(sent).toMatchObject({ status: 'queued', error: 'the hub could not make the message' });
  desk.clock.advance(90_000);
  expect(desk.commands.get(sent.id).status).toBe('timed_out');
});

it('a command is on disk before it goes out', async () => {
  const rows: unknown[] = [];
  const desk = await openDesk({
    onSend: () => {
      rows.push(desk.db.prepare('SELECT id FROM commands').all(), desk.db.inTransaction);
    },
  });
  const { id } = desk.send('turnOn');
  expect(rows).toEqual([[{ id }], false]);
  const within = desk.db.transaction(() => desk.send('turnOff'));
  expect(within).toThrow('after a commit');
  expect(desk.arrivals).toHaveLength(1);
});

it('a newer word ends an older one that it contradicts', async () => {
  const desk = await openDesk({ line: 'away' });
  const slow = desk.send('setFanSpeed', { value: 2 });
  const off = desk.send('turnOff', { requestedBy: 'person:child' });
  expect(desk.commands.get(slow.id)).toMatchObject({
    status: 'cancelled',
    error: `superseded by ${off.id}`,
  });
  expect(desk.auditOf('command.settle')).toMatchObject([
    { actor: 'person:child', outcome: 'cancelled', detail: { command: slow.id } },
  ]);
  desk.comes(native());
  desk.clock.advance(200_000);
  expect(new Set(desk.arrivals.map(({ body }) => body.id))).toEqual(new Set([off.id]));
  expect(desk.historyOf(slow.id)).toEqual([
    'created',
    'not published attempt 1: the device is offline',
    `cancelled superseded by ${off.id}`,
  ]);
});

it('a newer word leaves an older one that it only repeats in part', async () => {
  const desk = await openDesk({ line: 'away' });
  const fast = desk.send('setFanSpeed', { value: 5 });
  const on = desk.send('turnOn');
  const settings = desk.send('setConfig', { value: { night: true } });
  expect(desk.commands.pendingOf('fan').map(({ id }) => id)).toEqual([fast.id, on.id, settings.id]);
  const slow = desk.send('setFanSpeed', { value: 1 });
  expect(desk.commands.pendingOf('fan').map(({ id }) => id)).toEqual([on.id, settings.id, slow.id]);
});

it('a scripted restart does not hurry what waits', async () => {
  const desk = await openDesk();
  const { id } = desk.send('setFanSpeed', { value: 3 });
  desk.clock.advance(10_000);
  const again = await restart(desk, { line: 'away' });
  expect(again.commands.get(id)).toMatchObject({ status: 'sent', attempts: 1 });
  again.comes(native());
  expect(again.arrivals).toEqual([]);
  again.clock.advance(19_999);
  expect(again.arrivals).toEqual([]);
  again.clock.advance(1);
  expect(seconds(again)).toEqual([30]);
  again.clock.advance(60_000);
  expect(again.commands.get(id)).toMatchObject({ status: 'timed_out', attempts: 3 });
});
