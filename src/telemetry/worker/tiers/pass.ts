import { BIGINT, BOOLEAN, type DuckDBConnection, INTEGER, VARCHAR } from '@duckdb/node-api';
import { Zone } from '#kernel';
import type { Reach } from '../fault-points.ts';
import type { Files } from '../files.ts';
import type { Change, Day, FileEntry, Manifest } from '../manifest.ts';
import { DayBook, type Stretch, stretchFor } from './days.ts';
import { byArrival, makeTable, pathList, readingsOnce } from './readings.ts';
import { minutesOf, spanTable, widerOf } from './rollup.ts';
import { SeriesTables } from './series-tables.ts';
import { arrivalsOf, isWithin, overlaps, type Source, Sources } from './sources.ts';
import { spanColumns } from './spans.ts';
import { Draft, keyOf } from './tier-file.ts';
import { type RollupTier, rollupTiers } from './tiers.ts';
import { batchesOf, type Touched, touchedIn } from './touched.ts';

/** A file of readings that holds more than this is left alone: what comes later gets one beside it. */
const mostDayPoints = 5_000_000;

export interface PassParts {
  readonly files: Files;
  readonly manifest: Manifest;
  /** The home's time zone. */
  readonly timeZone: string;
  /** See `mostDayPoints`, which it is by default. */
  readonly dayPoints?: number | undefined;
  readonly reach: Reach;
}

/** A stretch of time that a file of sums is made for. */
interface Made extends Stretch {
  /** The files of readings that they come from, and the files that those came from. */
  readonly from: FileEntry[];
  /** Whether readings are gone of a series that is made anew. */
  hasGaps: boolean;
}

type Added = Change['added'][number];

/**
 * One pass over sealed files, or over days that are to be summed up anew: writes the files that take
 * the place of others, and says which. Nothing of it counts until that is done in one step.
 */
export class Pass {
  readonly #connection: DuckDBConnection;
  readonly #parts: PassParts;
  readonly #draft: Draft;
  readonly #book: DayBook;
  readonly #added: Added[] = [];
  readonly #doomed = new Set<string>();
  readonly #besides = new Set<string>();
  readonly #sources: Sources;
  readonly #series: SeriesTables;
  /** The months and years that files are made for. */
  readonly #stretches: Record<'1h' | '1d', Made[]> = {
    '1h': [],
    '1d': [],
  };

  constructor(connection: DuckDBConnection, parts: PassParts) {
    this.#connection = connection;
    this.#parts = parts;
    this.#draft = new Draft(parts);
    this.#book = new DayBook(parts.manifest);
    this.#sources = new Sources(parts);
    this.#series = new SeriesTables(connection);
  }

  /**
   * Makes days out of sealed files.
   * @throws Error when DuckDB or the disk fails; then `discard` is to be called.
   */
  async takeApart(sealed: readonly FileEntry[]): Promise<Change> {
    const sources = byArrival(sealed).map((file) => this.#sources.of(file));
    for (const { file } of sources) this.#doomed.add(file.name);
    await this.#begin();
    for (const day of await this.#daysOf(sources)) {
      const inDay = sources.filter(({ extents }) => extents.some((one) => overlaps(one, day)));
      if (inDay.length > 0) await this.#makeDay(day, inDay);
    }
    return this.#finish();
  }

  /** Sums a day up anew from its readings. */
  async sumUp(day: Day): Promise<Change> {
    await this.#begin();
    await this.#makeDay(day, []);
    return this.#finish();
  }

  /** Files that stay, and by which it was judged whether all readings of a day are there. */
  get besides(): ReadonlySet<string> {
    return this.#besides;
  }

  /** Leaves nothing behind, after a failure. Never rejects. */
  async discard(): Promise<void> {
    this.#draft.discard();
    await this.#dropTables().catch(() => {});
  }

  async #dropTables(): Promise<void> {
    for (const table of scratch) await this.#connection.run(`DROP TABLE IF EXISTS ${table}`);
  }

  async #begin(): Promise<void> {
    this.#parts.reach('compaction.begun');
    for (const table of ['made_1h', 'made_1d']) await this.#connection.run(spanTable(table));
    await makeTable(this.#connection, 'remade', remadeColumns, []);
  }

  /** Writes what belongs to months and years, and gives everything its name. */
  async #finish(): Promise<Change> {
    await this.#series.name();
    for (const tier of ['1h', '1d'] as const) {
      for (const stretch of this.#stretches[tier]) await this.#writeRollup(tier, stretch);
    }
    await this.#draft.publish();
    await this.#dropTables();
    this.#parts.reach('compaction.rollups written');
    return { added: this.#added, doomed: [...this.#doomed], days: this.#book.added };
  }

  /** The days that sealed readings are of, in order. */
  async #daysOf(sources: readonly Source[]): Promise<Day[]> {
    const hourUs = 3600e6;
    const result = await this.#connection.run(
      `SELECT min(epoch_us(time))::DOUBLE, max(epoch_us(time))::DOUBLE
       FROM read_parquet(${pathList(sources.map(({ path }) => path))})
       GROUP BY epoch_us(time) // ${hourUs} ORDER BY 1`,
    );
    const zone = new Zone(this.#parts.timeZone);
    const days = new Map<number, Day>();
    for (const [oldestUs, newestUs] of (await result.getRows()) as [number, number][]) {
      for (let us = oldestUs; us <= newestUs; ) {
        const day = this.#book.dayFor(us, zone);
        days.set(day.fromUs, day);
        us = day.untilUs;
      }
    }
    return [...days.values()].sort((a, b) => a.fromUs - b.fromUs);
  }

  async #makeDay(day: Day, sealed: readonly Source[]): Promise<void> {
    const raw = await this.#sources.sound(this.#sources.filesOf('raw', day));
    const touched = await touchedIn(
      day,
      { raw, sealed },
      {
        connection: this.#connection,
        sources: this.#sources,
        numberOf: (series) => this.#series.numberOf(series),
        isKnown: this.#parts.manifest.dayAt(day.fromUs) !== undefined,
      },
    );
    for (const { file } of raw) this.#besides.add(file.name);
    const hasGaps = [...touched.values()].some((one) => !one.complete);
    const kept = [...raw];
    const from = raw.map(({ file }) => file);
    if (sealed.length > 0) {
      const last = raw.at(-1);
      const most = this.#parts.dayPoints ?? mostDayPoints;
      const merged = last === undefined || last.file.points >= most ? [] : [last];
      if (merged.length > 0) kept.pop();
      const made = await this.#writeRaw(day, [...merged, ...sealed], touched);
      if (made !== undefined) {
        this.#added.push(made);
        const path = this.#draft.pathOf(made.file.name);
        kept.push({ file: made.file, path, extents: made.extents });
      }
      for (const { file } of merged) this.#doomed.add(file.name);
      from.push(...sealed.map(({ file }) => file));
      this.#parts.reach('compaction.raw written');
    }
    await this.#sumUpDay(day, { ...day, from, hasGaps }, kept, touched);
  }

  /** What the readings of a day are made into: one file out of several. */
  async #writeRaw(
    day: Day,
    sources: readonly Source[],
    touched: ReadonlyMap<string, Touched>,
  ): Promise<Added | undefined> {
    await this.#series.want(day, sources);
    await this.#series.name();
    const once = readingsOnce({
      paths: sources.map(({ path }) => path),
      wanted: 'wanted',
      where: `time >= make_timestamp(${day.fromUs}) AND time < make_timestamp(${day.untilUs})`,
    });
    const last = sources[0]?.file.tier === 'raw' ? sources[0] : undefined;
    const incomplete = [
      ...(last?.extents ?? []).filter((one) => !one.complete),
      ...[...touched.values()].filter((one) => !one.complete),
    ];
    return this.#draft.write(this.#connection, {
      ...{ tier: 'raw', fromUs: day.fromUs, untilUs: day.untilUs, days: [day], incomplete },
      ...arrivalsOf(sources.map(({ file }) => file)),
      select: `SELECT device, metric, make_timestamp(time_us) AS time, value, text, kind, flags
        FROM (${once}) AS readings JOIN series_names ON series_names.series = readings.series`,
    });
  }

  /** Sums a day's series up and writes its minutes; hours and days wait for those of other days. */
  async #sumUpDay(
    day: Day,
    made: Made,
    raw: readonly Source[],
    touched: ReadonlyMap<string, Touched>,
  ): Promise<void> {
    const connection = this.#connection;
    const rows = [...touched.values()].map((one) => [
      ...[
        one.series,
        one.device,
        one.metric,
        BigInt(day.fromUs),
        BigInt(day.untilUs),
        one.complete,
      ],
      ...rollupTiers.map((tier) => one.tiers.has(tier)),
    ]);
    await makeTable(connection, 'remade_now', remadeColumns, rows);
    await connection.run('INSERT INTO remade SELECT * FROM remade_now');
    await connection.run(spanTable('made_1m'));
    if (raw.length > 0) {
      await this.#series.want(day, raw);
      for (const [first, last] of batchesOf([...touched.values()])) {
        const once = readingsOnce({
          paths: raw.map(({ path }) => path),
          wanted: 'wanted',
          isOnce: raw.length === 1,
          where: `wanted.series BETWEEN ${first} AND ${last}
            AND wanted.series IN (SELECT series FROM remade_now)`,
        });
        await connection.run(`INSERT INTO made_1m ${minutesOf(once, day)}`);
      }
    }
    await connection.run(`INSERT INTO made_1h ${widerOf('FROM made_1m', '1h', day)}`);
    await connection.run(
      `INSERT INTO made_1d ${widerOf(`FROM made_1h WHERE day_us = ${day.fromUs}`, '1d', day)}`,
    );
    await this.#series.name();
    await this.#writeRollup('1m', made, touched);
    for (const tier of ['1h', '1d'] as const) this.#addTo(tier, day, made);
  }

  /** The file of a rollup: what was made anew, and of the former one whatever was not. */
  async #writeRollup(
    tier: RollupTier,
    { fromUs, untilUs, from, hasGaps }: Made,
    touched?: ReadonlyMap<string, Touched>,
  ): Promise<void> {
    const former = await this.#sources.sound(
      this.#sources.files(tier).filter((file) => isWithin(file.fromUs, { fromUs, untilUs })),
    );
    for (const { file } of former) this.#doomed.add(file.name);
    // Of a day that is made anew as a whole, nothing of the former sums is needed.
    const needed = former.filter(
      ({ extents }) => !extents.every((one) => touched?.get(keyOf(one))?.complete === true),
    );
    const columns = ['class', ...spanColumns].join(', ');
    const parts = [
      `SELECT device, metric, at_us, ${columns}, 1 AS place FROM made_${tier} AS made
       JOIN remade ON remade.series = made.series AND remade.from_us = made.day_us
       WHERE remade.tier_${tier} AND made.day_us >= ${fromUs} AND made.day_us < ${untilUs}`,
      ...needed.map((source) => {
        const at = 'epoch_us(file.time)';
        const devices = new Set(source.extents.map((one) => one.device));
        return `SELECT device, metric, ${at} AS at_us, ${columns}, 0 AS place
          FROM read_parquet(${pathList([source.path])}) AS file
          WHERE NOT EXISTS (FROM remade WHERE remade.complete AND remade.device = file.device
              AND remade.metric = file.metric AND ${at} >= remade.from_us AND ${at} < remade.until_us)
            AND file.device IN (SELECT unnest(${pathList([...devices])}))`;
      }),
    ];
    // Where readings are gone, of two rows of one bucket that which knows more of them.
    const most = `QUALIFY row_number() OVER
      (PARTITION BY device, metric, at_us, class ORDER BY count DESC, place DESC) = 1`;
    const made = await this.#draft.write(this.#connection, {
      ...{ tier, fromUs, untilUs, incomplete: [] },
      ...arrivalsOf([...from, ...former.map(({ file }) => file)]),
      days: this.#daysIn({ fromUs, untilUs }),
      select: `SELECT device, metric, make_timestamp(at_us) AS time, ${columns}
        FROM (${parts.join(' UNION ALL ')}) ${hasGaps ? most : ''}
        ORDER BY device, metric, at_us, class`,
    });
    if (made !== undefined) this.#added.push(made);
  }

  /** Notes that what was made of a day belongs into the file of its month or year. */
  #addTo(tier: '1h' | '1d', day: Day, made: Made): void {
    const there = this.#sources
      .files(tier)
      .flatMap(({ fromUs, untilUs }) =>
        fromUs === null || untilUs === null ? [] : [{ fromUs, untilUs }],
      );
    const stretch = stretchFor(tier, day, [...this.#stretches[tier], ...there]);
    const same = this.#stretches[tier].find((one) => one.fromUs === stretch.fromUs);
    if (same === undefined) {
      this.#stretches[tier].push({ ...stretch, from: [...made.from], hasGaps: made.hasGaps });
      return;
    }
    same.from.push(...made.from);
    same.hasGaps ||= made.hasGaps;
  }

  /** The days that begin in a stretch, those of this pass among them. */
  #daysIn({ fromUs, untilUs }: Stretch): Day[] {
    return this.#book
      .days(fromUs, untilUs)
      .filter((day) => isWithin(day.fromUs, { fromUs, untilUs }));
  }
}

const remadeColumns = [
  ['series', INTEGER],
  ['device', VARCHAR],
  ['metric', VARCHAR],
  ['from_us', BIGINT],
  ['until_us', BIGINT],
  ['complete', BOOLEAN],
  ['tier_1m', BOOLEAN],
  ['tier_1h', BOOLEAN],
  ['tier_1d', BOOLEAN],
] as const;

const scratch = [
  ...['made_1m', 'made_1h', 'made_1d', 'remade', 'remade_now', 'series_names', 'wanted'],
];
