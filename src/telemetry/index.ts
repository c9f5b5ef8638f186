export type { KnownDevices, TelemetryOptions } from './service.ts';
export { Telemetry } from './service.ts';
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
