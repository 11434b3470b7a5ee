// Playwright's `test` on one consumer's page, watched; it records what the element says.

import { test as base, chromium, expect } from '@playwright/test';
import { launchOptions } from '../../browser/flags.mjs';
import { settle, watch } from '../../browser/watch.mjs';
import { BUILT } from './paths.mjs';
import { serve } from './server.mjs';

export const test = base.extend({
  /** Which consumer's built folder is served. */
  consumer: ['plain', { option: true }],
  /** What the camera shows; `none`: there is no camera. */
  face: ['live', { option: true }],
  /** Options of the browser's context. */
  look: [{}, { option: true }],

  site: async ({ consumer }, use) => {
    const site = await serve(`${BUILT}${consumer}/site`, { hashesInlineScripts: consumer === 'next' });
    await use(site);
    await site.stop();
  },

  /** In a browser of its own, since each camera needs one. */
  page: async ({ site, face, look }, use, testInfo) => {
    const browser = await chromium.launch(launchOptions(face === 'none' ? {} : { video: face }));
    const context = await browser.newContext({
      viewport: { width: 1100, height: 900 },
      permissions: ['camera'],
      ...look,
    });
    const page = await context.newPage();
    const seen = await watch(page, site);
    await page.addInitScript(record);
    await use(page);
    await browser.close();
    settle(seen, testInfo, expect);
  },
});

/** Runs in the page: writes down what elements tell, and keeps every camera track and worker. */
function record() {
  window.told = [];
  for (const name of ['state', 'result', 'error', 'cancel', 'hint']) {
    document.addEventListener(`despoof-${name}`, ({ detail }) => {
      window.told.push(name === 'state' ? detail.state : name === 'error' ? `error:${detail.code}` : name);
      if (name === 'result') {
        window.lastResult = { ...detail, evidence: undefined };
      }
      if (name === 'hint' && detail !== null) {
        (window.hints ??= []).push(detail.code);
      }
    });
  }
  window.tracks = [];
  const devices = navigator.mediaDevices;
  const getUserMedia = devices?.getUserMedia.bind(devices);
  if (getUserMedia) {
    devices.getUserMedia = async (constraints) => {
      const stream = await getUserMedia(constraints);
      window.tracks.push(...stream.getTracks());
      return stream;
    };
  }
  window.liveWorkers = 0;
  const OwnWorker = window.Worker;
  window.Worker = class extends OwnWorker {
    constructor(url, options) {
      super(url, options);
      window.liveWorkers += 1;
    }
    terminate() {
      window.liveWorkers -= 1;
      super.terminate();
    }
  };
}

/** The element's screen with a heading. */
export const screen = (page, name) => page.locator(`despoof-check section[data-screen="${name}"]`);

/** Waits until the element's session is over, and says how. */
export async function ending(page) {
  const endings = ['complete', 'error', 'cancelled'];
  await page.waitForFunction((endings) => window.told.some((told) => endings.includes(told)), endings);
  return page.evaluate(() => window.told.filter((told) => told !== 'hint'));
}

export { expect };
