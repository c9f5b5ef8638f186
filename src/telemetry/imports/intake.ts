import { type Clock, isoOfMicroseconds } from '#kernel';
import type { Committer } from '../committer.ts';
import { bounds } from '../parse.ts';
import { isText, kindOf, kinds, type Points, timeMarks } from '../points.ts';
import type { Sealing } from '../sealing.ts';
import { type SeriesBook, seriesPerDevice } from '../series.ts';
import { furthestAheadUs, hubClockPlausible, latestUs } from '../timestamp.ts';
import type { Value } from '../types.ts';

/** What points of an import are of; `metric` is a name that a metric may have. */
export interface ImportSeries {
  readonly deviceId: string;
  readonly metric: string;
}

/** Points that were left out for one reason. */
export interface Skipped {
  readonly reason: string;
  readonly count: number;
}

export interface ImportReceipt {
  readonly accepted: number;
  readonly skipped: readonly Skipped[];
  /** Resolves once they are on disk; `undefined` when there are none. */
  readonly committed: Promise<void> | undefined;
}

/**
 * The way of history that is brought in: from columns to the open batch. Nobody is told of it: what
 * was measured last year is no news, and neither switches anything nor says what a device is like.
 * The rate of a device does not hold it up; whoever brings it waits for the disk instead.
 */
export class ImportIntake {
  readonly #clock: Clock;
  readonly #series: SeriesBook;
  readonly #committer: Committer;
  readonly #sealing: Sealing;
  readonly #sensitiveOf: (deviceId: string) => ReadonlySet<string>;

  constructor(parts: {
    readonly clock: Clock;
    readonly series: SeriesBook;
    readonly committer: Committer;
    readonly sealing: Sealing;
    readonly sensitiveOf: (deviceId: string) => ReadonlySet<string>;
  }) {
    this.#clock = parts.clock;
    this.#series = parts.series;
    this.#committer = parts.committer;
    this.#sealing = parts.sealing;
    this.#sensitiveOf = parts.sensitiveOf;
  }

  /**
   * Takes points in; their series are places in `series`, where what is `undefined` is left out.
   * @throws HearthError when storage refuses what has to be on disk before there is room for these.
   */
  async take(
    points: Points,
    series: readonly (ImportSeries | undefined)[],
  ): Promise<ImportReceipt> {
    while (this.#committer.overflowing) await this.#committer.open.committed;
    const targets = series.map((one) => one && this.#targetOf(one));
    const skipped = new Map<string, number>();
    const nowUs = this.#clock.nowMs() * 1000;
    const plausible = hubClockPlausible(nowUs, this.#committer.lastWrittenUs);
    const newestUs = plausible ? nowUs + furthestAheadUs : latestUs - 1;
    const batch = this.#committer.open;
    let accepted = 0;
    for (let at = 0; at < points.count; at++) {
      const target = targets[points.series[at] as number];
      if (target === undefined) continue;
      const timeUs = points.timesUs[at] as number;
      const value = valueAt(points, at);
      const problem = target.problem ?? timeProblem(timeUs, newestUs) ?? valueProblem(value);
      if (problem !== undefined) {
        skipped.set(problem, (skipped.get(problem) ?? 0) + 1);
        continue;
      }
      const { deviceId, metric, number } = target;
      if (target.isSensitive) {
        const sealed = this.#sealing.seal(deviceId, metric, timeUs, value);
        if (sealed === undefined) {
          skipped.set(noKey, (skipped.get(noKey) ?? 0) + 1);
          continue;
        }
        batch.points.addSealed(number, timeUs, sealed, timeMarks.imported);
      } else batch.points.add(number, timeUs, value, timeMarks.imported);
      accepted++;
    }
    if (accepted > 0) this.#committer.due(nowUs);
    return {
      accepted,
      skipped: [...skipped].map(([reason, count]) => ({ reason, count })),
      committed: accepted > 0 ? batch.committed : undefined,
    };
  }

  #targetOf({ deviceId, metric }: ImportSeries) {
    const number = this.#series.of(deviceId).get(metric) ?? this.#series.add(deviceId, metric);
    const isSensitive = this.#sensitiveOf(deviceId).has(metric);
    const problem =
      number === undefined
        ? `${deviceId} has ${seriesPerDevice} metrics already: ${metric} is one too many`
        : undefined;
    return { deviceId, metric, number: number ?? 0, isSensitive, problem };
  }
}

const noKey = 'the metric is sensitive, and there is no key to keep it with';

function valueAt({ values, marks, texts }: Points, at: number): Value {
  const kind = kindOf(marks[at] as number);
  const value = values[at] as number;
  if (isText(kind)) return texts[value] as string;
  return kind === kinds.boolean ? value === 1 : value;
}

function timeProblem(timeUs: number, newestUs: number): string | undefined {
  if (timeUs >= 0 && timeUs <= newestUs) return undefined;
  if (!Number.isFinite(timeUs)) return 'there is no time';
  return timeUs < 0
    ? 'the time is before 1970'
    : `the time is after ${isoOfMicroseconds(Math.floor(newestUs / 60e6) * 60e6)}`;
}

function valueProblem(value: Value): string | undefined {
  if (typeof value === 'number')
    return Number.isFinite(value) ? undefined : 'the value is no number';
  if (typeof value === 'string' && value.length > bounds.textLength) {
    return `the text is longer than ${bounds.textLength} characters`;
  }
  return undefined;
}
