import { createHash } from 'node:crypto';
import type { Api } from '#auth';
import type { Db } from '#db';
import type { Clock } from '#kernel';
import { auditRoutes } from './routes.ts';

/** Something that was done, as whoever did it writes it down. No secrets. */
export interface AuditEntry {
  /** `local`, `person:Anna`, `token:car`, `device:plug`, or `hub` for what it does by itself. */
  readonly actor: string;
  /** What was done: `command.create`, `schedule.update`. */
  readonly action: string;
  /** To what: `device:plug`. */
  readonly subject: string;
  /** `ok`, or what became of it: `timed_out`, `rejected`. */
  readonly outcome: string;
  /** From where: an address, `control socket`, or empty. */
  readonly origin?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

export interface AuditRow extends Required<AuditEntry> {
  readonly seq: number;
  readonly atMs: number;
  readonly hash: string;
}

export interface AuditFilter {
  readonly subject?: string | undefined;
  readonly action?: string | undefined;
  /** Rows before this one. */
  readonly before?: number | undefined;
  readonly limit: number;
}

interface Stored {
  readonly seq: number;
  readonly at_ms: number;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly outcome: string;
  readonly origin: string;
  readonly detail: string;
  readonly hash: string;
}

/** Who did what to what: rows that are only ever appended, each with a hash over the one before. */
export class Audit {
  readonly #db: Db;
  readonly #clock: Clock;

  constructor({ db, clock }: { readonly db: Db; readonly clock: Clock }) {
    this.#db = db;
    this.#clock = clock;
  }

  routes(api: Api): void {
    auditRoutes(api, this);
  }

  /** Adds a row, in the transaction of the change it tells of. */
  append(entry: AuditEntry): void {
    const { actor, action, subject, outcome, origin = '', detail = {} } = entry;
    const last = this.#db
      .prepare<[], { seq: number; hash: string }>(
        'SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1',
      )
      .get();
    const seq = (last?.seq ?? 0) + 1;
    const atMs = Math.floor(this.#clock.nowMs());
    const fields = [seq, atMs, actor, action, subject, outcome, origin, JSON.stringify(detail)];
    const hash = createHash('sha256')
      .update(JSON.stringify([last?.hash ?? '', ...fields]))
      .digest('hex');
    this.#db.prepare('INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)').run(...fields, hash);
  }

  /** Rows, newest first. */
  list({ subject, action, before, limit }: AuditFilter): AuditRow[] {
    // Only what is asked for stands in the condition, so that an index can answer it.
    const conditions = [
      subject !== undefined && 'subject = @subject',
      action !== undefined && 'action = @action',
      before !== undefined && 'seq < @before',
    ].filter((condition) => condition !== false);
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const rows = this.#db
      .prepare<[object], Stored>(`SELECT * FROM audit ${where} ORDER BY seq DESC LIMIT @limit`)
      .all({ subject, action, before, limit });
    return rows.map(({ at_ms, detail, ...row }) => ({
      ...row,
      atMs: at_ms,
      detail: JSON.parse(detail) as Record<string, unknown>,
    }));
  }
}
