import { describe, expect, it } from 'vitest';
import { cutPower, native, openDesk, restart } from './desk.ts';

describe('a request', () => {
  it.each([
    [{ action: 'fly' }, 'unprocessable', 'fly'],
    [{ action: 'setFanSpeed', value: 9 }, 'unprocessable', '5'],
    [{ action: 'turnOn', deviceId: 'nobody' }, 'not_found', 'nobody'],
    [{ action: 'turnOn', expiresInMs: 999 }, 'unprocessable', 'expiresIn'],
    [{ action: 'turnOn', expiresInMs: 31 * 86_400_000 }, 'unprocessable', '30 days'],
    [{ action: 'turnOn', idempotencyKey: '' }, 'unprocessable', 'idempotencyKey'],
    [{ action: 'turnOn', idempotencyKey: 'x'.repeat(129) }, 'unprocessable', 'idempotencyKey'],
    [{ action: 'setConfig', value: { a: 'x'.repeat(17_000) } }, 'unprocessable', '16 KB'],
    [{ action: 'relay_toggle', deviceId: 'plug' }, 'conflict', 'relay_state'],
  ])('%j is refused', async ({ action, ...more }, code, named) => {
    const desk = await openDesk();
    const refused = () => desk.send(action, more);
    expect(refused).toThrow(expect.objectContaining({ code }));
    expect(refused).toThrow(named);
    expect(desk.db.prepare('SELECT count(*) AS n FROM commands').get()).toEqual({ n: 0 });
    expect(desk.due.size).toBe(0);
  });

  it('to a disabled device is refused, to one under maintenance it is not', async () => {
    const desk = await openDesk();
    desk.states.set('fan', 'disabled');
    expect(() => desk.send('turnOn')).toThrow('disabled');
    desk.states.set('fan', 'maintenance');
    expect(desk.send('turnOn').status).toBe('sent');
  });

  it('to switch over becomes one to switch on or off before it is written', async () => {
    const desk = await openDesk();
    desk.reported.set('plug', { relay_state: 'ON' });
    const sent = desk.send('relay_toggle', { deviceId: 'plug' });
    expect(sent).toMatchObject({ action: 'relay_off', value: null });
    expect(desk.auditOf('command.create')).toMatchObject([
      { detail: { action: 'relay_off', asked: 'relay_toggle' } },
    ]);
  });

  it('with a key that was used is the same command', async () => {
    const desk = await openDesk();
    desk.reported.set('plug', { relay_state: false });
    const toggle = () => desk.send('relay_toggle', { deviceId: 'plug', idempotencyKey: 'k' });
    const first = toggle();
    desk.reported.set('plug', { relay_state: true });
    expect(toggle().id).toBe(first.id);
    desk.states.set('plug', 'disabled');
    expect(toggle().id).toBe(first.id);
    desk.states.set('plug', 'active');
    expect(desk.send('turnOn', { idempotencyKey: 'k' }).device_id).toBe('fan');
    expect(() => desk.send('relay_on', { deviceId: 'plug', idempotencyKey: 'k' })).toThrow(
      /relay_toggle.* not for .*relay_on/,
    );
    desk.clock.advance(86_400_000);
    const next = desk.send('relay_on', { deviceId: 'plug', idempotencyKey: 'k' });
    expect(next.id).not.toBe(first.id);
    expect(desk.auditOf('command.create')).toHaveLength(3);
  });

  it('with a key for settings is the same in whatever order they are written', async () => {
    const desk = await openDesk();
    const send = (value: object) =>
      desk.send('setConfig', { value: { ...value }, idempotencyKey: 'k' });
    expect(send({ a: 1, b: 2 }).id).toBe(send({ b: 2, a: 1 }).id);
    expect(() => send({ a: 2, b: 1 })).toThrow('already');
  });

  it('is refused when fifty wait for the device', async () => {
    const desk = await openDesk({ line: 'away' });
    const actions = Array.from({ length: 60 }, (_, i) => `action${i}`);
    desk.types.set('fan', 'generic');
    desk.commands.send({
      deviceId: 'fan',
      action: 'turnOn',
      source: 'manual',
      requestedBy: 'local',
    });
    // No shipped type has so many actions that leave each other alone: rows of before stand in.
    const copy = desk.db.prepare(
      `INSERT INTO commands (id, device_id, action, value, asked, sets_state, source, requested_by,
         waits, status, attempts, published, created_at_ms, expires_at_ms)
       SELECT ?, device_id, ?, value, asked, 0, source, requested_by, 1, 'queued', 0, 0,
         created_at_ms, created_at_ms + 86400000 FROM commands LIMIT 1`,
    );
    for (const action of actions.slice(0, 49)) copy.run(action, action);
    const again = await restart(desk, { line: 'away' });
    expect(() => again.send('setFanSpeed', { value: 0 })).not.toThrow();
    expect(again.commands.pendingOf('fan')).toHaveLength(50);
    expect(() => again.send('setConfig', { value: {} })).toThrow(
      expect.objectContaining({ code: 'too_many_requests' }),
    );
    expect(again.commands.pendingOf('fan')).toHaveLength(50);
  });

  it('that cannot be written is not sent, and takes nothing with it', async () => {
    const desk = await openDesk();
    const before = desk.send('turnOn');
    desk.db.exec(`CREATE TRIGGER full BEFORE INSERT ON commands
                  BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`);
    expect(() => desk.send('turnOff')).toThrow(expect.objectContaining({ code: 'storage_failed' }));
    desk.clock.advance(30_000);
    expect(desk.commands.get(before.id)).toMatchObject({ status: 'sent', attempts: 2 });
    expect(desk.arrivals.map(({ body }) => body.action)).toEqual(['turnOn', 'turnOn']);
  });
});

describe('waiting', () => {
  it.each([
    ['an answer', 'acknowledged'],
    ['a refusal', 'rejected'],
    ['a cancellation', 'cancelled'],
    ['the end of the time', 'sent'],
  ])('ends with %s', async (what, status) => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    const settled = desk.commands.settled(id, 5000);
    desk.clock.advance(4999);
    if (what === 'an answer') desk.answer({ id, status: 'ok' });
    else if (what === 'a refusal') desk.answer({ id, status: 'error' });
    else if (what === 'a cancellation') desk.commands.cancel(id, 'local');
    desk.clock.advance(1);
    expect((await settled).status).toBe(status);
    expect((await desk.commands.settled(id, 0)).status).toBe(status);
  });

  it('is for a thousand at most, and ends when the hub stops', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    const waiting = Array.from({ length: 1000 }, () => desk.commands.settled(id, 60_000));
    // The command is on its way: whoever were told to try again would send it twice.
    expect((await desk.commands.settled(id, 60_000)).status).toBe('sent');
    desk.answer({ id, status: 'ok' });
    desk.clock.advance(1000);
    expect(new Set((await Promise.all(waiting)).map(({ status }) => status))).toEqual(
      new Set(['acknowledged']),
    );
    const { id: next } = desk.send('turnOff');
    const open = desk.commands.settled(next, 60_000);
    await desk.commands.stop();
    expect((await open).status).toBe('sent');
  });
});

describe('cancelling', () => {
  it('what was sent says that it may have been done', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    expect(desk.commands.cancel(id, 'person:owner', '192.168.1.9')).toMatchObject({
      status: 'cancelled',
      error: 'it was sent; the device may have acted on it',
    });
    expect(desk.auditOf('command.settle')).toMatchObject([
      { actor: 'person:owner', outcome: 'cancelled', origin: '192.168.1.9' },
    ]);
    expect(() => desk.commands.cancel(id, 'local')).toThrow('it is cancelled');
    expect(() => desk.commands.cancel('nobody', 'local')).toThrow('no command');
    const again = await cutPower(desk);
    again.clock.advance(100_000);
    expect(again.arrivals).toEqual([]);
    expect(again.commands.get(id).status).toBe('cancelled');
  });
});

describe('the last word by hand', () => {
  it('is the newest of a person that did not come to nothing', async () => {
    const desk = await openDesk();
    expect(desk.commands.lastManual('fan')).toBeUndefined();
    const first = desk.send('setFanSpeed', { value: 2 });
    const word = { commandId: first.id, action: 'setFanSpeed', value: 2 };
    expect(desk.commands.lastManual('fan')).toMatchObject(word);
    desk.answer({ id: first.id, status: 'ok' });
    desk.send('setConfig', { value: { night: true } });
    desk.send('setFanSpeed', { value: 4, source: 'schedule', requestedBy: 'hub' });
    expect(desk.commands.lastManual('fan')).toMatchObject(word);
    const refused = desk.send('turnOff', { source: 'scene' });
    expect(desk.commands.lastManual('fan')).toMatchObject({ commandId: refused.id });
    desk.answer({ id: refused.id, status: 'error' });
    expect(desk.commands.lastManual('fan')).toMatchObject(word);
    desk.clock.advance(50);
    expect(desk.commands.lastManual('fan')).toMatchObject(word);
    expect(desk.commands.lastManual('plug')).toBeUndefined();
  });
});

describe('after a power cut', () => {
  it('a command that waits for its device still does, and is heard once', async () => {
    const desk = await openDesk({ line: 'away' });
    const { id } = desk.send('turnOn', { expiresInMs: 3_600_000 });
    desk.clock.advance(1000);
    const again = await cutPower(desk, { line: 'away' });
    again.clock.advance(600_000);
    again.comes(native());
    again.answer({ id, status: 'ok' });
    again.clock.advance(3_600_000);
    expect(again.arrivals.map(({ body }) => body.id)).toEqual([id]);
    expect(again.commands.get(id).status).toBe('acknowledged');
    expect(again.due.size).toBe(0);
  });

  it('in the middle of the retries the rest of them follow, at their time', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    desk.clock.advance(40_000);
    const again = await cutPower(desk);
    again.comes(native());
    again.clock.advance(19_999);
    expect(again.arrivals).toEqual([]);
    again.clock.advance(30_001);
    expect(again.arrivals.map(({ body }) => body.id)).toEqual([id]);
    expect(again.commands.get(id)).toMatchObject({ status: 'timed_out', attempts: 3 });
    expect(again.alerts).toHaveLength(1);
  });

  it('between the commit and the first publish the command goes out afterwards', async () => {
    let isCut = false;
    const desk = await openDesk({
      onSend: () => {
        isCut = true;
        throw new Error('the lights went out');
      },
    });
    const { id } = desk.send('turnOn');
    expect(isCut).toBe(true);
    const again = await cutPower(desk);
    expect(again.commands.get(id)).toMatchObject({ status: 'queued', attempts: 0 });
    again.comes(native());
    expect(again.arrivals.map(({ body }) => body.id)).toEqual([id]);
    expect(again.commands.get(id)).toMatchObject({ status: 'sent', attempts: 1 });
  });

  it('before its state was written down the answer still finds it', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    const again = await cutPower(desk);
    expect(again.commands.get(id).status).toBe('queued');
    again.answer({ id, status: 'ok', state: { powerOn: true } });
    expect(again.commands.get(id)).toMatchObject({ status: 'confirmed', sent_at: null });
    again.clock.advance(100_000);
    expect(again.arrivals).toEqual([]);
  });

  it('that lasted longer than the command nothing is sent', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    desk.clock.advance(100);
    const again = await cutPower(desk, { startMs: desk.clock.nowMs() + 3_600_000 });
    again.comes(native());
    again.clock.advance(1000);
    expect(again.arrivals).toEqual([]);
    expect(again.commands.get(id)).toMatchObject({ status: 'expired', error: 'no answer in time' });
  });

  it('a command that fell out of the queue is taken up again', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    desk.clock.advance(1000);
    desk.db.exec('DELETE FROM due');
    const again = await cutPower(desk);
    again.clock.advance(1);
    expect(again.arrivals.map(({ body }) => body.id)).toEqual([id]);
  });

  it('a confirmation may still come', async () => {
    const desk = await openDesk();
    const { id } = desk.send('turnOn');
    desk.answer({ id, status: 'ok' });
    desk.clock.advance(100);
    const again = await restart(desk);
    again.clock.advance(1000);
    again.reading({ powerOn: true });
    expect(again.commands.get(id).status).toBe('confirmed');
  });
});

it('a device that is removed takes its commands along', async () => {
  const desk = await openDesk({ line: 'away' });
  const { id } = desk.send('turnOn', { expiresInMs: 3_600_000 });
  const waiting = desk.commands.settled(id, 60_000);
  desk.db.exec("DELETE FROM devices WHERE id = 'fan'");
  desk.commands.forget('fan');
  await expect(waiting).rejects.toThrow('no command');
  expect(desk.due.size).toBe(0);
  desk.comes(native());
  desk.clock.advance(4_000_000);
  expect(desk.arrivals).toEqual([]);
  for (const table of ['commands', 'command_history', 'due']) {
    expect(desk.db.prepare(`SELECT count(*) AS n FROM ${table}`).get()).toEqual({ n: 0 });
  }
});

it('old commands go after their days, those under way stay', async () => {
  const desk = await openDesk({ retentionDays: 2 });
  const old = desk.send('turnOn');
  desk.answer({ id: old.id, status: 'ok' });
  desk.lines.set('fan', 'away');
  const waits = desk.send('setConfig', { value: {}, expiresInMs: 20 * 86_400_000 });
  desk.clock.advance(86_400_000);
  expect(desk.commands.list({ limit: 10 })).toHaveLength(2);
  desk.clock.advance(2 * 86_400_000);
  expect(desk.commands.list({ limit: 10 }).map(({ id }) => id)).toEqual([waits.id]);
  expect(() => desk.commands.history(old.id)).toThrow('no command');
});

it('lists are newest first, by device and status, page by page', async () => {
  const desk = await openDesk({ line: 'away' });
  const a = desk.send('turnOn');
  const b = desk.send('turnOff');
  const c = desk.send('relay_on', { deviceId: 'plug' });
  const ids = (filter: Partial<Parameters<typeof desk.commands.list>[0]>) =>
    desk.commands.list({ limit: 100, ...filter }).map(({ id }) => id);
  expect(ids({})).toEqual([c.id, b.id, a.id]);
  expect(ids({ limit: 1, before: c.id })).toEqual([b.id]);
  expect(ids({ deviceId: 'fan' })).toEqual([b.id, a.id]);
  expect(ids({ deviceId: 'fan', status: 'cancelled' })).toEqual([a.id]);
  expect(() => ids({ deviceId: 'nobody' })).toThrow('nobody');
  expect(() => ids({ before: 'nobody' })).toThrow('nobody');
});

it('those of one run are found together, as they are now', async () => {
  const desk = await openDesk();
  const a = desk.send('turnOn', { batchId: 'evening', source: 'scene' });
  desk.send('setConfig', { value: {} });
  const b = desk.send('relay_on', { deviceId: 'plug', batchId: 'evening', source: 'scene' });
  desk.answer({ id: a.id, status: 'ok' });
  expect(desk.commands.ofBatch('evening').map(({ id, status }) => [id, status])).toEqual([
    [a.id, 'acknowledged'],
    [b.id, 'queued'],
  ]);
  expect(desk.commands.ofBatch('morning')).toEqual([]);
});

it('the audit holds no settings, which may be secrets', async () => {
  const desk = await openDesk();
  desk.send('setConfig', { value: { password: 'hunter2' } });
  desk.clock.advance(100_000);
  const rows = JSON.stringify([desk.auditOf('command.create'), desk.auditOf('command.settle')]);
  expect(rows).toContain('password');
  expect(rows + JSON.stringify(desk.alerts)).not.toContain('hunter2');
});
