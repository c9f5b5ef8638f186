/** Asks when something begins; `undefined` when it never does. Milliseconds since 1970. */
type Ask = (ms: number) => number | undefined;

/** No start is after `fromMs` and before `untilMs`. */
interface Gap {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Whether `fromMs` is the start before it, or there is none. */
  readonly isWhole: boolean;
}

const mostGaps = 16;

/** Starts that are slow to find, remembered: time goes by, and the same gap is asked for again. */
export class Starts {
  readonly #ask: { readonly after: Ask; readonly upTo: Ask };
  readonly #gaps: Gap[] = [];

  constructor(ask: { readonly after: Ask; readonly upTo: Ask }) {
    this.#ask = ask;
  }

  /** The first start after an instant. */
  after(ms: number): number | undefined {
    const known = this.#gaps.find(({ fromMs, untilMs }) => fromMs <= ms && ms < untilMs);
    if (known) return finite(known.untilMs);
    const startMs = this.#ask.after(ms);
    this.#keep({ fromMs: ms, untilMs: startMs ?? Number.POSITIVE_INFINITY, isWhole: false });
    return startMs;
  }

  /** The last start at or before an instant. */
  upTo(ms: number): number | undefined {
    const known = this.#gaps.find(
      ({ fromMs, untilMs, isWhole }) => isWhole && fromMs <= ms && ms < untilMs,
    );
    if (known) return finite(known.fromMs);
    const startMs = this.#ask.upTo(ms);
    const untilMs = this.after(ms) ?? Number.POSITIVE_INFINITY;
    this.#keep({ fromMs: startMs ?? Number.NEGATIVE_INFINITY, untilMs, isWhole: true });
    return startMs;
  }

  #keep(gap: Gap): void {
    this.#gaps.unshift(gap);
    if (this.#gaps.length > mostGaps) this.#gaps.pop();
  }
}

const finite = (ms: number): number | undefined => (Number.isFinite(ms) ? ms : undefined);
