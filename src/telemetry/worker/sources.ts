import type { Series } from '../batch.ts';
import type { Day, Erasure, FileExtent, Manifest } from './manifest.ts';
import { anyOverlap } from './planner/overlap.ts';
import type { LiveExtent, Part, Range, Stock } from './planner/types.ts';
import type { SeriesNames } from './series-names.ts';
import type { Generation, Tail } from './tail.ts';
import type { FileTier } from './tiers/tiers.ts';

/** A device that is asked about: all of its metrics, or some. */
export interface WantedDevice {
  readonly deviceId: string;
  readonly fields?: readonly string[] | undefined;
}

/** What a question is about, from `startUs`, before `endUs`. */
export interface Wanted {
  readonly devices: readonly WantedDevice[];
  readonly startUs: number;
  readonly endUs: number;
  /** Where to look; everywhere by default. */
  readonly tiers?: readonly FileTier[];
}

/** The tiers in which every reading is by itself. */
export const readingTiers: readonly FileTier[] = ['sealed', 'raw'];

/** All that there is of what is wanted, and where. */
export interface Sources {
  readonly series: readonly Series[];
  /** Of each series, in the same order. */
  readonly stocks: readonly Stock[];
  readonly days: readonly Day[];
  /** Those of the tail that have any of it; a `LiveExtent` names them by their place here. */
  readonly generations: readonly Generation[];
  readonly erasures: readonly Erasure[];
  /** When what a file holds had arrived. */
  readonly lastSeqOf: ReadonlyMap<string, number>;
}

export function findSources(
  wanted: Wanted,
  { names, manifest, tail }: { names: SeriesNames; manifest: Manifest; tail: Tail },
): Sources {
  const { startUs, endUs, tiers } = wanted;
  const series = wanted.devices.flatMap(({ deviceId, fields }) => names.ofDevice(deviceId, fields));
  const devices = [...new Set(series.map((one) => one.device))];
  const metrics = metricsOf(wanted, series);
  const days = tiers === readingTiers ? [] : manifest.days(startUs, endUs);
  const extents = extentsAround(manifest, {
    devices,
    // What there is of a day is known from all of it.
    startUs: Math.min(startUs, days[0]?.fromUs ?? startUs),
    endUs: Math.max(endUs, days.at(-1)?.untilUs ?? endUs),
    ...(metrics && { metrics }),
    ...(tiers && { tiers }),
  });
  const erasures = manifest
    .erasures()
    .filter((one) => devices.includes(one.device) && one.startUs < endUs && one.endUs > startUs);
  const generations: Generation[] = [];
  const live = new Map<number, LiveExtent[]>();
  for (const generation of tail.generations) {
    let holdsAny = false;
    for (const { id } of series) {
      const extent = generation.extents.get(id);
      if (extent === undefined || extent.newestUs < startUs || extent.oldestUs >= endUs) continue;
      holdsAny = true;
      const known = live.get(id);
      const found = { ...extent, generation: generations.length };
      if (known === undefined) live.set(id, [found]);
      else known.push(found);
    }
    if (holdsAny) generations.push(generation);
  }
  return {
    series,
    generations,
    erasures,
    days,
    stocks: series.map(({ id, device, metric }) => ({
      series: id,
      files: extents.files.get(placeOf(device, metric)) ?? [],
      live: live.get(id) ?? [],
      erased: erasedOf(erasures, device, metric),
    })),
    lastSeqOf: extents.lastSeqOf,
  };
}

/** What files hold, by device and metric, and when they had arrived. */
interface Extents {
  readonly files: ReadonlyMap<string, readonly FileExtent[]>;
  readonly lastSeqOf: ReadonlyMap<string, number>;
}

const hourUs = 3600e6;
/** Questions whose extents are kept: a dashboard asks the same few over and over. */
const mostKept = 16;
/** Extents of a question that are worth keeping: fewer are looked up as fast. */
const [fewestKept, longestKept] = [500, 30_000];
const kept = new WeakMap<Manifest, { version: number; byQuestion: Map<string, Extents> }>();

/** All extents of a time, and perhaps some beside it. */
function extentsAround(
  manifest: Manifest,
  { startUs, endUs, ...asked }: Parameters<Manifest['extentsOf']>[0],
): Extents {
  if (asked.devices?.length === 0) return { files: new Map(), lastSeqOf: new Map() };
  // In whole hours, so that a question about the last month is the same one for a while.
  const whole = {
    ...asked,
    startUs: Math.floor(startUs / hourUs) * hourUs,
    endUs: Math.ceil(endUs / hourUs) * hourUs,
  };
  let cache = kept.get(manifest);
  if (cache?.version !== manifest.version) {
    cache = { version: manifest.version, byQuestion: new Map() };
    kept.set(manifest, cache);
  }
  const question = JSON.stringify(whole);
  const known = cache.byQuestion.get(question);
  if (known !== undefined) return known;
  const found = manifest.extentsOf(whole);
  const extents = {
    files: Map.groupBy(found, ({ device, metric }) => placeOf(device, metric)),
    lastSeqOf: new Map(found.map(({ file, lastSeq }) => [file, lastSeq])),
  };
  if (found.length >= fewestKept && found.length <= longestKept) {
    if (cache.byQuestion.size >= mostKept) cache.byQuestion.clear();
    cache.byQuestion.set(question, extents);
  }
  return extents;
}

/** How many readings there are at most, and when the oldest and the newest of them may be. */
export function extentOf(
  { stocks }: Sources,
  withinUs: { readonly startUs: number; readonly endUs: number },
): { readonly oldestUs: number; readonly newestUs: number; readonly points: number } | undefined {
  let [oldestUs, newestUs, points] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const stock of stocks) {
    for (const one of [...stock.files, ...stock.live]) {
      if (one.newestUs < withinUs.startUs || one.oldestUs >= withinUs.endUs) continue;
      oldestUs = Math.min(oldestUs, one.oldestUs);
      newestUs = Math.max(newestUs, one.newestUs);
      points += one.points;
    }
  }
  return points === 0 ? undefined : { oldestUs, newestUs, points };
}

/** Every reading within a time, however it is kept, and nothing summed up. */
export function readingsOf(sources: Sources, range: Range): Part {
  const { fromUs, untilUs } = range;
  const isWithin = (one: { oldestUs: number; newestUs: number }): boolean =>
    one.newestUs >= fromUs && one.oldestUs < untilUs;
  let overlapping = false;
  const series = sources.stocks.map((stock) => {
    const files = stock.files.filter((one) => isReading(one) && isWithin(one));
    const live = stock.live.filter(isWithin);
    overlapping ||= live.some((one) => one.disordered) || anyOverlap([...files, ...live]);
    return {
      series: stock.series,
      files: files.map((one) => one.file),
      generations: live.map((one) => one.generation),
    };
  });
  return {
    kind: 'raw',
    ranges: [range],
    series: series.filter(({ files, generations }) => files.length + generations.length > 0),
    overlapping,
  };
}

const isReading = ({ tier }: { tier: FileTier }): boolean => readingTiers.includes(tier);

/** Neither name can hold a NUL. */
const placeOf = (device: string, metric: string): string => `${device}\0${metric}`;

/** The metrics to look for, where not all of some device are wanted. */
function metricsOf({ devices }: Wanted, series: readonly Series[]): readonly string[] | undefined {
  if (devices.some(({ fields }) => fields === undefined)) return undefined;
  return [...new Set(series.map((one) => one.metric))];
}

const erasedOf = (erasures: readonly Erasure[], device: string, metric: string): Range[] =>
  erasures
    .filter((one) => one.device === device && (one.metric ?? metric) === metric)
    .map(({ startUs, endUs }) => ({ fromUs: startUs, untilUs: endUs }));
