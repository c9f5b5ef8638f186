import type { Going, KeptDays, KeptRule, RetentionPlan, Storage, Tier } from './history-wire.ts';
import { type Locales, ownLocales } from './locale.ts';
import { dayAndYear } from './time.ts';

/** How finely readings are kept, the finest first, in plain words. */
export const tierNames: readonly (readonly [tier: Tier, key: keyof KeptDays, words: string])[] = [
  ['raw', 'raw_days', 'Every reading'],
  ['1m', 'minute_days', 'By the minute'],
  ['1h', 'hour_days', 'By the hour'],
  ['1d', 'day_days', 'By the day'],
];

const yearDays = 365;

/** `7 days`, `1 year`, `5 years`. */
export function daysWords(days: number): string {
  if (days % yearDays === 0) return count(days / yearDays, 'year');
  return count(days, 'day');
}

/** `1 device`, `1,240 readings`. */
export function count(many: number, word: string, locales: Locales = ownLocales): string {
  return `${new Intl.NumberFormat(locales).format(many)} ${word}${many === 1 ? '' : 's'}`;
}

const units = ['kB', 'MB', 'GB', 'TB'] as const;

/** A size on a disk, as shops write it: `12.4 MB`. */
export function bytesWords(bytes: number, locales: Locales = ownLocales): string {
  if (bytes === 0) return 'nothing';
  let size = bytes / 1000;
  let unit = 0;
  for (; size >= 999.5 && unit < units.length - 1; unit += 1) size /= 1000;
  const digits = size < 9.95 && unit > 0 ? 1 : 0;
  const text = new Intl.NumberFormat(locales, { maximumFractionDigits: digits }).format(
    Math.max(size, 1),
  );
  return `${text}\u00a0${units[unit]}`;
}

/** What each tier takes on the disk. What came in lately is every reading, too. */
export function sizesOf({ tiers = [], journal_bytes: journal }: Storage): Record<Tier, number> {
  const sizes = { raw: journal, '1m': 0, '1h': 0, '1d': 0 };
  for (const { tier, bytes } of tiers) sizes[tier === 'sealed' ? 'raw' : tier] += bytes;
  return sizes;
}

/** How long a rule keeps what: `every reading for 90 days, by the minute for 1 year`. */
export const ruleWords = (rule: KeptRule): string =>
  tierNames
    .flatMap(([, key, words]) => {
      const days = rule[key];
      return days === null ? [] : [`${words.toLowerCase()} for ${daysWords(days)}`];
    })
    .join(', ');

const inWords = (days: number): string =>
  days === 0 ? 'With the next clean-up' : days === 1 ? 'Tomorrow' : `In ${days} days`;

const tierWords: Readonly<Record<Tier, string>> = {
  raw: 'Every reading',
  '1m': 'What is kept by the minute',
  '1h': 'What is kept by the hour',
  '1d': 'What is kept by the day',
};

/** What goes when, a line for each day and fineness: `Tomorrow: Every reading of 3 Mar 2026 …`. */
export function leavingWords(
  { going }: RetentionPlan,
  nameOf: (deviceId: string) => string,
  locales: Locales = ownLocales,
): string[] {
  const groups = Map.groupBy(
    going,
    ({ in_days: days, tier, reason }) => `${days} ${tier} ${reason}`,
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const because = first.reason === 'disk' ? ', as the disk is too full' : '';
    const bytes = group.reduce((sum, one) => sum + one.bytes, 0);
    return (
      `${inWords(first.in_days)}: ${lower(tierWords[first.tier])} ${timesOf(group)} ` +
      `of ${devicesOf(group, nameOf)}, ${bytesWords(bytes, locales)}${because}.`
    );
  });
}

const lower = (words: string): string => words.charAt(0).toLowerCase() + words.slice(1);

function timesOf(group: readonly Going[]): string {
  const starts = group.map(({ start }) => Date.parse(start));
  const ends = group.map(({ end }) => Date.parse(end));
  const from = dayAndYear(starts.reduce((a, b) => Math.min(a, b)));
  // What ends at midnight is of the day before.
  const to = dayAndYear(ends.reduce((a, b) => Math.max(a, b)) - 1);
  return from === to ? `on ${from}` : `from ${from} to ${to}`;
}

const mostNamed = 3;

function devicesOf(group: readonly Going[], nameOf: (deviceId: string) => string): string {
  const names = [...new Set(group.map(({ device_id: id }) => id))].map(nameOf).sort();
  return names.length > mostNamed ? `${names.length} devices` : listed(names);
}

/** `Kettle`, `Kettle and Lamp`, `Kettle, Lamp and Plug`. */
export const listed = (names: readonly string[]): string =>
  names.length < 2
    ? (names[0] ?? '')
    : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
