import type { Value } from './types.ts';

/**
 * The smallest thing telemetry keeps: one value of one metric at one time. Points travel in columns
 * from the first parse to the disk, because an object a point would cost more than all else.
 */

/** What a point's value is; the low two bits of its mark. Of a sealed one only its text is there. */
export const kinds = { number: 0, boolean: 1, text: 2, sealed: 3 } as const;
const kindMask = 3;

/** What is known of a point's time; the upper bits of its mark. */
export const timeMarks = {
  /** The receipt stands in for the device's time. */
  stamped: 4,
  /** The device gave a time, and it was absurd. */
  absurdClock: 8,
  /** The hub's own clock was implausible: the device's time was kept unchecked. */
  doubtfulHub: 16,
  /** History that was brought in: it says nothing of how its device is now. */
  imported: 32,
} as const;

/** Whether a value of this kind lies in `texts`. */
export const isText = (kind: number): boolean => kind >= kinds.text;

export const kindOf = (mark: number): number => mark & kindMask;

/** Columns of equal length. `values` holds 0 or 1 for a boolean, an index into `texts` for what is text. */
export interface Points {
  readonly count: number;
  readonly series: Int32Array;
  readonly timesUs: Float64Array;
  readonly values: Float64Array;
  readonly marks: Uint8Array;
  readonly texts: readonly string[];
}

/** Bytes of one point in a column buffer: time, value, series, mark. */
export const pointBytes = 8 + 8 + 4 + 1;

/** Looks at a column buffer made by `PointBuffer`, wherever it has been transferred to. */
export function pointsIn(
  buffer: ArrayBuffer,
  capacity: number,
  count: number,
  texts: readonly string[],
): Points {
  return {
    count,
    timesUs: new Float64Array(buffer, 0, count),
    values: new Float64Array(buffer, 8 * capacity, count),
    series: new Int32Array(buffer, 16 * capacity, count),
    marks: new Uint8Array(buffer, 20 * capacity, count),
    texts,
  };
}

/** Points being gathered: columns in one buffer, which grows by doubling and can be transferred. */
export class PointBuffer {
  count = 0;
  capacity: number;
  buffer: ArrayBuffer;
  readonly texts: string[] = [];
  #timesUs: Float64Array;
  #values: Float64Array;
  #series: Int32Array;
  #marks: Uint8Array;

  constructor(capacity: number) {
    // A multiple of four keeps every column aligned to its element size.
    this.capacity = Math.max(16, Math.ceil(capacity / 4) * 4);
    this.buffer = new ArrayBuffer(this.capacity * pointBytes);
    const views = pointsIn(this.buffer, this.capacity, this.capacity, []);
    this.#timesUs = views.timesUs;
    this.#values = views.values;
    this.#series = views.series;
    this.#marks = views.marks;
  }

  /** What was gathered, to be read. */
  get points(): Points {
    return pointsIn(this.buffer, this.capacity, this.count, this.texts);
  }

  add(series: number, timeUs: number, value: Value, timeMark: number): void {
    if (this.count === this.capacity) this.#grow();
    const at = this.count++;
    this.#series[at] = series;
    this.#timesUs[at] = timeUs;
    if (typeof value === 'number') {
      this.#values[at] = value;
      this.#marks[at] = timeMark;
    } else if (typeof value === 'boolean') {
      this.#values[at] = value ? 1 : 0;
      this.#marks[at] = timeMark | kinds.boolean;
    } else {
      this.#values[at] = this.texts.push(value) - 1;
      this.#marks[at] = timeMark | kinds.text;
    }
  }

  /** Adds a value of a sensitive metric, as the text that it was sealed to. */
  addSealed(series: number, timeUs: number, sealed: string, timeMark: number): void {
    this.add(series, timeUs, sealed, timeMark);
    this.#marks[this.count - 1] = timeMark | kinds.sealed;
  }

  #grow(): void {
    const old = pointsIn(this.buffer, this.capacity, this.count, []);
    this.capacity *= 2;
    this.buffer = new ArrayBuffer(this.capacity * pointBytes);
    const views = pointsIn(this.buffer, this.capacity, this.capacity, []);
    views.timesUs.set(old.timesUs);
    views.values.set(old.values);
    views.series.set(old.series);
    views.marks.set(old.marks);
    this.#timesUs = views.timesUs;
    this.#values = views.values;
    this.#series = views.series;
    this.#marks = views.marks;
  }
}
