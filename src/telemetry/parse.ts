import type { Value } from './types.ts';

/**
 * The payload shapes that devices send, read into flat readings:
 *
 * - `{"power": 60.5, "relay": true}`: a flat object;
 * - `{"data": {…}, "metadata": {…}, "timestamp": …}`: `data` is lifted out, once, and `metadata`
 *   is set aside;
 * - `{"sensors": {"pm25": 8}}`: one level of nesting, named `sensors.pm25`;
 * - `21.5`, `true`, `"ON"`: a lone scalar, named `value`;
 * - `[ … ]`: a batch of any of the above.
 *
 * The time is the first of `timestamp`, `ts`, `time`. `device_id` and `deviceId` are set aside: who
 * sent a reading is known from its identity, never from what it says. So is `signature`, which is
 * checked before anything is read, where it is asked for. A null, an array or a deeper object is
 * refused by field, and the rest of the reading is kept.
 */

export const bounds = {
  readings: 1000,
  metrics: 64,
  nameLength: 64,
  textLength: 256,
  /** Refusals that are spelled out for one message; more of them say nothing new. */
  rejections: 16,
} as const;

export interface Rejection {
  /** Which reading of a batch; 0 for a single one. */
  readonly index: number;
  readonly field: string;
  readonly reason: string;
}

export interface Reading {
  /** Its place in the batch; 0 for a single one. */
  readonly index: number;
  /** The time as the device spelled it; `undefined` when it gave none. */
  readonly time: unknown;
  readonly values: Readonly<Record<string, Value>>;
}

export interface ParsedMessage {
  readonly readings: readonly Reading[];
  readonly rejected: readonly Rejection[];
}

/** Reads an already decoded JSON body. Never throws, whatever it holds. */
export function parseMessage(body: unknown): ParsedMessage {
  const rejected: Rejection[] = [];
  if (!Array.isArray(body)) {
    const reading = readOne(body, 0, rejected);
    return { readings: reading === undefined ? [] : [reading], rejected };
  }
  if (body.length > bounds.readings) {
    const reason = `the batch holds ${body.length} readings; the most is ${bounds.readings}`;
    return { readings: [], rejected: [{ index: 0, field: '', reason }] };
  }
  const readings: Reading[] = [];
  for (let index = 0; index < body.length; index++) {
    const reading = readOne(body[index], index, rejected);
    if (reading !== undefined) readings.push(reading);
  }
  if (body.length === 0) reject(rejected, 0, '', 'the batch is empty');
  return { readings, rejected };
}

function readOne(body: unknown, index: number, rejected: Rejection[]): Reading | undefined {
  const draft = new Draft(index, rejected);
  if (isRecord(body)) draft.readObject(body, false);
  else draft.put(body, 'value');
  if (draft.count > 0) return { index, time: draft.time, values: draft.values };
  if (!draft.refusedAny) reject(rejected, index, '', 'the reading has no values');
  return undefined;
}

/** A reading while it is being put together. */
class Draft {
  readonly values: Record<string, Value> = {};
  count = 0;
  time: unknown;
  refusedAny = false;
  readonly #index: number;
  readonly #rejected: Rejection[];

  constructor(index: number, rejected: Rejection[]) {
    this.#index = index;
    this.#rejected = rejected;
  }

  readObject(body: Record<string, unknown>, isLifted: boolean): void {
    const enveloped = isRecord(body.data) && !isLifted;
    for (const key in body) {
      switch (key) {
        case 'timestamp':
        case 'ts':
        case 'time':
        case 'device_id':
        case 'deviceId':
        case 'signature':
          break;
        case 'metadata':
          if (!enveloped) this.#member(key, body[key]);
          break;
        case 'data':
          if (enveloped) this.readObject(body[key] as Record<string, unknown>, true);
          else if (isRecord(body[key])) this.#refuse('data.data', problemOf(body[key]));
          else this.#member(key, body[key]);
          break;
        default:
          this.#member(key, body[key]);
      }
    }
    // Outermost last: the envelope's own time wins over one inside `data`.
    this.time = body.timestamp ?? body.ts ?? body.time ?? this.time;
  }

  /** A member of the top level: a value, or one level of nesting. */
  #member(key: string, value: unknown): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.put(value, key);
      return;
    }
    for (const inner in value) {
      this.put((value as Record<string, unknown>)[inner], `${key}.${inner}`);
    }
  }

  put(value: unknown, name: string): void {
    if (!isMetricName(name)) {
      this.#refuse(name, 'is not a metric name (letters, digits and _ . : -, at most 64)');
    } else if (!isValue(value)) {
      this.#refuse(name, problemOf(value));
    } else if (this.count >= bounds.metrics) {
      this.#refuse(name, `is past the ${bounds.metrics} metrics a reading may have`);
    } else {
      this.values[name] = value;
      this.count++;
    }
  }

  #refuse(name: string, problem: string): void {
    this.refusedAny = true;
    reject(this.#rejected, this.#index, name.slice(0, bounds.nameLength), problem);
  }
}

function reject(rejected: Rejection[], index: number, field: string, reason: string): void {
  if (rejected.length < bounds.rejections) rejected.push({ index, field, reason });
}

const metricName = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,63}$/;

const isMetricName = (name: string): boolean => metricName.test(name) && name !== '__proto__';

function isValue(value: unknown): value is Value {
  // JSON has no NaN and no Infinity, but 1e999 parses to one.
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return value.length <= bounds.textLength;
  return typeof value === 'boolean';
}

function problemOf(value: unknown): string {
  if (value === null) return 'is null, which is no value';
  if (typeof value === 'number') return `is ${value}, which is no finite number`;
  if (typeof value === 'string') {
    return `is a text of ${value.length} characters; the most is ${bounds.textLength}`;
  }
  if (Array.isArray(value)) return 'is an array; send one value a metric';
  if (typeof value === 'object') return 'is nested too deep; one level is read';
  return `is of type ${typeof value}, which is no value`;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
