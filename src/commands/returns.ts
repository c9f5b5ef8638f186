import type { Course } from './course.ts';
import { dueKind } from './ledger.ts';
import type { DuePort } from './ports.ts';

const returnKind = `${dueKind}.return`;

/**
 * Devices that can hear commands again. On a machine that booted in the past a command of before may
 * be over long since, though the clock says otherwise: such ones wait until the clock is believed.
 */
export class Returns {
  readonly #course: Course;
  readonly #due: DuePort;
  /** Devices that came while the clock could not be right, and were not told everything. */
  readonly #withheld = new Set<string>();

  constructor(options: { course: Course; due: DuePort }) {
    this.#course = options.course;
    this.#due = options.due;
  }

  start(): void {
    this.#due.handle(returnKind, () => () => this.#tellWithheld());
  }

  /** What could not go out does, in the order it was asked for. */
  onReachable(deviceId: string): void {
    if (!this.#course.isRunning) return;
    const { clockIsPlausible } = this.#due;
    for (const live of this.#course.roster.pendingOf(deviceId)) {
      if (live.isOfEarlierRun && !clockIsPlausible) this.#withheld.add(deviceId);
      else this.#course.happen(live, [{ type: 'reachable', atMs: this.#course.nowMs() }]);
    }
  }

  /**
   * The clock is right from now on. What fell due before comes first: what is over ends then, and
   * what an override or a schedule takes back is not sent.
   */
  onClockBelieved(): void {
    if (this.#withheld.size > 0) this.#due.set(returnKind, '', this.#course.nowMs());
  }

  #tellWithheld(): void {
    const deviceIds = [...this.#withheld];
    this.#withheld.clear();
    for (const deviceId of deviceIds) this.onReachable(deviceId);
  }
}
