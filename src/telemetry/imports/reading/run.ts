import { statSync } from 'node:fs';
import type { Work } from '../../analysis/work.ts';
import type { ImportReading } from '../types.ts';
import { Chunks } from './chunks.ts';
import { readCsvFile } from './csv.ts';
import { readJsonLines } from './json-lines.ts';
import { readLineFile } from './lines.ts';
import { readParquetFile } from './parquet.ts';
import { readRecorder } from './recorder.ts';

const memoryMb = 192;

/** Reads files in the analysis process, and hands the hub one chunk after another. */
export async function runImport(reading: ImportReading, work: Work): Promise<undefined> {
  const { format, files, device, entities } = reading;
  const chunks = new Chunks((chunk) => work.ask(chunk));
  const sizes = files.map((path) => statSync(path).size);
  chunks.total = sizes.reduce((sum, bytes) => sum + bytes, 0);
  const connection =
    format === 'parquet' ? (await work.open({ memoryMb, paths: files })).connection : undefined;
  let bytes = 0;
  for (const [at, path] of files.entries()) {
    if (format === 'home-assistant') await readRecorder(path, entities, chunks);
    else if (format === 'csv') await readCsvFile(path, device, chunks);
    else if (format === 'jsonl') await readJsonLines(path, device, chunks);
    else if (format === 'line-protocol') await readLineFile(path, chunks);
    else if (connection !== undefined) await readParquetFile(path, device, connection, chunks);
    bytes += sizes[at] ?? 0;
    if (format !== 'home-assistant') chunks.done = bytes;
  }
  await chunks.flush();
  return undefined;
}
