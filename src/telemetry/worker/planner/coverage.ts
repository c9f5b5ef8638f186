import { Buckets } from '../../buckets.ts';
import type { Day } from '../manifest.ts';
import { type RollupTier, rollupTiers, tierIntervalUs } from '../tiers/tiers.ts';
import type { Asked, PartKind, Range } from './types.ts';

/** A piece of what is asked for that lies in one day, or outside of all that were compacted. */
export interface Stretch extends Range {
  readonly day: Day | undefined;
}

/** A tier as a bit of what there is of a day. */
export const bits = { raw: 1, '1m': 2, '1h': 4, '1d': 8 } as const;
/** There are readings that arrived after those of their day had been let go. */
export const incomplete = 16;
export const coarsestFirst: readonly RollupTier[] = rollupTiers.toReversed();
export const rollupBits = bits['1m'] | bits['1h'] | bits['1d'];

export interface Piece extends Range {
  readonly kind: PartKind;
}

/** Which tiers cover a stretch, for each choice of tiers that there may be. */
export class Coverage {
  readonly #asked: Asked;
  readonly #known = new Map<Stretch, Map<number, readonly Piece[]>>();
  readonly #buckets = new Map<string, Buckets>();

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  of(stretch: Stretch, mask: number): readonly Piece[] {
    let known = this.#known.get(stretch);
    if (known === undefined) {
      known = new Map();
      this.#known.set(stretch, known);
    }
    let pieces = known.get(mask);
    if (pieces === undefined) {
      pieces = this.#cover(stretch, mask);
      known.set(mask, pieces);
    }
    return pieces;
  }

  #cover(stretch: Stretch, mask: number): Piece[] {
    const { day } = stretch;
    const there = day === undefined ? [] : coarsestFirst.filter((tier) => mask & bits[tier]);
    const finest = there.at(-1);
    const last: PartKind | undefined = mask & bits.raw ? 'raw' : finest;
    if (last === undefined) return [];
    const pieces: Piece[] = [];
    const fill = (fromUs: number, untilUs: number, tiers: readonly RollupTier[]): void => {
      if (fromUs >= untilUs) return;
      const [tier, ...finer] = tiers;
      if (tier === undefined || day === undefined) {
        pieces.push({ kind: last, fromUs, untilUs });
        return;
      }
      const inner = this.#exactWithin(tier, day, fromUs, untilUs);
      if (inner === undefined) {
        fill(fromUs, untilUs, finer);
        return;
      }
      fill(fromUs, inner.fromUs, finer);
      pieces.push({ kind: tier, ...inner });
      fill(inner.untilUs, untilUs, finer);
    };
    fill(stretch.fromUs, stretch.untilUs, there);
    return pieces;
  }

  /** The whole buckets of a tier within a stretch; `undefined` where the answer cuts through them. */
  #exactWithin(tier: RollupTier, day: Day, fromUs: number, untilUs: number): Range | undefined {
    const edges = this.#edgesOf(tier, day);
    const inner = { fromUs: edges.ceil(fromUs), untilUs: edges.floor(untilUs) };
    if (inner.fromUs >= inner.untilUs) return undefined;
    const { after } = this.#asked;
    for (let at = after(inner.fromUs); at < inner.untilUs; at = after(at)) {
      if (edges.floor(at) !== at) return undefined;
    }
    return inner;
  }

  /** Where buckets of a tier begin within a day; its beginning and its end are edges of every tier. */
  #edgesOf(tier: RollupTier, day: Day): { floor(us: number): number; ceil(us: number): number } {
    if (tier === '1d') {
      return {
        floor: (us) => (us >= day.untilUs ? day.untilUs : day.fromUs),
        ceil: (us) => (us <= day.fromUs ? day.fromUs : day.untilUs),
      };
    }
    const buckets = this.#bucketsOf(tier, day.zone);
    const floor = (us: number): number =>
      us >= day.untilUs ? day.untilUs : Math.max(day.fromUs, buckets.floor(us));
    return {
      floor,
      ceil: (us) => (floor(us) === us ? us : Math.min(day.untilUs, buckets.after(us))),
    };
  }

  #bucketsOf(tier: RollupTier, zone: string): Buckets {
    const key = `${tier} ${zone}`;
    let buckets = this.#buckets.get(key);
    if (buckets === undefined) {
      const { fromUs, untilUs } = this.#asked;
      buckets = new Buckets(tierIntervalUs[tier], zone, fromUs, untilUs);
      this.#buckets.set(key, buckets);
    }
    return buckets;
  }
}
