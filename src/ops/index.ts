export type { HealthReport, HealthStatus, Probe, ServiceHealth } from './health.ts';
export { Health } from './health.ts';
export type { LogLine, LogLineLevel } from './log-ring.ts';
export { LogRing, logLevels } from './log-ring.ts';
export type { AnsweredRequest, Numbers } from './metrics.ts';
export { Metrics } from './metrics.ts';
export type { OpsOptions } from './service.ts';
export { Ops } from './service.ts';
