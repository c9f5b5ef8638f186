import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import type { Browser, Page } from 'playwright-core';
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
import {
  aDayOfReadings,
  ask,
  connectDevice,
  createOwner,
  originOf,
  owner,
  report,
  startHub,
} from './home.ts';
import { colouredPixels, fingerprint } from './in-page.ts';
import { expectAccessible, heading, isLive, logIn, type Visit, visitPage } from './visit.ts';

let browser: Browser;
const directories: string[] = [];

beforeAll(async () => {
  await buildDashboard();
  browser = await launchBrowser();
}, 60_000);

afterAll(async () => {
  await browser?.close();
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'hearth-e2e-'));
  directories.push(directory);
  return directory;
}

/** Lets `act` use a page of `hub`; see `visitPage`. */
const onPage = (hub: Hub, act: (page: Page) => Promise<void>, visit?: Visit) =>
  visitPage(browser, originOf(hub), act, visit);

describe('a hub that nobody has set up', () => {
  let hub: Hub;

  beforeAll(async () => {
    hub = await startHub(await newDirectory());
  }, 30_000);
  afterAll(() => hub?.stop());

  it('makes whoever has the code its owner, and nobody else', async () => {
    await onPage(hub, async (page) => {
      await heading(page, 'Set up your hub').waitFor();
      await takeScreenshot(page, 'set-up', desktop);
      await page.getByLabel('Set-up code').fill('0000-0000');
      await page.getByLabel('Your name').fill(owner.name);
      await page.getByLabel('E-mail').fill(owner.email);
      await page.getByLabel('Password').fill(owner.password);
      await page.getByRole('button', { name: 'Set up and sign in' }).click();
      await page.getByRole('alert').filter({ hasText: 'code' }).waitFor();
      await expectAccessible(page);

      await page.getByLabel('Set-up code').fill(hub.setupCode() ?? '');
      await page.getByRole('button', { name: 'Set up and sign in' }).click();
      await heading(page, 'Maple Street').waitFor();
      await isLive(page);
      expect(hub.setupCode()).toBeUndefined();
    });
  });

  it('says how the first device comes into an empty home', async () => {
    await onPage(
      hub,
      async (page) => {
        await logIn(page);
        await heading(page, 'Add your first device').waitFor();
        await page.getByText('bin/hearth device add kitchen-plug').waitFor();
        await takeScreenshot(page, 'empty-home', phone);
        await expectAccessible(page);
      },
      { view: phone },
    );
  });
});

describe('a home with devices', () => {
  let hub: Hub;
  let plug: MqttClient;
  let sensor: MqttClient;
  let session: BrowserSession;

  beforeAll(async () => {
    hub = await startHub(await newDirectory());
    await createOwner(hub);
    const room = await ask<{ id: string }>(hub, 'POST', '/rooms', { name: 'Kitchen' });
    const common = { type: 'plug', room: room.id };
    plug = await connectDevice(hub, { id: 'kettle', name: 'Kettle', ...common });
    sensor = await connectDevice(hub, { id: 'attic', name: 'Attic', type: 'sensor' });
    await report(sensor, 'attic', { temperature: 18.5, humidity: 51 });
    await onPage(hub, async (page) => {
      await logIn(page);
      await heading(page, 'Maple Street').waitFor();
      session = await page.context().storageState();
    });
    await Promise.all(aDayOfReadings().map((reading) => report(plug, 'kettle', reading)));
  }, 30_000);
  afterAll(async () => {
    await Promise.all([plug?.endAsync(), sensor?.endAsync()]);
    await hub?.stop();
  });

  it('refuses a wrong password with words, and lets the right one in', async () => {
    await onPage(hub, async (page) => {
      await heading(page, 'Welcome back').waitFor();
      await takeScreenshot(page, 'log-in', desktop);
      await expectAccessible(page);
      await logIn(page, 'not the password');
      await page.getByRole('alert').filter({ hasText: 'password' }).waitFor();
      await logIn(page);
      await heading(page, 'Maple Street').waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await heading(page, 'Welcome back').waitFor();
      await page.reload();
      await heading(page, 'Welcome back').waitFor();
    });
  });

  it('shows each device in its room, and its values as they come', async () => {
    await onPage(
      hub,
      async (page) => {
        const kitchen = page.getByRole('region', { name: 'Kitchen' });
        const kettle = kitchen.getByRole('article').filter({ hasText: 'Kettle' });
        await kettle.getByText('Online').waitFor();
        await isLive(page);
        for (const power of [1840, 1975]) {
          await report(plug, 'kettle', { power, relay_state: true });
          await kettle.getByText(power.toLocaleString('en-GB'), { exact: true }).waitFor();
        }
        await kettle.getByText('just now').waitFor();
        await page.getByRole('article').filter({ hasText: 'Attic' }).getByText('18.5').waitFor();
      },
      { session },
    );
  });

  it('is drawn, charts too, where the language of the browser is no tag', async () => {
    await onPage(
      hub,
      async (page) => {
        const content = `
          Object.defineProperty(Navigator.prototype, 'language', { get: () => 'en-US@posix' });
          Object.defineProperty(Navigator.prototype, 'languages', { get: () => ['en-US@posix'] });`;
        await page.addInitScript({ content });
        await page.reload();
        await page.getByRole('link', { name: 'Kettle' }).click();
        await page.locator('.chart canvas').waitFor();
      },
      { session },
    );
  });

  it('shows sensitive readings by name, with their values for the owner', async () => {
    await ask(hub, 'PUT', '/devices/attic/sensitive', { metrics: ['motion', 'presence'] });
    await report(sensor, 'attic', { motion: true, temperature: 18.5 });
    await onPage(
      hub,
      async (page) => {
        await page.getByRole('link', { name: 'Attic' }).click();
        const now = page.getByRole('region', { name: 'Now' });
        await now.getByText('Motion (sensitive)').waitFor();
        await now.locator('[data-metric=motion]').filter({ hasText: 'Seen' }).waitFor();
        await now.locator('[data-metric=presence]').filter({ hasText: 'No reading yet' }).waitFor();
        await expectAccessible(page);
      },
      { session },
    );
  });

  it('shows that a device was refused something', async () => {
    await sensor.publishAsync('devices/kettle/telemetry', '{"power": 1}', { qos: 1 });
    await onPage(
      hub,
      async (page) => {
        const attic = page.getByRole('article').filter({ hasText: 'Attic' });
        await attic.getByText('1 attempt was refused').waitFor();
        await attic.getByRole('link').click();
        await heading(page, 'Refused attempts').waitFor();
        await page.getByText('devices/kettle/telemetry').waitFor();
        await expectAccessible(page);
      },
      { session },
    );
  });

  it('draws a day that moves, with the same in words and in a table', async () => {
    await onPage(
      hub,
      async (page) => {
        await page.getByRole('link', { name: 'Kettle' }).click();
        await page.getByText(/Power in the last 24 hours: latest/).waitFor();
        const canvas = page.locator('.chart canvas');
        expect(await canvas.evaluate(colouredPixels)).toBeGreaterThan(500);

        const before = await canvas.evaluate(fingerprint);
        await report(plug, 'kettle', { power: 2890 });
        await page.getByText(/highest 2,890/).waitFor();
        await expect.poll(() => canvas.evaluate(fingerprint)).not.toBe(before);

        await page.getByText('Show as a table').click();
        await expect.poll(() => page.locator('.history tbody tr').count()).toBeGreaterThan(20);
        await page.getByLabel('1 hour').check();
        await page.getByText(/Power in the last hour: latest/).waitFor();
        await page.getByLabel('What to show').selectOption('Voltage');
        await page.getByText(/Voltage in the last hour: latest/).waitFor();
        await expectAccessible(page);
      },
      { session },
    );
  });

  it('adds up the day', async () => {
    await onPage(
      hub,
      async (page) => {
        await page.getByRole('link', { name: 'Kettle' }).click();
        const today = page.getByRole('region', { name: 'Today' });
        await today.getByText('kWh').waitFor();
        await today.getByRole('row').filter({ hasText: 'Power' }).waitFor();
      },
      { session },
    );
  });

  it('renames a device and moves it to a new room', async () => {
    await onPage(
      hub,
      async (page) => {
        await page.getByRole('button', { name: 'Add a room' }).click();
        await page.getByLabel('Name of the room').fill('Loft');
        await page.getByRole('button', { name: 'Add the room' }).click();
        await page.getByText('“Loft” was added').waitFor();
        await page.getByRole('link', { name: 'Attic' }).click();
        await page.getByRole('button', { name: 'Rename or move' }).click();
        await page.getByLabel('Name').fill('Attic climate');
        await page.getByLabel('Room').selectOption('Loft');
        await page.getByRole('button', { name: 'Save' }).click();
        await heading(page, 'Attic climate').waitFor();
        await page.getByRole('link', { name: 'All devices' }).click();
        await page.getByRole('region', { name: 'Loft' }).getByText('Attic climate').waitFor();
      },
      { session },
    );
  });

  it('adds a device and hands out its files', async () => {
    await onPage(
      hub,
      async (page) => {
        await page.getByRole('link', { name: 'Add a device' }).click();
        await page.getByLabel('Name').fill('Status');
        await page.getByRole('button', { name: 'Add the device' }).click();
        await page.getByRole('alert').filter({ hasText: 'word of the API' }).waitFor();
        await page.getByLabel('Name').fill('Front door');
        await expect.poll(() => page.getByLabel('Id').inputValue()).toBe('front-door');
        await page.getByRole('button', { name: 'Add the device' }).click();
        await heading(page, 'Front door is ready').waitFor();
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.getByRole('link', { name: 'Download device.key' }).click(),
        ]);
        expect(download.suggestedFilename()).toBe('device.key');
        await expectAccessible(page);
      },
      { session },
    );
  });

  it('can be used without a mouse', async () => {
    await onPage(
      hub,
      async (page) => {
        await page.getByRole('link', { name: 'Kettle' }).waitFor();
        await page.reload();
        await page.getByRole('link', { name: 'Kettle' }).waitFor();
        await page.keyboard.press('Tab');
        const focused = page.locator(':focus');
        expect(await focused.textContent()).toBe('Skip to the content');
        await page.keyboard.press('Enter');
        expect(await focused.getAttribute('id')).toBe('main');
        for (let step = 0; (await focused.textContent()) !== 'Kettle'; step += 1) {
          expect(step).toBeLessThan(10);
          await page.keyboard.press('Tab');
        }
        await page.keyboard.press('Enter');
        await expect.poll(() => focused.evaluate((element) => element.tagName)).toBe('H1');
        expect(await focused.textContent()).toBe('Kettle');
      },
      { session },
    );
  });

  it('shows the API to whoever is signed in', async () => {
    await onPage(hub, async (page) => {
      await page.goto(`${originOf(hub)}/docs`);
      await page.getByRole('link', { name: 'Sign in' }).click();
      await logIn(page);
      await page.getByRole('link', { name: 'API', exact: true }).click();
      await heading(page, 'Devices').waitFor();
      const addDevice = page.locator('#post-api-v1-devices');
      await addDevice.getByText('Add a device').click();
      await addDevice.getByText('Signed in, with the right to devices.write.').waitFor();
      await addDevice.getByText(/curl --cacert ca.crt -X POST/).waitFor();
      await takeScreenshot(page, 'api', desktop);
      await expectAccessible(page);
    });
  });

  describe.each<View>([
    desktop,
    { ...desktop, scheme: 'dark' },
    phone,
    { ...phone, scheme: 'dark' },
  ])('in $scheme, $width pixels wide', (view) => {
    it('can be read and fits', async () => {
      await onPage(
        hub,
        async (page) => {
          await page.getByRole('link', { name: 'Kettle' }).waitFor();
          await isLive(page);
          await takeScreenshot(page, 'home', view);
          await expectAccessible(page);
          await page.getByRole('link', { name: 'Kettle' }).click();
          await page.getByText(/Power in the last 24 hours: latest/).waitFor();
          await page.getByText('kWh').waitFor();
          await takeScreenshot(page, 'device', view);
          await expectAccessible(page);
        },
        { view, session },
      );
    });
  });
});

describe('a hub that goes away for a while', () => {
  it('is said to be away, is found again, and asks who one is once the session is over', async () => {
    const directory = await newDirectory();
    const first = await startHub(directory);
    const port = first.addresses.https?.port;
    let running = first;
    try {
      await createOwner(first);
      await onPage(first, async (page) => {
        await logIn(page);
        await isLive(page);
        const session = await page.context().storageState();
        await onPage(
          first,
          async (other) => {
            await isLive(other);
            await other.context().clearCookies();
            await first.stop();
            await page.getByRole('status').filter({ hasText: 'Reconnecting…' }).waitFor();
            running = await startHub(directory, { ...(port !== undefined && { httpsPort: port }) });
            await isLive(page);
            await heading(other, 'Welcome back').waitFor();
          },
          { session },
        );
      });
    } finally {
      await running.stop();
    }
  });
});
