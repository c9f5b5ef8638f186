import { type Clock, parseDurationMs, Zone } from '#kernel';
import type { ValuePage } from '../analysis/export-job.ts';
import type { TelemetryQuery } from '../types.ts';
import { rollupTiers } from '../worker/tiers/tiers.ts';
import { daysBetween, daysWithin } from './days.ts';
import type { ExportedHistory, Snapshots, WideExports } from './ports.ts';
import type { ExportDay, Exported, ExportOrder, ExportProgress } from './types.ts';
import { pageOf } from './value-pages.ts';

export interface WideParts {
  readonly clock: Clock;
  readonly history: ExportedHistory;
  readonly snapshots: Snapshots;
  readonly analysis: WideExports;
  readonly timeZone: string;
}

const dayUs = 86_400e6;
/** A snapshot that nobody speaks of ends after ten minutes. */
const renewMs = 60_000;

/**
 * Writes the wide table below `folder`. The analysis process reads the files of history by itself;
 * what is sealed in them, and sums over intervals, it is handed in pages.
 * @throws HearthError, or the reason of `signal`.
 */
export async function writeWide(
  order: ExportOrder,
  folder: string,
  { clock, history, snapshots, analysis, timeZone }: WideParts,
  run: { readonly signal: AbortSignal; readonly onProgress: (progress: ExportProgress) => void },
): Promise<Exported> {
  const { format, startUs, endUs, deviceIds } = order;
  if (format === 'ha-statistics') throw new Error('statistics are no wide table');
  const questions = [...questionsFor(order, history, timeZone)];
  const asked = { startUs, endUs, devices: deviceIds };
  const snapshot = order.interval === null ? await snapshots.snapshot(asked) : undefined;
  const allDays = daysBetween(startUs, endUs, timeZone);
  const days =
    snapshot === undefined
      ? await daysWithSums(order, allDays, snapshots)
      : daysWithin(allDays, snapshot.files);
  // Days with nothing in them are done at once.
  const empty = allDays.length - days.length;
  const tell = ({ days_done, ...rest }: ExportProgress): void =>
    run.onProgress({ ...rest, days_done: days_done + empty, days: allDays.length });
  tell({ days_done: 0, days: 0, rows: 0, bytes: 0 });
  const cancelRenewal = clock.every(renewMs, () => {
    // A lease that is lost says so when a file of it is missed.
    if (snapshot !== undefined) snapshots.renew(snapshot.lease).catch(() => {});
  });
  const pages = pagesOf(questions, history, order.sensitive);
  try {
    return await analysis.run(
      {
        verb: 'export',
        format,
        partition: order.partition,
        folder,
        snapshot,
        days,
        devices: deviceIds,
        fields: order.fields ?? undefined,
        without: leftOut(order, history),
        hasPages: questions.length > 0,
        timeZone,
        offsets: new Zone(timeZone).offsets(
          days[0]?.startUs ?? startUs,
          days.at(-1)?.endUs ?? endUs,
        ),
      },
      { signal: run.signal, onProgress: tell, onAsk: async () => (await pages.next()).value },
    );
  } finally {
    cancelRenewal();
    await pages.return?.(undefined);
    if (snapshot !== undefined) await snapshots.release(snapshot.lease).catch(() => {});
  }
}

/** The days on which an interval may begin that has something in it. */
async function daysWithSums(
  { startUs, endUs, deviceIds, interval }: ExportOrder,
  days: readonly ExportDay[],
  snapshots: Snapshots,
): Promise<readonly ExportDay[]> {
  const tiers = ['sealed', 'raw', ...rollupTiers] as const;
  const { files, lease } = await snapshots.snapshot({ startUs, endUs, devices: deviceIds, tiers });
  await snapshots.release(lease).catch(() => {});
  // Months and years begin when the calendar has it; the sum of a day is told by its beginning alone.
  const leadUs = parseDurationMs(interval ?? '0s', 'interval') * 1000 + 2 * dayUs;
  const extents = files.map(({ oldestUs, newestUs }) => ({ oldestUs, newestUs: newestUs + dayUs }));
  return daysWithin(days, extents, leadUs);
}

/** What is not to be read from files: it may not be shown, or has to be opened first. */
function leftOut({ deviceIds, sensitive }: ExportOrder, history: ExportedHistory) {
  return deviceIds.flatMap((device) => {
    const metrics = sensitive
      ? history.sealedMetrics(device)
      : history.withheld(device, undefined, { sensitive });
    return metrics.map((metric) => ({ device, metric }));
  });
}

/** The questions whose answers the process is handed. */
function* questionsFor(
  order: ExportOrder,
  history: ExportedHistory,
  timeZone: string,
): Iterable<TelemetryQuery> {
  const { startUs, endUs, interval } = order;
  for (const deviceId of order.deviceIds) {
    const asked = { deviceId, startUs, endUs };
    if (interval !== null) {
      const intervalMs = parseDurationMs(interval, 'interval');
      yield { ...asked, intervalMs, timeZone, ...(order.fields && { fields: order.fields }) };
      continue;
    }
    if (!order.sensitive) continue;
    const fields = history
      .sealedMetrics(deviceId)
      .filter((metric) => order.fields === null || order.fields.includes(metric));
    if (fields.length > 0) yield { ...asked, fields };
  }
}

async function* pagesOf(
  questions: readonly TelemetryQuery[],
  history: ExportedHistory,
  sensitive: boolean,
): AsyncGenerator<ValuePage, undefined> {
  for (const question of questions) {
    for await (const rows of history.query(question, { sensitive })) {
      yield pageOf(question.deviceId, rows);
    }
  }
  return undefined;
}
