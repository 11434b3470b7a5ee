/** Playwright's `test` with a site of its own; every test fails on a policy violation or a foreign request. */

import { test as base, expect } from '@playwright/test';
import { startSite } from './site.js';

export const test = base.extend({
  site: async ({}, use) => {
    const site = await startSite();
    await use(site);
    await site.stop();
  },

  page: async ({ page, site }, use) => {
    const foreign = [];
    const crashes = [];
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith('http') && origin !== site.origin) {
        foreign.push(request.url());
      }
    });
    page.on('pageerror', (error) => crashes.push(error.message));
    await use(page);
    expect(foreign, 'requests to other origins').toEqual([]);
    expect(site.violations, 'violations of the policy').toEqual([]);
    expect(crashes, 'errors nobody caught').toEqual([]);
  },
});

/** Opens the page and waits until it has loaded everything. */
export async function openReady(page, site, backend = 'cpu') {
  await page.goto(`${site.url}?backend=${backend}`);
  await expect(page.locator('#readiness-text')).toHaveText(/^Ready/);
}

/** Gives the page a photo, as the file dialog does. */
export function choose(page, photo) {
  return page.locator('#photo-input').setInputFiles(photo);
}

export { expect };
