import { z } from '@hono/zod-openapi';
import { HearthError } from '#kernel';
import { typeWord } from './definitions/schema.ts';
import { shipped } from './definitions/shipped.ts';
import { deviceStates } from './types.ts';

/**
 * Words that stand where a device's id stands in a path of the API (here, in telemetry's routes or
 * in the documented APIs of the seeds), so that no device may be called so.
 */
export const reservedDeviceIds: ReadonlySet<string> = new Set([
  'ack',
  'acks',
  'aggregated',
  'all',
  'api-key',
  'bulk',
  'certificates',
  'command',
  'commands',
  'config',
  'control',
  'data',
  'denials',
  'device',
  'devices',
  'discover',
  'export',
  'heartbeat',
  'latest',
  'local',
  'me',
  'new',
  'pair',
  'register',
  'revoke',
  'rooms',
  'search',
  'statistics',
  'status',
  'telemetry',
]);

const deviceIdPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/**
 * Checks the id of a device that is about to be made.
 * @throws HearthError `unprocessable` when it does not fit a topic and a path, or is a word of the API.
 */
export function checkNewDeviceId(id: string): string {
  if (!deviceIdPattern.test(id)) {
    throw new HearthError('unprocessable', `id cannot be "${id.slice(0, 80)}"`, {
      field: 'id',
      hint: 'Use 1 to 64 letters, digits, "_", "." and "-", and begin with a letter or digit.',
    });
  }
  if (reservedDeviceIds.has(id.toLowerCase())) {
    throw new HearthError('unprocessable', `id cannot be "${id}": it is a word of the API`, {
      field: 'id',
      hint: `Choose another, such as "${id}-1".`,
    });
  }
  return id;
}

const line = (longest: number) =>
  z
    .string()
    .trim()
    .max(longest)
    .regex(/^[^\p{Cc}]*$/u, 'has control characters');
const name = line(100).min(1);
const version = line(64).min(1).nullable();
const type = typeWord.openapi({
  description: `One of ${shipped.map(({ type }) => type).join(', ')}, or a word of your own.`,
});
const roomId = z.string().min(1).max(64);

export const deviceId = z.string().min(1).max(64);
export const deviceIdParam = z.object({
  id: deviceId.openapi({ param: { name: 'id', in: 'path' }, example: 'kitchen-plug' }),
});
export const roomIdParam = z.object({
  id: roomId.openapi({ param: { name: 'id', in: 'path' }, example: 'living-room' }),
});

export const newDevice = z
  .strictObject({
    id: z.string().openapi({ example: 'kitchen-plug' }),
    name: name.optional(),
    description: line(500).optional(),
    type: type.optional(),
    room: roomId.nullable().optional(),
    firmware_version: version.optional(),
    hardware_version: version.optional(),
  })
  .openapi('NewDevice');
export type NewDevice = z.infer<typeof newDevice>;

export const deviceChanges = newDevice
  .omit({ id: true })
  .extend({ state: z.enum(deviceStates).optional() })
  .openapi('DeviceChanges');
export type DeviceChanges = z.infer<typeof deviceChanges>;

const order = z.number().int().min(0).max(10_000);
export const newRoom = z.strictObject({ name, order: order.optional() }).openapi('NewRoom');
export const roomChanges = newRoom.partial().openapi('RoomChanges');
export type RoomChanges = z.infer<typeof roomChanges>;

const scalar = z.union([z.number(), z.boolean(), z.string()]);
const time = z.iso.datetime();
export const device = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    type: z.string(),
    room: z.string().nullable(),
    status: z.enum(['online', 'offline']),
    state: z.enum(deviceStates),
    last_seen: time.nullable(),
    firmware_version: z.string().nullable(),
    hardware_version: z.string().nullable(),
    created_at: time,
    updated_at: time,
    latest: z.record(z.string(), scalar).nullable(),
    reported: z.record(z.string(), scalar),
    denied: z.number().int().optional().openapi({
      description: 'Refused since the hub started; only for whoever may read GET /denials',
    }),
    sensitive: z.array(z.string()).readonly().optional().openapi({
      description: 'Metrics that are kept encrypted; their values are not shown here',
    }),
  })
  .openapi('Device');

export const room = z
  .object({ id: z.string(), name: z.string(), order: z.number().int() })
  .openapi('Room');

export const denial = z
  .object({
    at: time,
    last_at: time,
    count: z.number().int(),
    device_id: z.string().nullable(),
    identity: z.string().nullable(),
    action: z.enum(['connect', 'publish', 'subscribe']),
    topic: z.string(),
    client_id: z.string(),
    remote_address: z.string(),
    reason: z.string(),
  })
  .openapi('Denial');

export const withApiKey = z.object({
  api_key: z.string().openapi({ description: 'Shown this once; only its hash is kept.' }),
});

export const apiKeyRequest = z.strictObject({
  overlap: z
    .string()
    .max(16)
    .optional()
    .openapi({ description: 'How long the old key works: 24h by default, 0, up to 30d' }),
});

export const rotatedApiKey = withApiKey.extend({
  previous_valid_until: time
    .nullable()
    .openapi({ description: 'Until when the old key works; null when it does not' }),
});

const previousApiKey = z
  .object({ valid_until: time, last_used_at: time.nullable() })
  .openapi('PreviousApiKey', { description: 'The API key before the newest one, while it works' });

export const deviceWithKeys = device
  .extend({ previous_api_key: previousApiKey.optional() })
  .openapi('DeviceWithKeys');

/** As telemetry names them; the service says what is wrong with one. */
export const sensitiveMetrics = z.strictObject({
  metrics: z
    .array(z.string().max(128))
    .max(1000)
    .openapi({ example: ['spo2'] }),
});

export const sensitiveAnswer = z
  .object({
    metrics: z.array(z.string()).openapi({ description: 'Those that were declared' }),
    of_type: z.array(z.string()).openapi({ description: 'Those of every device of its type' }),
    applies_to: z.string(),
  })
  .openapi('SensitiveMetrics');

export const certificateRequest = z.strictObject({
  csr: z
    .string()
    .max(16_384)
    .optional()
    .openapi({ description: 'PKCS #10 request of the device itself (RFC 2986), PEM' }),
});

export const issuedCertificate = z
  .object({
    certificate: z.string().openapi({ description: 'PEM' }),
    key: z.string().optional().openapi({ description: 'PEM; only when the hub made it' }),
    ca: z.string().openapi({ description: 'What the device has to trust, PEM' }),
    serial: z.string(),
    not_after: time,
    mqtts_port: z
      .number()
      .int()
      .nullable()
      .openapi({ description: 'Where to connect with it: MQTT over TLS; null while it is off' }),
  })
  .openapi('IssuedCertificate');

export const certificate = z
  .object({
    serial: z.string(),
    fingerprint: z.string().openapi({ description: 'SHA-256 of the DER' }),
    not_before: time,
    not_after: time,
    revoked_at: time.nullable(),
  })
  .openapi('Certificate');
