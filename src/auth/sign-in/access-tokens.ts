import { verify } from 'node:crypto';
import type { Clock } from '#kernel';
import type { Person } from '../types.ts';
import { Recent } from './recent.ts';
import type { TokenKeys } from './token-keys.ts';

export const accessTokenLifetimeSeconds = 1800;

const issuer = 'hearth';
const audience = 'hearth';
/** Ours have about 400. */
const maxLength = 2048;

/** What an access token says of whoever shows it. */
export interface AccessClaims {
  readonly personId: string;
  readonly sessionId: string;
}

interface Verified extends AccessClaims {
  readonly expiresAtMs: number;
}

interface AccessTokensOptions {
  readonly keys: TokenKeys;
  readonly clock: Clock;
}

/**
 * Signed access tokens (JWT, RFC 7519; ES256) that any program can check with the published keys. The
 * hub checks them without a query; whether their session still lives is asked besides, by its caller.
 */
export class AccessTokens {
  readonly #options: AccessTokensOptions;
  readonly #verified: Recent<Verified>;

  constructor(options: AccessTokensOptions) {
    this.#options = options;
    this.#verified = new Recent({
      clock: options.clock,
      lifetimeMs: accessTokenLifetimeSeconds * 1000,
      maxEntries: 1000,
    });
  }

  async sign(person: Person, sessionId: string): Promise<string> {
    const { keys, clock } = this.#options;
    const { SignJWT } = await import('jose');
    const key = keys.signingKey;
    const nowSeconds = Math.floor(clock.nowMs() / 1000);
    return new SignJWT({ sid: sessionId, role: person.role, name: person.name })
      .setProtectedHeader({ alg: 'ES256', kid: key.id, typ: 'JWT' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(person.id)
      .setIssuedAt(nowSeconds)
      .setExpirationTime(nowSeconds + accessTokenLifetimeSeconds)
      .sign(key.privateKey);
  }

  /** What `token` says; undefined when it is not one of ours, was changed, or has expired. */
  verify(token: string): AccessClaims | undefined {
    if (token.length > maxLength) return undefined;
    const recent = this.#verified.get(token);
    const verified = recent ?? this.#check(token);
    if (verified === undefined) return undefined;
    if (recent === undefined) this.#verified.set(token, verified);
    return this.#options.clock.nowMs() < verified.expiresAtMs ? verified : undefined;
  }

  #check(token: string): Verified | undefined {
    const [header = '', payload = '', signature = '', ...rest] = token.split('.');
    if (rest.length > 0 || payload === '' || signature === '') return undefined;
    const { alg, kid, crit } = parsed(header);
    // RFC 8725 section 3.1: the algorithm is ours to choose, and there are no extensions to heed.
    if (alg !== 'ES256' || typeof kid !== 'string' || crit !== undefined) return undefined;
    const key = this.#options.keys.find(kid);
    if (key === undefined) return undefined;
    const isGenuine = verify(
      'sha256',
      Buffer.from(`${header}.${payload}`),
      { key: key.publicKey, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    );
    if (!isGenuine) return undefined;
    const { iss, aud, sub, sid, exp } = parsed(payload);
    if (iss !== issuer || aud !== audience) return undefined;
    if (typeof sub !== 'string' || typeof sid !== 'string' || typeof exp !== 'number') {
      return undefined;
    }
    return { personId: sub, sessionId: sid, expiresAtMs: exp * 1000 };
  }
}

/** The JSON object in a part of a token; empty for anything else. */
function parsed(part: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
