import { type DuckDBConnection, INTEGER, VARCHAR } from '@duckdb/node-api';
import type { Extent } from '../manifest.ts';
import type { Stretch } from './days.ts';
import { makeTable } from './readings.ts';
import { overlaps, type Source } from './sources.ts';
import { keyOf } from './tier-file.ts';

/** Numbers for series, so that what is sorted and joined is not names. */
export class SeriesTables {
  readonly #connection: DuckDBConnection;
  readonly #numbers = new Map<string, number>();

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /** Makes `wanted`: which series of which file, with their places in order of their names. */
  async want(day: Stretch, sources: readonly Source[]): Promise<void> {
    const found = sources.flatMap(({ path, extents }, source) =>
      extents.filter((one) => overlaps(one, day)).map((extent) => ({ extent, path, source })),
    );
    const places = new Map(
      [...new Set(found.map(({ extent }) => keyOf(extent)))]
        .sort()
        .map((key, place) => [key, place] as const),
    );
    const rows = found.map(({ extent, path, source }) => [
      ...[path, extent.device, extent.metric, this.numberOf(extent)],
      ...[places.get(keyOf(extent)) ?? 0, source],
    ]);
    await makeTable(this.#connection, 'wanted', wantedColumns, rows);
  }

  /** Makes `series_names`: what the numbers stand for that were given so far. */
  async name(): Promise<void> {
    const rows = [...this.#numbers].map(([key, series]) => [series, ...key.split('\0')]);
    await makeTable(this.#connection, 'series_names', nameColumns, rows);
  }

  /** The number of a series in this pass. */
  numberOf(series: Pick<Extent, 'device' | 'metric'>): number {
    const key = keyOf(series);
    const number = this.#numbers.get(key) ?? this.#numbers.size;
    this.#numbers.set(key, number);
    return number;
  }
}

const wantedColumns = [
  ['filename', VARCHAR],
  ['device', VARCHAR],
  ['metric', VARCHAR],
  ['series', INTEGER],
  ['place', INTEGER],
  ['source', INTEGER],
] as const;

const nameColumns = [
  ['series', INTEGER],
  ['device', VARCHAR],
  ['metric', VARCHAR],
] as const;
