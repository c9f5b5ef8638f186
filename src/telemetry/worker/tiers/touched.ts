import type { DuckDBConnection } from '@duckdb/node-api';
import type { Day, Extent } from '../manifest.ts';
import { pathList } from './readings.ts';
import { overlaps, type Source, type Sources } from './sources.ts';
import { keyOf } from './tier-file.ts';
import { type RollupTier, rollupTiers } from './tiers.ts';

/** Readings that are summed up at once, about. */
const batchPoints = 150_000;

/** A series of a day that is made anew. */
export interface Touched {
  readonly series: number;
  readonly device: string;
  readonly metric: string;
  /** Whether all of its readings of the day are there; otherwise its rollups may know more. */
  readonly complete: boolean;
  /** The tiers that its sums go to. */
  readonly tiers: ReadonlySet<RollupTier>;
  readonly points: number;
}

export interface TouchedParts {
  readonly connection: DuckDBConnection;
  readonly sources: Sources;
  readonly numberOf: (series: Pick<Extent, 'device' | 'metric'>) => number;
  /** Whether the day was made before. */
  readonly isKnown: boolean;
}

/**
 * The series that are made anew, and whether all their readings are there. They are not when an
 * earlier file says so, or when a rollup knows of the day and no file of readings does.
 */
export async function touchedIn(
  day: Day,
  from: { readonly raw: readonly Source[]; readonly sealed: readonly Source[] },
  parts: TouchedParts,
): Promise<Map<string, Touched>> {
  const { raw, sealed } = from;
  const wanted = new Map<string, { extent: Extent; points: number }>();
  for (const { extents, file } of sealed.length > 0 ? sealed : raw) {
    for (const extent of extents) {
      if (file.tier === 'sealed' && !overlaps(extent, day)) continue;
      const points = (wanted.get(keyOf(extent))?.points ?? 0) + extent.points;
      wanted.set(keyOf(extent), { extent, points });
    }
  }
  const inRaw = new Map<string, { complete: boolean; points: number }>();
  for (const { extents } of raw) {
    for (const one of extents) {
      const known = inRaw.get(keyOf(one));
      const points = (known?.points ?? 0) + one.points;
      inRaw.set(keyOf(one), { complete: one.complete && known?.complete !== false, points });
    }
  }
  const mayLack = [...wanted.keys()].some((key) => inRaw.get(key)?.complete !== true);
  const summed =
    parts.isKnown && mayLack ? await summedIn(day, parts) : new Map<string, Set<RollupTier>>();
  const touched = new Map<string, Touched>();
  for (const [key, { extent, points }] of wanted) {
    const known = inRaw.get(key);
    const inTiers = summed.get(key);
    const complete = known?.complete ?? inTiers === undefined;
    const { device, metric } = extent;
    touched.set(key, {
      ...{ series: parts.numberOf(extent), device, metric, complete },
      tiers: complete ? new Set(rollupTiers) : (inTiers ?? new Set()),
      points: points + (sealed.length > 0 ? (known?.points ?? 0) : 0),
    });
  }
  return touched;
}

/** The series that the rollups of a day know, and which of them do. */
async function summedIn(
  day: Day,
  { connection, sources: files }: TouchedParts,
): Promise<Map<string, Set<RollupTier>>> {
  const found = new Map<string, Set<RollupTier>>();
  for (const tier of rollupTiers) {
    const sources = await files.sound(files.filesOf(tier, day));
    if (sources.length === 0) continue;
    const paths = sources.map(({ path }) => path);
    // What a removed device of the same name left behind is none of it.
    const findable = new Set(sources.flatMap(({ extents }) => extents.map(keyOf)));
    const result = await connection.run(
      `SELECT DISTINCT device, metric FROM read_parquet(${pathList(paths)})
       WHERE time >= make_timestamp(${day.fromUs}) AND time < make_timestamp(${day.untilUs})`,
    );
    for (const [device, metric] of (await result.getRows()) as [string, string][]) {
      const key = keyOf({ device, metric });
      if (findable.has(key)) found.set(key, (found.get(key) ?? new Set()).add(tier));
    }
  }
  return found;
}

/** Series in stretches of their numbers, each with about as many readings as may be summed at once. */
export function batchesOf(
  touched: readonly Pick<Touched, 'series' | 'points'>[],
): (readonly [first: number, last: number])[] {
  const batches: [number, number][] = [];
  let points = Number.POSITIVE_INFINITY;
  for (const one of [...touched].sort((a, b) => a.series - b.series)) {
    const batch = batches.at(-1);
    if (batch === undefined || points + one.points > batchPoints) {
      batches.push([one.series, one.series]);
      points = one.points;
    } else {
      batch[1] = one.series;
      points += one.points;
    }
  }
  return batches;
}
