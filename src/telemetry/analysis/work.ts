import type { Access, Database } from './database.ts';

/** What a job has to work with, in the process. */
export interface Work {
  /** A folder of its own, empty at the start; on the disk of the data directory. */
  readonly directory: string;
  /** A DuckDB that sees nothing but what `access` names; closed when the job is done. */
  open(access: Access): Promise<Database>;
  /** Tells whoever waits how far it is. */
  progress(progress: unknown): void;
  /** Asks the hub something that only it knows: what `onAsk` of the job answers. */
  ask(asked: unknown): Promise<unknown>;
}
