import type { ImportReading } from '../imports/types.ts';
import type { WideExportAnswer, WideExportJob, WideExportProgress } from './export-job.ts';
import type { SqlAnswer, SqlJob } from './sql.ts';

/**
 * Every job that the analysis process knows, with its answer and what it tells meanwhile. A new verb
 * is a line here, one in `purposes`, one in `verbs.ts`, and a file that does it.
 */
export interface Jobs {
  export: {
    readonly job: WideExportJob;
    readonly answer: WideExportAnswer;
    readonly progress: WideExportProgress;
  };
  import: { readonly job: ImportReading; readonly answer: undefined; readonly progress: never };
  sql: { readonly job: SqlJob; readonly answer: SqlAnswer; readonly progress: never };
}

export type VerbName = keyof Jobs;

/** What somebody waits for: jobs of one purpose run one after another, in a process of their own. */
export type Purpose = 'sql' | 'export' | 'import';

export const purposes: Readonly<Record<VerbName, Purpose>> = {
  export: 'export',
  import: 'import',
  sql: 'sql',
};

/** Megabytes that a process may hold in all: DuckDB's limit, and some for what it does not count. */
export const mostMegabytes: Readonly<Record<Purpose, number>> = {
  sql: 384,
  export: 512,
  import: 512,
};
