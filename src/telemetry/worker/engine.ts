import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';

/** Named parameters of a statement, and their types where a value does not tell (lists). */
export interface Parameters {
  readonly values: Record<string, DuckDBValue>;
  readonly types: Record<string, DuckDBType>;
}

/** How long an end waits for whoever has the connection, each time. */
const patienceMs = 500;

/**
 * DuckDB as Hearth uses it: in memory, on two connections. Using one from two places at once can
 * crash the process, so whoever wants it takes a turn. What takes long has a lane of its own, so
 * that no question waits for it.
 */
export class Engine {
  readonly #directory: string;
  readonly #memoryMb: number;
  #instance: DuckDBInstance | undefined;
  #connection: DuckDBConnection | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #background: DuckDBConnection | undefined;
  #lastInBackground: Promise<unknown> = Promise.resolve();
  #ending = false;

  constructor(directory: string, memoryMb: number) {
    this.#directory = directory;
    this.#memoryMb = memoryMb;
  }

  async open(): Promise<void> {
    const spill = join(this.#directory, 'spill');
    rmSync(spill, { recursive: true, force: true });
    mkdirSync(spill, { recursive: true });
    this.#instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${this.#memoryMb}MB`,
      // A second one would take the core that MQTT runs on, and another 60 MB that it keeps.
      threads: '1',
      temp_directory: spill,
      // What a seal needed goes back to the system, not into DuckDB's own store of free memory.
      allocator_flush_threshold: '1MB',
      allocator_bulk_deallocation_flush_threshold: '1MB',
      // A hub works without the internet: nothing is ever fetched.
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    this.#connection = await this.#instance.connect();
    // A sealed file never changes, so what its footer said is still true.
    await this.#connection.run('SET parquet_metadata_cache = true');
    this.#background = await this.#instance.connect();
  }

  /**
   * Runs `last` when everyone who asked before is done, and closes. Whoever holds the connection for
   * long meanwhile is cut short: a worker that does not leave in time is ended from outside, and that
   * aborts the process when DuckDB is in the middle of something.
   */
  async end(last: () => void): Promise<void> {
    this.#ending = true;
    // What is done in the background can be done another time.
    this.#background?.interrupt();
    const interrupting = setInterval(() => {
      this.#connection?.interrupt();
      this.#background?.interrupt();
    }, patienceMs);
    try {
      await this.#lastInBackground;
      await this.turn(() => {
        last();
        this.close();
      });
    } finally {
      clearInterval(interrupting);
    }
  }

  close(): void {
    this.#connection?.closeSync();
    this.#background?.closeSync();
    this.#instance?.closeSync();
  }

  /** Runs `action` when everyone who asked before is done; nobody else has the connection meanwhile. */
  turn<T>(action: (connection: DuckDBConnection) => Promise<T> | T): Promise<T> {
    const run = async (): Promise<T> => {
      if (this.#connection === undefined) throw new Error('DuckDB is not open');
      return action(this.#connection);
    };
    const result = this.#last.then(run, run);
    this.#last = result.catch(() => {});
    return result;
  }

  /**
   * Runs what takes long on a connection of its own, one after the other; questions go on meanwhile.
   * It may take a turn, but not another one of these. The end of the hub cuts it short.
   * @throws Error when the engine is ending.
   */
  background<T>(action: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const run = async (): Promise<T> => {
      if (this.#background === undefined) throw new Error('DuckDB is not open');
      if (this.#ending) throw new Error('DuckDB is closing');
      return action(this.#background);
    };
    const result = this.#lastInBackground.then(run, run);
    this.#lastInBackground = result.catch(() => {});
    return result;
  }

  /** Whether it is closing: what takes long stops at its next step. */
  get isEnding(): boolean {
    return this.#ending;
  }
}

/** Runs a query and hands its rows over in chunks, without ever holding all of them as values. */
export async function forEachChunk(
  connection: DuckDBConnection,
  sql: string,
  parameters: Parameters,
  visit: (chunk: DuckDBDataChunk) => void,
): Promise<void> {
  const result = await connection.run(sql, parameters.values, parameters.types);
  for (let chunk = await result.fetchChunk(); chunk; chunk = await result.fetchChunk()) {
    if (chunk.rowCount === 0) return;
    visit(chunk);
  }
}
