/** Playwright's `test` with a site of its own, watched. */

import { test as base, expect } from '@playwright/test';
import { settle, watch } from '../../tests/browser/watch.mjs';
import { startSite } from './site.js';

export const test = base.extend({
  site: async ({}, use) => {
    const site = await startSite();
    await use(site);
    await site.stop();
  },

  page: async ({ page, site }, use, testInfo) => {
    const seen = await watch(page, site);
    await use(page);
    settle(seen, testInfo, expect);
  },
});

export { expect };
