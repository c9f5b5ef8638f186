import type { Cancel, Clock, Log } from '#kernel';
import type { Authority } from '#pki';
import type { JoinAlert, Registry } from './types.ts';

interface CareOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly authority: Pick<
    Authority,
    'firstUse' | 'markUsed' | 'revokeReplaced' | 'expiring' | 'markWarned'
  >;
  readonly devices: Registry;
  readonly raise: (alert: JoinAlert) => void;
}

const dayMs = 86_400_000;
/** First uses are written together: after a power cut a whole fleet comes back at once. */
const gatherMs = 2000;

/** Sees to certificates: which are used, which have been replaced, which end soon. */
export class CertificateCare {
  readonly #options: CareOptions;
  readonly #used = new Set<string>();
  #cancelWrite: Cancel | undefined;
  #stopping: readonly Cancel[] = [];

  constructor(options: CareOptions) {
    this.#options = options;
  }

  start(): void {
    const { clock, devices } = this.#options;
    this.#stopping = [
      devices.onCertificate.listen(({ der }) => this.#noteUse(der)),
      clock.every(dayMs, () => this.look()),
    ];
    this.look();
  }

  stop(): void {
    for (const stop of this.#stopping) stop();
    this.#stopping = [];
    this.#write();
  }

  /** Revokes what was replaced, and tells once of what ends within thirty days and is in use. */
  look(): void {
    const { authority, devices, log, raise } = this.#options;
    const replaced = authority.revokeReplaced();
    if (replaced.length > 0) log.info({ serials: replaced }, 'renewed certificates were revoked');
    const ending = authority.expiring().filter(({ deviceId }) => devices.exists(deviceId));
    for (const { deviceId, serial, notAfter } of ending) {
      raise({
        kind: 'certificate_expiring',
        deviceId,
        message: `The certificate of "${deviceId}" ends on ${notAfter.slice(0, 10)} and was not renewed.`,
        detail: { serial, not_after: notAfter },
      });
    }
    if (ending.length > 0) authority.markWarned(ending.map(({ serial }) => serial));
  }

  #noteUse(der: Uint8Array): void {
    const serial = this.#options.authority.firstUse(der);
    if (serial === undefined) return;
    this.#used.add(serial);
    this.#cancelWrite ??= this.#options.clock.after(gatherMs, () => this.#write());
  }

  #write(): void {
    this.#cancelWrite?.();
    this.#cancelWrite = undefined;
    this.#options.authority.markUsed([...this.#used]);
    this.#used.clear();
  }
}
