import { type AuditEntry, localCaller } from '#auth';
import type { HearthError } from '#kernel';
import { Sql, type SqlParts } from '../../src/telemetry/sql/service.ts';
import { temporaryDirectory } from '../support/directory.ts';
import { type Bench, type BenchOptions, startTelemetry } from './support.ts';

export interface Desk extends Bench {
  readonly sql: Sql;
  readonly audited: AuditEntry[];
  /** The rows of an answer. */
  rows(statement: string): Promise<unknown[][]>;
  /** What was refused, and why. */
  refusal(statement: string): Promise<HearthError>;
}

/** A telemetry with SQL over it. */
export async function openDesk(
  options: Partial<BenchOptions> & Partial<Pick<SqlParts, 'devices' | 'commands'>> = {},
): Promise<Desk> {
  const directory = options.directory ?? (await temporaryDirectory());
  const bench = await startTelemetry({ ...options, directory });
  const audited: AuditEntry[] = [];
  const sql = new Sql({
    telemetry: bench.telemetry,
    audit: { append: (entry) => audited.push(entry) },
    devices: options.devices ?? { list: () => [], rooms: { list: () => [] } },
    commands: options.commands ?? (() => []),
  });
  const rows = async (statement: string): Promise<unknown[][]> =>
    JSON.parse((await sql.query({ sql: statement }, localCaller)).rows);
  return {
    ...bench,
    sql,
    audited,
    rows,
    refusal: async (statement) => {
      try {
        throw new Error(`answered: ${JSON.stringify(await rows(statement))}`);
      } catch (error) {
        return error as HearthError;
      }
    },
  };
}
