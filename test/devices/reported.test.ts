import { describe, expect, it } from 'vitest';
import type { Scalar, StateMap, StatusNews } from '#devices';
import { DeviceReport } from '../../src/devices/report.ts';
import { device, type Home, openHome, publish, service, startMs } from './home.ts';

async function homeWithPlug(at?: string) {
  const home = await openHome(at);
  if (!home.devices.exists('plug')) home.devices.create({ id: 'plug' });
  return { ...home, ...speakerOf(home) };
}

function speakerOf({ devices, gate, clock }: Home) {
  return {
    /** A reading; by default taken and received now. */
    read: (values: StateMap, receivedMs = clock.nowMs(), takenMs = receivedMs) =>
      devices.applySamples([
        { deviceId: 'plug', timeUs: takenMs * 1000, receivedUs: receivedMs * 1000, values },
      ]),
    say: (status: object) => publish(gate, device('plug'), 'devices/plug/status', status),
    relay: (): Scalar | undefined => devices.reported('plug').relay_state,
  };
}

describe('what a device is like', () => {
  it('is the last it said, in readings or in status messages', async () => {
    const { devices, clock, read, say, relay } = await homeWithPlug();
    expect(devices.reported('plug')).toEqual({});
    read({ relay_state: false, power: 0 });
    expect(relay()).toBe(false);
    clock.advance(10);
    await say({ relay_state: true, firmware_version: '1.0' });
    expect(devices.reported('plug')).toEqual({
      relay_state: true,
      power: 0,
      firmware_version: '1.0',
    });
    clock.advance(10);
    read({ relay_state: false });
    expect(relay()).toBe(false);
    // As everyone sees it: what is told to be, and what was said in status messages; no mere reading.
    expect(devices.get('plug').reported).toEqual({ relay_state: false, firmware_version: '1.0' });
    // The same as before is news too: it was said later than the reading.
    clock.advance(10);
    await say({ relay_state: true });
    expect(relay()).toBe(true);
  });

  it('is what arrived last, though it was on disk only later', async () => {
    const { clock, read, say, relay } = await homeWithPlug();
    const receivedMs = clock.nowMs();
    clock.advance(5);
    await say({ relay_state: true });
    clock.advance(5);
    read({ relay_state: false }, receivedMs);
    expect(relay()).toBe(true);
  });

  it('is not what a device says late of long ago', async () => {
    const { clock, read, relay } = await homeWithPlug();
    read({ relay_state: true });
    clock.advance(1000);
    read({ relay_state: false }, clock.nowMs(), startMs - 60_000);
    expect(relay()).toBe(true);
  });

  it('leaves what REST shows of readings and status as it was', async () => {
    const { devices, clock, read, say } = await homeWithPlug();
    read({ relay_state: false });
    clock.advance(10);
    await say({ relay_state: true });
    expect(devices.get('plug')).toMatchObject({
      latest: { relay_state: false, timestamp: '2026-03-01T08:00:00.000Z' },
      reported: { relay_state: true },
    });
  });

  it('is nothing for a device that is not there', async () => {
    const { devices } = await openHome();
    expect(devices.reported('nobody')).toEqual({});
    devices.takeReport('nobody', { relay_state: true });
    expect(devices.reported('nobody')).toEqual({});
  });

  it('survives a restart, with what was said last still last', async () => {
    const { devices, clock, read, say, directory } = await homeWithPlug();
    read({ relay_state: false });
    clock.advance(10);
    await say({ relay_state: true });
    await devices.stop();
    const again = await homeWithPlug(directory);
    expect(again.relay()).toBe(true);
    again.clock.advance(20);
    again.read({ relay_state: false });
    expect(again.relay()).toBe(false);
  });

  it.each([true, false])(
    'is what is said now, even when the hub woke up in the past (readings restored: %s)',
    async (isRestored) => {
      const { devices, clock, read, say, directory } = await homeWithPlug();
      read({ relay_state: false, lamp: false });
      clock.advance(10);
      await say({ relay_state: true });
      clock.advance(10);
      read({ lamp: true });
      await devices.stop();

      const yearMs = 365 * 24 * 3_600_000;
      const again = await openInThePast(directory, yearMs);
      if (isRestored) {
        // Readings kept on disk are of before, too, and this one is older than the status message.
        const timeUs = startMs * 1000;
        const values = { relay_state: false };
        again.devices.restoreSamples([{ deviceId: 'plug', timeUs, receivedUs: timeUs, values }]);
      }
      expect(again.relay()).toBe(true);
      again.clock.advance(1);
      await again.say({ relay_state: false, lamp: false });
      expect(again.devices.reported('plug')).toEqual({ relay_state: false, lamp: false });
      expect(again.devices.get('plug').last_seen).toBe('2026-03-01T08:00:00.020Z');
    },
  );

  it('is what is said now, though a restored reading is of a later hour than the clock shows', async () => {
    const { devices, say, relay } = await homeWithPlug();
    const timeUs = (startMs + 3_600_000) * 1000;
    const values = { relay_state: false };
    devices.restoreSamples([{ deviceId: 'plug', timeUs, receivedUs: timeUs, values }]);
    await say({ relay_state: true });
    expect(relay()).toBe(true);
  });
});

/** A restart with a clock that stands `durationMs` behind. */
async function openInThePast(directory: string, durationMs: number) {
  const home = await openHome(directory, startMs - durationMs);
  return { ...home, ...speakerOf(home) };
}

describe('a saved report', () => {
  it('of before receipts were kept can be read', () => {
    const saved = {
      lastSeenMs: 5000,
      denied: 2,
      metrics: [
        ['power', 3_000_000, 7],
        ['relay_state', 3_000_000, false],
      ],
      reported: [
        ['relay_state', true],
        ['firmware_version', '1.0'],
      ],
    };
    const report = DeviceReport.fromJson(JSON.stringify(saved));
    expect(report.latest).toEqual({ timeUs: 3_000_000, values: { power: 7, relay_state: false } });
    expect(report.reportedOf(new Set(['voltage']))).toEqual({
      relay_state: false,
      firmware_version: '1.0',
    });
    expect(report.state).toEqual({ power: 7, relay_state: false, firmware_version: '1.0' });
    expect(report.lastSeenMs).toBe(5000);
  });

  it('is read back as it was', () => {
    const report = new DeviceReport();
    report.apply(1_000_000, 1001, { power: 7, relay_state: false });
    report.report(1002, { relay_state: true });
    report.seen(1002);
    const again = DeviceReport.fromJson(report.toJson());
    expect(again).toEqual(report);
    expect(again.state).toEqual({ power: 7, relay_state: true });
  });
});

describe('state in an acknowledgment', () => {
  it('is taken in as a status is, and told of when it is new', async () => {
    const { devices, changes, clock, read, relay } = await homeWithPlug();
    const status: StatusNews[] = [];
    devices.onStatus.listen((news) => status.push(news));
    read({ relay_state: false });
    clock.advance(10);
    devices.takeReport('plug', { relay_state: true });
    expect(relay()).toBe(true);
    devices.takeReport('plug', { relay_state: true });
    expect(changes.filter(({ change }) => change === 'state')).toMatchObject([
      { device: { reported: { relay_state: true }, last_seen: '2026-03-01T08:00:00.010Z' } },
    ]);
    expect(status).toEqual([]);
  });

  it('is bounded, of plain values, and says nothing of presence', async () => {
    const { devices, gate } = await homeWithPlug();
    gate.connected(device('plug'), 'plug', 'tls', '::1');
    const hostile = { status: 'offline', nested: { a: 1 }, 'bad name': 1, long: 'x'.repeat(300) };
    devices.takeReport('plug', { ...hostile, fanSpeed: 3 } as unknown as StateMap);
    devices.takeReport('plug', [1] as unknown as StateMap);
    expect(devices.reported('plug')).toEqual({ fanSpeed: 3 });
    expect(devices.get('plug').status).toBe('online');
    for (let i = 0; i < 100; i++) devices.takeReport('plug', { [`property_${i}`]: i });
    expect(Object.keys(devices.reported('plug'))).toHaveLength(64);
  });
});

it('tells every status message once it is taken in, wherever it was said', async () => {
  const { devices, gate, clock, say, relay } = await homeWithPlug();
  const heard: (StatusNews & { relay: Scalar | undefined })[] = [];
  devices.onStatus.listen((news) => heard.push({ ...news, relay: relay() }));
  await say({ status: 'online', relay_state: true });
  await say({ status: 'online', relay_state: true });
  await publish(gate, service('bridge'), 'smartplug/plug/status', { relay_state: false });
  clock.advance(7);
  devices.heartbeat('plug', { relay_state: 'ON' });
  await publish(gate, device('plug'), 'devices/plug/status', 'not a status');
  await publish(gate, service('bridge'), 'devices/nobody/status', { relay_state: true });
  const news = { deviceId: 'plug', receivedAtMs: startMs };
  const topic = 'devices/plug/status';
  expect(heard).toEqual([
    { ...news, topic, values: { relay_state: true }, relay: true },
    { ...news, topic, values: { relay_state: true }, relay: true },
    { ...news, topic: 'smartplug/plug/status', values: { relay_state: false }, relay: false },
    { ...news, receivedAtMs: startMs + 7, topic: '', values: { relay_state: 'ON' }, relay: 'ON' },
  ]);
});
