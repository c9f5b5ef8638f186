import { type Api, type AuditPort, actorOf, type Caller, may } from '#auth';
import { isHearthError } from '#kernel';
import type { TableName } from '../analysis/mentions.ts';
import type { SqlAnswer } from '../analysis/sql.ts';
import type { Telemetry } from '../service.ts';
import { latestUs } from '../timestamp.ts';
import type { Snapshot, SnapshotScope } from '../worker/protocol.ts';
import { type RollupTier, rollupTiers } from '../worker/tiers/tiers.ts';
import { defaultRows, longestKept, mostBytes, timeoutMs } from './limits.ts';
import { sqlRoutes } from './routes.ts';
import {
  type CommandPages,
  commandRows,
  deviceRows,
  type SqlDevice,
  type SqlRoom,
} from './tables.ts';
import type { SqlSources } from './types.ts';

export interface SqlParts {
  readonly telemetry: Pick<
    Telemetry,
    'analysis' | 'release' | 'snapshot' | 'timeZone' | 'withheld'
  >;
  readonly audit: AuditPort;
  readonly devices: {
    list(): readonly SqlDevice[];
    readonly rooms: { list(): readonly SqlRoom[] };
  };
  readonly commands: CommandPages;
}

export interface SqlQuestion {
  readonly sql: string;
  readonly limit?: number | undefined;
}

/** SQL over history, for the owner: read in a process that has nothing else to reach. */
export class Sql {
  readonly #parts: SqlParts;

  constructor(parts: SqlParts) {
    this.#parts = parts;
  }

  /**
   * Answers one statement that reads, and writes down who asked.
   * @throws HearthError `unprocessable` naming `sql` for what is no such statement, or takes too much
   * memory; `timed_out` after 30 s; `too_many_requests` when too many others wait.
   */
  async query(
    { sql, limit }: SqlQuestion,
    caller: Caller | undefined,
    signal?: AbortSignal,
  ): Promise<SqlAnswer> {
    const { analysis, timeZone } = this.#parts.telemetry;
    const leases: number[] = [];
    try {
      const answer = await analysis.run(
        { verb: 'sql', sql, limit: limit ?? defaultRows, mostBytes, timeZone },
        {
          timeoutMs,
          ...(signal && { signal }),
          onAsk: (asked) =>
            this.#sources((asked as { tables: TableName[] }).tables, caller, leases),
        },
      );
      this.#writeDown(caller, sql, 'ok', { rows: answer.rowCount });
      return answer;
    } catch (error) {
      this.#writeDown(caller, sql, isHearthError(error) ? error.code : 'failed', {});
      throw error;
    } finally {
      for (const lease of leases) void this.#parts.telemetry.release(lease);
    }
  }

  routes(api: Api): void {
    sqlRoutes(api, this);
  }

  /** What a statement names, and nothing else. */
  async #sources(
    tables: readonly TableName[],
    caller: Caller | undefined,
    leases: number[],
  ): Promise<SqlSources> {
    const { commands, devices, telemetry } = this.#parts;
    const tiers = rollupTiers.filter((tier) => tables.includes(`rollup_${tier}`));
    const scope = scopeOf(tables.includes('telemetry'), tiers);
    const snapshot = scope && (await telemetry.snapshot(scope));
    if (snapshot !== undefined) leases.push(snapshot.lease);
    return {
      ...(snapshot && { snapshot: this.#shownTo(caller, snapshot) }),
      ...(tables.includes('devices') && {
        devices: deviceRows(devices.list(), devices.rooms.list()),
      }),
      ...(tables.includes('commands') && { commands: await commandRows(commands) }),
    };
  }

  /**
   * What was kept of a metric before it became sensitive lies open: a token whose scopes leave what is
   * sensitive out is to find none of it.
   */
  #shownTo(caller: Caller | undefined, snapshot: Snapshot): Snapshot {
    if (may(caller, 'telemetry.sensitive')) return snapshot;
    const { devices, telemetry } = this.#parts;
    const hidden = devices.list().flatMap(({ id: device }) =>
      telemetry.withheld(device, undefined, { sensitive: false }).map((metric) => ({
        id: 0,
        device,
        metric,
        startUs: 0,
        endUs: latestUs,
        untilSeq: Number.MAX_SAFE_INTEGER,
      })),
    );
    return { ...snapshot, erasures: [...snapshot.erasures, ...hidden] };
  }

  #writeDown(
    caller: Caller | undefined,
    sql: string,
    outcome: string,
    detail: Readonly<Record<string, unknown>>,
  ): void {
    this.#parts.audit.append({
      actor: actorOf(caller),
      action: 'telemetry.sql',
      subject: 'history',
      outcome,
      detail: { statement: sql.slice(0, longestKept), ...detail },
    });
  }
}

/** Sums are put together with the readings that came since, and linked by way of the days. */
function scopeOf(withReadings: boolean, tiers: readonly RollupTier[]): SnapshotScope | undefined {
  if (!withReadings && tiers.length === 0) return undefined;
  if (tiers.length === 0) return { tiers: ['sealed', 'raw'] };
  return { tiers: [...new Set(['sealed', 'raw', '1d', ...tiers] as const)] };
}
