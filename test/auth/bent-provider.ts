import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { onTestFinished } from 'vitest';

/** What the tests bend of an honest answer. */
export interface Bend {
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Signed with a key that is not published. */
  readonly isForged?: boolean;
  /** Sent as text that no one signed (RFC 8725 §2.1). */
  readonly isUnsigned?: boolean;
  readonly userInfo?: Readonly<Record<string, unknown>>;
}

export interface BentProvider {
  readonly issuer: string;
  /** What comes with the next token. */
  bend: Bend;
  /** What the hub sent to the token endpoint, newest last. */
  readonly asked: URLSearchParams[];
  /** Lets somebody sign in at the address that the hub sent a browser to; returns where to go on. */
  visit(address: string): URL;
  stop(): Promise<void>;
}

export const client = { id: 'hearth', secret: 'a secret between the two' };

const seconds = () => Math.floor(Date.now() / 1000);

/** A provider that keeps to OpenID Connect, except where it is told not to. */
export async function startBentProvider(address = '127.0.0.1'): Promise<BentProvider> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const { privateKey: anotherKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
  /** Codes to what they were given for. */
  const given = new Map<string, URLSearchParams>();

  async function idToken(asked: URLSearchParams): Promise<string> {
    const claims = {
      iss: provider.issuer,
      aud: client.id,
      sub: 'ada-at-provider',
      nonce: asked.get('nonce') ?? '',
      iat: seconds(),
      exp: seconds() + 300,
      ...provider.bend.claims,
    };
    if (provider.bend.isUnsigned) {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      return `${part({ alg: 'none' })}.${part(claims)}.`;
    }
    const key = provider.bend.isForged ? anotherKey : privateKey;
    return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(key);
  }

  async function token(request: IncomingMessage): Promise<object> {
    const body = new URLSearchParams(await text(request));
    provider.asked.push(body);
    const asked = given.get(body.get('code') ?? '');
    given.delete(body.get('code') ?? '');
    const verifier = body.get('code_verifier') ?? '';
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const isTheirs =
      asked?.get('redirect_uri') === body.get('redirect_uri') &&
      asked?.get('code_challenge') === challenge;
    if (!asked || !isTheirs) return { error: 'invalid_grant' };
    return {
      access_token: 'for user info',
      token_type: 'Bearer',
      expires_in: 300,
      id_token: await idToken(asked),
    };
  }

  const answers: Record<string, (request: IncomingMessage) => Promise<object> | object> = {
    '/.well-known/openid-configuration': () => ({
      issuer: provider.issuer,
      authorization_endpoint: `${provider.issuer}/auth`,
      token_endpoint: `${provider.issuer}/token`,
      userinfo_endpoint: `${provider.issuer}/me`,
      jwks_uri: `${provider.issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    }),
    '/jwks': () => ({ keys: [jwk] }),
    '/token': token,
    '/me': () => ({ sub: 'ada-at-provider', ...provider.bend.userInfo }),
  };
  const server = createServer(async (request, response) => {
    const answer = await answers[request.url ?? '']?.(request);
    const isError = answer === undefined || 'error' in answer;
    response.writeHead(isError ? 400 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const stop = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  onTestFinished(stop);

  const provider: BentProvider = {
    issuer: `http://${address}:${(server.address() as AddressInfo).port}`,
    bend: {},
    asked: [],
    visit: (address) => {
      const asked = new URL(address).searchParams;
      const code = `code-${given.size}-${asked.get('state')}`;
      given.set(code, asked);
      const back = new URL(asked.get('redirect_uri') ?? '');
      back.searchParams.set('code', code);
      back.searchParams.set('state', asked.get('state') ?? '');
      return back;
    },
    stop,
  };
  return provider;
}
