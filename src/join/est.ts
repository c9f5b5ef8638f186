import { type ErrorCode, HearthError, isHearthError } from '#kernel';
import { certificatesOnly } from '#pki';
import type { EstApplicant } from './enrolment.ts';

/** What EST (RFC 7030) says on the wire, with the corrections of RFC 8951. */

/** Of a body: base64 of 16 KB and line breaks. */
const mostBodyCharacters = 24 * 1024;

/**
 * A body of `application/pkcs10` as PEM: base64 of DER, with or without line breaks (RFC 8951 §3.1),
 * and, because many tools cannot help it, with or without PEM's own lines around it.
 * @throws HearthError `too_large` or `bad_request`.
 */
export function requestPemOf(body: string): string {
  if (body.length > mostBodyCharacters) {
    throw new HearthError('too_large', 'the certificate request is longer than 16 KB');
  }
  const base64 = body.replace(/-----(?:BEGIN|END)[A-Z ]*-----/g, '').replace(/\s/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    throw new HearthError('bad_request', 'the body is no base64', {
      hint: 'Send the PKCS #10 request as DER in base64, as application/pkcs10.',
    });
  }
  return `-----BEGIN CERTIFICATE REQUEST-----\n${linesOf(base64)}\n-----END CERTIFICATE REQUEST-----\n`;
}

/**
 * Who a request says it is, by HTTP Basic (RFC 7617); `undefined` when it does not say.
 * @throws HearthError `unauthenticated` for another scheme, or what cannot be read.
 */
export function applicantOf(authorization: string | undefined): EstApplicant | undefined {
  if (authorization === undefined) return undefined;
  const encoded = /^basic +([A-Za-z0-9+/]{1,1024}={0,2})$/i.exec(authorization.trim())?.[1];
  const text = Buffer.from(encoded ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1 || colon > 64) {
    throw new HearthError('unauthenticated', 'the authorization cannot be read', {
      hint: 'HTTP Basic, with the id of the device as user name.',
    });
  }
  return { id: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Certificates as EST answers with them (RFC 7030 §4.1.3, §4.2.3). */
export const certificatesResponse = (certificates: readonly Uint8Array[]): Response =>
  new Response(`${linesOf(certificatesOnly(certificates).toString('base64'))}\n`, {
    headers: {
      'content-type': 'application/pkcs7-mime; smime-type=certs-only',
      'content-transfer-encoding': 'base64',
    },
  });

const statusOf: Readonly<Partial<Record<ErrorCode, number>>> = {
  bad_request: 400,
  unprocessable: 400,
  unauthenticated: 401,
  // A wrong password: asking once more with another may help (RFC 7030 §3.2.3).
  forbidden: 401,
  not_found: 403,
  conflict: 403,
  too_large: 413,
  too_many_requests: 429,
  unavailable: 503,
};

/**
 * What became of a request that was refused, in plain words (RFC 7030 §4.2.3). A bug is thrown on.
 * @param wayIn whether signing in by HTTP Basic could help.
 */
export function refusalResponse(error: unknown, wayIn: 'basic' | 'certificate'): Response {
  if (!isHearthError(error)) throw error;
  const known = statusOf[error.code];
  if (known === undefined) throw error;
  const status = known === 401 && wayIn === 'certificate' ? 403 : known;
  const headers = new Headers({ 'content-type': 'text/plain; charset=utf-8' });
  if (status === 401) headers.set('www-authenticate', 'Basic realm="hearth", charset="UTF-8"');
  if (error.retryAfterSeconds !== undefined) {
    headers.set('retry-after', String(Math.ceil(error.retryAfterSeconds)));
  }
  const hint = error.hint === undefined ? '' : `${error.hint}\n`;
  return new Response(`${error.message}\n${hint}`, { status, headers });
}

const linesOf = (base64: string): string => (base64.match(/.{1,64}/g) ?? []).join('\n');
