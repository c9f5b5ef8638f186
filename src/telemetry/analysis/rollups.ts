import type { DuckDBConnection } from '@duckdb/node-api';
import { Buckets } from '../buckets.ts';
import { longestSilenceUs } from '../summary.ts';
import type { Snapshot, SnapshotFile } from '../worker/protocol.ts';
import {
  linkSpans,
  mergeSpans,
  type SpanBuckets,
  spanColumns,
  spansOfReadings,
} from '../worker/tiers/spans.ts';
import { type RollupTier, tierIntervalUs } from '../worker/tiers/tiers.ts';
import { quoted } from './database.ts';
import { daysOf, type FreshDay, readCells } from './fresh-days.ts';
import { instantSql, partsOf, readingsSql, rollupRowsSql } from './readings.ts';

/** A series of which a day's raw readings are not all there any more: its rollup knows more. */
interface Kept {
  readonly device: string;
  readonly metric: string;
  readonly fromUs: number;
}

type Source = Pick<Snapshot, 'files' | 'days' | 'erasures'>;

/**
 * The rows of a rollup as SQL, with spans' columns (spans.ts) after `device, metric, begins, class`:
 * days as they were summed up, and those with newer readings summed up now. With `linked`, what lies
 * between two rows counts in.
 */
export async function rollupSql(
  connection: DuckDBConnection,
  source: Source,
  { tier, timeZone, linked }: { tier: RollupTier; timeZone: string; linked: boolean },
): Promise<string> {
  const files = source.files.filter((file) => file.tier === tier);
  const fresh = await daysOf(connection, source, timeZone);
  const kept = await keptOf(connection, source, files, fresh);
  const stretches = stretchesOf(files, source, tier, fresh, kept);
  if (stretches.length === 0) return nothing;
  const rows = stretches.map((one) => one.rows).join('\nUNION ALL\n');
  if (!linked) return rows;
  // So few that they need not be taken apart.
  if (tier === '1d') return linkedRows(rows, tier);
  const days = await rollupSql(connection, source, { tier: '1d', timeZone, linked: false });
  await connection.run(`CREATE OR REPLACE TABLE neighbours AS
    SELECT device, metric, begins, class, ${spanColumns.join(', ')} FROM (${days})`);
  return stretches.map((stretch) => linkedStretch(stretch, tier)).join('\nUNION ALL\n');
}

/** Rows that are read in one go, and the days that they are of. */
interface RowsOfStretch {
  readonly rows: string;
  readonly fromUs: number;
  readonly untilUs: number;
  /** A condition on `begins`. */
  readonly isOfIt: string;
}

function stretchesOf(
  files: readonly SnapshotFile[],
  source: Source,
  tier: RollupTier,
  fresh: readonly FreshDay[],
  kept: readonly Kept[],
): RowsOfStretch[] {
  const columns = `device, metric, timezone('UTC', time) AS begins, class, ${spanColumns.join(', ')}`;
  const stretches = partsOf(files, source.erasures).map((part): RowsOfStretch => {
    const rest = fresh.length === 0 ? [] : [`NOT ${within(fresh, 'epoch_us(time)')}`];
    const fromUs = Math.min(...part.map((file) => file.fromUs ?? file.oldestUs));
    const untilUs = Math.max(...part.map((file) => file.untilUs ?? file.newestUs + 1));
    const isOfIt = `begins >= ${instantSql(fromUs)} AND begins < ${instantSql(untilUs)}`;
    return {
      rows: rollupRowsSql(part, source.erasures, rest, columns),
      fromUs,
      untilUs,
      isOfIt:
        fresh.length === 0 ? isOfIt : `${isOfIt} AND NOT ${within(fresh, 'epoch_us(begins)')}`,
    };
  });
  const [first, last] = [fresh[0], fresh.at(-1)];
  if (first !== undefined && last !== undefined) {
    stretches.push({
      rows: summedUpNow(source, files, tier, fresh, kept),
      fromUs: first.fromUs,
      untilUs: last.untilUs,
      isOfIt: within(fresh, 'epoch_us(begins)'),
    });
  }
  return stretches;
}

/** Fresh days in buckets of `tier`. */
function summedUpNow(
  source: Source,
  files: readonly SnapshotFile[],
  tier: RollupTier,
  fresh: readonly FreshDay[],
  kept: readonly Kept[],
): string {
  const stretch = { startUs: fresh[0]?.fromUs ?? 0, endUs: fresh.at(-1)?.untilUs ?? 0 };
  const readings = (files: readonly SnapshotFile[]): string => `
    SELECT {device: device, metric: metric} AS series, epoch_us(timestamp) AS time_us, value,
      text, kind
    FROM (${readingsSql({ ...source, files }, stretch)})
    WHERE ${within(fresh, 'epoch_us(timestamp)')}`;
  const known = keptSql(kept, fresh);
  const spans = [
    spansOfReadings(
      known === undefined
        ? readings(source.files)
        : `SELECT * FROM (${readings(source.files)}) WHERE NOT ${known}
           UNION ALL SELECT * FROM (${readings(newcomersOf(source.files))}) WHERE ${known}`,
    ),
  ];
  if (known !== undefined) {
    spans.push(`SELECT series, class, time_us AS at_us, ${spanColumns.join(', ')} FROM (
      SELECT {device: device, metric: metric} AS series, epoch_us(time) AS time_us, *
      FROM (${allRows(files, source, [within(fresh, 'epoch_us(time)')])}))
      WHERE ${known}`);
  }
  const merged = mergeSpans(spans.join(' UNION ALL '), bucketsOf(tier, fresh), 'within');
  return `SELECT series.device AS device, series.metric AS metric, make_timestamptz(at_us) AS begins,
    class, ${spanColumns.join(', ')} FROM (${merged})`;
}

/** The buckets of fresh days: each day's own, none before it begins. */
function bucketsOf(tier: RollupTier, fresh: readonly FreshDay[]): SpanBuckets {
  const cases = fresh.map(({ fromUs, untilUs, zone }) => {
    const key =
      tier === '1d'
        ? String(fromUs)
        : `greatest(${new Buckets(tierIntervalUs[tier], zone, fromUs, untilUs).keySql('at_us')}, ${fromUs})`;
    return `WHEN at_us < ${untilUs} THEN ${key}`;
  });
  return { key: `CASE ${cases.join(' ')} END`, startOf: (key) => key, endOf: (key) => key };
}

/**
 * Rows of a stretch, with what lies between them and between those before and after. Those are known
 * from days, so that nothing is sorted but the stretch; and where a condition on time leaves nothing of
 * it, it is not even opened.
 */
function linkedStretch({ rows, fromUs, untilUs, isOfIt }: RowsOfStretch, tier: RollupTier): string {
  const around = `begins >= ${instantSql(fromUs - longestSilenceUs)}
    AND begins < ${instantSql(untilUs + longestSilenceUs)} AND NOT (${isOfIt})`;
  const all = `${rows} UNION ALL SELECT * FROM neighbours WHERE ${around}`;
  return `SELECT * FROM (${linkedRows(all, tier)}) WHERE ${isOfIt}`;
}

/** Rows of a rollup, with what lies between neighbours. */
function linkedRows(rows: string, tier: RollupTier): string {
  const spans = `SELECT device, metric, class, epoch_us(begins) AS at_us, ${spanColumns.join(', ')}
    FROM (${rows})`;
  const buckets: SpanBuckets = {
    key: 'at_us',
    startOf: (key) => key,
    endOf: (key) =>
      tier === '1d'
        ? `epoch_us(date_trunc('day', make_timestamptz(${key})) + INTERVAL 1 DAY)`
        : `(${key} + ${tierIntervalUs[tier]})`,
  };
  const linked = linkSpans(spans, buckets, 'device, metric');
  return `SELECT device, metric, make_timestamptz(at_us) AS begins, class, ${spanColumns.join(', ')}
    FROM (${linked})`;
}

/** Which series of which fresh days are known to their rollups alone. */
async function keptOf(
  connection: DuckDBConnection,
  source: Source,
  files: readonly SnapshotFile[],
  fresh: readonly FreshDay[],
): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (const { fromUs, untilUs, isCompacted } of fresh) {
    const summed = files.filter(
      (file) => (file.fromUs ?? 0) <= fromUs && (file.untilUs ?? 0) > fromUs,
    );
    if (!isCompacted || summed.length === 0) continue;
    const raw = source.files.filter((file) => file.tier === 'raw' && file.fromUs === fromUs);
    const time = `time >= make_timestamp(${fromUs}) AND time < make_timestamp(${untilUs})`;
    const there =
      raw.length === 0
        ? ''
        : `EXCEPT SELECT DISTINCT device, metric FROM (${readingsSql({ ...source, files: raw })})`;
    const rows = await readCells(
      connection,
      `SELECT DISTINCT device, metric FROM (${allRows(summed, source, [time])}) ${there}`,
    );
    const late = raw.flatMap(({ incomplete }) => incomplete);
    kept.push(
      ...rows.map(([device, metric]) => ({
        device: String(device),
        metric: String(metric),
        fromUs,
      })),
      ...late.map((series) => ({ ...series, fromUs })),
    );
  }
  return kept;
}

const allRows = (
  files: readonly SnapshotFile[],
  { erasures }: Source,
  conditions: readonly string[],
): string =>
  partsOf(files, erasures)
    .map((part) => rollupRowsSql(part, erasures, conditions, '*'))
    .join(' UNION ALL ');

/** A condition on `series` and `time_us`; `undefined` when there are none. */
function keptSql(kept: readonly Kept[], fresh: readonly FreshDay[]): string | undefined {
  if (kept.length === 0) return undefined;
  const days = [...Map.groupBy(kept, ({ fromUs }) => fromUs)].map(([fromUs, series]) => {
    const day = fresh.filter((one) => one.fromUs === fromUs);
    const names = series.map(
      ({ device, metric }) => `{device: ${quoted(device)}, metric: ${quoted(metric)}}`,
    );
    return `(${within(day, 'time_us')} AND series IN (${names.join(', ')}))`;
  });
  return `(${days.join(' OR ')})`;
}

const newcomersOf = (files: readonly SnapshotFile[]): SnapshotFile[] =>
  files.filter(({ tier }) => tier === 'sealed' || tier === 'tail');

/** Whether an instant lies in one of the days; neighbours are named as one. */
function within(days: readonly FreshDay[], timeUs: string): string {
  const stretches: { fromUs: number; untilUs: number }[] = [];
  for (const { fromUs, untilUs } of days) {
    const last = stretches.at(-1);
    if (last?.untilUs === fromUs) last.untilUs = untilUs;
    else stretches.push({ fromUs, untilUs });
  }
  return `(${stretches
    .map(({ fromUs, untilUs }) => `(${timeUs} >= ${fromUs} AND ${timeUs} < ${untilUs})`)
    .join(' OR ')})`;
}

const texts = new Set(['first_text', 'last_text']);
const whole = new Set(['first_us', 'last_us', 'count']);
const nothing = `SELECT ''::VARCHAR AS device, ''::VARCHAR AS metric, make_timestamptz(0) AS begins,
  0::UTINYINT AS class, ${spanColumns
    .map((name) => {
      const type = texts.has(name) ? 'VARCHAR' : whole.has(name) ? 'BIGINT' : 'DOUBLE';
      return `NULL::${name.endsWith('_kind') ? 'UTINYINT' : type} AS ${name}`;
    })
    .join(', ')} WHERE false`;
