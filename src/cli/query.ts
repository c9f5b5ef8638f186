import { HearthError, parseDurationMs, parseTimeMs } from '#kernel';
import { compared } from './compare.ts';
import { devicePath } from './device.ts';
import { type Hub, withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { type Row, rounded, whyNothing } from './readings.ts';
import { durationText, intervalFor, sparkline } from './sparkline.ts';
import { cell } from './table.ts';

export interface QueryOptions {
  readonly start: string;
  readonly end: string;
  readonly interval?: string;
  readonly fields?: string;
  readonly agg?: string;
  readonly limit?: string;
  readonly tz?: string;
  /** Rows at most, of which the highest and the lowest are two. */
  readonly points?: string;
  readonly downsample?: string;
  /** An earlier time to be shown beside. */
  readonly compare?: string;
  readonly format: 'table' | 'csv' | 'json' | 'sparkline';
}

interface Answer {
  readonly data: readonly Row[];
  /** Whether there are more rows than the limit let through. */
  readonly truncated?: boolean;
}

/** Shows the readings of one device. CSV and JSON pass through as the hub streams them. */
export async function query(at: Invocation, id: string, options: QueryOptions): Promise<void> {
  refuseLostOptions(options);
  const format = at.json ? 'json' : options.format;
  await withHub(at, async (hub) => {
    if (options.compare !== undefined) return compared(hub, at, id, { ...options, format });
    if (format === 'sparkline') return at.print(await sparklines(hub, at, id, options));
    if (format !== 'table') return stream(hub, at, id, { ...parameters(options), format });
    const answer = await hub.get<Answer>(`${devicePath(id)}/telemetry`, parameters(options));
    at.print(answer.data.length === 0 ? await nothing(hub, id, options) : rows(at, answer));
    if (answer.truncated) {
      at.note(
        `There are more than these ${answer.data.length}: --limit shows more, --interval fewer.`,
      );
    }
  });
}

/** A line of blocks for each metric, with its lowest, average and highest value. */
async function sparklines(
  hub: Hub,
  at: Invocation,
  id: string,
  options: QueryOptions,
): Promise<string> {
  const nowMs = at.around.clock.nowMs();
  const startMs = parseTimeMs(options.start, nowMs, '--start');
  const endMs = parseTimeMs(options.end, nowMs, '--end');
  if (endMs <= startMs) {
    throw new HearthError('bad_request', '--end is not after --start', { field: '--end' });
  }
  const room = Math.max(20, at.columns - statisticsWidth);
  const intervalMs = options.interval
    ? parseDurationMs(options.interval, '--interval')
    : intervalFor(endMs - startMs, room);
  const answer = await hub.get<Answer>(`${devicePath(id)}/telemetry`, {
    ...parameters(options),
    start: new Date(startMs).toISOString(),
    end: new Date(endMs).toISOString(),
    interval: durationText(intervalMs),
    agg: 'avg,min,max,count',
    limit: undefined,
  });
  const lines = sparklinesOf(answer.data, startMs, endMs, intervalMs);
  return lines === '' ? nothing(hub, id, options) : lines;
}

/** What a line has beside its blocks: the name, and three numbers. */
const statisticsWidth = 60;

/** Rows of `<metric>_avg|_min|_max|_count` to lines; buckets nobody answered for are gaps. */
export function sparklinesOf(
  rows: readonly Row[],
  startMs: number,
  endMs: number,
  intervalMs: number,
): string {
  // Buckets stand where the hub's do: days begin at the home's midnight, and one may have 23 hours.
  const timeOf = (row: Row) => Date.parse(String(row.timestamp));
  const firstMs = rows.reduce((least, row) => Math.min(least, timeOf(row)), endMs);
  const before = Math.max(0, Math.floor((firstMs - startMs) / intervalMs));
  const bucketOf = (row: Row) => before + Math.round((timeOf(row) - firstMs) / intervalMs);
  const buckets = before + Math.ceil((endMs - firstMs) / intervalMs);
  const metrics = [...new Set(rows.flatMap((row) => Object.keys(row)))]
    .filter((name) => name.endsWith('_avg'))
    .map((name) => name.slice(0, -'_avg'.length));
  const width = metrics.reduce((widest, { length }) => Math.max(widest, length), 0);
  return metrics
    .map((metric) => {
      const values = new Array<number | null>(buckets).fill(null);
      const seen = {
        low: Number.POSITIVE_INFINITY,
        high: Number.NEGATIVE_INFINITY,
        sum: 0,
        count: 0,
      };
      for (const row of rows) {
        const average = row[`${metric}_avg`];
        if (typeof average !== 'number') continue;
        const count = Number(row[`${metric}_count`] ?? 1);
        values[bucketOf(row)] = average;
        seen.low = Math.min(seen.low, Number(row[`${metric}_min`]));
        seen.high = Math.max(seen.high, Number(row[`${metric}_max`]));
        seen.sum += average * count;
        seen.count += count;
      }
      if (seen.count === 0) return '';
      const facts = `min ${short(seen.low)}  avg ${short(seen.sum / seen.count)}  max ${short(seen.high)}`;
      return `${cell(metric).padEnd(width)}  ${sparkline(values.slice(0, buckets))}  ${facts}`;
    })
    .filter((line) => line !== '')
    .join('\n');
}

function rows(at: Invocation, answer: Answer): string {
  const names = [...new Set(answer.data.flatMap((row) => Object.keys(row)))];
  const ordered = ['timestamp', ...names.filter((name) => name !== 'timestamp')];
  return at.table(
    ordered,
    answer.data.map((row) => ordered.map((name) => rounded(row[name]))),
  );
}

async function stream(
  hub: Hub,
  at: Invocation,
  id: string,
  query: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const { body } = await hub.stream(`${devicePath(id)}/telemetry`, query);
  let last = '';
  for await (const part of body ?? []) {
    const chunk = Buffer.from(part);
    last = chunk.toString().slice(-1);
    await at.write(chunk);
  }
  if (last !== '\n') at.print('');
}

const parameters = (options: QueryOptions) => {
  const { start, end, interval, fields, agg, limit, tz, points, downsample } = options;
  return { start, end, interval, fields, agg, limit, tz, points, downsample };
};

/** Options that change nothing without `--interval`: their typist expects them to. */
function refuseLostOptions({ interval, agg, tz, format, compare }: QueryOptions): void {
  if (interval !== undefined || format === 'sparkline' || compare !== undefined) return;
  const lost = agg !== undefined ? '--agg' : tz !== undefined ? '--tz' : undefined;
  if (lost === undefined) return;
  throw new HearthError('bad_request', `${lost} needs --interval`, {
    field: lost,
    hint: 'Without it every reading is a row of its own: add --interval 1h, or 1d.',
  });
}

const nothing = (hub: Hub, id: string, options: QueryOptions): Promise<string> =>
  whyNothing(hub, id, `${id} has no readings from ${options.start} to ${options.end}.`, options);

/** Four digits that matter: 0.01234, 12.34, 12345. */
const short = (value: number): string =>
  Math.abs(value) >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(4)));
