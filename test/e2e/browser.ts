import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import chromium from '@sparticuz/chromium';
import {
  type Browser,
  type BrowserContext,
  type Page,
  chromium as playwright,
} from 'playwright-core';

/** For people to look at; not kept under version control. */
const screenshots = join(import.meta.dirname, 'screenshots');

/** A Chromium that comes with npm and needs no system browser. */
export async function launchBrowser(): Promise<Browser> {
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    args: ['--no-sandbox', '--no-zygote', '--font-render-hinting=none'],
  });
}

export interface View {
  readonly scheme: 'light' | 'dark';
  readonly width: number;
  readonly height: number;
}

export const desktop: View = { scheme: 'light', width: 1280, height: 860 };
export const phone: View = { scheme: 'light', width: 360, height: 740 };

/** What a browser remembers of someone who has signed in. */
export type BrowserSession = Awaited<ReturnType<BrowserContext['storageState']>>;

/** A page of a browser that is new here, and everything on it that no page of ours may do. */
export interface WatchedPage {
  readonly page: Page;
  readonly offences: readonly string[];
}

/**
 * Opens a page at `origin` and listens for requests to anywhere else, breaches of the content
 * policy, and errors of scripts. Refusals by the hub (401, 422 …) are part of its work.
 */
export async function openPage(
  browser: Browser,
  origin: string,
  view: View,
  session?: BrowserSession,
): Promise<WatchedPage> {
  const context = await browser.newContext({
    // The authority of a hub that was made a moment ago is in no trust store.
    ignoreHTTPSErrors: true,
    viewport: { width: view.width, height: view.height },
    colorScheme: view.scheme,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
    ...(session && { storageState: session }),
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const offences: string[] = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'blob:' && url.origin !== origin) offences.push(`asked ${url.href}`);
  });
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).host !== new URL(origin).host) offences.push(`asked ${socket.url()}`);
  });
  page.on('pageerror', (error) => offences.push(String(error)));
  page.on('console', (message) => {
    const isRefusal = /Failed to load resource|WebSocket connection to/.test(message.text());
    if (message.type() === 'error' && !isRefusal) offences.push(message.text());
  });
  await page.goto(origin);
  return { page, offences };
}

export async function takeScreenshot(page: Page, name: string, view: View): Promise<void> {
  await mkdir(screenshots, { recursive: true });
  const path = join(screenshots, `${name}-${view.scheme}-${view.width}.png`);
  await page.screenshot({ path, fullPage: true });
}
