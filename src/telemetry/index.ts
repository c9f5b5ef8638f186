export { ExportFolder } from './exports/files.ts';
export type { ExportsOptions } from './exports/service.ts';
export { Exports } from './exports/service.ts';
export { Imports } from './imports/service.ts';
export { LineProtocol } from './line-protocol/service.ts';
export type { KnownDevices, TelemetryOptions } from './service.ts';
export { Telemetry } from './service.ts';
export type { SqlParts } from './sql/service.ts';
export { Sql } from './sql/service.ts';
export type {
  Aggregate,
  DeviceStatistics,
  MessageProtection,
  MetricStatistics,
  OpenedMessage,
  QuarantinedMessage,
  Receipt,
  Sample,
  StorageIncident,
  StorageReport,
  Submission,
  TelemetryHealth,
  TelemetryQuery,
  TelemetryRow,
  Value,
} from './types.ts';
export { aggregates } from './types.ts';
