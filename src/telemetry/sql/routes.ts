import { z } from '@hono/zod-openapi';
import { type Api, route } from '#auth';
import type { SqlAnswer } from '../analysis/sql.ts';
import { defaultRows, mostRows } from './limits.ts';
import type { Sql } from './service.ts';

const longestSql = 20_000;
const aboutSql = `it is one statement of 1 to ${longestSql} characters`;
const aboutLimit = `it is a whole number from 1 to ${mostRows}`;

const question = z.strictObject({
  sql: z.string(aboutSql).trim().min(1, aboutSql).max(longestSql, aboutSql),
  limit: z.int(aboutLimit).min(1, aboutLimit).max(mostRows, aboutLimit).optional(),
});

const answer = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  rows: z.array(z.array(z.unknown())),
  truncated: z.boolean(),
  elapsed_ms: z.number(),
});

/** `POST /sql`, for the owner. */
export function sqlRoutes(api: Api, sql: Sql): void {
  api.openapi(
    route('telemetry.sql', {
      method: 'post',
      path: '/sql',
      tags: ['telemetry'],
      summary: 'Ask history in SQL',
      description:
        'One statement that reads, in the SQL of DuckDB, over telemetry, rollup_1m, rollup_1h, ' +
        'rollup_1d, devices and commands. It may take 30 s and 96 MB, and sees no files and no ' +
        `network. At most limit rows are answered (${defaultRows} when not given).`,
      request: {
        body: { required: true, content: { 'application/json': { schema: question } } },
      },
      responses: {
        200: { description: 'The rows', content: { 'application/json': { schema: answer } } },
        422: { description: 'It is no statement that reads, or DuckDB does not understand it' },
        429: { description: 'Too many statements wait' },
        504: { description: 'It took too long' },
      },
    }),
    async (context) => {
      const asked = context.req.valid('json');
      const { signal } = context.req.raw;
      const text = textOf(await sql.query(asked, context.get('caller'), signal));
      return context.body(text, 200, { 'content-type': 'application/json' }) as never;
    },
  );
}

/** The rows come as text: what is not looked at here need not be taken apart. */
const textOf = ({ columns, rows, truncated, elapsedMs }: SqlAnswer): string =>
  `{"columns":${JSON.stringify(columns)},"rows":${rows},"truncated":${truncated},"elapsed_ms":${elapsedMs}}`;
