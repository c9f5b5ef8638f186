import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { type BrowserSession, desktop, openPage, type View } from './browser.ts';
import { owner } from './home.ts';
import { contrastFaults, overhang, structureFaults } from './in-page.ts';

export interface Visit {
  readonly view?: View;
  /** The cookies of someone who has signed in before; without them a stranger comes. */
  readonly session?: BrowserSession;
}

/** Lets `act` use a page at `origin`, and fails when the page did what no page of ours may do. */
export async function visitPage(
  browser: Browser,
  origin: string,
  act: (page: Page) => Promise<void>,
  { view = desktop, session }: Visit = {},
): Promise<void> {
  const { page, offences } = await openPage(browser, origin, view, session);
  try {
    await act(page);
    expect(offences).toEqual([]);
  } finally {
    await page.context().close();
  }
}

export async function logIn(page: Page, password = owner.password): Promise<void> {
  await page.getByLabel('E-mail').fill(owner.email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

export async function expectAccessible(page: Page): Promise<void> {
  expect(await page.evaluate(structureFaults)).toEqual([]);
  expect(await page.evaluate(contrastFaults)).toEqual([]);
  expect(await page.evaluate(overhang)).toBeLessThanOrEqual(0);
}

export const heading = (page: Page, name: string) => page.getByRole('heading', { name });
export const isLive = (page: Page) =>
  page
    .getByRole('status')
    .filter({ hasText: /^Live$/ })
    .waitFor();
