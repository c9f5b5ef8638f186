import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isHearthError, type Log, writeFileDurably } from '#kernel';
import type { ExportJob } from './types.ts';

/** The jobs that are remembered, in a file of their own: there are few, and they change seldom. */
export class ExportStore {
  readonly #path: string;
  readonly #log: Log;
  #last: Promise<void> = Promise.resolve();

  constructor(directory: string, log: Log) {
    this.#path = join(directory, 'jobs.json');
    this.#log = log;
  }

  /** Oldest first; none when there is no file, or one that cannot be read. */
  async load(): Promise<ExportJob[]> {
    await mkdir(join(this.#path, '..'), { recursive: true, mode: 0o700 });
    try {
      const written: unknown = JSON.parse(await readFile(this.#path, 'utf8'));
      return Array.isArray(written) ? written : [];
    } catch (error) {
      const isNew = (error as { code?: unknown }).code === 'ENOENT';
      if (!isNew) this.#log.warn({ err: error }, 'the exports of before are not known any more');
      return [];
    }
  }

  /** Writes them down, one after another; what fails is in the log, and written with the next. */
  save(jobs: readonly ExportJob[]): Promise<void> {
    const text = `${JSON.stringify(jobs)}\n`;
    this.#last = this.#last.then(async () => {
      try {
        await writeFileDurably(this.#path, text);
      } catch (error) {
        const why = isHearthError(error) ? error.message : error;
        this.#log.error({ err: why }, 'the list of exports was not written');
      }
    });
    return this.#last;
  }
}
