import { isIP } from 'node:net';

/** The name of a Host header (RFC 9110 §7.2) without its port; `undefined` when it is none. */
export function hostName(host: string | null | undefined): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i.exec(host ?? '');
  return match?.[1]?.toLowerCase().replace(/^\[|\]$/g, '');
}

/**
 * Whether a request may be meant for this hub. A page of a stranger can point its own name at our
 * address (DNS rebinding) and would then pass for same-origin: so a name has to be one of ours. An
 * address cannot be rebound, and stays right when the router hands out a new one.
 */
export function isOurHost(host: string | null | undefined, ourNames: ReadonlySet<string>): boolean {
  const name = hostName(host);
  if (name === undefined) return false;
  return isIP(name) !== 0 || name === 'localhost' || ourNames.has(name);
}

/**
 * Whether a page at this address is the hub's own: another program on this machine has the same name
 * and another port. So the port has to be the one that the request came in by, or the whole origin one
 * of those that the owner lists, as for a port that a router or a container maps.
 */
export function isOurPage(
  { protocol, port, origin }: URL,
  localPort: number | undefined,
  allowedOrigins: ReadonlySet<string>,
): boolean {
  const said = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  return said === localPort || allowedOrigins.has(origin);
}

/** Host names and addresses in the subjectAltName of a certificate, as Node prints them. */
export function namesOfCertificate(subjectAltName: string | undefined): string[] {
  return (subjectAltName ?? '')
    .split(', ')
    .map((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1]?.toLowerCase())
    .filter((name) => name !== undefined);
}
