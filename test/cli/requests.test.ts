import { Readable } from 'node:stream';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../support/clock.ts';
import { CommandLine, listenOnSocket } from './command-line.ts';

/** Enough of an API for every command to get an answer it can show. */
function someApi(): Hono {
  const device = { id: 'plug-1', name: 'Plug', latest: { power: 1 } };
  return new Hono()
    .get('/status', (context) => context.json({ version: '1', memory: { resident_bytes: 5 } }))
    .get('/devices', (context) => context.json({ devices: [device], total: 1 }))
    .get('/devices/:id', (context) => context.json(device))
    .patch('/devices/:id', (context) => context.json(device))
    .delete('/devices/:id', (context) => context.body(null, 204))
    .post('/devices/:id/api-key', (context) => context.json({ api_key: 'secret' }))
    .post('/devices/:id/revoke', (context) => context.json({ revoked: ['0a'] }))
    .get('/devices/:id/certificates', (context) => context.json({ certificates: [] }))
    .get('/devices/:id/denials', (context) => context.json({ denials: [] }))
    .get('/denials', (context) => context.json({ denials: [], unknown: 0 }))
    .get('/devices/:id/telemetry', (context) => context.json({ data: [], total_points: 0 }))
    .get('/devices/:id/telemetry/latest', (context) => context.json({ power: 1, voltage: 230 }))
    .get('/quarantine', (context) => context.json({ messages: [] }))
    .get('/rooms', (context) => context.json({ rooms: [{ id: 'r1', name: 'Bath', order: 1 }] }))
    .post('/rooms', (context) => context.json({ id: 'r2', name: 'Hall', order: 2 }, 201))
    .delete('/rooms/:id', (context) => context.body(null, 204))
    .get('/tokens', (context) =>
      context.json({
        tokens: [
          { id: 't1', name: 'backup', role: 'member', revoked_at: '2026-01-01T00:00:00Z' },
          { id: 't2', name: 'backup', role: 'member', revoked_at: null },
        ],
      }),
    )
    .post('/tokens', (context) => context.json({ id: 't1', token: 'hearth_secret' }, 201))
    .delete('/tokens/:id', (context) => context.body(null, 204))
    .get('/credentials', (context) => context.json({ credentials: [] }))
    .post('/credentials', (context) => context.json({ name: 'ha', password: 'secret' }, 201))
    .delete('/credentials/:name', (context) => context.body(null, 204))
    .get('/logs', (context) => context.text('{"msg":"hello"}\n'));
}

it.each([
  ['status', 'GET /status'],
  ['device list', 'GET /devices'],
  ['device show plug-1', 'GET /devices/plug-1', 'GET /devices/plug-1/certificates'],
  ['device show a/b', 'GET /devices/a%2Fb', 'GET /devices/a%2Fb/certificates'],
  ['device rename plug-1 Lamp', 'PATCH /devices/plug-1 {"name":"Lamp"}'],
  ['device revoke plug-1', 'POST /devices/plug-1/revoke {}'],
  ['device api-key plug-1', 'POST /devices/plug-1/api-key {}'],
  ['device remove plug-1 --yes', 'GET /devices/plug-1', 'DELETE /devices/plug-1'],
  ['denials', 'GET /denials'],
  ['denials list plug-1', 'GET /devices/plug-1/denials'],
  ['quarantine list', 'GET /quarantine'],
  ['room list', 'GET /rooms'],
  ['room add Hall --order 2', 'POST /rooms {"name":"Hall","order":2}'],
  ['room remove bath', 'GET /rooms', 'DELETE /rooms/r1'],
  ['token list', 'GET /tokens'],
  ['token create --name n --role guest', 'POST /tokens {"name":"n","role":"guest"}'],
  [
    'token create --name n --role guest --expires-in 30d',
    'POST /tokens {"name":"n","role":"guest","expiresIn":"30d"}',
  ],
  ['token revoke t1', 'GET /tokens', 'DELETE /tokens/t1'],
  ['token revoke backup', 'GET /tokens', 'DELETE /tokens/t2'],
  ['credential list', 'GET /credentials'],
  ['credential add ha --role service', 'POST /credentials {"name":"ha","role":"service"}'],
  ['credential remove ha', 'DELETE /credentials/ha'],
  ['logs', 'GET /logs?limit=100'],
  ['logs -f -n 5 --level warn', 'GET /logs?limit=5&level=warn&follow=true'],
  ['query plug-1', 'GET /devices/plug-1/telemetry?start=-24h&end=now'],
  [
    'query plug-1 --start -1h --interval 1m --fields power,voltage --agg avg,max --tz UTC --limit 9',
    'GET /devices/plug-1/telemetry?start=-1h&end=now&interval=1m&fields=power%2Cvoltage&agg=avg%2Cmax&limit=9&tz=UTC',
    'GET /devices/plug-1/telemetry/latest',
  ],
  ['query plug-1 --format csv', 'GET /devices/plug-1/telemetry?start=-24h&end=now&format=csv'],
  ['query plug-1 --json', 'GET /devices/plug-1/telemetry?start=-24h&end=now&format=json'],
])('hearth %s asks %s', async (command, ...expected) => {
  const at = await CommandLine.open();
  const seen = await listenOnSocket(at.directory, someApi());

  const code = await at.run(...command.split(' '));

  expect(at.errors.text).not.toContain('hearth:');
  expect(code).toBe(0);
  const asked = seen.map(({ method, path, body }) => {
    const sent = body === undefined ? '' : ` ${JSON.stringify(body)}`;
    return `${method} ${path.replace('/api/v1', '')}${sent}`;
  });
  expect(asked).toEqual(expected);
  expect(at.output.text).toMatch(/\n$/);
});

it.each([
  ['token create --name n --role owner --json', { id: 't1', token: 'hearth_secret' }],
  ['--json credential add ha --role service', { name: 'ha', password: 'secret' }],
  ['device remove plug-1 --yes --json', { removed: 'plug-1' }],
  ['denials --json', { denials: [], unknown: 0 }],
])('hearth %s prints JSON and nothing else', async (command, expected) => {
  const at = await CommandLine.open();
  await listenOnSocket(at.directory, someApi());

  expect(await at.run(...command.split(' '))).toBe(0);
  expect(JSON.parse(at.output.text)).toEqual(expected);
  expect(at.errors.text).toBe('');
});

it('shows a device with its latest values', async () => {
  const at = await CommandLine.open();
  await listenOnSocket(at.directory, someApi());
  await at.run('device', 'show', 'plug-1');
  expect(at.output.text).toBe('id    plug-1\nname  Plug\n\nLatest values\npower  1\n');
});

it('says when a device was last seen: to a person how long ago, to a program the time', async () => {
  const at = await CommandLine.open();
  at.clock = new ManualClock(Date.parse('2026-01-31T08:00:07Z'));
  const device = { id: 'plug-1', name: 'Plug', last_seen: '2026-01-31T08:00:02.000Z' };
  const api = new Hono().get('/devices', (context) => context.json({ devices: [device] }));
  await listenOnSocket(at.directory, api);
  await at.run('device', 'list');
  expect(at.output.text).toMatch(/^plug-1 +Plug +5 s ago$/m);
  await at.run('device', 'list', '--json');
  expect(at.output.text).toContain('"last_seen":"2026-01-31T08:00:02.000Z"');
});

it('says what a revocation voids and how to let the device in again', async () => {
  const at = await CommandLine.open();
  await listenOnSocket(at.directory, someApi());
  await at.run('device', 'revoke', 'plug-1');
  expect(at.output.text).toBe(
    '1 certificate of plug-1 is void, and so are its API key and its MQTT credential. Its connections ended.\n',
  );
  expect(at.errors.text).toContain('hearth device certificate plug-1\n');
  expect(at.errors.text).toContain('hearth device api-key plug-1\n');
});

describe('hearth device remove', () => {
  const onTerminal = async (typed: string[]) => {
    const at = await CommandLine.open();
    const seen = await listenOnSocket(at.directory, someApi());
    at.input = Object.assign(Readable.from(typed), { isTTY: true });
    Object.assign(at.errors, { isTTY: true });
    return { at, deleted: () => seen.some(({ method }) => method === 'DELETE') };
  };

  it.each([
    ['y\n', true],
    ['Yes\n', true],
    ['\n', false],
    ['yellow\n', false],
    ['', false],
  ])('asks, and takes %j for a yes: %s', async (typed, isYes) => {
    const { at, deleted } = await onTerminal([typed]);
    expect(await at.run('device', 'remove', 'plug-1')).toBe(0);
    expect(at.errors.text).toContain('This removes plug-1 (Plug) with all its readings');
    expect(deleted()).toBe(isYes);
    expect(at.errors.text.includes('Nothing is removed.')).toBe(!isYes);
  });

  it.each([[[]], [['--json']]])('refuses where nobody can be asked, with %j', async (more) => {
    const { at, deleted } = await onTerminal(['y\n']);
    if (more.length === 0) Object.assign(at.input, { isTTY: false });
    expect(await at.run('device', 'remove', 'plug-1', ...more)).toBe(64);
    expect(at.errors.text).toContain('Add --yes.');
    expect(deleted()).toBe(false);
  });
});
