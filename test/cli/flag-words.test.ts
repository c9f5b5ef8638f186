import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { spokenHint } from '../../src/cli/flag-words.ts';
import { CommandLine, listenOnSocket } from './command-line.ts';

it.each([
  ['GET /api/v1/groups lists the groups.', 'hearth group list lists the groups.'],
  ['GET /api/v1/device-types lists them.', 'hearth type list lists them.'],
  ['GET /api/v1/devices/fan/why says.', 'GET /api/v1/devices/fan/why says.'],
  ['PUT /api/v1/devices/a%20b/config sets one.', 'hearth device-config set a b sets one.'],
  ['PUT /api/v1/devices/%/config sets one.', 'hearth device-config set % sets one.'],
  ['GET /api/v1/people lists them.', 'hearth user list lists them.'],
  ['GET /api/v1/people/invitations lists them.', 'hearth user invitations lists them.'],
  ['GET /api/v1/join/batch lists them.', 'hearth join batches lists them.'],
  ['GET /api/v1/auth/sessions lists them.', 'GET /api/v1/auth/sessions lists them.'],
  [
    'Let them renew, or finish all the same with force: …',
    'Let them renew, or finish all the same with --force: …',
  ],
  ['Replace it with PUT.', 'To replace it, add --replace.'],
  ['/docs shows what every request may hold.', 'Add --help to see what there is.'],
  ['Choose another word.', 'Choose another word.'],
])('says for "%s": "%s"', (hint, spoken) => {
  expect(spokenHint(hint)).toBe(spoken);
});

const add = 'schedule add fan --action setFanSpeed --value 9';

it.each([
  [
    'override start fan turnOn --for 5s',
    'durationMinutes',
    'durationMinutes is 0.08333333333333333: it must be 0.1 to 1440 minutes',
    '--for is 5s: it must be 6s to 1d.',
  ],
  [
    'override start fan --fan-speed 9 --for 10m',
    'fanSpeed',
    'fanSpeed is 9: it must be a whole number from 0 to 5',
    '--fan-speed is 9: it must be a whole number from 0 to 5.',
  ],
  [
    'override extend fan --by 2d',
    'extendMinutes',
    'it would run for 2880 more minutes',
    'it would run for 2880 more minutes.',
  ],
  [
    `${add} --days mon --start 25:00 --end 10:00`,
    'start',
    'start is "25:00": that is no time',
    '--start is "25:00": that is no time.',
  ],
  [
    `${add} --at 2026-12-24T18:00 --for 8d`,
    'until',
    'until is 2027-01-01T18:00:00: over 7 days after at',
    '--for is 8d: over 7 days after at.',
  ],
  [`${add} --cron * --for 90s`, 'duration_minutes', 'duration_minutes is 1.5', '--for is 90s.'],
  [
    `${add} --days mon --start 9:00 --end 10:00`,
    'value',
    'value is 9: setFanSpeed takes 0 to 5',
    '--value is 9: setFanSpeed takes 0 to 5.',
  ],
  [
    'command fan turnOn --expires-in 9d',
    'expiresIn',
    'expiresIn is "9d": it may be 7 days at most',
    '--expires-in is "9d": it may be 7 days at most.',
  ],
])(
  'hearth %s, when the hub refuses %s, says it of the option',
  async (line, field, detail, said) => {
    const at = await CommandLine.open();
    const problem = {
      code: 'unprocessable',
      detail,
      field,
      hint: '/docs shows what every request may hold.',
    };
    const refuse = new Hono()
      .get('/devices/:id', (context) => context.json({ id: 'fan' }))
      .all('*', (context) => context.json(problem, 422));
    await listenOnSocket(at.directory, refuse);
    expect(await at.run(...line.split(' '))).toBe(65);
    expect(at.errors.text).toBe(`hearth: ${said} Add --help to see what there is.\n`);
  },
);

it('does not take a device out of a group that it is not in', async () => {
  const at = await CommandLine.open();
  const groups = [{ id: 'g1', name: 'Downstairs', devices: ['fan'] }];
  const seen = await listenOnSocket(
    at.directory,
    new Hono().get('/groups', (context) => context.json({ groups })),
  );
  expect(await at.run('group', 'members', 'Downstairs', '--remove', 'lamp')).toBe(66);
  expect(at.errors.text).toContain('Downstairs has no device "lamp"');
  expect(seen.map(({ method }) => method)).toEqual(['GET']);
});
