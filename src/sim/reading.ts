import type { Value } from './profile.ts';

/** The JSON a device sends: its own time (ISO 8601 UTC), then the metrics. */
export const messageOfReading = (
  timestampMs: number,
  values: Readonly<Record<string, Value>>,
): string => JSON.stringify({ timestamp: new Date(timestampMs).toISOString(), ...values });
