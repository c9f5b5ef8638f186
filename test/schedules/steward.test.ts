import { describe, expect, it, vi } from 'vitest';
import { hourMs, minuteMs, mondayMs, Stage } from './stage.ts';

const day = '2026-03-02';
/** An instant of that Monday by the time in Berlin. */
const at = (time: string, date = day): string => `${date}T${time}:00+01:00`;

describe('at the edges of a window', () => {
  it('sends what it says, and at the end what turns the device off', async () => {
    const stage = await Stage.open();
    const { id } = stage.make({ name: 'Evening' });
    stage.until(at('17:59'));
    expect(stage.world.told('air')).toEqual([]);
    stage.until(at('18:01'));
    stage.world.obey('air');
    stage.until(at('23:01'));
    expect(stage.world.told('air')).toEqual(['schedule setFanSpeed 3', 'schedule turnOff']);
    const runs = stage.schedules.history(id, 10);
    expect(runs.map(({ at, edge, outcome }) => `${at} ${edge} ${outcome}`)).toEqual([
      '2026-03-02T22:00:00.000Z end done',
      '2026-03-02T17:00:00.000Z start done',
    ]);
    expect(runs[1]).toMatchObject({
      command_id: 'command-1',
      devices: [{ device_id: 'air', outcome: 'sent', command_id: 'command-1' }],
    });
    expect(stage.schedules.get(id).last_run).toEqual(runs[0]);
  });

  it('sends nothing to a device that is so already', async () => {
    const stage = await Stage.open();
    stage.world.said.set('air', { fanSpeed: 3, powerOn: true });
    const { id } = stage.make();
    stage.until(at('18:01'));
    expect(stage.world.told('air')).toEqual([]);
    expect(stage.schedules.history(id, 1)[0]?.devices[0]?.outcome).toBe('already');
    expect(stage.schedules.why('air').settled).toBe(true);
  });

  it('does not double a command that waits for its answer', async () => {
    const stage = await Stage.open();
    stage.make();
    stage.until(at('17:59'));
    stage.world.byHand('air', 'setFanSpeed', 3);
    stage.until(at('18:01'));
    expect(stage.world.told('air')).toEqual(['manual setFanSpeed 3']);
    expect(stage.schedules.why('air')).toMatchObject({ settled: false });
    stage.world.obey('air');
    expect(stage.schedules.why('air')).toMatchObject({ settled: true, agrees: 'agrees' });
  });

  it('does not trust a report while an older command may yet undo it', async () => {
    const stage = await Stage.open();
    stage.world.said.set('air', { fanSpeed: 0, powerOn: false });
    stage.make({ start: '18:00', end: '18:01' });
    stage.until(at('18:02'));
    // The fan still stands, as the report says; the first command is being tried all the same.
    expect(stage.world.told('air')).toEqual(['schedule setFanSpeed 3', 'schedule turnOff']);
  });

  it('leaves the device as it is when the end says so', async () => {
    const stage = await Stage.open();
    stage.make({ end_action: null });
    stage.until(at('18:01'));
    stage.world.obey('air');
    stage.until(at('23:01'));
    expect(stage.world.told('air')).toEqual(['schedule setFanSpeed 3']);
    expect(stage.schedules.why('air')).toMatchObject({ holds: null, settled: true });
  });

  it('serves every device of a group, each by its own type', async () => {
    const stage = await Stage.open();
    const { id } = stage.make({ group_id: 'downstairs', action: 'relay_on' });
    stage.world.disabled.add('lamp');
    stage.until(at('18:01'));
    expect(stage.world.told('plug')).toEqual(['schedule relay_on']);
    expect(stage.schedules.history(id, 1)[0]?.devices).toEqual([
      {
        device_id: 'lamp',
        outcome: 'failed',
        command_id: null,
        error: 'the device "lamp" is disabled',
      },
      { device_id: 'plug', outcome: 'sent', command_id: 'command-1' },
    ]);
  });

  it('asks for a beep once, and not again when the device is back', async () => {
    const stage = await Stage.open();
    stage.make({ device_id: 'reader', at: `${day}T18:00`, action: 'beep' });
    stage.until(at('18:01'));
    stage.world.giveUp('reader');
    stage.schedules.onReachable('reader');
    await stage.restartAt(Date.parse(at('19:00')));
    expect(stage.world.told('reader')).toEqual(['schedule beep']);
  });

  it('has no word while an override runs, and says so', async () => {
    const stage = await Stage.open();
    const { id } = stage.make();
    stage.until(at('17:50'));
    stage.world.override('air', 'setFanSpeed', 5, 30);
    stage.schedules.apply('air', 'override began');
    stage.world.obey('air');
    stage.until(at('18:01'));
    expect(stage.world.told('air')).toEqual(['override setFanSpeed 5']);
    expect(stage.schedules.history(id, 1)[0]?.devices[0]?.outcome).toBe('overridden');
    // It ends: the window that began meanwhile wins over what was before.
    stage.until(at('18:20'));
    stage.world.overrides.clear();
    stage.schedules.saveBaseline({
      deviceId: 'air',
      overrideId: 'override-air',
      atMs: Date.parse(at('17:50')),
      state: { fanSpeed: 1, powerOn: true },
    });
    stage.schedules.apply('air', 'override ended');
    expect(stage.world.told('air').at(-1)).toBe('schedule setFanSpeed 3');
  });

  it('gives back what was before an override when nothing spoke meanwhile', async () => {
    const stage = await Stage.open();
    stage.make();
    stage.until(at('18:01'));
    stage.world.obey('air');
    stage.until(at('19:00'));
    stage.world.override('air', 'setFanSpeed', 5, 10);
    stage.schedules.apply('air', 'override began');
    stage.world.obey('air');
    stage.until(at('19:10'));
    stage.world.overrides.clear();
    stage.schedules.saveBaseline({
      deviceId: 'air',
      overrideId: 'override-air',
      atMs: Date.parse(at('19:00')),
      state: { fanSpeed: 2, powerOn: true },
    });
    expect(stage.schedules.apply('air', 'override ended').map(({ source }) => source)).toEqual([
      'restore',
    ]);
    expect(stage.world.told('air').at(-1)).toBe('restore setFanSpeed 2');
    expect(stage.schedules.why('air').because).toMatchObject({ kind: 'restore' });
    stage.world.obey('air');
    stage.until(at('23:01'));
    expect(stage.world.told('air').at(-1)).toBe('schedule turnOff');
  });

  it('tells whoever asks for it that a command cannot be made, and still owes it', async () => {
    const stage = await Stage.open();
    stage.world.override('air', 'setFanSpeed', 5, 30);
    stage.world.disabled.add('air');
    expect(() => stage.schedules.apply('air', 'override began')).toThrow('disabled');
    stage.world.disabled.clear();
    stage.schedules.onReachable('air');
    expect(stage.world.told('air')).toEqual(['override setFanSpeed 5']);
  });
});

describe('a schedule that is made, changed or removed', () => {
  it('begins at once inside its own window', async () => {
    const stage = await Stage.open({ atMs: Date.parse(at('20:00')) });
    const made = stage.make();
    expect(stage.world.told('air')).toEqual(['schedule setFanSpeed 3']);
    expect(made.last_run).toMatchObject({ edge: 'start', at: '2026-03-02T19:00:00.000Z' });
  });

  it('does nothing outside of it, whatever the device is like', async () => {
    const stage = await Stage.open();
    stage.world.byHand('air', 'turnOn');
    stage.world.obey('air', false);
    stage.make();
    stage.schedules.onReachable('air');
    expect(stage.world.told('air')).toEqual(['manual turnOn']);
  });

  it('leaves the device as it is when it is switched off or removed', async () => {
    const stage = await Stage.open();
    const { id } = stage.make();
    stage.clock.advance(1);
    const other = stage.make({ start: '18:00', end: '22:00', fanSpeed: 1 });
    stage.until(at('18:01'));
    stage.world.giveUp('air');
    stage.schedules.update(id, { enabled: false }, { actor: 'local' });
    stage.schedules.remove(other.id, { actor: 'local' });
    stage.schedules.onReachable('air');
    stage.until(at('23:59'));
    expect(stage.world.told('air')).toEqual(['schedule setFanSpeed 1']);
    expect(stage.due.dueAtMs('schedule', id)).toBeUndefined();
    expect(stage.due.dueAtMs('schedule', other.id)).toBeUndefined();
  });

  it('begins when it is switched on inside its window', async () => {
    const stage = await Stage.open();
    const { id } = stage.make({ enabled: false });
    stage.until(at('19:00'));
    expect(stage.world.told('air')).toEqual([]);
    stage.schedules.update(id, { enabled: true }, { actor: 'local' });
    expect(stage.world.told('air')).toEqual(['schedule setFanSpeed 3']);
  });

  it('says its new word at once when that is changed, and keeps still for a new name', async () => {
    const stage = await Stage.open();
    const { id } = stage.make();
    stage.until(at('19:00'));
    stage.world.obey('air');
    stage.world.byHand('air', 'setFanSpeed', 1);
    stage.world.obey('air');
    stage.schedules.update(id, { name: 'Evening', end_action: null }, { actor: 'local' });
    expect(stage.world.told('air')).toHaveLength(2);
    stage.schedules.update(id, { fanSpeed: 4 }, { actor: 'local' });
    expect(stage.world.told('air').at(-1)).toBe('schedule setFanSpeed 4');
  });

  it('serves a device that joins its group', async () => {
    const stage = await Stage.open();
    stage.make({ group_id: 'downstairs', action: 'turnOn' });
    stage.until(at('18:01'));
    stage.world.obey('lamp');
    stage.world.said.set('lamp', { relay_state: false });
    stage.world.types.set('heater', 'plug');
    stage.world.groups.set('downstairs', ['lamp', 'plug', 'heater']);
    stage.schedules.onGroupChanged('downstairs');
    expect(stage.world.told('heater')).toEqual(['schedule turnOn']);
    // Who was in it already is not touched: someone may have used the switch.
    expect(stage.world.told('lamp')).toEqual(['schedule turnOn']);
  });

  it('goes with its device, and with its group', async () => {
    const stage = await Stage.open();
    const { id } = stage.make();
    const other = stage.make({ group_id: 'downstairs', action: 'turnOn' });
    expect(stage.schedules.reasonToKeepGroup('downstairs')).toContain('daily 18:00–23:00');
    stage.world.types.delete('air');
    stage.schedules.onDeviceRemoved('air');
    stage.world.groups.delete('downstairs');
    stage.schedules.onGroupChanged('downstairs');
    expect(stage.schedules.list()).toEqual([]);
    for (const gone of [id, other.id]) expect(stage.due.dueAtMs('schedule', gone)).toBeUndefined();
    expect(stage.news.filter(({ change }) => change === 'removed')).toHaveLength(2);
  });
});

describe('a device that was away', () => {
  it('gets what should hold now when it is back, once', async () => {
    const stage = await Stage.open();
    stage.make();
    stage.until(at('18:01'));
    stage.world.away.add('air');
    stage.world.giveUp('air');
    stage.until(at('19:00'));
    for (let times = 0; times < 3; times++) stage.schedules.onReachable('air');
    expect(stage.world.told('air')).toEqual(['schedule setFanSpeed 3', 'schedule setFanSpeed 3']);
    stage.world.giveUp('air', 'expired');
    stage.until(at('23:30'));
    stage.world.giveUp('air');
    stage.schedules.onReachable('air');
    expect(stage.world.told('air').slice(2)).toEqual(['schedule turnOff', 'schedule turnOff']);
  });

  it('is not told again what it took late', async () => {
    const stage = await Stage.open();
    stage.make();
    stage.until(at('18:01'));
    stage.world.giveUp('air');
    const [command] = stage.world.sent;
    if (command === undefined) throw new Error('nothing was sent');
    stage.schedules.onCommand({ ...command, acknowledged_at: at('18:05') });
    stage.schedules.onReachable('air');
    expect(stage.world.told('air')).toHaveLength(1);
  });

  it('is not told at once again what it refused', async () => {
    const stage = await Stage.open();
    stage.make();
    stage.until(at('18:01'));
    stage.world.giveUp('air', 'rejected');
    stage.until(at('18:10'));
    stage.schedules.onReachable('air');
    expect(stage.world.told('air')).toHaveLength(1);
    stage.until(at('18:12'));
    stage.schedules.onReachable('air');
    expect(stage.world.told('air')).toHaveLength(2);
  });

  it('gets the word by hand that came meanwhile, and not the one of the window', async () => {
    const stage = await Stage.open();
    stage.make();
    stage.until(at('18:01'));
    stage.world.away.add('air');
    stage.world.giveUp('air');
    stage.until(at('18:30'));
    stage.world.byHand('air', 'setFanSpeed', 1);
    stage.world.obey('air');
    stage.schedules.onReachable('air');
    expect(stage.world.told('air')).toEqual(['schedule setFanSpeed 3', 'manual setFanSpeed 1']);
  });

  it('with a settled word is left alone', async () => {
    const stage = await Stage.open();
    stage.make();
    stage.until(at('18:01'));
    stage.world.obey('air');
    stage.report('air', { fanSpeed: 1 });
    stage.schedules.onReachable('air');
    expect(stage.world.told('air')).toHaveLength(1);
  });
});

describe('after a power cut', () => {
  it('edges that were missed collapse to what should hold now, and are counted', async () => {
    const stage = await Stage.open();
    const { id } = stage.make();
    stage.until(at('12:00'));
    // Thursday evening: three starts and three ends went by, and the fourth window is open.
    await stage.restartAt(Date.parse(at('20:00', '2026-03-05')));
    expect(stage.world.told('air')).toEqual(['schedule setFanSpeed 3']);
    expect(stage.schedules.history(id, 10)).toMatchObject([
      { edge: 'start', outcome: 'missed', count: 7, command_id: 'command-1' },
    ]);
    expect(stage.due.dueAtMs('schedule', id)).toBe(Date.parse(at('23:00', '2026-03-05')));
  });

  it('in the middle of an edge, its run is completed and its commands are sent', async () => {
    const stage = await Stage.open();
    const { id } = stage.make({ end: '18:01' });
    const died = vi.spyOn(stage.world.devices, 'reported').mockImplementation(() => {
      throw new Error('the power is cut here');
    });
    stage.until(at('18:02'));
    expect(stage.schedules.history(id, 10)).toMatchObject([{ devices: [] }, { devices: [] }]);
    died.mockRestore();
    await stage.restartAt(Date.parse(at('18:02')));
    expect(stage.world.told('air')).toEqual(['schedule turnOff']);
    expect(stage.schedules.history(id, 10)).toMatchObject([
      { edge: 'end', devices: [{ outcome: 'sent', command_id: 'command-1' }] },
      { edge: 'start', devices: [{ outcome: 'overridden', command_id: null }] },
    ]);
    expect(stage.schedules.get(id).last_run).toMatchObject({ command_id: 'command-1' });
    await stage.restartAt(Date.parse(at('18:03')));
    expect(stage.world.told('air')).toHaveLength(1);
  });

  it('what was answered just before is known, though it was not written down', async () => {
    const stage = await Stage.open();
    stage.make();
    stage.until(at('18:01'));
    stage.world.obey('air', false);
    await stage.restartAt(Date.parse(at('18:02')));
    expect(stage.schedules.why('air').settled).toBe(true);
    expect(stage.schedules.numbers().unsettled).toBe(0);
  });

  it('an edge of a moment ago is on time', async () => {
    const stage = await Stage.open();
    const { id } = stage.make();
    stage.until(at('17:59'));
    await stage.restartAt(Date.parse(at('18:00')) + 30_000);
    expect(stage.schedules.history(id, 10)).toMatchObject([{ outcome: 'done', count: 1 }]);
  });

  it('nothing is sent when everything is as it should be', async () => {
    const stage = await Stage.open();
    stage.make();
    stage.until(at('18:01'));
    stage.world.obey('air');
    await stage.restartAt(Date.parse(at('19:00')));
    stage.schedules.onReachable('air');
    stage.clock.advance(minuteMs);
    expect(stage.world.told('air')).toHaveLength(1);
  });

  it('nor to a device that took it and says nothing of its state', async () => {
    const stage = await Stage.open();
    stage.world.said.set('air', { fanSpeed: 1, powerOn: true });
    stage.make();
    stage.until(at('18:01'));
    stage.world.obey('air', false);
    await stage.restartAt(Date.parse(at('19:00')));
    expect(stage.world.told('air')).toHaveLength(1);
    // Back from the cut it says that it is as it was told.
    stage.schedules.onReachable('air');
    stage.report('air', { fanSpeed: 3 });
    expect(stage.world.told('air')).toHaveLength(1);
  });

  it('nor to one that never said how it is', async () => {
    const stage = await Stage.open();
    stage.make();
    stage.until(at('18:01'));
    stage.world.obey('air', false);
    await stage.restartAt(Date.parse(at('19:00')));
    stage.schedules.onReachable('air');
    stage.clock.advance(minuteMs);
    expect(stage.world.told('air')).toHaveLength(1);
  });

  it('a hub that boots in the past waits, and then does one thing', async () => {
    const stage = await Stage.open();
    stage.make();
    stage.until(at('12:00'));
    await stage.restartAt(Date.parse('2020-01-01T00:00:00Z'));
    stage.schedules.onReachable('air');
    stage.report('air', { fanSpeed: 1, powerOn: true });
    stage.clock.advance(24 * hourMs);
    expect(stage.world.told('air')).toEqual([]);
    stage.clock.step(Date.parse(at('19:00', '2026-03-04')));
    stage.clock.advance(minuteMs);
    expect(stage.world.told('air')).toEqual(['schedule setFanSpeed 3']);
  });

  it('what could not be said while the clock was wrong is owed', async () => {
    const stage = await Stage.open();
    await stage.restartAt(Date.parse('2020-01-01T00:00:00Z'));
    stage.world.override('air', 'setFanSpeed', 5, 10);
    expect(stage.schedules.apply('air', 'override began')).toHaveLength(1);
    stage.world.obey('air');
    stage.world.overrides.clear();
    const atMs = stage.clock.nowMs();
    const state = { fanSpeed: 2, powerOn: true };
    stage.schedules.saveBaseline({ deviceId: 'air', overrideId: 'o', atMs, state });
    expect(stage.schedules.apply('air', 'override ended')).toEqual([]);
    stage.clock.step(mondayMs + hourMs);
    stage.clock.advance(1000);
    stage.schedules.onReachable('air');
    stage.clock.advance(5000);
    expect(stage.world.told('air')).toEqual(['override setFanSpeed 5', 'restore setFanSpeed 2']);
  });

  it('devices without schedule or override are never touched', async () => {
    const stage = await Stage.open();
    stage.make();
    stage.world.byHand('lamp', 'relay_on');
    stage.world.obey('lamp');
    stage.world.said.set('lamp', { relay_state: false });
    await stage.restartAt(mondayMs + hourMs);
    stage.schedules.onReachable('lamp');
    stage.report('lamp', { relay_state: false });
    stage.clock.advance(minuteMs);
    expect(stage.world.told('lamp')).toEqual(['manual relay_on']);
  });

  it('an override that runs is brought back to its device', async () => {
    const stage = await Stage.open();
    stage.world.override('air', 'setFanSpeed', 5, 600);
    stage.schedules.apply('air', 'override began');
    stage.world.giveUp('air');
    await stage.restartAt(mondayMs + hourMs);
    stage.schedules.onReachable('air');
    stage.clock.advance(5000);
    expect(stage.world.told('air')).toEqual(['override setFanSpeed 5', 'override setFanSpeed 5']);
  });

  describe('a device that lost power too', () => {
    const inWindow = async () => {
      const stage = await Stage.open();
      stage.make();
      stage.until(at('18:01'));
      stage.world.obey('air');
      await stage.restartAt(Date.parse(at('19:00')));
      return stage;
    };

    it('is put right at its first report after its return', async () => {
      const stage = await inWindow();
      stage.report('air', { fanSpeed: 1 });
      expect(stage.world.told('air')).toHaveLength(1);
      stage.schedules.onReachable('air');
      stage.report('air', { pm25: 12 });
      expect(stage.world.told('air')).toHaveLength(1);
      stage.report('air', { fanSpeed: 1 });
      expect(stage.world.told('air')).toEqual(['schedule setFanSpeed 3', 'schedule setFanSpeed 3']);
    });

    it('or a moment after it', async () => {
      const stage = await inWindow();
      stage.world.said.set('air', { fanSpeed: 0, powerOn: false });
      stage.schedules.onReachable('air');
      stage.clock.advance(2000);
      expect(stage.world.told('air')).toHaveLength(1);
      stage.clock.advance(2000);
      expect(stage.world.told('air')).toHaveLength(2);
    });

    it('and when it is slow to say how it is, at its first report', async () => {
      const stage = await inWindow();
      stage.schedules.onReachable('air');
      stage.clock.advance(minuteMs);
      expect(stage.world.told('air')).toHaveLength(1);
      stage.report('air', { fanSpeed: 1 });
      expect(stage.world.told('air')).toHaveLength(2);
    });

    it('but a report of much later tells what someone did, which is left alone', async () => {
      const stage = await inWindow();
      stage.schedules.onReachable('air');
      stage.clock.advance(5 * minuteMs);
      stage.report('air', { fanSpeed: 1 });
      expect(stage.world.told('air')).toHaveLength(1);
    });

    it('once: what someone does with it later is left alone', async () => {
      const stage = await inWindow();
      stage.schedules.onReachable('air');
      stage.report('air', { fanSpeed: 3 });
      stage.report('air', { fanSpeed: 1 });
      stage.schedules.onReachable('air');
      stage.report('air', { fanSpeed: 1 });
      stage.clock.advance(minuteMs);
      expect(stage.world.told('air')).toHaveLength(1);
    });

    it('is looked at again when the command of before has been answered', async () => {
      const stage = await Stage.open();
      stage.make();
      stage.until(at('18:01'));
      await stage.restartAt(Date.parse(at('18:02')));
      stage.schedules.onReachable('air');
      stage.report('air', { fanSpeed: 1 });
      // The command of before the cut is on its way; the device knows it and does nothing.
      expect(stage.world.told('air')).toHaveLength(1);
      stage.world.obey('air', false);
      stage.report('air', { fanSpeed: 1 });
      expect(stage.world.told('air')).toHaveLength(2);
      // A device that only says it obeys is not told for ever.
      stage.world.obey('air', false);
      stage.report('air', { fanSpeed: 1 });
      stage.clock.advance(hourMs);
      expect(stage.world.told('air')).toHaveLength(2);
    });
  });

  it('between any two steps, the device is told once and ends up right', async () => {
    const stage = await Stage.open();
    stage.make();
    for (const time of ['17:59', '18:01', '18:30', '22:59', '23:01', '23:30']) {
      stage.until(at(time));
      await stage.restartAt(Date.parse(at(time)) + 1000);
      stage.schedules.onReachable('air');
      await stage.restartAt(Date.parse(at(time)) + 2000);
      stage.world.obey('air');
      stage.schedules.onReachable('air');
      stage.report('air', stage.world.said.get('air') ?? {});
    }
    expect(stage.world.told('air')).toEqual(['schedule setFanSpeed 3', 'schedule turnOff']);
  });
});
