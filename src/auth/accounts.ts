import type { BetterAuthOptions } from 'better-auth';
import type { Db } from '#db';
import { type Clock, type Log, sortableId } from '#kernel';
import type { SlowHash } from './slow-hash.ts';

export const sessionCookie = 'hearth_session';
/** Renewed whenever the dashboard is opened, so only a session nobody uses ends. */
export const sessionLifetimeSeconds = 30 * 86_400;

interface AccountOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly secret: string;
  readonly slowHash: SlowHash;
}

/**
 * How better-auth is set up here: as a library behind our own routes. Its HTTP endpoints are not
 * mounted, so neither its base URL nor its origin checks ever meet a request (a hub goes by many
 * names); it sends nothing anywhere, and its tables are made by our migrations.
 */
export function accountOptions({ db, clock, log, secret, slowHash }: AccountOptions) {
  return {
    appName: 'Hearth',
    database: db,
    secret,
    baseURL: 'http://hearth.invalid',
    telemetry: { enabled: false },
    logger: {
      // Its refusals are ours to report, in our words.
      log: (level, message) =>
        log[level === 'error' ? 'error' : 'debug']({ library: 'better-auth' }, message),
    },
    emailAndPassword: {
      enabled: true,
      // The owner is made by the setup code, everyone else by the owner.
      disableSignUp: true,
      password: {
        hash: (password) => slowHash.hash(password),
        verify: ({ hash, password }) => slowHash.verify(hash, password),
      },
    },
    session: {
      modelName: 'sessions',
      expiresIn: sessionLifetimeSeconds,
      updateAge: 86_400,
      fields: {
        userId: 'person_id',
        expiresAt: 'expires_at',
        ipAddress: 'ip_address',
        userAgent: 'user_agent',
        createdAt: 'created_at',
        updatedAt: 'updated_at',
      },
    },
    user: {
      modelName: 'people',
      fields: {
        emailVerified: 'email_verified',
        createdAt: 'created_at',
        updatedAt: 'updated_at',
      },
      additionalFields: { role: { type: 'string', required: true, input: false } },
    },
    account: {
      modelName: 'accounts',
      fields: {
        userId: 'person_id',
        accountId: 'account_id',
        providerId: 'provider_id',
        accessToken: 'access_token',
        refreshToken: 'refresh_token',
        idToken: 'id_token',
        accessTokenExpiresAt: 'access_token_expires_at',
        refreshTokenExpiresAt: 'refresh_token_expires_at',
        createdAt: 'created_at',
        updatedAt: 'updated_at',
      },
    },
    verification: {
      modelName: 'verifications',
      fields: { expiresAt: 'expires_at', createdAt: 'created_at', updatedAt: 'updated_at' },
    },
    rateLimit: { enabled: false },
    advanced: {
      cookiePrefix: 'hearth',
      cookies: { session_token: { name: sessionCookie } },
      // `Secure` is added where the cookie goes out, if it goes out over HTTPS.
      useSecureCookies: false,
      defaultCookieAttributes: { httpOnly: true, sameSite: 'strict', path: '/' },
      database: { generateId: () => sortableId(clock.nowMs()) },
      ipAddress: { disableIpTracking: true },
    },
  } satisfies BetterAuthOptions;
}

/**
 * Opens better-auth. It takes half a second to load, several on a Raspberry Pi, so it is loaded
 * when the first person or session turns up and not when the hub starts.
 */
export async function openAccounts(options: AccountOptions) {
  const { betterAuth } = await import('better-auth');
  return betterAuth(accountOptions(options));
}

export type Accounts = Awaited<ReturnType<typeof openAccounts>>;
