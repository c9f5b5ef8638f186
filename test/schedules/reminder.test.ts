import { describe, expect, it } from 'vitest';
import { hourMs, minuteMs, Stage } from './stage.ts';

const at = (time: string): string => `2026-03-02T${time}:00+01:00`;

/** Evening has begun; the device is there and deaf. */
async function evening(): Promise<Stage> {
  const stage = await Stage.open({ isWhole: true });
  stage.world.said.set('air', { fanSpeed: 1, powerOn: true });
  stage.make();
  stage.until(at('18:00'));
  return stage;
}

/** Minutes after 18:00 at which the device was told something, when it never answers. */
function timesTold(stage: Stage, minutes: number): number[] {
  const beganMs = Date.parse(at('18:00'));
  for (let seconds = 0; seconds < minutes * 60; seconds++) {
    stage.clock.advance(1000);
    stage.world.giveUp('air');
  }
  return stage.world.sent.map(({ created_at }) =>
    Math.round((Date.parse(created_at) - beganMs) / minuteMs),
  );
}

describe('a word that a device did not take', () => {
  it('is said again after 5 minutes, then after twice as long, up to an hour', async () => {
    const stage = await evening();
    expect(timesTold(stage, 250)).toEqual([0, 5, 15, 35, 75, 135, 195]);
  });

  it('is not said to a device that is away; it gets it when it is back', async () => {
    const stage = await evening();
    stage.world.away.add('air');
    expect(timesTold(stage, 200)).toEqual([0]);
    stage.world.away.delete('air');
    stage.schedules.onReachable('air');
    expect(stage.world.told('air')).toHaveLength(2);
  });

  it('is said at once when a report tells otherwise, and then not more often than that', async () => {
    const stage = await evening();
    stage.clock.advance(minuteMs);
    stage.world.giveUp('air');
    for (let seconds = 0; seconds < 240; seconds += 10) {
      stage.report('air', { fanSpeed: 1 });
      stage.clock.advance(10_000);
      stage.world.giveUp('air');
    }
    expect(stage.world.told('air')).toHaveLength(2);
    stage.world.giveUp('air');
    stage.clock.advance(10 * minuteMs);
    expect(stage.world.told('air')).toHaveLength(3);
    stage.world.obey('air');
    expect(stage.schedules.why('air')).toMatchObject({ settled: true, agrees: 'agrees' });
    stage.clock.advance(3 * hourMs);
    expect(stage.world.told('air')).toHaveLength(3);
  });

  it('and refused is said again after ten minutes, whatever it reports', async () => {
    const stage = await evening();
    stage.world.giveUp('air', 'rejected');
    stage.clock.advance(5 * minuteMs);
    stage.report('air', { fanSpeed: 1 });
    stage.clock.advance(4.9 * minuteMs);
    expect(stage.world.told('air')).toHaveLength(1);
    stage.clock.advance(0.2 * minuteMs);
    expect(stage.world.told('air')).toHaveLength(2);
  });

  it('is said no more when another holds', async () => {
    const stage = await evening();
    stage.world.giveUp('air');
    stage.clock.advance(minuteMs);
    stage.world.byHand('air', 'setFanSpeed', 4);
    stage.world.obey('air');
    stage.clock.advance(2 * hourMs);
    expect(stage.world.told('air')).toEqual(['schedule setFanSpeed 3', 'manual setFanSpeed 4']);
  });

  it('is said again after a restart', async () => {
    const stage = await evening();
    stage.world.giveUp('air');
    await stage.restartAt(Date.parse(at('18:01')));
    stage.schedules.onReachable('air');
    stage.clock.advance(minuteMs);
    stage.world.giveUp('air');
    expect(stage.world.told('air')).toHaveLength(2);
    stage.clock.advance(10 * minuteMs);
    expect(stage.world.told('air')).toHaveLength(3);
  });
});

describe('a word that a device says it took', () => {
  const lie = 'the device reports fanSpeed 1 instead of 3';

  it('and reports otherwise is not settled: it is said again, ever more seldom', async () => {
    const stage = await evening();
    const tell = (isBelieved: boolean) => {
      const { id } = stage.world.sent.at(-1) ?? { id: '' };
      stage.world.obey('air', false);
      expect(stage.schedules.why('air').settled).toBe(isBelieved);
      stage.report('air', { fanSpeed: 1 });
      stage.world.end(id, 'acknowledged', lie);
    };
    tell(true);
    expect(stage.schedules.why('air')).toMatchObject({ settled: false, agrees: 'differs' });
    stage.clock.advance(1000);
    expect(stage.world.told('air')).toHaveLength(2);
    tell(false);
    stage.clock.advance(9 * minuteMs);
    expect(stage.world.told('air')).toHaveLength(2);
    stage.clock.advance(2 * minuteMs);
    expect(stage.world.told('air')).toHaveLength(3);
    // Only its report settles it.
    stage.world.obey('air');
    expect(stage.schedules.why('air').settled).toBe(false);
    stage.world.end('command-3', 'confirmed');
    expect(stage.schedules.why('air').settled).toBe(true);
  });

  it('is settled when its report agrees after all', async () => {
    const stage = await evening();
    const { id } = stage.world.sent[0] ?? { id: '' };
    stage.world.obey('air', false);
    stage.world.end(id, 'acknowledged', lie);
    stage.report('air', { fanSpeed: 3, powerOn: true });
    stage.world.end(id, 'confirmed');
    expect(stage.schedules.why('air')).toMatchObject({ settled: true, agrees: 'agrees' });
    stage.clock.advance(2 * hourMs);
    expect(stage.world.told('air')).toHaveLength(1);
  });

  it('and reported is left alone: what a button does then is nobody else’s business', async () => {
    const stage = await evening();
    const { id } = stage.world.sent[0] ?? { id: '' };
    stage.world.types.set('air', 'purifier');
    stage.world.said.set('air', { fanSpeed: 1 });
    stage.world.obey('air', false);
    // It never says whether it is on, so that its command stays unconfirmed.
    stage.report('air', { fanSpeed: 3 });
    stage.report('air', { fanSpeed: 1 });
    stage.world.end(id, 'acknowledged', lie);
    stage.clock.advance(2 * hourMs);
    expect(stage.world.told('air')).toHaveLength(1);
    expect(stage.schedules.why('air').settled).toBe(true);
  });
});
