import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Log } from '#kernel';
import type { RunOptions } from './child.ts';
import { type Jobs, mostMegabytes, type Purpose, purposes, type VerbName } from './jobs.ts';
import { Lane } from './lane.ts';

export interface AnalysisParts {
  readonly clock: Clock;
  readonly log: Log;
  /** A folder of its own: emptied, and written to when DuckDB runs out of memory. */
  readonly directory: string;
}

/** A job by its verb: `{ verb: 'sql', … }`. */
export type JobOf<Name extends VerbName> = { readonly verb: Name } & Jobs[Name]['job'];

/**
 * Work on history that may take long, or go wrong: in processes beside the hub, one for each purpose,
 * which are started when they are needed and end after a minute without work.
 */
export class Analysis {
  readonly #parts: AnalysisParts;
  readonly #lanes = new Map<Purpose, Lane>();

  constructor(parts: AnalysisParts) {
    this.#parts = parts;
  }

  /** Removes what processes of an earlier run left when the machine took them along. */
  async start(): Promise<void> {
    await rm(this.#parts.directory, { recursive: true, force: true });
  }

  /**
   * Runs a job; those of one purpose run one after another.
   * @throws HearthError whatever the job throws; `timed_out` after `timeoutMs`, `too_many_requests`
   * when too many wait, `unprocessable` for one that takes too much memory, `unavailable` when its
   * process was lost; and the reason of `signal`.
   */
  run<Name extends VerbName>(
    { verb, ...job }: JobOf<Name>,
    options: RunOptions<Jobs[Name]['progress']> = {},
  ): Promise<Jobs[Name]['answer']> {
    const name: VerbName = verb;
    return this.#laneOf(purposes[name]).run(name, job, options as RunOptions) as Promise<
      Jobs[Name]['answer']
    >;
  }

  /** Whether a process for this is there at the moment. */
  isAwake(purpose: Purpose): boolean {
    return this.#lanes.get(purpose)?.isAwake === true;
  }

  /** Ends every job. */
  async stop(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.stop()));
  }

  #laneOf(purpose: Purpose): Lane {
    let lane = this.#lanes.get(purpose);
    if (lane === undefined) {
      const { clock, log, directory } = this.#parts;
      lane = new Lane({
        clock,
        log,
        start: {
          directory: join(directory, purpose),
          mostBytes: mostMegabytes[purpose] * 1024 ** 2,
        },
      });
      this.#lanes.set(purpose, lane);
    }
    return lane;
  }
}
