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
}

const recordOf = (row: Row): CertificateRecord => ({
  serial: row.serial,
  deviceId: row.device_id,
  fingerprint256: row.fingerprint256,
  notBefore: row.not_before,
  notAfter: row.not_after,
  issuedAt: row.issued_at,
  revokedAt: row.revoked_at ?? undefined,
});

/** The table of issued certificates. */
export class CertificateStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  all(): CertificateRecord[] {
    const rows = this.#db.prepare<[], Row>('SELECT * FROM certificates ORDER BY rowid').all();
    return rows.map(recordOf);
  }

  insert(record: CertificateRecord): void {
    this.#db
      .prepare(
        `INSERT INTO certificates
           (serial, device_id, fingerprint256, not_before, not_after, issued_at)
         VALUES (@serial, @deviceId, @fingerprint256, @notBefore, @notAfter, @issuedAt)`,
      )
      .run({ ...record, revokedAt: undefined });
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
}
