import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

/** All files below a folder. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/**
 * The files below a folder in which a text, or a number as it is stored, is still to be found: in
 * their bytes, and in the rows of those that are Parquet, which are compressed.
 */
export async function filesWith(folder: string, markers: readonly (string | number)[]) {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const found: string[] = [];
  for (const path of filesBelow(folder)) {
    const bytes = readFileSync(path);
    const isThere = markers.some((marker) => bytes.includes(bytesOf(marker)));
    const rows = /\.parquet$/.test(path) ? await rowsIn(path) : [];
    if (isThere || rows.some((row) => row.some((cell) => markers.includes(cell as string)))) {
      found.push(path.slice(folder.length + 1));
    }
  }
  connection.closeSync();
  instance.closeSync();
  return found;

  async function rowsIn(path: string) {
    try {
      return await (await connection.run(`SELECT * FROM read_parquet('${path}')`)).getRows();
    } catch {
      // It is torn, and as good as anything to hold what it should not.
      return [[...markers]];
    }
  }
}

function bytesOf(marker: string | number): Buffer {
  if (typeof marker === 'string') return Buffer.from(marker);
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(marker);
  return bytes;
}
