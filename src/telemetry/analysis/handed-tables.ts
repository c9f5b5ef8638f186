import {
  BOOLEAN,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBTimestampTZValue,
  type DuckDBType,
  type DuckDBValue,
  TIMESTAMPTZ,
  VARCHAR,
} from '@duckdb/node-api';
import { type HandedColumnType, type HandedTable, handedColumns } from '../sql/types.ts';

const types: Readonly<Record<HandedColumnType, DuckDBType>> = {
  text: VARCHAR,
  time: TIMESTAMPTZ,
  flag: BOOLEAN,
};

/** Makes a table of what the hub handed over; empty without any rows. */
export async function createTable(
  connection: DuckDBConnection,
  name: HandedTable,
  rows: readonly Readonly<Record<string, string | boolean | null>>[] = [],
): Promise<void> {
  const columns = Object.entries(handedColumns[name]);
  const definition = columns.map(([column, type]) => `"${column}" ${types[type]}`).join(', ');
  await connection.run(`CREATE TABLE ${name} (${definition})`);
  const appender = await connection.createAppender(name);
  for (let start = 0; start < rows.length; start += 2048) {
    const chunk = DuckDBDataChunk.create(columns.map(([, type]) => types[type]));
    chunk.setRows(
      rows
        .slice(start, start + 2048)
        .map((row) => columns.map(([column, type]) => cellOf(row[column] ?? null, type))),
    );
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

function cellOf(value: string | boolean | null, type: HandedColumnType): DuckDBValue {
  if (type !== 'time' || value === null) return value;
  return new DuckDBTimestampTZValue(BigInt(Date.parse(String(value))) * 1000n);
}
