import type { z } from '@hono/zod-openapi';
import { type Api, actorOf, originOf, route } from '#auth';
import { parseTimeMs } from '#kernel';
import { csvHead, csvLine } from './csv.ts';
import * as schema from './schema.ts';
import type { Audit } from './service.ts';
import type { AuditFilter, Verdict } from './types.ts';

const tags = ['security'];
/** Rows of an export that are in memory at once. */
const pieceRows = 500;

export function auditRoutes(api: Api, audit: Audit, nowMs: () => number): void {
  api.openapi(
    route('audit.read', {
      method: 'get',
      path: '/audit',
      tags,
      summary: 'Who did what to what, newest first',
      request: { query: schema.listQuery },
      responses: { 200: json('The rows', schema.rows) },
    }),
    (context) => {
      const { before, limit, ...query } = context.req.valid('query');
      const rows = audit.list({ ...filterOf(query, nowMs()), before, limit });
      const shown = rows.map(({ atMs, ...row }) => ({ ...row, at: new Date(atMs).toISOString() }));
      return context.json({ rows: shown }, 200);
    },
  );
  api.openapi(
    route('audit.read', {
      method: 'get',
      path: '/audit/verify',
      tags,
      summary: 'Whether every row is there and as it was written; or what is not',
      responses: { 200: json('What was found', schema.verdict) },
    }),
    async (context) => context.json(verdictJson(await audit.verify()), 200),
  );
  api.openapi(
    route('audit.read', {
      method: 'get',
      path: '/audit/export',
      tags,
      summary: 'The rows as CSV (RFC 4180), oldest first',
      request: { query: schema.exportQuery },
      responses: { 200: { description: 'Them, as text/csv' } },
    }),
    (context) => {
      const { format, ...query } = context.req.valid('query');
      const filter = filterOf(query, nowMs());
      audit.append({
        actor: actorOf(context.get('caller')),
        action: 'audit.export',
        subject: 'audit',
        outcome: 'ok',
        origin: originOf(context),
        detail: { format, ...query },
      });
      const body = ReadableStream.from(csvOf(audit, filter)).pipeThrough(new TextEncoderStream());
      return context.body(body, 200, {
        'content-type': 'text/csv; charset=utf-8; header=present',
        'content-disposition': 'attachment; filename="hearth-audit.csv"',
      });
    },
  );
}

/** Made as fast as it is read. */
async function* csvOf(audit: Audit, filter: AuditFilter): AsyncGenerator<string> {
  yield csvHead;
  let seq = 0;
  for (;;) {
    const rows = audit.listAfter(seq, filter, pieceRows);
    if (rows.length > 0) yield rows.map(csvLine).join('');
    if (rows.length < pieceRows) return;
    seq = rows.at(-1)?.seq ?? seq;
  }
}

function filterOf(
  { since, until, ...query }: Omit<z.infer<typeof schema.exportQuery>, 'format'>,
  nowMs: number,
): AuditFilter {
  return {
    ...query,
    ...(since !== undefined && { sinceMs: parseTimeMs(since, nowMs, 'since') }),
    ...(until !== undefined && { untilMs: parseTimeMs(until, nowMs, 'until') }),
  };
}

const verdictJson = ({ problems, ...verdict }: Verdict) => ({
  ...verdict,
  problems: [...problems],
});

const json = <Schema extends z.ZodType>(description: string, schemaOfBody: Schema) => ({
  description,
  content: { 'application/json': { schema: schemaOfBody } },
});
