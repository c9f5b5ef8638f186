import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Alert, Alerts, type NewAlert } from '#alerts';
import { migrate, migrations, openDatabase } from '#db';
import { silentLog } from '#kernel';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';

const noonMs = Date.UTC(2026, 2, 1, 12);
const minuteMs = 60_000;

const timedOut: NewAlert = {
  kind: 'command_timed_out',
  deviceId: 'plug',
  message: 'plug did not answer',
  detail: { command_id: 'c1' },
};
const badSignature: NewAlert = { kind: 'bad_signature', deviceId: 'lamp', message: 'not signed' };

async function newAlerts() {
  const db = openDatabase(join(await temporaryDirectory(), 'hearth.db'));
  onTestFinished(() => void db.close());
  migrate(db, migrations);
  const clock = new ManualClock(noonMs);
  const make = () => new Alerts({ db, clock, log: silentLog });
  const alerts = make();
  const raised: Alert[] = [];
  alerts.onRaised.listen((alert) => raised.push(alert));
  return { db, clock, make, alerts, raised };
}

describe('an alert', () => {
  it('is kept, shown and told', async () => {
    const { alerts, raised } = await newAlerts();
    alerts.raise(timedOut);
    const expected: Alert = {
      id: expect.any(String),
      at: '2026-03-01T12:00:00.000Z',
      last_at: '2026-03-01T12:00:00.000Z',
      count: 1,
      kind: 'command_timed_out',
      device_id: 'plug',
      message: 'plug did not answer',
      detail: { command_id: 'c1' },
    };
    expect(alerts.list(10)).toEqual([expected]);
    expect(raised).toEqual([expected]);
  });

  it('of the hub itself belongs to no device', async () => {
    const { alerts } = await newAlerts();
    alerts.raise({ kind: 'clock_behind', message: 'the clock is behind' });
    expect(alerts.list(1)[0]).toMatchObject({ device_id: null, detail: {} });
  });

  it('of a timed-out command is one of its own each time', async () => {
    const { alerts, clock, raised } = await newAlerts();
    for (let i = 0; i < 3; i++) {
      alerts.raise({ ...timedOut, detail: { command_id: `c${i}` } });
      clock.advance(1);
    }
    const shown = alerts.list(10);
    expect(shown.map(({ count, detail }) => [count, detail.command_id])).toEqual([
      [1, 'c2'],
      [1, 'c1'],
      [1, 'c0'],
    ]);
    expect(raised.length).toBe(3);
  });

  it('that repeats is counted within an hour of its first time', async () => {
    const { alerts, clock, raised } = await newAlerts();
    for (let i = 0; i < 6; i++) {
      alerts.raise(badSignature);
      clock.advance(10 * minuteMs);
    }
    alerts.raise(badSignature);
    expect(alerts.list(10).map(({ count, at, last_at }) => [count, at, last_at])).toEqual([
      [1, '2026-03-01T13:00:00.000Z', '2026-03-01T13:00:00.000Z'],
      [6, '2026-03-01T12:00:00.000Z', '2026-03-01T12:50:00.000Z'],
    ]);
    expect(raised.map(({ count }) => count)).toEqual([1, 2, 3, 4, 5, 6, 1]);
    expect(new Set(raised.map(({ id }) => id)).size).toBe(2);
  });

  it('is counted by kind and device', async () => {
    const { alerts, clock } = await newAlerts();
    for (let i = 0; i < 2; i++) {
      alerts.raise(badSignature);
      alerts.raise({ ...badSignature, deviceId: 'plug' });
      alerts.raise({ ...badSignature, kind: 'clock_behind' });
      clock.advance(minuteMs);
    }
    expect(alerts.list(10).map(({ count }) => count)).toEqual([2, 2, 2]);
  });

  it('that repeats every second is written down and told every 10 s, and no count is lost', async () => {
    const { alerts, clock, raised } = await newAlerts();
    for (let i = 0; i < 31; i++) {
      alerts.raise(badSignature);
      clock.advance(1000);
    }
    expect(raised.map(({ count }) => count)).toEqual([1, 11, 21, 31]);
    expect(alerts.list(10).map(({ count }) => count)).toEqual([31]);
  });

  it('is still told when the clock was set back', async () => {
    const { alerts, clock, raised } = await newAlerts();
    alerts.raise(badSignature);
    clock.step(noonMs - 24 * 60 * minuteMs);
    clock.advance(minuteMs);
    alerts.raise(badSignature);
    expect(raised.length).toBe(2);
  });
});

describe('the alerts', () => {
  it('are shown newest first, as many as asked for, after a restart too', async () => {
    const { alerts, clock, make } = await newAlerts();
    alerts.raise(badSignature);
    for (let i = 0; i < 3; i++) {
      clock.advance(minuteMs);
      alerts.raise({ ...timedOut, message: `${i}` });
    }
    clock.advance(minuteMs);
    alerts.raise(badSignature);
    await alerts.stop();
    const messages = make()
      .list(3)
      .map(({ message }) => message);
    expect(messages).toEqual(['not signed', '2', '1']);
  });

  it('are at most 1000: the oldest go', async () => {
    const { alerts, clock, db } = await newAlerts();
    db.pragma('synchronous = OFF');
    for (let i = 0; i < 1010; i++) {
      alerts.raise({ ...timedOut, message: `${i}` });
      clock.advance(1);
    }
    const messages = alerts.list(2000).map(({ message }) => message);
    expect(messages.length).toBe(1000);
    expect([messages[0], messages.at(-1)]).toEqual(['1009', '10']);
  });

  it('of many devices do not grow in memory, and are still counted', async () => {
    const { alerts, clock, db, raised } = await newAlerts();
    db.pragma('synchronous = OFF');
    for (let i = 0; i < 1500; i++) alerts.raise({ ...badSignature, deviceId: `d${i}` });
    clock.advance(minuteMs);
    alerts.raise({ ...badSignature, deviceId: 'd1499' });
    expect(raised.at(-1)).toMatchObject({ device_id: 'd1499', count: 2 });
    expect(alerts.list(2000).length).toBe(1000);
  });
});
