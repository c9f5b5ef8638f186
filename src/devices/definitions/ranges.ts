import type { ValueRange } from './types.ts';

export const objectBounds = { bytes: 16 * 1024, levels: 8 } as const;

/** What a range takes, in words: `a whole number from 0 to 5`. */
export function sayRange(range: ValueRange): string {
  switch (range.type) {
    case 'integer':
      return `a whole number from ${range.minimum} to ${range.maximum}${unitOf(range.unit)}`;
    case 'number':
      return `a number from ${range.minimum} to ${range.maximum}${unitOf(range.unit)}`;
    case 'boolean':
      return 'true or false';
    case 'choice':
      return `one of ${range.options.join(', ')}`;
    case 'text':
      return `text of at most ${range.max_length} characters`;
    case 'object':
      return `a JSON object of at most ${objectBounds.bytes / 1024} KB and ${objectBounds.levels} levels`;
  }
}

/** Whether a value that may be anything lies in a range. */
export function isInRange(range: ValueRange, value: unknown): boolean {
  switch (range.type) {
    case 'integer':
      return Number.isInteger(value) && isBetween(value as number, range);
    case 'number':
      return typeof value === 'number' && isBetween(value, range);
    case 'boolean':
      return typeof value === 'boolean';
    case 'choice':
      return typeof value === 'string' && range.options.includes(value);
    case 'text':
      return typeof value === 'string' && value.length <= range.max_length;
    case 'object':
      return isPlainObject(value) && isSmall(value);
  }
}

/** A value as an error message shows it, whatever it is and however long. */
export function sayValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  if (Array.isArray(value)) return 'a list';
  if (typeof value !== 'object' || value === null) return String(value);
  return hasDepth(value, objectBounds.levels)
    ? `an object of ${Math.ceil(byteLengthOf(value) / 1024)} KB`
    : `an object of more than ${objectBounds.levels} levels`;
}

const unitOf = (unit: string | undefined): string => (unit ? ` ${unit}` : '');

const isBetween = (value: number, range: { minimum: number; maximum: number }): boolean =>
  value >= range.minimum && value <= range.maximum;

const isPlainObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Depth comes first: an object nested deep enough is more than JSON.stringify can follow. */
const isSmall = (value: object): boolean =>
  hasDepth(value, objectBounds.levels) && byteLengthOf(value) <= objectBounds.bytes;

const byteLengthOf = (value: object): number => Buffer.byteLength(JSON.stringify(value));

/** Whether a value has at most that many objects and lists one inside the other. */
function hasDepth(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((member) => hasDepth(member, levels - 1));
}
