import { OpenAPIHono } from '@hono/zod-openapi';
import { describe, expect, it } from 'vitest';
import { type HearthEnv, localCaller } from '#auth';
import { type HearthError, isHearthError } from '#kernel';
import type { ScheduleInput } from '../../src/schedules/schema.ts';
import { asked, hourMs, mondayMs, Stage } from './stage.ts';

const day = '2026-03-02';
const at = (time: string): string => `${day}T${time}:00+01:00`;

function failure(act: () => unknown): HearthError {
  try {
    act();
  } catch (error) {
    if (isHearthError(error)) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe('what a schedule is made of', () => {
  it.each<[string, ScheduleInput, object]>([
    [
      'a window without days is daily',
      { start: '18:00', end: '23:00' },
      {
        kind: 'weekly',
        days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
        name: 'daily 18:00–23:00',
      },
    ],
    [
      'days in any spelling, in the order of the week',
      { days: ['Sunday', 'mon', 'MON'], start: '7:30', end: '23:00' },
      { days: ['mon', 'sun'], start: '07:30', name: 'Mon, Sun 07:30–23:00' },
    ],
    ['one day', { day: 'Monday', start: '09:00', end: '17:00' }, { days: ['mon'] }],
    [
      'weekdays',
      { days: 'weekdays', start: '09:00', end: '17:00' },
      { name: 'Mon–Fri 09:00–17:00' },
    ],
    ['weekend', { days: ['weekend'], start: '09:00', end: '17:00' }, { days: ['sat', 'sun'] }],
    [
      'a row of days',
      { days: 'mon - wed, Friday-sat', start: '09:00', end: '17:00' },
      { days: ['mon', 'tue', 'wed', 'fri', 'sat'] },
    ],
    [
      'a row over Sunday',
      { days: ['sat-mon'], start: '09:00', end: '17:00' },
      { days: ['mon', 'sat', 'sun'] },
    ],
    ['its kind, as it was read', { kind: 'cron', cron: '0 7 * * *' }, { kind: 'cron' }],
    ['weekends', { days: 'weekends', start: '09:00', end: '17:00' }, { days: ['sat', 'sun'] }],
    [
      'once',
      { at: '2026-12-24T18:00' },
      { kind: 'once', until: null, end_action: null, name: 'once 2026-12-24 18:00' },
    ],
    [
      'cron',
      { cron: ' 30  7 * * 1-5 ' },
      { kind: 'cron', cron: '30 7 * * 1-5', duration_minutes: null },
    ],
    [
      'cron with an end',
      { cron: '30 7 * * *', duration_minutes: 20 },
      { duration_minutes: 20, end_action: { action: 'turnOff', value: null } },
    ],
    ['a name', { start: '18:00', end: '23:00', name: 'Evening' }, { name: 'Evening' }],
    [
      'fanSpeed',
      { start: '18:00', end: '23:00', fanSpeed: 4 },
      { action: 'setFanSpeed', value: 4 },
    ],
    [
      'an end action',
      { start: '18:00', end: '23:00', end_action: { action: 'setFanSpeed', value: 1 } },
      { end_action: { action: 'setFanSpeed', value: 1 } },
    ],
  ])('%s', async (_name, input, expected) => {
    const stage = await Stage.open();
    expect(stage.make(input)).toMatchObject(expected);
  });

  it.each<[string, ScheduleInput, string, string]>([
    ['no time', { device_id: 'air', fanSpeed: 1 }, 'start', 'when'],
    [
      'two kinds',
      { device_id: 'air', start: '18:00', cron: '0 0 * * *', fanSpeed: 1 },
      'cron',
      'start and cron',
    ],
    ['no end', { device_id: 'air', start: '18:00', fanSpeed: 1 }, 'end', 'no end'],
    ['an end alone', { device_id: 'air', until: '2026-12-24T18:00', fanSpeed: 1 }, 'at', 'no at'],
    [
      'day and days',
      { device_id: 'air', day: 'mon', days: 'daily', start: '18:00', end: '19:00', fanSpeed: 1 },
      'day',
      'days',
    ],
    [
      'no such day',
      { device_id: 'air', days: ['mon', 'noday'], start: '18:00', end: '19:00', fanSpeed: 1 },
      'days',
      'noday',
    ],
    [
      'days that are none',
      { device_id: 'air', day: 'weekdays', start: '18:00', end: '19:00', fanSpeed: 1 },
      'day',
      'weekdays',
    ],
    ['for nobody', { start: '18:00', end: '19:00', fanSpeed: 1 }, 'device_id', 'missing'],
    [
      'for two',
      { device_id: 'air', group_id: 'downstairs', start: '18:00', end: '19:00', fanSpeed: 1 },
      'group_id',
      'together',
    ],
    [
      'for no device there is',
      { device_id: 'sofa', start: '18:00', end: '19:00', fanSpeed: 1 },
      'device_id',
      'sofa',
    ],
    [
      'for no group there is',
      { group_id: 'attic', start: '18:00', end: '19:00', fanSpeed: 1 },
      'group_id',
      'attic',
    ],
    ['nothing to do', { device_id: 'air', start: '18:00', end: '19:00' }, 'action', 'what to do'],
    [
      'a fan too fast',
      { device_id: 'air', start: '18:00', end: '19:00', fanSpeed: 6 },
      'value',
      '6',
    ],
    [
      'fanSpeed and value',
      { device_id: 'air', start: '18:00', end: '19:00', fanSpeed: 1, value: 2 },
      'fanSpeed',
      'value',
    ],
    [
      'fanSpeed and another action',
      { device_id: 'air', start: '18:00', end: '19:00', fanSpeed: 1, action: 'turnOn' },
      'fanSpeed',
      'action',
    ],
    [
      'an action the type has not',
      { device_id: 'lamp', start: '18:00', end: '19:00', fanSpeed: 1 },
      'action',
      'setFanSpeed',
    ],
    [
      'an action one of the group has not',
      { group_id: 'downstairs', start: '18:00', end: '19:00', action: 'beep' },
      'action',
      'for "lamp"',
    ],
    [
      'an end action the type has not',
      {
        device_id: 'lamp',
        start: '18:00',
        end: '19:00',
        action: 'turnOn',
        end_action: { action: 'beep' },
      },
      'end_action.action',
      'beep',
    ],
    [
      'an end action without an end',
      {
        device_id: 'lamp',
        at: '2026-12-24T18:00',
        action: 'turnOn',
        end_action: { action: 'turnOff' },
      },
      'end_action',
      'turnOff',
    ],
    [
      'a toggle',
      { device_id: 'lamp', start: '18:00', end: '19:00', action: 'relay_toggle' },
      'action',
      'relay_toggle',
    ],
    [
      'another kind than its fields say',
      { device_id: 'lamp', kind: 'once', start: '18:00', end: '19:00', action: 'turnOn' },
      'kind',
      'weekly',
    ],
    [
      'half a row of days',
      { device_id: 'lamp', days: 'mon-', start: '18:00', end: '19:00', action: 'turnOn' },
      'days',
      'mon-',
    ],
    [
      'a row as one day',
      { device_id: 'lamp', day: 'mon-fri', start: '18:00', end: '19:00', action: 'turnOn' },
      'day',
      'mon-fri',
    ],
    [
      'a day that comes in 18 years',
      { device_id: 'lamp', cron: '0 0 29 2 +1', action: 'turnOn' },
      'cron',
      'eight years',
    ],
    [
      'a moment that is over',
      { device_id: 'lamp', at: '2026-03-01T18:00', action: 'turnOn' },
      'at',
      '2026-03-01T18:00',
    ],
    [
      'a window that is over',
      { device_id: 'lamp', at: '2026-03-01T18:00', until: '2026-03-02T07:00', action: 'turnOn' },
      'until',
      '2026-03-02T07:00',
    ],
    [
      'the sun of nowhere',
      { device_id: 'lamp', start: 'sunset', end: '23:00', action: 'turnOn' },
      'start',
      'sunset',
    ],
    [
      'settings, which may hold what not everybody shall see',
      { device_id: 'air', at: '2026-12-24T18:00', action: 'setConfig', value: { key: 'tulip' } },
      'action',
      'setConfig',
    ],
    [
      'settings at the end',
      {
        device_id: 'air',
        start: '18:00',
        end: '19:00',
        fanSpeed: 1,
        end_action: { action: 'setConfig', value: { key: 'tulip' } },
      },
      'end_action.action',
      'setConfig',
    ],
    [
      'an object for something else',
      { device_id: 'air', at: '2026-12-24T18:00', action: 'setFanSpeed', value: { key: 'tulip' } },
      'action',
      'setFanSpeed',
    ],
  ])('%s is refused by field and value', async (_name, input, field, value) => {
    const stage = await Stage.open();
    const error = failure(() => stage.schedules.create(input, asked));
    expect(error).toMatchObject({ code: 'unprocessable', field });
    expect(error.message).toContain(value);
    expect(stage.schedules.list()).toEqual([]);
    expect(stage.audit.list({ limit: 10 })).toEqual([]);
  });

  it('a window by the sun that never opens is refused', async () => {
    const stage = await Stage.open({ latitude: 52.5, longitude: 13.4 });
    expect(failure(() => stage.make({ start: 'sunset+00:30', end: 'sunset' })).message).toContain(
      'never happens',
    );
  });

  it('there are 50 for a device at most', async () => {
    const stage = await Stage.open();
    for (let i = 0; i < 50; i++) stage.make({ cron: `${i} 3 * * *` });
    expect(failure(() => stage.make()).message).toContain('50 schedules');
    // To change one of them is still possible.
    const [first] = stage.schedules.list();
    stage.schedules.update(first?.id ?? '', { fanSpeed: 1 }, asked);
  });

  it('says which others overlap, and takes it all the same', async () => {
    const stage = await Stage.open();
    const evening = stage.make();
    const night = stage.make({ start: '22:00', end: '06:00' });
    const morning = stage.make({ days: 'weekdays', start: '06:00', end: '09:00' });
    const off = stage.make({ start: '19:00', end: '20:00', enabled: false });
    const moment = stage.make({ cron: '0 20 * * *' });
    const christmas = stage.make({ at: '2026-12-24T21:00', until: '2026-12-24T22:00' });
    const lamp = stage.make({ device_id: 'lamp', action: 'turnOn' });
    expect(
      [evening, night, morning, off, moment, christmas, lamp].map((one) => one.overlaps),
    ).toEqual([[], [evening.id], [], [], [], [evening.id], []]);
  });
});

describe('what a schedule tells', () => {
  it('its next five edges, at home and in UTC', async () => {
    const stage = await Stage.open({ atMs: Date.parse('2026-03-28T18:30:00Z') });
    const { next_runs } = stage.make({ end_action: null });
    expect(next_runs).toEqual([
      {
        at: '2026-03-28T22:00:00.000Z',
        local: 'Sat 2026-03-28 23:00',
        edge: 'end',
        action: null,
        value: null,
      },
      {
        at: '2026-03-29T16:00:00.000Z',
        local: 'Sun 2026-03-29 18:00',
        edge: 'start',
        action: 'setFanSpeed',
        value: 3,
      },
      {
        at: '2026-03-29T21:00:00.000Z',
        local: 'Sun 2026-03-29 23:00',
        edge: 'end',
        action: null,
        value: null,
      },
      {
        at: '2026-03-30T16:00:00.000Z',
        local: 'Mon 2026-03-30 18:00',
        edge: 'start',
        action: 'setFanSpeed',
        value: 3,
      },
      {
        at: '2026-03-30T21:00:00.000Z',
        local: 'Mon 2026-03-30 23:00',
        edge: 'end',
        action: null,
        value: null,
      },
    ]);
  });

  it('whom of a group it is for', async () => {
    const stage = await Stage.open();
    const { next_runs, end_action } = stage.make({ group_id: 'downstairs', action: 'turnOn' });
    expect(next_runs[0]).toMatchObject({ device_ids: ['lamp', 'plug'], action: 'turnOn' });
    expect(end_action).toEqual({ action: 'relay_off', value: null });
  });

  it('each change in the audit and to whoever listens', async () => {
    const stage = await Stage.open();
    const { id } = stage.make();
    stage.schedules.update(id, { enabled: false }, asked);
    stage.schedules.remove(id, asked);
    const rows = stage.audit.list({ subject: `schedule:${id}`, limit: 10 });
    expect(rows.map(({ actor, action, origin }) => `${actor} ${action} ${origin}`)).toEqual([
      'person:Anna schedule.remove 192.168.1.7',
      'person:Anna schedule.update 192.168.1.7',
      'person:Anna schedule.create 192.168.1.7',
    ]);
    expect(stage.news.map(({ change, schedule }) => `${change} ${schedule.enabled}`)).toEqual([
      'created true',
      'updated false',
      'removed false',
    ]);
    expect(failure(() => stage.schedules.get(id)).code).toBe('not_found');
  });

  it('200 runs at most, each once', async () => {
    const stage = await Stage.open();
    const { id } = stage.make({ cron: '* * * * *' });
    for (let i = 0; i < 210; i++) {
      stage.clock.step(stage.due.dueAtMs('schedule', id) ?? 0);
      stage.clock.advance(1000);
    }
    const runs = stage.schedules.history(id, 1000);
    expect(runs).toHaveLength(200);
    expect(new Set(runs.map((run) => run.at)).size).toBe(200);
  });
});

describe('a change', () => {
  it('keeps what is not given, as long as it stays of a kind', async () => {
    const stage = await Stage.open();
    const { id } = stage.make({ days: 'weekdays' });
    expect(stage.schedules.update(id, { end: '22:00' }, asked)).toMatchObject({
      days: ['mon', 'tue', 'wed', 'thu', 'fri'],
      start: '18:00',
      end: '22:00',
      value: 3,
    });
    const cron = stage.schedules.update(id, { cron: '0 7 * * *', duration_minutes: 5 }, asked);
    expect(cron).toMatchObject({ kind: 'cron', duration_minutes: 5, value: 3 });
    expect(cron).not.toHaveProperty('days');
    expect(stage.schedules.update(id, { duration_minutes: null }, asked)).toMatchObject({
      duration_minutes: null,
    });
    expect(stage.schedules.update(id, { value: 1 }, asked)).toMatchObject({ value: 1 });
    expect(
      stage.schedules.update(id, { group_id: 'downstairs', action: 'turnOn' }, asked),
    ).toMatchObject({ device_id: null, group_id: 'downstairs', value: null });
  });

  it('may repeat its kind, and cannot change it alone', async () => {
    const stage = await Stage.open();
    const { id } = stage.make();
    expect(stage.schedules.update(id, { kind: 'weekly', end: '22:00' }, asked).end).toBe('22:00');
    expect(failure(() => stage.schedules.update(id, { kind: 'cron' }, asked))).toMatchObject({
      field: 'kind',
    });
    expect(stage.schedules.update(id, { kind: 'cron', cron: '0 7 * * *' }, asked).kind).toBe(
      'cron',
    );
  });

  it('to settings is refused, and says where they are changed', async () => {
    const stage = await Stage.open();
    const { id } = stage.make();
    const change = { action: 'setConfig', value: { key: 'tulip' } };
    const error = failure(() => stage.schedules.update(id, change, asked));
    expect(error.hint).toContain('settings');
    expect(error.message).not.toContain('tulip');
  });

  it('that is refused changes nothing', async () => {
    const stage = await Stage.open();
    const { id } = stage.make();
    const before = stage.schedules.get(id);
    failure(() => stage.schedules.update(id, { fanSpeed: 9 }, asked));
    failure(() => stage.schedules.update(id, { start: '23:00' }, asked));
    expect(stage.schedules.get(id)).toEqual(before);
  });

  it('moves the next edge', async () => {
    const stage = await Stage.open();
    const { id } = stage.make();
    stage.schedules.update(id, { start: '17:00' }, asked);
    expect(stage.due.dueAtMs('schedule', id)).toBe(Date.parse(at('17:00')));
    await stage.restartAt(mondayMs + hourMs);
    expect(stage.due.dueAtMs('schedule', id)).toBe(Date.parse(at('17:00')));
  });
});

describe('why', () => {
  it('in a window', async () => {
    const stage = await Stage.open();
    const { id } = stage.make({ name: 'Evening' });
    stage.until(at('18:30'));
    stage.world.obey('air');
    expect(stage.schedules.why('air')).toEqual({
      device_id: 'air',
      at: '2026-03-02T17:30:00.000Z',
      holds: { action: 'setFanSpeed', value: 3 },
      because: {
        kind: 'schedule',
        id,
        name: 'Evening',
        text: 'Evening (18:00–23:00) began at 18:00',
      },
      since: '2026-03-02T17:00:00.000Z',
      until: '2026-03-02T22:00:00.000Z',
      next: { at: '2026-03-02T22:00:00.000Z', text: 'Evening (18:00–23:00) ends at 23:00' },
      considered: [
        {
          kind: 'schedule',
          id,
          name: 'Evening',
          text: 'Evening (18:00–23:00): setFanSpeed 3, open since 18:00',
          holds: true,
        },
      ],
      reported: { fanSpeed: 3, powerOn: true },
      agrees: 'agrees',
      settled: true,
    });
  });

  it('by hand, by an override, by an end and by nobody', async () => {
    const stage = await Stage.open();
    const text = () => stage.schedules.why('air').because.text;
    expect(text()).toMatch(/^Nothing says/);
    stage.make({ name: 'Evening' });
    stage.until(at('19:12'));
    stage.world.byHand('air', 'turnOff');
    expect(text()).toBe('You set it by hand at 19:12; the next edge is 23:00');
    stage.world.override('air', 'setFanSpeed', 5, 10);
    expect(text()).toBe('An override began at 19:12 and runs until 19:22');
    expect(stage.schedules.why('air').next?.text).toBe('The override ends at 19:22');
    stage.world.overrides.clear();
    stage.until(at('23:30'));
    expect(text()).toBe('Evening (18:00–23:00) ended at 23:00; its end action holds');
    stage.until('2026-03-03T12:00:00+01:00');
    expect(text()).toBe('Evening (18:00–23:00) ended at Mon 23:00; its end action holds');
    expect(stage.schedules.why('air').next?.text).toBe('Evening (18:00–23:00) begins at 18:00');
    expect(failure(() => stage.schedules.why('sofa')).code).toBe('not_found');
  });
});

describe('a schedule by the sun', () => {
  it('keeps silent, and says why, when the coordinates are taken away', async () => {
    const stage = await Stage.open({ latitude: 52.5, longitude: 13.4 });
    const { id } = stage.make({ start: 'sunset', end: '23:00' });
    expect(stage.schedules.get(id).problem).toBeNull();
    stage.place = {};
    await stage.restartAt(mondayMs + hourMs);
    expect(stage.schedules.get(id)).toMatchObject({ next_runs: [] });
    expect(stage.schedules.get(id).problem).toContain('home.latitude');
  });
});

describe('over HTTP', () => {
  async function api() {
    const stage = await Stage.open();
    const app = new OpenAPIHono<HearthEnv>();
    app.use(async (context, next) => {
      context.set('caller', localCaller);
      await next();
    });
    stage.schedules.routes(app);
    const call = async (method: string, path: string, body?: object) => {
      const response = await app.request(path, {
        method,
        ...(body && {
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? null : JSON.parse(text) };
    };
    return { stage, call };
  }

  it('a schedule is made, seen, changed, explained and removed', async () => {
    const { stage, call } = await api();
    const made = await call('POST', '/schedules', {
      device_id: 'air',
      days: ['monday'],
      start: '18:00',
      end: '23:00',
      fanSpeed: 3,
    });
    expect(made).toMatchObject({ status: 201, body: { overlaps: [], kind: 'weekly' } });
    const { id } = made.body;
    stage.until(at('18:01'));
    expect(await call('GET', '/schedules')).toMatchObject({ body: { schedules: [{ id }] } });
    expect(await call('GET', '/schedules?device_id=lamp')).toMatchObject({
      body: { schedules: [] },
    });
    expect(await call('GET', `/schedules/${id}`)).toMatchObject({
      body: { last_run: { edge: 'start' } },
    });
    expect(await call('GET', `/schedules/${id}/history`)).toMatchObject({
      body: { runs: [{ edge: 'start', command_id: 'command-1' }] },
    });
    expect(await call('GET', '/devices/air/why')).toMatchObject({
      body: { because: { kind: 'schedule', id } },
    });
    expect(await call('PATCH', `/schedules/${id}`, { enabled: false })).toMatchObject({
      status: 200,
      body: { enabled: false },
    });
    expect(await call('DELETE', `/schedules/${id}`)).toEqual({ status: 204, body: null });
    expect(stage.audit.list({ limit: 1 })[0]).toMatchObject({
      actor: 'local',
      action: 'schedule.remove',
    });
  });

  it('a field that there is not is refused', async () => {
    const { call } = await api();
    expect(
      (await call('POST', '/schedules', { device_id: 'air', startTime: '18:00' })).status,
    ).toBe(400);
  });
});
