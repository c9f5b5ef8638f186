import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
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
import { ask, connectDevice, createOwner, originOf, report, startHub } from './home.ts';
import { colouredPixels } from './in-page.ts';
import { expectAccessible, heading, isLive, logIn, type Visit, visitPage } from './visit.ts';

let browser: Browser;
let hub: Hub;
let directory: string;
let session: BrowserSession;
const clients: MqttClient[] = [];

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const startedMs = Date.now();

beforeAll(async () => {
  await buildDashboard();
  browser = await launchBrowser();
  directory = await mkdtemp(join(tmpdir(), 'hearth-e2e-'));
  hub = await startHub(directory, {
    settings: { 'home.time_zone': 'Europe/Berlin', 'telemetry.retention_days': 30 },
  });
  await createOwner(hub);
  await measure({ id: 'heater', name: 'Heater', type: 'plug' }, twoDays());
  await measure({ id: 'meter', name: 'Meter', type: 'generic' }, threeWeeks());
  await measure({ id: 'fridge', name: 'Fridge', type: 'plug' }, twoDays());
  await visitPage(browser, originOf(hub), async (page) => {
    await logIn(page);
    await heading(page, 'Maple Street').waitFor();
    session = await page.context().storageState();
  });
}, 90_000);

afterAll(async () => {
  for (const client of clients) await client.endAsync(true);
  await browser?.close();
  await hub?.stop();
  await rm(directory, { recursive: true, force: true });
});

type Readings = Readonly<Record<string, number | boolean | string>>[];

async function measure(
  device: { id: string; name: string; type: string },
  readings: Readings,
): Promise<void> {
  const client = await connectDevice(hub, device);
  clients.push(client);
  await Promise.all(readings.map((reading) => report(client, device.id, reading)));
}

const timestamp = (agoMs: number) => new Date(startedMs - agoMs).toISOString();

/** Every ten minutes: 200 W on the day before, and half of that since; on for a quarter of the time. */
function twoDays(): Readings {
  return Array.from({ length: 289 }, (_, index) => {
    const agoMs = 2 * dayMs - index * 10 * minuteMs;
    return {
      timestamp: timestamp(agoMs),
      power: agoMs > dayMs ? 200 : 100,
      relay_state: index % 4 === 0,
    };
  });
}

/** A meter that counts a kilowatt-hour in two hours. */
function threeWeeks(): Readings {
  return Array.from({ length: 252 }, (_, index) => ({
    timestamp: timestamp(21 * dayMs - index * 2 * hourMs),
    energy: 4000 + index,
  }));
}

const onPage = (act: (page: Page) => Promise<void>, visit: Visit = {}) =>
  visitPage(browser, originOf(hub), act, { session, ...visit });
const region = (page: Page, name: string): Locator =>
  page.getByRole('region', { name, exact: true });
const go = (page: Page, fragment: string) => page.goto(`${originOf(hub)}/${fragment}`);
const press = (place: Page | Locator, name: string) =>
  place.getByRole('button', { name, exact: true }).click();

describe('the history of a device', () => {
  it('is compared with the time before, drawn and in words', async () => {
    await onPage(async (page) => {
      await go(page, '#/devices/heater');
      const card = region(page, 'History');
      await card.getByText(/Power in the last 24 hours: latest 100.W/).waitFor();
      await card.getByRole('switch', { name: 'Compare with the day before' }).click();
      await card.getByText(/2\.\d+.kWh used, (49|50|51).% less than the day before/).waitFor();
      await card.getByText('The day before', { exact: true }).waitFor();
      await card.getByText('Show as a table').click();
      await card.getByRole('columnheader', { name: 'Before' }).waitFor();
      await expectAccessible(page);
      await takeScreenshot(page, 'history-compared', desktop);
    });
  });

  it('of a meter is what was used, day by day, and one can go back and forward', async () => {
    await onPage(async (page) => {
      await go(page, '#/devices/meter');
      const card = region(page, 'History');
      await card.getByLabel('7 days').check();
      await card
        .getByText(/Energy used in the last 7 days: \d\d\.\d\d.kWh, up to 1[23]\.00.kWh in a day/)
        .waitFor();
      expect(await card.locator('canvas').evaluate(colouredPixels)).toBeGreaterThan(500);
      await press(card, 'Earlier');
      await card.getByText(/Energy used from .* to .*: 8[345]\.00.kWh/).waitFor();
      await press(card, 'Later');
      await card.getByText('The last 7 days', { exact: true }).waitFor();
      expect(await card.getByRole('button', { name: 'Later' }).isDisabled()).toBe(true);
      await card.getByLabel('30 days').check();
      await card.getByText(/Energy used in the last 30 days: 251\.00.kWh/).waitFor();
      await card.getByLabel('1 year').check();
      await card.getByText(/in a week \(week of /).waitFor();
      await takeScreenshot(page, 'history-meter', desktop);
    });
  });

  it('of a switch is how much of the time it was on', async () => {
    await onPage(async (page) => {
      await go(page, '#/devices/heater');
      const card = region(page, 'History');
      await card.getByLabel('What to show').selectOption('Switch');
      await card.getByText(/Switch in the last 24 hours: on 2[0-9].% of the time/).waitFor();
      await expectAccessible(page);
    });
  });
});

describe('what is kept', () => {
  it('is told in plain words, and a rule is added, changed and removed', async () => {
    await onPage(async (page) => {
      await page.getByRole('link', { name: 'History', exact: true }).click();
      const kept = region(page, 'What is kept, and for how long');
      await kept
        .getByRole('row')
        .filter({ hasText: 'Every reading' })
        .getByText('30 days')
        .waitFor();
      await kept.getByText(/The disk has .* free/).waitFor();
      await region(page, 'What goes next')
        .getByText(/in the next 7 days|:/)
        .first()
        .waitFor();

      const rules = region(page, 'Kept for longer, or shorter');
      await rules.getByText('All of type “Air purifier”').waitFor();
      await press(rules, 'Add a rule');
      await rules.getByLabel('For', { exact: true }).selectOption('Heater');
      await rules.getByLabel('What', { exact: true }).selectOption('Power');
      await rules.getByLabel('Every reading').fill('90');
      await expectAccessible(page);
      await press(rules, 'Save the rule');
      const rule = rules.getByRole('listitem').filter({ hasText: 'Heater: Power' });
      await rule.getByText('Every reading for 90 days.').waitFor();

      await press(rule, 'Change the rule for Heater: Power');
      await rules.getByLabel('By the hour').fill('730');
      await press(rules, 'Save the rule');
      await rule.getByText('Every reading for 90 days, by the hour for 2 years.').waitFor();
      await press(rule, 'Remove the rule for Heater: Power');
      await press(rule, 'Yes, remove it');
      await rule.waitFor({ state: 'detached' });
    });
  });
});

describe('an export', () => {
  it('is made, shows how far it is, and is downloaded', async () => {
    await onPage(async (page) => {
      await go(page, '#/devices/heater');
      await page.getByRole('link', { name: 'Export this history' }).click();
      await page.getByLabel('Of', { exact: true }).waitFor();
      await press(page, 'Export');
      const done = region(page, 'Exports').getByRole('listitem').filter({ hasText: 'Heater' });
      await done.getByText(/^Done: 289 rows/).waitFor();
      await done.getByText('Files').click();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        done.getByRole('link', { name: 'telemetry.csv' }).click(),
      ]);
      const csv = await readFile(await download.path(), 'utf8');
      expect(csv).toMatch(
        /^device_id,timestamp,power,relay_state,day_of_week,hour_of_day\r?\n"?heater/,
      );
      await expectAccessible(page);
      await done.getByRole('button', { name: /^Remove the export of Heater/ }).click();
      await press(done, 'Yes, remove it');
      await region(page, 'Exports').getByText('None yet.').waitFor();
    });
  });
});

describe('a deletion', () => {
  it('names what goes before it goes, for good, and stands in the log', async () => {
    await onPage(async (page) => {
      await go(page, '#/devices/fridge');
      await region(page, 'History')
        .getByText(/latest 100.W/)
        .waitFor();
      await page.getByRole('link', { name: 'Delete some of it' }).click();
      await page.getByLabel('All of it').check();
      await page.getByLabel('What', { exact: true }).selectOption('Power');
      await press(page, 'Delete…');
      const question = region(page, 'Delete it for good?');
      await question.getByText('This cannot be taken back.').waitFor();
      await question
        .getByText(/^Power that Fridge measured, .* is deleted: 289 readings\./)
        .waitFor();
      expect(await page.locator(':focus').textContent()).toBe('Keep it');
      await expectAccessible(page);
      await press(question, 'Keep it');
      await press(page, 'Delete…');
      await press(question, 'Yes, delete it for good');
      await page.getByText('289 readings of Fridge were deleted.').waitFor();

      await go(page, '#/devices/fridge');
      const card = region(page, 'History');
      await card.getByLabel('What to show').selectOption('Switch');
      await card.getByText(/of the time/).waitFor();
      await go(page, '#/security');
      await page.getByText('Ada deleted readings of Fridge').waitFor();
    });
    const { data } = await ask<{ data: object[] }>(
      hub,
      'GET',
      '/devices/fridge/telemetry?start=-3d&fields=power',
    );
    expect(data).toEqual([]);
  });
});

it('is for those who look after the home: others see charts and nothing more', async () => {
  const max = { name: 'Max', email: 'max@example.org', password: 'seven grey herons in a row' };
  await ask(hub, 'POST', '/people', { ...max, role: 'member' });
  await visitPage(browser, originOf(hub), async (page) => {
    await page.getByLabel('E-mail').fill(max.email);
    await page.getByLabel('Password').fill(max.password);
    await press(page, 'Sign in');
    await isLive(page);
    await go(page, '#/devices/heater');
    await region(page, 'History')
      .getByText(/latest 100.W/)
      .waitFor();
    expect(await page.getByRole('link', { name: 'Export this history' }).count()).toBe(0);
    expect(await page.getByRole('link', { name: 'History', exact: true }).count()).toBe(0);
  });
});

describe.each<View>([desktop, { ...desktop, scheme: 'dark' }, phone, { ...phone, scheme: 'dark' }])(
  'in $scheme, $width pixels wide',
  (view) => {
    it('history can be read and fits', async () => {
      await onPage(
        async (page) => {
          await isLive(page);
          await go(page, '#/devices/heater');
          const card = region(page, 'History');
          await card.getByText(/latest 100.W/).waitFor();
          await card.getByRole('switch', { name: /^Compare/ }).click();
          await card.getByText(/less than the day before/).waitFor();
          await takeScreenshot(page, 'history-device', view);
          await expectAccessible(page);
          await go(page, '#/history');
          await page.getByText('All of type “Air purifier”').waitFor();
          await press(page, 'Add a rule');
          await takeScreenshot(page, 'history-kept', view);
          await expectAccessible(page);
          await go(page, '#/history/export');
          await page.getByLabel('Of', { exact: true }).waitFor();
          await takeScreenshot(page, 'history-export', view);
          await expectAccessible(page);
          await go(page, '#/history/delete/heater');
          await press(page, 'Delete…');
          await region(page, 'Delete it for good?').waitFor();
          await takeScreenshot(page, 'history-delete', view);
          await expectAccessible(page);
        },
        { view },
      );
    });
  },
);
