import { HearthError } from '#kernel';

/** Methods that change nothing (RFC 9110 §9.2.1). */
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Whether a request may do something in the name of whoever sent it: any method but the safe ones,
 * and a WebSocket handshake, which is a GET that opens a door and which no browser keeps to one site
 * (RFC 6455 §10.2).
 */
export const needsOwnOrigin = (method: string, headers: Headers): boolean =>
  !safeMethods.has(method.toUpperCase()) || headers.has('upgrade');

/**
 * Whether a browser says that one of our own pages sent this. SameSite=Strict is not enough: sites
 * do not end at ports, so a page of any other program on this machine would pass for ours. `Origin`
 * and `Sec-Fetch-Site` have to agree where a browser sends both.
 * @param isTls whether it came over TLS. A page that came in the clear may be anybody's, whatever the
 * name in front of it (RFC 6454 §4 counts the scheme too), and may do nothing at that door.
 */
export function isOwnOrigin(headers: Headers, isTls: boolean): boolean {
  const origin = headers.get('origin');
  const site = headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin') return false;
  if (origin === null) return site !== null;
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  if (isTls && protocol !== 'https:') return false;
  // Both leave out the port that goes without saying (RFC 6454 §6.2, RFC 9110 §4.2.3).
  return host === headers.get('host')?.toLowerCase();
}

/** @throws HearthError `forbidden` when a page of somebody else's sent this. */
export function requireOwnOrigin(headers: Headers, isTls: boolean): void {
  if (isOwnOrigin(headers, isTls)) return;
  throw new HearthError('forbidden', 'this was not sent by a page of this hub', {
    hint: 'A program sends Authorization: Bearer with a token instead of the cookie.',
  });
}

/** As above for those not signed in yet, among whom programs send neither header. */
export function refuseForeignOrigin({ headers, url }: Request): void {
  if (!headers.has('origin') && !headers.has('sec-fetch-site')) return;
  requireOwnOrigin(headers, url.startsWith('https:'));
}
