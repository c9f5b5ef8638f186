import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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
import { type Ear, listen } from './timed-home.ts';
import { expectAccessible, heading, isLive, logIn, type Visit, visitPage } from './visit.ts';

let browser: Browser;
let hub: Hub;
let directory: string;
let session: BrowserSession;
let kettle: Ear;
let purifier: Ear;
let heater: Ear;
const ears: Ear[] = [];

beforeAll(async () => {
  await buildDashboard();
  browser = await launchBrowser();
  directory = await mkdtemp(join(tmpdir(), 'hearth-e2e-'));
  hub = await startHub(directory, {
    settings: { 'home.latitude': 52.5, 'home.longitude': 13.4, 'home.time_zone': 'Europe/Berlin' },
  });
  await createOwner(hub);
  await ask(hub, 'POST', '/device-types', impatientHeater);
  kettle = await device({ id: 'kettle', name: 'Kettle', type: 'plug' });
  purifier = await device({ id: 'purifier', name: 'Purifier', type: 'purifier' });
  heater = await device({ id: 'heater', name: 'Heater', type: 'heater' });
  await visitPage(browser, originOf(hub), async (page) => {
    await logIn(page);
    await heading(page, 'Maple Street').waitFor();
    session = await page.context().storageState();
  });
}, 60_000);

afterAll(async () => {
  for (const { client } of ears) await client.endAsync(true);
  await browser?.close();
  await hub?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** A type of the owner's own that is given up after a second. */
const impatientHeater = {
  type: 'heater',
  label: 'Heater',
  actions: [
    { name: 'heat_on', label: 'Switch on', sets: { heating: true } },
    { name: 'heat_off', label: 'Switch off', sets: { heating: false } },
    {
      name: 'setTarget',
      label: 'Set target',
      value: { type: 'number', minimum: 5, maximum: 30, unit: '°C' },
      sets: { target: { from: 'value' } },
    },
    { name: 'beep', label: 'Beep' },
  ],
  power: { property: 'heating', on: 'heat_on', off: 'heat_off' },
  retry: { attempts: 1, interval_seconds: 1 },
};

async function device(made: { id: string; name: string; type: string }): Promise<Ear> {
  const ear = await listen(await connectDevice(hub, made), `devices/${made.id}/command`);
  ears.push(ear);
  return ear;
}

const onPage = (act: (page: Page) => Promise<void>, visit: Visit = {}) =>
  visitPage(browser, originOf(hub), act, { session, ...visit });

/** The next command that a device hears which it has not answered yet. */
async function answer(id: string, ear: Ear, more: object = {}): Promise<Record<string, unknown>> {
  const told = await ear.next();
  await ear.say(`devices/${id}/ack`, { id: told.id, status: 'ok', ...more });
  return told;
}

const region = (page: Page, name: string): Locator =>
  page.getByRole('region', { name, exact: true });
const open = (page: Page, name: string) => page.getByRole('link', { name, exact: true }).click();
/** By its card: what needs a look links to the device too. */
const openDevice = (page: Page, name: string) =>
  page.getByRole('heading', { name, exact: true }).getByRole('link').click();
const isOn = (control: Locator) => control.getAttribute('aria-checked');

describe('a switch', () => {
  it('turns only once the device says so, and tells how far its command has come', async () => {
    await report(kettle.client, 'kettle', { power: 0, relay_state: false });
    await onPage(async (page) => {
      await openDevice(page, 'Kettle');
      const control = region(page, 'Control');
      const power = control.getByRole('switch', { name: 'Switch' });
      await expect.poll(() => isOn(power)).toBe('false');
      await power.click();
      const told = await kettle.next();
      expect(told).toMatchObject({ action: 'relay_on', value: null });
      await control.getByText('Switching on… delivered', { exact: true }).waitFor();
      expect(await isOn(power)).toBe('false');
      await expectAccessible(page);

      await kettle.say('devices/kettle/ack', { id: told.id, status: 'ok' });
      await control.getByText('Switching on… acknowledged', { exact: true }).waitFor();
      expect(await isOn(power)).toBe('false');

      await report(kettle.client, 'kettle', { power: 1900, relay_state: true });
      await expect.poll(() => isOn(power)).toBe('true');
      await control.getByText('Done: switch on. The device confirmed it.').waitFor();
      await control.getByText(/It should be on, because it was set by hand/).waitFor();
      const last = region(page, 'Last commands');
      await last.getByRole('listitem').filter({ hasText: 'Switch on' }).getByText('you').waitFor();
      await last.getByText('Confirmed').waitFor();
    });
  });

  it('is on the card of the device too, where it does not follow the link', async () => {
    await onPage(async (page) => {
      const power = page.getByRole('switch', { name: 'Kettle' });
      await expect.poll(() => isOn(power)).toBe('true');
      await power.click();
      await answer('kettle', kettle, { state: { relay_state: false } });
      await expect.poll(() => isOn(power)).toBe('false');
      await heading(page, 'Maple Street').waitFor();
    });
  });

  it('says what went wrong, and tries again', async () => {
    await report(heater.client, 'heater', { heating: false, target: 19 });
    await onPage(async (page) => {
      await openDevice(page, 'Heater');
      const control = region(page, 'Control');
      const power = control.getByRole('switch', { name: 'Heating' });
      await power.click();
      await heater.next();
      await control.getByText('Could not switch on. No answer after 1 attempt.').waitFor();
      expect(await isOn(power)).toBe('false');
      await expectAccessible(page);

      await control.getByRole('button', { name: 'Try again' }).click();
      const told = await heater.next();
      expect(told).toMatchObject({ action: 'heat_on' });
      const refusal = { id: told.id, status: 'error', message: 'too hot' };
      await heater.say('devices/heater/ack', refusal);
      await control.getByText('Could not switch on: the device refused. Too hot.').waitFor();
      expect(await isOn(power)).toBe('false');

      await open(page, 'All devices');
      const card = page.getByRole('article').filter({ hasText: 'Heater' });
      await card.getByText('the device refused').waitFor();
      const alerts = region(page, 'Needs a look');
      await alerts.getByRole('link', { name: 'Heater' }).waitFor();
      await expectAccessible(page);
    });
  });

  it('can be called off while the device has not answered', async () => {
    await ask(hub, 'POST', '/devices', { id: 'lamp', name: 'Lamp', type: 'plug' });
    await onPage(async (page) => {
      await openDevice(page, 'Lamp');
      const control = region(page, 'Control');
      await control.getByText('Not known').waitFor();
      await control.getByRole('button', { name: 'Switch on', exact: true }).click();
      await control.getByText(/waiting, as the device is offline \(try 1 of 3\)/).waitFor();
      await control.getByRole('button', { name: 'Call off' }).click();
      await control.getByText('Called off: switch on.').waitFor();
    });
  });
});

describe('other controls', () => {
  it('set a fan’s speed by buttons, of which the reported one is pressed', async () => {
    await report(purifier.client, 'purifier', { pm25: 12, powerOn: true, fanSpeed: 2 });
    await onPage(async (page) => {
      await openDevice(page, 'Purifier');
      const speeds = page.getByRole('group', { name: 'Fan speed' });
      const pressed = speeds.locator('[aria-pressed=true]');
      await expect.poll(() => pressed.textContent()).toBe('2');
      await speeds.getByRole('button', { name: '4' }).click();
      const told = await purifier.next();
      expect(told).toMatchObject({ action: 'setFanSpeed', value: 4 });
      await region(page, 'Control')
        .getByText('Setting fan speed to 4… delivered', { exact: true })
        .waitFor();
      expect(await pressed.textContent()).toBe('2');
      await purifier.say('devices/purifier/ack', {
        id: told.id,
        status: 'ok',
        state: { fanSpeed: 4, powerOn: true },
      });
      await expect.poll(() => pressed.textContent()).toBe('4');
    });
  });

  it('fill in a number, and hear from the hub when it cannot be', async () => {
    await onPage(async (page) => {
      await openDevice(page, 'Heater');
      const control = region(page, 'Control');
      await control.getByLabel('Set target').fill('21.5');
      await control.getByRole('button', { name: 'Send' }).click();
      const told = await answer('heater', heater, { state: { target: 21.5 } });
      expect(told).toMatchObject({ action: 'setTarget', value: 21.5 });
      await control.getByText('Now: 21.5').waitFor();
      await control.getByRole('button', { name: 'Beep' }).click();
      expect(await answer('heater', heater)).toMatchObject({ action: 'beep', value: null });
      await control.getByText('Done: beep. The device acknowledged it.').waitFor();
    });
  });
});

describe('something for a while', () => {
  beforeEach(async () => {
    await report(purifier.client, 'purifier', { pm25: 12, powerOn: true, fanSpeed: 2 });
  });

  it('counts down, can be made longer, and goes back when it is stopped', async () => {
    await onPage(async (page) => {
      await openDevice(page, 'Purifier');
      const card = region(page, 'For a while');
      await card.getByRole('button', { name: 'Start' }).click();
      const told = await answer('purifier', purifier, { state: { fanSpeed: 5, powerOn: true } });
      expect(told).toMatchObject({ action: 'setFanSpeed', value: 5 });
      const timer = card.getByRole('timer');
      await timer.filter({ hasText: /another (10 min 0 s|9 min \d+ s)/ }).waitFor();
      await card.getByText(/it goes back to on, fan speed 2/).waitFor();
      const why = region(page, 'Control');
      await why.getByText(/It should be fan speed 5, because “For a while” began/).waitFor();
      await expectAccessible(page);

      await card.getByRole('button', { name: '10 min more' }).click();
      await timer.filter({ hasText: /another 19 min \d+ s/ }).waitFor();
      await page.reload();
      await timer.filter({ hasText: /another 19 min \d+ s/ }).waitFor();

      await card.getByRole('button', { name: 'Stop now' }).click();
      const back = await answer('purifier', purifier, { state: { fanSpeed: 2, powerOn: true } });
      expect(back).toMatchObject({ action: 'setFanSpeed', value: 2 });
      await card.getByRole('button', { name: 'Start' }).waitFor();
      await region(page, 'Last commands').getByText('to go back').waitFor();
    });
  });
});

describe('schedules', () => {
  const press = (page: Page, key: string) => page.keyboard.press(key);

  /** Goes on with the Tab key until something of this name has the focus. */
  async function tabTo(page: Page, role: Parameters<Page['getByRole']>[0], name: string) {
    const wanted = page.getByRole(role, { name, exact: true });
    await wanted.waitFor();
    for (let step = 0; step < 60; step += 1) {
      if (await wanted.evaluate((element) => element.matches(':focus'))) return;
      await press(page, 'Tab');
    }
    throw new Error(`the Tab key does not lead to ${role} “${name}”`);
  }

  it('are added by keyboard alone', async () => {
    await onPage(async (page) => {
      await isLive(page);
      await tabTo(page, 'link', 'Schedules');
      await press(page, 'Enter');
      await tabTo(page, 'link', 'Add a schedule');
      await press(page, 'Enter');
      await tabTo(page, 'combobox', 'For');
      await page.keyboard.type('Purifier');
      await tabTo(page, 'checkbox', 'Saturday');
      await press(page, 'Space');
      await tabTo(page, 'combobox', 'Begins');
      await page.keyboard.type('by sunset');
      await tabTo(page, 'spinbutton', 'Begins, minutes');
      await page.keyboard.type('30');
      await tabTo(page, 'combobox', 'What it does');
      await page.keyboard.type('Set fan');
      await tabTo(page, 'combobox', 'To');
      await page.keyboard.type('3');
      await expectAccessible(page);
      await takeScreenshot(page, 'new-schedule', desktop);
      await tabTo(page, 'button', 'Add the schedule');
      await press(page, 'Enter');

      const row = region(page, 'Purifier').getByRole('listitem');
      await row
        .getByText('Mon–Sat from 30 min after sunset to 17:00 → fan speed 3, then off')
        .waitFor();
      await row.getByText(/^Next: /).waitFor();
    });
  });

  it('say beside the field what cannot be', async () => {
    await onPage(async (page) => {
      await open(page, 'Schedules');
      await open(page, 'Add a schedule');
      await page.getByLabel('For').selectOption('Kettle');
      await page.getByLabel('Ends at').fill('09:00');
      await page.getByRole('button', { name: 'Add the schedule' }).click();
      await page.getByText(/the same as start/).waitFor();
      expect(await page.getByLabel('Ends at').getAttribute('aria-invalid')).toBe('true');
      await page.getByLabel('Advanced').check();
      await page.getByLabel('Cron expression').fill('every day');
      await page.getByRole('button', { name: 'Add the schedule' }).click();
      await page.getByText(/fields, not five/).waitFor();
      expect(await page.getByLabel('Cron expression').getAttribute('aria-invalid')).toBe('true');
      await expectAccessible(page);
    });
  });

  it('are changed, switched off and removed', async () => {
    const made = { device_id: 'kettle', days: 'daily', start: '06:30', end: '07:00' };
    await onPage(async (page) => {
      await open(page, 'Schedules');
      await ask(hub, 'POST', '/schedules', { ...made, action: 'relay_on' });
      const row = region(page, 'Kettle').getByRole('listitem');
      await row.getByText('Every day 06:30–07:00 → on, then off').waitFor();
      await row.getByRole('link', { name: 'Change' }).click();
      await page.getByLabel('Ends at').fill('08:15');
      await page.getByLabel('Leave as it is').check();
      await page.getByLabel('Name').fill('Tea');
      await page.getByRole('button', { name: 'Save' }).click();
      await row.getByText('Every day 06:30–08:15 → on, then left as it is').waitFor();
      await row.getByText('Tea', { exact: true }).waitFor();

      const use = row.getByRole('switch', { name: 'Use the schedule Tea' });
      await use.click();
      await row.getByText('Switched off.').waitFor();
      expect(await isOn(use)).toBe('false');
      await row.getByRole('button', { name: 'Remove Tea' }).click();
      await expectAccessible(page);
      await row.getByRole('button', { name: 'Yes, remove it' }).click();
      await row.waitFor({ state: 'detached' });
    });
  });
});

describe('a scene', () => {
  it('is run by its button, and says what became of it', async () => {
    const commands = [
      { device_id: 'kettle', action: 'relay_on' },
      { device_id: 'heater', action: 'heat_off' },
    ];
    await ask(hub, 'POST', '/scenes', { name: 'Good morning', commands });
    await onPage(async (page) => {
      await page.getByRole('button', { name: 'Good morning' }).click();
      await answer('kettle', kettle, { state: { relay_state: true } });
      await page.getByText('Good morning: 1 of 2 done. Not done by Heater.').waitFor();
      await heater.next();
    });
  });
});

describe('a guest', () => {
  const email = 'gus@example.org';

  /** Asks a guest in, and shares the whole home with them to look at. */
  async function makeGuest(): Promise<void> {
    const invitation = await ask<{ code: string }>(hub, 'POST', '/people/invitations', {
      role: 'guest',
    });
    const { id } = await ask<{ id: string }>(hub, 'POST', '/auth/register', {
      name: 'Gus',
      email,
      password: owner.password,
      invitation: invitation.code,
    });
    for (const device_id of ['kettle', 'purifier', 'heater']) {
      await ask(hub, 'POST', '/shares', { person_id: id, device_id, access: 'read' });
    }
  }

  it('sees how things are, and nothing to press', async () => {
    await makeGuest();
    await visitPage(browser, originOf(hub), async (page) => {
      await page.getByLabel('E-mail').fill(email);
      await page.getByLabel('Password').fill(owner.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await heading(page, 'Maple Street').waitFor();
      await page
        .getByRole('article')
        .filter({ hasText: 'Kettle' })
        .getByText('On', { exact: true })
        .waitFor();
      const controls = page.getByRole('switch').or(page.getByRole('button', { name: 'Good' }));
      expect(await controls.count()).toBe(0);
      await openDevice(page, 'Purifier');
      const control = region(page, 'Control');
      await control.getByText('Fan speed', { exact: true }).waitFor();
      await control.getByText('Why:').waitFor();
      expect(await control.locator('button, input').count()).toBe(0);
      await expectAccessible(page);
      await open(page, 'Schedules');
      await region(page, 'Purifier').getByText('→ fan speed 3').waitFor();
      const main = page.getByRole('main');
      expect(await main.locator('button, input, a.button').count()).toBe(0);
    });
  });
});

describe.each<View>([desktop, { ...desktop, scheme: 'dark' }, phone, { ...phone, scheme: 'dark' }])(
  'in $scheme, $width pixels wide',
  (view) => {
    it('controls and schedules can be read and fit', async () => {
      await onPage(
        async (page) => {
          await isLive(page);
          await page.getByRole('switch', { name: 'Purifier' }).waitFor();
          await takeScreenshot(page, 'home-control', view);
          await expectAccessible(page);
          await openDevice(page, 'Purifier');
          await region(page, 'Control').getByText('Why:').waitFor();
          await takeScreenshot(page, 'control', view);
          await expectAccessible(page);
          await open(page, 'Schedules');
          await region(page, 'Purifier').waitFor();
          await takeScreenshot(page, 'schedules', view);
          await expectAccessible(page);
          await open(page, 'Add a schedule');
          await page.getByLabel('For').selectOption('Purifier');
          await page.getByLabel('Begins', { exact: true }).selectOption('by sunset');
          await expectAccessible(page);
          await page.getByLabel('Once').check();
          await page.getByLabel('At', { exact: true }).waitFor();
          await expectAccessible(page);
        },
        { view },
      );
    });
  },
);
