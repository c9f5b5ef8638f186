import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, originOf, owner } from './home.ts';
import { askInPage, createPasskey, type PageAnswer, usePasskey } from './passkey-in-page.ts';
import { type ProviderHome, startProviderHome } from './provider-home.ts';
import { signInThere } from './real-provider.ts';
import { heading } from './visit.ts';

let home: ProviderHome;

beforeAll(async () => {
  home = await startProviderHome();
}, 60_000);

afterAll(() => home?.stop());

const inPage = (page: Page, method: string, path: string, body?: unknown): Promise<PageAnswer> =>
  page.evaluate(askInPage, { method, path, ...(body !== undefined && { body }) });

async function signInByPassword(page: Page): Promise<void> {
  const { email, password } = owner;
  expect((await inPage(page, 'POST', '/auth/login', { email, password })).status).toBe(200);
}

const whoAmI = async (page: Page) => (await inPage(page, 'GET', '/auth/me')).body;

/** Follows a link of a page of ours. */
const follow = (page: Page, to: string) =>
  page.evaluate((href) => {
    (globalThis as unknown as { location: { href: string } }).location.href = href;
  }, to);

describe('a passkey', () => {
  const pageOrigin = () => `http://localhost:${home.hub.addresses.http?.port}`;

  /** An authenticator inside the machine that recognises its person. */
  async function addAuthenticator(page: Page) {
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return { devtools, authenticatorId };
  }

  async function makePasskey(page: Page): Promise<void> {
    const begun = await inPage(page, 'POST', '/auth/passkeys/options', {});
    expect(begun.status).toBe(200);
    const response = await page.evaluate(createPasskey, begun.body.options);
    const made = await inPage(page, 'POST', '/auth/passkeys', { name: 'This laptop', response });
    expect(made).toMatchObject({ status: 201, body: { rp_id: 'localhost', usable_here: true } });
  }

  async function signInByPasskey(page: Page): Promise<PageAnswer> {
    const { body } = await inPage(page, 'POST', '/auth/passkeys/login/options');
    const response = await page.evaluate(usePasskey, body.options);
    return inPage(page, 'POST', '/auth/passkeys/login', {
      challenge_id: body.challenge_id,
      response,
    });
  }

  it('is made in the browser and signs in without a name or a password', async () => {
    await home.onPage(pageOrigin(), async (page) => {
      await addAuthenticator(page);
      await signInByPassword(page);
      await makePasskey(page);
      expect((await inPage(page, 'POST', '/auth/logout')).status).toBe(204);
      expect((await inPage(page, 'GET', '/auth/me')).status).toBe(401);
      const answer = await signInByPasskey(page);
      expect(answer).toMatchObject({ status: 200, body: { person: { email: owner.email } } });
      expect(await whoAmI(page)).toMatchObject({ name: owner.name });
      await page.reload();
      await heading(page, 'Maple Street').waitFor();
      const { body } = await inPage(page, 'GET', '/auth/passkeys');
      expect(body.passkeys).toMatchObject([{ name: 'This laptop', transports: ['internal'] }]);
    });
  });

  it('of which there is a copy signs in no more', async () => {
    await home.onPage(pageOrigin(), async (page) => {
      const { devtools, authenticatorId } = await addAuthenticator(page);
      await signInByPassword(page);
      await makePasskey(page);
      const { credentials } = await devtools.send('WebAuthn.getCredentials', { authenticatorId });
      const [copy] = credentials;
      if (copy === undefined) throw new Error('the authenticator made nothing');
      expect((await signInByPasskey(page)).status).toBe(200);
      expect((await signInByPasskey(page)).status).toBe(200);
      const { credentialId } = copy;
      await devtools.send('WebAuthn.removeCredential', { authenticatorId, credentialId });
      await devtools.send('WebAuthn.addCredential', { authenticatorId, credential: copy });
      const refused = await signInByPasskey(page);
      expect(refused).toMatchObject({ status: 401, body: { detail: /counts backwards/ } });
    });
  });

  it('is not offered to a page that was opened by an address', async () => {
    await home.onPage(`http://127.0.0.1:${home.hub.addresses.http?.port}`, async (page) => {
      const { body } = await inPage(page, 'GET', '/auth/passkeys/available');
      expect(body).toMatchObject({ available: false, reason: /by its name.*TOTP/ });
    });
  });
});

describe('an account at a provider', () => {
  it('is linked by its person, and signs them in on a page that knows them', async () => {
    await home.onPage(originOf(home.hub), async (page) => {
      await signInByPassword(page);
      const begun = await inPage(page, 'POST', '/auth/oidc/link', {});
      await follow(page, begun.body.url);
      await signInThere(page, 'ada-at-elm');
      await page.waitForURL(`${originOf(home.hub)}/#/account?linked=oidc`);
      const { body } = await inPage(page, 'GET', '/auth/oidc');
      expect(body).toMatchObject({
        provider: { name: 'Elm ID' },
        link: { email: 'ada-at-elm@example.org' },
      });
    });

    await home.onPage(originOf(home.hub), async (page) => {
      expect((await inPage(page, 'GET', '/auth/me')).status).toBe(401);
      const landing = page.waitForRequest(`${originOf(home.hub)}/`);
      await follow(page, '/api/v1/auth/oidc/login');
      await signInThere(page, 'ada-at-elm');
      // It comes from a page of the provider's, so that the cookie stays behind …
      expect((await (await landing).allHeaders()).cookie ?? '').not.toContain('hearth_session');
      // … and everything the page then asks for goes with it.
      await heading(page, 'Maple Street').waitFor();
      expect(await whoAmI(page)).toMatchObject({ email: owner.email });
      const next = page.waitForRequest(`${originOf(home.hub)}/docs`);
      await follow(page, '/docs');
      expect((await (await next).allHeaders()).cookie).toContain('hearth_session');
      const cookies = await page.context().cookies(originOf(home.hub));
      expect(cookies).toMatchObject([
        { name: '__Host-hearth_session', httpOnly: true, secure: true, sameSite: 'Strict' },
      ]);
    });
  });

  it('of a stranger is sent away with a reason', async () => {
    await home.onPage(originOf(home.hub), async (page) => {
      await follow(page, '/api/v1/auth/oidc/login');
      await signInThere(page, 'eve');
      await page.waitForURL(`${originOf(home.hub)}/#/sign-in?problem=not_linked`);
      expect((await inPage(page, 'GET', '/auth/me')).status).toBe(401);
    });
  });

  it('joins the home with an invitation, without a password', async () => {
    const invitation = await ask<{ code: string }>(home.hub, 'POST', '/people/invitations', {
      role: 'member',
    });
    await home.onPage(originOf(home.hub), async (page) => {
      const query = `?invitation=${encodeURIComponent(invitation.code)}`;
      await follow(page, `/api/v1/auth/oidc/login${query}`);
      await signInThere(page, 'grace');
      await heading(page, 'Maple Street').waitFor();
      expect(await whoAmI(page)).toMatchObject({ email: 'grace@example.org', role: 'member' });
    });
  });

  it('that is declined at the provider leaves everything as it was', async () => {
    await home.onPage(originOf(home.hub), async (page) => {
      await follow(page, '/api/v1/auth/oidc/login');
      await page.getByText('[ Cancel ]').click();
      await page.waitForURL(`${originOf(home.hub)}/#/sign-in?problem=declined`);
      expect((await inPage(page, 'GET', '/auth/me')).status).toBe(401);
    });
  });
});
