import { z } from '@hono/zod-openapi';
import { reservedDeviceIds } from '#devices';

/** What crosses the wire here. */

export const joinableId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'is not 1 to 64 letters, digits, "_", "." and "-"')
  .refine((id) => !reservedDeviceIds.has(id.toLowerCase()), 'is a word of the API')
  .openapi({ example: 'kitchen-plug' });
export const deviceName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}]*$/u, 'has control characters');
export const deviceType = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,39}$/, 'is not a word of small letters, digits, "_" and "-"');
const code = z
  .string()
  .max(64)
  .openapi({ example: '8rk2-d0wq', description: 'Case, blanks and hyphens do not matter' });
const time = z.iso.datetime();

export const newWindow = z
  .strictObject({
    minutes: z.number().int().min(1).max(60).default(10),
    id: joinableId.optional().openapi({
      description: 'Only this device may come in, even if it had a certificate before',
    }),
    code: code
      .min(6)
      .optional()
      .openapi({ description: 'The code on the device itself; needs id. Otherwise one is made' }),
  })
  .refine(({ id, code }) => code === undefined || id !== undefined, {
    path: ['id'],
    message: 'a code of the device needs the id that it is for',
  })
  .openapi('NewJoinWindow');

export const openedWindow = z
  .object({
    code: z.string().openapi({ description: 'Shown this once; only its hash is kept' }),
    id: z.string().nullable(),
    expires_at: time,
  })
  .openapi('OpenedJoinWindow');

export const windowState = z
  .object({
    open: z.boolean(),
    expires_at: time.nullable(),
    id: z.string().nullable(),
    tries_left: z.number().int().nullable(),
    joined: z.string().nullable().openapi({ description: 'The device that came in' }),
  })
  .openapi('JoinWindow');

export const joinRequest = z
  .strictObject({
    code: code.optional().openapi({ description: 'May be missing for a registered key' }),
    id: joinableId,
    csr: z
      .string()
      .max(16_384)
      .openapi({ description: 'PKCS #10 request of the device itself (RFC 2986), PEM' }),
    name: deviceName.optional(),
    type: deviceType.optional(),
  })
  .openapi('JoinRequest');
export type JoinRequest = z.infer<typeof joinRequest>;

export const joined = z
  .object({
    id: z.string(),
    certificate: z.string().openapi({ description: 'PEM' }),
    ca: z.string().openapi({ description: 'What the device has to trust, PEM' }),
    not_after: time,
    mqtts_port: z.number().int().nullable(),
  })
  .openapi('Joined');

export const batchQuery = z.object({
  name: deviceName.default('batch').openapi({ param: { name: 'name', in: 'query' } }),
});
export const batchParam = z.object({
  id: z
    .string()
    .min(1)
    .max(64)
    .openapi({ param: { name: 'id', in: 'path' } }),
});
export const batch = z
  .object({
    id: z.string(),
    name: z.string(),
    devices: z.number().int(),
    claimed: z.number().int(),
    added_at: time,
    added_by: z.string(),
  })
  .openapi('JoinBatch');

export const authorityJson = z
  .object({
    name: z.string(),
    fingerprint: z.string().openapi({ description: 'SHA-256 of the DER' }),
    not_after: time,
    previous: z
      .object({
        fingerprint: z.string(),
        not_after: time,
        devices: z.array(z.string()).openapi({
          description: 'Those that have no certificate of the new authority yet',
        }),
      })
      .nullable()
      .openapi({ description: 'The authority before, while both are trusted' }),
  })
  .openapi('Authority');

export const finishRequest = z.strictObject({
  force: z.boolean().default(false).openapi({ description: 'Shut out devices that are left' }),
});
