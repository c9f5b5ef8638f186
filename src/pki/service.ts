import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import type { Db } from '#db';
import {
  type Cancel,
  type Clock,
  HearthError,
  type Log,
  messageOf,
  type Part,
  Signal,
} from '#kernel';
import type { CertifiedKey } from './certificates.ts';
import { canonicalNames, localNames, requireNames } from './names.ts';
import {
  type CertificateHolder,
  type CertificateRecord,
  type CertificateRefusal,
  CertificateRegister,
  fingerprintOf,
} from './register.ts';
import { openRoot, type Root } from './root.ts';
import {
  issueServerCertificate,
  readServerCertificate,
  stalenessOf,
} from './server-certificate.ts';
import { CertificateStore } from './store.ts';
import { believableNowMs, validityFrom, yearMs } from './time.ts';

/**
 * A light switch that dies two years on because nobody visited it with a new certificate is worse
 * than a long life: revoking works at once, so nothing waits for a certificate to run out.
 */
const clientLifetimeMs = 10 * yearMs;
const namesCheckPeriodMs = 60_000;

export interface AuthorityOptions {
  /** Its own folder in the data directory; made when missing. */
  readonly directory: string;
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  /** More names for the server certificate (`https.names`). */
  readonly extraNames?: readonly string[];
  /** What this machine is called now; a test gives its own. */
  readonly localNames?: () => readonly string[];
}

export interface ClientRequest {
  readonly deviceId: string;
  /** The device's own request, when its key is not to leave it. */
  readonly csrPem?: string;
}

export interface IssuedClient {
  readonly certificatePem: string;
  /** Only when the key was made here. It is not kept: this is the one time it is seen. */
  readonly keyPem?: string;
  readonly serial: string;
  /** SHA-256 of the DER, `AB:CD:…`. */
  readonly fingerprint256: string;
  /** ISO 8601 UTC. */
  readonly notAfter: string;
}

export interface ServerCredentials {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** What an authority has once it is started. */
interface Opened {
  readonly root: Root;
  server: CertifiedKey;
}

/**
 * The certificate authority of this home: it vouches for the hub towards browsers and devices, and
 * says which device a client certificate names.
 */
export class Authority implements Part {
  readonly name = 'pki';
  /** The server certificate was made anew: listeners take `serverCredentials()` from now on. */
  readonly onServerCertificate: Signal<void>;
  readonly #options: AuthorityOptions;
  readonly #register: CertificateRegister;
  #opened: Opened | undefined;
  #cancelCheck: Cancel = () => {};
  #checking: Promise<void> = Promise.resolve();

  constructor(options: AuthorityOptions) {
    this.#options = options;
    this.#register = new CertificateRegister(new CertificateStore(options.db));
    this.onServerCertificate = new Signal('pki.serverCertificate', options.log);
  }

  /**
   * Opens the authority, or makes it at the first start, and sees to the server certificate.
   * @throws HearthError `data_directory` when its files do not fit together, `bad_config` for a
   * name in `extraNames` that no certificate can carry.
   */
  async start(): Promise<void> {
    const { directory, clock, log, extraNames = [] } = this.#options;
    requireNames(extraNames);
    this.#register.load();
    const root = await openRoot(directory, clock.nowMs());
    if (clock.nowMs() < root.madeMs) {
      log.warn(
        'the clock reads earlier than the certificate authority was made: one of them is off',
      );
    }
    const server = await readServerCertificate(this.#serverPath);
    this.#opened = { root, server: await this.#freshServer(root, server) };
    this.#cancelCheck = clock.every(namesCheckPeriodMs, () => {
      this.#checking = this.#checking.then(() => this.#checkServer());
    });
  }

  async stop(): Promise<void> {
    this.#cancelCheck();
    await this.#checking;
  }

  /** What a phone or a device has to trust; PEM. */
  get caPem(): string {
    return this.#ready.root.certificatePem;
  }

  /** SHA-256 of the authority's certificate, `AB:CD:…`: what a person compares before trusting it. */
  get caFingerprint(): string {
    return fingerprintOf(this.#ready.root.certificate.raw);
  }

  serverCredentials(): ServerCredentials {
    return this.#ready.server;
  }

  /**
   * Makes a certificate that names a device, on disk before this returns.
   * @throws HearthError `bad_request` with field `id` or `csr`.
   */
  async issueClient({ deviceId, csrPem }: ClientRequest): Promise<IssuedClient> {
    const { root } = this.#ready;
    requireDeviceId(deviceId);
    const { generateKeyPair, signClient } = await import('./certificates.ts');
    const { publicKeyOfRequest } = await import('./request.ts');
    const keys =
      csrPem === undefined
        ? await generateKeyPair()
        : { keyPem: undefined, publicKeyPem: await publicKeyOfRequest(csrPem, deviceId) };
    const issuedMs = this.#believableNowMs(root);
    const certificatePem = await signClient(
      root,
      {
        commonName: deviceId,
        publicKeyPem: keys.publicKeyPem,
        validity: validityFrom(issuedMs, clientLifetimeMs, root.validity),
      },
      `urn:hearth:device:${encodeURIComponent(deviceId)}`,
    );
    const record = recordOf(new X509Certificate(certificatePem), deviceId, issuedMs);
    this.#register.add(record);
    const { serial, fingerprint256, notAfter } = record;
    this.#options.log.info({ deviceId, serial, notAfter }, 'a device certificate was issued');
    return {
      certificatePem,
      ...(keys.keyPem === undefined ? {} : { keyPem: keys.keyPem }),
      serial,
      fingerprint256,
      notAfter,
    };
  }

  /** Which device a client certificate names, or why it names none. Touches no disk. */
  identify(der: Uint8Array): CertificateHolder | CertificateRefusal {
    return this.#register.identify(der, this.#options.clock.nowMs());
  }

  /** Every certificate of a device, oldest first, those revoked too. */
  certificatesOf(deviceId: string): CertificateRecord[] {
    return this.#register.of(deviceId);
  }

  /** Revokes one certificate, for good. Returns whether there was one left to revoke. */
  revoke(serial: string): boolean {
    const record = this.#register.get(serial.toUpperCase());
    return record !== undefined && this.#revoke([record]).length > 0;
  }

  /** Revokes every certificate of a device and returns the serials of those still valid until now. */
  revokeAll(deviceId: string): string[] {
    return this.#revoke(this.#register.of(deviceId));
  }

  #revoke(records: readonly CertificateRecord[]): string[] {
    const valid = records.filter(({ revokedAt }) => revokedAt === undefined);
    if (valid.length === 0) return [];
    this.#register.revoke(valid, new Date(this.#options.clock.nowMs()).toISOString());
    const serials = valid.map(({ serial }) => serial);
    this.#options.log.info({ deviceId: valid[0]?.deviceId, serials }, 'certificates were revoked');
    return serials;
  }

  get #ready(): Opened {
    if (this.#opened === undefined) throw new Error('the authority has not been started');
    return this.#opened;
  }

  get #serverPath(): string {
    return join(this.#options.directory, 'server.pem');
  }

  #believableNowMs(root: Root): number {
    const nowMs = believableNowMs(this.#options.clock.nowMs(), [this.#register.newestMs]);
    // Nothing is valid before its issuer.
    return Math.max(nowMs, root.madeMs);
  }

  /** `current` if it still serves, a new one otherwise. */
  async #freshServer(root: Root, current: CertifiedKey | undefined): Promise<CertifiedKey> {
    const { localNames: names = localNames, extraNames = [], log } = this.#options;
    const wanted = canonicalNames([...names(), ...extraNames]);
    const certificate = current && new X509Certificate(current.certificatePem);
    const nowMs = this.#believableNowMs(root);
    const staleness = stalenessOf(certificate, root, wanted, nowMs);
    if (current !== undefined && staleness === undefined) return current;
    const fresh = await issueServerCertificate(this.#serverPath, root, wanted, nowMs);
    log.info({ because: staleness, names: wanted }, 'the server certificate was issued');
    return fresh;
  }

  async #checkServer(): Promise<void> {
    const opened = this.#ready;
    try {
      const fresh = await this.#freshServer(opened.root, opened.server);
      if (fresh === opened.server) return;
      opened.server = fresh;
      this.onServerCertificate.emit();
    } catch (error) {
      // The old certificate still serves; the next minute tries again.
      this.#options.log.error(
        { err: messageOf(error) },
        'the server certificate could not be renewed',
      );
    }
  }
}

function recordOf(
  certificate: X509Certificate,
  deviceId: string,
  issuedMs: number,
): CertificateRecord {
  return {
    serial: certificate.serialNumber,
    deviceId,
    fingerprint256: certificate.fingerprint256,
    notBefore: certificate.validFromDate.toISOString(),
    notAfter: certificate.validToDate.toISOString(),
    issuedAt: new Date(issuedMs).toISOString(),
    revokedAt: undefined,
  };
}

/** RFC 5280 ub-common-name is 64 characters; what a topic level cannot hold names no device either. */
function requireDeviceId(deviceId: string): void {
  if (/^[\p{L}\p{N}._:@~-]{1,64}$/u.test(deviceId)) return;
  throw new HearthError('bad_request', `"${deviceId.slice(0, 64)}" cannot name a device`, {
    field: 'id',
    hint: 'Use 1 to 64 letters, digits and . _ : @ ~ -',
  });
}
