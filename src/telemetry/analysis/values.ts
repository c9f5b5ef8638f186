import {
  type DuckDBArrayValue,
  DuckDBBitValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBUnionValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { isoOfMicroseconds } from '#kernel';

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/**
 * A value of DuckDB as JSON has it: whole numbers that JavaScript would round as text, instants as
 * ISO 8601 in UTC, times without a zone likewise without the Z, decimals as numbers.
 */
export function jsonOf(value: DuckDBValue): Json {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return ofBigInt(value);
    case 'boolean':
    case 'string':
      return value;
  }
  if (value === null) return null;
  if (value instanceof DuckDBTimestampTZValue) return ofMicroseconds(value.micros, value);
  if (value instanceof DuckDBTimestampValue) {
    return ofMicroseconds(value.micros, value).replace(/Z$/, '');
  }
  if (value instanceof DuckDBDecimalValue) return Number(value.toString());
  if (value instanceof DuckDBListValue || isArray(value)) return value.items.map(jsonOf);
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(
      Object.entries(value.entries).map(([name, one]) => [name, jsonOf(one)]),
    );
  }
  if (value instanceof DuckDBMapValue) {
    return value.entries.map(({ key, value: one }) => ({ key: jsonOf(key), value: jsonOf(one) }));
  }
  if (value instanceof DuckDBUnionValue) return jsonOf(value.value);
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64');
  if (
    value instanceof DuckDBDateValue ||
    value instanceof DuckDBIntervalValue ||
    value instanceof DuckDBBitValue
  ) {
    return value.toString();
  }
  return String(value);
}

const isArray = (value: DuckDBValue): value is DuckDBArrayValue =>
  typeof value === 'object' && value !== null && 'items' in value && Array.isArray(value.items);

const ofBigInt = (value: bigint): number | string =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : String(value);

/** The years that ISO 8601 knows without agreement between both sides. */
const earliestUs = -62_167_219_200_000_000n;
const latestUs = 253_402_300_799_999_999n;

const ofMicroseconds = (micros: bigint, value: { toString(): string }): string =>
  micros >= earliestUs && micros <= latestUs ? isoOfMicroseconds(Number(micros)) : value.toString();
