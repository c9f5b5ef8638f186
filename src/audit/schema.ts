import { z } from '@hono/zod-openapi';

const text = z.string().min(1).max(300).optional();
const time = (what: string) =>
  z
    .string()
    .max(40)
    .optional()
    .openapi({ description: `${what}: ISO 8601, or relative to now`, example: '-7d' });

const row = z
  .object({
    seq: z.number().int(),
    at: z.iso.datetime(),
    actor: z.string(),
    action: z.string(),
    subject: z.string(),
    outcome: z.string(),
    origin: z.string(),
    detail: z.record(z.string(), z.unknown()),
    hash: z.string().openapi({
      description: 'HMAC-SHA-256 over this row and the hash before it, under a key of this hub',
    }),
  })
  .openapi('AuditRow');

export const rows = z.object({ rows: z.array(row) });

const filter = {
  actor: text.openapi({ example: 'person:Anna' }),
  action: text.openapi({
    description: 'One action, or the word before its dot for all of them',
    example: 'command.create',
  }),
  subject: text.openapi({ example: 'device:kitchen-plug' }),
  outcome: text.openapi({ example: 'refused' }),
  since: time('Not before'),
  until: time('Before'),
};

export const listQuery = z.object({
  ...filter,
  before: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .openapi({ description: 'Rows before this one' }),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

export const exportQuery = z.object({ ...filter, format: z.enum(['csv']).default('csv') });

const problem = z.object({
  kind: z.enum(['altered', 'removed', 'removed_at_end', 'forged_head', 'forged_checkpoint']),
  message: z.string(),
  row: z.number().int().optional(),
  from: z.number().int().optional(),
  to: z.number().int().optional(),
  last: z.number().int().optional(),
  head: z.number().int().optional(),
});

export const verdict = z
  .object({
    ok: z.boolean(),
    rows: z
      .number()
      .int()
      .openapi({ description: 'How many are proven to be as they were written' }),
    first: z
      .number()
      .int()
      .openapi({ description: 'Number of the first of them; 0: there is none' }),
    last: z.number().int().openapi({ description: 'Number of the last of them' }),
    problem: problem.optional().openapi({ description: 'The first of `problems`' }),
    problems: z.array(problem).openapi({ description: 'What is wrong; the first twenty' }),
  })
  .openapi('AuditVerdict');
