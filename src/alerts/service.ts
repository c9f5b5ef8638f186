import type { Api, Sight } from '#auth';
import type { Db } from '#db';
import { type Cancel, type Clock, type Log, type Part, Signal, sortableId } from '#kernel';
import { alertRoutes } from './routes.ts';
import type { Alert, AlertKind, NewAlert } from './types.ts';

interface Row {
  readonly id: string;
  readonly at_ms: number;
  readonly last_at_ms: number;
  readonly count: number;
  readonly kind: AlertKind;
  readonly device_id: string | null;
  readonly message: string;
  readonly detail: string;
}

const mostKept = 1000;
const sameWithinMs = 3_600_000;
/** Those of one moment are written together: two hundred devices may be away at once. */
const gatherMs = 50;
/** One that repeats every second is written down every so often, not every time. */
const writeEveryMs = 10_000;

/** What went wrong and needs someone to look: kept, bounded, and told to whoever listens. */
export class Alerts implements Part {
  readonly name = 'alerts';
  readonly onRaised: Signal<Alert>;
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #log: Log;
  /** The newest alert of each kind and device. */
  readonly #newest = new Map<string, { row: Row; writtenMs: number }>();

  readonly #unwritten = new Map<string, Row>();
  #writing: Cancel | undefined;

  constructor({ db, clock, log }: { readonly db: Db; readonly clock: Clock; readonly log: Log }) {
    this.#db = db;
    this.#clock = clock;
    this.#log = log;
    this.onRaised = new Signal('alerts.onRaised', log);
  }

  routes(api: Api): void {
    alertRoutes(api, this);
  }

  /** Writes an alert down. Every timed-out command is one of its own; others are counted within an hour. */
  raise({ kind, deviceId, message, detail = {} }: NewAlert): void {
    const nowMs = Math.floor(this.#clock.nowMs());
    const key = `${kind} ${deviceId ?? ''}`;
    const before = kind === 'command_timed_out' ? undefined : this.#newest.get(key);
    const again = before !== undefined && Math.abs(nowMs - before.row.at_ms) < sameWithinMs;
    const row: Row = again
      ? { ...before.row, last_at_ms: nowMs, count: before.row.count + 1 }
      : {
          id: sortableId(nowMs),
          at_ms: nowMs,
          last_at_ms: nowMs,
          count: 1,
          kind,
          device_id: deviceId ?? null,
          message,
          detail: JSON.stringify(detail),
        };
    const isDue = !again || Math.abs(nowMs - before.writtenMs) >= writeEveryMs;
    if (!again && this.#newest.size >= mostKept) this.#newest.clear();
    this.#newest.set(key, { row, writtenMs: isDue ? nowMs : before.writtenMs });
    if (!isDue) return;
    this.#log.warn({ alert: kind, deviceId, ...detail }, message);
    this.#unwritten.set(row.id, row);
    this.#writing ??= this.#clock.after(gatherMs, () => this.#write());
    this.onRaised.emit(alertJson(row));
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.#write();
  }

  /** Newest first. */
  list(limit: number): Alert[] {
    this.#write();
    return this.#db
      .prepare<[number], Row>('SELECT * FROM alerts ORDER BY last_at_ms DESC, id DESC LIMIT ?')
      .all(limit)
      .map(alertJson);
  }

  /** Newest first, of the devices that somebody sees; what is of no device is of the whole home. */
  listFor(sight: Sight, limit: number): Alert[] {
    if (sight.seesAll) return this.list(limit);
    return this.list(mostKept)
      .filter(({ device_id }) => device_id !== null && sight.sees(device_id))
      .slice(0, limit);
  }

  #write(): void {
    this.#writing?.();
    this.#writing = undefined;
    if (this.#unwritten.size === 0) return;
    const put = this.#db.prepare(
      `INSERT INTO alerts (id, at_ms, last_at_ms, count, kind, device_id, message, detail)
       VALUES (@id, @at_ms, @last_at_ms, @count, @kind, @device_id, @message, @detail)
       ON CONFLICT (id) DO UPDATE SET last_at_ms = excluded.last_at_ms, count = excluded.count`,
    );
    try {
      this.#db.transaction(() => {
        for (const row of this.#unwritten.values()) put.run(row);
        this.#db
          .prepare(
            `DELETE FROM alerts WHERE id NOT IN
               (SELECT id FROM alerts ORDER BY last_at_ms DESC, id DESC LIMIT ?)`,
          )
          .run(mostKept);
      })();
      this.#unwritten.clear();
    } catch (error) {
      this.#log.error({ err: error, alerts: this.#unwritten.size }, 'alerts were not written down');
      // Tried again with the next one; bounded, because a full disk may last.
      while (this.#unwritten.size > mostKept) {
        const oldest = this.#unwritten.keys().next();
        if (!oldest.done) this.#unwritten.delete(oldest.value);
      }
    }
  }
}

const alertJson = ({ at_ms, last_at_ms, detail, ...row }: Row): Alert => ({
  ...row,
  at: new Date(at_ms).toISOString(),
  last_at: new Date(last_at_ms).toISOString(),
  detail: JSON.parse(detail) as Record<string, unknown>,
});
