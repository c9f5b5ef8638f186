import type { Db } from '#db';
import type { CertificateRecord } from './register.ts';

interface Row {
  readonly serial: string;
  readonly device_id: string;
  readonly fingerprint256: string;
  readonly not_before: string;
  readonly not_after: string;
  readonly issued_at: string;
  readonly revoked_at: string | null;
  readonly authority_key: string | null;
  readonly first_used_at_ms: number | null;
  readonly renewed_by: string | null;
  readonly warned_at_ms: number | null;
}

const recordOf = (row: Row): CertificateRecord => ({
  serial: row.serial,
  deviceId: row.device_id,
  fingerprint256: row.fingerprint256,
  notBefore: row.not_before,
  notAfter: row.not_after,
  issuedAt: row.issued_at,
  revokedAt: row.revoked_at ?? undefined,
  authorityKey: row.authority_key ?? '',
  firstUsedAtMs: row.first_used_at_ms ?? undefined,
  renewedBy: row.renewed_by ?? undefined,
  warnedAtMs: row.warned_at_ms ?? undefined,
});

/** A list of revoked certificates as it was signed. */
export interface StoredRevocationList {
  readonly number: number;
  readonly madeAtMs: number;
  readonly authorityKey: string;
  /** How many certificates it names. */
  readonly revoked: number;
  readonly der: Buffer;
}

/** The table of issued certificates, and the newest list of those revoked. */
export class CertificateStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** Every certificate, oldest first; those of before there were two authorities are `authorityKey`'s. */
  all(authorityKey: string): CertificateRecord[] {
    this.#db
      .prepare('UPDATE certificates SET authority_key = ? WHERE authority_key IS NULL')
      .run(authorityKey);
    const rows = this.#db.prepare<[], Row>('SELECT * FROM certificates ORDER BY rowid').all();
    return rows.map(recordOf);
  }

  /** Adds a certificate, and says of `renewed` that this one was issued in their place. */
  insert(record: CertificateRecord, renewed: readonly string[]): void {
    const renew = this.#db.prepare('UPDATE certificates SET renewed_by = ? WHERE serial = ?');
    this.#db.transaction(() => {
      this.#db
        .prepare(
          `INSERT INTO certificates
             (serial, device_id, fingerprint256, not_before, not_after, issued_at, authority_key)
           VALUES
             (@serial, @deviceId, @fingerprint256, @notBefore, @notAfter, @issuedAt, @authorityKey)`,
        )
        .run({ ...record });
      for (const serial of renewed) renew.run(record.serial, serial);
    })();
  }

  /** Revokes all of `serials` or, if the power goes, none. */
  revoke(serials: readonly string[], revokedAt: string): void {
    const update = this.#db.prepare(
      'UPDATE certificates SET revoked_at = ? WHERE serial = ? AND revoked_at IS NULL',
    );
    this.#db.transaction(() => {
      for (const serial of serials) update.run(revokedAt, serial);
    })();
  }

  markUsed(serials: readonly string[], atMs: number): void {
    this.#mark('first_used_at_ms', serials, atMs);
  }

  markWarned(serials: readonly string[], atMs: number): void {
    this.#mark('warned_at_ms', serials, atMs);
  }

  revocationList(): StoredRevocationList | undefined {
    return this.#db
      .prepare<[], StoredRevocationList>(
        `SELECT number, made_at_ms AS madeAtMs, authority_key AS authorityKey, revoked, der
         FROM revocation_list`,
      )
      .get();
  }

  saveRevocationList(list: StoredRevocationList): void {
    this.#db
      .prepare(
        `INSERT OR REPLACE INTO revocation_list (id, number, made_at_ms, authority_key, revoked, der)
         VALUES (1, @number, @madeAtMs, @authorityKey, @revoked, @der)`,
      )
      .run(list);
  }

  #mark(
    column: 'first_used_at_ms' | 'warned_at_ms',
    serials: readonly string[],
    atMs: number,
  ): void {
    const update = this.#db.prepare(`UPDATE certificates SET ${column} = ? WHERE serial = ?`);
    this.#db.transaction(() => {
      for (const serial of serials) update.run(Math.floor(atMs), serial);
    })();
  }
}
