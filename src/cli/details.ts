import { type HomeTime, homeTime } from './home-time.ts';
import type { Invocation } from './invocation.ts';
import { list } from './table.ts';

type Members = Readonly<Record<string, unknown>>;

/**
 * One thing as a person reads it: its plain members, then a table for each list of things in it, then
 * the zone that its times are of.
 */
export function details(at: Invocation, thing: object): string {
  const home = homeTime(at);
  const entries = Object.entries(thing as Members);
  const plain = entries.filter(([, value]) => !isListOfThings(value));
  const parts = [
    list(Object.fromEntries(plain.map(([name, value]) => [words(name), shown(home, name, value)]))),
  ];
  for (const [name, value] of entries) {
    if (!isListOfThings(value)) continue;
    const headings = [...new Set(value.flatMap((item) => Object.keys(item)))];
    const rows = value.map((item) =>
      headings.map((heading) => shown(home, heading, item[heading])),
    );
    parts.push(`${words(name)}\n${at.table(headings.map(words), rows)}`);
  }
  return home.below(parts.filter((part) => part !== '').join('\n\n'));
}

const isListOfThings = (value: unknown): value is readonly Members[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((item) => typeof item === 'object' && item !== null && !Array.isArray(item));

/** `at` and `…_at` are times; what else looks like one may be a device's own text. */
const shown = (home: HomeTime, name: string, value: unknown): unknown =>
  typeof value === 'string' && /(^|_)at$/.test(name) ? home.exact(value) || value : value;

const words = (name: string): string => name.replaceAll('_', ' ');
