import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** A row as it lies in the table. */
export interface StoredRow {
  readonly seq: number;
  readonly at_ms: number;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly outcome: string;
  readonly origin: string;
  /** JSON, as it was written. */
  readonly detail: string;
  readonly hash: string;
}

/** A place in the chain: a row's number and its hash, which stands for all rows up to it. */
export interface Link {
  readonly seq: number;
  readonly hash: string;
}

/** A link that this hub vouches for. */
export interface SignedLink extends Link {
  readonly mac: string;
}

/** Before the first row. */
export const origin: Link = { seq: 0, hash: '' };

type Unhashed = Omit<StoredRow, 'hash'>;

/**
 * The hash of a row over its fields and the hash of the row before it: HMAC-SHA-256 (RFC 2104), so
 * that who writes into the database cannot make one. Without a key (rows of before there was one)
 * SHA-256, which shows accidents and no more.
 */
export function hashOfRow(key: Uint8Array | undefined, before: string, row: Unhashed): string {
  const { seq, at_ms, actor, action, subject, outcome, origin, detail } = row;
  const text = JSON.stringify([
    before,
    seq,
    at_ms,
    actor,
    action,
    subject,
    outcome,
    origin,
    detail,
  ]);
  if (key === undefined) return createHash('sha256').update(text).digest('hex');
  return createHmac('sha256', key).update(`hearth-audit-row-v1\n${text}`).digest('hex');
}

export function signLink(key: Uint8Array, what: 'head' | 'checkpoint', link: Link): SignedLink {
  const mac = createHmac('sha256', key)
    .update(`hearth-audit-${what}-v1\n${link.seq}\n${link.hash}`)
    .digest('hex');
  return { seq: link.seq, hash: link.hash, mac };
}

export function isSigned(
  key: Uint8Array,
  what: 'head' | 'checkpoint',
  link: SignedLink | undefined,
): link is SignedLink {
  if (link === undefined) return false;
  const expected = Buffer.from(signLink(key, what, link).mac);
  const found = Buffer.from(link.mac);
  return found.length === expected.length && timingSafeEqual(found, expected);
}
