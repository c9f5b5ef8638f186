import { z } from '@hono/zod-openapi';
import { type Action, actions, roles } from './access.ts';
import { credentialRoles } from './programs/credentials.ts';
import { personRoles } from './types.ts';

const time = z.iso.datetime().openapi({ description: 'ISO 8601, UTC' });
const role = z.enum(roles);
const personRole = z.enum(personRoles);
/** One line, so that it can stand in a log and a table. */
const displayName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}]*$/u, 'has control characters');
const email = z.email().max(254);
/** How long a password must be is said in one place, `passwords.ts`; this is only a bound. */
const password = z.string().min(1).max(1024);
/** Of an authenticator app, a recovery code, an invitation: whatever is typed or pasted. */
const code = z.string().min(1).max(64);
/** Opaque, or a JWT. */
const secret = z.string().min(1).max(512);

export const setupState = z
  .object({
    needed: z.boolean().openapi({ description: 'Whether this hub still waits for its owner' }),
    home: z.string(),
    mail: z.boolean().openapi({ description: 'Whether a forgotten password is helped by mail' }),
  })
  .openapi('SetupState');

export const newOwner = z
  .object({
    code: z.string().max(64).openapi({ example: 'k7qm-2fxp' }),
    email,
    password,
    name: displayName,
  })
  .openapi('NewOwner');

export const signIn = z
  .object({
    email,
    password,
    code: code.optional().openapi({ description: 'Of the authenticator app, or a recovery code' }),
  })
  .openapi('SignIn');

/** OAuth 2.0 password grant (RFC 6749 section 4.3.2), as a form. */
export const passwordGrant = z
  .object({
    grant_type: z.literal('password').optional(),
    username: email,
    password,
    code: code.optional(),
  })
  .openapi('PasswordGrant');

export const callerAnswer = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string().optional(),
    role,
    kind: z.enum(['person', 'token', 'local']),
  })
  .openapi('Caller');

export const session = z
  .object({
    access_token: z.string().openapi({ description: 'A JWT for Authorization: Bearer' }),
    token_type: z.literal('bearer'),
    expires_in: z.number().int().openapi({ description: 'Seconds' }),
    refresh_token: z.string().openapi({ description: 'Good once, for the next pair' }),
    person: callerAnswer,
  })
  .openapi('Session');

export const secondFactorNeeded = z
  .object({
    second_factor: z.object({
      challenge: z.string().openapi({ description: 'For POST /auth/2fa/verify' }),
      methods: z.array(z.enum(['totp', 'recovery_code'])),
      expires_in: z.number().int().openapi({ description: 'Seconds' }),
    }),
  })
  .openapi('SecondFactorNeeded');

export const secondFactorCode = z
  .strictObject({ challenge: secret, code })
  .openapi('SecondFactorCode');

export const refresh = z.strictObject({ refresh_token: secret }).openapi('Refresh');

export const registration = z
  .strictObject({
    email,
    password,
    name: displayName.optional(),
    full_name: displayName.optional(),
    invitation: code.optional(),
  })
  .refine(({ name, full_name }) => name !== undefined || full_name !== undefined, {
    message: 'is missing',
    path: ['name'],
  })
  .openapi('Registration');

export const registered = z
  .object({
    id: z.string(),
    email: z.string(),
    name: z.string(),
    full_name: z.string(),
    created_at: time,
    role: personRole,
  })
  .openapi('Registered');

export const myChanges = z.strictObject({ name: displayName }).openapi('MyChanges');

export const newPassword = z
  .strictObject({ current_password: password, new_password: password })
  .openapi('NewPassword');

export const passwordReset = z
  .strictObject({ code, new_password: password })
  .openapi('PasswordReset');

export const forgotten = z.strictObject({ email }).openapi('ForgottenPassword');

export const passwordAgain = z.strictObject({ password }).openapi('PasswordAgain');

export const totpCode = z.strictObject({ code }).openapi('TotpCode');

export const totpBegun = z
  .object({
    secret: z.string().openapi({ description: 'Base 32, to be typed' }),
    uri: z.string().openapi({ description: 'otpauth://…, to be shown as a QR code' }),
  })
  .openapi('TotpBegun');

export const recoveryCodes = z
  .object({ recovery_codes: z.array(z.string()) })
  .openapi('RecoveryCodes');

export const secondFactorState = z
  .object({ totp: z.boolean(), recovery_codes_left: z.number().int() })
  .openapi('SecondFactorState');

export const liveSession = z
  .object({
    id: z.string(),
    method: z.enum(['password', 'passkey', 'oidc']),
    user_agent: z.string(),
    address: z.string(),
    created_at: time,
    last_used_at: time,
    expires_at: time,
    current: z.boolean().openapi({ description: 'Whether it is the one that asks' }),
  })
  .openapi('LiveSession');

export const person = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    role: personRole,
    state: z.enum(['active', 'disabled']),
    has_password: z.boolean(),
    second_factor: z.boolean(),
    created_at: time,
    last_used_at: time.nullable().openapi({ description: 'By a session that still lives' }),
  })
  .openapi('Person');

/** Of whoever asks, where a sign-in of long ago is not enough. */
const passwordOfCaller = password.optional().openapi({
  description: 'Yours: for an owner or admin, unless you signed in within ten minutes',
});

export const ownPassword = z.strictObject({ password: passwordOfCaller }).openapi('OwnPassword');

export const newPerson = z
  .strictObject({
    email,
    name: displayName,
    role: personRole,
    password,
    current_password: passwordOfCaller,
  })
  .openapi('NewPerson');

export const chosenPassword = z
  .strictObject({ new_password: password, password: passwordOfCaller })
  .openapi('ChosenPassword');

export const personChanges = z
  .strictObject({
    name: displayName.optional(),
    role: personRole.optional(),
    disabled: z.boolean().optional(),
    password: passwordOfCaller,
  })
  .openapi('PersonChanges');

export const newInvitation = z
  .strictObject({
    role: personRole,
    email: email.optional().openapi({ description: 'Then it is good for this email alone' }),
    expires_in: z
      .union([z.string().max(20), z.number().int().min(1)])
      .optional()
      .openapi({ example: '7d', description: 'A duration, or seconds' }),
    password: passwordOfCaller,
  })
  .openapi('NewInvitation');

export const invitation = z
  .object({
    id: z.string(),
    role: personRole,
    email: z.string().nullable(),
    invited_by: z.string(),
    created_at: time,
    expires_at: time,
  })
  .openapi('Invitation');

export const createdInvitation = invitation
  .extend({
    code: z.string().openapi({ description: 'Shown this once' }),
    url: z.string().openapi({ description: 'The page that takes the code' }),
  })
  .openapi('CreatedInvitation');

export const resetCode = z
  .object({
    code: z.string().openapi({ description: 'Shown this once; for POST /auth/password/reset' }),
    url: z.string().openapi({ description: 'The page that takes the code' }),
    expires_at: time,
  })
  .openapi('ResetCode');

/** RFC 7517 section 5. */
export const keySet = z
  .object({
    keys: z.array(
      z.object({
        kty: z.string(),
        crv: z.string(),
        x: z.string(),
        y: z.string(),
        kid: z.string(),
        alg: z.literal('ES256'),
        use: z.literal('sig'),
      }),
    ),
  })
  .openapi('KeySet');

export const newToken = z
  .strictObject({
    name: displayName,
    role,
    expiresIn: z.string().max(20).optional().openapi({ example: '90d' }),
    scopes: z
      .array(z.enum(actions as [Action, ...Action[]]))
      .min(1)
      .max(50)
      .optional()
      .openapi({ description: 'Of what the role may, only this' }),
    password: passwordOfCaller,
  })
  .openapi('NewToken');

export const token = z
  .object({
    id: z.string(),
    name: z.string(),
    role,
    created_at: time,
    expires_at: time.nullable(),
    last_used_at: time.nullable(),
    revoked_at: time.nullable(),
    scopes: z.array(z.string()).nullable(),
  })
  .openapi('Token');

export const createdToken = token
  .extend({ token: z.string().openapi({ description: 'Shown this once' }) })
  .openapi('CreatedToken');

export const newCredential = z
  .object({
    name: z.string().min(1).max(64),
    role: z.enum(credentialRoles),
    password: password.optional().openapi({ description: 'Made by the hub when left out' }),
  })
  .openapi('NewCredential');

export const credential = z
  .object({ name: z.string(), role: z.enum(credentialRoles), created_at: time })
  .openapi('Credential');

export const createdCredential = credential
  .extend({ password: z.string().openapi({ description: 'Shown this once' }) })
  .openapi('CreatedCredential');
