import type { ExportFormat, ExportJob } from './history-wire.ts';
import { bytesWords, count, listed } from './kept-words.ts';
import { sentence } from './problem.ts';
import { dayAndYear } from './time.ts';

/** What history can be exported as; the words say what opens it. */
export const exportFormats: readonly (readonly [format: ExportFormat, words: string])[] = [
  ['csv', 'CSV, for a spreadsheet'],
  ['parquet', 'Parquet, for data analysis'],
  ['jsonl', 'JSON lines, for programs'],
  ['ha-statistics', 'Statistics for Home Assistant'],
];

export const formatWords = (format: ExportFormat): string =>
  exportFormats.find(([known]) => known === format)?.[1] ?? format;

const mostNamed = 3;

/** What an export is of: `Kettle and Lamp, 1 Mar 2026 to 31 Mar 2026`. */
export function exportWords(
  { devices, start, end }: Pick<ExportJob, 'devices' | 'start' | 'end'>,
  nameOf: (deviceId: string) => string,
): string {
  const of =
    devices === null
      ? 'All devices'
      : devices.length > mostNamed
        ? `${devices.length} devices`
        : listed(devices.map(nameOf));
  // What ends at midnight is of the day before.
  const days = [Date.parse(start), Date.parse(end) - 1].map(dayAndYear);
  return `${of}, ${days[0] === days[1] ? days[0] : days.join(' to ')}`;
}

/** How far it is, or what became of it. */
export function exportStatusWords({ status, progress, problem }: ExportJob): string {
  const { days_done: done, days, rows, bytes } = progress;
  switch (status) {
    case 'waiting':
      return 'Waits for its turn.';
    case 'running':
      return `${done} of ${count(days, 'day')} done, ${count(rows, 'row')} so far.`;
    case 'done':
      return rows === 0
        ? 'Done: there were no readings.'
        : `Done: ${count(rows, 'row')}, ${bytesWords(bytes)}.`;
    case 'cancelled':
      return 'Cancelled.';
    case 'failed':
      return `It failed. ${sentence(problem?.message ?? '')} ${sentence(problem?.hint ?? '')}`.trim();
  }
}

export const isUnderWay = ({ status }: ExportJob): boolean =>
  status === 'waiting' || status === 'running';

/** How an export is called in a list of its files: `date=2026-03-01/part-0.csv` is `1 Mar 2026`. */
export function fileWords(name: string): string {
  const date = /^date=(\d{4})-(\d{2})-(\d{2})\//.exec(name);
  if (!date) return name;
  const [, year, month, day] = date.map(Number);
  return dayAndYear(new Date(year ?? 0, (month ?? 1) - 1, day ?? 1).getTime());
}
