import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** What a job's DuckDB may use. */
export interface Access {
  readonly memoryMb: number;
  /** What may be spilled to disk, at most. */
  readonly spillMb?: number;
  /** Files that may be read, by their whole names. */
  readonly paths?: readonly string[];
  /** Folders that may be read and written. */
  readonly directories?: readonly string[];
  readonly timeZone?: string;
}

export interface Database {
  readonly connection: DuckDBConnection;
  close(): void;
}

const defaultSpillMb = 2048;

/**
 * A DuckDB in memory that nothing can be loaded into, fetched with or read through but what `access`
 * names. `prepare` is for what has to be there before the doors close; what follows finds them shut,
 * and no statement opens them again.
 */
export async function openDatabase(
  directory: string,
  access: Access,
  prepare?: (connection: DuckDBConnection) => Promise<void>,
): Promise<Database> {
  const spill = join(directory, 'spill');
  const nothing = join(directory, 'none');
  mkdirSync(spill, { recursive: true, mode: 0o700 });
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${access.memoryMb}MB`,
    threads: '1',
    temp_directory: spill,
    max_temp_directory_size: `${access.spillMb ?? defaultSpillMb}MB`,
    allocator_flush_threshold: '1MB',
    allocator_bulk_deallocation_flush_threshold: '1MB',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    // Where there is nothing to be found, should all else fail.
    extension_directory: nothing,
    secret_directory: nothing,
    custom_extension_repository: nothing,
    allow_persistent_secrets: 'false',
  });
  const connection = await instance.connect();
  const close = (): void => {
    connection.closeSync();
    instance.closeSync();
  };
  try {
    await connection.run(`SET home_directory = ${quoted(nothing)}`);
    if (access.timeZone !== undefined) {
      await connection.run(`SET TimeZone = ${quoted(access.timeZone)}`);
    }
    await prepare?.(connection);
    await connection.run(`SET allowed_paths = ${listOf(access.paths)}`);
    await connection.run(`SET allowed_directories = ${listOf(access.directories)}`);
    await connection.run('SET enable_external_access = false');
    await connection.run('SET lock_configuration = true');
  } catch (error) {
    close();
    throw error;
  }
  return { connection, close };
}

/** A text as SQL has it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const listOf = (texts: readonly string[] = []): string => `[${texts.map(quoted).join(', ')}]`;
