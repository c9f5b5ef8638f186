import { setImmediate } from 'node:timers/promises';
import { hashOfRow, isSigned, type Link, origin, type StoredRow } from './chain.ts';
import type { AuditStore } from './store.ts';
import type { AuditProblem, SaidProblem, Verdict } from './types.ts';

/** Rows looked at before everyone else has a turn: a few milliseconds. */
const batchSize = 500;
const mostProblems = 20;

/** What is written when the head was found to be none of this hub's. */
export const brokenAction = 'audit.broken';
/** What is written once for each finding, with the names of its problems. */
export const foundAction = 'audit.altered';

export interface Findings {
  readonly verdict: Verdict;
  /** Names of problems that were told of before, by rows that are proven. */
  readonly told: ReadonlySet<string>;
}

/**
 * Follows the chain from its beginning to where the head says that it ends. After a row that is not
 * as it was written, or is not there, it goes on from the hash of the next. Rows that are appended
 * meanwhile are not looked at.
 * @param signal ends it between two batches: it throws.
 */
export async function verify(
  store: AuditStore,
  key: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<Findings> {
  const head = store.signed('head');
  const checkpoint = store.signed('checkpoint');
  const last = store.last() ?? origin;
  const walk = new Walk(key, checkpoint ?? origin);
  const problems: AuditProblem[] = [];
  if (checkpoint && key && !isSigned(key, 'checkpoint', checkpoint)) {
    problems.push({ kind: 'forged_checkpoint' });
    // Where it begins is not known: whatever is there first is not proven, and what follows is.
    walk.at = { seq: (store.first() ?? 1) - 1, hash: '' };
    const [first] = store.after(walk.at.seq, last.seq, 1);
    if (first) walk.goOn(first);
  }
  let isLastStrange = false;
  for (;;) {
    const rows = store.after(walk.at.seq, last.seq, batchSize);
    for (const row of rows) {
      const problem = walk.take(row);
      isLastStrange = problem !== undefined;
      if (problem === undefined) continue;
      if (problems.length < mostProblems) problems.push(problem);
      walk.goOn(row);
    }
    if (rows.length < batchSize) break;
    await setImmediate();
    signal.throwIfAborted();
  }
  if (key !== undefined && problems.length < mostProblems) {
    const { seq, hash } = walk.at;
    if (!isSigned(key, 'head', head)) problems.push({ kind: 'forged_head', row: seq });
    else if (head.seq > seq) problems.push({ kind: 'removed_at_end', last: seq, head: head.seq });
    else if ((head.seq !== seq || head.hash !== hash) && !isLastStrange) {
      problems.push({ kind: 'forged_head', row: seq });
    }
  }
  return { verdict: verdictOf(walk, problems), told: walk.told };
}

/** Goes from row to row and says where the chain does not hold. */
export class Walk {
  readonly #key: Uint8Array | undefined;
  /** Rows of before there was a key come first, and never again after one that has it. */
  #isKeyed = false;
  #first = 0;
  #last = 0;
  #rows = 0;
  readonly told = new Set<string>();
  at: Link;

  constructor(key: Uint8Array | undefined, from: Link) {
    this.#key = key;
    this.at = from;
  }

  /** How many rows hold, and the first and the last of them. */
  get rows(): number {
    return this.#rows;
  }

  get first(): number {
    return this.#first;
  }

  get last(): number {
    return this.#last;
  }

  /** Looks at the next row; with a problem it stays where it was. */
  take(row: StoredRow): AuditProblem | undefined {
    const expected = this.at.seq + 1;
    if (row.seq !== expected) return { kind: 'removed', from: expected, to: row.seq - 1 };
    if (!this.#holds(row)) return { kind: 'altered', row: row.seq };
    if (row.action === brokenAction) return { kind: 'forged_head', row: row.seq };
    if (this.#isKeyed && row.action === foundAction) {
      for (const name of foundIn(row)) this.told.add(name);
    }
    this.goOn(row);
    this.#rows += 1;
    this.#last = row.seq;
    if (this.#first === 0) this.#first = row.seq;
    return undefined;
  }

  /** Goes on from a row as it stands there, proven or not. */
  goOn({ seq, hash }: StoredRow): void {
    this.at = { seq, hash };
  }

  #holds(row: StoredRow): boolean {
    if (this.#key && row.hash === hashOfRow(this.#key, this.at.hash, row)) {
      this.#isKeyed = true;
      return true;
    }
    return !this.#isKeyed && row.hash === hashOfRow(undefined, this.at.hash, row);
  }
}

/** The name of a problem, which stays the same whatever is appended after it. */
export function nameOf(problem: AuditProblem): string {
  switch (problem.kind) {
    case 'altered':
    case 'forged_head':
      return `${problem.kind} ${problem.row}`;
    case 'removed':
      return `removed ${problem.from}-${problem.to}`;
    case 'removed_at_end':
      return `removed ${problem.last + 1}-${problem.head}`;
    case 'forged_checkpoint':
      return problem.kind;
  }
}

/** Only of a row that holds: the hub wrote it. */
function foundIn({ detail }: StoredRow): readonly string[] {
  const { found } = JSON.parse(detail) as { readonly found?: readonly string[] };
  return found ?? [];
}

function verdictOf(walk: Walk, found: readonly AuditProblem[]): Verdict {
  const problems = found.map((it): SaidProblem => ({ ...it, message: wordsFor(it) }));
  const [problem] = problems;
  return {
    ok: problem === undefined,
    rows: walk.rows,
    first: walk.first,
    last: walk.last,
    ...(problem && { problem }),
    problems,
  };
}

function wordsFor(problem: AuditProblem): string {
  switch (problem.kind) {
    case 'altered':
      return `Row ${problem.row} is not what was written: it was altered or put in.`;
    case 'removed':
      return problem.from === problem.to
        ? `Row ${problem.from} was removed. Row ${problem.to + 1} cannot be proven without it.`
        : `Rows ${problem.from} to ${problem.to} were removed. Row ${problem.to + 1} cannot be proven without them.`;
    case 'removed_at_end':
      return `Rows were removed at the end: ${problem.head} were written, and the last there is is row ${problem.last}.`;
    case 'forged_head':
      return `What says where the audit ends was removed or forged; seen at row ${problem.row}. Rows before it may be missing.`;
    case 'forged_checkpoint':
      return 'What says where the audit begins was forged: rows were removed at the beginning.';
  }
}
