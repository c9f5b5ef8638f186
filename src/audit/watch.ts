import type { Cancel, Clock, Log } from '#kernel';
import type { AuditAlert, AuditState } from './types.ts';
import { type Findings, foundAction, nameOf } from './verify.ts';

interface WatchOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Writes down a head that does not fit, so that a finding keeps its name. */
  readonly settle: () => void;
  readonly look: () => Promise<Findings>;
  readonly note: (
    action: string,
    outcome: string,
    detail: Readonly<Record<string, unknown>>,
  ) => void;
  readonly raise: (alert: AuditAlert) => void;
}

const dayMs = 86_400_000;
/** The start of the hub comes first. */
const firstLookMs = 5000;

/**
 * Looks at all rows soon after the start and once a day. Each problem is told of once: a row that is
 * proven says that it was.
 */
export class AuditWatch {
  readonly #options: WatchOptions;
  #stopping: readonly Cancel[] = [];
  #state: AuditState | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  get state(): AuditState | undefined {
    return this.#state;
  }

  start(): void {
    const { clock } = this.#options;
    const look = () => void this.#look();
    this.#stopping = [clock.after(firstLookMs, look), clock.every(dayMs, look)];
  }

  stop(): void {
    for (const cancel of this.#stopping) cancel();
    this.#stopping = [];
  }

  async #look(): Promise<void> {
    const { log, settle, look } = this.#options;
    const isOver = () => this.#stopping.length === 0;
    try {
      settle();
      const findings = await look();
      if (!isOver()) this.#judge(findings);
    } catch (error) {
      if (!isOver()) log.error({ err: error }, 'the audit could not be verified');
    }
  }

  #judge({ verdict, told }: Findings): void {
    const { log, note, raise } = this.#options;
    const { ok, rows, problems } = verdict;
    this.#state = {
      ok,
      message: ok
        ? `${rows} rows are as they were written`
        : problems.map(({ message }) => message).join(' '),
    };
    const fresh = problems.filter((problem) => !told.has(nameOf(problem)));
    const [first] = fresh;
    if (first === undefined) return;
    log.error({ problems: fresh }, 'the audit was altered');
    note(foundAction, 'found', { found: fresh.map(nameOf) });
    const more = fresh.length > 1 ? ` There are ${fresh.length - 1} more such findings.` : '';
    raise({
      kind: 'audit_altered',
      message: `The record of who did what was altered. ${first.message}${more}`,
      detail: { problems: fresh.map(({ message }) => message) },
    });
  }
}
