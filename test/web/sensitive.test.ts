import { expect, it } from 'vitest';
import { sensitiveReadings } from '../../web/src/sensitive.ts';

const timestamp = '2026-07-01T08:00:00.000Z';
const words = (...given: Parameters<typeof sensitiveReadings>) =>
  sensitiveReadings(...given).map(({ label, words }) => `${label}: ${words}`);

it.each([
  [[{ timestamp, motion: true }, undefined], true, ['Motion: Seen', 'Presence: No reading yet']],
  [[null, { timestamp, motion: false, presence: 2 }], true, ['Motion: None', 'Presence: 2']],
  // What came live is newer than what was asked for at first.
  [
    [
      { timestamp, motion: true },
      { timestamp, motion: false },
    ],
    true,
    ['Motion: Seen', 'Presence: No reading yet'],
  ],
  [[{ timestamp }, undefined], false, ['Motion: Not shown to you', 'Presence: Not shown to you']],
])('of sensitive metrics with %j, seen by them: %j, says %j', (latest, maySee, said) => {
  expect(words(['presence', 'motion'], latest, maySee)).toEqual(said);
});
