import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { type Cancel, HearthError, messageOf, type Part, Signal } from '#kernel';
import type { Reseal } from '#secrets';
import { CaKey } from './ca-key.ts';
import { recordOf, requireDeviceId, uriOf } from './client-names.ts';
import { requireNames } from './names.ts';
import {
  type CertificateHolder,
  type CertificateRecord,
  type CertificateRefusal,
  CertificateRegister,
  fingerprintOf,
} from './register.ts';
import type { DeviceRequest } from './request.ts';
import { Revocations } from './revocations.ts';
import { openRoots, type Root, type Roots } from './root.ts';
import { finishRotation, noOverlap, rotateRoots } from './rotation.ts';
import { ServerIdentity } from './server-identity.ts';
import { CertificateStore } from './store.ts';
import { believableNowMs, validityFrom, yearMs } from './time.ts';
import type {
  AuthorityOptions,
  AuthorityState,
  ClientRequest,
  IssuedClient,
  ServerCredentials,
} from './types.ts';
import { expiring, replaced } from './upkeep.ts';

/**
 * A light switch that dies two years on because nobody visited it with a new certificate is worse
 * than a long life: revoking works at once, so nothing waits for a certificate to run out.
 */
const clientLifetimeMs = 10 * yearMs;
const namesCheckPeriodMs = 60_000;

/**
 * The certificate authority of this home: it vouches for the hub towards browsers and devices, and
 * says which device a client certificate names.
 */
export class Authority implements Part {
  readonly name = 'pki';
  /** Server certificate or trusted authorities changed: listeners take both anew. */
  readonly onServerCertificate: Signal<void>;
  /** A device's certificate went with the old authority; its connections are to be ended. */
  readonly onVoided: Signal<{ readonly deviceId: string }>;
  readonly #options: AuthorityOptions;
  readonly #register: CertificateRegister;
  readonly #revocations: Revocations;
  readonly #key: CaKey;
  readonly #server: ServerIdentity;
  #roots: Roots | undefined;
  #cancelCheck: Cancel = () => {};
  /** What changes files goes one after the other. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: AuthorityOptions) {
    const { db, clock, log, directory, vault } = options;
    this.#options = options;
    const store = new CertificateStore(db);
    const nowMs = (root: Root) => this.#believableNowMs(root);
    this.#register = new CertificateRegister(store);
    this.#revocations = new Revocations({ store, register: this.#register, clock, nowMs });
    this.#key = new CaKey(directory, vault);
    this.#server = new ServerIdentity({
      path: join(directory, 'server.pem'),
      log,
      extraNames: options.extraNames ?? [],
      localNames: options.localNames,
      crlPort: options.crlPort,
      nowMs,
    });
    this.onServerCertificate = new Signal('pki.serverCertificate', log);
    this.onVoided = new Signal('pki.voided', log);
  }

  /**
   * Opens the authority, or makes it at the first start, and sees to the server certificate.
   * @throws HearthError `data_directory` when its files do not fit together, `bad_config` for a
   * name in `extraNames` that no certificate can carry.
   */
  async start(): Promise<void> {
    const { directory, clock, log, extraNames = [] } = this.#options;
    requireNames(extraNames);
    const roots = await openRoots(directory, this.#key, clock.nowMs());
    this.#register.load(roots.previous?.keyId ?? roots.current.keyId);
    if (clock.nowMs() < roots.current.madeMs) {
      log.warn(
        'the clock reads earlier than the certificate authority was made: one of them is off',
      );
    }
    this.#roots = roots;
    await this.#server.open(roots.current);
    this.#cancelCheck = clock.every(namesCheckPeriodMs, () => {
      void this.#inTurn(() => this.#checkServer());
    });
  }

  async stop(): Promise<void> {
    this.#cancelCheck();
    await this.#queue;
  }

  /**
   * What a phone or a device has to trust, and whose certificates listeners let in; PEM. In an
   * overlap the new authority and, after it, the old one.
   */
  get caPem(): string {
    const { current, previous } = this.#ready;
    return current.certificatePem + (previous?.certificatePem ?? '');
  }

  /** SHA-256 of the authority's certificate, `AB:CD:…`: what a person compares before trusting it. */
  get caFingerprint(): string {
    return fingerprintOf(this.#ready.current.certificate.raw);
  }

  /**
   * The authority's certificates as EST hands them out, DER (RFC 7030 §4.1.3): one, or in an overlap
   * NewWithNew, OldWithOld, OldWithNew and NewWithOld.
   */
  get caCertificates(): readonly Uint8Array[] {
    const { current, previous } = this.#ready;
    if (previous === undefined) return [current.certificate.raw];
    const { oldWithNewPem, newWithOldPem } = previous;
    const across = [oldWithNewPem, newWithOldPem].map((pem) => new X509Certificate(pem).raw);
    return [current.certificate.raw, previous.certificate.raw, ...across];
  }

  serverCredentials(): ServerCredentials {
    return this.#server.credentials(this.#ready);
  }

  /** The newest list of revoked certificates (RFC 5280 §5), DER. */
  revocationList(): Promise<Buffer> {
    return this.#revocations.list(this.#ready.current);
  }

  state(): AuthorityState {
    const { current, previous } = this.#ready;
    return {
      name: /^CN=(.*)$/m.exec(current.certificate.subject)?.[1] ?? '',
      fingerprint: this.caFingerprint,
      notAfter: current.certificate.validToDate.toISOString(),
      previous: previous && {
        fingerprint: fingerprintOf(previous.certificate.raw),
        notAfter: previous.certificate.validToDate.toISOString(),
        devices: this.#devicesOfPrevious(previous.keyId),
      },
    };
  }

  /**
   * What a device's request (PKCS #10, PEM) says, once its sender has proven to hold the key. With a
   * `deviceId` it may name that device or none.
   * @throws HearthError `bad_request` with field `id` or `csr`.
   */
  async readRequest(csrPem: string, deviceId?: string): Promise<DeviceRequest> {
    if (deviceId !== undefined) requireDeviceId(deviceId);
    const { readRequest } = await import('./request.ts');
    return readRequest(csrPem, deviceId);
  }

  /**
   * Makes a certificate that names a device, on disk before this returns.
   * @throws HearthError `bad_request` with field `id` or `csr`.
   */
  async issueClient({ deviceId, csrPem, renews }: ClientRequest): Promise<IssuedClient> {
    requireDeviceId(deviceId);
    const { generateKeyPair, signClient } = await import('./certificates.ts');
    const { readRequest } = await import('./request.ts');
    const keys =
      csrPem === undefined
        ? await generateKeyPair()
        : { keyPem: undefined, ...(await readRequest(csrPem, deviceId)) };
    const root = this.#ready.current;
    const issuedMs = this.#believableNowMs(root);
    const certificatePem = await signClient(
      root,
      {
        commonName: deviceId,
        publicKeyPem: keys.publicKeyPem,
        validity: validityFrom(issuedMs, clientLifetimeMs, root.validity),
      },
      uriOf(deviceId),
    );
    const record = recordOf(new X509Certificate(certificatePem), deviceId, root, issuedMs);
    this.#register.add(record, renews === undefined ? undefined : this.#register.get(renews));
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

  /** The serial of a certificate that its device has not proven itself with until now. */
  firstUse(der: Uint8Array): string | undefined {
    const record = this.#register.find(der);
    return record?.firstUsedAtMs === undefined ? record?.serial : undefined;
  }

  /** Takes note that devices proved themselves with these certificates, in one write. */
  markUsed(serials: readonly string[]): void {
    if (serials.length > 0) this.#register.markUsed(serials, this.#options.clock.nowMs());
  }

  /** Revokes certificates that were renewed, a week after their successor was first used. */
  revokeReplaced(): string[] {
    return this.#revoke(replaced(this.#register.all(), this.#options.clock.nowMs()));
  }

  /** Certificates in use that end within thirty days, and of which `markWarned` was not told yet. */
  expiring(): CertificateRecord[] {
    return expiring(this.#register.all(), this.#options.clock.nowMs());
  }

  markWarned(serials: readonly string[]): void {
    this.#register.markWarned(serials, this.#options.clock.nowMs());
  }

  /**
   * Makes a new authority. Until `finishRotation` the old one is trusted too, and the hub proves
   * itself to whoever knows either of them. On disk before this returns.
   * @throws HearthError `conflict` while an overlap lasts.
   */
  rotate(): Promise<void> {
    return this.#inTurn(async () => {
      const { directory, log } = this.#options;
      const known = this.#ready;
      const nowMs = this.#believableNowMs(known.current);
      // The disk is asked, not memory: an attempt that failed half-way may have made one already.
      const found = await openRoots(directory, this.#key, nowMs);
      const isMade = found.previous !== undefined && known.previous === undefined;
      this.#roots = isMade ? found : await rotateRoots(directory, this.#key, found, nowMs);
      await this.#server.refresh(this.#roots.current);
      log.info({ fingerprint: this.caFingerprint }, 'a new certificate authority was made');
      this.onServerCertificate.emit();
    });
  }

  /**
   * Trusts only the new authority from now on; what the old one signed is revoked. Returns the
   * devices that were left without a certificate.
   * @throws HearthError `conflict` when there is no overlap, or devices would be shut out and
   * `force` is not given.
   */
  finishRotation({ force = false }: { readonly force?: boolean } = {}): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      const before = this.#ready;
      if (before.previous === undefined) throw noOverlap();
      const { keyId } = before.previous;
      const left = this.#devicesOfPrevious(keyId);
      if (left.length > 0 && !force) throw wouldShutOut(left);
      // First the register: a power cut in between leaves an overlap that is finished again.
      const old = [...this.#register.all()].filter(({ authorityKey }) => authorityKey === keyId);
      this.#revoke(old);
      this.#roots = await finishRotation(this.#options.directory, before);
      this.#options.log.info({ shutOut: left.length }, 'the old certificate authority has ended');
      this.onServerCertificate.emit();
      for (const deviceId of left) this.onVoided.emit({ deviceId });
      return left;
    });
  }

  /** Seals the authority's key with the newest key of the vault. On disk before this returns. */
  reseal(reseal: Reseal): Promise<void> {
    return this.#inTurn(() => this.#key.reseal(reseal));
  }

  /** Devices whose valid certificates are all of the authority with that key, by id. */
  #devicesOfPrevious(keyId: string): string[] {
    const nowMs = this.#options.clock.nowMs();
    const valid = [...this.#register.all()].filter(
      ({ revokedAt, notAfter }) => revokedAt === undefined && Date.parse(notAfter) >= nowMs,
    );
    const left = new Set(valid.map(({ deviceId }) => deviceId));
    for (const { deviceId, authorityKey } of valid) {
      if (authorityKey !== keyId) left.delete(deviceId);
    }
    return [...left].sort();
  }

  #revoke(records: readonly CertificateRecord[]): string[] {
    const valid = records.filter(({ revokedAt }) => revokedAt === undefined);
    if (valid.length === 0) return [];
    this.#register.revoke(valid, new Date(this.#options.clock.nowMs()).toISOString());
    const serials = valid.map(({ serial }) => serial);
    this.#options.log.info({ deviceId: valid[0]?.deviceId, serials }, 'certificates were revoked');
    return serials;
  }

  get #ready(): Roots {
    if (this.#roots === undefined) throw new Error('the authority has not been started');
    return this.#roots;
  }

  #believableNowMs(root: Root): number {
    const nowMs = believableNowMs(this.#options.clock.nowMs(), [this.#register.newestMs]);
    // Nothing is valid before its issuer.
    return Math.max(nowMs, root.madeMs);
  }

  #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(action);
    this.#queue = result.catch(() => {});
    return result;
  }

  async #checkServer(): Promise<void> {
    try {
      if (await this.#server.refresh(this.#ready.current)) this.onServerCertificate.emit();
    } catch (error) {
      // The old certificate still serves; the next minute tries again.
      this.#options.log.error(
        { err: messageOf(error) },
        'the server certificate could not be renewed',
      );
    }
  }
}

const wouldShutOut = (devices: readonly string[]): HearthError => {
  const named = devices.slice(0, 10).join(', ');
  const more = devices.length > 10 ? ` and ${devices.length - 10} more` : '';
  return new HearthError(
    'conflict',
    `these still have a certificate of the old authority: ${named}${more}`,
    {
      hint: 'Let them renew first, or finish all the same with force: they will need a new certificate.',
    },
  );
};
