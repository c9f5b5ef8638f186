import { OpenAPIHono } from '@hono/zod-openapi';
import { describe, expect, it } from 'vitest';
import type { Caller, HearthEnv } from '#auth';
import { isHearthError } from '#kernel';
import type { Telemetry } from '#telemetry';
import { bothAlgorithms, Firmware, openWorkshop } from '../signing/workshop.ts';
import { ManualClock } from '../support/clock.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { noonMs, rowsOf, startTelemetry } from './support.ts';

const noon = '2026-01-31T12:00:00.000Z';
const reading = { power: 60.5, timestamp: noon };

/** Telemetry over real files, protected by the real thing, with a device "plug" that signs. */
async function start(changes: (firmware: Firmware) => Record<string, unknown>, atMs = noonMs) {
  const workshop = await openWorkshop();
  const firmware = new Firmware();
  workshop.agree('plug', changes(firmware));
  const { telemetry, clock } = await startTelemetry({
    directory: await temporaryDirectory(),
    clock: new ManualClock(atMs),
    protection: workshop.signing,
  });
  const rows = async (deviceId = 'plug') => rowsOf(telemetry, { deviceId });
  return { ...workshop, clock, telemetry, firmware, rows };
}

const mustSign = (firmware: Firmware) => ({
  signature: 'required',
  signing_key: firmware.signingKey,
});
const mustEncrypt = (firmware: Firmware) => ({
  encryption: 'required',
  box_key: firmware.boxKey,
});

/** As the broker hands it over. */
const publish = (telemetry: Telemetry, payload: Buffer | object, deviceId = 'plug') =>
  telemetry.acceptFrom(deviceId)({
    identity: { kind: 'device', name: deviceId },
    clientId: deviceId,
    topic: `devices/${deviceId}/telemetry`,
    payload: Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload)),
    qos: 1,
    retain: false,
    duplicate: false,
    packetId: 1,
  });

/** As the device's own API call. */
async function post(telemetry: Telemetry, payload: Buffer | object) {
  const api = new OpenAPIHono<HearthEnv>();
  const caller: Caller = { kind: 'device', id: 'plug', name: 'plug', role: 'device' };
  api.use(async (context, next) => {
    context.set('caller', caller);
    await next();
  });
  api.onError((error, context) => {
    if (!isHearthError(error)) throw error;
    const { code, field, message, hint } = error;
    return context.json({ code, field, message, hint }, 422);
  });
  telemetry.routes(api);
  const body = Buffer.isBuffer(payload) ? payload.toString() : JSON.stringify(payload);
  const headers = { 'content-type': 'application/json' };
  const response = await api.request('/devices/telemetry', { method: 'POST', headers, body });
  return { status: response.status, answer: await response.json() };
}

describe('a device that must sign', () => {
  it.each(bothAlgorithms)('is stored when it signs with %s, over MQTT and HTTP', async (kind) => {
    const signer = new Firmware(kind);
    const { telemetry, rows, alerts } = await start(() => mustSign(signer));
    await publish(telemetry, signer.sign('plug', reading));
    const next = { power: 61, timestamp: '2026-01-31T12:00:01.000Z' };
    expect(await post(telemetry, signer.sign('plug', next))).toMatchObject({ status: 201 });
    expect(await rows()).toEqual([
      { timestamp: noon, power: 60.5 },
      { timestamp: next.timestamp, power: 61 },
    ]);
    expect([telemetry.quarantine.list(), alerts]).toEqual([[], []]);
  });

  it.each<[string, (firmware: Firmware) => Buffer | object, string]>([
    ['does not', () => reading, 'is missing'],
    [
      'signs something else',
      (f) => Buffer.from(`${f.sign('plug', reading)}`.replace('60', '61')),
      'does not fit',
    ],
    ["sends another device's message", (f) => f.sign('lamp', reading), 'does not fit'],
  ])(
    'is not stored when it %s: set aside with an alert, 422 over HTTP',
    async (_, make, reason) => {
      const { telemetry, firmware, rows, alerts } = await start(mustSign);
      const payload = make(firmware);
      expect(publish(telemetry, payload)).toBeUndefined();
      expect(await post(telemetry, payload)).toMatchObject({
        status: 422,
        answer: {
          code: 'unprocessable',
          field: 'signature',
          message: expect.stringContaining(`signature ${reason}`),
          hint: expect.stringContaining('docs/signing.md'),
        },
      });
      expect(await rows()).toEqual([]);
      const entry = {
        field: 'signature',
        reason: expect.stringContaining(reason),
        deviceId: 'plug',
      };
      expect(telemetry.quarantine.list()).toMatchObject([
        { ...entry, source: 'http' },
        { ...entry, source: 'mqtt', topic: 'devices/plug/telemetry' },
      ]);
      expect(alerts).toHaveLength(2);
    },
  );

  it('counts once when its message is sent again, and not at all as that of another', async () => {
    const { telemetry, firmware, agree, rows, clock } = await start(mustSign);
    agree('lamp', { signature: 'required', signing_key: firmware.signingKey });
    const message = firmware.sign('plug', reading);
    await publish(telemetry, message);
    clock.advance(60_000);
    await publish(telemetry, message);
    await publish(telemetry, message, 'lamp');
    expect(await rows()).toEqual([{ timestamp: noon, power: 60.5 }]);
    expect(await rows('lamp')).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['none', { power: 1 }, 'is missing'],
    ['one that is none', { power: 1, ts: 'soon' }, 'is "soon", which is no time'],
    ['one before 2020', { power: 1, ts: 5 }, 'is 5, which cannot be right'],
    ['one of tomorrow', { power: 1, time: '2026-02-01T12:00:00Z' }, 'which cannot be right'],
  ])('needs a time of its own, and is not stored with %s', async (_, body, reason) => {
    const { telemetry, firmware, rows, alerts } = await start(mustSign);
    expect(await post(telemetry, firmware.sign('plug', body))).toMatchObject({
      status: 422,
      answer: { field: 'timestamp', message: expect.stringContaining(reason) },
    });
    expect(telemetry.quarantine.list()).toMatchObject([
      { field: 'timestamp', reason: expect.stringMatching(/; a signed reading needs a time/) },
    ]);
    expect([await rows(), alerts]).toEqual([[], []]);
  });

  it('is believed about its time while the hub has lost its own', async () => {
    const { telemetry, firmware, rows } = await start(mustSign, Date.UTC(2000, 0, 1));
    await publish(telemetry, firmware.sign('plug', reading));
    expect(await rows()).toHaveLength(1);
  });

  it('is not even looked at when its message is too long', async () => {
    const { telemetry, firmware, alerts } = await start(mustSign);
    const payload = firmware.sign('lamp', { text: 'x'.repeat(2 * 1024 * 1024) });
    expect(publish(telemetry, payload)).toBeUndefined();
    expect(telemetry.quarantine.list()).toMatchObject([{ field: 'payload' }]);
    expect(alerts).toEqual([]);
  });
});

describe('a device that must encrypt', () => {
  it.each<[string, (box: (value: unknown) => object) => object]>([
    ['the whole message', (box) => box(reading)],
    ['its value', (box) => ({ power: box(60.5), timestamp: noon })],
    ['a batch', (box) => box([reading])],
  ])('is stored in the clear when it encrypts %s', async (_, make) => {
    const { telemetry, firmware, hubBox, rows } = await start(mustEncrypt);
    await publish(
      telemetry,
      make((value) => firmware.encrypt(hubBox, value)),
    );
    expect(await rows()).toEqual([{ timestamp: noon, power: 60.5 }]);
  });

  it('is set aside, still encrypted, when a box cannot be opened or a value is in the clear', async () => {
    const { telemetry, firmware, hubBox, rows, alerts } = await start(mustEncrypt);
    const stranger = new Firmware().encrypt(hubBox, reading);
    await publish(telemetry, stranger);
    expect(await post(telemetry, { ...reading, a: firmware.encrypt(hubBox, 1) })).toMatchObject({
      status: 422,
      answer: { field: 'encrypted', message: expect.stringContaining('"power"') },
    });
    expect(await rows()).toEqual([]);
    expect(telemetry.quarantine.list()).toMatchObject([
      { field: 'encrypted' },
      { field: 'encrypted', payload: JSON.stringify(stranger) },
    ]);
    expect(alerts).toHaveLength(2);
  });

  it('may have its time in the box, under a signature', async () => {
    const { telemetry, firmware, hubBox, agree, rows } = await start(mustEncrypt);
    agree('plug', mustSign(firmware));
    const sent = (body: object) => firmware.sign('plug', firmware.encrypt(hubBox, body));
    await publish(telemetry, sent(reading));
    expect(await post(telemetry, sent({ power: 1 }))).toMatchObject({
      status: 422,
      answer: { field: 'timestamp' },
    });
    expect(await rows()).toEqual([{ timestamp: noon, power: 60.5 }]);
  });
});

describe('a device with which nothing is agreed', () => {
  it('is stored as ever; a signature is no metric', async () => {
    const { telemetry, rows } = await start(mustSign);
    await publish(telemetry, { ...reading, signature: 'whatever' }, 'lamp');
    expect(await rows('lamp')).toEqual([{ timestamp: noon, power: 60.5 }]);
  });
});
