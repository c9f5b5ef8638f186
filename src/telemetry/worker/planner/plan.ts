import type { Day } from '../manifest.ts';
import { bits, Coverage, coarsestFirst, incomplete, rollupBits, type Stretch } from './coverage.ts';
import { anyOverlap } from './overlap.ts';
import type { Asked, Part, PartKind, PartSeries, Range, Stock, StoredExtent } from './types.ts';

/**
 * Chooses where an answer comes from. For each series and day the coarsest tier that answers exactly:
 * one whose buckets no edge of the answer cuts through. What is left over at the ends is answered by
 * finer tiers, the last bits of it by the readings. Where those are gone, the finest tier there is
 * answers, each of its rows at the time that its bucket begins.
 */

/** @param days the compacted days that overlap what is asked for, in order */
export function planOf(
  stocks: readonly Stock[],
  days: readonly Day[],
  asked: Asked,
): readonly Part[] {
  const stretches = stretchesOf(days, asked);
  const coverage = new Coverage(asked);
  const perSeries = stocks.map((stock) => new SeriesPlan(stock, stretches));
  // A series of which there is nothing in a stretch goes along with the others: fewer parts.
  const anyMask = stretches.map((_, at) =>
    perSeries.reduce((mask, one) => mask | one.maskAt(at), 0),
  );
  for (const one of perSeries) one.cover(stretches, coverage, anyMask);
  return partsOf(perSeries);
}

function stretchesOf(days: readonly Day[], { fromUs, untilUs, cuts = [] }: Asked): Stretch[] {
  const stretches: Stretch[] = [];
  const add = (from: number, until: number, day: Day | undefined): void => {
    let at = Math.max(from, fromUs);
    const end = Math.min(until, untilUs);
    for (const cut of cuts) {
      if (cut <= at || cut >= end) continue;
      stretches.push({ fromUs: at, untilUs: cut, day });
      at = cut;
    }
    if (at < end) stretches.push({ fromUs: at, untilUs: end, day });
  };
  let reached = fromUs;
  for (const day of days) {
    add(reached, day.fromUs, undefined);
    add(Math.max(day.fromUs, reached), day.untilUs, day);
    reached = Math.max(reached, day.untilUs);
  }
  add(reached, untilUs, undefined);
  return stretches;
}

/** What is read of one series, as it is being found out. */
class SeriesPlan {
  readonly stock: Stock;
  readonly #masks: Uint8Array;
  /** Of each stretch: the files of each tier that stand for its day. */
  readonly #files: Map<PartKind, StoredExtent[]>[];
  readonly #isDirty: boolean[];
  readonly ranges = new Map<PartKind, { fromUs: number; untilUs: number }[]>();
  readonly #used = new Map<PartKind, Set<StoredExtent>>();

  constructor(stock: Stock, stretches: readonly Stretch[]) {
    this.stock = stock;
    this.#masks = new Uint8Array(stretches.length);
    this.#files = [];
    this.#isDirty = [];
    for (const file of stock.files) {
      if (file.tier === 'sealed') this.#soil(stretches, file.oldestUs, file.newestUs + 1);
      else this.#list(stretches, file);
    }
    for (const { oldestUs, newestUs } of stock.live) this.#soil(stretches, oldestUs, newestUs + 1);
    for (const { fromUs, untilUs } of stock.erased) this.#soil(stretches, fromUs, untilUs);
    for (let at = 0; at < stretches.length; at++) this.#judge(at);
  }

  /** The tiers that there are of a stretch. */
  maskAt(at: number): number {
    return this.#masks[at] as number;
  }

  cover(stretches: readonly Stretch[], coverage: Coverage, anyMask: readonly number[]): void {
    for (let at = 0; at < stretches.length; at++) {
      const stretch = stretches[at] as Stretch;
      const mask = this.#masks[at] as number;
      const hasRaw = (mask & bits.raw) !== 0;
      if (this.#isDirty[at]) {
        if (hasRaw || (mask & rollupBits) === 0) this.#add('raw', stretch, at);
        else {
          for (const piece of coverage.of(stretch, mask)) this.#add(piece.kind, piece, at);
          this.#add('late', stretch, at);
        }
        continue;
      }
      const pieces = coverage.of(stretch, mask === 0 ? (anyMask[at] as number) : mask);
      for (const piece of pieces) this.#add(piece.kind, piece, at);
    }
  }

  /** What is read of this series of one kind. */
  part(kind: PartKind): PartSeries & { readonly overlapping: boolean } {
    const { stock } = this;
    const extents: { oldestUs: number; newestUs: number }[] = [];
    const used = this.#used.get(kind) ?? new Set<StoredExtent>();
    const isLate = kind === 'raw' || kind === 'late';
    const ranges = this.ranges.get(kind) ?? [];
    const files = stock.files.filter(
      (one) => used.has(one) || (isLate && one.tier === 'sealed' && touches(ranges, one)),
    );
    const live = isLate ? stock.live.filter((one) => touches(ranges, one)) : [];
    extents.push(...files, ...live);
    return {
      series: stock.series,
      files: files.map((one) => one.file),
      generations: live.map((one) => one.generation),
      overlapping: isLate && (live.some((one) => one.disordered) || anyOverlap(extents)),
    };
  }

  #list(stretches: readonly Stretch[], file: StoredExtent): void {
    const { fromUs, untilUs, tier } = file;
    if (fromUs === null || untilUs === null || tier === 'sealed') return;
    for (let at = firstAfter(stretches, fromUs); at < stretches.length; at++) {
      const { day } = stretches[at] as Stretch;
      if (day === undefined) continue;
      if (day.fromUs >= untilUs) break;
      if (day.fromUs < fromUs) continue;
      // A rollup of months says little of a day: only that it may have a row of it.
      const mayHave = file.newestUs >= day.fromUs && file.oldestUs < day.untilUs;
      if (!mayHave) continue;
      this.#files[at] ??= new Map();
      const files = this.#files[at]?.get(tier);
      if (files === undefined) this.#files[at]?.set(tier, [file]);
      else files.push(file);
      this.#masks[at] = (this.#masks[at] as number) | bits[tier];
      if (!file.complete) this.#masks[at] = (this.#masks[at] as number) | incomplete;
    }
  }

  #soil(stretches: readonly Stretch[], fromUs: number, untilUs: number): void {
    for (let at = firstAfter(stretches, fromUs); at < stretches.length; at++) {
      const stretch = stretches[at] as Stretch;
      // All of its day: what a rollup has of a day is not to be told apart.
      const { day } = stretch;
      if ((day?.fromUs ?? stretch.fromUs) >= untilUs) break;
      this.#isDirty[at] = true;
    }
  }

  #judge(at: number): void {
    const mask = this.#masks[at] as number;
    if ((mask & incomplete) !== 0) {
      // Readings of which some are missing tell less than a rollup, and more than nothing.
      this.#masks[at] = (mask & rollupBits) === 0 ? bits.raw : mask & rollupBits;
    } else if ((mask & bits.raw) !== 0 && (mask & bits['1m']) !== 0) {
      // A rollup of about as many rows as there are readings is only more to read.
      const sumsUp = 2 * this.#pointsOf('1m', at) <= this.#pointsOf('raw', at);
      if (!sumsUp) this.#masks[at] = mask & ~bits['1m'];
    }
  }

  #pointsOf(tier: PartKind, at: number): number {
    return this.#files[at]?.get(tier)?.reduce((sum, { points }) => sum + points, 0) ?? 0;
  }

  #add(kind: PartKind, { fromUs, untilUs }: Range, at: number): void {
    let ranges = this.ranges.get(kind);
    if (ranges === undefined) {
      ranges = [];
      this.ranges.set(kind, ranges);
    }
    const last = ranges.at(-1);
    if (last?.untilUs === fromUs) last.untilUs = untilUs;
    else ranges.push({ fromUs, untilUs });
    if (kind === 'late') return;
    let used = this.#used.get(kind);
    if (used === undefined) {
      used = new Set();
      this.#used.set(kind, used);
    }
    for (const file of this.#files[at]?.get(kind) ?? []) used.add(file);
  }
}

/** The first stretch whose day, or which itself, ends after an instant. */
function firstAfter(stretches: readonly Stretch[], us: number): number {
  let low = 0;
  let high = stretches.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const stretch = stretches[middle] as Stretch;
    if ((stretch.day?.untilUs ?? stretch.untilUs) > us) high = middle;
    else low = middle + 1;
  }
  return low;
}

const touches = (
  ranges: readonly Range[],
  { oldestUs, newestUs }: { oldestUs: number; newestUs: number },
): boolean => ranges.some(({ fromUs, untilUs }) => newestUs >= fromUs && oldestUs < untilUs);

const kindsInOrder: readonly PartKind[] = [...coarsestFirst, 'raw', 'late'];

/** Series that are read within the same ranges share a part. */
function partsOf(perSeries: readonly SeriesPlan[]): Part[] {
  const parts: Part[] = [];
  for (const kind of kindsInOrder) {
    const alike = new Map<string, SeriesPlan[]>();
    for (const one of perSeries) {
      const ranges = one.ranges.get(kind);
      if (ranges === undefined) continue;
      const key = ranges.map(({ fromUs, untilUs }) => `${fromUs}-${untilUs}`).join();
      const group = alike.get(key);
      if (group === undefined) alike.set(key, [one]);
      else group.push(one);
    }
    for (const group of alike.values()) {
      const series = group
        .map((one) => one.part(kind))
        .filter(({ files, generations }) => files.length > 0 || generations.length > 0);
      if (series.length === 0) continue;
      parts.push({
        kind,
        ranges: group[0]?.ranges.get(kind) ?? [],
        series: series.map(({ overlapping: _, ...one }) => one),
        overlapping: series.some((one) => one.overlapping),
      });
    }
  }
  return parts;
}
