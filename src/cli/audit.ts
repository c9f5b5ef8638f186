import { Finding } from './exit-codes.ts';
import { type Flags, inFlags } from './flag-words.ts';
import { homeTime } from './home-time.ts';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';
import { pastOf } from './time-option.ts';

interface AuditRow {
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly outcome: string;
  readonly origin: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface FilterOptions {
  readonly actor?: string;
  readonly action?: string;
  readonly subject?: string;
  readonly outcome?: string;
  readonly since?: string;
  readonly until?: string;
}

interface ListOptions extends FilterOptions {
  readonly before?: string;
  readonly limit?: string;
}

interface Verdict {
  readonly ok: boolean;
  readonly rows: number;
  readonly first: number;
  readonly last: number;
  readonly problem?: { readonly message: string };
  /** A hub of before there were several names the first alone. */
  readonly problems?: readonly { readonly message: string }[];
}

/** Where the fields of the filter come from. */
export const filterFlags: Flags = Object.fromEntries(
  ['actor', 'action', 'subject', 'outcome', 'since', 'until', 'before', 'limit'].map((field) => [
    field,
    { flag: `--${field}` },
  ]),
);

/** Shows who did what to what, newest first. */
export async function listAudit(at: Invocation, options: ListOptions): Promise<void> {
  const { before, limit } = options;
  const query = { ...filterOf(at, options), before, limit };
  const answer = await inFlags(filterFlags, () =>
    withHub(at, (hub) => hub.get<{ rows: readonly AuditRow[] }>('/audit', query)),
  );
  const home = homeTime(at);
  at.answer(answer, () =>
    answer.rows.length === 0
      ? 'There are no such rows.'
      : home.below(
          at.table(
            ['seq', 'at', 'who', 'did', 'to', 'outcome', 'from', 'detail'],
            answer.rows.map((row) => [
              row.seq,
              home.exact(row.at),
              row.actor,
              row.action,
              row.subject,
              row.outcome,
              row.origin,
              row.detail,
            ]),
            ['detail'],
          ),
        ),
  );
}

/** Proves that every row is there and as it was written. @throws Finding that names what is not. */
export async function verifyAudit(at: Invocation): Promise<void> {
  const verdict = await withHub(at, (hub) => hub.get<Verdict>('/audit/verify'));
  const { ok, rows, first, last, problem, problems = [problem] } = verdict;
  const span = rows === 0 ? 'No row' : rows === 1 ? `Row ${first}` : `Rows ${first} to ${last}`;
  // A person is told of a finding once, by whoever catches it; a program gets the verdict besides.
  if (at.json || ok) {
    at.answer(verdict, () =>
      rows === 0 ? 'The audit has no rows yet.' : `The audit is whole. ${span}: as written.`,
    );
  }
  if (ok) return;
  throw new Finding('conflict', problems.map((it) => it?.message).join('\n'), {
    hint: `Rows proven to be as written: ${rows}. Copy the data directory before you do anything else; docs/audit.md says what next.`,
  });
}

/** The filter as the hub takes it: times are typed as they are on the wall at home. */
export function filterOf(at: Invocation, options: FilterOptions) {
  const { actor, action, subject, outcome, since, until } = options;
  const home = homeTime(at);
  return {
    actor,
    action,
    subject,
    outcome,
    since: pastOf(since, '--since', home),
    until: pastOf(until, '--until', home),
  };
}
