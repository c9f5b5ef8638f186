import { z } from '@hono/zod-openapi';
import { isDocument } from './document.ts';
import type { ConfigDocument } from './types.ts';

export const deviceIdParam = z.object({
  id: z
    .string()
    .min(1)
    .max(64)
    .openapi({ param: { name: 'id', in: 'path' }, example: 'bedroom-purifier' }),
});

const document = z.custom<ConfigDocument>(isDocument, 'it must be a JSON object').openapi({
  type: 'object',
  description: 'At most 16 KiB of JSON and 8 levels',
  example: { report_every_seconds: 30 },
});
const version = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const time = z.iso.datetime();

export const newConfig = z
  .strictObject({
    config: document,
    base_version: version.optional().openapi({
      description: 'Refused when another version is the desired one by now; 0 for none',
    }),
  })
  .openapi('NewConfig');

export const reportedVersion = z.strictObject({ version }).openapi('ReportedConfig');

export const ownConfig = z.object({ version, config: document }).openapi('OwnConfig');

export const configVersion = z
  .object({ version, config: document, set_at: time, set_by: z.string() })
  .openapi('ConfigVersion');

export const configState = z
  .object({
    device_id: z.string(),
    desired: configVersion.nullable(),
    reported: z.object({ version, at: time }).nullable(),
    taken: z.object({ version, at: time }).nullable().openapi({
      description: 'The version that the device acknowledged last as a command, and when',
    }),
    in_sync: z.boolean(),
    problem: z.string().nullable().openapi({
      description: 'Why the desired version is not sent at present, such as what the device said',
    }),
  })
  .openapi('ConfigState');
