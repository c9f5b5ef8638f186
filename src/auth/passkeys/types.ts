/** A passkey as its owner sees it. */
export interface Passkey {
  readonly id: string;
  readonly name: string;
  /** The host name it was made under; it works under no other. */
  readonly rpId: string;
  readonly transports: readonly string[];
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number | undefined;
}

/** What is kept of a passkey. */
export interface StoredPasskey extends Passkey {
  readonly personId: string;
  /** Base64url. */
  readonly credentialId: string;
  /** COSE. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly counter: number;
}
