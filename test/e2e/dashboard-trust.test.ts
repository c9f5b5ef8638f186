import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Hub } from '#main';
import { makeRequest } from '../pki/request.ts';
import {
  type BrowserSession,
  desktop,
  launchBrowser,
  phone,
  takeScreenshot,
  type View,
} from './browser.ts';
import { buildDashboard } from './built-dashboard.ts';
import { createOwner, originOf, startHub } from './home.ts';
import { expectAccessible, heading, isLive, logIn, type Visit, visitPage } from './visit.ts';

let browser: Browser;
let hub: Hub;
let directory: string;
let session: BrowserSession;

beforeAll(async () => {
  await buildDashboard();
  browser = await launchBrowser();
  directory = await mkdtemp(join(tmpdir(), 'hearth-e2e-'));
  hub = await startHub(directory);
  await createOwner(hub);
  await visitPage(browser, originOf(hub), async (page) => {
    await logIn(page, 'not the password');
    await page.getByRole('alert').waitFor();
    await logIn(page);
    await heading(page, 'Maple Street').waitFor();
    session = await page.context().storageState();
  });
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await hub?.stop();
  await rm(directory, { recursive: true, force: true });
});

const onPage = (act: (page: Page) => Promise<void>, visit: Visit = {}) =>
  visitPage(browser, originOf(hub), act, { session, ...visit });
const region = (page: Page, name: string): Locator =>
  page.getByRole('region', { name, exact: true });
const go = (page: Page, fragment: string) => page.goto(`${originOf(hub)}/${fragment}`);
const press = (place: Page | Locator, name: string) =>
  place.getByRole('button', { name, exact: true }).click();

/** Asks the hub as a program does, not as the owner at the machine. */
const fromOutside = (path: string, method: string, token: string, body?: object) =>
  fetch(`http://127.0.0.1:${hub.addresses.http?.port}/api/v1${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(token !== '' && { authorization: `Bearer ${token}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });

describe('a new device', () => {
  it('joins by the code that is shown, and the page says so', async () => {
    await onPage(async (page) => {
      await page.getByRole('link', { name: 'Add a device here' }).click();
      await page.getByRole('link', { name: 'With a code' }).click();
      const card = region(page, 'Let a device join');
      await press(card, 'Show a code');
      await card.getByRole('img', { name: /^QR code/ }).waitFor();
      await card
        .getByRole('timer')
        .filter({ hasText: /^(10|9) min/ })
        .waitFor();
      await expectAccessible(page);
      await takeScreenshot(page, 'join-window', desktop);
      const said = (await card.locator('.big-code').textContent()) ?? '';
      const code = said.replace('The code is ', '').trim();
      expect(code).toMatch(/^[0-9a-z]{4}-[0-9a-z]{4}$/);

      await onPage(async (other) => {
        await go(other, '#/add/code');
        await other.getByText('One device may join now.').waitFor();
        await expectAccessible(other);
      });
      const wrong = await fromOutside('/join', 'POST', '', {
        ...(await newcomer('porch')),
        code: 'aaaa-aaaa',
      });
      expect(wrong.status).toBe(403);
      const right = await fromOutside('/join', 'POST', '', { ...(await newcomer('porch')), code });
      expect(right.status).toBe(201);
      await card.getByText('Porch light has joined.').waitFor();
      await expectAccessible(page);
      await card.getByRole('link', { name: 'Porch light' }).click();
      await heading(page, 'Porch light').waitFor();
    });
  });

  it('cannot join any more once nobody is to be let in', async () => {
    await onPage(async (page) => {
      await go(page, '#/add/code');
      const card = region(page, 'Let a device join');
      await press(card, 'Show a code');
      await press(card, 'Let nobody in');
      await card.getByRole('button', { name: 'Show a code' }).waitFor();
    });
  });

  it('may be known by its key before it comes', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const der = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const file = (text: string) => ({
      name: 'batch.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(text),
    });
    await onPage(async (page) => {
      await go(page, '#/add/keys');
      await page.getByLabel('Name of the list').fill('Batch 7');
      await page.getByLabel('CSV file').setInputFiles(file('id,public_key\nplug-1,nonsense\n'));
      await press(page, 'Take in the list');
      await page.getByRole('alert').filter({ hasText: 'Line 2' }).waitFor();
      await page.getByLabel('CSV file').setInputFiles(file(`id,public_key\nplug-1,${der}\n`));
      await press(page, 'Take in the list');
      await page.getByText('“Batch 7” is in: 1 may join.').waitFor();
      const lists = region(page, 'Lists of keys');
      await lists.getByText('1 device, 0 of them joined.').waitFor();
      await expectAccessible(page);
      await lists.getByRole('button', { name: 'Forget Batch 7' }).click();
      await press(lists, 'Yes, forget them');
      await lists.waitFor({ state: 'detached' });
    });
  });
});

async function newcomer(id: string) {
  const { csrPem } = await makeRequest();
  return { id, csr: csrPem, name: 'Porch light', type: 'plug' };
}

describe('a program', () => {
  it('gets a token that is shown once, may only what was ticked, and is out once revoked', async () => {
    await onPage(async (page) => {
      await page.getByRole('link', { name: 'Security' }).click();
      await page.getByRole('link', { name: 'Programs' }).click();
      await press(page, 'Make a token');
      await page.getByLabel('For which program').fill('Kitchen screen');
      await page.getByLabel('It may').selectOption('Choose');
      await page.getByLabel('See devices').waitFor();
      await expectAccessible(page);
      await takeScreenshot(page, 'token', desktop);
      await page.getByLabel('It may').selectOption('Look');
      await press(page, 'Make the token');
      const made = region(page, 'The token for Kitchen screen');
      await made.waitFor();
      const token = (await made.locator('.code code').textContent()) ?? '';
      await expectAccessible(page);
      expect((await fromOutside('/devices', 'GET', token)).status).toBe(200);
      expect((await fromOutside('/rooms', 'POST', token, { name: 'Attic' })).status).toBe(403);

      const list = region(page, 'Tokens for programs');
      await list.getByText('See devices, read what devices measure').waitFor();
      await list.getByRole('button', { name: 'Revoke Kitchen screen' }).click();
      await press(list, 'Yes, revoke it');
      await list.getByText('None yet.').waitFor();
      expect((await fromOutside('/devices', 'GET', token)).status).toBe(401);
    });
  });
});

describe('the log', () => {
  it('tells what was done, by whom, and can be narrowed and taken along', async () => {
    await onPage(async (page) => {
      await page.getByRole('link', { name: 'Security' }).click();
      const log = region(page, 'What was done');
      await log.getByText('Ada signed in with a password').first().waitFor();
      await log.getByText('A sign-in as Ada was refused').waitFor();
      await page.getByLabel('Outcome').selectOption('Refused');
      await expect.poll(() => log.getByRole('listitem').count()).toBeLessThan(4);
      await expect.poll(() => log.getByText('Ada signed in').count()).toBe(0);
      await log.getByText('A sign-in as Ada was refused').waitFor();
      await page.getByLabel('Outcome').selectOption('Any');
      await page.getByLabel('About').selectOption('Tokens for programs');
      await log.getByText('Ada revoked the token “Kitchen screen”').waitFor();
      await page.getByLabel('By').selectOption('Somebody unknown');
      await log.getByText('Nothing of that kind.').waitFor();
      await page.getByLabel('By').selectOption('Ada');
      await log.getByText('Ada made the token “Kitchen screen”').waitFor();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'Download as CSV' }).click(),
      ]);
      const csv = await readFile(await download.path(), 'utf8');
      expect(csv).toMatch(/^seq,at,actor,/);
      expect(csv).toContain('token.create');
      expect(csv).not.toContain('auth.login');
    });
  });

  it('is checked, and the page says that nothing was altered', async () => {
    await onPage(async (page) => {
      await go(page, '#/security');
      await press(page, 'Check that nothing was altered');
      await page.getByText(/rows are as they were written, none is missing/).waitFor();
      await expectAccessible(page);
    });
  });
});

describe.each<View>([desktop, { ...desktop, scheme: 'dark' }, phone, { ...phone, scheme: 'dark' }])(
  'in $scheme, $width pixels wide',
  (view) => {
    it('the pages about trust can be read and fit', async () => {
      await onPage(
        async (page) => {
          await isLive(page);
          await go(page, '#/security');
          await region(page, 'What was done').getByRole('listitem').first().waitFor();
          await press(page, 'Check that nothing was altered');
          await page.getByText(/none is missing/).waitFor();
          await takeScreenshot(page, 'log', view);
          await expectAccessible(page);
          await go(page, '#/security/programs');
          await page.getByText('None yet.').waitFor();
          await press(page, 'Make a token');
          await takeScreenshot(page, 'programs', view);
          await expectAccessible(page);
          await go(page, '#/security/certificates');
          await page.getByText('Fingerprint', { exact: true }).waitFor();
          await takeScreenshot(page, 'certificates', view);
          await expectAccessible(page);
          await go(page, '#/add/code');
          await page.getByRole('button', { name: /^(Show a|A new) code$/ }).click();
          await page.locator('.big-code').waitFor();
          await takeScreenshot(page, 'let-join', view);
          await expectAccessible(page);
          await go(page, '#/add/keys');
          await page.getByLabel('CSV file').waitFor();
          await takeScreenshot(page, 'known-keys', view);
          await expectAccessible(page);
        },
        { view },
      );
    });
  },
);
