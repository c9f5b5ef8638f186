import type { Clock } from '#kernel';
import type { CertificateRegister } from './register.ts';
import type { Root } from './root.ts';
import type { CertificateStore, StoredRevocationList } from './store.ts';
import { dayMs } from './time.ts';

interface RevocationsOptions {
  readonly store: CertificateStore;
  readonly register: CertificateRegister;
  readonly clock: Clock;
  /** The time to date a list with. */
  readonly nowMs: (root: Root) => number;
}

/**
 * The list of revoked certificates (RFC 5280 §5): signed when somebody asks and it is not the newest
 * any more, kept on disk so that a restart neither signs again nor gives a number twice. The newest
 * authority signs it for both: they bear one name.
 */
export class Revocations {
  readonly #options: RevocationsOptions;
  #making: Promise<Buffer> | undefined;

  constructor(options: RevocationsOptions) {
    this.#options = options;
  }

  /** DER. At most a day old, and never older than the last revocation. */
  async list(root: Root): Promise<Buffer> {
    const stored = this.#options.store.revocationList();
    if (stored !== undefined && this.#isFresh(stored, root)) return stored.der;
    this.#making ??= this.#make(root, stored?.number ?? 0).finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  #isFresh(stored: StoredRevocationList, root: Root): boolean {
    const ageMs = this.#options.nowMs(root) - stored.madeAtMs;
    return (
      stored.authorityKey === root.keyId &&
      stored.revoked === this.#revoked().length &&
      ageMs >= 0 &&
      ageMs < dayMs
    );
  }

  async #make(root: Root, previousNumber: number): Promise<Buffer> {
    const { signRevocationList } = await import('./revocation-list.ts');
    const revoked = this.#revoked();
    const number = previousNumber + 1;
    const madeAtMs = Math.floor(this.#options.nowMs(root));
    const der = await signRevocationList(root, { number, madeAtMs, revoked });
    this.#options.store.saveRevocationList({
      number,
      madeAtMs,
      authorityKey: root.keyId,
      revoked: revoked.length,
      der,
    });
    return der;
  }

  /** Expired ones stay: without a battery the hub's clock is no judge of what others still believe. */
  #revoked() {
    return [...this.#options.register.all()]
      .filter(({ revokedAt }) => revokedAt !== undefined)
      .map(({ serial, revokedAt = '' }) => ({ serial, revokedAtMs: Date.parse(revokedAt) }));
  }
}
