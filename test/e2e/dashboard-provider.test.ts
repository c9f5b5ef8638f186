import type { Page } from 'playwright-core';
import { afterAll, beforeAll, it } from 'vitest';
import { desktop, takeScreenshot } from './browser.ts';
import { ask, originOf } from './home.ts';
import { type ProviderHome, startProviderHome } from './provider-home.ts';
import { signInThere } from './real-provider.ts';
import { expectAccessible, heading, isLive, logIn } from './visit.ts';

let home: ProviderHome;

beforeAll(async () => {
  home = await startProviderHome();
}, 60_000);

afterAll(() => home?.stop());

const onPage = (act: (page: Page) => Promise<void>) => home.onPage(originOf(home.hub), act);
const byProvider = (page: Page) => page.getByRole('link', { name: 'Continue with Elm ID' }).click();
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const card = (page: Page) => page.getByRole('region', { name: 'Elm ID', exact: true });

it('an account at the provider is nobody’s until it is linked, then signs in its person', async () => {
  await onPage(async (page) => {
    await byProvider(page);
    await signInThere(page, 'ada-there');
    await page
      .getByRole('alert')
      .filter({ hasText: 'Nobody here goes by that account.' })
      .waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'not-linked', desktop);

    await logIn(page);
    await isLive(page);
    await page.getByRole('link', { name: 'My account' }).click();
    await press(page, 'Link my account');
    // Who has come is known there from a moment ago.
    const agree = page.getByRole('button', { name: 'Continue' });
    await card(page).getByText('Linked to').or(agree).waitFor();
    if (await agree.isVisible()) await agree.click();
    await card(page).getByText('Linked to ada-there@example.org').waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'linked', desktop);

    await press(page, 'Sign out');
    await byProvider(page);
    await heading(page, 'Maple Street').waitFor();
    await page.goto(`${originOf(home.hub)}/#/account`);
    await page.getByText(/by your provider/).waitFor();
    await card(page).getByRole('button', { name: 'Unlink Elm ID' }).click();
    await press(page, 'Yes, unlink it');
    await card(page).getByRole('button', { name: 'Link my account' }).waitFor();
  });
});

it('somebody who was invited joins with their account there', async () => {
  const { code } = await ask<{ code: string }>(home.hub, 'POST', '/people/invitations', {
    role: 'member',
  });
  await onPage(async (page) => {
    await page.goto(`${originOf(home.hub)}/#/join?invitation=${code}`);
    await page.getByRole('link', { name: 'Join with Elm ID' }).click();
    await signInThere(page, 'mia');
    await page.getByRole('link', { name: 'My account: mia' }).waitFor();
  });
});
