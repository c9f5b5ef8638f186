import 'reflect-metadata';
import { generateKeyPairSync } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CertificateNews } from '#signing';
import { attempt } from '../devices/home.ts';
import { bothAlgorithms, Firmware, openWorkshop, signingOf, type Workshop } from './workshop.ts';

const reading = { power: 60.5, timestamp: '2026-03-01T08:00:00Z' };
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
const open = ({ signing }: Workshop, payload: Buffer | object, deviceId = 'plug') =>
  signing.open(deviceId, Buffer.isBuffer(payload) ? payload : bytes(payload));

describe('a device with which nothing is agreed', () => {
  it('is left to telemetry, whatever it sends', async () => {
    const workshop = await openWorkshop();
    const { signing, agree, alerts } = workshop;
    expect(signing.open('plug', bytes({ ...reading, signature: 'x' }))).toBeUndefined();
    expect(signing.open('nobody', Buffer.from('x'))).toBeUndefined();
    agree('plug', { command_algorithm: 'p256', signing_key: new Firmware().signingKey });
    expect(signing.open('plug', bytes(reading))).toBeUndefined();
    expect(alerts).toEqual([]);
  });
});

describe.each(bothAlgorithms)('a device that must sign with %s', (algorithm) => {
  async function start() {
    const workshop = await openWorkshop();
    const firmware = new Firmware(algorithm);
    workshop.agree('plug', { signature: 'required', signing_key: firmware.signingKey });
    return { workshop, firmware };
  }

  it('is read without its signature once that was found to fit', async () => {
    const { workshop, firmware } = await start();
    expect(open(workshop, firmware.sign('plug', reading))).toEqual({
      ok: true,
      value: reading,
      signed: true,
      encrypted: false,
      needsTime: true,
    });
    expect(workshop.alerts).toEqual([]);
  });

  it.each<[string, (firmware: Firmware) => Buffer | object, string]>([
    ['has no signature', () => reading, 'is missing'],
    ['is a batch', () => [reading], 'is missing: a batch has no place for one'],
    [
      'has a signature inside of data',
      (f) => ({ data: JSON.parse(`${f.sign('plug', reading)}`) }),
      'is missing',
    ],
    ['is of another device', (f) => f.sign('lamp', reading), 'does not fit'],
    ['was signed for another purpose', (f) => f.sign('plug', reading, 'command'), 'does not fit'],
    [
      'was signed with another key',
      (f) => new Firmware(f.algorithm).sign('plug', reading),
      'does not fit',
    ],
    [
      'was signed with the other algorithm',
      (f) => new Firmware(f.algorithm === 'p256' ? 'ed25519' : 'p256').sign('plug', reading),
      'does not fit',
    ],
    [
      'has its signature first',
      (f) => {
        const { signature, ...rest } = JSON.parse(f.sign('plug', reading).toString());
        return { signature, ...rest };
      },
      'does not fit',
    ],
    ['has a number for a signature', () => ({ ...reading, signature: 1 }), 'does not fit'],
    ['has an empty signature', () => ({ ...reading, signature: '' }), 'does not fit'],
    [
      'goes on after its end',
      (f) => Buffer.concat([f.sign('plug', reading), Buffer.from(' ')]),
      'does not fit',
    ],
    [
      'has another value',
      (f) => Buffer.from(f.sign('plug', reading).toString().replace('60.5', '60.6')),
      'does not fit',
    ],
  ])('is refused, and an alert raised, when a message %s', async (_, make, problem) => {
    const { workshop, firmware } = await start();
    expect(open(workshop, make(firmware))).toEqual({
      ok: false,
      field: 'signature',
      problem: expect.stringContaining(problem),
    });
    expect(workshop.alerts).toEqual([
      {
        kind: 'bad_signature',
        deviceId: 'plug',
        message: expect.stringMatching(/^A message of plug was set aside: its signature .*\.$/),
        detail: { field: 'signature', problem: expect.stringContaining(problem) },
      },
    ]);
  });

  it('is refused when any byte of a message is flipped', async () => {
    const { workshop, firmware } = await start();
    const message = firmware.sign('plug', reading);
    const passed: string[] = [];
    for (let at = 0; at < message.length; at++) {
      for (const mask of [0x01, 0x04, 0x20, 0x80]) {
        const flipped = Buffer.from(message);
        flipped[at] = (message[at] as number) ^ mask;
        if (open(workshop, flipped)?.ok === true) passed.push(`${at} ^ ${mask}`);
      }
    }
    expect(passed).toEqual([]);
  });

  it('signs the bytes it sends, whatever spelling of JSON they are', async () => {
    const { workshop, firmware } = await start();
    const text = '{ "ts":1.7723520e9,\n "ü":"\\u00fc", "power" : 6.050E1 }';
    expect(open(workshop, firmware.sign('plug', text))).toMatchObject({
      ok: true,
      value: { ts: 1772352000, ü: 'ü', power: 60.5 },
    });
  });
});

describe('a device that may sign', () => {
  it('is read with a signature that fits and without one, and not with a wrong one', async () => {
    const workshop = await openWorkshop();
    const firmware = new Firmware();
    workshop.agree('plug', { signature: 'optional', signing_key: firmware.signingKey });
    const ok = { ok: true, value: reading, needsTime: false };
    expect(open(workshop, reading)).toMatchObject({ ...ok, signed: false });
    expect(open(workshop, firmware.sign('plug', reading))).toMatchObject({ ...ok, signed: true });
    expect(open(workshop, firmware.sign('lamp', reading))).toMatchObject({ ok: false });
    expect(open(workshop, [reading])).toMatchObject({ ok: true, value: [reading] });
  });
});

describe("a device that signs with its certificate's key", () => {
  async function start() {
    const workshop = await openWorkshop();
    workshop.agree('plug', { signature: 'required', signing_key: 'certificate' });
    return workshop;
  }
  const connect = async (workshop: Workshop, firmware: Firmware) => {
    const { certificatePem } = await workshop.authority.issueClient({
      deviceId: 'plug',
      csrPem: await requestOf(firmware),
    });
    const [, base64 = ''] = /-----\n([^-]+)-----/.exec(certificatePem) ?? [];
    const certificate = Buffer.from(base64, 'base64');
    await workshop.gate.authenticate(attempt({ certificate, clientId: 'plug' }));
  };

  it.each(bothAlgorithms)('is known once it has connected, with %s', async (algorithm) => {
    const workshop = await start();
    const firmware = new Firmware(algorithm);
    const message = firmware.sign('plug', reading);
    expect(open(workshop, message)).toMatchObject({
      problem: 'cannot be checked: the device has not connected with a certificate yet',
    });
    await connect(workshop, firmware);
    expect(open(workshop, message)).toMatchObject({ ok: true, signed: true });
  });

  it('is known after a restart, and changes with the certificate', async () => {
    const workshop = await start();
    const [before, after] = [new Firmware(), new Firmware('p256')];
    await connect(workshop, before);
    workshop.clock.advance(1000);
    const restarted = signingOf(workshop);
    await restarted.start();
    expect(restarted.open('plug', before.sign('plug', reading))).toMatchObject({ ok: true });
    await connect(workshop, after);
    expect(restarted.open('plug', before.sign('plug', reading))).toMatchObject({ ok: false });
    expect(restarted.open('plug', after.sign('plug', reading))).toMatchObject({ ok: true });
    await restarted.stop();
  });

  it('is told when the key of its certificate signs nothing here', async () => {
    const workshop = await start();
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    await connect(workshop, Object.assign(new Firmware(), keys));
    expect(open(workshop, new Firmware().sign('plug', reading))).toMatchObject({
      problem:
        "cannot be checked: the key of the device's certificate is neither Ed25519 nor P-256",
    });
  });

  it('is not taken from a certificate of a device that is gone', async () => {
    const workshop = await start();
    const news: CertificateNews = { deviceId: 'gone', der: await workshop.certificateOf('plug') };
    workshop.devices.onCertificate.emit(news);
    workshop.clock.advance(1000);
    const rows = workshop.db.prepare('SELECT device_id FROM certificate_keys').all();
    expect(rows).toEqual([]);
  });
});

describe('a device that encrypts', () => {
  async function start(encryption: 'optional' | 'required') {
    const workshop = await openWorkshop();
    const firmware = new Firmware();
    workshop.agree('plug', { encryption, box_key: firmware.boxKey });
    const boxed = (value: unknown, spelled?: string) =>
      firmware.encrypt(workshop.hubBox, value, spelled);
    return { workshop, firmware, boxed };
  }
  type Boxed = Awaited<ReturnType<typeof start>>['boxed'];

  it.each<[string, (box: Boxed) => object, unknown]>([
    ['the whole message', (box) => box(reading), reading],
    ['a whole batch', (box) => box([reading, { power: 1 }]), [reading, { power: 1 }]],
    [
      'the whole message, with its id beside it',
      (box) => ({ device_id: 'x', ...box(reading) }),
      reading,
    ],
    ['a value', (box) => ({ ...reading, power: box(60.5) }), reading],
    [
      'values of every kind',
      (box) => ({ a: box(-1.5e3), b: box(true), c: box('ü'), ts: 5 }),
      { a: -1500, b: true, c: 'ü', ts: 5 },
    ],
    ['a value one level down', (box) => ({ sensors: { pm25: box(8) } }), { sensors: { pm25: 8 } }],
    [
      'values in an envelope',
      (box) => ({ data: { t: box(21), sensors: { x: box(1) } }, metadata: { fw: '1.2' }, ts: 5 }),
      { data: { t: 21, sensors: { x: 1 } }, metadata: { fw: '1.2' }, ts: 5 },
    ],
    ['values in a batch', (box) => [{ n: box(1) }, { n: box(2) }], [{ n: 1 }, { n: 2 }]],
    ['its time too', (box) => ({ ts: box(5), n: box(1) }), { ts: 5, n: 1 }],
  ])('is read with boxes around %s', async (_, make, value) => {
    for (const encryption of ['optional', 'required'] as const) {
      const { workshop, boxed } = await start(encryption);
      const opened = open(workshop, make(boxed));
      expect(opened).toMatchObject({ ok: true, encrypted: true, signed: false });
      expect(opened).toHaveProperty('value', value);
      expect(workshop.alerts).toEqual([]);
    }
  });

  it.each<[string, (box: Boxed) => unknown, string]>([
    ['is no base64', () => ({ encrypted: '!' }), 'cannot be opened'],
    ['is too short', () => ({ encrypted: 'AAAA' }), 'cannot be opened'],
    [
      'was made with another key',
      () => new Firmware().encrypt(new Firmware().boxKey, 1),
      'cannot be opened',
    ],
    ['holds no JSON', (box) => box(0, '{'), 'does not hold JSON'],
    [
      'holds the message but its time',
      (box) => ({ ...box({ power: 1 }), ts: 5 }),
      'and "ts" stands outside of it',
    ],
    ['around a value is bad', () => ({ n: { encrypted: 'AAAA' } }), 'of "n" cannot be opened'],
    [
      'around a value holds an object',
      (box) => ({ n: box({ a: 1 }) }),
      'of "n" does not hold a number',
    ],
    ['around a value holds null', (box) => ({ n: box(null) }), 'of "n" does not hold a number'],
    [
      'around a value is not alone',
      (box) => ({ n: { ...box(1), unit: 'W' } }),
      'of "n" stands beside other members',
    ],
    ['is one of a batch', (box) => [box(reading)], 'stands in a batch'],
    ['is one of too many', (box) => Array(101).fill({ n: box(1) }), 'past the 100 boxes'],
  ])('is refused, and an alert raised, when a box %s', async (_, make, problem) => {
    for (const encryption of ['optional', 'required'] as const) {
      const { workshop, boxed } = await start(encryption);
      const refused = { field: 'encrypted', problem: expect.stringContaining(problem) };
      expect(open(workshop, make(boxed) as object)).toEqual({ ok: false, ...refused });
      expect(workshop.alerts).toMatchObject([{ kind: 'bad_signature', detail: refused }]);
    }
  });

  it.each<[string, (box: Boxed) => unknown, string]>([
    ['a value', (box) => ({ a: box(1), power: 60.5 }), '"power"'],
    ['a value one level down', (box) => ({ s: { a: box(1), b: 2 } }), '"s.b"'],
    ['a value in an envelope', (box) => ({ data: { a: 1 }, b: box(1) }), '"data.a"'],
    ['a time one level down, which is a value', () => ({ s: { ts: 5 } }), '"s.ts"'],
    [
      'metadata without an envelope, which are values',
      () => ({ metadata: { a: 1 } }),
      '"metadata.a"',
    ],
    ['a reading of a batch', (box) => [{ a: box(1) }, { a: 1 }], '"[1].a"'],
    ['a lone value', () => 21.5, '"value"'],
  ])('must not leave %s in the clear, if it must encrypt', async (_, make, name) => {
    const { workshop, boxed } = await start('required');
    const problem = `is missing: ${name} is sent in the clear`;
    expect(open(workshop, bytes(make(boxed)))).toMatchObject({ ok: false, problem });
    workshop.agree('plug', { encryption: 'optional' });
    expect(open(workshop, bytes(make(boxed)))).toMatchObject({ ok: true });
  });

  it('is refused when any byte of a box is flipped', async () => {
    const { workshop, boxed } = await start('required');
    const message = bytes(boxed(reading));
    for (let at = 0; at < message.length; at++) {
      const flipped = Buffer.from(message);
      flipped[at] = (message[at] as number) ^ 0x01;
      expect(open(workshop, flipped)).toMatchObject({ ok: false });
    }
  });

  it('may sign too: the signature is over what is sent', async () => {
    const { workshop, firmware, boxed } = await start('required');
    workshop.agree('plug', { signature: 'required', signing_key: firmware.signingKey });
    const message = firmware.sign('plug', boxed([reading, reading]));
    expect(open(workshop, message)).toMatchObject({
      ok: true,
      value: [reading, reading],
      signed: true,
      encrypted: true,
    });
    expect(open(workshop, boxed(firmware.sign('plug', reading).toString()))).toMatchObject({
      field: 'signature',
    });
  });

  it('has no members of its own names mixed up with what objects inherit', async () => {
    const { workshop, boxed } = await start('optional');
    const { encrypted } = boxed(1);
    const text = `{"__proto__":{"encrypted":"${encrypted}"},"constructor":2,"toString":{"a":3}}`;
    const opened = open(workshop, Buffer.from(text));
    expect(JSON.stringify(opened)).toContain('{"__proto__":1,"constructor":2,"toString":{"a":3}}');
  });
});

describe('any bytes at all', () => {
  it.each([
    ['not JSON', Buffer.from('{"a":'), 'is not JSON'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'is not UTF-8'],
  ])('that are %s are refused, without an alert', async (_, payload, problem) => {
    const workshop = await openWorkshop();
    const { signingKey } = new Firmware();
    workshop.agree('plug', { signature: 'optional', signing_key: signingKey });
    expect(open(workshop, payload)).toEqual({ ok: false, field: 'payload', problem });
    expect(workshop.alerts).toEqual([]);
  });

  it('are judged without throwing', async () => {
    const workshop = await openWorkshop();
    const { signingKey, boxKey } = new Firmware();
    const demand = (word: string) =>
      workshop.agree('plug', {
        signature: word,
        encryption: word,
        signing_key: signingKey,
        box_key: boxKey,
      });
    for (const word of ['optional', 'required']) {
      demand(word);
      fc.assert(
        fc.property(fc.oneof(fc.jsonValue(), fc.object({ key: member })), (value) => {
          const opened = open(workshop, bytes(value));
          if (word === 'required') expect(opened?.ok).toBe(false);
        }),
      );
      fc.assert(
        fc.property(fc.uint8Array(), (payload) => {
          open(workshop, Buffer.from(payload));
        }),
      );
    }
  });
});

const member = fc.constantFrom(
  'data',
  'metadata',
  'encrypted',
  'signature',
  'ts',
  'a',
  '__proto__',
);

/** A certificate request for the key of `firmware`. */
async function requestOf({ privateKey, publicKey }: Firmware): Promise<string> {
  const namedCurve = privateKey.asymmetricKeyDetails?.namedCurve;
  const algorithm =
    namedCurve === undefined
      ? { name: 'Ed25519' }
      : { name: 'ECDSA', namedCurve: namedCurve === 'prime256v1' ? 'P-256' : 'P-384' };
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=plug',
    keys: {
      privateKey: privateKey.toCryptoKey(algorithm, true, ['sign']),
      publicKey: publicKey.toCryptoKey(algorithm, true, ['verify']),
    },
    signingAlgorithm: { ...algorithm, hash: 'SHA-256' },
  });
  return request.toString('pem');
}
