import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { profiles } from '#sim';
import {
  type Condition,
  firstCondition,
  nextCondition,
  type Profile,
  readingOf,
  withSetting,
} from '../../src/sim/profile.ts';
import { seededRandom } from '../../src/sim/random.ts';

const steps = 40;

function live(profile: Profile, seed: string, condition?: Condition): Condition[] {
  const random = seededRandom(seed);
  const conditions = [condition ?? firstCondition(profile, random)];
  for (let i = 0; i < steps; i++) {
    conditions.push(nextCondition(profile, conditions[i] as Condition, random));
  }
  return conditions;
}

describe.each(Object.values(profiles) as Profile[])('a $type', (profile) => {
  it('changes gradually and stays within its bounds', () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const life = live(profile, seed);
        for (const [name, walk] of Object.entries(profile.walks)) {
          const values = life.map(({ walks }) => walks[name] as number);
          for (const [i, value] of values.entries()) {
            expect(value).toBeGreaterThanOrEqual(walk.low);
            expect(value).toBeLessThanOrEqual(walk.high);
            const before = values[i - 1] ?? value;
            expect(Math.abs(value - before)).toBeLessThanOrEqual(walk.step + 1e-9);
          }
        }
      }),
    );
  });

  it('lives the same life again under the same seed', () => {
    expect(live(profile, 'one')).toEqual(live(profile, 'one'));
    expect(live(profile, 'one')).not.toEqual(live(profile, 'two'));
  });

  it('reports every metric as a finite number or a switch', () => {
    for (const condition of live(profile, 'report')) {
      const reading = readingOf(profile, condition);
      expect(Object.keys(reading)).toEqual(Object.keys(profile.metrics));
      for (const value of Object.values(reading)) {
        expect(typeof value === 'boolean' || Number.isFinite(value)).toBe(true);
      }
    }
  });
});

const start = (profile: Profile): Condition => firstCondition(profile, seededRandom('start'));

function set(profile: Profile, condition: Condition, name: string, value: string): Condition {
  const changed = withSetting(profile, condition, name, value);
  if ('problem' in changed) throw new Error(changed.problem);
  return changed;
}

it('measures power that is voltage times current, and none when the relay is off', () => {
  const { plug } = profiles;
  for (const condition of live(plug, 'watt')) {
    const { voltage, current, power } = readingOf(plug, condition);
    expect(Math.abs(Number(voltage) * Number(current) - Number(power))).toBeLessThan(0.2);
  }
  const off = readingOf(plug, set(plug, start(plug), 'relay_state', 'off'));
  expect(off).toMatchObject({ current: 0, power: 0, relay_state: false });
});

it('cleans the air faster, and louder, at a higher fan speed', () => {
  const { purifier } = profiles;
  const after = (speed: string) => {
    const settled = live(purifier, 'air', set(purifier, start(purifier), 'fanSpeed', speed));
    return readingOf(purifier, settled.at(-1) as Condition);
  };
  const slow = after('1');
  const fast = after('5');
  expect(Number(fast.pm25)).toBeLessThan(Number(slow.pm25));
  expect(Number(fast.sound)).toBeGreaterThan(Number(slow.sound));
  expect(fast.fanSpeed).toBe(5);
});

it.each([
  ['fanSpeed', '6', 'fanSpeed takes 0 to 5, not "6"'],
  ['fanSpeed', '2.5', 'fanSpeed takes 0 to 5, not "2.5"'],
  ['powerOn', 'maybe', 'powerOn takes on or off, not "maybe"'],
  ['colour', 'red', 'a purifier has no colour; it has powerOn, fanSpeed'],
])('does not let %s be %s', (name, value, problem) => {
  expect(withSetting(profiles.purifier, start(profiles.purifier), name, value)).toEqual({
    problem,
  });
});
