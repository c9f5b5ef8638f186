import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from '@hono/zod-openapi';
import { describe, expect, it } from 'vitest';
import { route } from '#auth';
import { HearthError } from '#kernel';
import { openHouse } from './house.ts';

const lan = { door: 'http', remoteAddress: '192.168.1.7' } as const;

describe('HTTP in the clear', () => {
  it.each(['/health', '/health/live', '/health/ready', '/ca.crt', '/trust', '/plain.css'])(
    'shows the LAN %s',
    async (path) => {
      const { fromLan } = await openHouse();
      expect((await fromLan(path, lan)).status).toBe(200);
    },
  );

  it.each([
    ['GET', '/', 'https://hub.local:8443/'],
    ['GET', '/devices/plug?from=-1h', 'https://hub.local:8443/devices/plug?from=-1h'],
    ['POST', '/api/v1/auth/login', 'https://hub.local:8443/api/v1/auth/login'],
    ['POST', '/health', 'https://hub.local:8443/health'],
    ['GET', '/openapi.json', 'https://hub.local:8443/openapi.json'],
  ])('sends the LAN on to HTTPS: %s %s', async (method, path, location) => {
    const { fromLan } = await openHouse();
    const response = await fromLan(path, { ...lan, method });
    expect(response.status).toBe(308);
    expect(response.headers.get('location')).toBe(location);
  });

  it('shows this machine everything', async () => {
    const { fromLan, as } = await openHouse();
    for (const remoteAddress of ['127.0.0.1', '127.3.2.1', '::1', '::ffff:127.0.0.1']) {
      const headers = as('guest');
      const response = await fromLan('/api/v1/devices', { door: 'http', remoteAddress, headers });
      expect(response.status).toBe(200);
    }
  });
});

it.each([
  ['hub.local', 200],
  ['HUB.local:8443', 200],
  ['localhost', 200],
  ['192.168.1.20:8443', 200],
  ['[fd00::1]:8443', 200],
  ['evil.example', 403],
  ['hub.local.evil.example', 403],
  ['hub.local@evil.example', 403],
  ['', 403],
])('answers to the name %j: %i', async (host, status) => {
  const { fromLan } = await openHouse();
  expect((await fromLan('/trust', { headers: { host } })).status).toBe(status);
});

it('keeps browsers from running or loading what is not ours', async () => {
  const { fromLan } = await openHouse();
  for (const path of ['/', '/trust', '/api/v1/devices', '/nothing.js']) {
    const { headers } = await fromLan(path);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("connect-src 'self' wss://hub.local");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe-inline');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('strict-transport-security')).toBeNull();
  }
});

it('lets no other site use a session', async () => {
  const { fromLan, auth } = await openHouse();
  const post = (path: string, body: object, headers: Record<string, string>) =>
    fromLan(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
  const owner = { email: 'o@home.example', password: 'plum kettle orbit 9', name: 'Olive' };
  const setUp = await post('/api/v1/setup', { ...owner, code: auth.setupCode() }, {});
  const [cookie = ''] = (setUp.headers.getSetCookie()[0] ?? '').split(';');
  const add = (id: string, origin: Record<string, string>) =>
    post('/api/v1/devices', { id }, { cookie, ...origin });
  expect((await add('a', { origin: 'https://evil.example' })).status).toBe(403);
  expect((await add('b', { origin: 'null' })).status).toBe(403);
  expect((await add('c', { origin: 'https://hub.local' })).status).toBe(201);
});

describe('errors', () => {
  it('name field and value and say what to do', async () => {
    const { fromLan, as } = await openHouse();
    const response = await fromLan('/api/v1/devices', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...as('owner') },
      body: JSON.stringify({ id: 'plug', type: 'No Such Type' }),
    });
    expect(response.status).toBe(422);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({
      type: 'about:blank',
      title: 'Unprocessable Content',
      status: 422,
      code: 'unprocessable',
      field: 'type',
      detail: expect.stringContaining('"No Such Type"'),
      hint: expect.any(String),
    });
  });

  it.each([
    ['text that is not JSON', '{"id":', 'application/json', 400, 'bad_request'],
    ['another type of body', 'id=plug', 'text/plain', 415, 'bad_request'],
    ['a field there is not', '{"id":"a","colour":"red"}', 'application/json', 422, 'unprocessable'],
    [
      'a body without end',
      `{"id":"${'x'.repeat(2_000_000)}"}`,
      'application/json',
      413,
      'too_large',
    ],
  ])('tell apart %s', async (_, body, type, status, code) => {
    const { fromLan, as } = await openHouse();
    const headers = { 'content-type': type, ...as('owner') };
    const response = await fromLan('/api/v1/devices', { method: 'POST', headers, body });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });

  it('never say a password back', async () => {
    const { fromLan } = await openHouse();
    const response = await fromLan('/api/v1/auth/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'a@b.example', password: ['hunter2'] }),
    });
    expect(response.status).toBe(422);
    expect(await response.text()).not.toContain('hunter2');
  });

  it('say nothing of a bug but where to look', async () => {
    const failing = route('public', { method: 'get', path: '/bug', responses: {} });
    const busy = route('public', {
      method: 'get',
      path: '/busy',
      responses: { 200: { description: '', content: { 'text/plain': { schema: z.string() } } } },
    });
    const { fromLan } = await openHouse({
      routes: [
        (api) => {
          api.openapi(failing, () => {
            throw new Error('the password of the database is 1234');
          });
          api.openapi(busy, () => {
            throw new HearthError('too_many_requests', 'later', { retryAfterSeconds: 2.4 });
          });
        },
      ],
    });
    const bug = await fromLan('/api/v1/bug');
    expect(bug.status).toBe(500);
    const text = await bug.text();
    expect(text).not.toContain('1234');
    expect(JSON.parse(text)).toMatchObject({ code: 'internal', reference: expect.any(String) });
    const later = await fromLan('/api/v1/busy');
    expect([later.status, later.headers.get('retry-after')]).toEqual([429, '3']);
  });
});

it('gives one address on the LAN its share, and this machine as much as it likes', async () => {
  const { fromLan, clock } = await openHouse();
  const askFrom = async (remoteAddress: string) =>
    (await fromLan('/api/v1/setup', { remoteAddress })).status;
  for (let i = 0; i < 1000; i++) expect(await askFrom('192.168.1.7')).toBe(200);
  expect(await askFrom('192.168.1.7')).toBe(429);
  expect(await askFrom('192.168.1.8')).toBe(200);
  for (let i = 0; i < 1001; i++) expect(await askFrom('127.0.0.1')).toBe(200);
  clock.advance(10);
  expect(await askFrom('192.168.1.7')).toBe(200);
});

describe('the dashboard', () => {
  it('is a page that waits for itself until it is built', async () => {
    const { fromLan } = await openHouse();
    for (const path of ['/', '/docs', '/devices/plug']) {
      const response = await fromLan(path);
      const page = await response.text();
      expect(response.status).toBe(200);
      expect(page).toContain('http-equiv="refresh"');
      expect(page).not.toContain('<script');
    }
  });

  it('is served with its pages, and hashed files are kept for ever', async () => {
    const { fromLan, webDirectory } = await openHouse();
    await mkdir(join(webDirectory, 'assets'), { recursive: true });
    await writeFile(join(webDirectory, 'index.html'), '<title>Home</title>');
    await writeFile(join(webDirectory, 'docs.html'), '<title>Docs</title>');
    await writeFile(join(webDirectory, 'assets', 'index-Ab3d.js'), 'let a');
    await writeFile(join(webDirectory, '..', 'secret.txt'), 'not for you');
    await writeFile(join(webDirectory, '.env'), 'not for you');
    for (const path of ['/', '/devices/plug', '/index.html']) {
      expect(await (await fromLan(path)).text()).toBe('<title>Home</title>');
    }
    expect(await (await fromLan('/docs')).text()).toBe('<title>Docs</title>');
    const script = await fromLan('/assets/index-Ab3d.js');
    expect(script.headers.get('content-type')).toContain('text/javascript');
    expect(script.headers.get('cache-control')).toContain('immutable');
    for (const path of ['/assets/old-1234.js', '/..%2fsecret.txt', '/%2e%2e/secret.txt', '/.env']) {
      const response = await fromLan(path);
      expect(await response.text(), path).not.toContain('not for you');
    }
    expect((await fromLan('/assets/old-1234.js')).status).toBe(404);
  });
});

describe('health', () => {
  it('tells strangers nothing but whether it is well', async () => {
    const { fromLan, as } = await openHouse();
    const stranger = await (await fromLan('/health')).json();
    expect(stranger).toEqual({ status: 'healthy', timestamp: '2026-03-01T08:00:00.000Z' });
    const known = await (await fromLan('/health', { headers: as('service') })).json();
    const local = await (await fromLan('/health', { remoteAddress: '127.0.0.1' })).json();
    for (const report of [known, local]) {
      expect(report).toMatchObject({ services: { registry: { status: 'healthy' } } });
    }
  });
});

it('gives Prometheus the numbers of the process, HTTP and the parts', async () => {
  const { fromLan, as, devices } = await openHouse();
  devices.create({ id: 'plug' });
  const headers = as('service');
  await fromLan('/api/v1/devices/plug', { headers });
  await fromLan('/no/such/page/1');
  const metrics = await (await fromLan('/metrics', { headers })).text();
  expect(metrics).toContain('hearth_devices_count 1');
  expect(metrics).toContain(
    'hearth_http_requests_total{method="GET",route="/api/v1/devices/:id",status="200"} 1',
  );
  expect(metrics).toContain('route="other"');
  expect(metrics).not.toContain('no/such');
  expect(metrics).toContain('hearth_process_resident_memory_bytes');
});

it('shows its log, newest last, no louder than asked', async () => {
  const { fromLan, as, logs } = await openHouse();
  for (const [level, msg] of [
    ['info', 'a'],
    ['debug', 'b'],
    ['warn', 'c'],
    ['error', 'd'],
  ]) {
    logs.write(`${JSON.stringify({ level, msg })}\n`);
  }
  const read = async (query: string) => {
    const response = await fromLan(`/api/v1/logs${query}`, { headers: as('owner') });
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    return (await response.text())
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).msg);
  };
  expect(await read('')).toEqual(['a', 'b', 'c', 'd']);
  expect(await read('?level=warn')).toEqual(['c', 'd']);
  expect(await read('?limit=1&level=info')).toEqual(['d']);
});

it('follows its log for as long as someone reads', async () => {
  const { fromLan, as, logs } = await openHouse();
  const response = await fromLan('/api/v1/logs?follow=true', { headers: as('owner') });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let i = 0; i < 3; i++) {
    logs.write(`${JSON.stringify({ level: 'info', msg: `line ${i}` })}\n`);
    expect((await reader?.read())?.value).toContain(`line ${i}`);
  }
  await reader?.cancel();
});

it('describes itself in OpenAPI 3.1', async () => {
  const { fromLan, as } = await openHouse();
  const document = await (await fromLan('/openapi.json', { headers: as('guest') })).json();
  expect(document).toMatchObject({
    openapi: '3.1.0',
    components: {
      securitySchemes: { bearer: { type: 'http' }, apiKey: { name: 'X-API-Key' } },
      schemas: { Device: { type: 'object' } },
    },
    paths: {
      '/api/v1/devices/{id}': { get: { 'x-access': 'devices.read', security: [{ bearer: [] }] } },
      '/api/v1/devices/heartbeat': { post: { 'x-access': 'device', security: [{ apiKey: [] }] } },
    },
  });
});

it('tells whoever gets a certificate where to connect with it', async () => {
  const { fromLan, devices, as } = await openHouse();
  devices.create({ id: 'plug' });
  const response = await fromLan('/api/v1/devices/plug/certificates', {
    method: 'POST',
    headers: { ...as('owner'), 'content-type': 'application/json' },
    body: '{}',
  });
  expect(response.status).toBe(201);
  expect(await response.json()).toMatchObject({ mqtts_port: 8883 });
});
