import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** What the tests bend of an answer. */
export interface Bend {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  /** Whether a finger, a face or a PIN was asked for. */
  readonly isVerified?: boolean;
  readonly counter?: number;
  readonly userHandle?: string | null;
  /** CBOR of an attestation format and statement, instead of `none`. */
  readonly attestation?: string;
}

interface Options {
  readonly challenge: string;
  readonly rp?: { readonly id: string };
  readonly rpId?: string;
  readonly user?: { readonly id: string };
}

const present = 0x01;
const verified = 0x04;
const withKey = 0x40;

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest();
const base64url = (data: string | Uint8Array) => Buffer.from(data).toString('base64url');

/** `fmt: "none", attStmt: {}` in CBOR. */
const noAttestation = '63666d74646e6f6e656761747453746d74a0';

/** An authenticator and its browser: P-256, with a counter (Web Authentication §6). */
export class SoftwarePasskey {
  readonly credentialId = base64url(randomBytes(16));
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  counter = 0;
  userHandle = '';

  /** `navigator.credentials.create()`, as JSON. */
  create(options: Record<string, unknown>, origin: string, bend: Bend = {}) {
    const { challenge, rp, user } = options as unknown as Options;
    this.userHandle = user?.id ?? '';
    const id = Buffer.from(this.credentialId, 'base64url');
    const authData = Buffer.concat([
      this.#head(bend.rpId ?? rp?.id ?? '', withKey, bend),
      Buffer.alloc(16),
      Buffer.from([0, id.length]),
      id,
      this.#coseKey(),
    ]);
    const attestationObject = Buffer.concat([
      Buffer.from(`a3${bend.attestation ?? noAttestation}686175746844617461`, 'hex'),
      Buffer.from([0x59, authData.length >> 8, authData.length & 255]),
      authData,
    ]);
    const clientDataJSON = clientData('webauthn.create', challenge, origin, bend);
    return {
      ...this.#frame(),
      response: {
        clientDataJSON: base64url(clientDataJSON),
        attestationObject: base64url(attestationObject),
        transports: ['internal'],
        publicKeyAlgorithm: -7,
      },
    };
  }

  /** `navigator.credentials.get()`, as JSON. */
  get(options: Record<string, unknown>, origin: string, bend: Bend = {}) {
    const { challenge, rpId } = options as unknown as Options;
    this.counter += 1;
    const authData = this.#head(bend.rpId ?? rpId ?? '', 0, bend);
    const clientDataJSON = clientData('webauthn.get', challenge, origin, bend);
    const signed = Buffer.concat([authData, sha256(clientDataJSON)]);
    const userHandle = bend.userHandle === undefined ? this.userHandle : bend.userHandle;
    return {
      ...this.#frame(),
      response: {
        clientDataJSON: base64url(clientDataJSON),
        authenticatorData: base64url(authData),
        signature: base64url(sign('sha256', signed, this.#keys.privateKey)),
        userHandle,
      },
    };
  }

  #frame() {
    const id = this.credentialId;
    return {
      id,
      rawId: id,
      type: 'public-key',
      authenticatorAttachment: 'platform',
      clientExtensionResults: {},
    };
  }

  #head(rpId: string, flags: number, { isVerified = true, counter = this.counter }: Bend): Buffer {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    const all = flags | present | (isVerified ? verified : 0);
    return Buffer.concat([sha256(rpId), Buffer.from([all]), count]);
  }

  /** ES256 on P-256 (RFC 9053 §7.1.1). */
  #coseKey(): Buffer {
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' });
    return Buffer.concat([
      Buffer.from('a501020326200121 5820'.replace(' ', ''), 'hex'),
      Buffer.from(x, 'base64url'),
      Buffer.from('225820', 'hex'),
      Buffer.from(y, 'base64url'),
    ]);
  }
}

const clientData = (type: string, challenge: string, origin: string, bend: Bend): string =>
  JSON.stringify({
    type: bend.type ?? type,
    challenge: bend.challenge ?? challenge,
    origin: bend.origin ?? origin,
    crossOrigin: false,
  });
