import { z } from '@hono/zod-openapi';

const time = z.iso.datetime().openapi({ description: 'ISO 8601, UTC' });

/** One line, so that it can stand in a list. */
const name = z
  .string()
  .trim()
  .min(1)
  .max(60)
  .regex(/^[^\p{Cc}]*$/u, 'has control characters')
  .openapi({ example: 'Phone' });

const base64url = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[A-Za-z0-9_-]+$/, 'is not base64url');

/** Web Authentication §5.1.1: a credential id has at most 1023 bytes. */
const credentialId = base64url(1364);

export const availability = z
  .object({
    available: z.boolean(),
    reason: z
      .string()
      .nullable()
      .openapi({ description: 'Why not, for the person who asks; null when they are' }),
  })
  .openapi('PasskeyAvailability');

export const passkey = z
  .object({
    id: z.string(),
    name: z.string(),
    rp_id: z.string().openapi({ description: 'The host name under which it works' }),
    usable_here: z.boolean().openapi({ description: 'Whether this page was opened by that name' }),
    transports: z.array(z.string()),
    created_at: time,
    last_used_at: time.nullable(),
  })
  .openapi('Passkey');

export const passkeys = z.object({ passkeys: z.array(passkey) });

export const askOptions = z
  .strictObject({
    password: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .openapi({ description: 'Needed when the sign-in is more than ten minutes old' }),
  })
  .openapi('PasskeyRequest');

/** The browser's own form, which `PublicKeyCredential.parse…OptionsFromJSON()` reads. */
const browserOptions = z
  .record(z.string(), z.unknown())
  .openapi({ description: 'For the browser: Web Authentication, in its JSON form' });

export const creationOptions = z
  .object({ options: browserOptions, expires_in: z.number().int() })
  .openapi('PasskeyCreation');

export const requestOptions = z
  .object({ challenge_id: z.string(), options: browserOptions, expires_in: z.number().int() })
  .openapi('PasskeySignInOptions');

/** `credential.toJSON()` of a new credential; what a browser adds to it is left unread. */
export const registrationResponse = z.object({
  id: credentialId,
  rawId: credentialId,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: base64url(8192),
    attestationObject: base64url(32_768),
    transports: z.array(z.string().max(32)).max(10).optional(),
  }),
});

export const newPasskey = z
  .strictObject({ name, response: registrationResponse })
  .openapi('NewPasskey');

export const renamedPasskey = z.strictObject({ name }).openapi('RenamedPasskey');

/** `credential.toJSON()` of a credential that signed. */
export const authenticationResponse = z.object({
  id: credentialId,
  rawId: credentialId,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: base64url(8192),
    authenticatorData: base64url(8192),
    signature: base64url(8192),
    userHandle: base64url(128).nullish(),
  }),
});

export const signIn = z
  .strictObject({ challenge_id: z.string().min(1).max(64), response: authenticationResponse })
  .openapi('PasskeySignIn');

export type RegistrationResponse = z.output<typeof registrationResponse>;
export type AuthenticationResponse = z.output<typeof authenticationResponse>;
