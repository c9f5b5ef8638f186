import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { silentLog, systemClock } from '#kernel';
import type { Hub } from '#main';
import { DashboardBuild } from '../../src/cli/dashboard-build.ts';
import { desktop, launchBrowser, openPage, takeScreenshot } from './browser.ts';
import { ask, createOwner, originOf, startHub } from './home.ts';
import { client, type RealProvider, signInThere, startRealProvider } from './real-provider.ts';
import { expectAccessible, heading, isLive, logIn } from './visit.ts';

let browser: Browser;
let hub: Hub;
let directory: string;
let provider: RealProvider;

beforeAll(async () => {
  const root = join(import.meta.dirname, '../..');
  const build = new DashboardBuild({ root, log: silentLog, clock: systemClock });
  expect(await build.start()).not.toBe('failed');
  browser = await launchBrowser();
  directory = await mkdtemp(join(tmpdir(), 'hearth-e2e-'));
  provider = await startRealProvider();
  hub = await startHub(directory, {
    settings: {
      'oidc.issuer': provider.issuer,
      'oidc.client_id': client.id,
      'oidc.client_secret': client.secret,
      'oidc.name': 'Elm ID',
    },
  });
  provider.knows(originOf(hub));
  await createOwner(hub);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await hub?.stop();
  await provider?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** A page that may go to the provider too, and to nobody else. */
async function onPage(act: (page: Page) => Promise<void>): Promise<void> {
  const { page, offences } = await openPage(browser, originOf(hub), desktop);
  // The provider's pages would have a font from elsewhere.
  await page.route(/googleapis/, (route) => route.abort());
  try {
    await act(page);
    const theirs = new RegExp(`asked (${provider.issuer}|.*googleapis)`);
    expect(offences.filter((offence) => !theirs.test(offence))).toEqual([]);
  } finally {
    await page.context().close();
  }
}

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
    await page.goto(`${originOf(hub)}/#/account`);
    await page.getByText(/by your provider/).waitFor();
    await card(page).getByRole('button', { name: 'Unlink Elm ID' }).click();
    await press(page, 'Yes, unlink it');
    await card(page).getByRole('button', { name: 'Link my account' }).waitFor();
  });
});

it('somebody who was invited joins with their account there', async () => {
  const { code } = await ask<{ code: string }>(hub, 'POST', '/people/invitations', {
    role: 'member',
  });
  await onPage(async (page) => {
    await page.goto(`${originOf(hub)}/#/join?invitation=${code}`);
    await page.getByRole('link', { name: 'Join with Elm ID' }).click();
    await signInThere(page, 'mia');
    await page.getByRole('link', { name: 'My account: mia' }).waitFor();
  });
});
