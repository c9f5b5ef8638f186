import type { Step } from './machine.ts';

const counted = [
  'created',
  'published',
  'not published',
  'delivered',
  'acknowledged',
  'confirmed',
  'rejected',
  'expired',
  'timed out',
  'cancelled',
  'acknowledged late',
] as const;

/** What happened since the start, for metrics: how often each event of a command's history. */
export class Counts {
  readonly #counts = new Map<string, number>(counted.map((event) => [event, 0]));
  /** Answers to nothing that was asked. */
  strayAnswers = 0;
  /** Answers to what was answered before. */
  #repeatedAnswers = 0;

  add({ history, isRepeat }: Pick<Step, 'history' | 'isRepeat'>): void {
    if (isRepeat) this.#repeatedAnswers += 1;
    for (const { event } of history) {
      const count = this.#counts.get(event);
      if (count !== undefined) this.#counts.set(event, count + 1);
    }
  }

  get numbers(): Readonly<Record<string, number>> {
    const named = [...this.#counts].map(([event, count]) => [event.replaceAll(' ', '_'), count]);
    return {
      ...Object.fromEntries(named),
      repeated_answers: this.#repeatedAnswers,
      stray_answers: this.strayAnswers,
    };
  }
}
