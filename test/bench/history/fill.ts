/**
 * Fills a data directory with a home's past, through telemetry's own door, and prints one line of
 * JSON. A process of its own, so that its memory is that of telemetry and nothing else.
 *
 *   node test/bench/history/fill.ts <directory> <days> <end, milliseconds since 1970>
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '#config';
import { migrate, migrations, openDatabase } from '#db';
import { silentLog, systemClock } from '#kernel';
import { type Receipt, Telemetry } from '#telemetry';
import { deviceCount, deviceId, home, metrics, minuteMs, minutesPerDay } from './year.ts';

export interface Filled {
  readonly points: number;
  readonly seconds: number;
  readonly compactionSeconds: number;
  /** Resident memory at its peak, less what the process took before there was telemetry. */
  readonly grownMb: number;
}

const [directory = '', days = '1', endMs = '0'] = process.argv.slice(2);
const minutes = Number(days) * minutesPerDay;
const startMs = Number(endMs) - minutes * minuteMs;
/** Minutes of all devices that are under way at once. */
const stretchMinutes = 10;

mkdirSync(directory, { recursive: true });
const db = openDatabase(join(directory, 'hearth.db'));
migrate(db, migrations);
const telemetry = new Telemetry({
  directory: join(directory, 'telemetry'),
  db,
  config: loadConfig({
    environment: process.env,
    overrides: { data: directory, 'limits.messages_per_second': 1e9 },
  }),
  clock: systemClock,
  log: silentLog,
  devices: {
    exists: () => true,
    latest: () => undefined,
    list: () => [],
    sensitiveOf: () => new Set(),
  },
});
const beforeMb = process.memoryUsage.rss() / 1024 ** 2;
await telemetry.start();
const beganMs = performance.now();
let batches = new Map<number, object[]>();
for (const { at, device, row } of home(minutes)) {
  const readings = batches.get(device) ?? [];
  batches.set(device, readings);
  readings.push({ timestamp: startMs + at * minuteMs, ...row });
  const isLast = device === deviceCount - 1;
  if (isLast && ((at + 1) % stretchMinutes === 0 || at === minutes - 1)) await send();
}
const filledMs = performance.now();
await telemetry.compact();
const compactedMs = performance.now();
await telemetry.stop();
db.close();
const filled: Filled = {
  points: minutes * deviceCount * metrics.length,
  seconds: (compactedMs - beganMs) / 1000,
  compactionSeconds: (compactedMs - filledMs) / 1000,
  grownMb: peakMb() - beforeMb,
};
process.stdout.write(`${JSON.stringify(filled)}\n`);

async function send(): Promise<void> {
  const receipts: Receipt[] = [];
  for (const [device, body] of batches) {
    receipts.push(
      telemetry.submit({ deviceId: deviceId(device), body, source: 'local', imported: true }),
    );
  }
  batches = new Map();
  for (const { committed, error, rejected } of receipts) {
    if (error !== undefined || rejected.length > 0) throw error ?? new Error(rejected[0]?.reason);
    await committed;
  }
}

function peakMb(): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}
