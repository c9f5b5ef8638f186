/**
 * Files that somebody outside of the worker reads. One that nobody lists any more stays on the disk
 * for as long as it is pinned. A restart knows of no pins: whoever read is gone with it.
 */
export class Pins {
  readonly #leases = new Map<number, readonly string[]>();
  readonly #counts = new Map<string, number>();
  #last = 0;

  /** Holds files until the lease that it answers is released. */
  pin(names: readonly string[]): number {
    this.#last++;
    this.#leases.set(this.#last, [...names]);
    for (const name of names) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    return this.#last;
  }

  /** Ends a lease; one that has ended changes nothing. */
  release(lease: number): void {
    const names = this.#leases.get(lease) ?? [];
    this.#leases.delete(lease);
    for (const name of names) {
      const left = (this.#counts.get(name) ?? 1) - 1;
      if (left > 0) this.#counts.set(name, left);
      else this.#counts.delete(name);
    }
  }

  has(name: string): boolean {
    return this.#counts.has(name);
  }
}
