/** How many of something each address has; an address that has none takes no room. */
export class Tally {
  readonly #counts = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  of(address: string): number {
    return this.#counts.get(address) ?? 0;
  }

  add(address: string): void {
    this.#total += 1;
    this.#counts.set(address, this.of(address) + 1);
  }

  remove(address: string): void {
    const count = this.of(address);
    if (count === 0) return;
    this.#total -= 1;
    if (count === 1) this.#counts.delete(address);
    else this.#counts.set(address, count - 1);
  }
}
