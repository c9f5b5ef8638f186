import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Hub } from '#main';
import {
  type BrowserSession,
  desktop,
  launchBrowser,
  phone,
  takeScreenshot,
  type View,
} from './browser.ts';
import { buildDashboard } from './built-dashboard.ts';
import { ask, connectDevice, createOwner, originOf, owner, report, startHub } from './home.ts';
import { expectAccessible, heading, isLive, logIn, type Visit, visitPage } from './visit.ts';

const guest = { name: 'Gus', email: 'gus@example.org', password: 'seven grey herons in a row' };
const member = { name: 'Mia', email: 'mia@example.org', password: 'a bowl of small plums' };

let browser: Browser;
let hub: Hub;
let directory: string;
let session: BrowserSession;
let stop = async () => {};

beforeAll(async () => {
  await buildDashboard();
  browser = await launchBrowser();
  directory = await mkdtemp(join(tmpdir(), 'hearth-e2e-'));
  hub = await startHub(directory);
  await createOwner(hub);
  const room = await ask<{ id: string }>(hub, 'POST', '/rooms', { name: 'Guest room' });
  const kettle = await connectDevice(hub, { id: 'kettle', name: 'Kettle', type: 'plug' });
  const lamp = { id: 'lamp', name: 'Bedside lamp', type: 'plug', room: room.id };
  const lampClient = await connectDevice(hub, lamp);
  await report(kettle, 'kettle', { power: 0, relay_state: false });
  await report(lampClient, 'lamp', { power: 4, relay_state: true });
  stop = async () => {
    await Promise.all([kettle.endAsync(true), lampClient.endAsync(true)]);
  };
  session = await signedIn(owner);
}, 60_000);

afterAll(async () => {
  await stop();
  await browser?.close();
  await hub?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** What the browser of somebody remembers once they have signed in. */
async function signedIn(who: { email: string; password: string }): Promise<BrowserSession> {
  let found: BrowserSession | undefined;
  await stranger(async (page) => {
    await fillIn(page, who);
    await heading(page, 'Maple Street').waitFor();
    found = await page.context().storageState();
  });
  if (!found) throw new Error('nobody signed in');
  return found;
}

async function fillIn(page: Page, { email, password }: { email: string; password: string }) {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

const onPage = (act: (page: Page) => Promise<void>, visit: Visit = {}) =>
  visitPage(browser, originOf(hub), act, { session, ...visit });
const stranger = (act: (page: Page) => Promise<void>, visit: Visit = {}) =>
  visitPage(browser, originOf(hub), act, visit);

const region = (page: Page, name: string): Locator =>
  page.getByRole('region', { name, exact: true });
const go = (page: Page, fragment: string) => page.goto(`${originOf(hub)}/${fragment}`);
const press = (place: Page | Locator, name: string) =>
  place.getByRole('button', { name, exact: true }).click();
/** The text of a line to copy, by what its button copies. */
const codeBeside = async (place: Locator): Promise<string> =>
  (await place.locator('.code code').first().textContent()) ?? '';

/** The code of an app; the next one, where this one has been used. */
const appCode = (secret: string, stepsAhead = 0): string =>
  new TOTP({ secret: Secret.fromBase32(secret.replaceAll(' ', '')) }).generate({
    timestamp: Date.now() + stepsAhead * 30_000,
  });

describe('an account', () => {
  it('gets a new name and a new password', async () => {
    await onPage(async (page) => {
      await page.getByRole('link', { name: 'My account' }).click();
      await press(region(page, 'You'), 'Change the name');
      await page.getByLabel('Name').fill('Ada L.');
      await press(page, 'Save');
      await page.getByRole('link', { name: 'My account: Ada L.' }).waitFor();

      const card = region(page, 'Password');
      await press(card, 'Change the password');
      await card.getByLabel('The password until now').fill('not that one');
      await card.getByLabel('New password').fill(member.password);
      await press(card, 'Set the password');
      const old = card.getByLabel('The password until now');
      await expect.poll(() => old.getAttribute('aria-invalid')).toBe('true');
      await expectAccessible(page);
      for (const [until, next] of [
        [owner.password, member.password],
        [member.password, owner.password],
      ] as const) {
        await card.getByLabel('The password until now').fill(until);
        await card.getByLabel('New password').fill(next);
        await press(card, 'Set the password');
        await card.getByText('Your new password is set.').waitFor();
        if (next !== owner.password) await press(card, 'Change the password');
      }
    });
  });

  it('shows where it is signed in, and ends one of them at once', async () => {
    await stranger(async (other) => {
      await logIn(other);
      await isLive(other);
      await onPage(async (page) => {
        await go(page, '#/account');
        const card = region(page, 'Where you are signed in');
        await card.getByText('(here)').waitFor();
        await card
          .getByRole('button', { name: /^Sign it out/ })
          .first()
          .click();
        await press(card, 'Yes, sign it out');
        await heading(other, 'Welcome back').waitFor();
      });
    });
  });

  it('takes an authenticator app, and asks for its code or a recovery code', async () => {
    const who = { name: 'Otto', email: 'otto@example.org', password: 'nine blue chairs outside' };
    await joined(who, 'member');
    let recovery: readonly string[] = [];
    let secret = '';
    await stranger(async (page) => {
      await fillIn(page, who);
      await heading(page, 'Maple Street').waitFor();
      await go(page, '#/account');
      const card = region(page, 'Authenticator app');
      await press(card, 'Set it up');
      await card.getByLabel('Your password').fill(who.password);
      await press(card, 'Continue');
      await card.getByRole('img', { name: /^QR code/ }).waitFor();
      await expectAccessible(page);
      await takeScreenshot(page, 'authenticator', desktop);
      secret = await codeBeside(card);
      await card.getByLabel('Code', { exact: true }).fill('000000');
      await press(card, 'Turn it on');
      await card.getByText(/not the one of now/).waitFor();
      await card.getByLabel('Code', { exact: true }).fill(appCode(secret));
      await press(card, 'Turn it on');
      await card.getByText('They are shown only now.').waitFor();
      recovery = await card.locator('.recovery-codes code').allTextContents();
      expect(recovery).toHaveLength(10);
      await takeScreenshot(page, 'recovery-codes', desktop);
      await page.emulateMedia({ media: 'print' });
      await takeScreenshot(page, 'recovery-codes-print', desktop);
      await page.emulateMedia({ media: null });
      await press(card, 'I have kept them');
      await card.getByText('10 recovery codes are left').waitFor();
    });
    await stranger(async (page) => {
      await fillIn(page, who);
      await heading(page, 'One more step').waitFor();
      await expectAccessible(page);
      await takeScreenshot(page, 'second-factor', desktop);
      const focused = page.locator(':focus');
      expect(await focused.getAttribute('autocomplete')).toBe('one-time-code');
      await focused.fill(appCode(secret, 1));
      await page.keyboard.press('Enter');
      await heading(page, 'Maple Street').waitFor();
    });
    await stranger(async (page) => {
      await fillIn(page, who);
      await page.getByRole('button', { name: /recovery code/ }).click();
      await page.getByLabel('Recovery code').fill('aaaaa-aaaaa');
      await press(page, 'Continue');
      await page.getByRole('alert').waitFor();
      await page.getByLabel('Recovery code').fill(recovery[3] ?? '');
      await press(page, 'Continue');
      await heading(page, 'Maple Street').waitFor();
      await go(page, '#/account');
      const card = region(page, 'Authenticator app');
      await card.getByText('9 recovery codes are left').waitFor();
      await press(card, 'Remove');
      await card.getByLabel('Your password').fill(who.password);
      await press(card, 'Remove the app');
      await card.getByRole('button', { name: 'Set it up' }).waitFor();
    });
  });

  it('takes a passkey, which signs in without a password', async () => {
    await stranger(async (page) => {
      const devTools = await page.context().newCDPSession(page);
      await devTools.send('WebAuthn.enable');
      await devTools.send('WebAuthn.addVirtualAuthenticator', {
        options: {
          protocol: 'ctap2',
          transport: 'internal',
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
        },
      });
      await logIn(page);
      await heading(page, 'Maple Street').waitFor();
      await go(page, '#/account');
      const card = region(page, 'Passkeys');
      await press(card, 'Add a passkey');
      await card.getByLabel('Name of the passkey').fill('Phone');
      await press(card, 'Continue');
      await card.getByText('Phone', { exact: true }).waitFor();
      await card.getByRole('button', { name: 'Rename Phone' }).click();
      await card.getByLabel('Name of the passkey').fill('Old phone');
      await press(card, 'Save');
      await card.getByText('Old phone', { exact: true }).waitFor();
      await expectAccessible(page);

      await press(page, 'Sign out');
      await press(page, 'Use a passkey');
      await page.getByRole('heading', { name: 'My account' }).waitFor();
      await card.getByRole('button', { name: 'Remove Old phone' }).click();
      await press(card, 'Yes, remove it');
      await card.getByText('Old phone').waitFor({ state: 'detached' });
    });
  });

  it('says why no passkey works where the page was opened by an address', async () => {
    const byAddress = `http://127.0.0.1:${hub.addresses.http?.port}`;
    await visitPage(browser, byAddress, async (page) => {
      await page.getByText(/No passkeys here: .*by an address.*TOTP/).waitFor();
      await expectAccessible(page);
    });
  });
});

describe('somebody new', () => {
  it('is invited by a link, joins with it, and cannot use it twice', async () => {
    let link = '';
    await onPage(async (page) => {
      await page.getByRole('link', { name: 'People' }).click();
      await page.getByRole('link', { name: 'Invite somebody' }).click();
      await page.getByLabel('Role').selectOption('Member');
      await page.getByLabel('E-mail').fill(member.email);
      await press(page, 'Make the invitation');
      const card = region(page, 'The invitation');
      await card.getByRole('img', { name: 'QR code of the invitation' }).waitFor();
      link = await codeBeside(card);
      await expectAccessible(page);
      await takeScreenshot(page, 'invitation', desktop);
      await page.getByRole('link', { name: 'People' }).last().click();
      await region(page, 'Invited').getByText(member.email).waitFor();
    });
    await stranger(async (page) => {
      await page.goto(link);
      await page.reload();
      await heading(page, 'Join Maple Street').waitFor();
      await expectAccessible(page);
      await takeScreenshot(page, 'join', desktop);
      await page.getByLabel('Your name').fill(member.name);
      await page.getByLabel('E-mail').fill(member.email);
      await page.getByLabel('Password').fill('password12');
      await press(page, 'Join');
      const password = page.getByLabel('Password');
      await expect.poll(() => password.getAttribute('aria-invalid')).toBe('true');
      await password.fill(member.password);
      await press(page, 'Join');
      await isLive(page);
      expect(page.url()).not.toContain('invitation');
      await page.goto(link);
      await page.reload();
      await page.getByText(`You are signed in as ${member.name}`).waitFor();
      await page.getByLabel('Your name').fill('Somebody else');
      await page.getByLabel('E-mail').fill('else@example.org');
      await page.getByLabel('Password').fill(member.password);
      await press(page, 'Join');
      await page.getByText('Registration is closed.').waitFor();
    });
    await onPage(async (page) => {
      await go(page, '#/people');
      await page.getByRole('link', { name: member.name }).waitFor();
      expect(await region(page, 'Invited').count()).toBe(0);
    });
  });

  it('is helped with a new password, and shut out at once when that is wanted', async () => {
    const next = 'twelve warm stones';
    let link = '';
    const before = await signedIn(member);
    await onPage(
      async (theirs) => {
        await isLive(theirs);
        await onPage(async (page) => {
          await go(page, '#/people');
          await page.getByRole('link', { name: member.name }).click();
          const help = region(page, 'Help with signing in');
          await press(help, 'New password');
          await help.getByRole('img', { name: /^QR code/ }).waitFor();
          link = await codeBeside(help);
          await expectAccessible(page);
          await stranger(async (other) => {
            await other.goto(link);
            await other.reload();
            await other.getByLabel('New password').fill(next);
            await press(other, 'Set the password');
            await heading(other, 'Your new password is set').waitFor();
            await other.getByRole('link', { name: 'Go and sign in' }).click();
            await fillIn(other, { ...member, password: next });
            await isLive(other);
            await heading(theirs, 'Welcome back').waitFor();

            const access = region(page, 'What they may do');
            await access.getByRole('button', { name: `Shut out ${member.name}` }).click();
            await press(access, 'Yes, shut out');
            await heading(other, 'Welcome back').waitFor();
            await fillIn(other, { ...member, password: next });
            await other.getByRole('alert').waitFor();
            await press(access, 'Let in again');
            await access.getByRole('button', { name: `Shut out ${member.name}` }).waitFor();
          });
          const access = region(page, 'What they may do');
          await access.getByRole('button', { name: /^Remove from this home/ }).click();
          await press(access, 'Yes, remove');
          await heading(page, 'People').waitFor();
          await page.getByRole('link', { name: member.name }).waitFor({ state: 'detached' });
        });
      },
      { session: before },
    );
  });

  it('is told what to do without the password', async () => {
    await stranger(
      async (page) => {
        await page.getByRole('link', { name: 'Forgotten your password?' }).click();
        await page.getByText('hearth user passwd').waitFor();
        await expectAccessible(page);
        await takeScreenshot(page, 'forgotten', phone);
        await page.getByRole('link', { name: 'Back to signing in' }).click();
        await heading(page, 'Welcome back').waitFor();
      },
      { view: phone },
    );
  });

  it('is told why the provider sent them back', async () => {
    await stranger(async (page) => {
      await go(page, '#/sign-in?problem=not_linked');
      await page.reload();
      await page.getByRole('alert').filter({ hasText: 'Nobody here goes by' }).waitFor();
      await expectAccessible(page);
      await logIn(page);
      await heading(page, 'Maple Street').waitFor();
    });
  });
});

describe('a guest', () => {
  it('sees what is shared with them and nothing else, as long as it is', async () => {
    await joined(guest, 'guest');
    const theirs = await signedIn(guest);
    await onPage(
      async (visitor) => {
        await isLive(visitor);
        await visitor.getByText('Nothing is shared with you at the moment.').waitFor();
        expect(await visitor.getByRole('link', { name: 'People' }).count()).toBe(0);
        expect(await visitor.getByRole('link', { name: 'Security' }).count()).toBe(0);
        await onPage(async (page) => {
          await go(page, '#/people');
          await page.getByRole('link', { name: guest.name }).click();
          const card = region(page, `Shared with ${guest.name}`);
          await press(card, 'Share something');
          await card.getByLabel('What').selectOption('Guest room');
          await card.getByLabel('Until a day').check();
          await card.getByLabel('Until', { exact: true }).fill('2020-01-01T12:00');
          await press(card, 'Share it');
          const until = card.getByLabel('Until', { exact: true });
          await expect.poll(() => until.getAttribute('aria-invalid')).toBe('true');
          await card.getByLabel('Until I end it').check();
          await press(card, 'Share it');
          await card.getByText('Everything in Guest room').waitFor();
          await expectAccessible(page);
          await takeScreenshot(page, 'person', desktop);

          const theirRoom = region(visitor, 'Guest room');
          const lamp = theirRoom.getByRole('article').filter({ hasText: 'Bedside lamp' });
          await lamp.waitFor();
          expect(await visitor.getByRole('article').count()).toBe(1);
          expect(await visitor.getByRole('switch').count()).toBe(0);

          await press(card, 'Share something');
          await card.getByLabel('What').selectOption('Guest room');
          await card.getByLabel('Look and control').check();
          await press(card, 'Share it');
          await card.getByText('To look and control').waitFor();
          await visitor.getByRole('switch', { name: 'Bedside lamp' }).waitFor();
          await expectAccessible(visitor);
          await takeScreenshot(visitor, 'guest', desktop);

          await card.getByRole('button', { name: /^End/ }).click();
          await press(card, 'Yes, end it');
          await lamp.waitFor({ state: 'detached' });
        });
      },
      { session: theirs },
    );
  });
});

/** Makes somebody without the pages, for tests that begin after that. */
async function joined(
  who: { name: string; email: string; password: string },
  role: string,
): Promise<void> {
  const { code } = await ask<{ code: string }>(hub, 'POST', '/people/invitations', { role });
  const { name, email, password } = who;
  await ask(hub, 'POST', '/auth/register', { name, email, password, invitation: code });
}

describe.each<View>([desktop, { ...desktop, scheme: 'dark' }, phone, { ...phone, scheme: 'dark' }])(
  'in $scheme, $width pixels wide',
  (view) => {
    it('the pages about people can be read and fit', async () => {
      await onPage(
        async (page) => {
          await isLive(page);
          await go(page, '#/account');
          await region(page, 'Where you are signed in').getByText('(here)').waitFor();
          await region(page, 'Authenticator app').getByRole('button').waitFor();
          await takeScreenshot(page, 'account', view);
          await expectAccessible(page);
          await go(page, '#/people');
          await page.getByRole('link', { name: guest.name }).waitFor();
          await takeScreenshot(page, 'people', view);
          await expectAccessible(page);
          await go(page, '#/people/invite');
          await page.getByLabel('Role').waitFor();
          await takeScreenshot(page, 'invite', view);
          await expectAccessible(page);
          await go(page, '#/people');
          await page.getByRole('link', { name: guest.name }).click();
          await press(page, 'Share something');
          await takeScreenshot(page, 'share', view);
          await expectAccessible(page);
        },
        { view },
      );
      await stranger(
        async (page) => {
          await page.getByRole('link', { name: 'Forgotten your password?' }).waitFor();
          await takeScreenshot(page, 'sign-in', view);
          await expectAccessible(page);
        },
        { view },
      );
    });
  },
);
