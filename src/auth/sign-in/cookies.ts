import type { Context } from 'hono';
import type { HearthEnv } from '../routing.ts';
import type { Person, SignedIn } from '../types.ts';
import { sessionLifetimeMs } from './sessions.ts';

const sessionCookie = 'hearth_session';

/**
 * What the session cookie is called. Over TLS its name says that this host set it, over TLS (RFC 6265bis
 * §4.1.3.2): no other host of the domain and nobody on the wire can put another one in its place.
 */
export const sessionCookieAt = (isTls: boolean): string =>
  isTls ? `__Host-${sessionCookie}` : sessionCookie;

/** A Set-Cookie line as over plain HTTP: `setCookies` makes it one for TLS. */
export const cookieLine = (value: string, maxAgeSeconds = sessionLifetimeMs / 1000): string =>
  `${sessionCookie}=${value}; Max-Age=${maxAgeSeconds}; Path=/; HttpOnly; SameSite=Strict`;

/** What makes a browser forget its session. */
export const forgetCookieLine = cookieLine('', 0);

/**
 * The JSON of a login (RFC 6749 section 5.1), and the session cookie with it: a browser holds the one,
 * a program the other.
 */
export function answerSession(context: Context<HearthEnv>, signedIn: SignedIn) {
  setCookies(context, signedIn.cookies);
  return {
    access_token: signedIn.accessToken,
    token_type: 'bearer' as const,
    expires_in: signedIn.expiresInSeconds,
    refresh_token: signedIn.refreshToken,
    person: personAnswer(signedIn.person),
  };
}

export const personAnswer = ({ id, name, email, role }: Person) => ({
  id,
  name,
  email,
  role,
  kind: 'person' as const,
});

/** `Secure` (RFC 6265 §4.1.2.5) only over HTTPS: over loopback HTTP no browser would send it back. */
export function setCookies(context: Context<HearthEnv>, lines: readonly string[]): void {
  const isTls = context.req.url.startsWith('https:');
  for (const line of lines) {
    const named = line.startsWith(`${sessionCookie}=`)
      ? line.replace(sessionCookie, sessionCookieAt(isTls))
      : line;
    context.header('set-cookie', `${named}${isTls ? '; Secure' : ''}`, { append: true });
  }
  keepNoCopy(context);
}

/** For answers with something in them that is shown once. */
export const keepNoCopy = (context: Context<HearthEnv>): void =>
  context.header('cache-control', 'no-store');
