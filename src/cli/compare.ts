import { HearthError } from '#kernel';
import type { Hub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import type { QueryOptions } from './query.ts';
import { hasValues, type Row, rounded, whyNothing } from './readings.ts';

interface Series {
  readonly data: readonly Row[];
}

interface Answer {
  readonly series: readonly Series[];
  readonly compared?: { readonly series: readonly Series[] };
  readonly truncated: boolean;
}

/** Shows readings in buckets with those of an earlier time beside them. */
export async function compared(
  hub: Hub,
  at: Invocation,
  id: string,
  options: QueryOptions,
): Promise<void> {
  const { start, end, interval, fields, agg, limit, tz, compare, format } = options;
  if (format !== 'table' && format !== 'json') {
    throw new HearthError('bad_request', `--compare cannot be shown as ${format}`, {
      field: '--format',
      hint: 'Two times side by side are a table, or JSON: --format table, --format json.',
    });
  }
  const asked = { devices: id, start, end, interval, fields, agg, limit, tz, compare };
  const answer = await hub.get<Answer>('/telemetry', asked);
  if (format === 'json') {
    at.print(JSON.stringify(answer));
    return;
  }
  const [now, then] = [answer.series[0]?.data ?? [], answer.compared?.series[0]?.data ?? []];
  if (![...now, ...then].some(hasValues)) {
    const none = `${id} has no readings from ${start} to ${end}, nor in the time before.`;
    at.print(await whyNothing(hub, id, none, options));
    return;
  }
  at.print(sideBySide(at, now, then));
  if (answer.truncated) at.note('There are more rows: --limit shows more, --interval fewer.');
}

/** A row of both times, where either has anything: each column with its earlier value behind it. */
function sideBySide(at: Invocation, now: readonly Row[], then: readonly Row[]): string {
  const all = new Set([...now, ...then].flatMap((row) => Object.keys(row)));
  const names = [...all].filter((name) => name !== 'timestamp');
  const heads = ['timestamp', 'earlier', ...names.flatMap((name) => [name, `${name} earlier`])];
  const rows = now.flatMap((row, place) => {
    const past = then[place] ?? {};
    if (!hasValues(row) && !hasValues(past)) return [];
    const values = names.flatMap((name) => [rounded(row[name]), rounded(past[name])]);
    return [[row.timestamp, past.timestamp, ...values]];
  });
  return at.table(heads, rows);
}
