import { createHash } from 'node:crypto';
import type { CertificateStore } from './store.ts';

/** An issued client certificate. Times are ISO 8601 UTC. */
export interface CertificateRecord {
  /** Upper-case hex, as OpenSSL and Node print it. */
  readonly serial: string;
  readonly deviceId: string;
  /** SHA-256 of the DER, `AB:CD:…`. */
  readonly fingerprint256: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly issuedAt: string;
  readonly revokedAt: string | undefined;
  /** Which authority signed it: SHA-256 of its public key, hex. */
  readonly authorityKey: string;
  /** When its device first proved itself with it; milliseconds since 1970. */
  readonly firstUsedAtMs?: number | undefined;
  /** The serial of the one issued in its place. */
  readonly renewedBy?: string | undefined;
  /** When somebody was told that it ends soon. */
  readonly warnedAtMs?: number | undefined;
}

/** The device a certificate names. */
export interface CertificateHolder {
  readonly deviceId: string;
  readonly serial: string;
}

export interface CertificateRefusal {
  readonly refused: 'unknown' | 'expired' | 'revoked';
  /** Whose it is or was, where that is known. */
  readonly deviceId?: string;
}

export const fingerprintOf = (der: Uint8Array): string =>
  (createHash('sha256').update(der).digest('hex').toUpperCase().match(/../g) ?? []).join(':');

/**
 * What was issued and what was revoked since, kept in memory beside the table so that a thousand
 * devices that come back at once cost no query. A certificate that is not in it was not issued
 * here, whoever signed it: a stolen authority key alone lets nobody in.
 */
export class CertificateRegister {
  readonly #store: CertificateStore;
  readonly #bySerial = new Map<string, CertificateRecord>();
  readonly #serialByFingerprint = new Map<string, string>();

  constructor(store: CertificateStore) {
    this.#store = store;
  }

  /** Those that do not say who signed them are of `authorityKey`. */
  load(authorityKey: string): void {
    for (const record of this.#store.all(authorityKey)) this.#keep(record);
  }

  /** All of them, oldest first. */
  all(): IterableIterator<CertificateRecord> {
    return this.#bySerial.values();
  }

  /** When the newest certificate was issued, in milliseconds since 1970; 0 before the first. */
  get newestMs(): number {
    let newestMs = 0;
    for (const record of this.#bySerial.values()) {
      newestMs = Math.max(newestMs, Date.parse(record.issuedAt));
    }
    return newestMs;
  }

  /**
   * Adds a certificate. It takes the place of `renews`, and of all that were issued in that one's
   * place before and have not been used: their answers were lost.
   */
  add(record: CertificateRecord, renews?: CertificateRecord): void {
    const renewed: CertificateRecord[] = [];
    for (let next = renews; next !== undefined && !renewed.includes(next); ) {
      renewed.push(next);
      next = next.renewedBy === undefined ? undefined : this.#bySerial.get(next.renewedBy);
    }
    const serials = renewed.map(({ serial }) => serial);
    this.#store.insert(record, serials);
    this.#keep(record);
    for (const old of renewed) this.#keep({ ...old, renewedBy: record.serial });
  }

  /** Takes note that these were used for the first time. */
  markUsed(serials: readonly string[], atMs: number): void {
    this.#store.markUsed(serials, atMs);
    this.#change(serials, { firstUsedAtMs: atMs });
  }

  /** Takes note that somebody was told of the end of these. */
  markWarned(serials: readonly string[], atMs: number): void {
    this.#store.markWarned(serials, atMs);
    this.#change(serials, { warnedAtMs: atMs });
  }

  /** Who `der` names at `nowMs`. A clock that runs late makes nothing expire. */
  identify(der: Uint8Array, nowMs: number): CertificateHolder | CertificateRefusal {
    const record = this.find(der);
    if (record === undefined) return { refused: 'unknown' };
    const { deviceId } = record;
    if (record.revokedAt !== undefined) return { refused: 'revoked', deviceId };
    if (nowMs > Date.parse(record.notAfter)) return { refused: 'expired', deviceId };
    return { deviceId, serial: record.serial };
  }

  /** The certificate whose DER this is, whatever became of it. */
  find(der: Uint8Array): CertificateRecord | undefined {
    const serial = this.#serialByFingerprint.get(fingerprintOf(der));
    return serial === undefined ? undefined : this.#bySerial.get(serial);
  }

  /** Every certificate of a device, oldest first, the revoked ones too. */
  of(deviceId: string): CertificateRecord[] {
    return [...this.#bySerial.values()].filter((record) => record.deviceId === deviceId);
  }

  get(serial: string): CertificateRecord | undefined {
    return this.#bySerial.get(serial);
  }

  /** Returns once it is on disk. */
  revoke(records: readonly CertificateRecord[], revokedAt: string): void {
    const serials = records.map(({ serial }) => serial);
    this.#store.revoke(serials, revokedAt);
    for (const record of records) this.#keep({ ...record, revokedAt });
  }

  #change(serials: readonly string[], change: Partial<CertificateRecord>): void {
    for (const serial of serials) {
      const record = this.#bySerial.get(serial);
      if (record !== undefined) this.#keep({ ...record, ...change });
    }
  }

  #keep(record: CertificateRecord): void {
    this.#bySerial.set(record.serial, record);
    this.#serialByFingerprint.set(record.fingerprint256, record.serial);
  }
}
