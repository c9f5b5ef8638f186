import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCsv } from '../../src/join/csv.ts';
import { deviceKeyOf } from '../../src/join/device-key.ts';
import { makeRequest } from '../pki/request.ts';
import { type Door, openDoor } from './door.ts';

const newKey = () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return { spki, point: spki.subarray(-64) };
};

describe('a public key', () => {
  const { spki, point } = newKey();
  it.each<[string, string]>([
    ['X and Y in hex', point.toString('hex')],
    ['X and Y in big letters', point.toString('hex').toUpperCase()],
    ['X and Y in base64', point.toString('base64')],
    ['the point with its 04 in hex', `04${point.toString('hex')}`],
    ['the point with its 04 in base64', Buffer.concat([Buffer.of(4), point]).toString('base64')],
    ['SubjectPublicKeyInfo in base64', spki.toString('base64')],
  ])('is read as %s', (_form, text) => {
    expect(deviceKeyOf(text)?.equals(spki)).toBe(true);
  });

  it.each<[string, string]>([
    ['nothing', ''],
    ['words', 'this is no key at all'],
    ['a point that is not on the curve', 'ab'.repeat(64)],
    ['too few digits', point.toString('hex').slice(2)],
    [
      'P-384',
      generateKeyPairSync('ec', { namedCurve: 'P-384' })
        .publicKey.export({ type: 'spki', format: 'der' })
        .toString('base64'),
    ],
    [
      'Ed25519',
      generateKeyPairSync('ed25519')
        .publicKey.export({ type: 'spki', format: 'der' })
        .toString('base64'),
    ],
  ])('is not read from %s', (_what, text) => {
    expect(deviceKeyOf(text)).toBeUndefined();
  });
});

describe('CSV', () => {
  const columns = { required: ['id', 'public_key'], optional: ['type', 'name'] };
  const read = (text: string) => readCsv(text, columns, 10);

  it.each<[string, string, object[]]>([
    ['plain', 'id,public_key\na,1\nb,2\n', [{ id: 'a', public_key: '1' }, { id: 'b' }]],
    ['with CRLF and no last line end', 'id,public_key\r\na,1', [{ id: 'a', public_key: '1' }]],
    ['in another order', 'public_key,name,id\n1,x,a', [{ id: 'a', public_key: '1', name: 'x' }]],
    ['with a byte order mark', '\ufeffid,public_key\na,1', [{ id: 'a' }]],
    [
      'with quotes',
      'id,public_key,name\na,1,"Lamp, ""tall"""\n',
      [{ id: 'a', name: 'Lamp, "tall"' }],
    ],
    ['with empty lines', 'id,public_key\n\na,1\n\n', [{ id: 'a' }]],
    ['with blanks around', ' ID , Public_Key \n a , 1 ', [{ id: 'a', public_key: '1' }]],
  ])('is read %s', (_how, text, expected) => {
    expect(read(text).map(({ values }) => values)).toMatchObject(expected);
  });

  it.each<[string, string, RegExp]>([
    ['no header', 'a,1\nb,2', /^line 1: the header has no column "id"/],
    ['half a header', 'id\na', /^line 1: the header has no column "public_key"/],
    ['a strange column', 'id,public_key,colour\na,1,red', /^line 1: .*"colour"/],
    ['a column twice', 'id,public_key,id\na,1,b', /^line 1: .*"id" too many/],
    ['nothing', '', /^line 1: there is no row/],
    ['a header alone', 'id,public_key\n', /^line 1: there is no row/],
    ['a value too many', 'id,public_key\na,1\nb,2,3', /^line 3: it has 3 values under 2 names/],
    ['a value too few', 'id,public_key\n\na', /^line 3: it has 1 values/],
    ['an open quote', 'id,public_key\na,"1\nb,2', /^line 2: it is not CSV/],
    ['a quote in a word', 'id,public_key\na,1"2', /^line 2: it is not CSV/],
    ['too many rows', `id,public_key\n${'a,1\n'.repeat(11)}`, /^line 12: there are more than 10/],
  ])('is refused with %s', (_what, text, message) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({
        code: 'unprocessable',
        message: expect.stringMatching(message),
      }) as Error,
    );
  });

  it('reads back whatever was written', () => {
    const value = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.trim());
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 10 }), (rows) => {
        const text = ['id,public_key', ...rows.map((row) => row.map(quoted).join(','))].join(
          '\r\n',
        );
        const back = read(text).map(({ values }) => [values.id, values.public_key]);
        expect(back).toEqual(rows);
      }),
    );
  });

  it('never does anything but refuse what is no CSV', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        try {
          read(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'unprocessable' });
        }
      }),
    );
  });
});

const addBatch = (door: Door, csv: string, role: 'owner' | 'member' = 'owner') =>
  door.ask('/api/v1/join/batch?name=May', {
    method: 'POST',
    body: csv,
    headers: { ...door.as(role), 'content-type': 'text/csv' },
  });

/** A device whose key is on the list. */
async function onTheList(door: Door, id = 'plug-7', more = '') {
  const device = await makeRequest('P-256', `CN=${id}`);
  const x509 = await import('@peculiar/x509');
  const spki = Buffer.from(new x509.Pkcs10CertificateRequest(device.csrPem).publicKey.rawData);
  const added = await addBatch(
    door,
    `id,public_key,type,name\n${id},${spki.toString('base64')},${more || ','}`,
  );
  expect(added.status).toBe(201);
  const { id: batchId } = (await added.json()) as { id: string };
  return { ...device, batchId, spki };
}

describe('a production batch', () => {
  it('is taken in whole, listed, and forgotten again', async () => {
    const door = await openDoor();
    const rows = Array.from({ length: 200 }, (_, i) => `p-${i},${newKey().point.toString('hex')}`);
    const added = await addBatch(door, `id,public_key\n${rows.join('\n')}\n`);
    expect(added.status).toBe(201);
    const batch = (await added.json()) as { id: string };
    expect(batch).toMatchObject({
      name: 'May',
      devices: 200,
      claimed: 0,
      added_by: 'token:a owner',
    });
    const list = () => door.send('GET', '/api/v1/join/batch', undefined, 'owner');
    expect(await (await list()).json()).toEqual({ batches: [batch] });
    const path = `/api/v1/join/batch/${batch.id}`;
    expect((await door.send('DELETE', path, undefined, 'owner')).status).toBe(204);
    expect(await (await list()).json()).toEqual({ batches: [] });
    expect((await door.send('DELETE', path, undefined, 'owner')).status).toBe(404);
    expect((await addBatch(door, 'id,public_key\n', 'member')).status).toBe(403);
  });

  it('is refused whole when one line is wrong, and the line is named', async () => {
    const door = await openDoor();
    await onTheList(door, 'other-1');
    const [first, second] = [newKey(), newKey()].map(({ point }) => point.toString('hex'));
    const other = door.joining.batches.keyOf('other-1')?.publicKey.toString('base64');
    door.devices.create({ id: 'here' });
    await door.authority.issueClient({ deviceId: 'here' });
    const cases: [string, RegExp][] = [
      [`a,${first}\na,${second}`, /line 3: the id "a" is on line 2 already/],
      [`a,${first}\nb,${first}`, /line 3: this public_key is on line 2 already/],
      [`a,${first}\nother-1,${second}`, /line 3: "other-1" is in another batch/],
      [`a,${first}\nb,${other}`, /line 3: this public_key is in another batch/],
      [`a,${first}\nhere,${second}`, /line 3: there is a device "here"/],
      [`a,${first}\nb,1234`, /line 3: public_key is no P-256 key/],
      [`a,${first}\ntelemetry,${second}`, /line 3: id cannot be "telemetry"/],
      [`a,${first}\na b,${second}`, /line 3: id cannot be "a b"/],
    ];
    for (const [rows, detail] of cases) {
      const answer = await addBatch(door, `id,public_key\n${rows}`);
      expect(answer.status, rows).toBe(422);
      expect(await answer.json()).toMatchObject({ detail: expect.stringMatching(detail) });
      expect(door.joining.batches.keyOf('a')).toBeUndefined();
    }
  });

  it('is refused with more than ten thousand rows', async () => {
    const door = await openDoor();
    const rows = Array.from({ length: 10_001 }, (_, i) => `p${i},k`);
    const answer = await addBatch(door, `id,public_key\n${rows.join('\n')}`);
    expect(await answer.json()).toMatchObject({
      detail: expect.stringContaining('line 10002: there are more than 10000 rows'),
    });
  });
});

describe('a device whose key is on the list', () => {
  const join = (door: Door, body: object) => door.send('POST', '/api/v1/join', body);

  it('joins without a code, with the type and the name of the list', async () => {
    const door = await openDoor();
    const { csrPem } = await onTheList(door, 'plug-7', 'plug,Coffee machine');
    const answer = await join(door, { id: 'plug-7', csr: csrPem, name: 'Not this' });
    expect(answer.status).toBe(201);
    expect(door.devices.get('plug-7')).toMatchObject({ type: 'plug', name: 'Coffee machine' });
    expect(door.joining.batches.list()).toMatchObject([{ devices: 1, claimed: 1 }]);
    expect(door.audited()).toContain('join.join device:plug-7 ok');
  });

  it('is the only one that may: another key is refused even with a good code, and somebody is told', async () => {
    const door = await openDoor();
    await onTheList(door, 'plug-7');
    const thief = await makeRequest('P-256', 'CN=plug-7');
    const code = await door.openWindow();
    for (const body of [{}, { code }]) {
      const answer = await join(door, { id: 'plug-7', csr: thief.csrPem, ...body });
      expect(answer.status).toBe(403);
      expect(await answer.json()).toMatchObject({ field: 'csr' });
    }
    expect(door.devices.exists('plug-7')).toBe(false);
    expect(door.authority.certificatesOf('plug-7')).toEqual([]);
    expect(door.audited()).toContain('join.refuse device:plug-7 forbidden');
    door.clock.advance(1000);
    expect(door.alerts.list(10)).toMatchObject([{ kind: 'join_refused' }]);
    // The code is as good as before, for the device it was opened for.
    expect(door.joining.window.state()).toMatchObject({ triesLeft: 5 });
  });

  it('is not kept out by whoever guesses from its address, and leaves by what it came', async () => {
    const door = await openDoor();
    const { csrPem } = await onTheList(door);
    const guess = () => join(door, { code: 'aaaa-bbbb', id: 'other', csr: csrPem });
    for (let i = 0; i < 10; i++) await guess();
    expect((await guess()).status).toBe(429);
    expect((await join(door, { id: 'plug-7', csr: csrPem })).status).toBe(201);
    expect((await guess()).status).toBe(429);
    expect(door.audit.list({ action: 'join.join', limit: 1 })).toMatchObject([
      { detail: { by: 'registered key' } },
    ]);
    expect(door.audit.list({ action: 'join.refuse', limit: 20 })).toHaveLength(10);
  });

  it('may come again while it is here: it lost its certificate', async () => {
    const door = await openDoor();
    const { csrPem } = await onTheList(door);
    for (let i = 0; i < 2; i++) {
      expect((await join(door, { id: 'plug-7', csr: csrPem })).status).toBe(201);
    }
    expect(door.authority.certificatesOf('plug-7')).toHaveLength(2);
  });

  it.each<[string, (door: Door) => void]>([
    ['revoked', (door) => void door.devices.revoke('plug-7')],
    ['removed', (door) => door.devices.remove('plug-7')],
  ])('that its owner %s comes back only by the owner’s will', async (_what, end) => {
    const door = await openDoor();
    const { csrPem } = await onTheList(door);
    await join(door, { id: 'plug-7', csr: csrPem });
    door.clock.advance(1000);
    end(door);
    const refused = await join(door, { id: 'plug-7', csr: csrPem });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({
      field: 'code',
      detail: expect.stringContaining('removed or revoked'),
      hint: expect.stringContaining('needs a code now'),
    });
    expect(door.audit.list({ action: 'access', limit: 1 })).toEqual([]);
    const code = await door.openWindow({ id: 'plug-7' });
    expect((await join(door, { id: 'plug-7', csr: csrPem, code })).status).toBe(201);
  });

  it('keeps its certificate when the batch is forgotten', async () => {
    const door = await openDoor();
    const { csrPem, batchId } = await onTheList(door);
    await join(door, { id: 'plug-7', csr: csrPem });
    await door.send('DELETE', `/api/v1/join/batch/${batchId}`, undefined, 'owner');
    expect(door.authority.certificatesOf('plug-7')).toMatchObject([{ revokedAt: undefined }]);
    expect((await join(door, { id: 'plug-7', csr: csrPem })).status).toBe(403);
  });
});
