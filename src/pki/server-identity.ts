import { X509Certificate } from 'node:crypto';
import type { Log } from '#kernel';
import type { CertifiedKey } from './certificates.ts';
import { canonicalNames, localNames } from './names.ts';
import type { Root, Roots } from './root.ts';
import {
  issueServerCertificate,
  readServerCertificate,
  revocationListUrl,
  stalenessOf,
} from './server-certificate.ts';

interface ServerIdentityOptions {
  /** The file that holds certificate and key. */
  readonly path: string;
  readonly log: Log;
  readonly extraNames: readonly string[];
  readonly localNames: (() => readonly string[]) | undefined;
  /** Where the list of revoked certificates is served over HTTP; undefined names none. */
  readonly crlPort: number | undefined;
  /** The time to date a certificate with. */
  readonly nowMs: (root: Root) => number;
}

/** What the hub proves itself with: a certificate for all its names, always of the newest authority. */
export class ServerIdentity {
  readonly #options: ServerIdentityOptions;
  #current: CertifiedKey | undefined;

  constructor(options: ServerIdentityOptions) {
    this.#options = options;
  }

  async open(root: Root): Promise<void> {
    this.#current = await readServerCertificate(this.#options.path);
    await this.refresh(root);
  }

  /** Certificate and key; in an overlap with NewWithOld, for whoever knows the old authority alone. */
  credentials({ previous }: Roots): CertifiedKey {
    if (this.#current === undefined) throw new Error('the authority has not been started');
    const { certificatePem, keyPem } = this.#current;
    if (previous === undefined) return this.#current;
    return { certificatePem: `${certificatePem.trim()}\n${previous.newWithOldPem}`, keyPem };
  }

  /** Makes the certificate anew if it no longer serves. Returns whether it did. */
  async refresh(root: Root): Promise<boolean> {
    const { localNames: names = localNames, extraNames, crlPort, log, path } = this.#options;
    const certificate = this.#current && new X509Certificate(this.#current.certificatePem);
    const own = canonicalNames([...names(), ...extraNames]);
    const wanted = {
      names: own,
      revocationListUrl:
        crlPort === undefined
          ? undefined
          : revocationListUrl(canonicalNames([...extraNames, ...own]), crlPort),
    };
    const nowMs = this.#options.nowMs(root);
    const staleness = stalenessOf(certificate, root, wanted, nowMs);
    if (staleness === undefined) return false;
    this.#current = await issueServerCertificate(path, root, wanted, nowMs);
    log.info({ because: staleness, names: own }, 'the server certificate was issued');
    return true;
  }
}
