import type { RunOptions } from '../analysis/child.ts';
import type {
  WideExportAnswer,
  WideExportJob,
  WideExportProgress,
} from '../analysis/export-job.ts';
import type { Reader } from '../history.ts';
import type { TelemetryQuery, TelemetryRow } from '../types.ts';
import type { Snapshot, SnapshotScope } from '../worker/protocol.ts';

/** What exports need of telemetry. */
export interface ExportedHistory {
  query(query: TelemetryQuery, reader: Reader): AsyncIterable<readonly TelemetryRow[]>;
  /** The metrics that a device ever sent, as far as this reader is shown them. */
  columnsOf(query: TelemetryQuery, reader: Reader): readonly string[];
  withheld(deviceId: string, fields: readonly string[] | undefined, reader: Reader): string[];
  /** The metrics of which there may be sealed values: sensitive now, or once. */
  sealedMetrics(deviceId: string): readonly string[];
}

/** Where readings lie at a moment; its files stay until it is released, or nobody renews it. */
export interface Snapshots {
  snapshot(asked: {
    readonly startUs: number;
    readonly endUs: number;
    readonly devices: readonly string[];
    /** The readings when not given. */
    readonly tiers?: NonNullable<SnapshotScope['tiers']>;
  }): Promise<Snapshot>;
  renew(lease: number): Promise<void>;
  release(lease: number): Promise<void>;
}

export interface WideExports {
  run(
    job: { readonly verb: 'export' } & WideExportJob,
    options: RunOptions<WideExportProgress>,
  ): Promise<WideExportAnswer>;
}

/** What exports need to know of devices. */
export interface ExportedDevices {
  list(): readonly { readonly id: string }[];
  definitionOf(deviceId: string): {
    readonly metrics: readonly { readonly name: string; readonly unit: string }[];
  };
}
