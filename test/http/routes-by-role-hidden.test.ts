import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Hub } from '#main';
import { addDevice, ask, connectWith, createOwner, report, startHub } from '../e2e/home.ts';
import { temporaryDirectory } from '../support/directory.ts';

/** What no answer to the guest may hold: the hidden devices and all that is theirs carry it. */
const secret = /secret/i;
const weekday = { days: 'daily', start: '18:00', end: '19:00' };

/** A hub that is full of things, and a guest with whom one lamp of it is shared. */
interface Visit {
  readonly hub: Hub;
  readonly origin: string;
  readonly token: string;
  /** Of everything there is, hidden or not: what may stand in a path. */
  readonly ids: readonly string[];
  /** Those of them that the guest does not see. */
  readonly hidden: readonly string[];
  /** What can be asked for with GET. */
  readonly paths: readonly string[];
  /** What can be asked of lists about one device or from one thing on: path and parameter. */
  readonly queries: readonly (readonly [path: string, parameter: string])[];
}

let visit: Visit;

beforeAll(async () => {
  const directory = await temporaryDirectory(afterAll);
  const hub = await startHub(directory);
  await createOwner(hub);
  const post = (path: string, body: object) => ask<{ id: string }>(hub, 'POST', path, body);
  await post('/rooms', { name: 'Hall' });
  await post('/rooms', { name: 'Secret room' });
  const label = 'Secret things';
  await post('/device-types', { type: 'secret-type', label, actions: [], metrics: [] });
  const lamp = { id: 'lamp', name: 'Lamp', type: 'smart-plug', room: 'hall' };
  const hidden = ['secret-a', 'secret-b'].map((id) => ({
    id,
    name: `The ${id}`,
    type: 'smart-plug',
    room: 'secret-room',
  }));
  for (const device of [lamp, ...hidden]) {
    const files = await addDevice(hub, device);
    const client = await connectWith(hub, device.id, files);
    await report(client, device.id, { power: 1, [`metric_of_${device.id}`]: 2 });
    await client.endAsync();
  }
  await post('/devices', { id: 'secret-c', type: 'secret-type' });

  const seen: string[] = ['lamp'];
  const unseen: string[] = ['secret-a', 'secret-b', 'secret-c', 'secret-type', 'secret-room'];
  for (const deviceId of ['lamp', 'secret-a', 'secret-b']) {
    const path = `/devices/${deviceId}`;
    const sent = await post(`${path}/commands`, { action: 'turnOn', expiresIn: '1h' });
    await post(`${path}/override`, { action: 'turnOff', durationMinutes: 60 });
    await ask(hub, 'PUT', `${path}/config`, { config: { of: deviceId } });
    const schedule = { ...weekday, name: `Of ${deviceId}`, device_id: deviceId, action: 'turnOn' };
    const ids = deviceId === 'lamp' ? seen : unseen;
    ids.push(sent.id, (await post('/schedules', schedule)).id);
  }
  for (const [name, devices] of [
    ['Light', ['lamp']],
    ['Secret pair', ['lamp', 'secret-a']],
    ['Secret none', []],
  ] as const) {
    const group = await post('/groups', { name, devices });
    const commands = [{ group_id: group.id, action: 'turnOff' }];
    const scene = await post('/scenes', { name: `${name} off`, commands });
    const ids = name === 'Light' ? seen : unseen;
    ids.push(group.id, scene.id);
    if (devices.length === 0) continue;
    const schedule = { ...weekday, name: `${name} at six`, group_id: group.id, action: 'turnOn' };
    ids.push((await post('/schedules', schedule)).id);
    const run = await ask<{ batch_id: string }>(hub, 'POST', `/scenes/${scene.id}/run`, {});
    ids.push(run.batch_id);
  }
  const db = new Database(join(directory, 'hearth.db'));
  const raise = db.prepare(
    `INSERT INTO alerts (id, at_ms, last_at_ms, count, kind, device_id, message, detail)
     VALUES (?, 1, 1, 1, 'command_timed_out', ?, ?, '{}')`,
  );
  for (const id of ['lamp', 'secret-a']) raise.run(`alert-${id}`, id, `${id} did not answer`);
  raise.run('alert-of-the-house', null, 'the secret of the house');
  db.close();

  const invited = await ask<{ code: string }>(hub, 'POST', '/people/invitations', {
    role: 'guest',
  });
  const origin = `http://127.0.0.1:${hub.addresses.http?.port}`;
  const send = (path: string, body: object) =>
    fetch(`${origin}/api/v1${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const gus = { email: 'gus@home.example', password: 'kettle orbit plum 9' };
  const joined = await send('/auth/register', { ...gus, name: 'Gus', invitation: invited.code });
  const { id: personId } = (await joined.json()) as { id: string };
  await post('/shares', { person_id: personId, device_id: 'lamp', access: 'control' });
  const login = await send('/auth/login', gus);
  const { access_token: token } = (await login.json()) as { access_token: string };

  const document = await fetch(`${origin}/openapi.json`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { paths } = (await document.json()) as {
    paths: Record<string, { get?: { parameters?: { in: string; name: string }[] } }>;
  };
  const gets = Object.entries(paths).flatMap(([path, { get }]) => (get ? [{ path, get }] : []));
  visit = {
    hub,
    origin,
    token,
    ids: [...seen, ...unseen, personId],
    hidden: unseen,
    paths: gets.map(({ path }) => path),
    queries: gets.flatMap(({ path, get }) =>
      (get.parameters ?? [])
        .filter(({ in: place }) => place === 'query' && !path.includes('{'))
        .filter(({ name }) => ['device_id', 'devices', 'room', 'type', 'before'].includes(name))
        .map(({ name }) => [path, name] as const),
    ),
  };
  return () => hub.stop();
}, 120_000);

const get = async (path: string): Promise<{ status: number; text: string }> => {
  const { origin, token } = visit;
  const headers = { authorization: `Bearer ${token}` };
  for (;;) {
    const response = await fetch(`${origin}${path}`, { headers, redirect: 'manual' });
    const text = await response.text();
    if (response.status !== 429) return { status: response.status, text };
    // As patient as a guest who wants to know.
    const waitMs = Number(response.headers.get('retry-after') ?? 1) * 1000;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
};

it('shows the guest what is theirs', async () => {
  const { text } = await get('/api/v1/devices');
  expect(JSON.parse(text)).toMatchObject({ devices: [{ id: 'lamp' }], total: 1 });
  const things: [string, string][] = [
    ['/rooms', 'rooms'],
    ['/groups', 'groups'],
    ['/scenes', 'scenes'],
    ['/alerts', 'alerts'],
  ];
  for (const [path, list] of things) {
    const answer = JSON.parse((await get(`/api/v1${path}`)).text);
    expect(answer[list], path).toHaveLength(1);
  }
  const schedules = JSON.parse((await get('/api/v1/schedules')).text).schedules;
  expect(schedules.map(({ name }: { name: string }) => name)).toEqual(['Of lamp', 'Light at six']);
  expect((await get('/api/v1/devices/lamp/telemetry')).text).toContain('metric_of_lamp');
});

it('tells nothing of any other device, whatever is asked for', { timeout: 60_000 }, async () => {
  const { ids, paths } = visit;
  expect(paths.length).toBeGreaterThan(50);
  const told: string[] = [];
  for (const path of paths) {
    const asked = path.includes('{') ? ids.map((id) => path.replaceAll(/\{\w+\}/g, id)) : [path];
    for (const url of asked) {
      const { text } = await get(url);
      // What they asked for by name, they knew.
      const news = ids
        .filter((id) => url.includes(id))
        .reduce((rest, id) => rest.replaceAll(id, ''), text);
      // The document speaks of secrets in words of its own.
      if (path === '/openapi.json' || !secret.test(news)) continue;
      told.push(`${url}: ${news.slice(0, 300)}`);
    }
  }
  expect(told).toEqual([]);
});

/** The times that an answer is about are when it was asked for. */
const untimed = (text: string): string => text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME');

it('answers for what is hidden as for what is not there', { timeout: 60_000 }, async () => {
  const { hidden, paths, queries } = visit;
  const nothing = 'nothing-of-the-kind';
  const urls = [
    ...paths.filter((path) => path.includes('{')).map((path) => path.replaceAll(/\{\w+\}/g, 'ID')),
    ...queries.map(([path, parameter]) => `${path}?${parameter}=ID`),
  ];
  const differs: string[] = [];
  for (const url of urls) {
    const absent = await get(url.replace('ID', nothing));
    for (const id of hidden) {
      const { status, text } = await get(url.replace('ID', id));
      const isAlike = untimed(text.replaceAll(id, nothing)) === untimed(absent.text);
      if (status === absent.status && isAlike) continue;
      differs.push(`${url} ${id}: ${status} ${text.slice(0, 200)}`);
    }
  }
  expect(urls).toContain('/api/v1/commands?before=ID');
  expect(differs).toEqual([]);
});

it('says nothing of any other device over the live view', async () => {
  const { hub, origin, token } = visit;
  const ws = new WebSocket(`${origin.replace('http', 'ws')}/ws`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const heard: string[] = [];
  const news = () => heard.map((text) => JSON.parse(text) as { type: string });
  ws.on('message', (data) => heard.push(data.toString()));
  await expect.poll(() => news().map(({ type }) => type)).toContain('welcome');
  ws.send(JSON.stringify({ type: 'subscribe', devices: ['*'] }));
  await expect.poll(() => news().map(({ type }) => type)).toContain('subscribed');
  const { schedules } = await ask<{ schedules: { id: string }[] }>(hub, 'GET', '/schedules');
  for (const { id } of schedules) await ask(hub, 'PATCH', `/schedules/${id}`, { enabled: false });
  await ask(hub, 'PATCH', '/groups/secret-pair', { name: 'Secret both' });
  await ask(hub, 'PATCH', '/scenes/secret-pair-off', { name: 'Secret both off' });
  for (const id of ['secret-a', 'secret-b', 'lamp']) {
    await ask(hub, 'PATCH', `/devices/${id}`, { description: 'new' });
    await ask(hub, 'POST', `/devices/${id}/commands`, { action: 'turnOff', expiresIn: '1h' });
    await ask(hub, 'PUT', `/devices/${id}/config`, { config: { of: id, version: 2 } });
    await ask(hub, 'DELETE', `/devices/${id}/override`);
  }
  // The lamp comes last: what was said of the others would have been said before.
  await expect
    .poll(() => new Set(news().map(({ type }) => type)))
    .toEqual(
      new Set(['welcome', 'subscribed', 'schedule', 'device', 'command', 'config', 'override']),
    );
  expect(heard.filter((text) => secret.test(text))).toEqual([]);
  ws.close();
});
