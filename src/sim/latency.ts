/** Buckets grow by 5 %, which is how exact a percentile is; 400 of them reach beyond an hour. */
const growth = 1.05;
const finestMs = 0.01;
const bucketCount = 400;

/** How long acknowledgments took, in memory that does not grow with the length of a run. */
export class LatencyHistogram {
  readonly #buckets = new Uint32Array(bucketCount);
  #count = 0;

  add(durationMs: number): void {
    const index = Math.ceil(Math.log(Math.max(durationMs, finestMs) / finestMs) / Math.log(growth));
    const bucket = Math.min(index, bucketCount - 1);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#count++;
  }

  /** Milliseconds that `share` (0 to 1) of all took at most; null before the first. */
  percentileMs(share: number): number | null {
    if (this.#count === 0) return null;
    let seen = 0;
    const wanted = share * this.#count;
    for (const [index, count] of this.#buckets.entries()) {
      seen += count;
      if (seen >= wanted && count > 0) return Number((finestMs * growth ** index).toPrecision(3));
    }
    return null;
  }
}
