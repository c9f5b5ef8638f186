import type { Configuration, IDToken, UserInfoResponse } from 'openid-client';
import type { Clock } from '#kernel';
import { OidcProblem, type ProblemCode } from './problem.ts';
import type { Claims, OidcSettings } from './types.ts';

/** What was sent along to the provider and has to come back, or be known when it does. */
export interface Secrets {
  readonly state: string;
  /** Comes back inside the signed answer. */
  readonly nonce: string;
  /** Shown only to the provider itself (PKCE, RFC 7636): a code that leaks is of no use. */
  readonly verifier: string;
}

const timeoutSeconds = 10;
/** Between the clock of the provider and ours. */
const toleratedSeconds = 60;
/** A provider changes its keys at any time, which is seen to below this, its addresses hardly ever. */
const discoveredAgainMs = 60 * 60_000;

const library = () => import('openid-client');

/** The provider as a client sees it: OpenID Connect Core 1.0, authorization code with PKCE. */
export class Provider {
  readonly #settings: OidcSettings;
  readonly #clock: Clock;
  #found: { readonly configuration: Promise<Configuration>; readonly atMs: number } | undefined;

  constructor(settings: OidcSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /**
   * Where to send a browser.
   * @throws OidcProblem `unreachable`.
   */
  async addressFor(redirectUri: string, { state, nonce, verifier }: Secrets): Promise<URL> {
    const configuration = await this.#configuration();
    const { buildAuthorizationUrl, calculatePKCECodeChallenge } = await library();
    return buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: 'openid email profile',
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
  }

  /**
   * Turns what a browser brought back into who has come.
   * @param returned the address the browser came to, with the provider's answer in its query.
   * @throws OidcProblem `unreachable`, `declined`, `clock` or `not_verified`.
   */
  async claimsOf(returned: URL, { state, nonce, verifier }: Secrets): Promise<Claims> {
    const configuration = await this.#configuration();
    const { authorizationCodeGrant, fetchUserInfo } = await library();
    try {
      const tokens = await authorizationCodeGrant(configuration, returned, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      const idToken = tokens.claims();
      if (idToken === undefined) throw new OidcProblem('not_verified');
      // Many providers keep the address out of the ID token.
      const isAsked =
        idToken.email === undefined &&
        configuration.serverMetadata().userinfo_endpoint !== undefined;
      const more = isAsked
        ? await fetchUserInfo(configuration, tokens.access_token, idToken.sub)
        : undefined;
      return claimsIn(idToken, more);
    } catch (error) {
      throw error instanceof OidcProblem ? error : new OidcProblem(problemIn(error), error);
    }
  }

  /** What the provider says of itself (OpenID Connect Discovery 1.0), asked for when first needed. */
  async #configuration(): Promise<Configuration> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#found === undefined || nowMs - this.#found.atMs > discoveredAgainMs) {
      const configuration = this.#discover();
      const found = { configuration, atMs: nowMs };
      this.#found = found;
      configuration.catch(() => {
        if (this.#found === found) this.#found = undefined;
      });
    }
    return this.#found.configuration;
  }

  async #discover(): Promise<Configuration> {
    const { issuer, clientId, clientSecret } = this.#settings;
    const client = await library();
    try {
      const server = new URL(issuer);
      // In the clear only to this very machine: anyone between could be the provider.
      const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(server.hostname);
      const execute = isLoopback ? [client.allowInsecureRequests] : [];
      const options = { timeout: timeoutSeconds, execute };
      const first = await client.discovery(server, clientId, undefined, client.None(), options);
      const metadata = first.serverMetadata();
      const configuration = new client.Configuration(
        metadata,
        clientId,
        { [client.clockTolerance]: toleratedSeconds },
        clientSecret === undefined
          ? client.None()
          : // RFC 8414 §2: what is not said is client_secret_basic.
            (metadata.token_endpoint_auth_methods_supported ?? basic).includes(basic[0])
            ? client.ClientSecretBasic(clientSecret)
            : client.ClientSecretPost(clientSecret),
      );
      configuration.timeout = timeoutSeconds;
      for (const extend of execute) extend(configuration);
      // TLS alone would do (Core §3.1.3.7 step 6); the signature holds behind any proxy too.
      client.enableNonRepudiationChecks(configuration);
      return configuration;
    } catch (error) {
      throw new OidcProblem('unreachable', error);
    }
  }
}

/** An issuer in one spelling: some end in a slash that people leave out, and discovery bears with it. */
export const issuerOf = (address: string): string => new URL(address).href;

const basic = ['client_secret_basic'] as [string];

function claimsIn(idToken: IDToken, more: UserInfoResponse | undefined): Claims {
  const email = textIn(more?.email ?? idToken.email)?.toLowerCase();
  const verified: unknown = more?.email_verified ?? idToken.email_verified;
  return {
    issuer: issuerOf(idToken.iss),
    subject: idToken.sub,
    email,
    // Some providers spell it as a text.
    emailVerified: verified === true || verified === 'true',
    name:
      textIn(more?.name ?? idToken.name) ??
      textIn(more?.preferred_username ?? idToken.preferred_username),
  };
}

const textIn = (claim: unknown): string | undefined => {
  const text = typeof claim === 'string' ? claim.replaceAll(/\p{Cc}/gu, ' ').trim() : '';
  return text === '' ? undefined : text.slice(0, 254);
};

/** What an error of the library means, told by its code: its classes are not loaded here. */
function problemIn(error: unknown): ProblemCode {
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  if (name === 'AuthorizationResponseError') return 'declined';
  if (code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED') return 'clock';
  if (code === 'OAUTH_TIMEOUT' || (error instanceof TypeError && code === undefined)) {
    return 'unreachable';
  }
  return 'not_verified';
}
