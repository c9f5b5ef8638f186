import type { X509Certificate } from 'node:crypto';
import { HearthError } from '#kernel';
import type { CertificateRecord } from './register.ts';
import type { Root } from './root.ts';

/** The name of a device in the subjectAltName of its certificates. */
export const uriOf = (deviceId: string): string =>
  `urn:hearth:device:${encodeURIComponent(deviceId)}`;

/** What is kept of a certificate that was just signed by `root`. */
export function recordOf(
  certificate: X509Certificate,
  deviceId: string,
  root: Root,
  issuedMs: number,
): CertificateRecord {
  return {
    serial: certificate.serialNumber,
    deviceId,
    fingerprint256: certificate.fingerprint256,
    notBefore: certificate.validFromDate.toISOString(),
    notAfter: certificate.validToDate.toISOString(),
    issuedAt: new Date(issuedMs).toISOString(),
    revokedAt: undefined,
    authorityKey: root.keyId,
  };
}

/**
 * RFC 5280 ub-common-name is 64 characters; what a topic level cannot hold names no device either.
 * @throws HearthError `bad_request` with field `id`.
 */
export function requireDeviceId(deviceId: string): void {
  if (/^[\p{L}\p{N}._:@~-]{1,64}$/u.test(deviceId)) return;
  throw new HearthError('bad_request', `"${deviceId.slice(0, 64)}" cannot name a device`, {
    field: 'id',
    hint: 'Use 1 to 64 letters, digits and . _ : @ ~ -',
  });
}
