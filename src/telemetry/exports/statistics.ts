import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { TelemetryRow, Value } from '../types.ts';
import type { ExportedDevices, ExportedHistory } from './ports.ts';
import type { Exported, ExportedDevice, ExportOrder, ExportProgress } from './types.ts';

const hourMs = 3_600_000;
const dayUs = 86_400e6;

/**
 * The two files that Home Assistant's importers take, each with one kind of statistics: what was
 * measured, and what was counted. Hours are those of UTC, as Home Assistant keeps them, and `start`
 * is in UTC: on the wall an hour comes twice a year.
 */
const measurements = ['statistic_id', 'unit', 'start', 'min', 'max', 'mean'];
const counters = ['statistic_id', 'unit', 'start', 'sum', 'state'];

/** What is counted up is told by its unit: energy, volume of gas and of water. */
const countedUnits = new Set([
  ...['Wh', 'kWh', 'MWh', 'GWh', 'J', 'kJ', 'MJ', 'GJ', 'cal', 'kcal'],
  ...['m³', 'm3', 'ft³', 'ft3', 'CCF', 'L', 'l', 'gal'],
]);

export interface StatisticsParts {
  readonly history: ExportedHistory;
  readonly devices: ExportedDevices;
}

/** Writes the hours of every number as long-term statistics. @throws HearthError, or the reason of `signal`. */
export async function writeStatistics(
  order: ExportOrder,
  folder: string,
  { history, devices }: StatisticsParts,
  run: { readonly signal: AbortSignal; readonly onProgress: (progress: ExportProgress) => void },
): Promise<Exported> {
  const days = Math.ceil((order.endUs - order.startUs) / dayUs);
  const files = [
    await StatisticsFile.create(folder, 'measurements.csv', measurements),
    await StatisticsFile.create(folder, 'counters.csv', counters),
  ] as const;
  const [measured, counted] = files;
  const spans: ExportedDevice[] = [];
  const ids = new StatisticIds();
  const reader = { sensitive: order.sensitive };
  try {
    for (const [at, deviceId] of order.deviceIds.entries()) {
      const asked = { deviceId, startUs: order.startUs, endUs: order.endUs };
      const known = history.columnsOf(
        { ...asked, ...(order.fields && { fields: order.fields }) },
        reader,
      );
      const unitOf = new Map(
        devices.definitionOf(deviceId).metrics.map((one) => [one.name, one.unit]),
      );
      const span = { from: '', until: '' };
      for (const metric of known) {
        const unit = unitOf.get(metric) ?? '';
        const isCounter = countedUnits.has(unit);
        const id = ids.of(deviceId, metric);
        let sum = 0;
        const query = {
          ...asked,
          fields: [metric],
          intervalMs: hourMs,
          timeZone: 'UTC',
          aggregates: isCounter
            ? (['avg', 'last', 'increase'] as const)
            : (['min', 'max', 'avg', 'time_weighted_avg', 'last'] as const),
        };
        for await (const rows of history.query(query, reader)) {
          run.signal.throwIfAborted();
          const lines: Value[][] = [];
          for (const row of rows) {
            const told = (aggregate: string) => numberIn(row, `${metric}_${aggregate}`);
            const average = told('avg');
            // Texts have no statistics in Home Assistant, nor does what is on or off.
            if (average === undefined || typeof row[`${metric}_last`] === 'boolean') continue;
            const start = row.timestamp.slice(0, 16).replace('T', ' ');
            if (span.from === '' || row.timestamp < span.from) span.from = row.timestamp;
            if (row.timestamp > span.until) span.until = row.timestamp;
            if (isCounter) {
              sum += told('increase') ?? 0;
              lines.push([id, unit, start, sum, told('last') ?? average]);
            } else {
              const mean = told('time_weighted_avg') ?? average;
              lines.push([id, unit, start, told('min') ?? average, told('max') ?? average, mean]);
            }
          }
          await (isCounter ? counted : measured).add(lines);
        }
      }
      if (span.from !== '') spans.push({ device_id: deviceId, ...span });
      const daysDone = Math.floor((days * (at + 1)) / order.deviceIds.length);
      run.onProgress({ days_done: daysDone, days, ...sumOf(files) });
    }
  } finally {
    for (const file of files) await file.close();
  }
  return {
    files: files.map(({ name, rows, bytes }) => ({ name, rows, bytes })),
    columns: [],
    devices: spans,
  };
}

const sumOf = (files: readonly StatisticsFile[]) => ({
  rows: files.reduce((sum, { rows }) => sum + rows, 0),
  bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
});

function numberIn(row: TelemetryRow, column: string): number | undefined {
  const value = Object.hasOwn(row, column) ? row[column] : undefined;
  return typeof value === 'number' ? value : undefined;
}

/** One of the files while it is written: CSV as RFC 4180 has it. */
class StatisticsFile {
  readonly name: string;
  rows = 0;
  bytes = 0;
  readonly #file: FileHandle;

  private constructor(name: string, file: FileHandle) {
    this.name = name;
    this.#file = file;
  }

  static async create(
    folder: string,
    name: string,
    head: readonly string[],
  ): Promise<StatisticsFile> {
    const file = new StatisticsFile(name, await open(join(folder, name), 'w', 0o600));
    await file.#write([head]);
    return file;
  }

  async add(lines: readonly (readonly Value[])[]): Promise<void> {
    if (lines.length === 0) return;
    await this.#write(lines);
    this.rows += lines.length;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #write(lines: readonly (readonly Value[])[]): Promise<void> {
    const text = lines.map((line) => `${line.map(cellOf).join(',')}\r\n`).join('');
    const bytes = Buffer.from(text);
    await this.#file.writeFile(bytes);
    this.bytes += bytes.byteLength;
  }
}

function cellOf(value: Value): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * What Home Assistant calls statistics of others: `hearth:` and small letters, digits and single
 * underscores, which neither begin nor end it. Two names that come out alike are told apart.
 */
export class StatisticIds {
  readonly #given = new Set<string>();

  of(deviceId: string, metric: string): string {
    const words = `${deviceId}_${metric}`.toLowerCase().replace(/[^a-z0-9]+/g, '_');
    const plain = words.replace(/^_+|_+$/g, '') || 'unnamed';
    let id = plain;
    for (let count = 2; this.#given.has(id); count++) id = `${plain}_${count}`;
    this.#given.add(id);
    return `hearth:${id}`;
  }
}
