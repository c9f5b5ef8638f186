import type { DeviceCounts, SimulatedDevice } from './device.ts';
import type { LatencyHistogram } from './latency.ts';

/** How a run went. `sent` counts messages, not attempts. */
export interface Summary {
  readonly devices: number;
  readonly sent: number;
  readonly acknowledged: number;
  readonly resent: number;
  readonly reconnects: number;
  readonly seconds: number;
  readonly messages_per_second: number;
  /** Milliseconds from the first attempt to the acknowledgment; null when there was none. */
  readonly ack_p50_ms: number | null;
  readonly ack_p99_ms: number | null;
  /** Devices the hub turned away during the run, with what it said. */
  readonly refused: readonly string[];
}

/** What a progress bar is told, a few times a second. */
export interface Progress {
  /** 0 to 1. */
  readonly share: number;
  readonly sent: number;
  readonly acknowledged: number;
}

export type OnProgress = (progress: Progress) => void;

export function summarise(
  devices: readonly SimulatedDevice[],
  latency: LatencyHistogram,
  durationMs: number,
  refused: readonly string[] = [],
): Summary {
  const acknowledged = total(devices, 'acknowledged');
  const seconds = Math.max(durationMs, 1) / 1000;
  return {
    devices: devices.length,
    sent: total(devices, 'sent'),
    acknowledged,
    resent: total(devices, 'resent'),
    reconnects: total(devices, 'reconnects'),
    seconds: Number(seconds.toFixed(2)),
    messages_per_second: Math.round(acknowledged / seconds),
    ack_p50_ms: latency.percentileMs(0.5),
    ack_p99_ms: latency.percentileMs(0.99),
    refused,
  };
}

export const total = (devices: readonly SimulatedDevice[], count: keyof DeviceCounts): number =>
  devices.reduce((sum, device) => sum + device.counts[count], 0);
