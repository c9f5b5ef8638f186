/** What crosses the door of the signing slice. Keys are raw bytes here; JSON has them in base64. */

export const algorithms = ['ed25519', 'p256'] as const;
export type Algorithm = (typeof algorithms)[number];

/** How much a device must do: nothing is looked at, what is there must be right, it must be there. */
export const demands = ['off', 'optional', 'required'] as const;
export type Demand = (typeof demands)[number];

/** 32 bytes for Ed25519 (RFC 8032 §5.1.5); 65 for P-256: an uncompressed point, 04 x y (SEC 1 §2.3.3). */
export interface PublicKey {
  readonly algorithm: Algorithm;
  readonly raw: Uint8Array;
}

/** What is agreed with one device. */
export interface SigningSettings {
  /** With which of its keys the hub signs what it sends to this device. */
  readonly commandAlgorithm: Algorithm;
  readonly signature: Demand;
  /** `certificate`: the key of the certificate that the device last proved itself with. */
  readonly signingKey: PublicKey | 'certificate' | undefined;
  readonly encryption: Demand;
  /** The device's public box key (X25519), 32 bytes. */
  readonly boxKey: Uint8Array | undefined;
}

export const defaultSettings: SigningSettings = {
  commandAlgorithm: 'ed25519',
  signature: 'off',
  signingKey: undefined,
  encryption: 'off',
  boxKey: undefined,
};

/** The key of a certificate; without `key` it is of a kind that signs nothing here. */
export interface CertificateKey {
  /** SHA-256 of the certificate's DER, in hex. */
  readonly fingerprint: string;
  readonly key: PublicKey | undefined;
}
