import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { AuditPort } from '#auth';
import { type Config, loadConfig } from '#config';
import { type Db, migrate, migrations, openDatabase } from '#db';
import { silentLog } from '#kernel';
import type { Vault } from '#secrets';
import { Telemetry } from '../../src/telemetry/service.ts';
import type {
  MessageProtection,
  Receipt,
  TelemetryQuery,
  TelemetryRow,
} from '../../src/telemetry/types.ts';
import { ManualClock } from '../support/clock.ts';

/** Noon of an ordinary day; tests stand here unless they say otherwise. */
export const noonMs = Date.UTC(2026, 0, 31, 12);
export const noonUs = noonMs * 1000;
export const secondUs = 1e6;

export interface Bench {
  readonly telemetry: Telemetry;
  readonly clock: ManualClock;
  readonly directory: string;
  readonly db: Db;
}

export interface BenchOptions {
  readonly directory: string;
  readonly clock?: ManualClock;
  readonly config?: Record<string, unknown>;
  readonly journalBytes?: number;
  readonly dayPoints?: number;
  readonly exists?: (deviceId: string) => boolean;
  readonly protection?: MessageProtection;
  readonly sensitiveOf?: (deviceId: string) => ReadonlySet<string>;
  readonly vault?: Vault;
  /** Which types the devices are of. */
  readonly types?: Readonly<Record<string, string>>;
  readonly audit?: AuditPort;
  readonly freeBytes?: () => number;
}

/** A started telemetry over real files in `directory`, stopped when the test has finished. */
export async function startTelemetry(options: BenchOptions): Promise<Bench> {
  const { directory } = options;
  const clock = options.clock ?? new ManualClock(noonMs);
  const db = openDatabase(join(directory, 'hearth.db'));
  migrate(db, migrations);
  const config: Config = loadConfig({
    environment: {},
    overrides: { data: directory, 'home.time_zone': 'UTC', ...options.config },
  });
  const telemetry = new Telemetry({
    directory: join(directory, 'telemetry'),
    db,
    config,
    clock,
    log: silentLog,
    devices: {
      exists: options.exists ?? (() => true),
      latest: () => undefined,
      sensitiveOf: options.sensitiveOf ?? (() => new Set()),
      list: () =>
        Object.entries(options.types ?? {}).map(([id, type]) => ({ id, type, room: null })),
    },
    ...(options.audit && { audit: options.audit }),
    ...(options.freeBytes && { freeBytes: options.freeBytes }),
    ...(options.protection && { protection: options.protection }),
    ...(options.vault && { vault: options.vault }),
    ...(options.dayPoints !== undefined && { dayPoints: options.dayPoints }),
    ...(options.journalBytes === undefined ? {} : { journalBytes: options.journalBytes }),
  });
  await telemetry.start();
  onTestFinished(async () => {
    await telemetry.stop();
    if (db.open) db.close();
  });
  return { telemetry, clock, directory, db };
}

/** Stops a bench as a hub does, so that its directory can be opened again. */
export async function stopTelemetry({ telemetry, db }: Bench): Promise<void> {
  await telemetry.stop();
  db.close();
}

export function send(telemetry: Telemetry, deviceId: string, body: unknown): Receipt {
  return telemetry.submit({ deviceId, body, source: 'http' });
}

/** Sends and waits until it is on disk. */
export async function store(telemetry: Telemetry, deviceId: string, body: unknown): Promise<void> {
  const receipt = send(telemetry, deviceId, body);
  expect(receipt.error ?? receipt.rejected).toEqual([]);
  await receipt.committed;
}

/** All rows of an answer. */
export async function rowsOf(
  telemetry: Telemetry,
  query: Partial<TelemetryQuery> & { readonly deviceId: string },
): Promise<TelemetryRow[]> {
  const rows: TelemetryRow[] = [];
  const day = { startUs: noonUs - 43_200e6, endUs: noonUs + 43_200e6 };
  for await (const page of telemetry.query({ ...day, ...query })) rows.push(...page);
  return rows;
}
