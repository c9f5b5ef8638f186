import { describe, expect, it } from 'vitest';
import type { InboundMessage } from '#mqtt';
import type { Telemetry } from '../../src/telemetry/service.ts';
import type { Sample } from '../../src/telemetry/types.ts';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { noonMs, noonUs, rowsOf, send, startTelemetry, stopTelemetry, store } from './support.ts';

const dayMs = 86_400_000;
const dayUs = dayMs * 1000;

interface Publish {
  readonly packetId?: number;
  readonly duplicate?: boolean;
  readonly qos?: 0 | 1;
}

function publish(telemetry: Telemetry, payload: string, options: Publish = {}) {
  const message: InboundMessage = {
    identity: { kind: 'device', name: 'plug' },
    clientId: 'plug',
    topic: 'devices/plug/telemetry',
    payload: Buffer.from(payload),
    qos: options.qos ?? 1,
    retain: false,
    duplicate: options.duplicate ?? false,
    packetId: options.packetId ?? 0,
  };
  return telemetry.acceptFrom('plug')(message);
}

async function start(config?: Record<string, unknown>) {
  return startTelemetry({ directory: await temporaryDirectory(), ...(config ? { config } : {}) });
}

describe('a reading without a device time', () => {
  it('gets the receipt, to a microsecond of its own', async () => {
    const { telemetry } = await start();
    await store(telemetry, 'plug', [{ n: 1 }, { n: 2 }]);
    await store(telemetry, 'plug', { n: 3 });
    expect(await rowsOf(telemetry, { deviceId: 'plug' })).toEqual([
      { timestamp: '2026-01-31T12:00:00.000Z', n: 1 },
      { timestamp: '2026-01-31T12:00:00.000001Z', n: 2 },
      { timestamp: '2026-01-31T12:00:00.000002Z', n: 3 },
    ]);
  });

  it('counts once when it is delivered again while the first is under way', async () => {
    const { telemetry } = await start();
    const first = publish(telemetry, '{"n":1}', { packetId: 7 });
    const again = publish(telemetry, '{"n":1}', { packetId: 7, duplicate: true });
    expect(again).toBe(first);
    await first;
    expect(await rowsOf(telemetry, { deviceId: 'plug' })).toHaveLength(1);
  });

  it.each([
    ['in the journal', false],
    ['in a sealed file', true],
  ])(
    'counts once when it is delivered again after a restart, with the first %s',
    async (_, sealed) => {
      const directory = await temporaryDirectory();
      const before = await startTelemetry({ directory });
      await publish(before.telemetry, '{"n":1}', { packetId: 7 });
      await publish(before.telemetry, '{"timestamp":0,"n":2}', { packetId: 8 });
      if (sealed) await before.telemetry.seal();
      await stopTelemetry(before);
      const clock = new ManualClock(noonMs + 60_000);
      const { telemetry } = await startTelemetry({ directory, clock });
      expect(publish(telemetry, '{"n":1}', { packetId: 7, duplicate: true })).toBeUndefined();
      expect(
        publish(telemetry, '{"timestamp":0,"n":2}', { packetId: 8, duplicate: true }),
      ).toBeUndefined();
      expect(await rowsOf(telemetry, { deviceId: 'plug' })).toHaveLength(2);
    },
  );

  it.each([
    ['while the hub runs', false],
    ['after a restart', true],
  ])('counts once however many are delivered again at once, %s', async (_, restarts) => {
    const directory = await temporaryDirectory();
    let bench = await startTelemetry({ directory });
    const many = Array.from({ length: 3000 }, (_, n) => n + 1);
    const publishAll = (duplicate: boolean) =>
      Promise.all(
        many.map((packetId) =>
          publish(bench.telemetry, `{"n":${packetId}}`, { packetId, duplicate }),
        ),
      );
    await publishAll(false);
    if (restarts) {
      await bench.telemetry.seal();
      await stopTelemetry(bench);
      bench = await startTelemetry({ directory });
    }
    await publishAll(true);
    expect((await bench.telemetry.storage()).points).toBe(3000);
  });

  it.each<[string, Publish, string]>([
    ['without the DUP flag', { packetId: 7 }, '{"n":1}'],
    ['under another packet identifier', { packetId: 8, duplicate: true }, '{"n":1}'],
    ['with another payload', { packetId: 7, duplicate: true }, '{"n":2}'],
  ])('counts again when it comes %s', async (_, options, payload) => {
    const { telemetry } = await start();
    await publish(telemetry, '{"n":1}', { packetId: 7 });
    await publish(telemetry, payload, options);
    expect(await rowsOf(telemetry, { deviceId: 'plug' })).toHaveLength(2);
  });
});

describe('a reading with a device time', () => {
  it('counts once however often it comes, and its last value wins', async () => {
    const { telemetry } = await start();
    await store(telemetry, 'plug', { ts: noonUs, n: 1 });
    await store(telemetry, 'plug', { ts: noonUs, n: 2 });
    await store(telemetry, 'plug', { ts: noonUs, other: 3 });
    expect(await rowsOf(telemetry, { deviceId: 'plug' })).toEqual([
      { timestamp: '2026-01-31T12:00:00.000Z', n: 2, other: 3 },
    ]);
  });

  it('is too late when it is older than what is kept, unless it is imported', async () => {
    const { telemetry } = await start({ 'telemetry.retention_days': 7 });
    const body = { ts: noonUs - 7 * dayUs - 1, n: 1 };
    const refused = send(telemetry, 'plug', body);
    expect(refused).toMatchObject({ accepted: 0, rejected: [{ field: 'timestamp' }] });
    expect(telemetry.quarantine.list()[0]).toMatchObject({
      field: 'timestamp',
      reason: 'is 2026-01-24T11:59:59.999999Z, older than the 7 days that are kept',
    });
    const imported = telemetry.submit({ deviceId: 'plug', body, source: 'local', imported: true });
    await imported.committed;
    expect(await rowsOf(telemetry, { deviceId: 'plug', startUs: 0 })).toHaveLength(1);
  });

  it('is kept whatever it says while the hub has lost its own time', async () => {
    const clock = new ManualClock(Date.UTC(2000, 0, 1));
    const { telemetry } = await startTelemetry({ directory: await temporaryDirectory(), clock });
    await store(telemetry, 'plug', { ts: noonUs, n: 1 });
    expect(await rowsOf(telemetry, { deviceId: 'plug' })).toHaveLength(1);
  });

  it('is judged again by a clock that was set back, once that has run for an hour', async () => {
    const { telemetry, clock } = await start();
    clock.step(noonMs + 30 * dayMs);
    await store(telemetry, 'plug', { n: 1 });
    clock.step(noonMs);
    const ahead = () => ({ ts: (clock.nowMs() + 20 * 60_000) * 1000, n: 2 });
    await store(telemetry, 'doubted', ahead());
    clock.advance(61 * 60_000);
    await store(telemetry, 'believed', ahead());
    const timesOf = async (deviceId: string) =>
      (await rowsOf(telemetry, { deviceId })).map((row) => row.timestamp);
    expect(await timesOf('doubted')).toEqual(['2026-01-31T12:20:00.000Z']);
    expect(await timesOf('believed')).toEqual(['2026-01-31T13:01:00.000Z']);
  });

  it('whose time cannot be read is kept at its receipt, and that is said', async () => {
    const { telemetry } = await start();
    const receipt = send(telemetry, 'plug', { timestamp: 'soon', n: 1 });
    expect(receipt.accepted).toBe(1);
    expect(receipt.rejected).toEqual([
      { index: 0, field: 'timestamp', reason: expect.stringContaining('"soon"') },
    ]);
    await receipt.committed;
    expect(await rowsOf(telemetry, { deviceId: 'plug' })).toHaveLength(1);
  });
});

describe('a message that cannot be kept', () => {
  it('is acknowledged, set aside with its first bytes, and still there after a restart', async () => {
    const directory = await temporaryDirectory();
    const before = await startTelemetry({ directory });
    expect(publish(before.telemetry, `{"n":${'1'.repeat(3000)}`)).toBeUndefined();
    await stopTelemetry(before);
    const { telemetry } = await startTelemetry({ directory });
    const [message, ...more] = telemetry.quarantine.list();
    expect(more).toEqual([]);
    expect(message).toMatchObject({
      deviceId: 'plug',
      source: 'mqtt',
      topic: 'devices/plug/telemetry',
      field: 'payload',
      reason: 'is not JSON',
      receivedAt: '2026-01-31T12:00:00.000Z',
    });
    expect(message?.payload).toHaveLength(2048);
  });

  it.each([
    ['its envelopes', '{"data":'],
    ['its time', '{"n":1,"timestamp":{"a":'],
    ['its values', '{"n":{"a":'],
  ])('because %s are nested without end is acknowledged and set aside', async (_, opening) => {
    const { telemetry } = await start();
    const [, member = ''] = /^(?:.*[{,])("[^"]+":)$/.exec(opening) ?? [];
    const depth = 20_000;
    const closing = '}'.repeat(depth + (opening.match(/{/g)?.length ?? 0));
    await publish(telemetry, `${opening}${`{${member}`.repeat(depth)}1${closing}`);
    expect(telemetry.quarantine.list()).toHaveLength(1);
  });

  it('cannot fill the quarantine alone: twenty a minute of each device are kept, all are counted', async () => {
    const { telemetry, clock } = await start();
    for (let n = 0; n < 50; n++) publish(telemetry, 'x');
    send(telemetry, 'other', null);
    expect(telemetry.quarantine.list('plug')).toHaveLength(20);
    expect(telemetry.quarantine.list('other')).toHaveLength(1);
    expect(telemetry.quarantine.counts().get('plug')).toMatchObject({ refused: 50, overRate: 0 });
    clock.advance(60_000);
    publish(telemetry, 'x');
    expect(telemetry.quarantine.list('plug')).toHaveLength(21);
  });

  it('makes room for newer ones when the quarantine is full', async () => {
    const { telemetry, clock } = await start({ 'telemetry.quarantine': 30 });
    for (let minute = 0; minute < 5; minute++) {
      for (let n = 0; n < 20; n++) publish(telemetry, `${minute}`.padEnd(3, 'x'));
      clock.advance(60_000);
    }
    const kept = telemetry.quarantine.list();
    expect(kept).toHaveLength(30);
    expect(kept[0]?.payload).toBe('4xx');
  });
});

describe('a device that sends too fast', () => {
  it('is refused what is over its rate over HTTP, and that is counted', async () => {
    const { telemetry, clock } = await start({ 'limits.messages_per_second': 10 });
    const receipts = Array.from({ length: 15 }, (_, n) => send(telemetry, 'plug', { n }));
    const refused = receipts.filter(({ error }) => error?.code === 'too_many_requests');
    expect(refused).toHaveLength(5);
    await receipts[0]?.committed;
    expect(telemetry.quarantine.counts().get('plug')?.overRate).toBe(5);
    expect(telemetry.quarantine.list()).toHaveLength(1);
    clock.advance(100);
    await send(telemetry, 'plug', { n: 99 }).committed;
    expect(await rowsOf(telemetry, { deviceId: 'plug' })).toHaveLength(11);
  });

  it('keeps everything over MQTT, where the broker holds it back before it is acknowledged', async () => {
    const { telemetry } = await start({ 'limits.messages_per_second': 10 });
    await Promise.all(Array.from({ length: 15 }, (_, n) => publish(telemetry, `{"n":${n}}`)));
    expect(await rowsOf(telemetry, { deviceId: 'plug' })).toHaveLength(15);
  });

  it('pays for each reading of a batch', async () => {
    const { telemetry, clock } = await start({ 'limits.messages_per_second': 10 });
    await store(
      telemetry,
      'plug',
      Array.from({ length: 30 }, (_, n) => ({ n })),
    );
    clock.advance(1000);
    expect(send(telemetry, 'plug', { n: 1 }).accepted).toBe(0);
    clock.advance(1200);
    expect(send(telemetry, 'plug', { n: 1 }).accepted).toBe(1);
  });
});

it('tells listeners what was kept, and not what was refused', async () => {
  const { telemetry } = await start();
  for (let part = 0; part < 10; part++) {
    const names = Array.from({ length: 50 }, (_, n) => [`m${part}_${n}`, n]);
    await send(telemetry, 'plug', Object.fromEntries(names)).committed;
  }
  const heard: Sample[] = [];
  telemetry.onSample.listen((samples) => heard.push(...samples));
  await send(telemetry, 'plug', { m0_0: 7, extra: 1 }).committed;
  // Listeners have a turn of their own.
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard.at(-1)?.values).toEqual({ m0_0: 7 });
});

it('keeps at most 500 metrics of a device', async () => {
  const { telemetry } = await start();
  for (let part = 0; part < 9; part++) {
    const names = Array.from({ length: 60 }, (_, n) => [`m${part}_${n}`, n]);
    await send(telemetry, 'plug', Object.fromEntries(names)).committed;
  }
  expect(telemetry.columnsOf({ deviceId: 'plug', startUs: 0, endUs: 1 })).toHaveLength(500);
  expect(send(telemetry, 'plug', { extra: 1 }).rejected[0]).toMatchObject({ field: 'extra' });
});
