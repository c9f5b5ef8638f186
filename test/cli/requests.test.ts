import { Readable } from 'node:stream';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../support/clock.ts';
import { asked, CommandLine, listenOnSocket } from './command-line.ts';

const command = {
  id: 'c1',
  device_id: 'fan',
  action: 'setFanSpeed',
  value: 3,
  status: 'sent',
  attempts: 1,
  created_at: '2026-01-31T08:00:00.000Z',
  expires_at: '2026-01-31T08:01:30.000Z',
  sent_at: '2026-01-31T08:00:00.001Z',
  delivered_at: null,
  acknowledged_at: null,
  confirmed_at: null,
  error: null,
  source: 'manual',
  requested_by: 'local',
  batch_id: null,
};
const override = {
  id: 'o1',
  device_id: 'fan',
  action: 'setFanSpeed',
  value: 5,
  status: 'active',
  ends_at: '2026-01-31T08:10:00.000Z',
  remaining_seconds: 600,
  previous: { fanSpeed: 2 },
};
const schedule = {
  id: 's1',
  name: '',
  device_id: 'fan',
  enabled: true,
  kind: 'weekly',
  days: ['mon', 'tue'],
  start: '09:00',
  end: '17:00',
  action: 'setFanSpeed',
  value: 3,
  next_runs: [{ at: '2026-02-02T08:00:00.000Z', edge: 'start', action: 'setFanSpeed', value: 3 }],
};
const why = {
  device_id: 'fan',
  holds: null,
  because: { text: 'Nothing says what should hold' },
  since: null,
  until: null,
  next: null,
  considered: [],
  reported: {},
  agrees: null,
  settled: false,
};
const run = { batch_id: 'b1', status: 'done', commands: [command], refused: [] };
const configState = {
  device_id: 'fan',
  desired: { version: 2, config: { a: 1 }, set_at: '2026-01-31T08:00:00.000Z', set_by: 'local' },
  reported: null,
  in_sync: false,
};
const type = {
  type: 'heater',
  label: 'Heater',
  actions: [
    { name: 'setLevel', label: 'Level', value: { type: 'integer', minimum: 0, maximum: 3 } },
  ],
  metrics: [{ name: 'power', label: 'Power', unit: 'W' }],
  retry: { attempts: 3, interval_seconds: 30 },
  built_in: false,
};

/** What has devices do something, and what is set about them. */
function controlApi(): Hono {
  return new Hono()
    .post('/devices/:id/commands', (context) => context.json(command, 202))
    .get('/devices/:id/commands', (context) => context.json({ commands: [command] }))
    .get('/devices/:id/type', (context) => context.json(type))
    .get('/commands', (context) => context.json({ commands: [] }))
    .get('/commands/:id', (context) =>
      context.json({ ...command, history: [{ event: 'created' }] }),
    )
    .delete('/commands/:id', (context) => context.json({ ...command, status: 'cancelled' }))
    .get('/groups', (context) =>
      context.json({ groups: [{ id: 'g1', name: 'Downstairs', devices: ['fan'] }] }),
    )
    .post('/groups', (context) => context.json({ id: 'g2', name: 'Up', devices: ['fan'] }, 201))
    .patch('/groups/:id', (context) => context.json({ id: 'g1', name: 'Down', devices: ['a'] }))
    .delete('/groups/:id', (context) => context.body(null, 204))
    .post('/groups/:id/commands', (context) => context.json(run, 202))
    .get('/scenes', (context) =>
      context.json({ scenes: [{ id: 'n1', name: 'Night', commands: [command] }] }),
    )
    .post('/scenes', (context) => context.json({ id: 'n2', name: 'Away', commands: [] }, 201))
    .patch('/scenes/:id', (context) => context.json({ id: 'n1', name: 'Night', commands: [] }))
    .delete('/scenes/:id', (context) => context.body(null, 204))
    .post('/scenes/:id/run', (context) => context.json(run, 202))
    .get('/schedules', (context) => context.json({ schedules: [schedule] }))
    .post('/schedules', (context) => context.json(schedule, 201))
    .get('/schedules/:id', (context) => context.json(schedule))
    .patch('/schedules/:id', (context) => context.json(schedule))
    .delete('/schedules/:id', (context) => context.body(null, 204))
    .get('/schedules/:id/history', (context) => context.json({ runs: [] }))
    .get('/devices/:id/why', (context) => context.json(why))
    .post('/devices/:id/override', (context) => context.json(override, 201))
    .get('/devices/:id/override', (context) => context.json(override))
    .patch('/devices/:id/override', (context) => context.json(override))
    .delete('/devices/:id/override', (context) => context.json(override))
    .get('/devices/:id/overrides', (context) => context.json({ overrides: [override] }))
    .get('/devices/:id/config', (context) => context.json(configState))
    .put('/devices/:id/config', (context) => context.json(configState))
    .get('/devices/:id/config/history', (context) => context.json({ versions: [] }))
    .get('/device-types', (context) => context.json({ device_types: [type] }))
    .post('/device-types', (context) => context.json(type, 201))
    .get('/device-types/:type', (context) => context.json(type))
    .put('/device-types/:type', (context) => context.json(type))
    .delete('/device-types/:type', (context) => context.body(null, 204))
    .get('/alerts', (context) => context.json({ alerts: [] }))
    .get('/audit', (context) => context.json({ rows: [] }));
}

/** Enough of an API for every command to get an answer it can show. */
function someApi(): Hono {
  const device = { id: 'plug-1', name: 'Plug', latest: { power: 1 } };
  return new Hono()
    .get('/status', (context) => context.json({ version: '1', memory: { resident_bytes: 5 } }))
    .get('/devices', (context) => context.json({ devices: [device], total: 1 }))
    .route('/', controlApi())
    .get('/devices/:id', (context) =>
      context.req.param('id') === 'nobody' || context.req.param('id') === 'Downstairs'
        ? context.json({ code: 'not_found', detail: 'there is no such device' }, 404)
        : context.json({ ...device, id: context.req.param('id') }),
    )
    .patch('/devices/:id', (context) => context.json(device))
    .delete('/devices/:id', (context) => context.body(null, 204))
    .post('/devices/:id/api-key', (context) => context.json({ api_key: 'secret' }))
    .delete('/devices/:id/api-key/previous', (context) => context.body(null, 204))
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
  [
    'device set plug-1 --name Lamp --room bath --type plug --state active',
    'GET /rooms',
    'PATCH /devices/plug-1 {"name":"Lamp","type":"plug","state":"active","room":"r1"}',
  ],
  ['device set plug-1 --no-room', 'PATCH /devices/plug-1 {"room":null}'],
  ['device revoke plug-1', 'POST /devices/plug-1/revoke {}'],
  ['device api-key plug-1', 'POST /devices/plug-1/api-key {}'],
  ['device api-key plug-1 --overlap 2h', 'POST /devices/plug-1/api-key {"overlap":"2h"}'],
  ['device api-key plug-1 --now', 'POST /devices/plug-1/api-key {"overlap":"0s"}'],
  ['device api-key plug-1 --void-previous', 'DELETE /devices/plug-1/api-key/previous'],
  ['device remove plug-1 --yes', 'GET /devices/plug-1', 'DELETE /devices/plug-1'],
  ['denials', 'GET /denials'],
  ['denials list plug-1', 'GET /devices/plug-1/denials'],
  ['quarantine list', 'GET /quarantine'],
  ['room list', 'GET /rooms'],
  ['room add Hall --order 2', 'POST /rooms {"name":"Hall","order":2}'],
  ['room remove bath', 'GET /rooms', 'DELETE /rooms/r1'],
  ['token list', 'GET /tokens'],
  ['token create --name n --role admin', 'POST /tokens {"name":"n","role":"admin"}'],
  [
    'token create --name n --role member --expires-in 30d',
    'POST /tokens {"name":"n","role":"member","expiresIn":"30d"}',
  ],
  [
    'token create --name n --role service --scope devices.read --scope telemetry.read',
    'POST /tokens {"name":"n","role":"service","scopes":["devices.read","telemetry.read"]}',
  ],
  ['token revoke t1', 'GET /tokens', 'DELETE /tokens/t1'],
  ['token revoke backup', 'GET /tokens', 'DELETE /tokens/t2'],
  ['credential list', 'GET /credentials'],
  ['credential add ha --role service', 'POST /credentials {"name":"ha","role":"service"}'],
  ['credential remove ha', 'DELETE /credentials/ha'],
  ['logs', 'GET /logs?limit=100'],
  ['logs -f -n 5 --level warn', 'GET /logs?limit=5&level=warn&follow=true'],
  [
    'query plug-1',
    'GET /devices/plug-1/telemetry?start=-24h&end=now',
    'GET /devices/plug-1/telemetry/latest',
  ],
  [
    'query plug-1 --start -1h --interval 1m --fields power,voltage --agg avg,max --tz UTC --limit 9',
    'GET /devices/plug-1/telemetry?start=-1h&end=now&interval=1m&fields=power%2Cvoltage&agg=avg%2Cmax&limit=9&tz=UTC',
    'GET /devices/plug-1/telemetry/latest',
  ],
  ['query plug-1 --format csv', 'GET /devices/plug-1/telemetry?start=-24h&end=now&format=csv'],
  [
    'command fan setFanSpeed 3 --json',
    'POST /devices/fan/commands {"action":"setFanSpeed","value":3}',
  ],
  [
    'command fan setFanSpeed 3',
    'POST /devices/fan/commands {"action":"setFanSpeed","value":3}',
    'GET /devices/fan',
    'GET /devices/fan/type',
  ],
  [
    'command fan turnOff --expires-in 10m --json',
    'POST /devices/fan/commands {"action":"turnOff","expiresIn":"10m"}',
  ],
  ['commands', 'GET /commands'],
  ['commands list fan --status sent --limit 5', 'GET /devices/fan/commands?status=sent&limit=5'],
  ['commands show c1', 'GET /commands/c1'],
  ['commands cancel c1', 'DELETE /commands/c1'],
  ['group add Up fan plug-1', 'POST /groups {"name":"Up","devices":["fan","plug-1"]}'],
  ['group list', 'GET /groups'],
  ['group show downstairs', 'GET /groups'],
  [
    'group members downstairs --add plug-1,fan --remove fan',
    'GET /groups',
    'PATCH /groups/g1 {"devices":["plug-1","fan"]}',
  ],
  [
    'group members g1 --add plug-1,fan',
    'GET /groups',
    'PATCH /groups/g1 {"devices":["fan","plug-1"]}',
  ],
  ['group remove g1', 'GET /groups', 'DELETE /groups/g1'],
  [
    'group command Downstairs turnOff --wait 5s',
    'GET /groups',
    'POST /groups/g1/commands?wait=5s {"action":"turnOff"}',
  ],
  [
    'scene add Away fan:setFanSpeed=1 Downstairs:turnOff',
    'GET /devices/fan',
    'GET /devices/Downstairs',
    'GET /groups',
    'POST /scenes {"name":"Away","commands":[{"device_id":"fan","action":"setFanSpeed","value":1},' +
      '{"group_id":"g1","action":"turnOff"}]}',
  ],
  ['scene list', 'GET /scenes'],
  ['scene run night', 'GET /scenes', 'POST /scenes/n1/run {}'],
  ['scene run n1 --wait', 'GET /scenes', 'POST /scenes/n1/run?wait=10s {}'],
  [
    'scene set night fan:setFanSpeed=2',
    'GET /scenes',
    'GET /devices/fan',
    'PATCH /scenes/n1 {"commands":[{"device_id":"fan","action":"setFanSpeed","value":2}]}',
  ],
  ['scene remove Night', 'GET /scenes', 'DELETE /scenes/n1'],
  [
    'override start fan --fan-speed 5 --for 10m',
    'POST /devices/fan/override {"fanSpeed":5,"durationMinutes":10}',
  ],
  [
    'override start plug-1 relay_on --for 1h',
    'POST /devices/plug-1/override {"action":"relay_on","durationMinutes":60}',
  ],
  ['override show fan', 'GET /devices/fan/override'],
  ['override extend fan --by 90s', 'PATCH /devices/fan/override {"extendMinutes":1.5}'],
  ['override cancel fan', 'DELETE /devices/fan/override'],
  ['override history fan', 'GET /devices/fan/overrides'],
  [
    'schedule add fan --days mon,tue --start 09:00 --end 17:00 --action setFanSpeed --value 3',
    'GET /devices/fan',
    'POST /schedules {"device_id":"fan","days":["mon","tue"],"start":"09:00",' +
      '"end":"17:00","action":"setFanSpeed","value":3}',
  ],
  [
    'schedule add Downstairs --at 2026-12-24T18:00 --for 3h --action turnOn --name Eve',
    'GET /devices/Downstairs',
    'GET /groups',
    'POST /schedules {"group_id":"g1","name":"Eve","at":"2026-12-24T18:00",' +
      '"until":"2026-12-24T21:00:00","action":"turnOn"}',
  ],
  [
    'schedule add fan --days mon --start 09:00 --end 17:00 --action turnOn --end-action none',
    'GET /devices/fan',
    'POST /schedules {"device_id":"fan","days":["mon"],"start":"09:00","end":"17:00",' +
      '"action":"turnOn","end_action":null}',
  ],
  ['schedule list', 'GET /schedules'],
  ['schedule list fan', 'GET /schedules?device_id=fan'],
  ['schedule show s1', 'GET /schedules/s1'],
  ['schedule enable s1', 'PATCH /schedules/s1 {"enabled":true}'],
  ['schedule disable s1', 'PATCH /schedules/s1 {"enabled":false}'],
  ['schedule remove s1', 'DELETE /schedules/s1'],
  ['schedule history s1', 'GET /schedules/s1/history'],
  ['why fan', 'GET /devices/fan/why'],
  ['device-config show fan', 'GET /devices/fan/config'],
  ['device-config set fan {"a":1}', 'PUT /devices/fan/config {"config":{"a":1}}'],
  ['device-config history fan', 'GET /devices/fan/config/history'],
  ['type list', 'GET /device-types'],
  ['type show heater', 'GET /device-types/heater'],
  [
    'type add {"type":"heater","label":"Heater","built_in":true}',
    'POST /device-types {"type":"heater","label":"Heater"}',
  ],
  [
    'type add {"type":"heater","label":"Heater"} --replace',
    'PUT /device-types/heater {"label":"Heater"}',
  ],
  ['type remove heater', 'DELETE /device-types/heater'],
  ['alerts', 'GET /alerts'],
  ['audit', 'GET /audit'],
  [
    'audit list --subject device:fan --action command.create --limit 5',
    'GET /audit?action=command.create&subject=device%3Afan&limit=5',
  ],
  ['query plug-1 --json', 'GET /devices/plug-1/telemetry?start=-24h&end=now&format=json'],
])('hearth %s asks %s', async (command, ...expected) => {
  const at = await CommandLine.open();
  const seen = await listenOnSocket(at.directory, someApi());

  const code = await at.run(...command.split(' '));

  expect(at.errors.text).not.toContain('hearth:');
  expect(code).toBe(0);
  expect(asked(seen)).toEqual(expected);
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
