import type { ExportColumn } from '../exports/types.ts';
import { kinds } from '../points.ts';

/** The names that a column of a metric cannot have; `date` is that of the folders. */
const taken = ['device_id', 'timestamp', 'day_of_week', 'hour_of_day', 'date'];

/** A metric, and which kinds of values it has: bit n for kind n. */
export interface SurveyedMetric {
  readonly metric: string;
  readonly kindBits: number;
}

/**
 * The columns of the wide table, those of metrics by name. Readers of Parquet and SQL do not tell
 * `Power` from `power`: the second of such two gets a number.
 */
export function columnsOf(metrics: readonly SurveyedMetric[]): ExportColumn[] {
  const names = new Set(taken);
  const ofMetrics = metrics
    .toSorted((a, b) => (a.metric < b.metric ? -1 : 1))
    .map(({ metric, kindBits }): ExportColumn => {
      let name = metric;
      for (let count = 2; names.has(name.toLowerCase()); count++) name = `${metric}_${count}`;
      names.add(name.toLowerCase());
      return { name, type: typeOf(kindBits), metric };
    });
  return [
    { name: 'device_id', type: 'VARCHAR' },
    { name: 'timestamp', type: 'TIMESTAMP' },
    ...ofMetrics,
    { name: 'day_of_week', type: 'INTEGER' },
    { name: 'hour_of_day', type: 'INTEGER' },
  ];
}

/** A metric that was a number once and a text another time is text all over. */
function typeOf(kindBits: number): ExportColumn['type'] {
  if (kindBits === 1 << kinds.number) return 'DOUBLE';
  if (kindBits === 1 << kinds.boolean) return 'BOOLEAN';
  return 'VARCHAR';
}
