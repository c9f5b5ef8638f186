import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type LineHouse, nowMs, openLineHouse } from './line-protocol-house.ts';

const second = nowMs / 1000;
const v1 = '/write?db=home';
const iso = (seconds: number) => new Date(seconds * 1000).toISOString();

const body = async (response: Response) => ({
  status: response.status,
  ...((await response.json()) as object),
});

describe('a write', () => {
  it('is on disk when it is answered, with the values, the kinds and the times that it gave', async () => {
    const house = await openLineHouse();
    house.devices.create({ id: 'plug' });
    const lines = [
      `power,device_id=plug value=60.5,voltage=230i,relay=t,note="a b" ${second - 1}000000001`,
      `power,device_id=plug value=61 ${second}000000000`,
    ];
    const answer = await house.write(lines.join('\n'), house.token('service'));
    expect([answer.status, await answer.text()]).toEqual([204, '']);
    expect(await house.rows('plug')).toEqual([
      { timestamp: iso(second - 1), power: 60.5, voltage: 230, relay: true, note: 'a b' },
      { timestamp: iso(second), power: 61 },
    ]);
    expect(house.devices.get('plug').latest).toMatchObject({ power: 61, voltage: 230 });
  });

  it.each([
    ['ns', `${second}000000000`],
    ['us', `${second}000000`],
    ['ms', `${second}000`],
    ['s', `${second}`],
  ])('counts its time in %s', async (precision, time) => {
    const house = await openLineHouse();
    const path = `/api/v2/write?org=o&bucket=b&precision=${precision}`;
    const answer = await house.write(`t,device_id=a v=1 ${time}`, house.token('service'), path);
    expect(answer.status).toBe(204);
    expect(await house.rows('a')).toEqual([{ timestamp: iso(second), v: 1 }]);
  });

  it('without a time has that of its receipt, each line its own', async () => {
    const house = await openLineHouse();
    expect(
      (await house.write('t,device_id=a v=1\nt,device_id=a v=2', house.token('service'))).status,
    ).toBe(204);
    expect((await house.rows('a')).map(({ v }) => v)).toEqual([1, 2]);
  });

  it('that is sent twice counts once', async () => {
    const house = await openLineHouse();
    for (const _ of [1, 2])
      await house.write(`t,device_id=a v=1 ${second}000000000`, house.token('owner'));
    expect(await house.rows('a')).toHaveLength(1);
  });

  it('may be gzip, and no larger than its bound when it is blown up', async () => {
    const house = await openLineHouse();
    const post = (bytes: Uint8Array<ArrayBuffer>, encoding = 'gzip') =>
      house.send('/api/v2/write', {
        method: 'POST',
        body: bytes,
        headers: {
          authorization: `Bearer ${house.token('service')}`,
          'content-encoding': encoding,
        },
      });
    const zipped = new Uint8Array(gzipSync('t,device_id=a v=1'));
    expect((await post(zipped)).status).toBe(204);
    const bomb = new Uint8Array(gzipSync('#'.repeat(9 * 1024 ** 2)));
    expect(await body(await post(bomb))).toMatchObject({ status: 413, code: 'request too large' });
    const broken = new Uint8Array([1, 2, 3]);
    expect(await body(await post(broken))).toMatchObject({ status: 400, code: 'invalid' });
    expect(await body(await post(zipped, 'br'))).toMatchObject({ status: 400, code: 'invalid' });
    expect(await body(await post(new Uint8Array([0xff]), 'identity'))).toMatchObject({
      status: 400,
    });
  });

  it('of many thousand lines leaves out none, whatever the rate of the device, which pays later', async () => {
    const house = await openLineHouse({ config: { 'limits.messages_per_second': 100 } });
    const lines = Array.from({ length: 3500 }, (_, at) => `t,device_id=a v=${at} ${second - at}`);
    const token = house.token('service');
    const path = '/api/v2/write?precision=s';
    expect((await house.write(lines.join('\n'), token, path)).status).toBe(204);
    expect(await house.rows('a')).toHaveLength(3500);
    const next = await house.write('t,device_id=a v=1', token);
    expect([next.status, next.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await body(next)).toMatchObject({ code: 'too many requests' });
    house.clock.advance(60_000);
    expect((await house.write('t,device_id=a v=1', token)).status).toBe(204);
  });
});

describe('what cannot be kept', () => {
  const good = `t,device_id=a v=1 ${second}000000000`;

  it.each<[string, string, number, string, string]>([
    [
      'a line that cannot be read',
      'broken',
      400,
      'invalid',
      "unable to parse 'broken': line 2, column 7",
    ],
    [
      'a time in the wrong unit',
      `t,device_id=a v=1 ${second}`,
      422,
      'unprocessable entity',
      'is the precision right?',
    ],
    [
      'a time to come',
      `t,device_id=a v=1 ${second + 3600}000000000`,
      422,
      'unprocessable entity',
      'yet to come',
    ],
    [
      'a time that is too late',
      `t,device_id=a v=1 ${second - 8 * 86_400}000000000`,
      422,
      'unprocessable entity',
      'older than the 7 days',
    ],
    [
      'a text that is too long',
      `t,device_id=a v="${'x'.repeat(257)}"`,
      422,
      'unprocessable entity',
      'text of 257 characters',
    ],
  ])(
    '%s is told with its line, and the others are kept',
    async (_name, line, status, code, message) => {
      const house = await openLineHouse();
      const answer = await house.write(`${good}\n${line}`, house.token('service'));
      const told = await body(answer);
      expect(told).toMatchObject({ status, code, line: 2 });
      expect(told).toHaveProperty('message', expect.stringContaining(message));
      expect(told).toHaveProperty('message', expect.stringMatching(/^partial write: .*dropped=1$/));
      expect(await house.rows('a')).toHaveLength(1);
    },
  );

  it('is told to clients of the first version in their own words', async () => {
    const house = await openLineHouse();
    const answer = await house.write('broken', house.token('service'), v1);
    expect(answer.headers.get('x-influxdb-error')).toContain('unable to parse');
    expect(await body(answer)).toEqual({ status: 400, error: expect.stringContaining('line 1') });
  });

  it('is old history unless it is meant to come in; then it is no news', async () => {
    const house = await openLineHouse();
    house.devices.create({ id: 'a' });
    const old = `t,device_id=a v=1 ${second - 3000 * 86_400}000000000`;
    const path = '/api/v2/write?import=true';
    expect(await body(await house.write(old, house.token('service'), path))).toMatchObject({
      status: 403,
    });
    expect((await house.write(old, house.token('owner'), path)).status).toBe(204);
    expect(await house.rows('a')).toHaveLength(1);
    expect(house.devices.get('a')).toMatchObject({ latest: null, last_seen: null });
  });

  it('is written down when it brings in old history: once an hour for whoever does', async () => {
    const house = await openLineHouse();
    house.devices.create({ id: 'a' });
    const [owner, admin] = [house.token('owner'), house.token('admin')];
    const path = '/api/v2/write?import=true';
    const written = () =>
      house.audit
        .listAfter(0, { action: 'telemetry.import' }, 10)
        .map(({ actor, detail }) => [actor, detail]);
    for (const secret of [owner, owner, admin]) {
      expect((await house.write('t,device_id=a v=1', secret, path)).status).toBe(204);
    }
    const one = { format: 'line-protocol' };
    expect(written()).toEqual([
      ['token:a owner', one],
      ['token:a admin', one],
    ]);
    house.clock.advance(3_600_000);
    expect((await house.write('t,device_id=a v=1', owner, path)).status).toBe(204);
    expect(written()).toHaveLength(3);
  });

  it('is a precision that there is not', async () => {
    const house = await openLineHouse();
    const answer = await house.write(good, house.token('service'), '/api/v2/write?precision=weeks');
    expect(await body(answer)).toMatchObject({ status: 400, code: 'invalid' });
  });

  it('is anything while the disk is full: 507, and nothing of it is there', async () => {
    const house = await openLineHouse({ telemetry: { journalBytes: 200_000 } });
    const token = house.token('service');
    const lines = Array.from(
      { length: 4000 },
      (_, at) => `t,device_id=a v="${'x'.repeat(200)}${at}" ${second - at}`,
    );
    const answer = await house.write(lines.join('\n'), token, '/api/v2/write?precision=s');
    expect(await body(answer)).toMatchObject({ status: 507, code: 'internal error' });
  });
});

describe('whoever writes', () => {
  const line = 't,device_id=a v=1';

  it.each<[string, (house: LineHouse) => string | undefined, number]>([
    ['nobody', () => undefined, 401],
    ['a wrong token', () => 'Token hearth_nothing', 401],
    ['an owner', (house) => `Token ${house.token('owner')}`, 204],
    ['an admin, by Bearer', (house) => `Bearer ${house.token('admin')}`, 204],
    ['a service, in lower case', (house) => `token ${house.token('service')}`, 204],
    ['a service, by Basic', (house) => `Basic ${btoa(`telegraf:${house.token('service')}`)}`, 204],
    ['a member', (house) => `Token ${house.token('member')}`, 403],
  ])('as %s', async (_name, authorization, status) => {
    const house = await openLineHouse();
    for (const path of ['/api/v2/write?org=o&bucket=b', v1]) {
      const header = authorization(house);
      const headers = header === undefined ? {} : { authorization: header };
      const answer = await house.send(path, { method: 'POST', body: line, headers });
      expect(answer.status).toBe(status);
      if (status === 401) expect(answer.headers.get('www-authenticate')).toContain('Token');
    }
    const denied = house.audit
      .list({ limit: 50 })
      .filter(({ action }) => action === 'access.denied');
    expect(denied).toHaveLength(status === 204 ? 0 : 2);
  });

  it('as a device writes for itself alone, with its key', async () => {
    const house = await openLineHouse();
    const { apiKey } = house.devices.create({ id: 'a' });
    house.devices.create({ id: 'b' });
    for (const own of [line, 'v,host=esp value=2']) {
      expect((await house.write(own, apiKey)).status).toBe(204);
    }
    expect(await body(await house.write('t,device_id=b v=1', apiKey))).toMatchObject({
      status: 404,
      code: 'not found',
    });
    expect(await body(await house.write('t,device_id=c v=1', apiKey))).toMatchObject({
      status: 404,
      code: 'not found',
    });
    expect((await house.rows('a')).map(({ v }) => v)).toEqual([1, 2]);
    expect(await house.rows('b')).toEqual([]);
    expect(house.devices.exists('c')).toBe(false);
  });

  it('does not get round a signature that is agreed with the device', async () => {
    const protection = {
      open: () => ({ ok: false, field: 'signature', problem: 'is missing' }) as const,
    };
    const house = await openLineHouse({ telemetry: { protection } });
    expect(await body(await house.write(line, house.token('owner')))).toMatchObject({
      status: 422,
    });
    expect(await house.rows('a')).toEqual([]);
  });

  it('does not reach a device that is disabled', async () => {
    const house = await openLineHouse();
    house.devices.create({ id: 'a' });
    house.devices.update('a', { state: 'disabled' });
    const answer = await body(await house.write(line, house.token('service')));
    expect(answer).toMatchObject({ status: 422, message: expect.stringContaining('disabled') });
  });
});

describe('a device that is not there', () => {
  it('comes as type generic, and the audit has who brought it', async () => {
    const house = await openLineHouse();
    await house.write('t,device_id=shed v=1', house.token('service'));
    expect(house.devices.get('shed')).toMatchObject({ type: 'generic', name: 'shed' });
    const [row] = house.audit.list({ limit: 1 });
    expect(row).toMatchObject({
      actor: 'token:a service',
      action: 'device.add',
      subject: 'device:shed',
    });
  });

  it.each([
    ['cpu,host=pi,cpu=cpu0 v=1', 'cpu-cpu0-pi'],
    ['cpu,cpu=cpu0,host=pi v=1', 'cpu-cpu0-pi'],
    ['power value=1', 'power'],
    ['t,device_id=Küche\\ 1 v=1', expect.stringMatching(/^Kuche-1-[0-9a-f]{6}$/)],
    ['t,device_id=status v=1', expect.stringMatching(/^status-[0-9a-f]{6}$/)],
    [`t,device_id=${'x'.repeat(80)} v=1`, expect.stringMatching(/^x{57}-[0-9a-f]{6}$/)],
    ['t,device_id=日本 v=1', expect.stringMatching(/^device-[0-9a-f]{6}$/)],
  ])('%s is called after its line', async (line, id) => {
    const house = await openLineHouse();
    expect((await house.write(line, house.token('service'))).status).toBe(204);
    expect(house.devices.list().map((device) => device.id)).toEqual([id]);
  });

  it('keeps its name, and another series of that name gets one of its own', async () => {
    const house = await openLineHouse();
    const token = house.token('service');
    for (const line of ['a,x=b v=1', 'a,y=b v=2', 'a,x=b v=3', 'a,y=b v=4', 'a-b v=5']) {
      expect((await house.write(line, token)).status).toBe(204);
    }
    const values = await Promise.all(
      house.devices.list().map(async ({ id }) => (await house.rows(id)).map(({ v }) => v)),
    );
    expect(values.map(String).sort()).toEqual(['1,3', '2,4', '5']);
    expect(house.devices.list()[0]?.id).toBe('a-b');
    house.devices.remove('a-b');
    expect((await house.write('a,x=b v=6', token)).status).toBe(204);
    expect(house.devices.list()).toHaveLength(3);
  });

  it('comes in a thousand times at most', async () => {
    const house = await openLineHouse();
    const line = (at: number) => `t,device_id=d${at} v=1`;
    const lines = Array.from({ length: 1001 }, (_, at) => line(at));
    let turns = 0;
    const counting = setInterval(() => turns++, 1);
    const answer = await body(await house.write(lines.join('\n'), house.token('service')));
    clearInterval(counting);
    // Each waits for the disk: what else the hub has to do comes in between.
    expect(turns).toBeGreaterThan(50);
    expect(answer).toMatchObject({ status: 422, line: 1001 });
    expect(house.devices.count).toBe(1000);
    house.devices.remove('d7');
    expect((await house.write(line(1000), house.token('service'))).status).toBe(204);
    const old = await house.write(line(1001), house.token('owner'), '/write?import=true');
    expect(old.status).toBe(422);
  }, 60_000);
});

describe('the metric', () => {
  it.each([
    ['power,device_id=a value=1', 'power'],
    ['env,device_id=a value=1', 'env'],
    ['env,device_id=a temperature=1', 'temperature'],
    ['env,room=x value=1', 'value'],
    ['env,device_id=a usage\\ idle=1', expect.stringMatching(/^usage-idle-[0-9a-f]{6}$/)],
    ['env,device_id=a __proto__=1', expect.stringMatching(/^proto__-[0-9a-f]{6}$/)],
  ])('of %s', async (line, metric) => {
    const house = await openLineHouse();
    expect((await house.write(line, house.token('service'))).status).toBe(204);
    const [device] = house.devices.list();
    const [row] = await house.rows(device?.id ?? '');
    expect(Object.keys(row ?? {}).filter((name) => name !== 'timestamp')).toEqual([metric]);
  });
});

describe('a ping', () => {
  it.each([
    ['GET', '/ping', 204],
    ['HEAD', '/ping', 204],
    ['GET', '/ping?verbose=true', 200],
    // What Tasmota asks before it sends anything.
    ['GET', '/ping?verbose=true&u=user&p=secret', 200],
  ])('%s %s is answered, to anyone', async (method, path, status) => {
    const house = await openLineHouse();
    const answer = await house.send(path, { method });
    expect([answer.status, answer.headers.get('x-influxdb-build')]).toEqual([status, 'Hearth']);
  });
});
