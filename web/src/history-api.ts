import { call, segment } from './api.ts';
import type {
  Deletion,
  ExportFile,
  ExportJob,
  NewExport,
  NewRule,
  Retention,
  RetentionPlan,
  Storage,
} from './history-wire.ts';
import type { Statistics } from './wire.ts';

/** Where a browser downloads a file of an export. */
export const exportFileAddress = (id: string, name: string): string =>
  `/api/v1/exports/${segment(id)}/files/${segment(name)}`;

function deletionQuery({ metric, startMs, endMs }: Deletion): string {
  const query = new URLSearchParams();
  if (metric !== undefined) query.set('fields', metric);
  if (startMs !== undefined) query.set('start', new Date(startMs).toISOString());
  if (endMs !== undefined) query.set('end', new Date(endMs).toISOString());
  return String(query);
}

/** Every request about the history that is kept. */
export const keeping = {
  retention: () => call<Retention>('GET', '/retention'),
  plan: (days: number) => call<RetentionPlan>('GET', `/retention/plan?days=${days}&limit=100000`),
  storage: () => call<Storage>('GET', '/storage'),
  setRule: (rule: NewRule) => call<unknown>('PUT', '/retention/rules', rule),
  removeRule: (id: string) => call<unknown>('DELETE', `/retention/rules/${segment(id)}`),

  exports: async () => (await call<{ exports: ExportJob[] }>('GET', '/exports')).exports,
  exportFiles: async (id: string) =>
    (await call<{ files: ExportFile[] }>('GET', `/exports/${segment(id)}`)).files,
  startExport: (order: NewExport) => call<ExportJob>('POST', '/exports', order),
  endExport: (id: string) => call<unknown>('DELETE', `/exports/${segment(id)}`),

  /** How many readings a deletion would take, as far as they are still there one by one. */
  countReadings: async (deletion: Deletion) => {
    // Without a start the hub means the last day.
    const query = deletionQuery({ startMs: 0, ...deletion });
    const path = `/devices/${segment(deletion.deviceId)}/statistics?${query}`;
    const { metrics } = await call<{ metrics: Record<string, Statistics> }>('GET', path);
    return Object.values(metrics).reduce((sum, { count }) => sum + count, 0);
  },
  /** Resolves with how many readings went once no file of the hub holds them. */
  deleteReadings: async (deletion: Deletion) => {
    const path = `/devices/${segment(deletion.deviceId)}/telemetry?${deletionQuery(deletion)}`;
    return (await call<{ deleted: number }>('DELETE', path)).deleted;
  },
};
