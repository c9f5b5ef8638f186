import { kindOf, type Points, timeMarks } from '../points.ts';
import type { Sample, Value } from '../types.ts';
import { asSent } from './pivot.ts';
import type { SeriesNames } from './series-names.ts';

interface NewestValue {
  readonly timeUs: number;
  readonly receivedUs: number;
  readonly stamped: boolean;
  /** `null` when it is sealed: the hub itself does not need it. */
  readonly value: Value | null;
}

/** The newest value of each series in the batches it is shown; of one time, the one shown last. */
export class NewestValues {
  readonly #bySeries = new Map<number, NewestValue>();

  take(points: Points, receivedUs: number): void {
    for (let at = 0; at < points.count; at++) {
      const mark = points.marks[at] as number;
      if ((mark & timeMarks.imported) !== 0) continue;
      const series = points.series[at] as number;
      const timeUs = points.timesUs[at] as number;
      const known = this.#bySeries.get(series);
      if (known !== undefined && known.timeUs > timeUs) continue;
      const value = points.values[at] as number;
      this.#bySeries.set(series, {
        timeUs,
        receivedUs,
        stamped: (mark & timeMarks.stamped) !== 0,
        value: asSent(kindOf(mark), value, points.texts[value]),
      });
    }
  }

  /** Grouped by device and time, oldest first, as if each group had come as one message. */
  samples(names: SeriesNames): readonly Sample[] {
    const groups = new Map<string, Sample & { readonly values: Record<string, Value> }>();
    for (const [id, { value, ...newest }] of this.#bySeries) {
      const series = names.find(id);
      if (series === undefined || value === null) continue;
      const key = `${newest.timeUs} ${series.device}`;
      const group = groups.get(key) ?? { deviceId: series.device, ...newest, values: {} };
      groups.set(key, group);
      group.values[series.metric] = value;
    }
    return [...groups.values()].sort((a, b) => a.timeUs - b.timeUs);
  }
}
