import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../support/clock.ts';
import { asked, CommandLine, listenOnSocket } from './command-line.ts';

const nowMs = Date.parse('2026-07-01T08:00:00Z');
const password = 'copper kettle on the hob';

const ada = {
  id: 'p1',
  name: 'Ada',
  email: 'ada@example.org',
  role: 'guest',
  state: 'active',
  has_password: true,
  second_factor: true,
  created_at: '2026-01-31T08:00:00.000Z',
  last_used_at: '2026-07-01T07:57:00.000Z',
};
const others = [
  { ...ada, id: 'p2', name: 'Bo', email: 'bo@example.org', role: 'owner', second_factor: false },
  { ...ada, id: 'p3', name: 'Bo', email: 'bo@example.com', state: 'disabled', last_used_at: null },
];
const share = {
  id: 's1',
  person_id: 'p1',
  device_id: 'porch-lamp',
  room: null,
  access: 'control',
  until: '2026-07-05T14:30:00.000Z',
  given_by: 'local',
  created_at: '2026-07-01T08:00:00.000Z',
};
const invitation = {
  id: 'i1',
  role: 'member',
  email: null,
  invited_by: 'local',
  created_at: '2026-07-01T08:00:00.000Z',
  expires_at: '2026-07-08T08:00:00.000Z',
};
const session = {
  id: 'x1',
  method: 'password',
  user_agent: 'Mozilla/5.0',
  address: '192.168.1.7',
  created_at: '2026-06-30T08:00:00.000Z',
  last_used_at: '2026-07-01T07:59:00.000Z',
  expires_at: '2026-07-30T08:00:00.000Z',
};

function peopleApi(): Hono {
  return new Hono()
    .get('/people', (context) => context.json({ people: [ada, ...others] }))
    .post('/people', async (context) =>
      context.json({ ...ada, ...(await context.req.json()) }, 201),
    )
    .get('/people/invitations', (context) => context.json({ invitations: [invitation] }))
    .post('/people/invitations', (context) =>
      context.json({ ...invitation, code: 'c0de', url: '/#/join?invitation=c0de' }, 201),
    )
    .delete('/people/invitations/:id', (context) => context.body(null, 204))
    .patch('/people/:id', async (context) =>
      context.json({ ...ada, ...(await context.req.json()) }),
    )
    .delete('/people/:id', (context) => context.body(null, 204))
    .put('/people/:id/password', (context) => context.body(null, 204))
    .delete('/people/:id/2fa', (context) => context.body(null, 204))
    .get('/people/:id/sessions', (context) => context.json({ sessions: [session] }))
    .delete('/people/:id/sessions', (context) => context.body(null, 204))
    .get('/people/:id/shares', (context) => context.json({ shares: [share] }))
    .get('/shares', (context) => context.json({ shares: [share] }))
    .post('/shares', async (context) =>
      context.json({ ...share, until: null, ...(await context.req.json()) }, 201),
    )
    .delete('/shares/:id', (context) => context.body(null, 204))
    .get('/status', (context) => context.json({ addresses: { https: { port: 8443 } } }))
    .get('/devices', (context) =>
      context.json({ devices: [{ id: 'porch-lamp', name: 'Porch lamp' }] }),
    )
    .get('/rooms', (context) => context.json({ rooms: [{ id: 'r1', name: 'Guest room' }] }));
}

/** Somebody five and a half hours ahead of UTC, with a password in a file. */
async function atHome(api = peopleApi()) {
  const at = await CommandLine.open();
  at.environment = { HEARTH_HOME_TIME_ZONE: 'Asia/Kolkata' };
  at.clock = new ManualClock(nowMs);
  await writeFile(join(at.directory, 'secret'), `${password}\nnot this\n`);
  return { at, seen: await listenOnSocket(at.directory, api) };
}

/** Words with blanks between them; `_` for a blank in a word. */
const words = (line: string): string[] => line.split(' ').map((word) => word.replaceAll('_', ' '));

it.each([
  [
    'user add new@example.org --name New_Ones --role member --password-file secret',
    'GET /people',
    `POST /people {"email":"new@example.org","name":"New Ones","role":"member","password":"${password}"}`,
  ],
  [
    'user add new@example.org --role member --invite',
    'POST /people/invitations {"role":"member","email":"new@example.org"}',
    'GET /status',
  ],
  ['user list', 'GET /people'],
  ['user show ada', 'GET /people', 'GET /people/p1/shares', 'GET /devices', 'GET /rooms'],
  ['user show p2', 'GET /people'],
  ['user role ADA@example.org admin', 'GET /people', 'PATCH /people/p1 {"role":"admin"}'],
  [
    'user passwd ada --password-file secret',
    'GET /people',
    `PUT /people/p1/password {"new_password":"${password}"}`,
  ],
  ['user reset-2fa ada', 'GET /people', 'DELETE /people/p1/2fa'],
  ['user disable ada', 'GET /people', 'PATCH /people/p1 {"disabled":true}'],
  ['user enable ada', 'GET /people', 'PATCH /people/p1 {"disabled":false}'],
  ['user remove ada --yes', 'GET /people', 'DELETE /people/p1'],
  ['user sessions ada', 'GET /people', 'GET /people/p1/sessions'],
  ['user sign-out ada', 'GET /people', 'DELETE /people/p1/sessions'],
  ['user invite --role guest', 'POST /people/invitations {"role":"guest"}', 'GET /status'],
  [
    'user invite new@example.org --role guest --expires-in 2d --json',
    'POST /people/invitations {"role":"guest","email":"new@example.org","expires_in":"2d"}',
    'GET /status',
  ],
  ['user invitations', 'GET /people/invitations'],
  ['user withdraw i1', 'DELETE /people/invitations/i1'],
  ['share list', 'GET /shares', 'GET /people', 'GET /devices', 'GET /rooms'],
  [
    'share list --person ada',
    'GET /people',
    'GET /shares?person_id=p1',
    'GET /people',
    'GET /devices',
    'GET /rooms',
  ],
  [
    'share give porch-lamp ada control --until 2026-07-05T20:00',
    'GET /devices',
    'GET /rooms',
    'GET /people',
    'POST /shares {"person_id":"p1","device_id":"porch-lamp","access":"control",' +
      '"until":"2026-07-05T14:30:00.000Z"}',
  ],
  [
    'share give guest_room ada read --for 3d',
    'GET /devices',
    'GET /rooms',
    'GET /people',
    'POST /shares {"person_id":"p1","room":"r1","access":"read","until":"2026-07-04T08:00:00.000Z"}',
  ],
  [
    'share give porch-lamp ada read',
    'GET /devices',
    'GET /rooms',
    'GET /people',
    'POST /shares {"person_id":"p1","device_id":"porch-lamp","access":"read"}',
  ],
  ['share end s1', 'DELETE /shares/s1'],
  [
    'share end Porch_lamp ada',
    'GET /devices',
    'GET /rooms',
    'GET /people',
    'GET /shares?person_id=p1&device_id=porch-lamp',
    'DELETE /shares/s1',
  ],
])('hearth %s asks %s', async (line, ...expected) => {
  const { at, seen } = await atHome();
  expect(await at.run(...words(line)), at.errors.text).toBe(0);
  expect(asked(seen)).toEqual(expected);
  expect(at.output.text).toMatch(/\n$/);
  expect(at.output.text + at.errors.text).not.toContain(password);
});

it.each<[string, string, string]>([
  [
    'user list',
    'ada@example.org  Ada   guest  active    yes            3 min ago  p1\n' +
      'bo@example.org   Bo    owner  active    no             3 min ago  p2\n' +
      'bo@example.com   Bo    guest  disabled  yes                       p3',
    '',
  ],
  ['user role ada admin', 'Ada is an admin now, and signs in anew.', ''],
  [
    'user passwd ada --password-file secret',
    'Ada has a new password, and is signed out everywhere.',
    'hearth user reset-2fa ada',
  ],
  [
    'user passwd bo@example.com --password-file secret',
    'Bo has a new password, and is signed out everywhere.',
    'hearth user enable bo@example.com',
  ],
  ['user disable ada', 'cannot sign in again.', 'hearth user enable ada@example.org'],
  ['user sessions ada', '1 min ago  2026-07-30 13:30  password  192.168.1.7', ''],
  [
    'user invite --role member',
    '/#/join?invitation=c0de',
    'Whoever has it can join with it as member, once, until 2026-07-08 13:30 (Asia/Kolkata).',
  ],
  [
    'user invite new@example.org --role member',
    ':8443/#/join?invitation=c0de',
    'new@example.org, and nobody else, can join with it as member, once,',
  ],
  ['user invitations', 'i1  whoever has it  member  local  2026-07-01 13:30  2026-07-08 13:30', ''],
  ['user show ada', 'porch-lamp  control  2026-07-05 20:00', ''],
  ['share list', 's1  Ada     porch-lamp  control  2026-07-05 20:00  local', ''],
  [
    'share give porch-lamp ada control --for 12h',
    'Ada sees and controls Porch lamp until 2026-07-02 01:30 (Asia/Kolkata).',
    'hearth share end s1',
  ],
  [
    'share give guest_room ada read',
    'Ada sees all that stands in Guest room until that is ended.',
    'hearth share end s1',
  ],
])('hearth %s says %s', async (line, said, noted) => {
  const { at } = await atHome();
  expect(await at.run(...words(line)), at.errors.text).toBe(0);
  expect(at.output.text).toContain(said);
  expect(at.errors.text).toContain(noted);
});

it.each([
  ['user show adda', 66, 'there is no person "adda". Did you mean Ada? hearth user list'],
  ['user show nobody', 66, 'there is no person "nobody". hearth user list shows them.'],
  ['user show bo', 73, '2 people are called "bo". Give an id: p2, p3.'],
  ['user show bo@example.or', 66, 'Did you mean bo@example.org?'],
  ['user add x@example.org --role member', 64, '--name is missing: what they are called.'],
  ['user add x@example.org --name X', 64, "required option '--role <role>' not specified."],
  ['user add x@example.org --name X --role service', 64, "argument 'service' is invalid."],
  [
    'user add Ada@example.org --name X --role member --password-file secret',
    73,
    'Ada has the email Ada@example.org already.',
  ],
  [
    'user add x@example.org --name X --role member --password hunter2',
    64,
    'a password is not taken from the command line.',
  ],
  ['user passwd ada --password=hunter2', 64, 'a password is not taken from the command line.'],
  ['user passwd ada --password', 64, 'a password is not taken from the command line.'],
  ['user passwd ada --password-file missing', 66, 'the password cannot be read: ENOENT'],
  ['user passwd ada', 64, 'no password was given.'],
  ['user remove ada', 64, 'nothing is done without a yes.'],
  ['share give porch-lmap ada read', 66, 'there is no device or room "porch-lmap". Did you mean'],
  ['share give porch-lamp ada read --for 0m', 64, '--for is no time at all: "0m".'],
  ['share give porch-lamp ada read --for soon', 64, '--for is not a duration: "soon".'],
  ['share give porch-lamp ada read --until noon', 64, '--until is not a time: "noon".'],
  [
    'share give porch-lamp ada read --until 2026-08-01 --for 3d',
    64,
    'share give takes --until or --for, not both.',
  ],
  ['device api-key a --now --overlap 1h', 64, 'device api-key takes one of --overlap, --now and'],
])('hearth %s ends with %d and says %s', async (line, code, message) => {
  const { at, seen } = await atHome();
  expect(await at.run(...words(line))).toBe(code);
  expect(at.errors.text).toContain(message);
  expect(at.errors.text).not.toContain('hunter2');
  expect(at.output.text).toBe('');
  expect(seen.every(({ method }) => method === 'GET')).toBe(true);
});

it('says which word of a request was wrong by its option', async () => {
  const api = new Hono()
    .get('/people', (context) => context.json({ people: [] }))
    .post('/people/invitations', (context) =>
      context.json({ code: 'bad_request', detail: 'expires_in is 40d', field: 'expires_in' }, 400),
    )
    .post('/tokens', (context) =>
      context.json(
        { code: 'bad_request', detail: 'scopes.1 is no action', field: 'scopes.1' },
        400,
      ),
    );
  const { at } = await atHome(api);
  await at.run('user', 'invite', '--role', 'guest', '--expires-in', '40d');
  expect(at.errors.text).toContain('hearth: --expires-in is 40d.');
  await at.run(...words('token create --name n --role service --scope a.b --scope c'));
  expect(at.errors.text).toContain('hearth: --scope is no action.');
});

it.each([
  [
    'person_id',
    'person_id is "p1": the role member sees the whole home already',
    'nothing can be shared with Ada: the role member sees the whole home already.',
  ],
  [
    'access',
    'access is "look": Invalid option: expected one of "read"|"control"',
    'access is "look": it can be read or control.',
  ],
])('says of a share with a wrong %s what is wrong, in words', async (field, detail, said) => {
  const people = [{ id: 'p1', name: 'Ada', email: 'ada@example.org', role: 'member' }];
  const api = new Hono()
    .get('/people', (context) => context.json({ people }))
    .get('/devices', (context) => context.json({ devices: [{ id: 'lamp', name: 'Lamp' }] }))
    .get('/rooms', (context) => context.json({ rooms: [] }))
    .post('/shares', (context) => context.json({ code: 'unprocessable', detail, field }, 422));
  const { at } = await atHome(api);
  expect(await at.run(...words('share give lamp ada look'))).toBe(65);
  expect(at.errors.text).toContain(`hearth: ${said}`);
});

describe('a password at the terminal', () => {
  const onTerminal = async (typed: readonly string[]) => {
    const { at, seen } = await atHome();
    at.input = Object.assign(Readable.from(typed), { isTTY: true });
    Object.assign(at.errors, { isTTY: true });
    const sent = () => seen.find(({ method }) => method === 'PUT')?.body;
    return { at, sent };
  };

  it.each([
    ['in one go', [`${password}\n${password}\n`]],
    ['line by line', [`${password}\n`, `${password}\n`]],
    ['letter by letter', [...`${password}\r${password}\r`]],
    ['with a slip of the finger', [`${password}x\u007f\n`, `${password}\n`]],
  ])('is asked for twice and shown nowhere, typed %s', async (_, typed) => {
    const { at, sent } = await onTerminal(typed);
    expect(await at.run('user', 'passwd', 'ada'), at.errors.text).toBe(0);
    expect(sent()).toEqual({ new_password: password });
    expect(at.errors.text).toContain('New password for Ada: \nThe same again: \n');
    expect(at.errors.text + at.output.text).not.toContain(password.slice(0, 6));
  });

  it.each([
    ['differ', [`${password}\n${password}!\n`], 'the two passwords are not the same.'],
    ['are nothing', ['\n\n'], 'no password was given.'],
    ['end', [`${password}\n`], 'no password was given.'],
    ['are given up by Ctrl-C', ['copper\u0003'], 'no password was given.'],
  ])('is not set when the two %s', async (_, typed, message) => {
    const { at, sent } = await onTerminal(typed);
    expect(await at.run('user', 'passwd', 'ada')).toBe(64);
    expect(at.errors.text).toContain(`hearth: ${message}`);
    expect(sent()).toBeUndefined();
  });

  it('is not asked for where nobody of that name is', async () => {
    const { at } = await onTerminal([]);
    expect(await at.run('user', 'passwd', 'nobody')).toBe(66);
    expect(at.errors.text).not.toContain('New password');
  });

  it.each([[[`${password}\n`]], [[`${password}\r\n`, 'more\n']], [[password]]])(
    'is the first line of what is piped in: %j',
    async (piped) => {
      const { at, seen } = await atHome();
      at.input = Readable.from(piped);
      expect(await at.run('user', 'passwd', 'ada')).toBe(0);
      expect(seen.at(-1)?.body).toEqual({ new_password: password });
    },
  );
});

it('says what a token may, and when each was used', async () => {
  const token = { id: 't1', name: 'shelf', role: 'service', scopes: ['devices.read'] };
  const api = new Hono()
    .post('/tokens', (context) => context.json({ ...token, token: 'hearth_secret' }, 201))
    .get('/tokens', (context) =>
      context.json({ tokens: [{ ...token, last_used_at: '2026-07-01T06:00:00.000Z' }] }),
    );
  const { at } = await atHome(api);
  await at.run(...words('token create --name shelf --role service --scope devices.read'));
  expect(at.output.text).toBe('hearth_secret\n');
  expect(at.errors.text).toContain('It may: devices.read.\n');
  await at.run('token', 'list');
  expect(at.output.text).toContain('t1  shelf  service  devices.read');
  expect(at.output.text).toContain('2 h ago');
});

it('says until when the key before the new one works', async () => {
  const api = new Hono().post('/devices/:id/api-key', (context) =>
    context.json({ api_key: 'secret', previous_valid_until: '2026-07-02T08:00:00.000Z' }),
  );
  const { at } = await atHome(api);
  await at.run('device', 'api-key', 'plug-1');
  expect(at.output.text).toBe('secret\n');
  expect(at.errors.text).toContain(
    'The key before it works until 2026-07-02 13:30 (Asia/Kolkata). ' +
      'Void it now: hearth device api-key plug-1 --void-previous',
  );
});
