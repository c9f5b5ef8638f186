/** Overrides and schedules together: what an override gives back, whatever was under way. */
import { describe, expect, it } from 'vitest';
import type { StateMap } from '#devices';
import { minuteMs, Stage } from '../schedules/stage.ts';

const day = '2026-03-02';
const at = (time: string): string => `${day}T${time}:00+01:00`;
const anna = { requestedBy: 'person:Anna' };

async function open(state: StateMap = { fanSpeed: 2, powerOn: true }): Promise<Stage> {
  const stage = await Stage.open({ isWhole: true });
  stage.world.said.set('air', state);
  stage.clock.advance(minuteMs);
  return stage;
}

/** Lets it be, with a device that does what it is told. */
function pass(stage: Stage, minutes: number): void {
  for (let minute = 0; minute < minutes; minute++) {
    stage.clock.advance(minuteMs);
    stage.world.obey('air');
  }
}

const fan = (stage: Stage): unknown => stage.world.said.get('air')?.fanSpeed;
const because = (stage: Stage): string => stage.schedules.why('air').because.kind;
const boostTaken = (stage: Stage, fanSpeed: number, minutes: number) => {
  const begun = stage.boost(fanSpeed, minutes).override;
  stage.world.obey('air');
  return begun;
};

describe('an override that begins while something is owed', () => {
  it('keeps what the one before has yet to give back to a device that is away', async () => {
    const stage = await open();
    boostTaken(stage, 5, 10);
    stage.world.away.add('air');
    stage.clock.advance(10 * minuteMs);
    stage.world.giveUp('air');
    stage.clock.advance(minuteMs);
    expect(stage.boost(4, 10).override.previous).toEqual({ fanSpeed: 2, powerOn: true });
    stage.world.giveUp('air');
    stage.world.away.delete('air');
    stage.schedules.onReachable('air');
    pass(stage, 12);
    expect(fan(stage)).toBe(2);
    expect(because(stage)).toBe('restore');
  });

  it('keeps what is on its way back when one is cancelled and another begun at once', async () => {
    const stage = await open();
    boostTaken(stage, 5, 10);
    stage.clock.advance(minuteMs);
    stage.overrides.cancel('air', anna);
    stage.clock.advance(100);
    expect(stage.boost(5, 10).override.previous).toEqual({ fanSpeed: 2, powerOn: true });
    pass(stage, 12);
    expect(fan(stage)).toBe(2);
  });

  it.each([
    ['a device that is away', '18:10'],
    ['a device that takes a while to answer', '18:00'],
  ])('has the word of an open window hold again: %s', async (_, time) => {
    const stage = await open();
    stage.make();
    stage.until(at('18:00'));
    stage.clock.advance(200);
    if (time === '18:10') {
      stage.world.away.add('air');
      stage.world.giveUp('air');
      stage.until(at(time));
    }
    expect(stage.boost(5, 10).override.previous).toEqual({ fanSpeed: 3, powerOn: true });
    stage.world.giveUp('air');
    stage.clock.advance(5 * minuteMs);
    stage.world.away.delete('air');
    stage.schedules.onReachable('air');
    pass(stage, 7);
    expect(fan(stage)).toBe(3);
    expect(because(stage)).toBe('schedule');
  });

  it('gives back what was taken a moment ago and has yet to be reported', async () => {
    const stage = await open();
    stage.make();
    stage.until(at('18:00'));
    stage.clock.advance(1000);
    stage.world.obey('air', false);
    expect(stage.boost(5, 10).override.previous).toMatchObject({ fanSpeed: 3 });
    pass(stage, 11);
    expect([fan(stage), because(stage)]).toEqual([3, 'schedule']);
  });

  it('gives back a word by hand that is on its way', async () => {
    const stage = await open();
    stage.world.byHand('air', 'setFanSpeed', 3);
    stage.clock.advance(100);
    expect(stage.boost(5, 10).override.previous).toEqual({ fanSpeed: 3, powerOn: true });
    pass(stage, 11);
    expect(fan(stage)).toBe(3);
  });

  it('gives back what a button was set to after the word was taken and reported', async () => {
    const stage = await open();
    stage.make();
    stage.until(at('18:00'));
    stage.clock.advance(1000);
    stage.world.obey('air');
    stage.report('air', { fanSpeed: 3, powerOn: true });
    stage.report('air', { fanSpeed: 1 });
    expect(stage.boost(5, 10).override.previous).toEqual({ fanSpeed: 1, powerOn: true });
    pass(stage, 11);
    expect([fan(stage), because(stage)]).toEqual([1, 'restore']);
  });

  it('forgets over a restart nothing of it', async () => {
    const stage = await open();
    boostTaken(stage, 5, 10);
    stage.world.away.add('air');
    stage.clock.advance(10 * minuteMs);
    await stage.restartAt(stage.clock.nowMs() + 60 * minuteMs);
    stage.world.giveUp('air');
    expect(stage.boost(4, 10).override.previous).toEqual({ fanSpeed: 2, powerOn: true });
  });
});

describe('a command by hand during an override', () => {
  it.each(['timed_out', 'rejected', 'expired', 'cancelled'] as const)(
    'that comes to nothing (%s) leaves it as it was, with its restore',
    async (status) => {
      const stage = await open();
      boostTaken(stage, 5, 10);
      stage.clock.advance(minuteMs);
      const { id } = stage.world.byHand('air', 'setFanSpeed', 1);
      stage.schedules.onReachable('air');
      expect(stage.overrides.get('air').status).toBe('active');
      stage.world.end(id, status);
      stage.clock.advance(minuteMs);
      expect(stage.world.told('air')).toEqual(['override setFanSpeed 5', 'manual setFanSpeed 1']);
      expect(because(stage)).toBe('override');
      pass(stage, 9);
      expect(fan(stage)).toBe(2);
    },
  );

  it('is not fought, and when it comes to nothing the override has its way again', async () => {
    const stage = await open();
    stage.boost(5, 10);
    stage.clock.advance(1000);
    const { id } = stage.world.byHand('air', 'setFanSpeed', 1);
    stage.schedules.onReachable('air');
    stage.clock.advance(6 * minuteMs);
    expect(stage.world.told('air')).toEqual(['override setFanSpeed 5', 'manual setFanSpeed 1']);
    stage.world.end(id, 'timed_out');
    stage.clock.advance(1000);
    expect(stage.world.told('air').at(-1)).toBe('override setFanSpeed 5');
    pass(stage, 5);
    expect(fan(stage)).toBe(2);
  });

  it('is what holds once it is taken', async () => {
    const stage = await open();
    boostTaken(stage, 5, 10);
    stage.clock.advance(minuteMs);
    stage.world.byHand('air', 'setFanSpeed', 1);
    pass(stage, 20);
    expect([fan(stage), because(stage)]).toEqual([1, 'manual']);
    expect(stage.overrides.list('air')).toMatchObject([{ status: 'cancelled' }]);
  });

  it.each([
    ['is taken later', 'acknowledged', 1],
    ['times out later', 'timed_out', 2],
    ['is refused later', 'rejected', 2],
    ['is taken back later', 'cancelled', 2],
  ] as const)('that is under way at the end and %s', async (_, status, fanSpeed) => {
    const stage = await open();
    boostTaken(stage, 5, 10);
    stage.clock.advance(9.5 * minuteMs);
    const { id } = stage.world.byHand('air', 'setFanSpeed', 1);
    stage.clock.advance(minuteMs);
    expect(stage.overrides.list('air')).toMatchObject([{ status: 'ended' }]);
    expect(stage.world.told('air')).toHaveLength(2);
    if (status === 'acknowledged') stage.world.obey('air');
    else stage.world.end(id, status);
    pass(stage, 3);
    expect(fan(stage)).toBe(fanSpeed);
    expect(stage.schedules.why('air')).toMatchObject({ settled: true, agrees: 'agrees' });
  });
});

describe('a device that was off', () => {
  it('is off again, and keeps the speed that it had before', async () => {
    const stage = await open({ fanSpeed: 2, powerOn: false });
    stage.boost(5, 10);
    pass(stage, 11);
    expect(stage.world.told('air')).toEqual(['override setFanSpeed 5', 'restore turnOff']);
    expect(stage.world.said.get('air')).toEqual({ fanSpeed: 5, powerOn: false });
    expect(stage.schedules.why('air')).toMatchObject({ settled: true, agrees: 'agrees' });
    expect(stage.boost(4, 10).override.previous).toEqual({ fanSpeed: 2, powerOn: false });
  });

  it('but not once someone has used it since', async () => {
    const stage = await open({ fanSpeed: 2, powerOn: false });
    stage.boost(5, 10);
    pass(stage, 11);
    stage.world.byHand('air', 'setFanSpeed', 4);
    pass(stage, 1);
    stage.report('air', { fanSpeed: 4, powerOn: true });
    stage.world.byHand('air', 'turnOff');
    pass(stage, 1);
    stage.report('air', { fanSpeed: 4, powerOn: false });
    expect(stage.boost(5, 10).override.previous).toEqual({ fanSpeed: 4, powerOn: false });
  });
});

it('ends before the windows of meanwhile are begun, so that their runs tell what was sent', async () => {
  const stage = await open();
  const { id } = stage.make();
  stage.until(at('17:55'));
  boostTaken(stage, 5, 10);
  await stage.restartAt(Date.parse(at('18:20')));
  expect(stage.world.told('air').at(-1)).toBe('schedule setFanSpeed 3');
  expect(stage.schedules.history(id, 10)).toMatchObject([
    { outcome: 'missed', command_id: 'command-2', devices: [{ outcome: 'sent' }] },
  ]);
  expect(stage.overrides.list('air')).toMatchObject([{ status: 'ended' }]);
});

it('while the clock is behind, nobody knows how long one of before has to run', async () => {
  const stage = await open();
  stage.make();
  boostTaken(stage, 5, 10);
  await stage.restartAt(Date.parse('2020-01-01T00:00:00Z'));
  expect(stage.overrides.get('air').remaining_seconds).toBeNull();
  const why = stage.schedules.why('air');
  expect(why).toMatchObject({ holds: { value: 5 }, since: null, until: null, next: null });
  expect(why.because.text).toContain('clock is behind');
  expect(stage.boost(4, 10).override.remaining_seconds).toBe(600);
});

describe('a device of which nothing was known', () => {
  it('is turned off at the end, and `why` says so', async () => {
    const stage = await open({});
    expect(boostTaken(stage, 5, 10).previous).toBeNull();
    pass(stage, 11);
    expect(stage.world.told('air').at(-1)).toBe('restore turnOff');
    const said = () => {
      const { because, considered } = stage.schedules.why('air');
      return [because.kind, because.text, considered[0]?.text];
    };
    const expected = [
      'restore',
      'An override is over; how it was before was not known, so it was turned off; no edge is to come',
      'Turned off by an override: how it was at 08:01 was not known',
    ];
    expect(said()).toEqual(expected);
    await stage.restartAt(stage.clock.nowMs() + minuteMs);
    expect(said()).toEqual(expected);
  });

  it('is known after it said something', async () => {
    const stage = await open({});
    boostTaken(stage, 5, 10);
    pass(stage, 11);
    stage.report('air', { fanSpeed: 5, powerOn: false });
    boostTaken(stage, 4, 10);
    pass(stage, 11);
    expect(stage.schedules.why('air').because.text).toContain('gave back what was so at 08:12');
  });
});
