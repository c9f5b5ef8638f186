import { isIP } from 'node:net';
import { HearthError } from '#kernel';
import type { PageVisit } from '../sign-in/page-visit.ts';

/** Whether a page of ours can make and use passkeys, and if not, why, for the person who asks. */
export type Availability =
  | { readonly available: true; readonly rpId: string; readonly origin: string }
  | { readonly available: false; readonly reason: string };

/**
 * Judges the address under which a page of ours was opened. A passkey belongs to a host name (Web
 * Authentication §5.1.2: an address is no valid domain), and browsers make none where others could
 * read along (Secure Contexts §3.1: HTTPS, or this very machine). That the name is one of ours was
 * seen to before a request comes here; the port has to be too, for a passkey signs at every port of its
 * name.
 */
export function availabilityAt({ page, isOurs }: Pick<PageVisit, 'page' | 'isOurs'>): Availability {
  const { protocol, hostname, origin } = page;
  const name = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (isIP(name) !== 0) {
    return {
      available: false,
      reason:
        `This page was opened by an address (${name}), and a passkey belongs to a name. ` +
        `Open the hub by its name instead, or use an authenticator app (TOTP).`,
    };
  }
  if (protocol !== 'https:' && name !== 'localhost') {
    return {
      available: false,
      reason:
        'This page came over plain HTTP, where browsers make no passkeys. ' +
        'Open it by https:// instead, or use an authenticator app (TOTP).',
    };
  }
  if (!isOurs) {
    return {
      available: false,
      reason:
        `The hub does not listen at ${origin} itself. Open it at its own port, or let its owner ` +
        `add ${origin} to https.allowed_origins.`,
    };
  }
  return { available: true, rpId: name, origin };
}

/** @throws HearthError `unprocessable` with the reason when there can be no passkey on this page. */
export function requireAvailable(visit: PageVisit): Extract<Availability, { available: true }> {
  const found = availabilityAt(visit);
  if (found.available) return found;
  throw new HearthError('unprocessable', 'there are no passkeys on this page', {
    hint: found.reason,
  });
}
