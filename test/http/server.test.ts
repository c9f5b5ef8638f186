import { existsSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { controlSocketPath, createLog } from '#kernel';
import { Listener } from '../../src/http/listener.ts';
import { ask, listening, openHouse } from './house.ts';

it('answers over HTTPS with the certificate of its own authority', async () => {
  const { http, authority, as } = await listening();
  const { https } = http.addresses();
  const headers = as('guest');
  const answer = await ask({ port: https, ca: authority.caPem, path: '/api/v1/devices', headers });
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.text)).toEqual({ devices: [], total: 0 });
});

it('makes passkeys at its own ports alone, and at those that are listed', async () => {
  const { http, authority } = await listening({
    config: { 'https.allowed_origins': 'https://localhost' },
  });
  const { https, http: plain } = http.addresses();
  const at = async (host: string, port: number, ca?: string) => {
    const path = '/api/v1/auth/passkeys/available';
    const headers = { host };
    const { text } = await ask({ port, path, headers, ...(ca && { ca, servername: 'localhost' }) });
    return JSON.parse(text).available;
  };
  const ca = authority.caPem;
  expect(await at(`localhost:${https}`, https, ca)).toBe(true);
  expect(await at(`localhost:${plain}`, plain)).toBe(true);
  expect(await at(`localhost:${plain}`, https, ca)).toBe(false);
  expect(await at('localhost:9999', https, ca)).toBe(false);
  expect(await at('localhost', https, ca)).toBe(true);
  expect(await at('localhost', plain)).toBe(false);
});

it('takes a new server certificate and its names without stopping to listen', async () => {
  const { http, authority, names, clock } = await listening();
  const { https } = http.addresses();
  const askAs = (host: string) =>
    ask({ port: https, ca: authority.caPem, path: '/trust', servername: host, headers: { host } });
  await expect(askAs('attic.local')).rejects.toThrow(/altnames/);
  const reissued = Promise.withResolvers<void>();
  authority.onServerCertificate.listen(() => reissued.resolve());
  names.push('attic.local');
  clock.advance(60_000);
  await reissued.promise;
  expect((await askAs('attic.local')).status).toBe(200);
});

it('survives a connection that cannot be accepted, and says so', async () => {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(`${chunk}`);
      done();
    },
  });
  const log = await createLog({ level: 'warn', pretty: false, destination });
  const server = createServer();
  const listener = new Listener(server, 10, log);
  await listener.listenOn('127.0.0.1', 0, 'http');
  onTestFinished(() => listener.close());
  server.emit('error', new Error('accept EMFILE'));
  expect(lines.join()).toContain('accept EMFILE');
  expect(server.listening).toBe(true);
});

it('lets whoever may open the control socket do everything', async () => {
  const { http, directory } = await listening();
  const path = controlSocketPath(directory);
  expect(path).toBe(join(directory, 'hearth.sock'));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const answer = await ask({
    socketPath: path,
    method: 'POST',
    path: '/api/v1/devices',
    headers: { host: 'localhost', 'content-type': 'application/json' },
    body: '{"id":"plug"}',
  });
  expect(answer.status).toBe(201);
  const inside = await http.request(new Request('http://localhost/api/v1/devices/plug'));
  expect(await inside.json()).toMatchObject({ id: 'plug' });
});

it('takes a DELETE without a body and a POST whose length is not said', async () => {
  const { directory } = await listening();
  const socketPath = controlSocketPath(directory);
  const headers = { host: 'localhost', 'content-type': 'application/json' };
  const chunked = { ...headers, 'transfer-encoding': 'chunked' };
  const path = '/api/v1/devices';
  const made = await ask({
    socketPath,
    method: 'POST',
    path,
    headers: chunked,
    body: '{"id":"plug"}',
  });
  expect(made.status).toBe(201);
  const gone = await ask({ socketPath, method: 'DELETE', path: `${path}/plug`, headers });
  expect(gone.status).toBe(204);
  const body = JSON.stringify({ id: 'plug', description: 'x'.repeat(3 * 1024 * 1024) });
  const refused = await ask({ socketPath, method: 'POST', path, headers: chunked, body });
  expect(refused.status).toBe(413);
});

it('answers from inside without listening at all', async () => {
  const { http } = await openHouse();
  const response = await http.request(new Request('http://localhost/api/v1/status'));
  expect(await response.json()).toMatchObject({ version: '0.0.0', devices: { total: 0 } });
});

it('removes what a hub that was killed left of its socket', async () => {
  const { http, directory } = await openHouse();
  await writeFile(join(directory, 'hearth.sock'), 'stale');
  await http.start();
  const answer = await ask({ socketPath: controlSocketPath(directory), path: '/health' });
  expect(answer.status).toBe(200);
  await http.stop();
  expect(existsSync(join(directory, 'hearth.sock'))).toBe(false);
});

it('finds a place for the socket of a directory that is too deep for one', async () => {
  const deep = join(
    (await openHouse()).directory,
    ...Array.from({ length: 6 }, () => 'x'.repeat(30)),
  );
  await mkdir(deep, { recursive: true });
  const { http } = await openHouse({ config: { data: deep } });
  await http.start();
  const path = controlSocketPath(deep);
  expect(path.startsWith(deep)).toBe(false);
  expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
  expect((await ask({ socketPath: path, path: '/health' })).status).toBe(200);
  await http.stop();
  expect(existsSync(path)).toBe(false);
  expect(existsSync(join(deep, 'hearth.sock.path'))).toBe(false);
});

it.each(['http', 'https'] as const)(
  'names the setting when the %s port is taken',
  async (which) => {
    const first = await listening();
    const port = first.http.addresses()[which];
    const second = await openHouse({ config: { [`${which}.port`]: port } });
    await expect(second.http.start()).rejects.toMatchObject({
      code: 'address_in_use',
      field: `${which}.port`,
      hint: expect.stringContaining(`HEARTH_${which.toUpperCase()}_PORT`),
    });
    expect(second.http.addresses()).toEqual({ http: 0, https: 0 });
  },
);

it('names the setting when the address is not of this machine', async () => {
  const { http } = await openHouse({ config: { 'http.address': '203.0.113.7' } });
  await expect(http.start()).rejects.toMatchObject({ code: 'bad_config', field: 'http.address' });
});

it('stops while someone keeps a connection open and says nothing', async () => {
  const { http } = await listening();
  const socket = connect(http.addresses().http, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write('GET /health HTTP/1.1\r\nhost: loc');
  const ended = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => {});
  const before = performance.now();
  await http.stop();
  expect(performance.now() - before).toBeLessThan(2000);
  await ended;
});

it('offers the certificate of its authority as a file to install', async () => {
  const { http, authority } = await listening();
  const port = http.addresses().http;
  const answer = await ask({ port, path: '/ca.crt' });
  expect(answer.headers['content-type']).toBe('application/x-x509-ca-cert');
  expect(answer.text).toBe(authority.caPem);
  expect((await ask({ port, path: '/trust' })).text).toContain(authority.caFingerprint);
});

it.each<[string, Record<string, string>]>([
  ['a length of nothing', { 'content-length': '0' }],
  ['no length', { 'transfer-encoding': 'chunked' }],
])('takes an empty body with a type and %s for none', async (_, headers) => {
  const house = await listening();
  house.devices.create({ id: 'plug' });
  const post = (path: string) =>
    ask({
      port: house.http.addresses().http,
      method: 'POST',
      path: `/api/v1${path}`,
      headers: { ...house.as('owner'), 'content-type': 'application/json', ...headers },
    });
  expect((await post('/devices/plug/certificates')).status).toBe(201);
  const missing = await post('/rooms');
  expect([missing.status, JSON.parse(missing.text).field]).toEqual([422, 'name']);
});
