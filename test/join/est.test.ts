import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applicantOf, requestPemOf } from '../../src/join/est.ts';
import { makeRequest } from '../pki/request.ts';
import { type Door, holderOf, openDoor } from './door.ts';

const dayMs = 86_400_000;

const basic = (id: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${password}`).toString('base64')}`,
});

/** As RFC 7030 has it: base64 of DER, in lines. */
const bodyOf = ({ der }: { readonly der: Buffer }) =>
  (der.toString('base64').match(/.{1,64}/g) ?? []).join('\r\n');

const enrol = (door: Door, body: string, headers: Record<string, string> = {}) =>
  door.ask('/.well-known/est/simpleenroll', {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/pkcs10', ...headers },
  });

const reenrol = (door: Door, body: string, certificateDer?: Uint8Array) =>
  door.ask('/.well-known/est/simplereenroll', {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/pkcs10' },
    ...(certificateDer && { certificateDer }),
  });

/** The certificates in an answer, read by something that did not write it. */
async function certificatesIn(answer: Response): Promise<string[]> {
  expect(answer.status, await answer.clone().text()).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/pkcs7-mime; smime-type=certs-only');
  expect(answer.headers.get('content-transfer-encoding')).toBe('base64');
  await import('reflect-metadata');
  const { X509Certificates } = await import('@peculiar/x509');
  const der = Buffer.from(await answer.text(), 'base64');
  return [...new X509Certificates(der)].map((certificate) => certificate.toString('pem'));
}

describe('/cacerts', () => {
  it('gives the authority to anyone; in an overlap all four of RFC 4210 §4.4', async () => {
    const door = await openDoor();
    const get = async () => certificatesIn(await door.ask('/.well-known/est/cacerts'));
    const [only, ...others] = await get();
    expect(others).toEqual([]);
    expect(new X509Certificate(only ?? '').raw).toEqual(
      new X509Certificate(door.authority.caPem).raw,
    );
    await door.authority.rotate();
    expect(await get()).toHaveLength(4);
  });
});

describe('/simpleenroll', () => {
  it('takes the code of an open window as the password', async () => {
    const door = await openDoor();
    const code = await door.openWindow();
    const request = await makeRequest('P-256', 'CN=plug');
    const answer = await enrol(door, bodyOf(request), basic('plug', code));
    const [certificate = '', ...others] = await certificatesIn(answer);
    expect(others).toEqual([]);
    expect(holderOf(door, certificate)).toMatchObject({ deviceId: 'plug' });
    expect(door.devices.exists('plug')).toBe(true);
    expect(door.audited()).toContain('est.enrol device:plug ok');
  });

  it.each<[string, (der: Buffer, pem: string) => string]>([
    ['in one line', (der) => der.toString('base64')],
    ['in lines', (der) => bodyOf({ der })],
    ['with blanks after it', (der) => `${der.toString('base64')}\n \n`],
    ['as PEM', (_der, pem) => pem],
    ['as PEM of old', (_der, pem) => pem.replaceAll('BEGIN CERT', 'BEGIN NEW CERT')],
  ])('takes the request %s', async (_how, write) => {
    const door = await openDoor();
    const { der, csrPem } = await makeRequest();
    const answer = await enrol(door, write(der, csrPem), basic('plug', await door.openWindow()));
    expect(await certificatesIn(answer)).toHaveLength(1);
  });

  it('takes a device’s own API key or MQTT password, whatever window is open', async () => {
    const door = await openDoor();
    const { apiKey } = door.devices.create({ id: 'plug' });
    const { password } = await door.auth.credentials.add({ name: 'plug', role: 'device' });
    const service = await door.auth.credentials.add({ name: 'lamp', role: 'service' });
    door.devices.create({ id: 'lamp' });
    const request = await makeRequest();
    for (const secret of [apiKey, password]) {
      await certificatesIn(await enrol(door, bodyOf(request), basic('plug', secret)));
    }
    const refused: [string, string][] = [
      ['lamp', apiKey],
      ['lamp', service.password],
      ['plug', service.password],
    ];
    for (const [id, secret] of refused) {
      expect((await enrol(door, bodyOf(request), basic(id, secret))).status).toBe(401);
    }
    expect(door.authority.certificatesOf('lamp')).toEqual([]);
  });

  it('asks who it is where nothing says so', async () => {
    const door = await openDoor();
    const answer = await enrol(door, bodyOf(await makeRequest('P-256', 'CN=plug')));
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="hearth"/);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await answer.text()).toContain('HTTP Basic');
    expect(door.audited()).toEqual(['est.refuse device:plug unauthenticated']);
  });

  it.each(['a b', 'plug!', 'config', 'a\nb'])('takes no device by the name of %j', async (id) => {
    const door = await openDoor();
    const answer = await enrol(door, bodyOf(await makeRequest()), basic(id, 'a password'));
    expect(answer.status).toBe(400);
    expect(door.audited()).toEqual([]);
  });

  it('needs no password of a registered key, and refuses another key whatever it says', async () => {
    const door = await openDoor();
    const [ours, theirs] = [
      await makeRequest('P-256', 'CN=plug-7'),
      await makeRequest('P-256', 'CN=plug-7'),
    ];
    const { publicKey } = await door.authority.readRequest(ours.csrPem);
    door.joining.batches.add(`id,public_key\nplug-7,${publicKey.toString('base64')}`, {
      name: 'May',
      addedBy: 'local',
    });
    const code = await door.openWindow();
    for (const headers of [{}, basic('plug-7', ''), basic('plug-7', code)]) {
      expect((await enrol(door, bodyOf(theirs), headers)).status).toBe(401);
    }
    expect(door.devices.exists('plug-7')).toBe(false);
    const [certificate = ''] = await certificatesIn(await enrol(door, bodyOf(ours)));
    expect(holderOf(door, certificate)).toMatchObject({ deviceId: 'plug-7' });
  });

  it('does not let a device with a wrong password close a window that is open for another', async () => {
    const door = await openDoor();
    door.devices.create({ id: 'plug' });
    await door.authority.issueClient({ deviceId: 'plug' });
    const code = await door.openWindow();
    const request = await makeRequest();
    for (let i = 0; i < 6; i++) {
      expect((await enrol(door, bodyOf(request), basic('plug', 'old password'))).status).toBe(401);
    }
    expect(door.joining.window.state()?.triesLeft).toBe(5);
    await certificatesIn(await enrol(door, bodyOf(request), basic('lamp', code)));
  });

  it.each<[string, string, number]>([
    ['no base64', '<xml/>', 400],
    ['nothing', '', 400],
    ['base64 of something else', 'aGVsbG8=', 400],
    ['far too much', 'A'.repeat(30_000), 413],
  ])('refuses %s', async (_what, body, status) => {
    const door = await openDoor();
    const answer = await enrol(door, body, basic('plug', await door.openWindow()));
    expect(answer.status).toBe(status);
    expect(door.joining.window.state()?.triesLeft).toBe(5);
  });

  it('limits guessing by address', async () => {
    const door = await openDoor();
    const body = bodyOf(await makeRequest());
    for (let i = 0; i < 10; i++) await enrol(door, body, basic('plug', 'guess'));
    const limited = await enrol(door, body, basic('plug', 'guess'));
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    // A right key cannot be guessed, nor can a certificate.
    const { apiKey } = door.devices.create({ id: 'lamp' });
    const [pem = ''] = await certificatesIn(await enrol(door, body, basic('lamp', apiKey)));
    const renewal = bodyOf(await makeRequest('P-256', 'CN=lamp'));
    await certificatesIn(await reenrol(door, renewal, new X509Certificate(pem).raw));
    expect(door.audit.list({ action: 'est.enrol', limit: 1 })).toMatchObject([
      { detail: { by: 'api key' } },
    ]);
  });
});

describe('/simplereenroll', () => {
  async function enrolled() {
    const door = await openDoor();
    const first = await makeRequest();
    door.devices.create({ id: 'plug' });
    const issued = await door.authority.issueClient({ deviceId: 'plug', csrPem: first.csrPem });
    return { door, der: new X509Certificate(issued.certificatePem).raw, serial: issued.serial };
  }

  it('gives another certificate to whoever shows one; both are good for a while', async () => {
    const { door, der, serial } = await enrolled();
    const request = await makeRequest('P-256', 'CN=plug');
    const [certificate = ''] = await certificatesIn(await reenrol(door, bodyOf(request), der));
    expect(holderOf(door, certificate)).toMatchObject({ deviceId: 'plug' });
    expect(door.audited()).toContain('est.reenrol device:plug ok');
    // The new one is not used: the device may never have got it.
    const daysLater = (days: number) => {
      door.clock.step(door.clock.nowMs() + (days - 1) * dayMs);
      door.clock.advance(dayMs);
    };
    daysLater(30);
    expect(door.authority.identify(der)).toEqual({ deviceId: 'plug', serial });
    const fresh = new X509Certificate(certificate).raw;
    door.devices.onCertificate.emit({ deviceId: 'plug', der: fresh });
    door.clock.advance(5000);
    daysLater(6);
    expect(door.authority.identify(der)).toEqual({ deviceId: 'plug', serial });
    daysLater(2);
    expect(door.authority.identify(der)).toMatchObject({ refused: 'revoked' });
    expect(door.authority.identify(fresh)).toMatchObject({ deviceId: 'plug' });
  });

  it('asks for the names of the certificate (RFC 7030 §4.2.2)', async () => {
    const { door, der } = await enrolled();
    for (const subject of ['CN=lamp', '', 'CN=plug, O=Other', 'O=Other']) {
      const answer = await reenrol(door, bodyOf(await makeRequest('P-256', subject)), der);
      expect(answer.status, subject).toBe(400);
    }
    expect(door.authority.certificatesOf('plug')).toHaveLength(1);
  });

  it.each<[string, (hub: Awaited<ReturnType<typeof enrolled>>) => Promise<Uint8Array | undefined>]>(
    [
      ['nobody who shows none', async () => undefined],
      ['nobody whose certificate is of elsewhere', async () => Buffer.from('nonsense')],
      [
        'nobody whose certificate was revoked',
        async ({ door, der, serial }) => {
          door.authority.revoke(serial);
          return der;
        },
      ],
      [
        'no device that is disabled',
        async ({ door, der }) => {
          door.devices.update('plug', { state: 'disabled' });
          return der;
        },
      ],
    ],
  )('gives one to %s', async (_who, arrange) => {
    const hub = await enrolled();
    const der = await arrange(hub);
    const body = bodyOf(await makeRequest('P-256', 'CN=plug'));
    const answer = await reenrol(hub.door, body, der);
    expect(answer.status).toBe(403);
    expect(answer.headers.has('www-authenticate')).toBe(false);
    expect(hub.door.authority.certificatesOf('plug')).toHaveLength(1);
    expect(hub.door.audited().at(-1)).toMatch(/^est\.refuse/);
  });

  it('keeps a registered key: another one is refused', async () => {
    const { door, der } = await enrolled();
    const ours = await makeRequest('P-256', 'CN=plug');
    const { publicKey } = await door.authority.readRequest(ours.csrPem);
    door.db.prepare("INSERT INTO join_batches VALUES ('b', 'May', 0, 'local')").run();
    door.db
      .prepare("INSERT INTO join_keys VALUES ('plug', 'b', ?, NULL, NULL, NULL)")
      .run(publicKey);
    const other = await makeRequest('P-256', 'CN=plug');
    expect((await reenrol(door, bodyOf(other), der)).status).toBe(403);
    expect(await certificatesIn(await reenrol(door, bodyOf(ours), der))).toHaveLength(1);
  });

  it('does not fill the register for a device that asks without end', async () => {
    const { door, der } = await enrolled();
    const body = bodyOf(await makeRequest('P-256', 'CN=plug'));
    const statuses: number[] = [];
    for (let i = 0; i < 25; i++) statuses.push((await reenrol(door, body, der)).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(19);
    expect(statuses.at(-1)).not.toBe(200);
  });
});

describe('what arrives', () => {
  it('as a body is base64 or is refused, never worse', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        try {
          expect(requestPemOf(text)).toMatch(/^-----BEGIN CERTIFICATE REQUEST-----\n/);
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad_request' });
        }
      }),
    );
  });

  it('as Basic reads back, and anything else is refused', () => {
    const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/);
    fc.assert(
      fc.property(id, fc.string({ unit: 'grapheme', maxLength: 60 }), (name, password) => {
        expect(applicantOf(basic(name, password).authorization)).toEqual({ id: name, password });
      }),
    );
    for (const odd of ['', 'Basic', 'Basic !!!', 'Bearer abc', `Basic ${btoa('no colon')}`]) {
      expect(() => applicantOf(odd)).toThrow(/cannot be read/);
    }
    expect(applicantOf(undefined)).toBeUndefined();
  });
});
