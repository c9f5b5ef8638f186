import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { CommandLine, listenOnSocket } from './command-line.ts';

const issued = {
  certificate: 'certificate of plug-1\n',
  key: 'key of plug-1\n',
  ca: 'certificate of the authority\n',
  serial: '0a1b',
  not_after: '2027-01-01T00:00:00.000Z',
};

interface Registry {
  readonly taken?: boolean;
  readonly refusesCertificate?: boolean;
}

function registry({ taken, refusesCertificate }: Registry = {}): Hono {
  const problem = (code: string, detail: string) => ({ code, detail, status: 400 });
  return new Hono()
    .get('/status', (context) => context.json({ addresses: { mqtts: { port: 12345 } } }))
    .get('/rooms', (context) => context.json({ rooms: [{ id: 'r7', name: 'Bath' }] }))
    .get('/devices/:id', (context) =>
      taken
        ? context.json({ id: context.req.param('id'), type: 'sensor' })
        : context.json({ code: 'not_found', detail: 'there is no such device' }, 404),
    )
    .post('/devices', async (context) => {
      return context.json({ device: await context.req.json(), api_key: 'secret-key' }, 201);
    })
    .delete('/devices/:id', (context) => context.body(null, 204))
    .post('/devices/:id/certificates', async (context) => {
      if (refusesCertificate) {
        return context.json(problem('unprocessable', 'csr is not a PKCS #10 request'), 422);
      }
      const { csr } = await context.req.json();
      const { key, ...rest } = issued;
      return context.json(csr === undefined ? issued : { ...rest, certificate: csr }, 201);
    });
}

const publish = (directory: string) =>
  `mosquitto_pub -h localhost -p 12345 --cafile ${directory}ca.crt --cert ${directory}device.crt --key ${directory}device.key -i plug-1 -q 1 -t devices/plug-1/telemetry -m '{"value": 1}'`;

it('writes what a device needs, and says how to use it', async () => {
  const at = await CommandLine.open();
  const seen = await listenOnSocket(at.directory, registry());

  const code = await at.run('device', 'add', 'plug-1', '--name', 'Coffee', '--room', 'bath');

  expect(at.errors.text).toBe('');
  expect(code).toBe(0);
  expect(seen.find(({ path }) => path === '/api/v1/devices')?.body).toEqual({
    id: 'plug-1',
    name: 'Coffee',
    room: 'r7',
  });
  const directory = join(at.directory, 'plug-1');
  expect(at.output.text).toBe(`plug-1 is added.

API key      secret-key (shown this once)
folder       ${directory}
files        ca.crt, device.crt, device.key, README
certificate  0a1b, valid until 2027-01-01T00:00:00.000Z

Try it:
${publish('plug-1/')}
`);
  const read = (name: string) => readFile(join(directory, name), 'utf8');
  expect(await read('ca.crt')).toBe(issued.ca);
  expect(await read('device.crt')).toBe(issued.certificate);
  expect(await read('device.key')).toBe(issued.key);
  expect((await stat(join(directory, 'device.key'))).mode & 0o777).toBe(0o600);
  const readme = await read('README');
  expect(readme).toContain(`\n${publish('')}\n`);
  expect(readme).toContain(`${hostname()}.local`);
  expect(readme).not.toContain('secret-key');
});

it('signs the request of a device that keeps its key', async () => {
  const at = await CommandLine.open();
  await listenOnSocket(at.directory, registry());
  await writeFile(join(at.directory, 'lock.csr'), 'a request\n');

  const code = await at.run('device', 'add', 'plug-1', '--csr', 'lock.csr', '--out', 'o u t');

  expect(code).toBe(0);
  const directory = join(at.directory, 'o u t');
  expect((await readdir(directory)).sort()).toEqual(['README', 'ca.crt', 'device.crt']);
  expect(await readFile(join(directory, 'device.crt'), 'utf8')).toBe('a request\n');
  expect(at.output.text).toContain("--cafile 'o u t/ca.crt'");
  const readme = await readFile(join(directory, 'README'), 'utf8');
  for (const text of [at.output.text, readme]) {
    expect(text).toContain('--key <your key file> ');
    expect(text).not.toContain('device.key');
  }
  expect(at.output.text).toContain('with the file of the key that you made the request with');
});

it('answers a program with all of it in JSON, except the private key', async () => {
  const at = await CommandLine.open();
  await listenOnSocket(at.directory, registry());
  expect(await at.run('device', 'add', 'plug-1', '--json')).toBe(0);
  expect(JSON.parse(at.output.text)).toEqual({
    device: { id: 'plug-1' },
    api_key: 'secret-key',
    serial: '0a1b',
    not_after: issued.not_after,
    directory: join(at.directory, 'plug-1'),
    files: ['ca.crt', 'device.crt', 'device.key', 'README'],
    command: publish('plug-1/'),
  });
});

it('overwrites nothing, and has the hub make nothing then', async () => {
  const at = await CommandLine.open();
  const seen = await listenOnSocket(at.directory, registry());
  await mkdir(join(at.directory, 'plug-1'));
  await writeFile(join(at.directory, 'plug-1', 'device.key'), 'precious');

  expect(await at.run('device', 'add', 'plug-1')).toBe(73);
  expect(await at.run('device', 'certificate', 'plug-1', '--out', 'plug-1')).toBe(73);

  expect(at.errors.text).toContain('device.key is already there. Choose another folder with --out');
  expect(seen.map(({ method }) => method)).toEqual(['GET']);
});

it('points to another certificate when the device is there already', async () => {
  const at = await CommandLine.open();
  await listenOnSocket(at.directory, registry({ taken: true }));
  expect(await at.run('device', 'add', 'plug-1')).toBe(73);
  expect(at.errors.text).toBe(
    'hearth: there is a device plug-1 already. For another certificate: hearth device certificate plug-1.\n',
  );
  expect(await at.run('device', 'certificate', 'plug-1')).toBe(0);
  expect(at.output.text).toContain('plug-1 has a new certificate.');
});

it('names the device first when its folder is there too', async () => {
  const at = await CommandLine.open();
  await listenOnSocket(at.directory, registry({ taken: true }));
  await mkdir(join(at.directory, 'plug-1'));
  await writeFile(join(at.directory, 'plug-1', 'device.key'), 'precious');
  expect(await at.run('device', 'add', 'plug-1')).toBe(73);
  expect(at.errors.text).toContain('there is a device plug-1 already');
  expect(at.errors.text).not.toContain('device.key');
});

it('writes another certificate beside the first, not over it', async () => {
  const at = await CommandLine.open();
  await listenOnSocket(at.directory, registry({ taken: true }));
  await mkdir(join(at.directory, 'plug-1'));
  await writeFile(join(at.directory, 'plug-1', 'device.key'), 'precious');
  expect(await at.run('device', 'certificate', 'plug-1')).toBe(0);
  expect(await readFile(join(at.directory, 'plug-1-0a1b', 'device.crt'), 'utf8')).toBe(
    issued.certificate,
  );
});

it.each([
  ['plug', '{"power": 60.5, "voltage": 230.1, "relay_state": true}'],
  ['purifier', '{"pm25": 12.4, "fanSpeed": 2, "powerOn": true}'],
  ['sensor', '{"temperature": 21.5, "humidity": 48.2}'],
  ['lock', '{"value": 1}'],
])('tries a %s out with %s', async (type, payload) => {
  const at = await CommandLine.open();
  await listenOnSocket(at.directory, registry());
  await at.run('device', 'add', 'plug-1', '--type', type);
  expect(at.output.text).toContain(`-m '${payload}'\n`);
});

it('takes the device back when it gets no certificate', async () => {
  const at = await CommandLine.open();
  const seen = await listenOnSocket(at.directory, registry({ refusesCertificate: true }));
  expect(await at.run('device', 'add', 'plug-1')).toBe(65);
  expect(at.errors.text).toContain('csr is not a PKCS #10 request');
  expect(seen.at(-1)).toMatchObject({ method: 'DELETE', path: '/api/v1/devices/plug-1' });
  expect(await readdir(at.directory)).toEqual(['data']);
});
