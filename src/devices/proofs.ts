import { HearthError, type Log } from '#kernel';
import { defaultOverlapMs, type NewApiKey, type PreviousApiKey } from './api-keys.ts';
import { type By, byHub } from './by.ts';
import type { Registry } from './registry.ts';
import type {
  Accounts,
  CertificateAuthority,
  CertificateRecord,
  IssuedCertificate,
} from './types.ts';

/** Writes down who did what to a device. */
export type Note = (
  action: string,
  deviceId: string,
  by: By,
  detail?: Readonly<Record<string, unknown>>,
) => void;

export interface ProofsOptions {
  readonly registry: Registry;
  readonly authority: CertificateAuthority;
  readonly credentials: Pick<Accounts['credentials'], 'remove'>;
  readonly mqttsPort: () => number | undefined;
  readonly note: Note;
  /** Ends the connections of a device. */
  readonly evict: (deviceId: string) => void;
  readonly log: Log;
}

/** What devices prove themselves with: certificates, API keys, credentials. */
export class Proofs {
  readonly #options: ProofsOptions;

  constructor(options: ProofsOptions) {
    this.#options = options;
  }

  /** Voids all that a device has, and ends its connections. @throws HearthError `not_found`. */
  revoke(id: string, by: By = byHub): readonly string[] {
    const serials = this.void(id);
    this.#options.note('device.revoke', id, by, { serials });
    this.#options.log.info({ deviceId: id, certificates: serials.length }, 'device revoked');
    return serials;
  }

  /** As `revoke`, for a device that goes for good: that is what is written down. */
  void(id: string): readonly string[] {
    const { registry, authority, credentials, evict } = this.#options;
    registry.get(id);
    const serials = authority.revokeAll(id);
    registry.revokeKeys(id);
    credentials.remove(id, 'device');
    evict(id);
    return serials;
  }

  /**
   * A new API key. The one before it works for `overlapMs` more, a day unless it is said; 0 for no
   * longer at all. @throws HearthError `not_found`, `unprocessable` for more than 30 days.
   */
  rotateApiKey(id: string, overlapMs = defaultOverlapMs, by: By = byHub): NewApiKey {
    const { registry, note } = this.#options;
    const detail = { overlap_ms: overlapMs };
    return registry.rotateKey(id, overlapMs, () => note('device.key', id, by, detail));
  }

  /** Voids the API key before the newest one at once. @throws HearthError `not_found`. */
  revokePreviousApiKey(id: string, by: By = byHub): void {
    const { registry, note } = this.#options;
    registry.revokePreviousKey(id, () => note('device.key', id, by, { voided: 'previous' }));
  }

  /** The API key before the newest one, while it still works. */
  previousApiKeyOf(id: string): PreviousApiKey | undefined {
    return this.#options.registry.previousKeyOf(id);
  }

  /** The device whose API key this is, unless it is disabled. */
  deviceOfApiKey(apiKey: string): { readonly id: string; readonly name: string } | undefined {
    const device = this.#options.registry.deviceOfKey(apiKey);
    return device && device.state !== 'disabled' ? device : undefined;
  }

  /**
   * Makes a client certificate; with `csrPem` for a key the device made and keeps itself.
   * @throws HearthError `not_found`, and what the authority says of a bad request.
   */
  async issueCertificate(
    id: string,
    csrPem?: string,
    by: By = byHub,
  ): Promise<IssuedCertificate & { caPem: string; mqttsPort: number | undefined }> {
    const { registry, authority, note, mqttsPort } = this.#options;
    const device = registry.get(id);
    if (device.state === 'disabled') {
      throw new HearthError('conflict', `the device "${id}" is disabled`, {
        hint: 'Set its state to active first.',
      });
    }
    const issued = await authority.issueClient(
      csrPem === undefined ? { deviceId: id } : { deviceId: id, csrPem },
    );
    const { serial, notAfter } = issued;
    note('device.certificate', id, by, { serial, not_after: notAfter });
    return { ...issued, caPem: authority.caPem, mqttsPort: mqttsPort() };
  }

  /** @throws HearthError `not_found`. */
  certificatesOf(id: string): readonly CertificateRecord[] {
    const { registry, authority } = this.#options;
    return authority.certificatesOf(registry.get(id).id);
  }
}
