import { describe, expect, it } from 'vitest';
import { cutPower, type Desk, native, openDesk, restart, startMs } from './desk.ts';

const seconds = (desk: Desk): number[] => desk.arrivals.map(({ atMs }) => (atMs - startMs) / 1000);

describe('a device that vanished, and whose connection does not know it yet', () => {
  it('is waited for as long as was said, and hears the command on its return', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn', { expiresInMs: 3_600_000 });
    desk.clock.advance(1_800_000);
    expect(seconds(desk)).toEqual([0, 30, 60]);
    expect(desk.commands.get(id)).toMatchObject({
      status: 'sent',
      attempts: 1,
      error: 'the device does not say that it arrived',
    });
    desk.comes(native());
    desk.arrivals.at(-1)?.delivered();
    desk.answer({ id, status: 'ok' });
    expect(seconds(desk)).toEqual([0, 30, 60, 1800]);
    expect(new Set(desk.arrivals.map(({ body }) => body.id))).toEqual(new Set([id]));
    expect(desk.commands.get(id)).toMatchObject({ status: 'acknowledged', error: null });
    expect(desk.historyOf(id)).toEqual([
      'created',
      'published attempt 1, native, QoS 1',
      'published attempt 1, native, QoS 1',
      'published attempt 1, native, QoS 1',
      'held back 3 times sent without PUBACK; kept until 2026-03-01T09:00:00.000Z',
      'published attempt 1, native, QoS 1',
      'delivered',
      'acknowledged',
    ]);
    expect(desk.alerts).toEqual([]);
  });

  it('is waited for no longer than was said', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn', { expiresInMs: 3_600_000 });
    desk.clock.advance(3_599_999);
    expect(desk.commands.get(id).status).toBe('sent');
    desk.clock.advance(1);
    expect(desk.commands.get(id)).toMatchObject({
      status: 'expired',
      error: 'no answer in time: the device does not say that it arrived',
    });
    desk.comes(native());
    expect(desk.arrivals).toHaveLength(3);
    expect(desk.due.size).toBe(0);
  });

  it('is waited for over a restart and a power cut too', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn', { expiresInMs: 3_600_000 });
    desk.clock.advance(100_000);
    const restarted = await restart(desk, { line: 'away' });
    restarted.clock.advance(600_000);
    const cut = await cutPower(restarted, { line: 'away' });
    cut.clock.advance(600_000);
    expect(cut.commands.get(id).status).toBe('sent');
    cut.comes(native());
    expect(cut.arrivals.map(({ body }) => body.id)).toEqual([id]);
    // Not one of those before is known to have arrived.
    expect(cut.commands.get(id).attempts).toBe(1);
  });

  it('that takes the command and does not answer is given up after three that arrived', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn', { expiresInMs: 3_600_000 });
    desk.clock.advance(600_000);
    desk.comes(native());
    for (const _ of [1, 2, 3]) {
      desk.arrivals.at(-1)?.delivered();
      desk.clock.advance(30_000);
    }
    expect(seconds(desk)).toEqual([0, 30, 60, 600, 630, 660]);
    expect(desk.commands.get(id)).toMatchObject({
      status: 'timed_out',
      attempts: 3,
      error: 'no answer after 3 attempts',
    });
  });

  it('that subscribed with QoS 0 never says so, and has its three attempts', async () => {
    const desk = await openDesk({ line: { topic: 'devices/fan/command', qos: 0 } });
    const { id } = desk.send('turnOn', { expiresInMs: 3_600_000 });
    desk.clock.advance(90_000);
    expect(desk.commands.get(id)).toMatchObject({ status: 'timed_out', attempts: 3 });
  });
});

describe('a connection that ends before PUBACK', () => {
  it.each([[undefined], [3_600_000]])('with expiresIn %s: the return needs no wait', async (ms) => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn', { expiresInMs: ms });
    desk.clock.advance(2000);
    desk.arrivals[0]?.lost();
    desk.lines.set('fan', 'away');
    expect(desk.commands.get(id)).toMatchObject({
      status: 'sent',
      attempts: 1,
      error: 'the connection ended before the device said that it arrived',
    });
    desk.clock.advance(3000);
    desk.comes(native());
    expect(seconds(desk)).toEqual([0, 5]);
    expect(desk.commands.get(id)).toMatchObject({ status: 'sent', attempts: 1, error: null });
    desk.clock.advance(29_999);
    expect(seconds(desk)).toEqual([0, 5]);
    desk.answer({ id, status: 'ok' });
    desk.clock.advance(100_000);
    expect(seconds(desk)).toEqual([0, 5]);
    expect(desk.historyOf(id)).toEqual([
      'created',
      'published attempt 1, native, QoS 1',
      'lost attempt 1: the connection ended without PUBACK',
      'published attempt 1, native, QoS 1',
      'acknowledged',
    ]);
  });

  it('and not again: the command is tried at its times, and ends at its time', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    desk.arrivals[0]?.lost();
    desk.lines.set('fan', 'away');
    desk.clock.advance(90_000);
    expect(desk.commands.get(id)).toMatchObject({
      status: 'timed_out',
      attempts: 3,
      error: 'no answer after 3 attempts: the device is offline',
    });
  });

  it('says nothing of a newer attempt that went another way', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    desk.clock.advance(30_000);
    desk.arrivals[0]?.lost();
    desk.commands.onReachable('fan');
    expect(desk.commands.get(id)).toMatchObject({ status: 'sent', attempts: 2, error: null });
    expect(seconds(desk)).toEqual([0, 30]);
  });

  it.each(['delivered', 'answered', 'cancelled'])('after it was %s is no news', async (what) => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    if (what === 'delivered') desk.arrivals[0]?.delivered();
    else if (what === 'answered') desk.answer({ id, status: 'ok' });
    else desk.commands.cancel(id, 'local');
    const before = desk.commands.get(id);
    desk.arrivals[0]?.lost();
    desk.comes(native());
    expect(desk.commands.get(id)).toEqual(before);
    expect(desk.arrivals).toHaveLength(1);
  });

  it('when the hub stops costs nothing', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    await desk.commands.stop();
    desk.arrivals[0]?.lost();
    expect(desk.commands.get(id)).toMatchObject({ status: 'sent', error: null });
  });
});
