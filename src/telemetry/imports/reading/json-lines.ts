import { basename } from 'node:path';
import { legalMetric } from '../../line-protocol/names.ts';
import type { Value } from '../../types.ts';
import type { Chunks } from './chunks.ts';
import { mostColumns, takeRow } from './table.ts';
import { Lines, piecesOf } from './text.ts';

const known = new Set([
  ...['device_id', 'device', 'deviceId', 'timestamp', 'time', 'ts'],
  ...['day_of_week', 'hour_of_day'],
]);

/** A JSON object a line, with the members of the wide table; one level of nesting is read. */
export async function readJsonLines(
  path: string,
  device: string | undefined,
  chunks: Chunks,
): Promise<void> {
  const name = basename(path);
  const doneBefore = chunks.done;
  const lines = new Lines({ joinsQuotes: false });
  let number = 0;
  const take = async (line: string): Promise<void> => {
    number++;
    if (line.trim() !== '') takeLine(line, `${name}:${number}`, device, chunks);
    if (chunks.isFull) await chunks.flush();
  };
  for await (const { text, bytesRead } of piecesOf(path)) {
    for (const line of lines.push(text)) await take(line);
    chunks.done = doneBefore + bytesRead;
  }
  for (const line of lines.end()) await take(line);
}

function takeLine(line: string, where: string, device: string | undefined, chunks: Chunks): void {
  let body: unknown;
  try {
    body = JSON.parse(line);
  } catch {
    chunks.leaveOut(where, 'the line is not JSON');
    return;
  }
  if (!isRecord(body)) {
    chunks.leaveOut(where, 'the line is no object');
    return;
  }
  const values: Value[] = [];
  const metrics: { at: number; metric: string }[] = [];
  const add = (name: string, value: unknown): void => {
    if (value === null) return;
    if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') {
      metrics.push({ at: values.push(value) - 1, metric: legalMetric(name) });
    } else chunks.leaveOut(where, `${name.slice(0, 64)} is neither number, boolean nor text`);
  };
  for (const [key, value] of Object.entries(body)) {
    if (known.has(key)) continue;
    if (isRecord(value)) {
      for (const [inner, one] of Object.entries(value)) add(`${key}.${inner}`, one);
    } else add(key, value);
  }
  if (metrics.length > mostColumns) {
    chunks.leaveOut(where, `the line has more than ${mostColumns} values`);
    return;
  }
  const row = {
    where,
    device: body.device_id ?? body.device ?? body.deviceId ?? device,
    time: body.timestamp ?? body.time ?? body.ts,
  };
  takeRow(row, metrics, (at) => values[at], chunks);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
