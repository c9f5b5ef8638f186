import { z } from '@hono/zod-openapi';
import { HearthError } from '#kernel';
import { encodeBase64 } from './base64.ts';
import { keyJson, readBoxKey, readPublicKey } from './public-key.ts';
import { algorithms, demands, type PublicKey, type SigningSettings } from './types.ts';

/** A PEM of these kinds has about 180 characters. */
const longestKey = 2000;

const algorithm = z.enum(algorithms);
const demand = z.enum(demands).openapi({
  description:
    'off: not looked at. optional: what is there must be right. required: it must be there.',
});
const keyText = z.string().min(1).max(longestKey);

export const deviceSigning = z
  .strictObject({
    command_algorithm: algorithm.openapi({
      description: 'With which of its keys the hub signs commands and configs for this device',
    }),
    signature: demand,
    signing_key: z
      .union(
        [z.literal('certificate'), z.strictObject({ algorithm, public_key: keyText }), z.null()],
        { error: 'it is neither null nor "certificate" nor {"algorithm", "public_key"}' },
      )
      .openapi({
        description:
          'What the device signs with: Ed25519 as 32 bytes in base64 or PEM, P-256 as PEM or the 65 ' +
          'bytes of the uncompressed point in base64; "certificate" for the key of the client ' +
          'certificate that it connected with last',
      }),
    encryption: demand,
    box_key: keyText.nullable().openapi({
      description: "The device's public box key (X25519), 32 bytes in base64",
    }),
  })
  .openapi('DeviceSigning');

export type DeviceSigningJson = z.infer<typeof deviceSigning>;

const publicKey = z.object({ pem: z.string(), raw: z.string() });

export const signingKeys = z
  .object({
    ed25519: publicKey.openapi({ description: 'raw: the 32 bytes of RFC 8032' }),
    p256: publicKey.openapi({ description: 'raw: the 65 bytes of the uncompressed point' }),
    box: z.object({ raw: z.string() }).openapi({ description: 'X25519; raw: 32 bytes' }),
  })
  .openapi('SigningKeys');

export const deviceIdParam = z.object({ id: z.string().min(1).max(64) });

/** What is agreed with a device, as REST shows it and takes it back. */
export const settingsJson = (settings: SigningSettings): DeviceSigningJson => ({
  command_algorithm: settings.commandAlgorithm,
  signature: settings.signature,
  signing_key:
    typeof settings.signingKey === 'object'
      ? keyJson(settings.signingKey)
      : (settings.signingKey ?? null),
  encryption: settings.encryption,
  box_key: settings.boxKey === undefined ? null : encodeBase64(settings.boxKey),
});

/**
 * Reads what is to be agreed with a device.
 * @throws HearthError `unprocessable` for a key that is none, and for a demand without a key.
 */
export function readSettings(json: DeviceSigningJson): SigningSettings {
  const { signature, signing_key, encryption, box_key } = json;
  if (signature !== 'off' && signing_key === null) {
    throw withoutKey('signing_key', 'signature', signature);
  }
  if (encryption !== 'off' && box_key === null) {
    throw withoutKey('box_key', 'encryption', encryption);
  }
  return {
    commandAlgorithm: json.command_algorithm,
    signature,
    signingKey: readSigningKey(signing_key),
    encryption,
    boxKey: box_key === null ? undefined : readBoxKey(box_key, 'box_key'),
  };
}

function readSigningKey(
  json: DeviceSigningJson['signing_key'],
): PublicKey | 'certificate' | undefined {
  if (json === null) return undefined;
  if (json === 'certificate') return json;
  return readPublicKey(json.algorithm, json.public_key, 'signing_key.public_key');
}

const withoutKey = (field: string, demand: string, value: string) =>
  new HearthError(
    'unprocessable',
    `${field} is null: with ${demand} "${value}" there must be a key to check with`,
    { field, hint: `Send the device's key as ${field}, or ${demand} "off".` },
  );
