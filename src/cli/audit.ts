import { homeTime } from './home-time.ts';
import { withHub } from './hub.ts';
import type { Invocation } from './invocation.ts';

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

interface AuditOptions {
  readonly subject?: string;
  readonly action?: string;
  readonly limit?: string;
}

/** Shows who did what to what, newest first. */
export async function listAudit(
  at: Invocation,
  { subject, action, limit }: AuditOptions,
): Promise<void> {
  const answer = await withHub(at, (hub) =>
    hub.get<{ rows: readonly AuditRow[] }>('/audit', { subject, action, limit }),
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
