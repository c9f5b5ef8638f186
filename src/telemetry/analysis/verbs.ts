import type { Jobs, VerbName } from './jobs.ts';
import type { Work } from './work.ts';

type Verb<Name extends VerbName> = (
  job: Jobs[Name]['job'],
  work: Work,
) => Promise<Jobs[Name]['answer']>;

/** What the process can do; each is loaded when it is asked for. */
export const verbs: { readonly [Name in VerbName]: () => Promise<Verb<Name>> } = {
  export: async () => (await import('./export-run.ts')).runWideExport,
  import: async () => (await import('../imports/reading/run.ts')).runImport,
  sql: async () => (await import('./sql.ts')).runSql,
};
