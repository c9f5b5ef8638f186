import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { HomeTime } from '../../src/cli/home-time.ts';
import { daysWords } from '../../src/cli/schedule-words.ts';
import { type Why, whyText } from '../../src/cli/why.ts';
import { CommandLine, listenOnSocket } from './command-line.ts';

const zone = 'Asia/Kolkata';

/** Somebody at home, five and a half hours ahead of UTC, and a hub that answers so. */
async function atHome(api: Hono) {
  const at = await CommandLine.open();
  at.environment = { HEARTH_HOME_TIME_ZONE: zone };
  const seen = await listenOnSocket(at.directory, api);
  const says = async (...argv: string[]) => {
    at.output.text = '';
    expect(await at.run(...argv), at.errors.text).toBe(0);
    return at.output.text;
  };
  return { at, seen, says };
}

const evening = {
  id: 's1',
  name: 'Evening',
  device_id: 'fan',
  group_id: null,
  enabled: true,
  kind: 'weekly',
  days: ['mon', 'tue', 'wed', 'thu', 'fri'],
  start: '18:00',
  end: '23:00',
  action: 'setFanSpeed',
  value: 3,
  end_action: null,
  next_runs: [
    { at: '2026-03-02T12:30:00.000Z', edge: 'start', action: 'setFanSpeed', value: 3 },
    { at: '2026-03-02T17:30:00.000Z', edge: 'end', action: null, value: null },
  ],
  last_run: null,
  problem: null,
};
const night = { ...evening, id: 's2', name: 'Night', days: ['sat', 'sun'], enabled: false };
const missed = { at: '2026-03-01T17:30:00.000Z', edge: 'end', outcome: 'missed', count: 3 };
const devices = [
  { device_id: 'fan', outcome: 'already', command_id: null },
  { device_id: 'lamp', outcome: 'failed', command_id: null, error: 'it is disabled' },
];
const runs = [
  { at: '2026-03-01T12:30:00.000Z', edge: 'start', outcome: 'done', count: 1, devices },
  { ...missed, devices: [] },
];
const override = {
  id: 'o1',
  device_id: 'fan',
  action: 'setFanSpeed',
  value: 5,
  status: 'active',
  started_at: '2026-03-01T12:30:00.000Z',
  ends_at: '2026-03-01T12:40:00.000Z',
  remaining_seconds: 600,
  previous: { fanSpeed: 2, powerOn: true },
  requested_by: 'local',
  command_id: 'c1',
  ended_because: null,
};

describe('the time at home', () => {
  it.each([
    ['2026-03-29T00:59:00Z', '2026-03-29 01:59'],
    ['2026-03-29T01:00:00Z', '2026-03-29 03:00'],
    ['2025-12-31T23:30:00Z', '2026-01-01 00:30'],
    [null, ''],
    ['soon', ''],
  ])('is for %s %j', (iso, shown) => {
    expect(new HomeTime('Europe/Berlin').minute(iso)).toBe(shown);
  });

  it('is that of the settings of the data directory; of the machine where they are broken', async () => {
    const { at, says } = await atHome(
      new Hono().get('/devices/:id/override', (context) => context.json(override)),
    );
    expect(await says('override', 'show', 'fan')).toContain(
      'until 2026-03-01 18:10 (Asia/Kolkata)',
    );
    at.environment = { HEARTH_HOME_TIME_ZONE: 'Nowhere' };
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    expect(await says('override', 'show', 'fan')).toContain(`(${own})`);
  });
});

it.each([
  ['mon,tue,wed,thu,fri,sat,sun', 'every day'],
  ['mon,tue,wed,thu,fri', 'weekdays'],
  ['sat,sun', 'weekends'],
  ['mon,wed', 'mon, wed'],
])('calls %s %s', (days, words) => {
  expect(daysWords(days.split(','))).toBe(words);
});

describe('schedules', () => {
  const api = () =>
    new Hono()
      .get('/schedules', (context) => context.json({ schedules: [evening, night] }))
      .get('/schedules/:id', (context) => context.json({ ...evening, last_run: runs[0] }))
      .get('/schedules/:id/history', (context) => context.json({ runs }))
      .get('/devices/:id', (context) => context.json({ id: 'fan' }))
      .post('/schedules', (context) => context.json({ ...evening, overlaps: ['s2'] }, 201))
      .patch('/schedules/:id', (context) => context.json({ ...evening, overlaps: ['s2'] }));

  it('are listed with the days in words and the next time at home', async () => {
    const { says } = await atHome(api());
    expect(await says('schedule', 'list')).toBe(
      [
        'ID  NAME     FOR  WHEN                     DOES           ENABLED  NEXT',
        's1  Evening  fan  weekdays 18:00 to 23:00  setFanSpeed 3  yes      2026-03-02 18:00',
        's2  Night    fan  weekends 18:00 to 23:00  setFanSpeed 3  no       2026-03-02 18:00',
        '',
        `Times: ${zone}`,
        '',
      ].join('\n'),
    );
  });

  it('are shown as text', async () => {
    const { says } = await atHome(api());
    expect(await says('schedule', 'show', 's1')).toBe(
      [
        'id          s1',
        'name        Evening',
        'for         fan',
        'when        weekdays 18:00 to 23:00',
        'does        setFanSpeed 3',
        'at its end  leaves it as it is',
        'enabled     yes',
        'last run    2026-03-01 18:00, began; fan was so already; lamp could not be told: it is disabled',
        '',
        'NEXT              WHAT    DOES',
        '2026-03-02 18:00  begins  setFanSpeed 3',
        '2026-03-02 23:00  ends    leaves it as it is',
        '',
        `Times: ${zone}`,
        '',
      ].join('\n'),
    );
  });

  it('have their history told', async () => {
    const { says } = await atHome(api());
    expect(await says('schedule', 'history', 's1')).toBe(
      [
        'WHEN              WHAT                             DEVICES',
        '2026-03-01 18:00  began                            fan was so already; lamp could not be told: it is disabled',
        '2026-03-01 23:00  ended: missed, with 2 before it',
        '',
        `Times: ${zone}`,
        '',
      ].join('\n'),
    );
  });

  it.each([
    ['schedule show s1 --json', { ...evening, last_run: runs[0] }],
    ['schedule history s1 --json', { runs }],
  ])('hearth %s gives what the hub said', async (line, answer) => {
    const { says } = await atHome(api());
    expect(JSON.parse(await says(...line.split(' ')))).toEqual(answer);
  });

  it('say what they overlap with, and when they run next', async () => {
    const { seen, says } = await atHome(api());
    const add = 'schedule add fan --days weekdays --start 18:00 --end 23:00 --action turnOn';
    const overlap = [
      'At times it overlaps with others; of those, the one that began last holds:',
      '  Night (s2): weekends 18:00 to 23:00, setFanSpeed 3',
      '',
    ];
    const next = 'Next it begins at 2026-03-02 18:00 (Asia/Kolkata): setFanSpeed 3.';
    expect(await says(...add.split(' '))).toBe(
      [`The schedule s1 is added. ${next}`, ...overlap].join('\n'),
    );
    expect(await says('schedule', 'enable', 's1')).toBe(
      [`The schedule s1 is enabled. ${next}`, ...overlap].join('\n'),
    );
    const before = seen.length;
    expect(JSON.parse(await says(...add.split(' '), '--json'))).toMatchObject({ overlaps: ['s2'] });
    expect(seen.slice(before).map(({ method }) => method)).toEqual(['GET', 'POST']);
  });
});

describe('overrides', () => {
  const api = () =>
    new Hono()
      .get('/devices/:id/override', (context) => context.json(override))
      .get('/devices/:id/overrides', (context) => context.json({ overrides: [override] }));

  it('are shown with the times at home and the state before', async () => {
    const { says } = await atHome(api());
    expect(await says('override', 'show', 'fan')).toBe(
      [
        `fan: setFanSpeed 5 until 2026-03-01 18:10 (${zone}), another 10 min. Before: fanSpeed 2, powerOn true.`,
        '',
        'began    2026-03-01 18:00',
        'by       local',
        'command  c1',
        '',
      ].join('\n'),
    );
    expect(await says('override', 'history', 'fan')).toMatch(
      /^2026-03-01 18:00 {2}2026-03-01 18:10 .*\n\nTimes: Asia\/Kolkata\n$/m,
    );
  });

  it('do not say how long they run while nobody knows', async () => {
    const { says } = await atHome(
      new Hono().get('/devices/:id/override', (context) =>
        context.json({ ...override, remaining_seconds: null }),
      ),
    );
    expect(await says('override', 'show', 'fan')).toContain("while the hub's clock is behind");
  });
});

it('shows all that became of a command at the time at home, to the millisecond', async () => {
  const history = [{ at: '2026-03-01T12:30:00.041Z', event: 'created', detail: '' }];
  const command = {
    id: 'c1',
    device_id: 'fan',
    action: 'turnOn',
    status: 'sent',
    attempts: 1,
    created_at: '2026-03-01T12:30:00.041Z',
    error: null,
    history,
  };
  const { says } = await atHome(
    new Hono().get('/commands/:id', (context) => context.json(command)),
  );
  const text = await says('commands', 'show', 'c1');
  expect(text).toContain('created at  2026-03-01 18:00:00.041\n');
  expect(text).toContain('2026-03-01 18:00:00.041  created');
  expect(text).not.toContain('Z\n');
  expect(text).toMatch(/\n\nTimes: Asia\/Kolkata\n$/);
});

const why: Why = {
  device_id: 'fan',
  holds: { action: 'setFanSpeed', value: 3 },
  because: { text: 'Evening (18:00–23:00) began at 18:00' },
  since: '2026-03-02T12:30:00.000Z',
  until: '2026-03-02T17:30:00.000Z',
  next: { text: 'Evening (18:00–23:00) ends at 23:00' },
  considered: [
    { text: 'Set by hand at 17:12', holds: false },
    { text: 'Evening (18:00–23:00): setFanSpeed 3, open since 18:00', holds: true },
  ],
  reported: { fanSpeed: 3 },
  agrees: 'agrees',
  settled: true,
};

describe('hearth why', () => {
  it('says in sentences what holds, since when, why, until when and what else there is', async () => {
    const { says } = await atHome(
      new Hono().get('/devices/:id/why', (context) => context.json(why)),
    );
    expect(await says('why', 'fan')).toBe(
      [
        `For fan, setFanSpeed 3 holds since 2026-03-02 18:00 (${zone}), until 2026-03-02 23:00.`,
        'Why: Evening (18:00–23:00) began at 18:00.',
        'Next: Evening (18:00–23:00) ends at 23:00.',
        'The device reports that it is so: fanSpeed 3.',
        '',
        'Also there, and not in force now:',
        '  Set by hand at 17:12',
        '',
      ].join('\n'),
    );
    expect(JSON.parse(await says('why', 'fan', '--json'))).toEqual(why);
  });

  it.each<[Partial<Why>, string]>([
    [{ holds: { state: { powerOn: false } } }, 'For fan, powerOn false holds since'],
    [{ holds: null, since: null, until: null, agrees: null }, 'fan is left as it is.\n'],
    [{ since: null }, `setFanSpeed 3 holds until 2026-03-02 23:00 (${zone}).\n`],
    [{ agrees: 'differs' }, 'The device took it, but reports otherwise: fanSpeed 3.'],
    [
      { agrees: 'differs', settled: false },
      'The device has not taken it yet, and reports otherwise: fanSpeed 3.',
    ],
    [{ agrees: 'unknown' }, 'The device took it, and has not reported it.'],
    [{ agrees: 'unknown', settled: false }, 'The device has not taken it yet.'],
    [
      { because: { text: 'You set it by hand at 18:00; the next edge is 23:00' } },
      'You set it by hand at 18:00; the next change is at 23:00.',
    ],
    [{ because: { text: 'Evening \u001b[2J began' } }, 'Evening ·[2J began.'],
  ])('of %j says %s', (part, expected) => {
    expect(whyText({ ...why, ...part }, new HomeTime(zone))).toContain(expected);
  });
});

it.each([
  ['2026-03-01', '2026-02-28T18:30:00.000Z'],
  ['2026-03-01 18:30', '2026-03-01T13:00:00.000Z'],
  ['2026-03-01T18:30:15', '2026-03-01T13:00:15.000Z'],
  ['2026-03-01T18:30Z', '2026-03-01T18:30:00.000Z'],
  ['2026-03-01T18:30+01:00', '2026-03-01T17:30:00.000Z'],
  ['2026-02-30T25:00', undefined],
  ['tomorrow', undefined],
  ['18:30', undefined],
  ['', undefined],
])('takes %s, as it is typed at home, for %s', (text, instant) => {
  expect(new HomeTime(zone).instant(text)).toBe(instant);
});

it('takes a time that the clock change leaves out for the change itself', () => {
  const berlin = new HomeTime('Europe/Berlin');
  expect(berlin.instant('2026-03-29T02:30')).toBe('2026-03-29T01:00:00.000Z');
  expect(berlin.instant('2026-07-05T20:00')).toBe('2026-07-05T18:00:00.000Z');
});
