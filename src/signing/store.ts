import type { Db } from '#db';
import type { Algorithm, CertificateKey, Demand, PublicKey, SigningSettings } from './types.ts';

interface SettingsRow {
  readonly device_id: string;
  readonly command_algorithm: Algorithm;
  readonly signature: Demand;
  readonly signing_key_kind: Algorithm | 'certificate' | null;
  readonly signing_key: Uint8Array | null;
  readonly encryption: Demand;
  readonly box_key: Uint8Array | null;
}

interface CertificateRow {
  readonly device_id: string;
  readonly fingerprint: string;
  readonly algorithm: Algorithm | null;
  readonly public_key: Uint8Array | null;
}

/** What is agreed with each device, on disk. Removed devices take theirs with them. */
export class SigningStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  settings(): Map<string, SigningSettings> {
    const rows = this.#db
      .prepare<[], SettingsRow>(
        `SELECT device_id, command_algorithm, signature, signing_key_kind, signing_key, encryption,
                box_key
         FROM device_signing`,
      )
      .all();
    return new Map(rows.map((row) => [row.device_id, settingsOf(row)]));
  }

  /** Writes what is agreed with a device; `inTransaction` is done in the same transaction. */
  put(deviceId: string, settings: SigningSettings, nowMs: number, inTransaction: () => void): void {
    const { signingKey } = settings;
    const isRegistered = typeof signingKey === 'object';
    const put = this.#db.prepare(
      `INSERT OR REPLACE INTO device_signing
         (device_id, command_algorithm, signature, signing_key_kind, signing_key, encryption,
          box_key, updated_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#db.transaction(() => {
      put.run(
        deviceId,
        settings.commandAlgorithm,
        settings.signature,
        (isRegistered ? signingKey.algorithm : signingKey) ?? null,
        isRegistered ? signingKey.raw : null,
        settings.encryption,
        settings.boxKey ?? null,
        Math.floor(nowMs),
      );
      inTransaction();
    })();
  }

  certificateKeys(): Map<string, CertificateKey> {
    const rows = this.#db
      .prepare<[], CertificateRow>(
        'SELECT device_id, fingerprint, algorithm, public_key FROM certificate_keys',
      )
      .all();
    return new Map(
      rows.map(({ device_id, fingerprint, algorithm, public_key }) => [
        device_id,
        { fingerprint, key: keyOf(algorithm, public_key) },
      ]),
    );
  }

  /** Writes many devices' keys in one transaction. */
  putCertificateKeys(keys: ReadonlyMap<string, CertificateKey>): void {
    const put = this.#db.prepare(
      `INSERT OR REPLACE INTO certificate_keys (device_id, fingerprint, algorithm, public_key)
       VALUES (?, ?, ?, ?)`,
    );
    this.#db.transaction(() => {
      for (const [deviceId, { fingerprint, key }] of keys) {
        put.run(deviceId, fingerprint, key?.algorithm ?? null, key?.raw ?? null);
      }
    })();
  }
}

const settingsOf = (row: SettingsRow): SigningSettings => ({
  commandAlgorithm: row.command_algorithm,
  signature: row.signature,
  signingKey:
    row.signing_key_kind === 'certificate'
      ? 'certificate'
      : keyOf(row.signing_key_kind, row.signing_key),
  encryption: row.encryption,
  boxKey: row.box_key ?? undefined,
});

const keyOf = (algorithm: Algorithm | null, raw: Uint8Array | null): PublicKey | undefined =>
  algorithm === null || raw === null ? undefined : { algorithm, raw };
