import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Hono } from 'hono';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ManualClock } from '../support/clock.ts';
import { asked, CommandLine, listenOnSocket, type Seen } from './command-line.ts';

const nowMs = Date.parse('2026-07-01T08:00:00Z');
const opened = { code: '8rk2-d0wq', id: null, expires_at: '2026-07-01T08:10:00.000Z' };
const waiting = {
  open: true,
  expires_at: opened.expires_at,
  id: null,
  tries_left: 5,
  joined: null,
};
const closed = { open: false, expires_at: null, id: null, tries_left: null, joined: null };
const batch = {
  id: 'b1',
  name: 'shipment-7',
  devices: 2,
  claimed: 0,
  added_at: '2026-07-01T08:00:00.000Z',
  added_by: 'local',
};
const authority = {
  name: 'Hearth',
  fingerprint: 'AB:CD',
  not_after: '2046-07-01T08:00:00.000Z',
  previous: null,
};
const rotating = {
  ...authority,
  previous: { fingerprint: '01:23', not_after: '2040-01-01T00:00:00.000Z', devices: ['plug-1'] },
};
const verdict = { ok: true, rows: 12, first: 1, last: 12, problems: [] };
const csv = 'id,public_key\nplug-1,AAAA\n';

function trustApi(): Hono {
  return new Hono()
    .post('/join/window', (context) => context.json(opened, 201))
    .get('/join/window', (context) => context.json(waiting))
    .delete('/join/window', (context) => context.body(null, 204))
    .post('/join/batch', (context) => context.json(batch, 201))
    .get('/join/batch', (context) => context.json({ batches: [batch] }))
    .delete('/join/batch/:id', (context) => context.body(null, 204))
    .get('/ca', (context) => context.json(rotating))
    .post('/ca/rotate', (context) => context.json(rotating))
    .post('/ca/rotate/finish', (context) =>
      context.json({ ...authority, shut_out: ['plug-1', 'fan'] }),
    )
    .post('/secrets/rotate', (context) => context.json({ key_id: 'k3y00001' }))
    .get('/audit', (context) => context.json({ rows: [] }))
    .get('/audit/verify', (context) => context.json(verdict))
    .get('/audit/export', (context) => context.text('seq,at\n1,2026\n'));
}

async function atHome(api = trustApi()): Promise<{ at: CommandLine; seen: Seen[] }> {
  const at = await CommandLine.open();
  at.environment = { HEARTH_HOME_TIME_ZONE: 'Asia/Kolkata' };
  at.clock = new ManualClock(nowMs);
  await writeFile(join(at.directory, 'shipment-7.csv'), csv);
  return { at, seen: await listenOnSocket(at.directory, api) };
}

it.each([
  ['join open', 'GET /join/window', 'POST /join/window {"minutes":10}'],
  [
    'join open --for 1h --id fan',
    'GET /join/window',
    'POST /join/window {"minutes":60,"id":"fan"}',
  ],
  ['join status', 'GET /join/window'],
  ['join close', 'DELETE /join/window'],
  ['join batch shipment-7.csv', `POST /join/batch?name=shipment-7 ${JSON.stringify(csv)}`],
  ['join batch shipment-7.csv --name 7', `POST /join/batch?name=7 ${JSON.stringify(csv)}`],
  ['join batches', 'GET /join/batch'],
  ['join forget b1', 'GET /join/batch', 'DELETE /join/batch/b1'],
  ['join forget Shipment-7', 'GET /join/batch', 'DELETE /join/batch/b1'],
  ['ca show', 'GET /ca'],
  ['ca rotate --yes', 'POST /ca/rotate {}'],
  ['ca rotate --finish --yes', 'POST /ca/rotate/finish {}'],
  ['ca rotate --finish --force --yes', 'POST /ca/rotate/finish {"force":true}'],
  ['secrets rotate --yes', 'POST /secrets/rotate {}'],
  [
    'audit list --actor person:Ada --outcome refused --since -7d --until 2026-07-01 --before 9',
    'GET /audit?actor=person%3AAda&outcome=refused&since=-7d&until=2026-06-30T18%3A30%3A00.000Z&before=9',
  ],
  ['audit verify', 'GET /audit/verify'],
  ['audit export --action auth', 'GET /audit/export?action=auth&format=csv'],
])('hearth %s asks %s', async (line, ...expected) => {
  const { at, seen } = await atHome();
  expect(await at.run(...line.split(' ')), at.errors.text).toBe(0);
  expect(asked(seen)).toEqual(expected);
  expect(at.output.text).toMatch(/\n$/);
});

it.each([
  [
    'join open',
    '8rk2-d0wq\n',
    'It replaces the code that was open, which lets nobody in any more.\n',
  ],
  ['join open', '8rk2-d0wq\n', 'It lets one new device in, until 2026-07-01 13:40 (Asia/Kolkata).'],
  [
    'join status',
    'A window is open for one new device until 2026-07-01 13:40 (Asia/Kolkata); 5 wrong codes close it.\n',
    '',
  ],
  ['join batch shipment-7.csv', '2 keys are registered, as the batch b1 (shipment-7).\n', ''],
  [
    'ca show',
    'SHA-256          01:23\nvalid until      2040-01-01 05:30\nstill needed by  plug-1',
    '',
  ],
  ['ca rotate --yes', 'Trusted too, until hearth ca rotate --finish', 'hearth ca rotate --finish'],
  ['ca rotate --finish --yes', 'SHA-256      AB:CD', 'Without a certificate now: plug-1, fan.'],
  [
    'secrets rotate --yes',
    'sealed with the new key k3y00001.',
    'data/hearth.key apart from the backups.',
  ],
  ['audit verify', 'The audit is whole. Rows 1 to 12: as written.\n', ''],
])('hearth %s says %s', async (line, said, noted) => {
  const { at } = await atHome();
  expect(await at.run(...line.split(' ')), at.errors.text).toBe(0);
  expect(at.output.text).toContain(said);
  expect(at.errors.text).toContain(noted);
});

it.each([
  ['join open --for 90s', 64, '--for is 90s: it takes whole minutes, 1m to 60m.'],
  ['join open --for 2h', 64, '--for is 2h: it takes whole minutes, 1m to 60m.'],
  ['join open --for 0m', 64, '--for is no time at all: "0m".'],
  ['join batch missing.csv', 66, 'the batch cannot be read: ENOENT'],
  ['ca rotate', 64, 'nothing is done without a yes.'],
  ['secrets rotate', 64, 'nothing is done without a yes.'],
  ['join forget shipmnt-7', 66, 'there is no batch "shipmnt-7". Did you mean shipment-7?'],
  ['join forget nope', 66, 'there is no batch "nope". hearth join batches shows them.'],
  ['ca rotate --finish', 64, 'nothing is done without a yes.'],
  ['audit list --since someday', 64, '--since is not a time: "someday".'],
  ['audit export --out shipment-7.csv', 73, 'shipment-7.csv is already there.'],
  ['audit export --format xml', 64, "argument 'xml' is invalid."],
])('hearth %s ends with %d and says %s', async (line, code, message) => {
  const { at, seen } = await atHome();
  expect(await at.run(...line.split(' '))).toBe(code);
  expect(at.errors.text).toContain(message);
  expect(at.output.text).toBe('');
  expect(seen.every(({ method }) => method === 'GET')).toBe(true);
});

it.each(['join open', 'join status', 'join close'])(
  'hearth %s needs a hub that runs',
  async (line) => {
    const at = await CommandLine.open();
    expect(await at.run(...line.split(' '))).toBe(69);
    expect(at.errors.text).toContain('hearth: no hub runs in');
  },
);

it('shows a person a code that can be read from across the room', async () => {
  const { at } = await atHome();
  Object.assign(at.output, { isTTY: true });
  await at.run('join', 'open');
  expect(at.output.text).toContain('│   8 R K 2 - D 0 W Q   │');
});

describe('hearth join open --watch', () => {
  const watching = async (...states: object[]) => {
    let looks = 0;
    const api = new Hono()
      .post('/join/window', (context) => context.json(opened, 201))
      .get('/join/window', (context) => {
        const state = states[Math.min(looks, states.length - 1)];
        looks += 1;
        return context.json(state);
      });
    const { at, seen } = await atHome(api);
    const clock = new ManualClock(nowMs);
    // Every look is followed by a wait: whose time is up as soon as it begins.
    at.clock = {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
      every: (periodMs, action) => clock.every(periodMs, action),
      after: (_delayMs, action) => {
        const timer = setImmediate(action);
        return () => clearImmediate(timer);
      },
    };
    return { at, clock, seen };
  };

  it('waits until a device came in, and names it', async () => {
    const { at, seen } = await watching(waiting, waiting, {
      ...waiting,
      open: false,
      joined: 'fan',
    });
    expect(await at.run('join', 'open', '--watch')).toBe(0);
    expect(at.output.text).toBe('8rk2-d0wq\nfan has come in.\n');
    expect(seen).toHaveLength(4);
  });

  it('fails when the time is over', async () => {
    const { at, clock } = await watching(waiting, closed);
    clock.step(Date.parse(opened.expires_at));
    expect(await at.run('join', 'open', '--watch')).toBe(75);
    expect(at.errors.text).toContain('hearth: no device came in.');
  });

  it.each([
    ['closed', closed],
    ['another', { ...waiting, expires_at: '2026-07-01T08:12:00.000Z' }],
  ])('fails when the window is %s', async (_, state) => {
    const { at } = await watching(waiting, state);
    expect(await at.run('join', 'open', '--watch')).toBe(73);
    expect(at.errors.text).toContain('hearth: the window was closed before a device came in.');
  });

  it('leaves the window open when it is interrupted, and says so', async () => {
    const { at, seen } = await watching(waiting);
    const ended = at.run('join', 'open', '--watch');
    await at.errors.contains('Waiting for it.');
    at.signals.emit('SIGINT');
    expect(await ended).toBe(0);
    expect(at.errors.text).toContain('The window stays open until 2026-07-01 13:40');
    expect(seen.some(({ method }) => method === 'DELETE')).toBe(false);
  });
});

describe('hearth audit', () => {
  const broken = {
    ...verdict,
    ok: false,
    rows: 6,
    last: 6,
    problems: [
      { kind: 'altered', row: 7, message: 'Row 7 is not what was written: it was altered.' },
    ],
  };
  const brokenApi = () => new Hono().get('/audit/verify', (context) => context.json(broken));

  it('ends with 1 and names the row that is not as it was written', async () => {
    const { at } = await atHome(brokenApi());
    expect(await at.run('audit', 'verify')).toBe(1);
    expect(at.output.text).toBe('');
    expect(at.errors.text).toContain('hearth: Row 7 is not what was written: it was altered.');
    expect(at.errors.text).toContain('Rows proven to be as written: 6.');
  });

  it('gives a program the verdict, and the finding besides', async () => {
    const { at } = await atHome(brokenApi());
    expect(await at.run('audit', 'verify', '--json')).toBe(1);
    expect(JSON.parse(at.output.text)).toEqual(broken);
    expect(JSON.parse(at.errors.text)).toMatchObject({ detail: broken.problems[0]?.message });
  });

  it('is exported to a file that only its owner reads', async () => {
    const { at } = await atHome();
    expect(await at.run('audit', 'export', '--out', 'audit.csv')).toBe(0);
    const path = join(at.directory, 'audit.csv');
    expect(await readFile(path, 'utf8')).toBe('seq,at\n1,2026\n');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(at.output.text).toContain('audit.csv is written, 14 B.');
  });

  it('leaves no file that ends half-way', async () => {
    const api = new Hono().get('/audit/export', () => {
      const pieces = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('seq,at\n')),
        pull: (controller) => controller.error(new Error('the hub fell over')),
      });
      return new Response(pieces);
    });
    const { at } = await atHome(api);
    // The server of this test complains of its hub.
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    onTestFinished(() => void vi.restoreAllMocks());
    expect(await at.run('audit', 'export', '--out', 'audit.csv')).toBe(69);
    expect(at.errors.text).toContain('hearth: the rows did not all arrive');
    expect(existsSync(join(at.directory, 'audit.csv'))).toBe(false);
  });
});
