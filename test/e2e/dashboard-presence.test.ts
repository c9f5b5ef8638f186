import type { Locator, Page } from 'playwright-core';
import { it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '../support/directory.ts';
import { RunningClock } from '../support/running-clock.ts';
import { launchBrowser } from './browser.ts';
import { buildDashboard } from './built-dashboard.ts';
import { ask, createOwner, originOf, owner, startHub } from './home.ts';
import { expectAccessible, heading, isLive, logIn, visitPage } from './visit.ts';

const press = (place: Page | Locator, name: string) =>
  place.getByRole('button', { name, exact: true }).click();

const region = (page: Page, name: string): Locator =>
  page.getByRole('region', { name, exact: true });

/** Says a wrong password first, and then the right one. */
async function sayPassword(place: Page | Locator, submit: string): Promise<void> {
  const password = place.getByLabel('Your password');
  await password.fill('not that one');
  await press(place, submit);
  await place.getByText('The password is wrong').waitFor();
  await password.fill(owner.password);
  await press(place, submit);
}

it('a browser that was left open asks for the password before it lets somebody run the home', async () => {
  await buildDashboard();
  const clock = new RunningClock(Date.now());
  onTestFinished(() => clock.stop());
  const hub = await startHub(await temporaryDirectory(), { clock });
  onTestFinished(() => hub.stop());
  await createOwner(hub);
  const max = { name: 'Max', email: 'max@example.org', password: 'seven grey herons in a row' };
  await ask(hub, 'POST', '/people', { ...max, role: 'member' });
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const go = (page: Page, fragment: string) => page.goto(`${originOf(hub)}/${fragment}`);

  await visitPage(browser, originOf(hub), async (page) => {
    await logIn(page);
    await isLive(page);
    clock.step(clock.nowMs() + 20 * 60_000);

    await go(page, '#/people/invite');
    await page.getByLabel('Role').selectOption('Owner');
    await press(page, 'Make the invitation');
    await page.getByLabel('Your password').waitFor();
    await expectAccessible(page);
    await sayPassword(page, 'Make the invitation');
    await region(page, 'The invitation').waitFor();

    await go(page, '#/people');
    await page.getByRole('link', { name: 'Max' }).click();
    const access = region(page, 'What they may do');
    await press(access, 'Change the role');
    await access.getByLabel('Role').selectOption('Administrator');
    await press(access, 'Save');
    await sayPassword(access, 'Save');
    await access.getByText('Administrator.').waitFor();

    const help = region(page, 'Help with signing in');
    await press(help, 'New password');
    await press(help, 'Cancel');
    await press(help, 'New password');
    await sayPassword(help, 'New password');
    await help.getByRole('img', { name: /^QR code/ }).waitFor();

    await access.getByRole('button', { name: 'Shut out Max' }).click();
    await press(access, 'Yes, shut out');
    await press(access, 'Let in again');
    await sayPassword(access, 'Let in again');
    await access.getByRole('button', { name: 'Shut out Max' }).waitFor();

    await go(page, '#/security/programs');
    await press(page, 'Make a token');
    await page.getByLabel('For which program').fill('Car');
    await page.getByLabel('It may').selectOption('Change devices too');
    await press(page, 'Make the token');
    await sayPassword(page, 'Make the token');
    await heading(page, 'The token for Car').waitFor();
  });
}, 90_000);
