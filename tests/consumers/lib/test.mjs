// Playwright's `test` on one consumer's page. Every test fails on a policy violation, a foreign request or an
// error that nobody caught, and records what the element says.

import { test as base, chromium, expect } from '@playwright/test';
import { launchOptions } from './browser.mjs';
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
  page: async ({ site, face, look }, use) => {
    const browser = await chromium.launch(launchOptions(face === 'none' ? {} : { video: face }));
    const context = await browser.newContext({
      viewport: { width: 1100, height: 900 },
      permissions: ['camera'],
      ...look,
    });
    const page = await context.newPage();
    const foreign = [];
    const crashes = [];
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith('http') && origin !== site.origin) {
        foreign.push(request.url());
      }
    });
    page.on('pageerror', (error) => crashes.push(error.message));
    await page.addInitScript(watch);
    await use(page);
    const violations = page.isClosed() ? [] : await page.evaluate(() => window.violations ?? []);
    await browser.close();
    expect(violations, 'violations of the policy').toEqual([]);
    expect(site.violations, 'reported violations of the policy').toEqual([]);
    expect(foreign, 'requests to other origins').toEqual([]);
    expect(crashes, 'errors nobody caught').toEqual([]);
  },
});

/** Runs in the page: writes down violations, what elements tell, and keeps every camera track and worker. */
function watch() {
  window.violations = [];
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
    window.violations.push(`${violatedDirective} ${blockedURI}`),
  );
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
