import { describe, expect, it } from 'vitest';
import { anna, minute, startMs, Workshop } from './workshop.ts';

const iso = (atMs: number) => new Date(atMs).toISOString();
const report = (config_version: number | string) => ({
  deviceId: 'lock',
  values: { config_version },
});

describe('setting', () => {
  it('sends the document, signed, to where its device listens', async () => {
    const workshop = await Workshop.open();
    expect(workshop.config.get('lock')).toEqual({
      device_id: 'lock',
      desired: null,
      reported: null,
      taken: null,
      in_sync: true,
      problem: null,
    });
    const state = workshop.set({ auto_lock: true });
    expect(state).toEqual({
      device_id: 'lock',
      desired: {
        version: 1,
        config: { auto_lock: true },
        set_at: iso(startMs),
        set_by: 'person:Anna',
      },
      reported: null,
      taken: null,
      in_sync: false,
      problem: null,
    });
    expect(workshop.sent).toEqual([
      {
        topics: ['devices/lock/config', 'smartplug/lock/config'],
        payload: {
          version: 1,
          config: { auto_lock: true },
          issued_at: iso(startMs),
          signature: 'config for lock',
        },
      },
    ]);
    expect(workshop.changes).toEqual(['lock 1/-']);
    expect(workshop.db.prepare('SELECT actor, action, subject, detail FROM audit').all()).toEqual([
      {
        actor: 'person:Anna',
        action: 'config.set',
        subject: 'device:lock',
        detail: '{"version":1}',
      },
    ]);
    expect(workshop.config.numbers()).toEqual({ waiting: 1 });
  });

  it('counts versions up, and makes none of the same document', async () => {
    const workshop = await Workshop.open();
    workshop.set({ a: 1, b: 2 });
    workshop.set({ b: 2, a: 1 });
    expect(workshop.config.get('lock').desired?.version).toBe(1);
    workshop.set({ a: 2 });
    await workshop.restart();
    workshop.set({ a: 2 });
    workshop.set({ a: 1, b: 2 });
    expect(workshop.config.history('lock').map(({ version }) => version)).toEqual([3, 2, 1]);
    expect(workshop.versions()).toEqual([1, 2, 3]);
  });

  it('keeps the last fifty versions with who and when', async () => {
    const workshop = await Workshop.open();
    for (let a = 1; a <= 60; a++) {
      workshop.clock.advance(1000);
      workshop.set({ a });
    }
    await workshop.restart();
    const history = workshop.config.history('lock');
    expect(history).toHaveLength(50);
    expect(history[0]).toEqual({
      version: 60,
      config: { a: 60 },
      set_at: iso(startMs + 60_000),
      set_by: 'person:Anna',
    });
    expect(history.at(-1)?.version).toBe(11);
  });

  it.each([
    ['the one before', 1],
    ['one that never was', 3],
    ['none', 0],
  ])('is refused on the base of %s', async (_, baseVersion) => {
    const workshop = await Workshop.open();
    workshop.set({ a: 1 });
    workshop.set({ a: 2 });
    const set = (base: number) =>
      workshop.config.set('lock', { config: { a: 3 }, baseVersion: base, ...anna });
    expect(() => set(baseVersion)).toThrow(
      expect.objectContaining({ code: 'conflict', field: 'base_version' }),
    );
    expect(set(2).desired?.version).toBe(3);
  });

  it('leaves nothing behind when it cannot be written down', async () => {
    const workshop = await Workshop.open();
    workshop.failAudit = true;
    expect(() => workshop.set({ a: 1 })).toThrow('the disk is full');
    expect(workshop.sent).toEqual([]);
    expect(workshop.config.get('lock').desired).toBeNull();
    workshop.failAudit = false;
    await workshop.restart();
    expect(workshop.set({ a: 1 }).desired?.version).toBe(1);
  });

  it('is for devices that there are', async () => {
    const workshop = await Workshop.open();
    const notFound = expect.objectContaining({ code: 'not_found' });
    expect(() => workshop.config.get('other')).toThrow(notFound);
    expect(() => workshop.config.history('other')).toThrow(notFound);
    expect(() => workshop.config.set('other', { config: {}, ...anna })).toThrow(notFound);
    expect(() => workshop.config.report('other', 1)).toThrow(notFound);
    expect(() => workshop.config.desiredOf('lock')).toThrow(notFound);
  });
});

it('tells those who watch of versions, never of what is in them', async () => {
  const workshop = await Workshop.open();
  const told: unknown[] = [];
  workshop.config.onChange.listen((news) => told.push(news));
  workshop.set({ wifi_password: 'hunter2' });
  expect(told).toEqual([
    {
      device_id: 'lock',
      desired: { version: 1, set_at: iso(startMs), set_by: 'person:Anna' },
      reported: null,
      taken: null,
      in_sync: false,
      problem: null,
    },
  ]);
});

describe('a device that has not said it has it', () => {
  it('is sent it every five minutes until it says so', async () => {
    const workshop = await Workshop.open();
    workshop.set({ a: 1 });
    workshop.clock.advance(5 * minute - 1);
    expect(workshop.versions()).toEqual([1]);
    workshop.clock.advance(1);
    expect(workshop.versions()).toEqual([1, 1]);
    workshop.clock.advance(5 * minute);
    expect(workshop.versions()).toEqual([1, 1, 1]);
    workshop.config.onStatus(report(1));
    workshop.clock.advance(60 * minute);
    expect(workshop.versions()).toEqual([1, 1, 1]);
    expect(workshop.due.dueAtMs('config', 'lock')).toBeUndefined();
  });

  it('is sent it when it is back, and not while it is away', async () => {
    const workshop = await Workshop.open();
    workshop.outcome = { sent: false, reason: 'away' };
    workshop.set({ a: 1 });
    expect(workshop.due.dueAtMs('config', 'lock')).toBeUndefined();
    await workshop.restart(60 * minute);
    workshop.outcome = { sent: true, topic: 'devices/lock/config', qos: 1 };
    workshop.config.onReachable('lock');
    expect(workshop.versions()).toEqual([1]);
    workshop.clock.advance(5 * minute);
    expect(workshop.versions()).toEqual([1, 1]);
    workshop.config.onStatus(report(1));
    workshop.config.onReachable('lock');
    expect(workshop.versions()).toEqual([1, 1]);
  });

  it('is tried again in five minutes when its line is busy', async () => {
    const workshop = await Workshop.open();
    workshop.outcome = { sent: false, reason: 'busy' };
    workshop.set({ a: 1 });
    workshop.outcome = { sent: true, topic: 'devices/lock/config', qos: 1 };
    workshop.clock.advance(5 * minute);
    expect(workshop.versions()).toEqual([1]);
  });

  it('is sent it after a restart too', async () => {
    const workshop = await Workshop.open();
    workshop.set({ a: 1 });
    await workshop.restart(minute);
    expect(workshop.config.get('lock')).toMatchObject({ in_sync: false, reported: null });
    workshop.clock.advance(4 * minute);
    expect(workshop.versions()).toEqual([1, 1]);
  });
});

describe('the reported version', () => {
  it.each([
    ['a status message', (workshop: Workshop) => workshop.config.onStatus(report(1))],
    ['a reading', (workshop: Workshop) => workshop.config.onSamples([report('1')])],
    ['its own request', (workshop: Workshop) => workshop.config.report('lock', 1)],
    [
      'an answer',
      (workshop: Workshop) =>
        workshop.config.onOtherAck({ deviceId: 'lock', id: 'config-1', ok: true }),
    ],
  ])('comes by %s, and stays over a restart', async (_, say) => {
    const workshop = await Workshop.open();
    workshop.set({ a: 1 });
    workshop.clock.advance(1000);
    say(workshop);
    const expected = { in_sync: true, reported: { version: 1, at: iso(startMs + 1000) } };
    expect(workshop.config.get('lock')).toMatchObject(expected);
    expect(workshop.changes).toEqual(['lock 1/-', 'lock 1/1']);
    workshop.clock.advance(1000);
    await workshop.restart();
    expect(workshop.config.get('lock')).toMatchObject(expected);
    workshop.config.onReachable('lock');
    expect(workshop.versions()).toEqual([1]);
  });

  it('is written down when the hub stops', async () => {
    const workshop = await Workshop.open();
    workshop.set({ a: 1 });
    workshop.config.onStatus(report(1));
    await workshop.restart(0, true);
    expect(workshop.config.get('lock').in_sync).toBe(true);
  });

  it('may be one that was never issued', async () => {
    const workshop = await Workshop.open();
    workshop.config.onStatus(report(7));
    expect(workshop.config.get('lock')).toMatchObject({
      desired: null,
      reported: { version: 7 },
      in_sync: false,
    });
    workshop.set({ a: 1 });
    expect(workshop.config.get('lock')).toMatchObject({
      desired: { version: 1 },
      reported: { version: 7 },
      in_sync: false,
    });
    workshop.config.onOtherAck({ deviceId: 'lock', id: 'config-9', ok: true });
    expect(workshop.config.get('lock')).toMatchObject({
      reported: { version: 9 },
      in_sync: false,
    });
  });

  it('may fall back: then the desired one is sent again', async () => {
    const workshop = await Workshop.open();
    workshop.set({ a: 1 });
    workshop.config.onStatus(report(1));
    workshop.clock.advance(30 * minute);
    workshop.config.onSamples([report(0)]);
    expect(workshop.config.get('lock').in_sync).toBe(false);
    workshop.clock.advance(5 * minute);
    expect(workshop.versions()).toEqual([1, 1]);
  });

  it('costs nothing when it is no news, and one commit a second when it always is', async () => {
    const workshop = await Workshop.open();
    workshop.set({ a: 1 });
    workshop.config.onStatus(report(1));
    workshop.clock.advance(5 * minute);
    const changes = () =>
      workshop.db.prepare<[], { n: number }>('SELECT total_changes() AS n').get()?.n ?? 0;
    const before = changes();
    for (let i = 0; i < 1000; i++) workshop.config.onSamples([report(1)]);
    expect(workshop.changes).toEqual(['lock 1/-', 'lock 1/1']);
    expect(changes()).toBe(before);
    for (let i = 0; i < 1000; i++) workshop.config.onSamples([report(i % 7)]);
    workshop.clock.advance(1000);
    // The row itself and the look in five minutes.
    expect(changes() - before).toBeLessThanOrEqual(3);
  });

  it.each([['config-'], ['config-x'], ['01h'], ['config-1 '], ['xconfig-1']])(
    'does not come by an answer to %j',
    async (id) => {
      const workshop = await Workshop.open();
      workshop.set({ a: 1 });
      workshop.config.onOtherAck({ deviceId: 'lock', id, ok: true });
      workshop.config.onOtherAck({ deviceId: 'other', id: 'config-1', ok: true });
      workshop.config.onStatus({ deviceId: 'lock', values: { config_version: 'x' } });
      workshop.config.onSamples([{ deviceId: 'other', values: { config_version: 1 } }]);
      expect(workshop.config.get('lock').reported).toBeNull();
    },
  );
});

describe('a version that the device refused', () => {
  const refuse = (workshop: Workshop, id = 'config-1') =>
    workshop.config.onOtherAck({ deviceId: 'lock', id, ok: false, message: 'no such key' });

  it('is not sent again until the device returns', async () => {
    const workshop = await Workshop.open();
    workshop.set({ a: 1 });
    refuse(workshop);
    expect(workshop.config.get('lock')).toMatchObject({ problem: 'no such key', in_sync: false });
    workshop.set({ a: 1 });
    workshop.clock.advance(30 * minute);
    expect(workshop.versions()).toEqual([1]);
    await workshop.restart();
    expect(workshop.config.get('lock').problem).toBe('no such key');
    workshop.config.onReachable('lock');
    expect(workshop.versions()).toEqual([1, 1]);
    expect(workshop.config.get('lock').problem).toBeNull();
  });

  it('gives way to a new one', async () => {
    const workshop = await Workshop.open();
    workshop.set({ a: 1 });
    refuse(workshop);
    expect(workshop.set({ a: 2 }).problem).toBeNull();
    expect(workshop.versions()).toEqual([1, 2]);
    refuse(workshop);
    expect(workshop.config.get('lock').problem).toBeNull();
    workshop.config.onOtherAck({ deviceId: 'lock', id: 'config-2', ok: false });
    expect(workshop.config.get('lock').problem).toBe('the device refused it');
    workshop.config.onStatus(report(2));
    expect(workshop.config.get('lock')).toMatchObject({ problem: null, in_sync: true });
  });
});

describe('a device that is removed', () => {
  it('takes its documents with it', async () => {
    const workshop = await Workshop.open();
    workshop.set({ a: 1 });
    workshop.config.onStatus(report(1));
    workshop.removeDevice('lock');
    workshop.clock.advance(10 * minute);
    workshop.config.onStatus(report(1));
    for (const table of ['config_versions', 'config_reports', 'config_commands', 'due']) {
      expect(workshop.db.prepare(`SELECT count(*) AS n FROM ${table}`).get()).toEqual({ n: 0 });
    }
    workshop.addDevice('lock');
    expect(workshop.set({ b: 1 }).desired?.version).toBe(1);
  });
});
