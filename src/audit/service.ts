import type { Api } from '#auth';
import type { Db } from '#db';
import { type Clock, type Log, type Part, Signal, silentLog } from '#kernel';
import type { Reseal } from '#secrets';
import { type AnchorOptions, openKey, resealKey, settleKey } from './anchor.ts';
import {
  hashOfRow,
  isSigned,
  type Link,
  origin,
  type SignedLink,
  type StoredRow,
  signLink,
} from './chain.ts';
import { redactedJson, redactedText, shortText } from './redact.ts';
import { AuditRetention } from './retention.ts';
import { auditRoutes } from './routes.ts';
import { AuditStore } from './store.ts';
import type {
  AuditAlert,
  AuditEntry,
  AuditFilter,
  AuditPage,
  AuditRow,
  AuditState,
  Verdict,
} from './types.ts';
import { brokenAction, type Findings, verify } from './verify.ts';
import { AuditWatch } from './watch.ts';

export interface AuditOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly log?: Log;
  /**
   * What vouches for the chain: without it the chain shows accidents, and no forger. A hub always
   * has one; then nothing is appended before `start`.
   */
  readonly anchor?: AnchorOptions;
  readonly retentionDays?: number;
}

/**
 * Who did what to what: rows that are only ever appended, each with a hash over the one before, and
 * a head that says where they end. Hashes and head are made with a key that is not in the database:
 * whoever changes or removes a row there cannot make it look right again.
 */
export class Audit implements Part {
  readonly name = 'audit';
  /** Somebody was at the rows; told once for each finding. */
  readonly onAlert: Signal<AuditAlert>;
  readonly #store: AuditStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #anchor: AnchorOptions | undefined;
  readonly #retention: AuditRetention;
  readonly #watch: AuditWatch;
  #key: Buffer | undefined;
  /** What was last written as head, which need not be looked at twice. */
  #ownHead: SignedLink | undefined;
  #verifying: Promise<Findings> | undefined;
  #stopping = new AbortController();

  constructor({ db, clock, log = silentLog, anchor, retentionDays = 365 }: AuditOptions) {
    this.#store = new AuditStore(db);
    this.#clock = clock;
    this.#log = log;
    this.#anchor = anchor;
    this.onAlert = new Signal('audit.alert', log);
    this.#watch = new AuditWatch({
      clock,
      log,
      settle: () => this.#store.atomically(() => this.#tip()),
      look: () => this.#look(),
      note: (action, outcome, detail) => this.#note(action, outcome, detail),
      raise: (alert) => this.onAlert.emit(alert),
    });
    this.#retention = new AuditRetention({
      store: this.#store,
      retentionDays,
      clock,
      log,
      key: () => this.#key,
      isWalked: () => this.#verifying !== undefined,
      onRemoved: (through, rows) => this.#note('audit.retain', 'ok', { through, rows }),
    });
  }

  /**
   * Opens the key, and anchors what was written before there was one. Whether the rows are whole is
   * looked at later, and holds nothing up.
   * @throws HearthError `data_directory` when the key cannot be opened.
   */
  async start(): Promise<void> {
    this.#stopping = new AbortController();
    if (this.#anchor) await this.#takeAnchor(this.#anchor);
    this.#restoreGuards();
    this.#retention.start();
    this.#watch.start();
  }

  async stop(): Promise<void> {
    this.#retention.stop();
    this.#watch.stop();
    this.#stopping.abort();
    await this.#verifying?.catch(() => undefined);
  }

  /** What the last look at all rows found; undefined before the first is over. */
  state(): AuditState | undefined {
    return this.#watch.state;
  }

  routes(api: Api): void {
    auditRoutes(api, this, () => this.#clock.nowMs());
  }

  /** For the rotation of the key file, see `Secrets.register`. */
  async reseal(reseal: Reseal): Promise<void> {
    if (this.#anchor) await resealKey(this.#anchor, reseal);
  }

  /** Adds a row, in the transaction of the change it tells of. What is secret in it is cut out. */
  append(entry: AuditEntry): void {
    if (this.#anchor && this.#key === undefined) throw new Error('the audit has not been started');
    this.#store.atomically(() => this.#add(this.#tip(), entry));
  }

  /** Rows, newest first. */
  list(page: AuditPage): AuditRow[] {
    return this.#store.page(page).map(shown);
  }

  /** Rows after `seq`, oldest first, for whoever reads all of them piece by piece. */
  listAfter(seq: number, filter: AuditFilter, limit: number): AuditRow[] {
    return this.#store.pageAfter(seq, filter, limit).map(shown);
  }

  /** Whether every row is there and as it was written; otherwise what is wrong. */
  async verify(): Promise<Verdict> {
    const { verdict } = await this.#look();
    return verdict;
  }

  #look(): Promise<Findings> {
    // One walk at a time, however many ask.
    this.#verifying ??= verify(this.#store, this.#key, this.#stopping.signal).finally(() => {
      this.#verifying = undefined;
    });
    return this.#verifying;
  }

  /** Who takes the triggers away leaves that behind, whatever else they do. */
  #restoreGuards(): void {
    this.#store.atomically(() => {
      const missing = this.#store.restoreGuards();
      if (missing.length === 0) return;
      this.#log.error({ missing }, 'what keeps the audit from being changed was gone');
      this.#note('audit.unguarded', 'restored', { missing });
    });
  }

  async #takeAnchor(anchor: AnchorOptions): Promise<void> {
    const { key, isNew } = await openKey(anchor);
    this.#key = key;
    if (!isNew) return;
    const head = this.#store.signed('head');
    if (!isSigned(key, 'head', head)) {
      const before = this.#store.last() ?? origin;
      // A head without its key: the file is lost, and nothing vouches for what was written under it.
      if (head) this.#log.error('the key of the audit is lost: earlier rows cannot be verified');
      this.#store.atomically(() =>
        this.#add(before, {
          actor: 'hub',
          action: 'audit.anchor',
          subject: 'audit',
          outcome: head ? 'key_lost' : 'ok',
          detail: { through: before.seq },
        }),
      );
    }
    await settleKey(anchor);
  }

  /** What the next row is chained to. */
  #tip(): Link {
    const last = this.#store.last() ?? origin;
    if (this.#key === undefined) return last;
    const head = this.#store.signed('head');
    // Chained to what the head says: rows that are gone stay missed, rows put in stay strangers.
    if (head && (isSame(head, this.#ownHead) || isSigned(this.#key, 'head', head))) {
      const tip = { seq: Math.max(head.seq, last.seq), hash: head.hash };
      if (head.seq === last.seq && head.hash === last.hash) return tip;
      // The first row after a break cannot be proven: this one is for that, so that the next can.
      return this.#add(tip, {
        actor: 'hub',
        action: 'audit.gap',
        subject: 'audit',
        outcome: head.seq > last.seq ? 'rows_missing' : 'rows_strange',
        detail: { written: head.seq, found: last.seq },
      });
    }
    this.#log.error('the head of the audit was forged');
    return this.#add(last, {
      actor: 'hub',
      action: brokenAction,
      subject: 'audit',
      outcome: head ? 'forged_head' : 'no_head',
    });
  }

  #add(tip: Link, entry: AuditEntry): Link {
    const fields = {
      seq: tip.seq + 1,
      at_ms: Math.floor(this.#clock.nowMs()),
      actor: shortText(entry.actor),
      action: redactedText(entry.action),
      subject: redactedText(entry.subject),
      outcome: redactedText(entry.outcome),
      origin: redactedText(entry.origin ?? ''),
      detail: redactedJson(entry.detail ?? {}),
    };
    const row: StoredRow = { ...fields, hash: hashOfRow(this.#key, tip.hash, fields) };
    this.#store.add(row);
    if (this.#key) {
      this.#ownHead = signLink(this.#key, 'head', row);
      this.#store.putSigned('head', this.#ownHead);
    }
    return row;
  }

  #note(action: string, outcome: string, detail: Readonly<Record<string, unknown>>): void {
    this.append({ actor: 'hub', action, subject: 'audit', outcome, detail });
  }
}

const isSame = (one: SignedLink, other: SignedLink | undefined): boolean =>
  one.seq === other?.seq && one.hash === other.hash && one.mac === other.mac;

const shown = ({ at_ms, detail, ...row }: StoredRow): AuditRow => ({
  ...row,
  atMs: at_ms,
  detail: readDetail(detail),
});

/** A row that somebody altered may hold anything; it is shown all the same. */
function readDetail(json: string): Record<string, unknown> {
  try {
    const detail: unknown = JSON.parse(json);
    if (typeof detail === 'object' && detail !== null && !Array.isArray(detail)) {
      return detail as Record<string, unknown>;
    }
  } catch {
    // Shown as it is, below.
  }
  return { unreadable: json.slice(0, 200) };
}
