import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import type { Page } from 'playwright-core';

export const client = { id: 'hearth', secret: 'between the hub and the provider' };

/** A certified OpenID Connect provider, on this machine. */
export interface RealProvider {
  readonly issuer: string;
  /** Says which addresses of a hub it may send browsers back to. */
  knows(hubOrigin: string): void;
  stop(): Promise<void>;
}

/** Starts on 127.0.0.1, which for a browser is another site than the hub's localhost. */
export async function startRealProvider(): Promise<RealProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: 'one', alg: 'RS256', use: 'sig' };
  return {
    issuer,
    knows: (hubOrigin) => {
      const provider = new Provider(issuer, {
        clients: [
          {
            client_id: client.id,
            client_secret: client.secret,
            redirect_uris: [`${hubOrigin}/api/v1/auth/oidc/callback`],
          },
        ],
        cookies: { keys: ['for these tests alone'] },
        jwks: { keys: [key] },
        claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
        ttl: { AccessToken: 60, Grant: 60, IdToken: 60, Interaction: 60, Session: 60 },
        pkce: { required: () => true },
        findAccount: async (_, id) => ({
          accountId: id,
          claims: async () => ({
            sub: id,
            name: id,
            email: `${id}@example.org`,
            email_verified: true,
          }),
        }),
      });
      server.removeAllListeners('request');
      server.on('request', provider.callback());
    },
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Signs in at its pages, and lets the hub know who has come. */
export async function signInThere(page: Page, login: string): Promise<void> {
  await page.getByPlaceholder('Enter any login').fill(login);
  await page.getByPlaceholder('and password').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}
