import { z } from '@hono/zod-openapi';
import { roles } from './access.ts';
import { credentialRoles } from './credentials.ts';

const time = z.iso.datetime().openapi({ description: 'ISO 8601, UTC' });
const role = z.enum(roles);
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

export const setupState = z
  .object({
    needed: z.boolean().openapi({ description: 'Whether this hub still waits for its owner' }),
    home: z.string(),
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

export const signIn = z.object({ email, password }).openapi('SignIn');

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
    access_token: z.string().openapi({ description: 'For Authorization: Bearer' }),
    token_type: z.literal('bearer'),
    expires_in: z.number().int().openapi({ description: 'Seconds' }),
    person: callerAnswer,
  })
  .openapi('Session');

export const newToken = z
  .object({
    name: displayName,
    role,
    expiresIn: z.string().max(20).optional().openapi({ example: '90d' }),
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
