import { type Cancel, type Clock, type Log, type Part, Signal } from '#kernel';
import type { Db } from './open.ts';

/**
 * Acts on what is due, inside the transaction that also takes it out of the queue. What is to happen
 * outside of the database (a publish, a signal) is returned, and done after the commit.
 */
export type DueAction = (key: string, dueAtMs: number) => (() => void) | undefined;

export interface DueQueueOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  /** Believe the machine's clock even when it is behind the last record. */
  readonly trusted?: boolean;
}

interface Entry {
  readonly kind: string;
  readonly key: string;
  readonly dueAtMs: number;
  /** For a duration that began in this run: a clock that is set meanwhile neither cuts nor stretches it. */
  readonly monotonicMs: number | undefined;
}

const lookEveryMs = 1000;
const markEveryMs = 60_000;
const retryAfterMs = 5000;
/** How far time servers may step a clock back without making the hub doubt it. */
const stepBackMs = 60_000;
const firstPlausibleMs = Date.UTC(2024, 0, 1);
const mostAtOnce = 200;

/**
 * Everything that is to happen at a moment, as rows that are written before it is acted upon: the
 * end of an override, a schedule's edge, a command's next attempt. After a restart the rows are
 * there again, and what fell due meanwhile is acted upon at once.
 *
 * A machine without a battery for its clock boots in the past. Until its clock is later than the
 * last time the hub is known to have run, nothing of before this run fires.
 */
export class DueQueue implements Part {
  readonly name = 'due queue';
  /** The clock can be believed from now on: what should hold now can be said. */
  readonly onPlausible: Signal<void>;
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #trusted: boolean;
  readonly #actions = new Map<string, DueAction>();
  readonly #entries = new Map<string, Entry>();
  /** What entries were before transactions that may be rolled back, by name, oldest first. */
  readonly #unsure = new Map<string, (Entry | undefined)[]>();
  #plausible = false;
  #markAtMs = 0;
  #markedMonotonicMs = Number.NEGATIVE_INFINITY;
  #cancel: Cancel | undefined;
  #lookAtMs = Number.POSITIVE_INFINITY;
  #running = false;

  constructor({ db, clock, log, trusted }: DueQueueOptions) {
    this.#db = db;
    this.#clock = clock;
    this.#log = log;
    this.#trusted = trusted === true;
    this.onPlausible = new Signal('due.onPlausible', log);
  }

  /** Whether the machine's clock can be right. */
  get clockIsPlausible(): boolean {
    return this.#plausible;
  }

  /** The last time the hub is known to have run at, of before this run; milliseconds since 1970. */
  get markAtMs(): number {
    return this.#markAtMs;
  }

  /** How many rows wait. */
  get size(): number {
    return this.#entries.size;
  }

  /** Says who acts on a kind; before `start`. */
  handle(kind: string, action: DueAction): void {
    if (this.#actions.has(kind)) throw new Error(`${kind} has an action already`);
    this.#actions.set(kind, action);
  }

  /** Reads the rows; nothing fires before `open`. */
  async start(): Promise<void> {
    const rows = this.#db
      .prepare<[], { kind: string; key: string; dueAtMs: number }>(
        'SELECT kind, key, due_at_ms AS dueAtMs FROM due',
      )
      .all();
    for (const row of rows) this.#put({ ...row, monotonicMs: undefined });
    const mark = this.#db
      .prepare<[], { at_ms: number }>('SELECT at_ms FROM clock_mark WHERE one = 1')
      .get();
    this.#markAtMs = mark?.at_ms ?? 0;
  }

  /** From here on what is due fires: whoever acts on it has started. */
  open(): void {
    this.#running = true;
    this.#look();
  }

  /** Nothing fires any more; rows that are set from now on wait for the next start. */
  close(): void {
    this.#running = false;
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#plausible) this.#mark();
  }

  async stop(): Promise<void> {
    if (this.#running) this.close();
  }

  /** Sets the moment of `key`, in the caller's transaction if there is one; milliseconds since 1970. */
  set(kind: string, key: string, dueAtMs: number): void {
    this.#write({ kind, key, dueAtMs: Math.ceil(dueAtMs), monotonicMs: undefined });
  }

  /** As `set`, for something that is to last `delayMs` whatever is done to the clock meanwhile. */
  setAfter(kind: string, key: string, delayMs: number): void {
    const monotonicMs = this.#clock.monotonicMs() + delayMs;
    const dueAtMs = Math.ceil(this.#clock.nowMs() + delayMs);
    this.#write({ kind, key, dueAtMs, monotonicMs });
  }

  /** Takes `key` out of the queue, if it is there. */
  cancel(kind: string, key: string): void {
    this.#settle();
    const name = nameOf(kind, key);
    if (!this.#entries.has(name) && !this.#unsure.has(name)) return;
    this.#remember(name);
    this.#entries.delete(name);
    this.#db.prepare('DELETE FROM due WHERE kind = ? AND key = ?').run(kind, key);
  }

  /** When `key` is due, in milliseconds since 1970; `undefined` when it is not in the queue. */
  dueAtMs(kind: string, key: string): number | undefined {
    this.#settle();
    return this.#entries.get(nameOf(kind, key))?.dueAtMs;
  }

  #write(entry: Entry): void {
    this.#db
      .prepare(
        `INSERT INTO due (kind, key, due_at_ms) VALUES (?, ?, ?)
         ON CONFLICT (kind, key) DO UPDATE SET due_at_ms = excluded.due_at_ms`,
      )
      .run(entry.kind, entry.key, entry.dueAtMs);
    this.#remember(nameOf(entry.kind, entry.key));
    this.#put(entry);
    if (this.#running) this.#arm(this.#remainingMs(entry));
  }

  /** In a transaction, which may be rolled back: what there was is needed again if it is. */
  #remember(name: string): void {
    if (!this.#db.inTransaction) return;
    const before = this.#unsure.get(name) ?? [];
    before.push(this.#entries.get(name));
    this.#unsure.set(name, before);
  }

  /** The transactions are over: the rows say which entries there are. */
  #settle(): void {
    if (this.#unsure.size === 0 || this.#db.inTransaction) return;
    const select = this.#db.prepare<[string, string], { dueAtMs: number }>(
      'SELECT due_at_ms AS dueAtMs FROM due WHERE kind = ? AND key = ?',
    );
    for (const [name, before] of this.#unsure) {
      const candidates = [...before, this.#entries.get(name)].filter(
        (entry) => entry !== undefined,
      );
      const { kind, key } = candidates[0] as Entry;
      const row = select.get(kind, key);
      // A duration that began in this run stays one: it is known by its moment.
      const entry = candidates.findLast(({ dueAtMs }) => dueAtMs === row?.dueAtMs);
      if (row === undefined) this.#entries.delete(name);
      else this.#put(entry ?? { kind, key, dueAtMs: row.dueAtMs, monotonicMs: undefined });
      this.#unsure.delete(name);
    }
  }

  #put(entry: Entry): void {
    this.#entries.set(nameOf(entry.kind, entry.key), entry);
  }

  #look(): void {
    this.#cancel = undefined;
    this.#lookAtMs = Number.POSITIVE_INFINITY;
    this.#judgeClock();
    if (!this.#running) return;
    this.#settle();
    const ready: Entry[] = [];
    let nextMs = lookEveryMs;
    for (const entry of this.#entries.values()) {
      const remainingMs = this.#remainingMs(entry);
      if (remainingMs <= 0) ready.push(entry);
      else if (remainingMs < nextMs) nextMs = remainingMs;
    }
    ready.sort((a, b) => a.dueAtMs - b.dueAtMs);
    this.#fire(ready.slice(0, mostAtOnce));
    this.#arm(ready.length > mostAtOnce ? 1 : nextMs);
  }

  /** One commit for all that is due together; one that fails takes nothing of the others back. */
  #fire(ready: readonly Entry[]): void {
    if (ready.length === 0) return;
    const afterCommit: (() => void)[] = [];
    const failed: Entry[] = [];
    try {
      this.#db.transaction(() => {
        for (const entry of ready) {
          try {
            const after = this.#db.transaction(() => this.#act(entry))();
            if (after) afterCommit.push(after);
          } catch (error) {
            this.#log.error(
              { err: error, kind: entry.kind, key: entry.key },
              'a due action failed',
            );
            failed.push(entry);
          }
        }
      })();
    } catch (error) {
      this.#log.error({ err: error, count: ready.length }, 'what is due could not be committed');
      afterCommit.length = 0;
      failed.splice(0, failed.length, ...ready);
    }
    this.#settle();
    const monotonicMs = this.#clock.monotonicMs() + retryAfterMs;
    // What a failed action had taken out of its turn is there again.
    if (failed.length > 0) this.#arm(1);
    for (const entry of failed) {
      const isThere = this.dueAtMs(entry.kind, entry.key) === entry.dueAtMs;
      if (isThere) this.#put({ ...entry, monotonicMs });
    }
    for (const action of afterCommit) {
      try {
        action();
      } catch (error) {
        this.#log.error({ err: error }, 'what followed from a due action failed');
      }
    }
  }

  #act(entry: Entry): (() => void) | undefined {
    const action = this.#actions.get(entry.kind);
    if (action === undefined) throw new Error(`nobody acts on ${entry.kind}`);
    // Cancelled or moved by what fired just before it.
    if (this.#entries.get(nameOf(entry.kind, entry.key)) !== entry) return undefined;
    this.cancel(entry.kind, entry.key);
    return action(entry.key, entry.dueAtMs);
  }

  #remainingMs(entry: Entry): number {
    if (entry.monotonicMs !== undefined) return entry.monotonicMs - this.#clock.monotonicMs();
    return this.#plausible ? entry.dueAtMs - this.#clock.nowMs() : Number.POSITIVE_INFINITY;
  }

  #arm(delayMs: number): void {
    const waitMs = Math.max(1, Math.min(delayMs, lookEveryMs));
    const atMs = this.#clock.monotonicMs() + waitMs;
    if (atMs >= this.#lookAtMs) return;
    this.#cancel?.();
    this.#lookAtMs = atMs;
    this.#cancel = this.#clock.after(waitMs, () => this.#look());
  }

  #judgeClock(): void {
    const nowMs = this.#clock.nowMs();
    if (this.#plausible) {
      if (this.#clock.monotonicMs() - this.#markedMonotonicMs >= markEveryMs) this.#mark();
      return;
    }
    const isLater = nowMs >= firstPlausibleMs && nowMs >= this.#markAtMs - stepBackMs;
    if (!isLater && !this.#trusted) return;
    this.#plausible = true;
    this.#mark();
    this.onPlausible.emit();
  }

  /** A clock that is set back while the hub runs was set by someone who knows: the mark follows. */
  #mark(): void {
    this.#markedMonotonicMs = this.#clock.monotonicMs();
    this.#markAtMs = this.#clock.nowMs();
    try {
      this.#db
        .prepare('UPDATE clock_mark SET at_ms = ? WHERE one = 1')
        .run(Math.floor(this.#markAtMs));
    } catch (error) {
      this.#log.error({ err: error }, 'the time was not written down');
    }
  }
}

const nameOf = (kind: string, key: string): string => `${kind} ${key}`;
