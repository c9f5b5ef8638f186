import { expect, it, vi } from 'vitest';
import type { Role } from '#auth';
import type { Command } from '#commands';
import { openHouse } from '../http/house.ts';
import { type Desk, openDesk } from './desk.ts';

/** The commands of one desk behind the real app and its rules of who may do what. */
async function openDoor() {
  const desk = await openDesk();
  const house = await openHouse({ routes: [(api) => desk.commands.routes(api)] });
  const ask = async (
    method: string,
    path: string,
    body?: object,
    { role = 'member', headers = {} }: { role?: Role; headers?: Record<string, string> } = {},
  ) => {
    const response = await house.fromLan(`/api/v1${path}`, {
      method,
      headers: { ...house.as(role), ...headers, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Command };
  };
  /** What a token shows that may look and no more. */
  const onlyLooks = () => {
    const scopes = ['devices.read', 'telemetry.read'] as const;
    const { token } = house.auth.tokens.create({ name: 'tablet', role: 'service', scopes });
    return { authorization: `Bearer ${token}` };
  };
  return { desk, ask, onlyLooks };
}

/** Answers every command as soon as it is asked to wait. */
async function answerSoon(desk: Desk, body: (id: unknown) => object): Promise<void> {
  await vi.waitUntil(() => desk.arrivals.length > 0);
  desk.answer(body(desk.arrivals[0]?.body.id));
}

it('takes a command, and tells what became of it', async () => {
  const { desk, ask } = await openDoor();
  const sent = await ask('POST', '/devices/fan/commands', { action: 'setFanSpeed', value: 3 });
  expect(sent).toMatchObject({
    status: 202,
    body: {
      device_id: 'fan',
      action: 'setFanSpeed',
      value: 3,
      status: 'sent',
      attempts: 1,
      source: 'manual',
      requested_by: 'token:a member',
      created_at: '2026-03-01T08:00:00.000Z',
      expires_at: '2026-03-01T08:01:30.000Z',
      acknowledged_at: null,
      batch_id: null,
    },
  });
  expect(desk.auditOf('command.create')).toMatchObject([
    { actor: 'token:a member', origin: '192.168.1.7' },
  ]);
  const { id } = sent.body;
  desk.answer({ id, status: 'ok', state: { fanSpeed: 3, powerOn: true } });
  expect(await ask('GET', `/commands/${id}`)).toMatchObject({
    status: 200,
    body: {
      status: 'confirmed',
      history: [
        { at: '2026-03-01T08:00:00.000Z', event: 'created', detail: '' },
        { event: 'published', detail: 'attempt 1, native, QoS 1' },
        { event: 'acknowledged' },
        { event: 'confirmed' },
      ],
    },
  });
  for (const path of [
    '/commands',
    '/commands?device_id=fan&status=confirmed',
    '/devices/fan/commands?limit=1',
  ]) {
    expect(await ask('GET', path)).toMatchObject({ status: 200, body: { commands: [{ id }] } });
  }
  expect(await ask('GET', '/commands?status=queued')).toMatchObject({ body: { commands: [] } });
});

it.each([
  ['?wait=5s&until=acknowledged', { status: 'ok' }, 'acknowledged'],
  ['?wait=5s', { status: 'ok', state: { powerOn: true } }, 'confirmed'],
  ['?wait=60', { success: false, error: 'no' }, 'rejected'],
])('waits for the device with %s', async (query, answer, status) => {
  const { desk, ask } = await openDoor();
  const asked = ask('POST', `/devices/fan/commands${query}`, { action: 'turnOn' });
  await answerSoon(desk, (id) => ({ id, ...answer }));
  expect(await asked).toMatchObject({ status: 202, body: { status } });
});

it('shows settings to those alone who may control devices', async () => {
  const { ask, onlyLooks } = await openDoor();
  const value = { wifi_password: 'hunter2' };
  await ask('POST', '/devices/fan/commands', { action: 'setFanSpeed', value: 3 });
  const { id } = (await ask('POST', '/devices/fan/commands', { action: 'setConfig', value })).body;
  for (const path of ['/commands', '/devices/fan/commands', `/commands/${id}`]) {
    const seenBy = async (role: Role, headers = {}) => {
      const { body } = await ask('GET', path, undefined, { role, headers });
      return 'commands' in body ? (body.commands as Command[]) : [body];
    };
    expect((await seenBy('service'))[0], path).toMatchObject({ id, value });
    const [hidden, plain] = await seenBy('service', onlyLooks());
    expect(hidden, path).toMatchObject({
      id,
      action: 'setConfig',
      value: null,
      value_hidden: true,
    });
    expect(JSON.stringify(hidden), path).not.toContain('hunter2');
    if (plain) expect(plain, path).toMatchObject({ value: 3 });
    expect(plain ?? {}, path).not.toHaveProperty('value_hidden');
  }
});

it.each<[body: object, headers: Record<string, string>, lastsS: number, isKeyed: boolean]>([
  [{}, {}, 90, false],
  [{ expiresIn: '10m' }, {}, 600, false],
  [{ expires_in: 90.5 }, {}, 90.5, false],
  [{ expiresIn: '45', idempotency_key: 'k' }, { 'idempotency-key': '"k"' }, 45, true],
  [{ idempotencyKey: 'k' }, {}, 90, true],
  [{}, { 'idempotency-key': 'k' }, 90, true],
])('understands %j with %j', async (body, headers, lastsS, isKeyed) => {
  const { ask } = await openDoor();
  const send = () =>
    ask('POST', '/devices/fan/commands', { action: 'turnOn', ...body }, { headers });
  const first = await send();
  expect(first.status).toBe(202);
  const { created_at, expires_at, id } = first.body;
  expect(Date.parse(expires_at) - Date.parse(created_at)).toBe(lastsS * 1000);
  expect((await send()).body.id === id).toBe(isKeyed);
});

it.each([
  ['POST', '/devices/fan/commands', { action: 'setFanSpeed', value: 6 }, 422, '5'],
  ['POST', '/devices/fan/commands', { action: 'fly' }, 422, 'turnOn'],
  ['POST', '/devices/fan/commands', {}, 422, 'action'],
  ['POST', '/devices/fan/commands', { action: 'turnOn', when: 1 }, 422, 'when'],
  ['POST', '/devices/fan/commands', { action: 'turnOn', expiresIn: 'soon' }, 422, 'expiresIn'],
  [
    'POST',
    '/devices/fan/commands',
    { action: 'turnOn', expiresIn: 1, expires_in: 1 },
    422,
    'twice',
  ],
  [
    'POST',
    '/devices/fan/commands',
    { action: 'turnOn', idempotencyKey: '' },
    422,
    'idempotencyKey',
  ],
  ['POST', '/devices/fan/commands?wait=61s', { action: 'turnOn' }, 400, 'wait'],
  ['POST', '/devices/fan/commands?wait=long', { action: 'turnOn' }, 400, 'wait'],
  ['POST', '/devices/fan/commands?wait=5s&until=done', { action: 'turnOn' }, 400, 'until'],
  ['POST', '/devices/nobody/commands', { action: 'turnOn' }, 404, 'nobody'],
  ['GET', '/devices/nobody/commands', undefined, 404, 'nobody'],
  ['GET', '/commands?limit=1001', undefined, 400, 'limit'],
  ['GET', '/commands?status=lost', undefined, 400, 'status'],
  ['GET', '/commands/nobody', undefined, 404, 'nobody'],
  ['DELETE', '/commands/nobody', undefined, 404, 'nobody'],
])('%s %s %j is refused', async (method, path, body, status, named) => {
  const { desk, ask } = await openDoor();
  const answer = await ask(method, path, body);
  expect(answer.status).toBe(status);
  expect(JSON.stringify(answer.body)).toContain(named);
  expect(desk.arrivals).toEqual([]);
});

it('another command under the same key is a conflict', async () => {
  const { ask } = await openDoor();
  const key = { idempotencyKey: 'k' };
  await ask('POST', '/devices/fan/commands', { action: 'turnOn', ...key });
  const other = await ask('POST', '/devices/fan/commands', { action: 'turnOff', ...key });
  expect(other.status).toBe(409);
  expect(JSON.stringify(other.body)).toMatch(/turnOn.*turnOff/);
});

it('is given up by whoever may control, once', async () => {
  const { desk, ask, onlyLooks } = await openDoor();
  const { id } = desk.send('turnOn');
  const looking = { headers: onlyLooks() };
  expect((await ask('DELETE', `/commands/${id}`, undefined, looking)).status).toBe(403);
  expect(await ask('DELETE', `/commands/${id}`)).toMatchObject({
    status: 200,
    body: { status: 'cancelled', error: 'it was sent; the device may have acted on it' },
  });
  expect((await ask('DELETE', `/commands/${id}`)).status).toBe(409);
});

it.each<[Role, number]>([
  ['owner', 202],
  ['admin', 202],
  ['member', 202],
  ['service', 202],
  // Nothing is shared with a token, so for it there is no such device.
  ['guest', 404],
])('lets %s in as far as it may', async (role, status) => {
  const { ask } = await openDoor();
  const sent = await ask('POST', '/devices/fan/commands', { action: 'turnOn' }, { role });
  expect(sent.status).toBe(status);
  expect((await ask('GET', '/commands', undefined, { role })).status).toBe(200);
});
