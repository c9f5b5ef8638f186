import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeRequest } from '../pki/request.ts';
import { type Door, holderOf, openDoor } from './door.ts';

const path = '/api/v1/join';
const windowPath = '/api/v1/join/window';

interface Joined {
  readonly certificate: string;
  readonly ca: string;
}

const join = async (door: Door, body: object) => door.send('POST', path, body);
const codeOf = async (answer: Response) => ((await answer.json()) as { code: string }).code;

describe('a device with the code of an open window', () => {
  it('comes in with a key that never leaves it, and gets its certificate and the authority', async () => {
    const door = await openDoor();
    const code = await door.openWindow();
    const { csrPem } = await makeRequest('P-256', 'CN=plug-1');
    const answer = await join(door, {
      code,
      id: 'plug-1',
      csr: csrPem,
      name: 'Kettle',
      type: 'plug',
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('content-type')).toBe('application/x-pem-file');
    const chain = await answer.text();
    expect(holderOf(door, chain)).toMatchObject({ deviceId: 'plug-1' });
    expect(chain.endsWith(door.authority.caPem)).toBe(true);
    expect(chain.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(door.devices.get('plug-1')).toMatchObject({ name: 'Kettle', type: 'plug' });
    expect(door.audited()).toEqual(['join.open join window ok', 'join.join device:plug-1 ok']);
  });

  it('gets JSON where it asks for it', async () => {
    const door = await openDoor();
    const code = await door.openWindow();
    const { csrPem } = await makeRequest('Ed25519');
    const answer = await door.ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({
        code: code.toUpperCase().replace('-', ' '),
        id: 'plug-1',
        csr: csrPem,
      }),
    });
    const joined = (await answer.json()) as Joined;
    expect(joined).toMatchObject({ id: 'plug-1', ca: door.authority.caPem, mqtts_port: 8883 });
    const certificate = new X509Certificate(joined.certificate);
    expect(certificate.verify(new X509Certificate(joined.ca).publicKey)).toBe(true);
  });

  it('uses the code up; the same device that asks again with its key gets the same answer', async () => {
    const door = await openDoor();
    const code = await door.openWindow();
    const [plug, lamp] = [await makeRequest(), await makeRequest()];
    const first = await (await join(door, { code, id: 'plug', csr: plug.csrPem })).text();
    const again = await join(door, { code, id: 'plug', csr: plug.csrPem });
    expect(await again.text()).toBe(first);
    expect((await join(door, { code, id: 'lamp', csr: lamp.csrPem })).status).toBe(403);
    expect((await join(door, { code, id: 'plug', csr: lamp.csrPem })).status).toBe(403);
    expect(door.authority.certificatesOf('plug')).toHaveLength(1);
    const state = await door.send('GET', windowPath, undefined, 'owner');
    expect(await state.json()).toMatchObject({ open: false, joined: 'plug' });
  });

  it('is let in alone, however many come at the same instant', async () => {
    const door = await openDoor();
    const code = await door.openWindow();
    const requests = await Promise.all(Array.from({ length: 8 }, () => makeRequest()));
    const answers = await Promise.all(
      requests.map(({ csrPem }, at) =>
        door.ask(path, {
          method: 'POST',
          remoteAddress: `192.168.1.${10 + at}`,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ code, id: `plug-${at}`, csr: csrPem }),
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(door.devices.list()).toHaveLength(1);
  });

  it('may be one that was added without a certificate', async () => {
    const door = await openDoor();
    door.devices.create({ id: 'plug', name: 'Kettle' });
    const code = await door.openWindow();
    const { csrPem } = await makeRequest();
    expect((await join(door, { code, id: 'plug', csr: csrPem, name: 'Other' })).status).toBe(201);
    expect(door.devices.get('plug').name).toBe('Kettle');
  });

  it('takes no other device’s name; the code is as good as before', async () => {
    const door = await openDoor();
    door.devices.create({ id: 'plug' });
    await door.authority.issueClient({ deviceId: 'plug' });
    const code = await door.openWindow();
    const { csrPem } = await makeRequest();
    const answer = await join(door, { code, id: 'plug', csr: csrPem });
    expect(answer.status).toBe(409);
    expect(door.authority.certificatesOf('plug')).toHaveLength(1);
    expect((await join(door, { code, id: 'plug-2', csr: csrPem })).status).toBe(201);
  });

  it('takes its own name again when the window was opened for it', async () => {
    const door = await openDoor();
    door.devices.create({ id: 'plug' });
    await door.authority.issueClient({ deviceId: 'plug' });
    door.devices.revoke('plug');
    const code = await door.openWindow({ id: 'plug' });
    const { csrPem } = await makeRequest();
    expect((await join(door, { code, id: 'lamp', csr: csrPem })).status).toBe(403);
    expect((await join(door, { code, id: 'plug', csr: csrPem })).status).toBe(201);
  });

  it('may be waited for with the code on its own label', async () => {
    const door = await openDoor();
    const opened = await door.send('POST', windowPath, { id: 'plug', code: 'ABC123' }, 'owner');
    expect(opened.status).toBe(201);
    const { csrPem } = await makeRequest();
    const wanted = { code: 'abc123', id: 'plug', csr: csrPem };
    expect((await join(door, wanted)).status).toBe(201);
    const anybody = await door.send('POST', windowPath, { code: 'ABC123' }, 'owner');
    expect(anybody.status).toBe(422);
  });
});

describe('refused is', () => {
  it('whoever comes outside a window, with the same words as for a wrong code', async () => {
    const door = await openDoor();
    const { csrPem } = await makeRequest();
    const body = { code: 'aaaa-bbbb', id: 'plug', csr: csrPem };
    const closed = await (await join(door, body)).text();
    await door.openWindow();
    expect(await (await join(door, body)).text()).toBe(closed);
    expect(JSON.parse(closed)).toMatchObject({ status: 403, field: 'code' });
    expect(door.devices.exists('plug')).toBe(false);
    expect(door.audited()).toContain('join.refuse device:plug forbidden');
  });

  it('the fifth wrong code closes the window and somebody is told', async () => {
    const door = await openDoor();
    const code = await door.openWindow();
    const { csrPem } = await makeRequest();
    for (let i = 0; i < 5; i++) await join(door, { code: 'aaaa-bbbb', id: 'plug', csr: csrPem });
    expect((await join(door, { code, id: 'plug', csr: csrPem })).status).toBe(403);
    door.clock.advance(1000);
    expect(door.alerts.list(10)).toMatchObject([{ kind: 'join_refused' }]);
    expect(door.audited()).toContain('join.close join window too_many_tries');
  });

  it('an address that guesses, for longer and longer; another one is not', async () => {
    const door = await openDoor();
    const { csrPem } = await makeRequest();
    const guess = () => join(door, { code: 'aaaa-bbbb', id: 'plug', csr: csrPem });
    for (let i = 0; i < 10; i++) expect((await guess()).status).toBe(403);
    const limited = await guess();
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(50);
    const code = await door.openWindow();
    const elsewhere = await door.ask(path, {
      method: 'POST',
      remoteAddress: '192.168.1.99',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code, id: 'plug', csr: csrPem }),
    });
    expect(elsewhere.status).toBe(201);
    door.clock.advance(61_000);
    expect((await guess()).status).toBe(403);
  });

  it.each<[string, () => Promise<object>, number]>([
    ['another name in the request', async () => makeRequest('P-256', 'CN=other'), 400],
    ['a weak key', async () => makeRequest('RSA 1024'), 400],
    ['no request', async () => ({ csrPem: 'hello' }), 400],
    ['an id with a slash', async () => ({ ...(await makeRequest()), id: 'a/b' }), 422],
    [
      'an id that is a word of the API',
      async () => ({ ...(await makeRequest()), id: 'config' }),
      422,
    ],
    ['a field too many', async () => ({ ...(await makeRequest()), more: { room: 'x' } }), 422],
  ])('%s, and the code is as good as before', async (_what, make, status) => {
    const door = await openDoor();
    const code = await door.openWindow();
    const made = (await make()) as { csrPem: string; id?: string; more?: object };
    const answer = await join(door, {
      code,
      id: made.id ?? 'plug',
      csr: made.csrPem,
      ...made.more,
    });
    expect(answer.status).toBe(status);
    expect(await answer.text()).not.toContain(code);
    expect(door.devices.list()).toEqual([]);
    const { csrPem } = await makeRequest();
    expect((await join(door, { code, id: 'plug', csr: csrPem })).status).toBe(201);
  });

  it('a disabled device', async () => {
    const door = await openDoor();
    door.devices.create({ id: 'plug' });
    door.devices.update('plug', { state: 'disabled' });
    const code = await door.openWindow();
    const { csrPem } = await makeRequest();
    expect((await join(door, { code, id: 'plug', csr: csrPem })).status).toBe(409);
  });
});

describe('the window', () => {
  it('is seen and closed by its owner', async () => {
    const door = await openDoor();
    const get = async () => (await door.send('GET', windowPath, undefined, 'owner')).json();
    const closed = { open: false, expires_at: null, id: null, tries_left: null, joined: null };
    expect(await get()).toEqual(closed);
    const opened = await door.send('POST', windowPath, { minutes: 60 }, 'admin');
    expect(await opened.json()).toMatchObject({ expires_at: '2026-03-01T09:00:00.000Z', id: null });
    expect(await get()).toMatchObject({ open: true, tries_left: 5 });
    expect((await door.send('DELETE', windowPath, undefined, 'owner')).status).toBe(204);
    expect(await get()).toEqual(closed);
    expect(door.audited()).toEqual(['join.open join window ok', 'join.close join window ok']);
  });

  it('is open for ten minutes unless something else was said, and for an hour at most', async () => {
    const door = await openDoor();
    const opened = await door.send('POST', windowPath, undefined, 'owner');
    expect(await opened.json()).toMatchObject({ expires_at: '2026-03-01T08:10:00.000Z' });
    for (const minutes of [0, 61, 1.5, '10']) {
      expect((await door.send('POST', windowPath, { minutes }, 'owner')).status).toBe(422);
    }
  });

  it.each(['member', 'guest', 'service'] as const)('is not a %s’s to open', async (role) => {
    const door = await openDoor();
    const send = (method: string) => door.send(method, windowPath, undefined, role);
    for (const method of ['POST', 'GET', 'DELETE']) expect((await send(method)).status).toBe(403);
    expect((await door.send('POST', windowPath)).status).toBe(401);
  });

  it('leaves its code nowhere on disk', async () => {
    const door = await openDoor();
    const opened = await door.send('POST', windowPath, {}, 'owner');
    const code = await codeOf(opened);
    const { csrPem } = await makeRequest();
    await join(door, { code, id: 'plug', csr: csrPem });
    door.db.pragma('wal_checkpoint(TRUNCATE)');
    const { readdir, readFile } = await import('node:fs/promises');
    for (const name of await readdir(door.directory, { recursive: true })) {
      const contents = await readFile(`${door.directory}/${name}`).catch(() => Buffer.alloc(0));
      for (const spelling of [code, code.replace('-', '')]) {
        expect(contents.includes(spelling), name).toBe(false);
      }
    }
  });
});
