// The benchmark's page in the same headless Chromium that every browser test uses.

import { chromium } from 'playwright-core';
import { executablePath, FLAGS } from '../browser/flags.mjs';

/** @returns {Promise<import('playwright-core').Browser>} */
export function launch() {
  return chromium.launch({ executablePath, args: FLAGS });
}

/**
 * Opens the page; networks in software may take minutes, so nothing times out.
 *
 * @param {string} site
 * @returns {Promise<{page: import('playwright-core').Page, received: () => Record<string, number>, close: () => Promise<void>}>}
 *   `received`: bytes by path of what was loaded so far.
 */
export async function open(site) {
  const browser = await launch();
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  const bytes = {};
  page.on('response', (response) => {
    bytes[new URL(response.url()).pathname] = Number(response.headers()['content-length'] ?? 0);
  });
  page.on('pageerror', (error) => console.error(`page: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && console.error(`page: ${message.text()}`));
  await page.goto(`${site}/index.html`);
  await page.waitForFunction(() => 'despoofBench' in window);
  return { page, received: () => ({ ...bytes }), close: () => browser.close() };
}
