/** How many ids a device remembers: more than a hub would ever try again at once. */
const mostIds = 256;

export interface Refusal {
  /** Absent when the message did not say. */
  readonly id?: string;
  readonly reason: string;
}

/** What a device remembers of the commands it was given: the last ones, until it is switched off. */
export class CommandMemory {
  /** How often each command was executed. More than once is a fault. */
  readonly executions = new Map<string, number>();
  /** The last refusals, oldest first. */
  readonly refused: Refusal[] = [];
  /** Taken on, but not executed yet. */
  readonly #underWay = new Set<string>();

  get isFull(): boolean {
    return this.#underWay.size >= mostIds;
  }

  hasExecuted(id: string): boolean {
    return this.executions.has(id);
  }

  isUnderWay(id: string): boolean {
    return this.#underWay.has(id);
  }

  begin(id: string): void {
    this.#underWay.add(id);
  }

  end(id: string): void {
    this.#underWay.delete(id);
  }

  executed(id: string): void {
    this.executions.set(id, (this.executions.get(id) ?? 0) + 1);
    const [oldest] = this.executions.keys();
    if (this.executions.size > mostIds && oldest !== undefined) this.executions.delete(oldest);
  }

  refuse(refusal: Refusal): void {
    this.refused.push(refusal);
    if (this.refused.length > mostIds) this.refused.shift();
  }
}
