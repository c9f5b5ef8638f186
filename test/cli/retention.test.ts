import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { asked, CommandLine, listenOnSocket } from './command-line.ts';

const rule = {
  id: 'r1',
  device_id: 'air',
  type: null,
  metric: 'pm25',
  raw_days: 365,
  minute_days: null,
  hour_days: null,
  day_days: null,
};
const plan = {
  free_disk: { free_bytes: 4 * 1024 ** 3, floor_bytes: 1024 ** 3 },
  next: { points: 0, bytes: 0 },
  total: { points: 1440, bytes: 4096 },
  going: [
    {
      in_days: 2,
      reason: 'age',
      tier: 'raw',
      device_id: 'plug',
      metric: 'power',
      start: '2026-01-30T18:30:00.000Z',
      end: '2026-01-31T18:29:00.000Z',
      points: 1440,
      bytes: 4096,
    },
  ],
  truncated: false,
};

async function open() {
  const at = await CommandLine.open();
  at.environment = { HEARTH_HOME_TIME_ZONE: 'Asia/Kolkata' };
  const home = { raw_days: 7, minute_days: 30, hour_days: 365, day_days: 1825 };
  const api = new Hono()
    .get('/retention', (context) => context.json({ home, rules: [rule] }))
    .get('/retention/plan', (context) => context.json(plan))
    .put('/retention/rules', (context) => context.json(rule))
    .delete('/retention/rules/:id', (context) => context.body(null, 204))
    .delete('/devices/:id/telemetry', (context) => context.json({ deleted: 12 }));
  const seen = await listenOnSocket(at.directory, api);
  return { at, asked: () => asked(seen) };
}

describe('hearth retention', () => {
  it.each<[string, string[], string, RegExp]>([
    [
      'shows the rules',
      [],
      'GET /retention',
      /all others.*7 d.*30 d.*365 d.*1825 d\n.*air: pm25.*365 d/,
    ],
    [
      'shows the plan',
      ['plan', '--days', '3'],
      'GET /retention/plan?days=3',
      /in 2 d.*plug.*power.*2026-01-31 00:00.*1440.*4\.0 kB/,
    ],
    [
      'sets a rule about a device',
      ['set', 'air', '--metric', 'pm25', '--raw-days', '365'],
      'PUT /retention/rules {"device_id":"air","metric":"pm25","raw_days":365}',
      /r1.*air: pm25/,
    ],
    [
      'sets a rule about a type',
      ['set', '--type', 'plug', '--minute-days', '1', '--hour-days', '2', '--day-days', '3'],
      'PUT /retention/rules {"type":"plug","minute_days":1,"hour_days":2,"day_days":3}',
      /r1/,
    ],
    ['removes a rule', ['remove', 'r1'], 'DELETE /retention/rules/r1', /r1 is removed/],
  ])('%s', async (_, words, request, text) => {
    const { at, asked } = await open();
    expect([await at.run('retention', ...words), at.errors.text]).toEqual([
      0,
      words[0] === 'set' ? 'What goes because of it: hearth retention plan\n' : '',
    ]);
    expect(asked()).toEqual([request]);
    expect(at.output.text.replaceAll('\n\n', '\n')).toMatch(text);
  });

  it.each<[string[], RegExp]>([
    [['set', '--raw-days', '1'], /takes a device, or --type/],
    [['set', 'air', '--type', 'plug', '--raw-days', '1'], /takes a device, or --type/],
    [['set', 'air', '--raw-days', 'long'], /--raw-days takes a number of days, not "long"/],
  ])('%j is refused before anything is asked', async (words, text) => {
    const { at, asked } = await open();
    expect(await at.run('retention', ...words)).not.toBe(0);
    expect(at.errors.text).toMatch(text);
    expect(asked()).toEqual([]);
  });
});

describe('hearth history delete', () => {
  it('deletes once there is a yes, by the times of the home', async () => {
    const { at, asked } = await open();
    const words = ['history', 'delete', 'plug', '--start', '2026-01-31', '--fields', 'power'];
    expect(await at.run(...words)).not.toBe(0);
    expect(at.errors.text).toMatch(/Add --yes.*The readings of power of plug from 2026-01-31/);
    expect(asked()).toEqual([]);
    expect(await at.run(...words, '--yes')).toBe(0);
    expect(asked()).toEqual([
      'DELETE /devices/plug/telemetry?start=2026-01-30T18%3A30%3A00.000Z&fields=power',
    ]);
    expect(at.output.text).toBe('12 readings of plug deleted.\n');
  });
});
