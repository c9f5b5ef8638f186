import type { CertificateRecord } from './register.ts';
import { dayMs } from './time.ts';

/** How long a certificate stays good once its successor was used: the device may yet fall back. */
export const graceMs = 7 * dayMs;
/** How long before its end somebody is told of a certificate that nobody renewed. */
export const warningMs = 30 * dayMs;

/**
 * Certificates that have had their time: replaced by one that their device has used for a week. As
 * long as it has not, the old one stays: the answer may have been lost, or the power went before the
 * device had written it down.
 */
export function replaced(records: Iterable<CertificateRecord>, nowMs: number): CertificateRecord[] {
  const bySerial = new Map([...records].map((record) => [record.serial, record]));
  const isSettled = (record: CertificateRecord): boolean => {
    const seen = new Set<string>();
    let next = successorOf(record, bySerial);
    while (next !== undefined && !seen.has(next.serial)) {
      const { firstUsedAtMs } = next;
      if (firstUsedAtMs !== undefined && nowMs - firstUsedAtMs >= graceMs) return true;
      seen.add(next.serial);
      next = successorOf(next, bySerial);
    }
    return false;
  };
  return [...bySerial.values()].filter(
    (record) => record.revokedAt === undefined && isSettled(record),
  );
}

/**
 * Certificates that are in use, end soon, and have no successor in use; nobody was told of them yet.
 */
export function expiring(records: Iterable<CertificateRecord>, nowMs: number): CertificateRecord[] {
  const inUse = [...records].filter(
    ({ revokedAt, firstUsedAtMs }) => revokedAt === undefined && firstUsedAtMs !== undefined,
  );
  const lastEnd = new Map<string, string>();
  for (const { deviceId, notAfter } of inUse) {
    if (notAfter > (lastEnd.get(deviceId) ?? '')) lastEnd.set(deviceId, notAfter);
  }
  return inUse.filter(
    ({ deviceId, notAfter, warnedAtMs }) =>
      warnedAtMs === undefined &&
      notAfter === lastEnd.get(deviceId) &&
      Date.parse(notAfter) - nowMs <= warningMs,
  );
}

const successorOf = (
  { renewedBy }: CertificateRecord,
  bySerial: ReadonlyMap<string, CertificateRecord>,
): CertificateRecord | undefined => (renewedBy === undefined ? undefined : bySerial.get(renewedBy));
