import { describe, expect, it } from 'vitest';
import { openDatabase } from '#db';
import { HearthError } from '#kernel';
import { lamp, minute, Residence, startMs } from './residence.ts';

const iso = (atMs: number) => new Date(atMs).toISOString();
const anna = { requestedBy: 'person:Anna' };

async function open(state = { fanSpeed: 2, powerOn: true }): Promise<Residence> {
  const residence = await Residence.open();
  residence.addDevice('purifier', state);
  return residence;
}

describe('an override', () => {
  it('runs for as long as asked and then gives back what was before', async () => {
    const residence = await open();
    const { override, command } = residence.fan('purifier', 5, 10);
    expect(override).toEqual({
      id: override.id,
      device_id: 'purifier',
      action: 'setFanSpeed',
      value: 5,
      status: 'active',
      started_at: iso(startMs),
      ends_at: iso(startMs + 10 * minute),
      remaining_seconds: 600,
      previous: { fanSpeed: 2, powerOn: true },
      requested_by: 'person:Anna',
      command_id: command?.id,
      ended_at: null,
      ended_because: null,
    });
    expect(command).toMatchObject({ source: 'override', action: 'setFanSpeed', value: 5 });
    expect(residence.overrides.activeOf('purifier')).toEqual({
      id: override.id,
      deviceId: 'purifier',
      word: { kind: 'action', action: 'setFanSpeed', value: 5 },
      startedAtMs: startMs,
      endsAtMs: startMs + 10 * minute,
    });

    residence.clock.advance(10 * minute - 1);
    expect(residence.overrides.get('purifier').remaining_seconds).toBe(1);
    expect(residence.reported.get('purifier')).toEqual({ fanSpeed: 5, powerOn: true });
    residence.clock.advance(1);
    expect(residence.reported.get('purifier')).toEqual({ fanSpeed: 2, powerOn: true });
    expect(residence.commands.map(({ source }) => source)).toEqual(['override', 'restore']);
    expect(residence.overrides.activeOf('purifier')).toBeUndefined();
    expect(residence.givenBack()).toEqual([
      {
        deviceId: 'purifier',
        overrideId: override.id,
        atMs: startMs,
        state: { fanSpeed: 2, powerOn: true },
        isAssumed: false,
      },
    ]);
    expect(residence.overrides.list('purifier')).toMatchObject([
      {
        id: override.id,
        status: 'ended',
        remaining_seconds: 0,
        command_id: command?.id,
        ended_at: iso(startMs + 10 * minute),
        ended_because: 'its time was over',
      },
    ]);
    expect(residence.changes.map(({ status }) => status)).toEqual(['active', 'ended']);
    expect(residence.actions()).toEqual(['person:Anna override.start', 'hub override.end']);
    expect(residence.overrides.numbers()).toEqual({ active: 0 });
  });

  it('is on disk with what was before, its end and its audit when anything is sent', async () => {
    const residence = await open();
    const seen: unknown[] = [];
    residence.onApply = () => {
      const other = openDatabase(residence.db.name);
      seen.push(
        other.prepare('SELECT status, saved FROM overrides').get(),
        other.prepare("SELECT due_at_ms FROM due WHERE kind = 'override'").get(),
        other.prepare('SELECT action, detail FROM audit').get(),
      );
      other.close();
    };
    const { override } = residence.fan('purifier', 5, 10);
    expect(seen).toEqual([
      { status: 'active', saved: '{"fanSpeed":2,"powerOn":true}' },
      { due_at_ms: startMs + 10 * minute },
      { action: 'override.start', detail: expect.stringContaining(override.id) },
    ]);
  });

  it('sends nothing to a device that is so already, and gives back all the same', async () => {
    const residence = await open({ fanSpeed: 5, powerOn: true });
    const { override, command } = residence.fan('purifier', 5, 10);
    expect(command).toBeNull();
    expect(override.command_id).toBeNull();
    residence.reported.set('purifier', { fanSpeed: 1, powerOn: true });
    residence.clock.advance(10 * minute);
    expect(residence.reported.get('purifier')).toEqual({ fanSpeed: 5, powerOn: true });
  });

  it('leaves nothing behind when it cannot be written down', async () => {
    const residence = await open();
    residence.failAudit = true;
    expect(() => residence.fan('purifier', 5, 10)).toThrow('the disk is full');
    expect(residence.reasons).toEqual([]);
    expect(residence.overrides.activeOf('purifier')).toBeUndefined();
    expect(residence.due.dueAtMs('override', 'purifier')).toBeUndefined();
    residence.failAudit = false;
    await residence.restart();
    expect(residence.overrides.list('purifier')).toEqual([]);
  });

  it('does not run when its command could not be made, and says why', async () => {
    const residence = await open();
    let isFirst = true;
    residence.onApply = () => {
      if (!isFirst) return;
      isFirst = false;
      throw new HearthError('too_many_requests', 'too many commands wait for "purifier"');
    };
    expect(() => residence.fan('purifier', 5, 10)).toThrow('too many commands wait');
    expect(residence.overrides.activeOf('purifier')).toBeUndefined();
    expect(residence.due.dueAtMs('override', 'purifier')).toBeUndefined();
    expect(residence.overrides.list('purifier')).toMatchObject([
      { status: 'cancelled', ended_because: 'its command could not be made' },
    ]);
  });

  it('is over when nothing can be sent at its end', async () => {
    const residence = await open();
    residence.fan('purifier', 5, 10);
    residence.onApply = () => {
      throw new HearthError('too_many_requests', 'too many commands');
    };
    residence.clock.advance(20 * minute);
    expect(residence.overrides.list('purifier')).toMatchObject([{ status: 'ended' }]);
    expect(residence.givenBack()).toHaveLength(1);
  });

  it('turns a toggle into what it means now', async () => {
    const residence = await open();
    const { override } = residence.overrides.begin('purifier', {
      action: { action: 'togglePower' },
      durationMs: minute,
      ...anna,
    });
    expect(override).toMatchObject({ action: 'turnOff', value: null });
  });

  it.each([
    ['an action that the type has not', { action: 'setFan' }, 'unprocessable', 'action'],
    ['a value out of range', { action: 'setFanSpeed', value: 6 }, 'unprocessable', 'value'],
    ['what leaves nothing behind', { action: 'beep' }, 'unprocessable', 'action'],
    ['settings', { action: 'setConfig', value: {} }, 'unprocessable', 'action'],
  ])('refuses %s', async (_, action, code, field) => {
    const { overrides } = await open();
    const begin = () => overrides.begin('purifier', { action, durationMs: minute, ...anna });
    expect(begin).toThrow(expect.objectContaining({ code, field }));
    expect(overrides.list('purifier')).toEqual([]);
  });

  it('names settings, and where they are changed, when it refuses them', async () => {
    const { overrides } = await open();
    const action = { action: 'setConfig', value: { password: 'tulip' } };
    const begin = () => overrides.begin('purifier', { action, durationMs: minute, ...anna });
    expect(begin).toThrow(
      expect.objectContaining({
        message: 'setConfig cannot be done for a while',
        hint: expect.stringContaining('settings') as string,
      }),
    );
  });

  it('refuses a device that is disabled, and one that is not there', async () => {
    const residence = await open();
    residence.states.set('purifier', 'disabled');
    const expected = (code: string) => expect.objectContaining({ code });
    expect(() => residence.fan('purifier', 5, 1)).toThrow(expected('conflict'));
    expect(() => residence.fan('other', 5, 1)).toThrow(expected('not_found'));
    expect(() => residence.overrides.list('other')).toThrow(expected('not_found'));
    residence.states.set('purifier', 'maintenance');
    expect(residence.fan('purifier', 5, 1).override.status).toBe('active');
  });

  it('keeps the last hundred of a device', async () => {
    const residence = await open();
    for (let i = 0; i < 120; i++) residence.fan('purifier', i % 6, 1 + i / 10);
    const list = residence.overrides.list('purifier');
    expect(list).toHaveLength(100);
    expect(list[0]).toMatchObject({ status: 'active' });
    expect(new Set(list.map(({ id }) => id)).size).toBe(100);
  });
});

describe('what is given back', () => {
  it.each([
    ['what was reported', { fanSpeed: 2, powerOn: true }, { fanSpeed: 2, powerOn: true }],
    ['the part that was reported', { fanSpeed: 2 }, { fanSpeed: 2 }],
    [
      'off, also when the fan stood',
      { fanSpeed: 0, powerOn: false },
      { fanSpeed: 0, powerOn: false },
    ],
    ['nothing that the override does not touch', { light: 3, fanSpeed: 1 }, { fanSpeed: 1 }],
  ])('is %s', async (_, reported, state) => {
    const residence = await Residence.open();
    residence.addDevice('purifier', reported);
    expect(residence.fan('purifier', 5, 1).override.previous).toEqual(state);
    residence.clock.advance(minute);
    expect(residence.givenBack()).toMatchObject([{ state }]);
  });

  it('is off for a device that had said nothing', async () => {
    const residence = await Residence.open();
    residence.addDevice('purifier');
    expect(residence.fan('purifier', 5, 1).override.previous).toBeNull();
    residence.clock.advance(minute);
    expect(residence.givenBack()).toMatchObject([{ state: { powerOn: false }, isAssumed: true }]);
  });

  it('is nothing for one that had said nothing and cannot be switched off', async () => {
    const residence = await Residence.open();
    residence.addDevice('lamp', {}, lamp);
    residence.overrides.begin('lamp', {
      action: { action: 'dim', value: 9 },
      durationMs: minute,
      ...anna,
    });
    residence.clock.advance(minute);
    expect(residence.givenBack()).toEqual([]);
    expect(residence.overrides.list('lamp')).toMatchObject([{ status: 'ended' }]);
  });
});

describe('five hundred that end in the same moment', () => {
  const many = async () => {
    const residence = await Residence.open();
    const ids = Array.from({ length: 500 }, (_, index) => `purifier-${index}`);
    for (const id of ids) residence.addDevice(id, { fanSpeed: 1, powerOn: true });
    for (const id of ids) residence.fan(id, 5, 60);
    return { residence, ids };
  };

  it('give back together, in as few rounds as the queue has', async () => {
    const { residence, ids } = await many();
    residence.rounds.length = 0;
    residence.clock.advance(60 * minute + 1000);
    expect(residence.rounds.map((deviceIds) => deviceIds.length)).toEqual([200, 200, 100]);
    expect(new Set(residence.rounds.flat())).toEqual(new Set(ids));
  });

  it('end anew, each once, when that could not be committed', async () => {
    const { residence, ids } = await many();
    residence.changes.length = 0;
    residence.rounds.length = 0;
    residence.db.exec(
      `CREATE TABLE parent (id INTEGER PRIMARY KEY);
       CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
       CREATE TRIGGER full_disk AFTER UPDATE ON overrides WHEN new.device_id = 'purifier-450'
         BEGIN INSERT INTO child VALUES (7); END;`,
    );
    residence.clock.advance(60 * minute + 1000);
    // The commit that the last of them is in fails, and nobody in it is over.
    expect(residence.overrides.numbers()).toEqual({ active: 100 });
    expect(residence.overrides.get('purifier-420').status).toBe('active');
    residence.overrides.cancel('purifier-420', anna);
    residence.db.exec('DROP TRIGGER full_disk');
    residence.clock.advance(minute);
    expect(residence.overrides.numbers()).toEqual({ active: 0 });
    expect(residence.rounds.flat()).toHaveLength(500);
    expect(residence.changes.map(({ device_id }) => device_id).sort()).toEqual([...ids].sort());
    expect(residence.givenBack()).toHaveLength(500);
  });
});

describe('a second override', () => {
  it('takes the place of the first and keeps what was before both', async () => {
    const residence = await open();
    const first = residence.fan('purifier', 5, 10).override;
    residence.clock.advance(4 * minute);
    const second = residence.fan('purifier', 3, 10).override;
    expect(second).toMatchObject({
      previous: { fanSpeed: 2, powerOn: true },
      started_at: iso(startMs + 4 * minute),
      ends_at: iso(startMs + 14 * minute),
    });
    expect(residence.overrides.list('purifier')).toMatchObject([
      { id: second.id, status: 'active' },
      { id: first.id, status: 'replaced', ended_because: `replaced by ${second.id}` },
    ]);
    expect(residence.changes.map(({ status }) => status)).toEqual(['active', 'replaced', 'active']);
    residence.clock.advance(6 * minute);
    expect(residence.overrides.get('purifier').id).toBe(second.id);
    residence.clock.advance(4 * minute);
    expect(residence.givenBack()).toEqual([
      {
        deviceId: 'purifier',
        overrideId: second.id,
        atMs: startMs,
        state: { fanSpeed: 2, powerOn: true },
        isAssumed: false,
      },
    ]);
    expect(residence.reported.get('purifier')).toEqual({ fanSpeed: 2, powerOn: true });
  });

  it('of other properties adds what they were, and forgets none', async () => {
    const residence = await Residence.open();
    residence.addDevice('purifier', { mode: 'quiet', powerOn: true });
    residence.fan('purifier', 5, 10);
    residence.overrides.begin('purifier', {
      action: { action: 'setMode', value: 'turbo' },
      durationMs: minute,
      ...anna,
    });
    // The fan's speed was not known before the first one: what it is now is that one's doing.
    expect(residence.overrides.get('purifier').previous).toEqual({ mode: 'quiet', powerOn: true });
    residence.clock.advance(minute);
    expect(residence.givenBack()).toMatchObject([{ state: { mode: 'quiet', powerOn: true } }]);
  });

  it('that is refused leaves the first as it is', async () => {
    const residence = await open();
    const first = residence.fan('purifier', 5, 10).override;
    expect(() => residence.fan('purifier', 9, 10)).toThrow();
    expect(residence.overrides.get('purifier')).toEqual(first);
  });
});

describe('cancelling and changing', () => {
  it('gives back at once when it is cancelled', async () => {
    const residence = await open();
    const { override } = residence.fan('purifier', 5, 10);
    residence.clock.advance(minute);
    expect(residence.overrides.cancel('purifier', { requestedBy: 'person:Ben' })).toMatchObject({
      id: override.id,
      status: 'cancelled',
      ended_because: 'cancelled',
      ended_at: iso(startMs + minute),
    });
    expect(residence.reported.get('purifier')).toEqual({ fanSpeed: 2, powerOn: true });
    residence.clock.advance(20 * minute);
    expect(residence.givenBack()).toMatchObject([{ atMs: startMs }]);
    expect(residence.actions()).toEqual([
      'person:Anna override.start',
      'person:Ben override.cancel',
    ]);
  });

  it.each([
    [{ extendMs: 5 * minute }, 12],
    [{ durationMs: 5 * minute }, 8],
    [{ durationMs: 6000 }, 3.1],
  ])('%j moves the end to minute %d', async (end, ends) => {
    const residence = await open();
    residence.fan('purifier', 5, 7);
    residence.clock.advance(3 * minute);
    const changed = residence.overrides.change('purifier', end, anna);
    expect(changed.ends_at).toBe(iso(startMs + ends * minute));
    residence.clock.advance(ends * minute - 3 * minute - 1);
    expect(residence.overrides.get('purifier').status).toBe('active');
    residence.clock.advance(1);
    expect(residence.overrides.activeOf('purifier')).toBeUndefined();
    expect(residence.actions()[1]).toBe('person:Anna override.extend');
  });

  it('lets none run for more than a day from now', async () => {
    const residence = await open();
    residence.fan('purifier', 5, 10);
    const extend = (minutes: number) =>
      residence.overrides.change('purifier', { extendMs: minutes * minute }, anna);
    expect(() => extend(1431)).toThrow(
      expect.objectContaining({ code: 'unprocessable', field: 'extendMinutes' }),
    );
    expect(extend(1430).remaining_seconds).toBe(86_400);
  });

  it('says what to do when none runs', async () => {
    const { overrides } = await open();
    const notFound = expect.objectContaining({ code: 'not_found', hint: expect.any(String) });
    expect(() => overrides.get('purifier')).toThrow(notFound);
    expect(() => overrides.cancel('purifier', anna)).toThrow(notFound);
    expect(() => overrides.change('purifier', { extendMs: 1 }, anna)).toThrow(notFound);
  });
});

describe('a command by hand', () => {
  it('is the newer word once it is taken: the override is over and nothing is given back', async () => {
    const residence = await open();
    residence.fan('purifier', 5, 10);
    residence.clock.advance(minute);
    const command = residence.command({ action: 'setFanSpeed', value: 3 });
    residence.overrides.onCommand(command);
    expect(residence.overrides.activeOf('purifier')).toBeDefined();
    residence.overrides.onCommand({ ...command, status: 'acknowledged' });
    expect(residence.due.dueAtMs('override', 'purifier')).toBeUndefined();
    expect(residence.overrides.list('purifier')).toMatchObject([
      { status: 'cancelled', ended_because: 'a command by hand' },
    ]);
    residence.clock.advance(20 * minute);
    expect(residence.givenBack()).toEqual([]);
    expect(residence.reasons).toHaveLength(1);
    expect(residence.actions().at(-1)).toBe('person:Ben override.cancel');
    await residence.restart(20 * minute);
    expect(residence.givenBack()).toEqual([]);
  });

  const taken = { status: 'acknowledged', attempts: 1 } as const;
  it.each([
    ['ends', 'another value', taken],
    ['ends', 'a scene', { ...taken, source: 'scene' }],
    ['ends', 'power', { ...taken, action: 'turnOff', value: null }],
    ['ends', 'one that the device confirmed at once', { status: 'confirmed' }],
    ['ends', 'one that took three attempts', { ...taken, attempts: 3 }],
    ['leaves', 'another property', { ...taken, action: 'setLight', value: 3 }],
    ['leaves', 'what sets nothing', { ...taken, action: 'beep', value: null }],
    ['leaves', 'a schedule', { ...taken, source: 'schedule' }],
    ['leaves', 'an override', { ...taken, source: 'override' }],
    ['leaves', 'a restore', { ...taken, source: 'restore' }],
    ['leaves', 'another device', { ...taken, device_id: 'other' }],
    ['leaves', 'an older command', { ...taken, created_at: iso(startMs - 1) }],
    ['leaves', 'one that waits', { status: 'queued' }],
    ['leaves', 'one that was sent', { status: 'sent', attempts: 1 }],
    ['leaves', 'one that was delivered', { status: 'delivered', attempts: 1 }],
    ['leaves', 'one that was refused', { status: 'rejected', attempts: 1 }],
    ['leaves', 'one that was taken back', { status: 'cancelled', attempts: 1 }],
    ['leaves', 'one that expired', { status: 'expired', attempts: 1 }],
    ['leaves', 'a failure', { status: 'timed_out', attempts: 3 }],
  ] as const)('%s it: %s', async (what, _, given) => {
    const residence = await open();
    residence.addDevice('other');
    residence.fan('purifier', 5, 10);
    residence.overrides.onCommand(residence.command(given));
    const isActive = residence.overrides.activeOf('purifier') !== undefined;
    expect(isActive ? 'leaves' : 'ends').toBe(what);
  });
});

describe('after a restart', () => {
  it('runs on to its end', async () => {
    const residence = await open();
    const { override } = residence.fan('purifier', 5, 10);
    await residence.restart(4 * minute);
    expect(residence.overrides.get('purifier')).toEqual({ ...override, remaining_seconds: 360 });
    expect(residence.overrides.numbers()).toEqual({ active: 1 });
    residence.clock.advance(6 * minute - 1);
    expect(residence.givenBack()).toEqual([]);
    residence.clock.advance(1);
    expect(residence.givenBack()).toMatchObject([{ atMs: startMs }]);
  });

  it('ends when its end passed while the hub was off', async () => {
    const residence = await open();
    residence.fan('purifier', 5, 10);
    residence.cut();
    residence.clock.advance(30 * minute);
    await residence.start(false);
    expect(residence.overrides.get('purifier')).toMatchObject({
      status: 'active',
      remaining_seconds: 0,
    });
    residence.due.open();
    expect(residence.overrides.list('purifier')).toMatchObject([
      { status: 'ended', ended_at: iso(startMs + 30 * minute) },
    ]);
    expect(residence.reported.get('purifier')).toEqual({ fanSpeed: 2, powerOn: true });
    await residence.restart(minute);
    expect(residence.givenBack()).toHaveLength(1);
  });

  it('can be replaced, extended and cancelled as before', async () => {
    const residence = await open();
    residence.fan('purifier', 5, 10);
    await residence.restart(minute);
    residence.fan('purifier', 4, 10);
    await residence.restart(minute);
    residence.overrides.change('purifier', { extendMs: 5 * minute }, anna);
    await residence.restart(minute);
    expect(residence.overrides.get('purifier')).toMatchObject({
      ends_at: iso(startMs + 16 * minute),
      previous: { fanSpeed: 2, powerOn: true },
    });
    residence.overrides.cancel('purifier', anna);
    await residence.restart(minute);
    expect(residence.givenBack()).toMatchObject([{ atMs: startMs, state: { fanSpeed: 2 } }]);
    expect(residence.overrides.activeOf('purifier')).toBeUndefined();
  });

  it('begins nothing that was not committed, and forgets nothing that was', async () => {
    const residence = await open();
    residence.onApply = () => {
      throw new Error('the power fails here');
    };
    const before = residence.overrides;
    // What the old run does after the cut reaches no disk.
    before.onChange.listen(() => {});
    expect(() => residence.fan('purifier', 5, 10)).toThrow('the power fails here');
    residence.onApply = () => {};
    residence.fan('purifier', 4, 10);
    await residence.restart();
    expect(residence.overrides.activeOf('purifier')).toMatchObject({ word: { value: 4 } });
  });

  it('waits for a clock that can be right', async () => {
    const residence = await open();
    residence.fan('purifier', 5, 10);
    residence.clock.advance(minute);
    residence.cut();
    residence.clock.step(Date.parse('1970-01-01T00:01:00Z'));
    await residence.start();
    residence.clock.advance(60 * minute);
    expect(residence.overrides.activeOf('purifier')).toBeDefined();
    residence.clock.step(startMs + 12 * minute);
    residence.clock.advance(2000);
    expect(residence.givenBack()).toMatchObject([{ atMs: startMs }]);
  });
});

describe('a clock that is set', () => {
  it.each([
    ['ahead', 5 * 60 * minute],
    ['back', -5 * 60 * minute],
  ])('%s neither cuts nor stretches it', async (_, shiftMs) => {
    const residence = await open();
    residence.fan('purifier', 5, 10);
    residence.clock.advance(4 * minute);
    residence.clock.step(residence.clock.nowMs() + shiftMs);
    expect(residence.overrides.get('purifier')).toMatchObject({
      remaining_seconds: 360,
      ends_at: iso(startMs + shiftMs + 10 * minute),
    });
    expect(residence.overrides.activeOf('purifier')?.startedAtMs).toBe(startMs + shiftMs);
    residence.clock.advance(6 * minute - 1);
    expect(residence.overrides.activeOf('purifier')).toBeDefined();
    residence.clock.advance(1);
    expect(residence.givenBack()).toMatchObject([{ atMs: startMs + shiftMs }]);
    residence.overrides.onCommand(residence.command({ status: 'acknowledged' }));
    expect(residence.overrides.list('purifier')).toMatchObject([
      { status: 'ended', ended_at: iso(startMs + shiftMs + 10 * minute) },
    ]);
  });
});

describe('a device that is removed', () => {
  it('takes its overrides with it', async () => {
    const residence = await open();
    residence.fan('purifier', 5, 10);
    residence.removeDevice('purifier');
    expect(residence.due.dueAtMs('override', 'purifier')).toBeUndefined();
    expect(residence.db.prepare('SELECT count(*) AS n FROM overrides').get()).toEqual({ n: 0 });
    residence.clock.advance(20 * minute);
    expect(residence.overrides.numbers()).toEqual({ active: 0 });
    expect(residence.reasons).toHaveLength(1);
  });
});

it('writes nothing while five hundred run', async () => {
  const residence = await Residence.open();
  const ids = Array.from({ length: 500 }, (_, index) => `purifier-${index}`);
  for (const id of ids) residence.addDevice(id, { fanSpeed: 1, powerOn: true });
  for (const id of ids) residence.fan(id, 5, 60);
  residence.clock.advance(minute);
  const mark = 'SELECT total_changes() AS n';
  const before = residence.db.prepare<[], { n: number }>(mark).get()?.n ?? 0;
  residence.clock.advance(50 * minute);
  // The due queue writes down once a minute what time it is.
  expect((residence.db.prepare<[], { n: number }>(mark).get()?.n ?? 0) - before).toBeLessThan(55);
  expect(residence.overrides.numbers()).toEqual({ active: 500 });
  residence.clock.advance(10 * minute);
  expect(residence.overrides.numbers()).toEqual({ active: 0 });
  expect(residence.givenBack()).toHaveLength(500);
});
