/** Why a sign-in by the provider came to nothing: `problem=CODE` in the address of the page then. */
export const problemCodes = [
  /** No provider is set up. */
  'not_set_up',
  /** It does not answer, or not as a provider does. */
  'unreachable',
  /** The person said no there, or the provider did. */
  'declined',
  /** Nobody began this here, it was used already, or it is more than ten minutes old. */
  'expired',
  /** What the provider said does not hold: issuer, audience, nonce, signature. */
  'not_verified',
  /** The clocks of provider and hub are more than a minute apart. */
  'clock',
  /** Nobody here goes by that account. */
  'not_linked',
  /** The provider does not vouch for the e-mail address. */
  'email_not_verified',
  /** The e-mail address belongs to somebody here, who has to link the account themselves. */
  'email_taken',
  /** The account is linked to somebody else, or the person to another account. */
  'linked_already',
  /** The invitation is not good, or not any more. */
  'invitation',
  /** The person may not sign in. */
  'disabled',
  /** The session that began the link has ended. */
  'session_ended',
  /** Too many tries from one address. */
  'too_many',
  /** A bug of the hub's: the log has it. */
  'internal',
] as const;

export type ProblemCode = (typeof problemCodes)[number];

/** Ends a sign-in by the provider, for a reason that the page can put into words. */
export class OidcProblem extends Error {
  readonly code: ProblemCode;

  constructor(code: ProblemCode, cause?: unknown) {
    super(code, cause === undefined ? undefined : { cause });
    this.name = 'OidcProblem';
    this.code = code;
  }
}
