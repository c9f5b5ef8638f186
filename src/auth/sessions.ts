import { parse } from 'hono/utils/cookie';
import { type Clock, HearthError, hashSecret } from '#kernel';
import { type Caller, isRole } from './access.ts';
import { type Accounts, sessionCookie, sessionLifetimeSeconds } from './accounts.ts';
import { Recent } from './recent.ts';

/** Longer than any of ours; what is longer is not looked up. */
const maxValueLength = 512;

export interface SignedIn {
  readonly caller: Caller;
  /** What the cookie holds, for programs that would rather send it as `Authorization: Bearer`. */
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  /** Set-Cookie lines, still without `Secure`. */
  readonly cookies: readonly string[];
}

interface SessionOptions {
  readonly clock: Clock;
  /** Opens the accounts when they are first needed. */
  readonly accounts: () => Promise<Accounts>;
}

/**
 * Sessions of people. What a browser or a program holds is `token.signature`; the database holds
 * the first half only, which without the hub's secret signs nobody in.
 */
export class Sessions {
  readonly #options: SessionOptions;
  readonly #recent: Recent<Caller>;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#recent = new Recent({ clock: options.clock, lifetimeMs: 5000, maxEntries: 1000 });
  }

  /** @throws HearthError `unauthenticated`, the same for an unknown email as for a wrong password. */
  async signIn(email: string, password: string, userAgent: string): Promise<SignedIn> {
    const accounts = await this.#options.accounts();
    try {
      const { headers, response } = await accounts.api.signInEmail({
        body: { email, password },
        headers: new Headers({ 'user-agent': userAgent.slice(0, 200) }),
        returnHeaders: true,
      });
      const cookies = headers.getSetCookie();
      const accessToken = cookies
        .map((line) => parse(line.split(';')[0] ?? '', sessionCookie)[sessionCookie])
        .find((value) => value !== undefined);
      const caller = accessToken && (await this.callerOf(accessToken));
      if (!accessToken || !caller) throw new Error(`no session for ${response.user.id}`);
      return { caller, accessToken, expiresInSeconds: sessionLifetimeSeconds, cookies };
    } catch (error) {
      if (!isUnauthorized(error)) throw error;
      throw new HearthError('unauthenticated', 'the email or the password is wrong', {
        hint: 'Check both, and that Caps Lock is off.',
      });
    }
  }

  /** Whose session `value` is; asked again of the database after five seconds at the latest. */
  async callerOf(value: string): Promise<Caller | undefined> {
    if (value.length > maxValueLength) return undefined;
    const key = hashSecret(value);
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const accounts = await this.#options.accounts();
    const found = await accounts.api.getSession({
      headers: headersWith(value),
      // Renewing writes; only `renew` does.
      query: { disableRefresh: true },
    });
    if (found === null || !isRole(found.user.role)) return undefined;
    const { id, name, role } = found.user;
    const caller: Caller = { kind: 'person', id, name, role };
    this.#recent.set(key, caller);
    return caller;
  }

  /** Lets a session last its full time again; at most once a day. Returns Set-Cookie lines. */
  async renew(value: string): Promise<readonly string[]> {
    const accounts = await this.#options.accounts();
    const { headers } = await accounts.api.getSession({
      headers: headersWith(value),
      returnHeaders: true,
    });
    return headers.getSetCookie();
  }

  /** Ends a session. Returns Set-Cookie lines that make a browser forget it. */
  async signOut(value: string): Promise<readonly string[]> {
    this.#recent.delete(hashSecret(value));
    const accounts = await this.#options.accounts();
    const { headers } = await accounts.api.signOut({
      headers: headersWith(value),
      returnHeaders: true,
    });
    return headers.getSetCookie();
  }

  /** Asks the database about everyone again. */
  forgetRecent(): void {
    this.#recent.clear();
  }
}

const headersWith = (value: string) =>
  new Headers({ cookie: `${sessionCookie}=${encodeURIComponent(value)}` });

/** better-auth's own error class, told by its shape: importing it would load all of better-auth. */
const isUnauthorized = (error: unknown): boolean =>
  error instanceof Error && 'statusCode' in error && error.statusCode === 401;
