import { basename } from 'node:path';
import { HearthError, messageOf } from '#kernel';
import { type Database, quoted } from '../../analysis/database.ts';
import type { Value } from '../../types.ts';
import type { Chunks } from './chunks.ts';
import { layoutOf, takeRow } from './table.ts';

const numeric = /^(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)/;
const timed = /^(?:TIMESTAMP|DATE)/;

/** The wide table in a Parquet file. */
export async function readParquetFile(
  path: string,
  device: string | undefined,
  connection: Database['connection'],
  chunks: Chunks,
): Promise<void> {
  const file = basename(path);
  try {
    await readTable(path, file, device, connection, chunks);
  } catch (error) {
    if (error instanceof HearthError) throw error;
    throw new HearthError('unprocessable', `${file} cannot be read: ${messageOf(error)}`, {
      field: 'path',
    });
  }
}

async function readTable(
  path: string,
  file: string,
  device: string | undefined,
  connection: Database['connection'],
  chunks: Chunks,
): Promise<void> {
  const source = `read_parquet(${quoted(path)}, hive_partitioning = false)`;
  const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`);
  const columns = described.getRows().map(([name, type]) => [String(name), String(type)] as const);
  const layout = layoutOf(
    columns.map(([name]) => name),
    device !== undefined,
  );
  if ('problem' in layout) {
    throw new HearthError('unprocessable', `${file}: ${layout.problem}`, {
      field: 'path',
      ...(layout.hint !== undefined && { hint: layout.hint }),
    });
  }
  const asRead = columns.map(([name, type]) => castOf(name, type));
  const result = await connection.stream(`SELECT ${asRead.join(', ')} FROM ${source}`);
  let number = 0;
  for (let chunk = await result.fetchChunk(); chunk?.rowCount; chunk = await result.fetchChunk()) {
    const values = chunk.getColumns();
    for (let row = 0; row < chunk.rowCount; row++) {
      number++;
      const cell = (at: number): unknown => values[at]?.[row] ?? undefined;
      takeRow(
        {
          where: `${file}, row ${number}`,
          device: layout.device === undefined ? device : cell(layout.device),
          time: cell(layout.time),
        },
        layout.metrics,
        (at) => cell(at) as Value | undefined,
        chunks,
      );
    }
    if (chunks.isFull) await chunks.flush();
  }
}

/** A column as a number, a boolean or a text; a time as microseconds. */
function castOf(name: string, type: string): string {
  const column = `"${name.replaceAll('"', '""')}"`;
  if (type === 'BOOLEAN') return column;
  if (timed.test(type)) return `CAST(epoch_us(${column}) AS DOUBLE)`;
  return numeric.test(type) ? `CAST(${column} AS DOUBLE)` : `CAST(${column} AS VARCHAR)`;
}
