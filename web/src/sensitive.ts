import { metricOf, sayValue, sortMetrics } from './metrics.ts';
import type { Latest } from './wire.ts';

export interface SensitiveReading {
  readonly metric: string;
  readonly label: string;
  readonly words: string;
}

/**
 * What is said of each sensitive metric. `latest` are the newest values that this person was given,
 * the newest first.
 */
export const sensitiveReadings = (
  names: readonly string[],
  latest: readonly (Latest | null | undefined)[],
  maySee: boolean,
): SensitiveReading[] =>
  sortMetrics(names).map((metric) => {
    const value = latest.find((values) => values?.[metric] !== undefined)?.[metric];
    const nothing = maySee ? 'No reading yet' : 'Not shown to you';
    return {
      metric,
      label: metricOf(metric).label,
      words: value === undefined ? nothing : sayValue(metric, value),
    };
  });
