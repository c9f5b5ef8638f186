import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Hub } from '#main';
import { desktop, launchBrowser, openPage } from './browser.ts';
import { buildDashboard } from './built-dashboard.ts';
import { createOwner, originOf, startHub } from './home.ts';
import { client, type RealProvider, startRealProvider } from './real-provider.ts';

/** A home whose people may sign in by a real provider, and a browser to do it with. */
export interface ProviderHome {
  readonly hub: Hub;
  readonly browser: Browser;
  readonly provider: RealProvider;
  /** Lets `act` use a page at `origin`; the provider's are the only others that it may open. */
  onPage(origin: string, act: (page: Page) => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

export async function startProviderHome(): Promise<ProviderHome> {
  await buildDashboard();
  const browser = await launchBrowser();
  const directory = await mkdtemp(join(tmpdir(), 'hearth-e2e-'));
  const provider = await startRealProvider();
  const hub = await startHub(directory, {
    settings: {
      'oidc.issuer': provider.issuer,
      'oidc.client_id': client.id,
      'oidc.client_secret': client.secret,
      'oidc.name': 'Elm ID',
    },
  });
  provider.knows(originOf(hub));
  await createOwner(hub);
  return {
    hub,
    browser,
    provider,
    onPage: async (origin, act) => {
      const { page, offences } = await openPage(browser, origin, desktop);
      // The provider's pages would have a font from elsewhere.
      await page.route(/googleapis/, (route) => route.abort());
      try {
        await act(page);
        const isTheirs = (offence: string) =>
          offence.startsWith(`asked ${provider.issuer}`) || offence.includes('googleapis');
        expect(offences.filter((offence) => !isTheirs(offence))).toEqual([]);
      } finally {
        await page.context().close();
      }
    },
    stop: async () => {
      await browser.close();
      await hub.stop();
      await provider.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
