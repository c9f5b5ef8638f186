import type { Db } from '#db';
import type { RetentionRule, RuleTarget } from './types.ts';

interface Row {
  readonly id: string;
  readonly device_id: string | null;
  readonly type: string | null;
  readonly metric: string | null;
  readonly raw_days: number | null;
  readonly minute_days: number | null;
  readonly hour_days: number | null;
  readonly day_days: number | null;
}

const ofTarget = 'device_id IS @deviceId AND type IS @type AND metric IS @metric';

/** The rules of retention, in hearth.db. */
export class RetentionStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  transaction<Result>(action: () => Result): Result {
    return this.#db.transaction(action)();
  }

  /** Those of types first, each sort by name. */
  rules(): RetentionRule[] {
    return this.#db
      .prepare<[], Row>(
        'SELECT * FROM retention_rules ORDER BY device_id IS NOT NULL, type, device_id, metric',
      )
      .all()
      .map(ruleOf);
  }

  /** Puts a rule in the place of the one that is about the same, whose id it takes over. */
  put(rule: RetentionRule): RetentionRule {
    const { id } = this.find(rule) ?? rule;
    this.#db
      .prepare(
        `INSERT OR REPLACE INTO retention_rules
           (id, device_id, type, metric, raw_days, minute_days, hour_days, day_days)
         VALUES (@id, @deviceId, @type, @metric, @raw, @minute, @hour, @day)`,
      )
      .run({
        ...targetOf(rule),
        id,
        raw: rule.kept.raw ?? null,
        minute: rule.kept['1m'] ?? null,
        hour: rule.kept['1h'] ?? null,
        day: rule.kept['1d'] ?? null,
      });
    return { ...rule, id };
  }

  find(target: RuleTarget): RetentionRule | undefined {
    const row = this.#db
      .prepare<[RuleTarget], Row>(`SELECT * FROM retention_rules WHERE ${ofTarget}`)
      .get(targetOf(target));
    return row && ruleOf(row);
  }

  remove(id: string): void {
    this.#db.prepare('DELETE FROM retention_rules WHERE id = ?').run(id);
  }

  removeOf(deviceId: string): void {
    this.#db.prepare('DELETE FROM retention_rules WHERE device_id = ?').run(deviceId);
  }
}

const targetOf = ({ deviceId, type, metric }: RuleTarget): RuleTarget => ({
  deviceId,
  type,
  metric,
});

const ruleOf = (row: Row): RetentionRule => ({
  id: row.id,
  deviceId: row.device_id,
  type: row.type,
  metric: row.metric,
  kept: {
    ...(row.raw_days !== null && { raw: row.raw_days }),
    ...(row.minute_days !== null && { '1m': row.minute_days }),
    ...(row.hour_days !== null && { '1h': row.hour_days }),
    ...(row.day_days !== null && { '1d': row.day_days }),
  },
});
