import { createPublicKey } from 'node:crypto';

/** SubjectPublicKeyInfo of P-256 (RFC 5480 §2) up to the point, which is 04, X and Y. */
const spkiHeader = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');
const pointBytes = 64;

/**
 * Reads the P-256 public key of a device: its point as 64 bytes X and Y (which is what an ATECC608A
 * gives) or 65 with the leading 04, in hex or base64; or SubjectPublicKeyInfo in base64.
 * @returns SubjectPublicKeyInfo, DER; `undefined` when it is none, or no point of the curve.
 */
export function deviceKeyOf(text: string): Buffer | undefined {
  const bytes = bytesOf(text.trim());
  const der =
    bytes?.length === pointBytes
      ? Buffer.concat([spkiHeader, Buffer.of(4), bytes])
      : bytes?.length === pointBytes + 1
        ? Buffer.concat([spkiHeader, bytes])
        : bytes;
  if (der === undefined) return undefined;
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const isP256 = key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    return isP256 ? key.export({ format: 'der', type: 'spki' }) : undefined;
  } catch {
    return undefined;
  }
}

function bytesOf(text: string): Buffer | undefined {
  if (/^(?:[0-9a-f]{128}|04[0-9a-f]{128})$/i.test(text)) return Buffer.from(text, 'hex');
  return /^[A-Za-z0-9+/]{86,200}={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}
