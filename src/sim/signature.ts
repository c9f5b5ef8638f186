import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/** The keys a hub signs with, as PEM: what a device is given when it is set up. */
export interface HubKeys {
  readonly ed25519Pem: string;
  readonly p256Pem: string;
}

export type Algorithm = 'ed25519' | 'p256';
/** What a signed text is for: a signature for one purpose is none for another. */
export type Purpose = 'command' | 'config';

/** Checks whether a payload was signed by the hub, for this purpose and this device. */
export type Verifier = (purpose: Purpose, deviceId: string, payload: Buffer) => boolean;

const marker = Buffer.from(',"signature":"');
const tail = /^,"signature":"([A-Za-z0-9+/]+={0,2})"\}$/;

/**
 * Makes a verifier of the hub's keys. `algorithm` is the one the device is set up for; without it
 * either of the hub's keys will do.
 * @throws Error when a key is no PEM.
 */
export function verifierOf(keys: HubKeys, algorithm?: Algorithm): Verifier {
  const trusted: readonly (readonly [Algorithm, KeyObject])[] = [
    ['ed25519', createPublicKey(keys.ed25519Pem)],
    ['p256', createPublicKey(keys.p256Pem)],
  ];
  const accepted = trusted.filter(([name]) => algorithm === undefined || name === algorithm);
  return (purpose, deviceId, payload) => {
    const signed = takeApart(purpose, deviceId, payload);
    if (signed === undefined) return false;
    return accepted.some(([name, key]) =>
      verify(name === 'p256' ? 'sha256' : null, signed.bytes, key, signed.signature),
    );
  };
}

/**
 * The bytes that were signed: purpose, device id, and the JSON text without its last member, the
 * signature. Base64 that is spelled in any but the one canonical way is no signature.
 */
function takeApart(purpose: Purpose, deviceId: string, payload: Buffer) {
  const end = payload.lastIndexOf(marker);
  const base64 = end < 0 ? undefined : tail.exec(payload.toString('latin1', end))?.[1];
  if (base64 === undefined) return undefined;
  const signature = Buffer.from(base64, 'base64');
  if (signature.toString('base64') !== base64) return undefined;
  const head = Buffer.from(`hearth-${purpose}-v1\n${deviceId}\n`);
  return { bytes: Buffer.concat([head, payload.subarray(0, end), Buffer.from('}')]), signature };
}
