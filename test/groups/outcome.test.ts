import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CommandStatus } from '#commands';
import { combinedStatus } from '../../src/groups/outcome.ts';

it.each<[CommandStatus[], number, string]>([
  [['acknowledged'], 0, 'done'],
  [['confirmed', 'acknowledged'], 0, 'done'],
  [['queued'], 0, 'pending'],
  [['sent', 'confirmed'], 0, 'pending'],
  [['delivered', 'rejected'], 0, 'pending'],
  [['queued'], 3, 'pending'],
  [['confirmed', 'rejected'], 0, 'partly'],
  [['acknowledged', 'expired'], 0, 'partly'],
  [['acknowledged', 'timed_out', 'cancelled'], 0, 'partly'],
  [['confirmed'], 1, 'partly'],
  [['rejected'], 0, 'failed'],
  [['expired', 'timed_out', 'cancelled'], 2, 'failed'],
  [[], 2, 'failed'],
])('calls %j with %i refusals: %s', (statuses, refusals, combined) => {
  expect(combinedStatus(statuses, refusals)).toBe(combined);
});

const underWay = ['queued', 'sent', 'delivered'] as const;
const well = ['acknowledged', 'confirmed'] as const;
const lost = ['rejected', 'expired', 'timed_out', 'cancelled'] as const;
const many = <T>(values: readonly T[], least = 0) =>
  fc.array(fc.constantFrom(...values), { minLength: least, maxLength: 8 });
const mixed = (...parts: fc.Arbitrary<CommandStatus[]>[]) =>
  fc
    .tuple(...parts)
    .chain((lists) => fc.shuffledSubarray(lists.flat(), { minLength: lists.flat().length }));

it('is pending exactly while something is under way, whatever else happened', () => {
  const some = mixed(many(underWay, 1), many(well), many(lost));
  fc.assert(
    fc.property(some, fc.nat(5), (statuses, refusals) => {
      expect(combinedStatus(statuses, refusals)).toBe('pending');
    }),
  );
  fc.assert(
    fc.property(mixed(many(well), many(lost)), fc.nat(5), (statuses, refusals) => {
      expect(combinedStatus(statuses, refusals)).not.toBe('pending');
    }),
  );
});

it('is done when all are well, failed when none is, and partly in between', () => {
  fc.assert(
    fc.property(many(well), many(lost), fc.nat(3), (good, bad, refusals) => {
      fc.pre(good.length + bad.length + refusals > 0);
      const unlucky = bad.length + refusals;
      const expected = good.length === 0 ? 'failed' : unlucky === 0 ? 'done' : 'partly';
      expect(combinedStatus([...bad, ...good], refusals)).toBe(expected);
    }),
  );
});
