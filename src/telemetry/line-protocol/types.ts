import type { Value } from '../types.ts';

export type Tag = readonly [key: string, value: string];
export type Field = readonly [key: string, value: Value];

/** One line, read. */
export interface Point {
  /** Its number in the text, from 1. */
  readonly line: number;
  readonly measurement: string;
  /** In the order in which they stand; each key once. */
  readonly tags: readonly Tag[];
  /** At least one; of a key that stands twice both. */
  readonly fields: readonly Field[];
  /** A whole number of units of the precision, in digits; `undefined` where the line gives none. */
  readonly time: string | undefined;
}

/** A line that cannot be read, and where it goes wrong. */
export interface Fault {
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly problem: string;
  /** The beginning of the line. */
  readonly excerpt: string;
}
