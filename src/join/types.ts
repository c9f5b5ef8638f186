/** The words of this slice, and the narrow doors that it needs from its neighbours. */

export interface JoinAlert {
  readonly kind: 'join_refused' | 'certificate_expiring';
  readonly deviceId?: string;
  readonly message: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Who knows people's and devices' passwords. */
export interface Accounts {
  readonly credentials: {
    verify(
      name: string,
      password: string,
      remoteAddress: string,
    ): Promise<{ readonly name: string; readonly role: 'service' | 'device' } | undefined>;
  };
}

/** The registry, as far as joining it goes. */
export interface Registry {
  exists(id: string): boolean;
  get(id: string): { readonly id: string; readonly state: string; readonly created_at: string };
  create(input: { id: string; name?: string; type?: string }): unknown;
  deviceOfApiKey(apiKey: string): { readonly id: string } | undefined;
  readonly onCertificate: {
    listen(
      listener: (news: { readonly deviceId: string; readonly der: Uint8Array }) => void,
    ): () => void;
  };
}

/** From where somebody asks. */
export interface Visitor {
  /** What a limit on tries counts by; empty for the machine itself. */
  readonly remoteAddress: string;
  /** In a word, for what is written down. */
  readonly origin: string;
}

/** What a device that joined is given. */
export interface Admission {
  readonly deviceId: string;
  readonly certificatePem: string;
  /** ISO 8601 UTC. */
  readonly notAfter: string;
}
