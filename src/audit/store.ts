import type { Db } from '#db';
import type { Link, SignedLink, StoredRow } from './chain.ts';
import { guards, saysTheSame } from './guards.ts';
import type { AuditFilter, AuditPage } from './types.ts';

type Statement = ReturnType<typeof prepare>;
const prepare = (db: Db, sql: string) => db.prepare<unknown[]>(sql);

/** The tables of this slice: audit, audit_head, audit_checkpoint. */
export class AuditStore {
  readonly #db: Db;
  readonly #prepared = new Map<string, Statement>();

  constructor(db: Db) {
    this.#db = db;
  }

  atomically<Result>(change: () => Result): Result {
    return this.#db.transaction(change)();
  }

  /** Puts back the triggers that are missing or say something else; returns their names. */
  restoreGuards(): string[] {
    const found = new Map(
      this.#db
        .prepare<[], [string, string]>("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        .raw()
        .all(),
    );
    const missing = [...guards].filter(([name, sql]) => !saysTheSame(found.get(name) ?? '', sql));
    for (const [name, sql] of missing) this.#db.exec(`DROP TRIGGER IF EXISTS ${name}; ${sql}`);
    return missing.map(([name]) => name);
  }

  /** Number of the first row there is. */
  first(): number | undefined {
    return this.#prepare('SELECT min(seq) FROM audit').pluck().get() as number | undefined;
  }

  last(): Link | undefined {
    return this.#prepare('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1').get() as
      | Link
      | undefined;
  }

  add(row: StoredRow): void {
    this.#prepare(
      `INSERT INTO audit VALUES
         (@seq, @at_ms, @actor, @action, @subject, @outcome, @origin, @detail, @hash)`,
    ).run(row);
  }

  signed(table: 'head' | 'checkpoint'): SignedLink | undefined {
    return this.#prepare(`SELECT seq, hash, mac FROM audit_${table}`).get() as
      | SignedLink
      | undefined;
  }

  putSigned(table: 'head' | 'checkpoint', link: SignedLink): void {
    this.#prepare(
      `INSERT INTO audit_${table} VALUES (1, @seq, @hash, @mac) ON CONFLICT (only)
         DO UPDATE SET seq = excluded.seq, hash = excluded.hash, mac = excluded.mac`,
    ).run(link);
  }

  /** Rows after `seq` and up to `last`, oldest first. */
  after(seq: number, last: number, limit: number): StoredRow[] {
    return this.#prepare('SELECT * FROM audit WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?').all(
      seq,
      last,
      limit,
    ) as StoredRow[];
  }

  /** Those that a filter means, newest first. */
  page({ before, limit, ...filter }: AuditPage): StoredRow[] {
    const { where, values } = condition(filter, before !== undefined && 'seq < @before');
    return this.#prepare(`SELECT * FROM audit ${where} ORDER BY seq DESC LIMIT @limit`).all({
      ...values,
      before,
      limit,
    }) as StoredRow[];
  }

  /** Those that a filter means after `seq`, oldest first. */
  pageAfter(seq: number, filter: AuditFilter, limit: number): StoredRow[] {
    const { where, values } = condition(filter, 'seq > @seq');
    return this.#prepare(`SELECT * FROM audit ${where} ORDER BY seq LIMIT @limit`).all({
      ...values,
      seq,
      limit,
    }) as StoredRow[];
  }

  /** Removes rows up to the checkpoint; the table lets go of no others. */
  removeUpTo(seq: number): void {
    this.#prepare('DELETE FROM audit WHERE seq <= ?').run(seq);
  }

  #prepare(sql: string): Statement {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = prepare(this.#db, sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}

/** Only what is asked for stands in the condition, so that an index can answer it. */
function condition(filter: AuditFilter, place: string | false) {
  const { actor, action, subject, outcome, sinceMs, untilMs } = filter;
  const isPrefix = action !== undefined && (!action.includes('.') || action.endsWith('.'));
  const prefix = isPrefix ? action.replace(/\.$/, '') : undefined;
  const conditions = [
    place,
    actor !== undefined && 'actor = @actor',
    subject !== undefined && 'subject = @subject',
    action !== undefined && (isPrefix ? 'action >= @from AND action < @to' : 'action = @action'),
    outcome !== undefined && 'outcome = @outcome',
    sinceMs !== undefined && 'at_ms >= @sinceMs',
    untilMs !== undefined && 'at_ms < @untilMs',
  ].filter((one) => one !== false);
  return {
    where: conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`,
    // `/` is the character after `.`.
    values: {
      actor,
      action,
      subject,
      outcome,
      sinceMs,
      untilMs,
      from: `${prefix}.`,
      to: `${prefix}/`,
    },
  };
}
