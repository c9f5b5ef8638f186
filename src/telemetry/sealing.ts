import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { Clock, Log } from '#kernel';
import type { Reseal, Vault } from '#secrets';
import type { SealedStore } from './store.ts';
import type { Value } from './types.ts';

const purpose = 'telemetry';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const idBytes = 4;
/** Values that one prefix of nonces is good for: what is counted behind it has 32 bits. */
const mostPerPrefix = 2 ** 32 - 1;
const kinds = { number: 0, boolean: 1, text: 2 } as const;

/**
 * Keeps values of sensitive metrics unreadable where they lie: AES-256-GCM (NIST SP 800-38D) under a
 * data key of telemetry's own. The data keys lie in hearth.db, sealed with the key file, so that a new
 * key file seals a few of them anew and no reading. A sealed value is bound to its device, metric and
 * time: moved to another place it does not open.
 *
 * As text it is BASE64URL(key id u32, nonce, ciphertext, tag). A nonce is 64 random bits of this run
 * and a count (§8.2.1), so that a fast device does not come near the bounds of random ones.
 */
export class Sealing {
  readonly #store: SealedStore;
  readonly #vault: Vault | undefined;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #keys = new Map<number, KeyObject>();
  /** Metrics of which there are sealed values, by device. */
  readonly #sealed = new Map<string, Set<string>>();
  #unsaved: { readonly deviceId: string; readonly metric: string }[] = [];
  #current: { readonly id: number; readonly key: KeyObject } | undefined;
  #fingerprintKey: Buffer | undefined;
  readonly #nonce = Buffer.alloc(nonceBytes);
  #used = mostPerPrefix;

  /** Without a `vault` nothing is sealed: what is sensitive is refused. */
  constructor(parts: {
    readonly store: SealedStore;
    readonly vault: Vault | undefined;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.#store = parts.store;
    this.#vault = parts.vault;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** @throws HearthError `data_directory` when a key cannot be opened with the key file. */
  start(): void {
    for (const { deviceId, metric } of this.#store.sealed()) this.#ofDevice(deviceId).add(metric);
    if (this.#vault === undefined) return;
    for (const { id, sealed } of this.#store.keys())
      this.#learn(id, this.#vault.open(purpose, sealed));
    if (this.#current === undefined) this.#add(this.#vault);
  }

  /** The keys are sealed with a new key file; what is sealed from now on is so with a key of its own. */
  reseal(reseal: Reseal): void {
    const vault = this.#vault;
    if (vault === undefined) return;
    this.#store.resealKeys((sealed) => reseal(purpose, sealed));
    this.#add(vault);
  }

  /** The text that stands for a value at its place; `undefined` when there is nothing to seal with. */
  seal(deviceId: string, metric: string, timeUs: number, value: Value): string | undefined {
    if (this.#current === undefined) return undefined;
    this.#note(deviceId, metric);
    const { id, key } = this.#current;
    const nonce = this.#nextNonce();
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    cipher.setAAD(placeOf(deviceId, metric, timeUs));
    const head = Buffer.allocUnsafe(idBytes);
    head.writeUInt32BE(id);
    const body = cipher.update(encode(value));
    cipher.final();
    return Buffer.concat([head, nonce, body, cipher.getAuthTag()]).toString('base64url');
  }

  /** The value again; `undefined` when it was changed, or belongs to another place or home. */
  open(deviceId: string, metric: string, timeUs: number, sealed: string): Value | undefined {
    const bytes = Buffer.from(sealed, 'base64url');
    if (bytes.length <= idBytes + nonceBytes + tagBytes) return undefined;
    const key = this.#keys.get(bytes.readUInt32BE());
    if (key === undefined) return undefined;
    const body = bytes.subarray(idBytes + nonceBytes, -tagBytes);
    const nonce = bytes.subarray(idBytes, idBytes + nonceBytes);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
    decipher.setAAD(placeOf(deviceId, metric, timeUs));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    const plain = decipher.update(body);
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return decode(plain);
  }

  /**
   * 53 bits that tell payloads apart and tell nothing of them: they lie beside the readings, and a
   * payload with one small number in it is soon guessed.
   */
  fingerprint(payload: Uint8Array): number {
    const key = this.#fingerprintKey ?? Buffer.alloc(0);
    const digest = createHmac('sha256', key).update(payload).digest();
    return digest.readUIntBE(0, 6) * 32 + ((digest[6] as number) & 31);
  }

  /** The metrics of a device of which there are sealed values, whether or not they are sensitive now. */
  of(deviceId: string): ReadonlySet<string> {
    return this.#sealed.get(deviceId) ?? nothing;
  }

  /** Writes down which metrics were sealed for the first time; what fails is tried again. */
  save(): void {
    if (this.#unsaved.length === 0) return;
    this.#store.addSealed(this.#unsaved);
    this.#unsaved = [];
  }

  forget(deviceId: string): void {
    if (!this.#sealed.delete(deviceId)) return;
    this.#unsaved = this.#unsaved.filter((one) => one.deviceId !== deviceId);
    try {
      this.#store.removeSealed(deviceId);
    } catch (error) {
      // Nothing is found of it: a row too many only makes an answer look twice.
      this.#log.warn({ deviceId, err: error }, 'the sealed metrics of a device were not forgotten');
    }
  }

  #note(deviceId: string, metric: string): void {
    const metrics = this.#ofDevice(deviceId);
    if (metrics.has(metric)) return;
    metrics.add(metric);
    this.#unsaved.push({ deviceId, metric });
  }

  #ofDevice(deviceId: string): Set<string> {
    let metrics = this.#sealed.get(deviceId);
    if (metrics === undefined) {
      metrics = new Set();
      this.#sealed.set(deviceId, metrics);
    }
    return metrics;
  }

  #add(vault: Vault): void {
    const bytes = randomBytes(keyBytes);
    this.#learn(this.#store.addKey(vault.seal(purpose, bytes), this.#clock.nowMs()), bytes);
  }

  /** Keys are learnt by their age: the newest seals. */
  #learn(id: number, bytes: Buffer): void {
    // Of the oldest, which never changes: a redelivery is known after any number of rotations.
    this.#fingerprintKey ??= Buffer.from(
      hkdfSync('sha256', bytes, '', 'hearth deliveries', keyBytes),
    );
    const key = createSecretKey(bytes);
    bytes.fill(0);
    this.#keys.set(id, key);
    this.#current = { id, key };
    this.#used = mostPerPrefix;
  }

  #nextNonce(): Buffer {
    if (this.#used >= mostPerPrefix) {
      randomBytes(nonceBytes - 4).copy(this.#nonce);
      this.#used = 0;
    }
    this.#nonce.writeUInt32BE(this.#used++, nonceBytes - 4);
    return this.#nonce;
  }
}

const nothing: ReadonlySet<string> = new Set();

/** None of the names can hold a NUL, so that no two places are spelled alike. */
const placeOf = (deviceId: string, metric: string, timeUs: number): Buffer =>
  Buffer.from(`${deviceId}\0${metric}\0${timeUs}`);

function encode(value: Value): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(`\0${value}`);
    text[0] = kinds.text;
    return text;
  }
  if (typeof value === 'boolean') return Buffer.from([kinds.boolean, value ? 1 : 0]);
  const number = Buffer.allocUnsafe(9);
  number[0] = kinds.number;
  number.writeDoubleLE(value, 1);
  return number;
}

function decode(plain: Buffer): Value {
  if (plain[0] === kinds.text) return plain.toString('utf8', 1);
  if (plain[0] === kinds.boolean) return plain[1] === 1;
  return plain.readDoubleLE(1);
}
