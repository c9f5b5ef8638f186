import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { readSceneWord } from '../../src/cli/scene.ts';
import { daysOf, scheduleBody } from '../../src/cli/schedule-body.ts';
import { readValue } from '../../src/cli/value.ts';
import { CommandLine, listenOnSocket } from './command-line.ts';

const atMs = (ms: number) => new Date(Date.UTC(2026, 0, 31, 8, 0, 0, ms)).toISOString();
const command = {
  id: 'c1',
  device_id: 'kitchen-plug',
  action: 'relay_on',
  value: null,
  status: 'sent',
  attempts: 1,
  created_at: atMs(0),
  expires_at: atMs(90_000),
  acknowledged_at: null,
  confirmed_at: null,
  error: null,
  source: 'manual',
  requested_by: 'local',
};

const type = {
  retry: { attempts: 3 },
  actions: [
    { name: 'relay_on', sets: { relay_state: true } },
    { name: 'setFanSpeed', sets: { fanSpeed: { from: 'value' } } },
    { name: 'beep' },
  ],
};

async function hubThatSays(answer: object, online = false) {
  const at = await CommandLine.open();
  at.environment = { HEARTH_HOME_TIME_ZONE: 'Asia/Kolkata' };
  const api = new Hono()
    .post('/devices/:id/commands', (context) => context.json({ ...command, ...answer }, 202))
    .get('/devices/:id', (context) => context.json({ status: online ? 'online' : 'offline' }))
    .get('/devices/:id/type', (context) => context.json(type));
  return { at, seen: await listenOnSocket(at.directory, api) };
}

describe('hearth command', () => {
  it.each<[string, object, number, string]>([
    [
      '--wait',
      { status: 'confirmed', confirmed_at: atMs(41) },
      0,
      'kitchen-plug confirmed relay_on after 41 ms.',
    ],
    [
      '--wait',
      { status: 'acknowledged', acknowledged_at: atMs(9), action: 'setFanSpeed', value: 3 },
      0,
      'kitchen-plug acknowledged setFanSpeed 3 after 9 ms, but has not reported it yet.',
    ],
    [
      '--wait',
      { status: 'acknowledged', acknowledged_at: atMs(9), action: 'beep' },
      0,
      'kitchen-plug acknowledged beep after 9 ms.',
    ],
    [
      '--wait',
      {
        status: 'acknowledged',
        acknowledged_at: atMs(9),
        action: 'setFanSpeed',
        value: 5,
        error: 'the device reports fanSpeed 2 instead of 5',
      },
      69,
      'kitchen-plug acknowledged setFanSpeed 5 after 9 ms, but the device reports fanSpeed 2 ' +
        'instead of 5.',
    ],
    ['', { status: 'queued' }, 0, 'queued: kitchen-plug is offline; attempt 1 of 3.'],
    [
      '--expires-in 2m',
      { status: 'queued' },
      0,
      'queued: kitchen-plug is offline; it is kept until 2026-01-31 13:31 (Asia/Kolkata).',
    ],
    [
      '',
      { status: 'sent', attempts: 2 },
      0,
      'relay_on is sent to kitchen-plug, which has not answered yet; attempt 2 of 3.',
    ],
    [
      '--wait 2s',
      { status: 'delivered' },
      75,
      'relay_on has reached kitchen-plug, which has not answered yet; attempt 1 of 3; waited 2s.',
    ],
    [
      '--wait',
      { status: 'rejected', error: 'too \u001bhot' },
      65,
      'kitchen-plug refused relay_on: too ·hot.',
    ],
    ['--wait', { status: 'expired' }, 75, 'relay_on expired before kitchen-plug took it.'],
    [
      '--wait 60s',
      { status: 'timed_out', attempts: 3 },
      75,
      'kitchen-plug did not answer relay_on: given up after 3 attempts.',
    ],
    ['--wait', { status: 'cancelled' }, 73, 'relay_on is cancelled.'],
  ])('%s with %j ends with %d and says %s', async (options, answer, code, sentence) => {
    const { at } = await hubThatSays(answer);
    const argv = ['command', 'kitchen-plug', 'relay_on', ...options.split(' ')];
    expect(await at.run(...argv.filter((word) => word !== ''))).toBe(code);
    // What failed is said once: where errors are.
    expect(at.output.text).toBe(code === 0 ? `${sentence}\n` : '');
    if (code !== 0) expect(at.errors.text.startsWith(`hearth: ${sentence} `)).toBe(true);
    expect(at.errors.text.trim().split('\n')).toHaveLength(1);
    expect(at.errors.text.includes('hearth commands show c1')).toBe(
      code !== 0 || !/d (relay|set|beep)/.test(sentence),
    );
  });

  it('says that a device that is there does not listen', async () => {
    const { at } = await hubThatSays({ status: 'queued' }, true);
    await at.run('command', 'kitchen-plug', 'relay_on');
    expect(at.output.text).toContain('is online but does not listen for commands; attempt 1 of 3.');
  });

  it('gives a program the command, and the failure besides', async () => {
    const { at } = await hubThatSays({ status: 'rejected', error: 'no' });
    expect(await at.run('command', 'kitchen-plug', 'relay_on', '--wait', '--json')).toBe(65);
    expect(JSON.parse(at.output.text)).toMatchObject({ id: 'c1', status: 'rejected' });
    expect(JSON.parse(at.errors.text)).toMatchObject({ code: 'unprocessable' });
  });

  it('has the hub wait as long as it is told to', async () => {
    const { at, seen } = await hubThatSays({ status: 'confirmed', confirmed_at: atMs(1) });
    await at.run('command', 'kitchen-plug', 'relay_on', '--wait', '45s');
    await at.run('command', 'kitchen-plug', 'relay_on', '--wait');
    expect(seen.map(({ path }) => path)).toEqual([
      '/api/v1/devices/kitchen-plug/commands?wait=45s',
      '/api/v1/devices/kitchen-plug/commands?wait=10s',
    ]);
  });

  it.each([
    ['command plug relay_on --wait 61s', 64, '--wait is 61s: it takes at most 60s.'],
    ['scene run night --wait 2m', 64, '--wait is 2m: it takes at most 60s.'],
    ['group command all turnOff --wait 2m', 64, '--wait is 2m: it takes at most 60s.'],
    ['override start fan --fan-speed=abc --for 10m', 64, '--fan-speed takes a number, not "abc".'],
    ['override start fan --fan-speed= --for 10m', 64, '--fan-speed takes a number, not "".'],
    [
      'schedule add fan --at 2026-12-24T18:00 --action x --end-action turnOff',
      64,
      '--end-action needs --for: without it nothing ends.',
    ],
    ['device set fan', 64, 'device set takes what is to change.'],
    ['group members all', 64, 'group members takes --add, --remove or both.'],
    ['group members all --add a,,b', 64, '--add takes ids with commas'],
    ['scene set Night fan', 64, '"fan" is no command of a scene.'],
    [
      'schedule add fan --days mon --start 9 --end 10 --action x --end-action none --end-value 1',
      64,
      '--end-value says nothing with --end-action none.',
    ],
    ['command plug relay_on --wait soon', 64, '--wait is not a duration: "soon".'],
    ['command plug relay_on --expires-in 5', 64, '--expires-in is not a duration: "5".'],
    ['command plug', 64, "missing required argument 'action'."],
    ['override start fan --for 10m', 64, 'override start takes an action, or --fan-speed.'],
    [
      'override start fan turnOn --fan-speed 3 --for 10m',
      64,
      'override start takes an action, or --fan-speed.',
    ],
    ['override start fan turnOn --for 0m', 64, '--for is no time at all: "0m".'],
    ['scene add Night fan', 64, '"fan" is no command of a scene.'],
    ['schedule add fan --action turnOn', 64, 'schedule add takes one of --days, --at and --cron.'],
    ['schedule add fan --days mon --start 9:00 --action x', 64, '--end is missing'],
    ['schedule add fan --days mno --start 9 --end 10 --action x', 64, '--days has "mno"'],
    ['schedule add fan --at noon --for 5m --action x', 64, '--at is not a time: "noon".'],
    ['device-config set fan {"a":', 65, 'document is no JSON'],
    ['device-config set fan missing.json', 66, 'document cannot be read: ENOENT'],
    ['type add {}', 65, 'the type has no name.'],
  ])('hearth %s ends with %d and says %s', async (line, code, message) => {
    const { at } = await hubThatSays({});
    expect(await at.run(...line.split(' '))).toBe(code);
    expect(at.errors.text).toContain(`hearth: ${message}`);
    expect(at.output.text).toBe('');
  });

  it.each([
    'command plug relay_on',
    'group command all turnOff',
    'scene run night',
    'override start fan turnOn --for 10m',
    'override extend fan --by 10m',
    'override cancel fan',
  ])('hearth %s needs a hub that runs', async (line) => {
    const at = await CommandLine.open();
    expect(await at.run(...line.split(' '))).toBe(69);
    expect(at.errors.text).toContain('hearth: no hub runs in');
    expect(at.errors.text).toContain('hearth start');
  });
});

describe('several commands at once', () => {
  it.each([
    ['done', [], 0, ''],
    ['pending', [], 75, 'not every device has answered within 3s'],
    [
      'partly',
      [{ device_id: 'fan', code: 'unprocessable', message: 'setFanSpeed takes 0 to 5' }],
      69,
      'not every device did it',
    ],
    ['failed', [], 69, 'no device did it'],
  ])('%s ends with %3$d', async (status, refused, code, message) => {
    const at = await CommandLine.open();
    const run = { batch_id: 'b', status, commands: [command], refused };
    const api = new Hono()
      .get('/scenes', (context) => context.json({ scenes: [{ id: 'n', name: 'Night' }] }))
      .post('/scenes/:id/run', (context) => context.json(run, 202));
    await listenOnSocket(at.directory, api);
    expect(await at.run('scene', 'run', 'Night', '--wait', '3s')).toBe(code);
    expect(at.output.text).toContain('kitchen-plug  relay_on  sent');
    for (const { device_id, message } of refused) {
      expect(at.output.text).toContain(`${device_id}      ${message}`);
    }
    expect(at.errors.text).toContain(message);
  });
});

it('says so when a device of several reports otherwise than it acknowledged', async () => {
  const at = await CommandLine.open();
  const error = 'the device reports relay_state false instead of true';
  const lying = { ...command, status: 'acknowledged', error };
  const run = { batch_id: 'b', status: 'done', commands: [lying], refused: [] };
  const api = new Hono()
    .get('/scenes', (context) => context.json({ scenes: [{ id: 'n', name: 'Night' }] }))
    .post('/scenes/:id/run', (context) => context.json(run, 202));
  await listenOnSocket(at.directory, api);
  expect(await at.run('scene', 'run', 'Night', '--wait')).toBe(69);
  expect(at.output.text).toContain(error);
  expect(at.errors.text).toContain('hearth: kitchen-plug reports otherwise than it acknowledged.');
  expect(at.errors.text).not.toContain(error);
});

it('says of a device that only took a document as a command that it did', async () => {
  const at = await CommandLine.open();
  const taken = { version: 2, at: atMs(0) };
  const state = { device_id: 'fan', desired: { version: 2, config: {} }, taken, in_sync: true };
  const api = new Hono().get('/devices/:id/config', (context) =>
    context.json({ ...state, reported: null }),
  );
  await listenOnSocket(at.directory, api);
  await at.run('device-config', 'show', 'fan');
  expect(at.output.text).toContain('fan took version 2 as a command; it has said nothing of it');
});

it('sets a document from a file, or from what is piped in', async () => {
  const at = await CommandLine.open();
  const state = { device_id: 'fan', desired: { version: 1 }, reported: null, in_sync: false };
  const api = new Hono().put('/devices/:id/config', (context) => context.json(state));
  const seen = await listenOnSocket(at.directory, api);
  await writeFile(join(at.directory, 'fan.json'), '{"a": 1}');
  expect(await at.run('device-config', 'set', 'fan', 'fan.json')).toBe(0);
  at.input = Readable.from(['{"a": 2}']);
  expect(await at.run('device-config', 'set', 'fan', '-')).toBe(0);
  expect(seen.map(({ body }) => body)).toEqual([{ config: { a: 1 } }, { config: { a: 2 } }]);
  expect(at.output.text).toContain('fan should have version 1; it has said nothing of it.');
});

it.each([
  ['3', 3],
  ['-0.5', -0.5],
  ['true', true],
  ['null', null],
  ['{"a":1}', { a: 1 }],
  ['eco', 'eco'],
  ['"3"', '"3"'],
  ['[1]', '[1]'],
  ['', ''],
])('takes %s for %j', (text, value) => {
  expect(readValue(text)).toEqual(value);
});

it.each([
  ['fan:turnOff', { target: 'fan', action: 'turnOff', value: undefined }],
  ['fan:setFanSpeed=3', { target: 'fan', action: 'setFanSpeed', value: '3' }],
  ['fan:setConfig={"a":"b=c:d"}', { target: 'fan', action: 'setConfig', value: '{"a":"b=c:d"}' }],
])('understands %s', (word, expected) => {
  expect(readSceneWord(word)).toEqual(expected);
});

it.each([
  ['mon,tue', 'mon tue'],
  ['Friday, sat,fri', 'fri sat'],
  ['weekdays', 'mon tue wed thu fri'],
  ['weekend', 'sat sun'],
  ['weekends', 'sat sun'],
  ['daily', 'mon tue wed thu fri sat sun'],
  ['fri-mon', 'mon fri sat sun'],
  ['wed-wed', 'wed'],
])('takes the days %s for %s', (text, days) => {
  expect(daysOf(text).join(' ')).toBe(days);
});

it.each(['', 'mo', 'mon-tue-wed', 'funday', 'mon,'])('knows no days "%s"', (text) => {
  expect(() => daysOf(text)).toThrow('which is no day');
});

it.each([
  ['2026-12-24T23:30', '45m', '2026-12-25T00:15:00'],
  ['2026-12-24 23:30', '45m', '2026-12-25T00:15:00'],
  ['2026-12-24T23:30Z', '1h', '2026-12-25T00:30:00.000Z'],
  ['2026-12-24T23:30+01:00', '1h', '2026-12-24T23:30:00.000Z'],
])('lets what begins at %s and takes %s end at %s', (at, lasting, until) => {
  const body = scheduleBody({ action: 'turnOn', at, for: lasting });
  expect(body).toEqual({ at, until, action: 'turnOn' });
});

it('asks for a cron expression, and for an action at the end', () => {
  const cron = { action: 'turnOn', cron: '30 6 * * 1-5', for: '45m' };
  expect(scheduleBody({ ...cron, endAction: 'setFanSpeed', endValue: '1' })).toEqual({
    cron: '30 6 * * 1-5',
    duration_minutes: 45,
    action: 'turnOn',
    end_action: { action: 'setFanSpeed', value: 1 },
  });
  expect(scheduleBody({ ...cron, endAction: 'none' })).toMatchObject({ end_action: null });
});
