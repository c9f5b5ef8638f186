import type { Db } from '#db';
import { nothingKnown } from './standing.ts';
import type { CarryingCommand, ConfigDocument, ConfigStanding, ConfigVersion } from './types.ts';

interface VersionRow extends Omit<ConfigVersion, 'config'> {
  readonly config: string;
}

interface ReportRow {
  readonly deviceId: string;
  readonly reportedVersion: number | null;
  readonly reportedAtMs: number | null;
  readonly problem: string | null;
  readonly problemVersion: number | null;
  readonly withdrawn: number;
  readonly takenVersion: number | null;
  readonly takenAtMs: number | null;
}

interface CommandRow extends Omit<CarryingCommand, 'madeVersion'> {
  readonly madeVersion: number;
}

/** How many versions, and how many commands that carried one, are kept of a device. */
const mostKept = 50;

const versionColumns = 'version, config, set_at_ms AS setAtMs, set_by AS setBy';
const commandColumns = `command_id AS commandId, device_id AS deviceId, version,
  made_version AS madeVersion, expires_at_ms AS expiresAtMs, outcome`;

/** Configuration documents, what devices said of them, and the commands that carried one. */
export class ConfigStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  transaction<Result>(work: () => Result): Result {
    return this.#db.transaction(work)();
  }

  /** Where each device stands of which anything is known. */
  standings(): Map<string, ConfigStanding> {
    const standings = new Map<string, ConfigStanding>();
    const add = (deviceId: string, known: Partial<ConfigStanding>) =>
      standings.set(deviceId, { ...(standings.get(deviceId) ?? nothingKnown), ...known });
    for (const { deviceId, desired } of this.#desired()) add(deviceId, { desired });
    for (const row of this.#reports()) add(row.deviceId, { ...reportOf(row) });
    for (const { deviceId, version, commandId, expiresAtMs } of this.#openCommands()) {
      const isDesired = standings.get(deviceId)?.desired === version;
      if (isDesired) add(deviceId, { carrier: { commandId, expiresAtMs } });
    }
    return standings;
  }

  version(deviceId: string, version: number): ConfigVersion | undefined {
    const row = this.#db
      .prepare<[string, number], VersionRow>(
        `SELECT ${versionColumns} FROM config_versions WHERE device_id = ? AND version = ?`,
      )
      .get(deviceId, version);
    return row && versionOf(row);
  }

  /** The last versions of a device, newest first. */
  history(deviceId: string): ConfigVersion[] {
    return this.#db
      .prepare<[string], VersionRow>(
        `SELECT ${versionColumns} FROM config_versions WHERE device_id = ? ORDER BY version DESC`,
      )
      .all(deviceId)
      .map(versionOf);
  }

  /** Adds a version; `config` is its JSON text. Forgets what is too old to be shown. */
  addVersion(deviceId: string, { version, config, setAtMs, setBy }: VersionRow): void {
    this.#db
      .prepare('INSERT INTO config_versions VALUES (?, ?, ?, ?, ?)')
      .run(deviceId, version, config, setAtMs, setBy);
    this.#db
      .prepare('DELETE FROM config_versions WHERE device_id = ? AND version <= ?')
      .run(deviceId, version - mostKept);
  }

  saveReport(deviceId: string, { reported, problem, taken }: ConfigStanding): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO config_reports VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
      .run(
        deviceId,
        reported?.version ?? null,
        reported?.atMs ?? null,
        problem?.text ?? null,
        problem?.version ?? null,
        problem?.withdrawn ? 1 : 0,
        taken?.version ?? null,
        taken?.atMs ?? null,
      );
  }

  command(commandId: string): CarryingCommand | undefined {
    const row = this.#db
      .prepare<[string], CommandRow>(
        `SELECT ${commandColumns} FROM config_commands WHERE command_id = ?`,
      )
      .get(commandId);
    return row && { ...row, madeVersion: row.madeVersion === 1 };
  }

  addCommand(command: CarryingCommand): void {
    this.#db
      .prepare(
        `INSERT INTO config_commands
           (command_id, device_id, version, made_version, expires_at_ms, outcome)
         VALUES (@commandId, @deviceId, @version, @madeVersion, @expiresAtMs, @outcome)`,
      )
      .run({ ...command, madeVersion: command.madeVersion ? 1 : 0 });
    this.#db
      .prepare(
        `DELETE FROM config_commands WHERE device_id = @deviceId AND seq <=
           (SELECT seq FROM config_commands WHERE device_id = @deviceId
            ORDER BY seq DESC LIMIT 1 OFFSET @mostKept)`,
      )
      .run({ deviceId: command.deviceId, mostKept });
  }

  settleCommand(commandId: string, outcome: CarryingCommand['outcome']): void {
    this.#db
      .prepare('UPDATE config_commands SET outcome = ? WHERE command_id = ?')
      .run(outcome, commandId);
  }

  #desired(): { deviceId: string; desired: number }[] {
    return this.#db
      .prepare<[], { deviceId: string; desired: number }>(
        `SELECT device_id AS deviceId, max(version) AS desired
         FROM config_versions GROUP BY device_id`,
      )
      .all();
  }

  #reports(): ReportRow[] {
    return this.#db
      .prepare<[], ReportRow>(
        `SELECT device_id AS deviceId, reported_version AS reportedVersion,
           reported_at_ms AS reportedAtMs, problem, problem_version AS problemVersion, withdrawn,
           taken_version AS takenVersion, taken_at_ms AS takenAtMs
         FROM config_reports`,
      )
      .all();
  }

  #openCommands(): CommandRow[] {
    return this.#db
      .prepare<[], CommandRow>(
        `SELECT ${commandColumns} FROM config_commands WHERE outcome = 'open' ORDER BY seq`,
      )
      .all();
  }
}

const versionOf = (row: VersionRow): ConfigVersion => ({
  ...row,
  config: JSON.parse(row.config) as ConfigDocument,
});

const reportOf = (row: ReportRow): Pick<ConfigStanding, 'reported' | 'taken' | 'problem'> => ({
  reported: momentOf(row.reportedVersion, row.reportedAtMs),
  taken: momentOf(row.takenVersion, row.takenAtMs),
  problem:
    row.problem === null || row.problemVersion === null
      ? null
      : { version: row.problemVersion, text: row.problem, withdrawn: row.withdrawn === 1 },
});

const momentOf = (version: number | null, atMs: number | null) =>
  version === null ? null : { version, atMs: atMs ?? 0 };
