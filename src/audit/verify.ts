import { setImmediate } from 'node:timers/promises';
import { hashOfRow, isSigned, type Link, origin, type StoredRow } from './chain.ts';
import type { AuditStore } from './store.ts';
import type { AuditProblem, Verdict } from './types.ts';

/** Rows looked at before everyone else has a turn: a few milliseconds. */
const batchSize = 500;

/** What is written when the head was found to be none of this hub's; `verify` stops there. */
export const brokenAction = 'audit.broken';

/**
 * Follows the chain from its beginning to where the head says that it ends, and stops at the first
 * row that is not as it was written. Rows that are appended meanwhile are not looked at.
 */
export async function verify(store: AuditStore, key: Uint8Array | undefined): Promise<Verdict> {
  const head = store.signed('head');
  const checkpoint = store.signed('checkpoint');
  const last = store.last() ?? origin;
  const walk = new Walk(key, checkpoint ?? origin);
  if (checkpoint && key && !isSigned(key, 'checkpoint', checkpoint)) {
    return verdict(walk, { kind: 'forged_checkpoint' });
  }
  for (;;) {
    const rows = store.after(walk.at.seq, last.seq, batchSize);
    for (const row of rows) {
      const problem = walk.take(row);
      if (problem) return verdict(walk, problem);
    }
    if (rows.length < batchSize) break;
    await setImmediate();
  }
  if (key === undefined) return verdict(walk);
  if (!isSigned(key, 'head', head)) return verdict(walk, forgedAt(walk.at));
  if (head.seq > walk.at.seq) {
    return verdict(walk, { kind: 'removed_at_end', last: walk.at.seq, head: head.seq });
  }
  const isEnd = head.seq === walk.at.seq && head.hash === walk.at.hash;
  return verdict(walk, isEnd ? undefined : forgedAt(walk.at));
}

/** Goes from row to row and says where the chain does not hold. */
export class Walk {
  readonly #key: Uint8Array | undefined;
  /** Rows of before there was a key come first, and never again after one that has it. */
  #isKeyed = false;
  #first = 0;
  #rows = 0;
  at: Link;

  constructor(key: Uint8Array | undefined, from: Link) {
    this.#key = key;
    this.at = from;
  }

  get rows(): number {
    return this.#rows;
  }

  get first(): number {
    return this.#first;
  }

  take(row: StoredRow): AuditProblem | undefined {
    const expected = this.at.seq + 1;
    if (row.seq !== expected) return { kind: 'removed', from: expected, to: row.seq - 1 };
    if (!this.#holds(row)) return { kind: 'altered', row: row.seq };
    if (row.action === brokenAction) return { kind: 'forged_head', row: row.seq };
    this.at = { seq: row.seq, hash: row.hash };
    this.#rows += 1;
    if (this.#first === 0) this.#first = row.seq;
    return undefined;
  }

  #holds(row: StoredRow): boolean {
    if (this.#key && row.hash === hashOfRow(this.#key, this.at.hash, row)) {
      this.#isKeyed = true;
      return true;
    }
    return !this.#isKeyed && row.hash === hashOfRow(undefined, this.at.hash, row);
  }
}

const forgedAt = ({ seq }: Link): AuditProblem => ({ kind: 'forged_head', row: seq });

function verdict(walk: Walk, problem?: AuditProblem): Verdict {
  return {
    ok: problem === undefined,
    rows: walk.rows,
    first: walk.first,
    last: walk.rows === 0 ? 0 : walk.at.seq,
    ...(problem && { problem: { ...problem, message: wordsFor(problem) } }),
  };
}

function wordsFor(problem: AuditProblem): string {
  switch (problem.kind) {
    case 'altered':
      return `Row ${problem.row} is not what was written: it was altered or put in.`;
    case 'removed':
      return problem.from === problem.to
        ? `Row ${problem.from} was removed.`
        : `Rows ${problem.from} to ${problem.to} were removed.`;
    case 'removed_at_end':
      return `Rows were removed at the end: ${problem.head} were written, and the last there is is row ${problem.last}.`;
    case 'forged_head':
      return `What says where the audit ends was removed or forged; seen at row ${problem.row}. Rows before it may be missing.`;
    case 'forged_checkpoint':
      return 'What says where the audit begins was forged: rows were removed at the beginning.';
  }
}
