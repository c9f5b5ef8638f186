/** The provider that people of this home may sign in by. */
export interface OidcSettings {
  /** Its address, as it says itself in its discovery document. */
  readonly issuer: string;
  readonly clientId: string;
  /** Left out for a client that the provider knows as public. */
  readonly clientSecret?: string;
  /** What the button to sign in calls it. */
  readonly name: string;
  /** Whether a verified e-mail address signs in the person who has it here. */
  readonly linkByEmail: boolean;
}

/** Who the provider says has come, once that has been verified. */
export interface Claims {
  readonly issuer: string;
  /** Never given to anybody else (OpenID Connect Core 1.0 §5.7). */
  readonly subject: string;
  /** In lower case. */
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  readonly name: string | undefined;
}

/** Who somebody at the provider is here. */
export interface Link {
  readonly issuer: string;
  readonly subject: string;
  readonly personId: string;
  readonly email: string | undefined;
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number | undefined;
}

/** As long as somebody may take at the provider. */
export const journeyLifetimeMs = 10 * 60_000;
