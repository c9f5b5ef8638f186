import { createHash } from 'node:crypto';
import nacl from 'tweetnacl';
import type { NewAlert } from '#alerts';
import type { Audit } from '#audit';
import { type Api, unknownDevice } from '#auth';
import type { Db } from '#db';
import { type Cancel, type Clock, type Log, type Part, Signal } from '#kernel';
import { type HubKeys, openHubKeys, publicKeysOf } from './hub-keys.ts';
import { type Opened, openMessage, type Protection } from './open-message.ts';
import { boxKeyRefusal, certificatePublicKey, verifyingKey } from './public-key.ts';
import { signingRoutes } from './routes.ts';
import { type DeviceSigningJson, readSettings, settingsJson } from './schema.ts';
import { type Purpose, type SigningKey, signedPrefix, signedText } from './signed-text.ts';
import { SigningStore } from './store.ts';
import { type CertificateKey, defaultSettings, type SigningSettings } from './types.ts';

export interface CertificateNews {
  readonly deviceId: string;
  readonly der: Uint8Array;
}

/** What signing needs to know of devices. */
export interface SigningDevices {
  exists(deviceId: string): boolean;
  readonly onRemoved: Pick<Signal<string>, 'listen'>;
  /** A device proved itself with this certificate. */
  readonly onCertificate: Pick<Signal<CertificateNews>, 'listen'>;
}

export interface SigningOptions {
  readonly db: Db;
  /** A directory of its own: the hub's keys are made in it where it is missing. */
  readonly directory: string;
  readonly devices: SigningDevices;
  readonly audit: Pick<Audit, 'append'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Keys of new certificates are written together: at a restart of a router all devices come at once. */
const savingMs = 1000;

/**
 * Signatures both ways. What the hub sends to a device is signed with the hub's keys; what a device
 * sends is checked and decrypted as is agreed with it.
 */
export class Signing implements Part {
  readonly name = 'signing';
  /** A message whose signature or encryption is not as it must be. */
  readonly onAlert: Signal<NewAlert>;
  readonly #directory: string;
  readonly #devices: SigningDevices;
  readonly #audit: Pick<Audit, 'append'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #store: SigningStore;
  #keys: HubKeys | undefined;
  #settings = new Map<string, SigningSettings>();
  #certificateKeys = new Map<string, CertificateKey>();
  readonly #unsaved = new Map<string, CertificateKey>();
  /** Only the devices of which something is asked: everyone else's messages cost one look here. */
  readonly #protections = new Map<string, Protection>();
  #cancels: Cancel[] = [];
  #cancelSaving: Cancel | undefined;

  constructor({ db, directory, devices, audit, clock, log }: SigningOptions) {
    this.#directory = directory;
    this.#devices = devices;
    this.#audit = audit;
    this.#clock = clock;
    this.#log = log;
    this.#store = new SigningStore(db);
    this.onAlert = new Signal('signing.onAlert', log);
  }

  /** @throws HearthError `data_directory` when one of the hub's keys is missing or damaged. */
  async start(): Promise<void> {
    this.#keys = await openHubKeys(this.#directory);
    this.#certificateKeys = this.#store.certificateKeys();
    this.#settings = this.#store.settings();
    for (const deviceId of this.#settings.keys()) this.#protect(deviceId);
    this.#cancels = [
      this.#devices.onRemoved.listen((deviceId) => this.#forget(deviceId)),
      this.#devices.onCertificate.listen((news) => this.#takeCertificate(news)),
    ];
  }

  async stop(): Promise<void> {
    for (const cancel of this.#cancels) cancel();
    this.#cancelSaving?.();
    this.#save();
  }

  routes(api: Api): void {
    signingRoutes(api, this);
  }

  /** The hub's public keys: PEM (SubjectPublicKeyInfo) and raw bytes in base64. */
  publicKeys(): ReturnType<typeof publicKeysOf> {
    return publicKeysOf(this.#hubKeys());
  }

  /**
   * The JSON text of `body` with a signature as its last member, to be published as it is. `body`
   * has at least one member, and none called `signature`.
   */
  sign(message: {
    readonly deviceId: string;
    readonly purpose: Exclude<Purpose, 'telemetry'>;
    readonly body: Readonly<Record<string, unknown>>;
  }): string {
    const { deviceId, purpose, body } = message;
    const { commandAlgorithm: algorithm } = this.#settings.get(deviceId) ?? defaultSettings;
    const key = this.#hubKeys().signing[algorithm];
    return signedText({ algorithm, key }, signedPrefix(purpose, deviceId), body);
  }

  /**
   * Checks and decrypts a message of a device as is agreed with it; `undefined` when nothing is, and
   * the message is to be read as it stands. Never throws.
   */
  open(deviceId: string, payload: Buffer): Opened | undefined {
    const protection = this.#protections.get(deviceId);
    if (protection === undefined) return undefined;
    const opened = openMessage(protection, payload);
    if (!opened.ok && opened.field !== 'payload') {
      const { field, problem } = opened;
      const what = field === 'signature' ? 'its signature' : 'its encryption';
      this.onAlert.emit({
        kind: 'bad_signature',
        deviceId,
        message: `A message of ${deviceId} was set aside: ${what} ${problem}.`,
        detail: { field, problem },
      });
    }
    return opened;
  }

  /** What is agreed with a device. @throws HearthError `not_found`. */
  settingsOf(deviceId: string): DeviceSigningJson {
    this.#requireDevice(deviceId);
    return settingsJson(this.#settings.get(deviceId) ?? defaultSettings);
  }

  /**
   * Agrees something else with a device, from its next message on.
   * @throws HearthError `not_found`, `unprocessable` naming the key that is none.
   */
  agree(deviceId: string, json: DeviceSigningJson, actor: string): DeviceSigningJson {
    this.#requireDevice(deviceId);
    const settings = readSettings(json);
    if (settings.boxKey !== undefined && !this.#leadsAnywhere(settings.boxKey)) {
      throw boxKeyRefusal(json.box_key ?? '', 'box_key');
    }
    const detail = settingsJson(settings);
    const subject = `device:${deviceId}`;
    this.#store.put(deviceId, settings, this.#clock.nowMs(), () =>
      this.#audit.append({ actor, action: 'signing.update', subject, outcome: 'ok', detail }),
    );
    this.#settings.set(deviceId, settings);
    this.#protect(deviceId);
    return detail;
  }

  /** RFC 7748 §6.1: with a point of low order the shared secret is zero, whatever the hub's key is. */
  #leadsAnywhere(boxKey: Uint8Array): boolean {
    const { secretKey } = this.#hubKeys().box;
    return nacl.scalarMult(secretKey, Uint8Array.from(boxKey)).some((byte) => byte !== 0);
  }

  /** Puts what is agreed with a device into the shape in which its messages are checked. */
  #protect(deviceId: string): void {
    const { signature, encryption, boxKey } = this.#settings.get(deviceId) ?? defaultSettings;
    if (signature === 'off' && encryption === 'off') {
      this.#protections.delete(deviceId);
      return;
    }
    let sharedKey: Uint8Array | undefined;
    this.#protections.set(deviceId, {
      signature,
      key: this.#keyOf(deviceId),
      prefix: signedPrefix('telemetry', deviceId),
      encryption,
      sharedKey: () => {
        const { secretKey } = this.#hubKeys().box;
        sharedKey ??= nacl.box.before(Uint8Array.from(boxKey ?? []), secretKey);
        return sharedKey;
      },
    });
  }

  /** The key that a device signs with, or why there is none. */
  #keyOf(deviceId: string): SigningKey | string {
    const { signingKey } = this.#settings.get(deviceId) ?? defaultSettings;
    if (typeof signingKey === 'object') return verifyingKey(signingKey);
    const certificate = this.#certificateKeys.get(deviceId);
    if (signingKey === undefined || certificate === undefined) {
      return 'cannot be checked: the device has not connected with a certificate yet';
    }
    return certificate.key === undefined
      ? "cannot be checked: the key of the device's certificate is neither Ed25519 nor P-256"
      : verifyingKey(certificate.key);
  }

  #takeCertificate({ deviceId, der }: CertificateNews): void {
    if (!this.#devices.exists(deviceId)) return;
    const fingerprint = createHash('sha256').update(der).digest('hex');
    if (this.#certificateKeys.get(deviceId)?.fingerprint === fingerprint) return;
    const known = { fingerprint, key: certificatePublicKey(der) };
    this.#certificateKeys.set(deviceId, known);
    this.#unsaved.set(deviceId, known);
    this.#cancelSaving ??= this.#clock.after(savingMs, () => this.#save());
    if (this.#settings.get(deviceId)?.signingKey === 'certificate') this.#protect(deviceId);
  }

  #save(): void {
    this.#cancelSaving = undefined;
    if (this.#unsaved.size === 0) return;
    try {
      this.#store.putCertificateKeys(this.#unsaved);
      this.#unsaved.clear();
    } catch (error) {
      // Nothing depends on it but the time between a restart and the device's next connection.
      this.#log.error({ err: error }, 'the keys of certificates were not saved');
    }
  }

  #forget(deviceId: string): void {
    this.#settings.delete(deviceId);
    this.#certificateKeys.delete(deviceId);
    this.#unsaved.delete(deviceId);
    this.#protections.delete(deviceId);
  }

  #hubKeys(): HubKeys {
    if (this.#keys === undefined) throw new Error('signing has not been started');
    return this.#keys;
  }

  #requireDevice(deviceId: string): void {
    if (this.#devices.exists(deviceId)) return;
    throw unknownDevice(deviceId);
  }
}
