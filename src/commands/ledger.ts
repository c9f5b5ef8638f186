import type { AuditPort } from '#auth';
import { type Cancel, type Clock, HearthError, type Log } from '#kernel';
import { settleRow } from './account.ts';
import type { NextLook, Settled, Step } from './machine.ts';
import type { DuePort } from './ports.ts';
import type { CommandRecord, HistoryEntry } from './record.ts';
import { type CommandStore, mostHistoryRows } from './store.ts';

export interface LedgerOptions {
  readonly store: CommandStore;
  readonly due: DuePort;
  readonly audit: AuditPort;
  readonly clock: Clock;
  readonly log: Log;
  /** These are on disk as they are now. */
  readonly onWritten: (ids: readonly string[]) => void;
}

/** The kind under which commands stand in the due-queue. */
export const dueKind = 'command';
const writeWithinMs = 50;
const retryAfterMs = 1000;

/** What is to be written of one command. */
interface Page {
  command: CommandRecord;
  readonly history: HistoryEntry[];
  readonly settled: (Settled & { readonly origin: string })[];
  next: PlannedLook | undefined;
}

/** A wait that began when it was noted, not when it is written. */
type PlannedLook = { readonly untilMonotonicMs: number } | { readonly atMs: number } | 'never';

/**
 * Writes down what became of commands: together, at most every 50 ms, each command with its
 * history, its audit row and its place in the due-queue in one transaction. What cannot be written
 * is kept and tried again.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #pages = new Map<string, Page>();
  #cancel: Cancel | undefined;
  #writing: PromiseWithResolvers<void> | undefined;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  get isClean(): boolean {
    return this.#pages.size === 0;
  }

  /** Notes a step that was taken; `origin` is where whoever settled it asked from. */
  note({ command, history, next, settled }: Step, origin = ''): void {
    let page = this.#pages.get(command.id);
    if (page === undefined) {
      page = { command, history: [], settled: [], next: undefined };
      this.#pages.set(command.id, page);
    }
    page.command = command;
    // No more than the table would take, however long the disk is full.
    page.history.push(...history.slice(0, mostHistoryRows - page.history.length));
    if (settled) page.settled.push({ ...settled, origin });
    if (next !== undefined) page.next = this.#planned(next);
    this.#arm(writeWithinMs);
  }

  /** Writes a step in the caller's transaction, instead of noting it. */
  write(step: Step, origin = ''): void {
    const { store } = this.#options;
    store.update(step.command);
    store.addHistory(step.command.id, step.history);
    if (step.settled) this.#audit(step.command, { ...step.settled, origin });
  }

  /** Settles when all that was noted until now is on disk. @throws when it could not be written. */
  written(): Promise<void> | undefined {
    if (this.isClean) return undefined;
    this.#writing ??= Promise.withResolvers<void>();
    return this.#writing.promise;
  }

  /** Writes now; returns whether it is on disk. */
  flush(): boolean {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.isClean) return true;
    const writing = this.#writing;
    this.#writing = undefined;
    try {
      this.#options.store.transaction(() => {
        for (const page of this.#pages.values()) this.#writePage(page);
      });
    } catch (error) {
      const { log } = this.#options;
      log.error({ err: error, commands: this.#pages.size }, 'commands were not written down');
      writing?.reject(
        new HearthError('storage_failed', 'commands could not be written down', {
          retryable: true,
          cause: error,
        }),
      );
      this.#arm(retryAfterMs);
      return false;
    }
    const ids = [...this.#pages.keys()];
    this.#pages.clear();
    writing?.resolve();
    this.#options.onWritten(ids);
    return true;
  }

  /** Takes back what was noted of a command that is gone. */
  forget(id: string): void {
    this.#pages.delete(id);
  }

  stop(): void {
    this.flush();
    this.#cancel?.();
  }

  #arm(delayMs: number): void {
    this.#cancel ??= this.#options.clock.after(delayMs, () => this.flush());
  }

  #planned(next: NextLook): PlannedLook {
    if (next === 'never' || 'atMs' in next) return next;
    return { untilMonotonicMs: this.#options.clock.monotonicMs() + next.afterMs };
  }

  #writePage({ command, history, settled, next }: Page): void {
    const { store, due, clock } = this.#options;
    store.update(command);
    store.addHistory(command.id, history);
    for (const end of settled) this.#audit(command, end);
    if (next === undefined) return;
    if (next === 'never') due.cancel(dueKind, command.id);
    else if ('atMs' in next) due.set(dueKind, command.id, next.atMs);
    else {
      const restMs = Math.max(0, next.untilMonotonicMs - clock.monotonicMs());
      due.setAfter(dueKind, command.id, restMs);
    }
  }

  #audit(command: CommandRecord, settled: Page['settled'][number]): void {
    this.#options.audit.append(settleRow(command, settled));
  }
}
