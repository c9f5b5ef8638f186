import { basename } from 'node:path';
import { metricOfField } from '../../line-protocol/names.ts';
import { LineReader } from '../../line-protocol/parse.ts';
import { microsecondsOf } from '../../line-protocol/precision.ts';
import type { Fault, Point } from '../../line-protocol/types.ts';
import type { Chunks } from './chunks.ts';
import { piecesOf } from './text.ts';

const longestRest = 1024 * 1024;

/**
 * A file of line protocol, times in nanoseconds. `influx_inspect export` puts statements before the
 * lines, between `# DDL` and `# DML`: they are no lines.
 */
export async function readLineFile(path: string, chunks: Chunks): Promise<void> {
  const name = basename(path);
  const doneBefore = chunks.done;
  let rest = '';
  let line = 1;
  for await (const { text, bytesRead } of piecesOf(path)) {
    const isStuck = rest.length > longestRest;
    const reader = new LineReader(rest + text, { isWhole: isStuck, line });
    await readAll(reader, name, chunks);
    ({ rest, line } = reader);
    chunks.done = doneBefore + bytesRead;
    if (chunks.isFull) await chunks.flush();
  }
  await readAll(new LineReader(rest, { line }), name, chunks);
}

async function readAll(reader: LineReader, file: string, chunks: Chunks): Promise<void> {
  for (let point = reader.next(); point !== undefined; point = reader.next()) {
    if (!('problem' in point)) take(point, file, chunks);
    else if (!isStatement(point)) {
      chunks.leaveOut(`${file}:${point.line}`, `column ${point.column}: ${point.problem}`);
    }
    if (chunks.isFull) await chunks.flush();
  }
}

const isStatement = ({ excerpt }: Fault): boolean =>
  /^CREATE (?:DATABASE|RETENTION)\b/.test(excerpt);

function take(point: Point, file: string, chunks: Chunks): void {
  const { line, measurement, tags, fields, time } = point;
  if (time === undefined) {
    chunks.leaveOut(`${file}:${line}`, 'the line has no time');
    return;
  }
  const timeUs = microsecondsOf(time, 'ns');
  const isNamed = tags.some(([key]) => key === 'device_id');
  const head = `${measurement}\0${tags.join('\0')}`;
  for (const [key, value] of fields) {
    const series = chunks.seriesOf(`${head}\0\0${key}`, () => ({
      device: { measurement, tags },
      metric: metricOfField(key, measurement, isNamed),
    }));
    chunks.add(series, timeUs, value);
  }
}
