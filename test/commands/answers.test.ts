import { describe, expect, it } from 'vitest';
import { native, openDesk, plug, startMs } from './desk.ts';

describe('an answer', () => {
  it('ends the retries, and its receipt waits for the disk', async () => {
    const desk = await openDesk();
    const { id } = desk.send('setFanSpeed', { value: 3 });
    let isWritten = false;
    const written = desk.answer({ id, status: 'ok' })?.then(() => {
      isWritten = true;
    });
    expect(desk.commands.get(id).status).toBe('acknowledged');
    await Promise.resolve();
    expect(isWritten).toBe(false);
    expect(desk.db.prepare('SELECT status FROM commands').get()).toEqual({ status: 'queued' });
    desk.clock.advance(50);
    await written;
    expect(desk.db.prepare('SELECT status FROM commands').get()).toEqual({
      status: 'acknowledged',
    });
    expect(desk.due.size).toBe(0);
    desk.clock.advance(300_000);
    expect(desk.arrivals).toHaveLength(1);
    expect(desk.auditOf('command.settle')).toMatchObject([
      { actor: 'device:fan', outcome: 'acknowledged' },
    ]);
  });

  it('with a state confirms at once', async () => {
    const desk = await openDesk();
    const { id } = desk.send('setFanSpeed', { value: 3 });
    const waiting = desk.commands.settled(id, 5000);
    desk.answer({ id, status: 'ok', state: { fanSpeed: '3', powerOn: 'ON' } });
    expect((await waiting).status).toBe('confirmed');
    expect(desk.reported.get('fan')).toEqual({ fanSpeed: '3', powerOn: 'ON' });
    expect(desk.changes.map(({ status }) => status)).toEqual(['queued', 'sent', 'confirmed']);
  });

  it('with another state says so', async () => {
    const desk = await openDesk();
    const { id } = desk.send('setFanSpeed', { value: 5 });
    desk.answer({ id, status: 'ok', state: { fanSpeed: 2, powerOn: true } });
    expect(desk.commands.get(id)).toMatchObject({
      status: 'acknowledged',
      error: 'the device reports fanSpeed 2 instead of 5',
    });
    desk.clock.advance(1000);
    desk.reading({ fanSpeed: 5 });
    expect(desk.commands.get(id)).toMatchObject({ status: 'confirmed', error: null });
    expect(desk.historyOf(id).slice(-3)).toEqual([
      'acknowledged',
      'contradicted the device reports fanSpeed 2 instead of 5',
      'confirmed',
    ]);
  });

  it('that refuses ends it with the words of the device', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    desk.answer({ id, status: 'error', message: 'filter\nmissing' });
    desk.answer({ id, status: 'ok' });
    desk.clock.advance(100_000);
    expect(desk.commands.get(id)).toMatchObject({
      status: 'rejected',
      error: 'filter missing',
      acknowledged_at: null,
    });
    expect(desk.historyOf(id).at(-1)).toBe('acknowledged again');
    expect(desk.auditOf('command.settle')).toMatchObject([{ outcome: 'rejected' }]);
    expect(desk.arrivals).toHaveLength(1);
  });

  it.each(['timed_out', 'cancelled'] as const)('that comes after %s is told', async (status) => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    if (status === 'cancelled') desk.commands.cancel(id, 'local');
    desk.clock.advance(100_000);
    const written = desk.answer({ id, status: 'ok' });
    desk.clock.advance(50);
    await written;
    const late = desk.commands.get(id);
    expect(late).toMatchObject({ status, acknowledged_at: '2026-03-01T08:01:40.000Z' });
    expect(late.error).toMatch(/; acknowledged late$/);
    expect(desk.historyOf(id).at(-1)).toBe('acknowledged late');
  });

  it('to nothing that was asked is dropped and counted', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    for (const body of [
      '',
      '{',
      '{"id":"nobody","status":"ok"}',
      { id },
      { id: 1, status: 'ok' },
    ]) {
      expect(desk.answer(body)).toBeUndefined();
    }
    expect(desk.answer({ id, status: 'ok' }, 'plug')).toBeUndefined();
    expect(desk.commands.get(id).status).toBe('sent');
    expect(desk.commands.numbers().stray_answers).toBe(6);
  });

  it('to a configuration is passed on', async () => {
    const desk = await openDesk();
    const others: unknown[] = [];
    desk.commands.onOtherAck.listen((other) => others.push(other));
    desk.answer({ id: 'config-3', status: 'error', message: 'too big' });
    expect(others).toEqual([{ deviceId: 'fan', id: 'config-3', ok: false, message: 'too big' }]);
  });

  it('is not acknowledged while the disk takes nothing, and not lost either', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    desk.db.exec(`CREATE TRIGGER full BEFORE UPDATE ON commands
                  BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`);
    const refused = desk.answer({ id, status: 'ok' });
    desk.clock.advance(50);
    await expect(refused).rejects.toThrow('could not be written');
    expect(desk.commands.get(id).status).toBe('acknowledged');
    desk.db.exec('DROP TRIGGER full');
    const again = desk.answer({ id, status: 'ok' });
    desk.clock.advance(1000);
    await again;
    expect(desk.db.prepare('SELECT status FROM commands').get()).toEqual({
      status: 'acknowledged',
    });
    expect(desk.historyOf(id)).toEqual([
      'created',
      'published attempt 1, native, QoS 1',
      'acknowledged',
      'acknowledged again',
    ]);
    expect(desk.auditOf('command.settle')).toHaveLength(1);
  });

  it('that could not be written is written when the disk has room again', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    desk.db.exec(`CREATE TRIGGER full BEFORE UPDATE ON commands
                  BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`);
    const refused = desk.answer({ id, status: 'ok' });
    desk.clock.advance(5000);
    await expect(refused).rejects.toThrow();
    desk.db.exec('DROP TRIGGER full');
    desk.clock.advance(1000);
    expect(desk.db.prepare('SELECT status FROM commands').get()).toEqual({
      status: 'acknowledged',
    });
    expect(desk.due.size).toBe(0);
  });

  it('again and again fills no disk', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    for (let i = 0; i < 200; i++) desk.answer({ id, status: 'ok' });
    desk.clock.advance(50);
    const told = [
      'created',
      'published attempt 1, native, QoS 1',
      'acknowledged',
      'acknowledged again',
    ];
    expect(desk.historyOf(id)).toEqual(told);
    desk.answer({ id, status: 'ok' });
    expect(desk.historyOf(id)).toEqual(told);
    expect(desk.commands.numbers().repeated_answers).toBe(200);
  });
});

describe('what a device reports', () => {
  it('before the answer counts once the answer is there', async () => {
    const desk = await openDesk();
    const { id } = desk.send('setFanSpeed', { value: 3 });
    desk.clock.advance(10);
    desk.reading({ fanSpeed: 3, powerOn: true, pm25: 8 });
    expect(desk.commands.get(id).status).toBe('sent');
    desk.answer({ id, status: 'ok' });
    expect(desk.commands.get(id).status).toBe('confirmed');
  });

  it('of an hour ago says nothing, though it comes only now', async () => {
    const desk = await openDesk();
    const { id } = desk.send('setFanSpeed', { value: 3 });
    desk.answer({ id, status: 'ok' });
    desk.clock.advance(10);
    const hourAgoMs = desk.clock.nowMs() - 3_600_000;
    desk.reading({ fanSpeed: 3, powerOn: true }, undefined, undefined, hourAgoMs);
    expect(desk.commands.get(id).status).toBe('acknowledged');
    desk.reading({ fanSpeed: 3, powerOn: true });
    expect(desk.commands.get(id).status).toBe('confirmed');
  });

  it('of before it was sent says nothing', async () => {
    const desk = await openDesk();
    const { id } = desk.send('setFanSpeed', { value: 3 });
    desk.reading({ fanSpeed: 3, powerOn: true }, startMs - 1);
    desk.answer({ id, status: 'ok' });
    desk.reading({ fanSpeed: 1 }, startMs - 1);
    expect(desk.commands.get(id)).toMatchObject({ status: 'acknowledged', error: null });
  });

  it('may come in parts', async () => {
    const desk = await openDesk();
    const { id } = desk.send('setFanSpeed', { value: 3 });
    desk.answer({ id, status: 'ok' });
    desk.clock.advance(10);
    desk.reading({ fanSpeed: 3 });
    expect(desk.commands.get(id).status).toBe('acknowledged');
    desk.status({ powerOn: 1 });
    expect(desk.commands.get(id).status).toBe('confirmed');
  });

  it('of before it was sent is no part of what it says afterwards', async () => {
    const desk = await openDesk();
    const { id } = desk.send('setFanSpeed', { value: 3 });
    desk.reading({ fanSpeed: 3 }, startMs - 1);
    desk.answer({ id, status: 'ok' });
    desk.clock.advance(10);
    desk.status({ powerOn: true });
    expect(desk.commands.get(id).status).toBe('acknowledged');
  });

  it('after ten minutes is nobody’s business any more', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    desk.answer({ id, status: 'ok' });
    desk.clock.advance(11 * 60_000);
    desk.reading({ powerOn: true });
    expect(desk.commands.get(id).status).toBe('acknowledged');
  });

  it('does not contradict a word that a newer one has taken back', async () => {
    const desk = await openDesk();
    const on = desk.send('turnOn');
    desk.answer({ id: on.id, status: 'ok' });
    desk.clock.advance(100);
    const off = desk.send('turnOff');
    desk.answer({ id: off.id, status: 'ok', state: { powerOn: false } });
    expect(desk.commands.get(on.id)).toMatchObject({ status: 'acknowledged', error: null });
    expect(desk.commands.get(off.id).status).toBe('confirmed');
  });

  it('is all that a plug answers', async () => {
    const desk = await openDesk();
    desk.lines.set('plug', plug());
    const { id } = desk.send('relay_on', { deviceId: 'plug' });
    desk.clock.advance(5);
    desk.reading({ relay_state: true }, undefined, 'plug');
    expect(desk.commands.get(id).status).toBe('sent');
    desk.status({ relay_state: false }, 'plug');
    expect(desk.commands.get(id).status).toBe('sent');
    desk.status({ relay_state: true }, 'plug');
    expect(desk.commands.get(id)).toMatchObject({
      status: 'confirmed',
      acknowledged_at: '2026-03-01T08:00:00.005Z',
      delivered_at: null,
    });
    desk.clock.advance(100_000);
    expect(desk.arrivals).toHaveLength(1);
  });
});

it('a beep leaves nothing behind to confirm it', async () => {
  const desk = await openDesk();
  desk.lines.set('reader', native('reader'));
  const { id } = desk.send('beep', { deviceId: 'reader' });
  desk.answer({ id, status: 'ok', state: { granted: true } }, 'reader');
  expect(desk.commands.get(id).status).toBe('acknowledged');
});
