// What can go wrong: files, cameras, pages.

import { readFileSync } from 'node:fs';
import { ending, expect, screen, test } from '../lib/test.mjs';

const start = (page) => page.getByRole('button', { name: 'Start camera' }).click();

/** Waits for the error, and returns its code as people see it. */
async function errorCode(page) {
  await ending(page);
  await expect(screen(page, 'error')).toBeVisible();
  return screen(page, 'error').locator('code').textContent();
}

const MANIFEST = new URL('../../../models/web/manifest.json', import.meta.url);
const SHARDS = JSON.parse(readFileSync(MANIFEST, 'utf8')).shards.length;
const isShard = (path) => path.endsWith('.safetensors');

test.describe('files', () => {
  test('a flipped byte in a shard is refused', async ({ page, site }) => {
    site.alter = (path, answer) => {
      if (isShard(path)) {
        answer.body[answer.body.length >> 1] ^= 1;
      }
      return answer;
    };
    await page.goto(site.url);
    await start(page);
    expect(await errorCode(page)).toBe('integrity_failed');
  });

  test('a missing shard is said to be missing, and can be tried again', async ({ page, site }) => {
    site.alter = (path, answer) => (isShard(path) ? { status: 404, headers: {}, body: '' } : answer);
    await page.goto(site.url);
    await start(page);
    expect(await errorCode(page)).toBe('asset_fetch_failed');
    site.alter = (_path, answer) => answer;
    await page.getByRole('button', { name: 'Try again' }).click();
    await start(page);
    await expect(screen(page, 'result')).toBeVisible();
  });

  test('a bundle of another format is refused', async ({ page, site }) => {
    site.alter = (path, answer) =>
      path.endsWith('manifest.json')
        ? { ...answer, headers: {}, body: `${answer.body}`.replace('"format": 1', '"format": 999') }
        : answer;
    await page.goto(site.url);
    await start(page);
    expect(await errorCode(page)).toBe('bundle_incompatible');
  });

  test('a server that calls wasm by another name will do, and a second visit downloads no weights', async ({
    page,
    site,
  }) => {
    site.alter = (path, answer) =>
      path.endsWith('.wasm') ? { ...answer, headers: { 'Content-Type': 'application/octet-stream' } } : answer;
    for (const shards of [SHARDS, 0]) {
      site.requests.length = 0;
      await page.goto(site.url);
      await page.evaluate(() => document.querySelector('despoof-check').load());
      expect(await page.evaluate(() => window.told)).toEqual(['loading', 'ready']);
      expect(site.requests.filter(isShard)).toHaveLength(shards);
      expect(site.requests.filter((path) => path.includes('webgpu'))).toEqual([]);
    }
  });

  test('after loading there are no requests, and no connection is needed', async ({ page, site }) => {
    await page.goto(site.url);
    await page.evaluate(() => document.querySelector('despoof-check').load());
    const later = [];
    page.on('request', (request) => later.push(request.url()));
    await page.context().setOffline(true);
    await start(page);
    expect((await ending(page)).at(-1)).toBe('result');
    expect(later).toEqual([]);
  });
});

test.describe('cameras', () => {
  test.describe('refused', () => {
    test.use({ look: { permissions: [] } });
    test('is explained, and asked for again only on a press', async ({ page, site }) => {
      await page.goto(site.url);
      await start(page);
      expect(await errorCode(page)).toBe('camera_permission_denied');
      await page.getByRole('button', { name: 'Try again' }).click();
      await expect(screen(page, 'start')).toBeVisible();
    });
  });

  test.describe('absent', () => {
    test.use({ face: 'none' });
    test('is explained', async ({ page, site }) => {
      await page.goto(site.url);
      await start(page);
      expect(await errorCode(page)).toBe('camera_not_found');
    });
  });

  test('busy is explained', async ({ page, site }) => {
    await page.addInitScript(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('busy', 'NotReadableError'));
    });
    await page.goto(site.url);
    await start(page);
    expect(await errorCode(page)).toBe('camera_in_use');
  });

  test('lost in the middle ends the session with the track stopped', async ({ page, site }) => {
    await page.goto(site.url);
    await start(page);
    await page.waitForFunction(() => window.told.includes('capturing'));
    await page.evaluate(() => window.tracks[0].dispatchEvent(new Event('ended')));
    expect(await errorCode(page)).toBe('camera_lost');
    expect(await page.evaluate(() => window.tracks[0].readyState)).toBe('ended');
  });

  test.describe('of 320 × 240', () => {
    test.use({ face: 'small' });
    test('comes to a verdict', async ({ page, site }) => {
      await page.goto(site.url);
      await start(page);
      expect((await ending(page)).at(-1)).toBe('result');
    });
  });

  test.describe('without a face', () => {
    test.use({ face: 'empty' });
    test('gets a hint, and can be cancelled', async ({ page, site }) => {
      await page.goto(site.url);
      await start(page);
      await expect(page.locator('despoof-check .hint')).toHaveText('No face in sight');
      await screen(page, 'camera').getByRole('button', { name: 'Cancel' }).click();
      await expect(screen(page, 'start')).toBeVisible();
      expect((await ending(page)).slice(-2)).toEqual(['cancelled', 'cancel']);
      expect(await page.evaluate(() => window.tracks[0].readyState)).toBe('ended');
    });
  });
});

test.describe('pages', () => {
  test('a browser that cannot run a check is told so, and loads nothing for it', async ({ page, site }) => {
    await page.addInitScript(() => delete window.OffscreenCanvas);
    await page.goto(site.url);
    site.requests.length = 0;
    await start(page);
    expect(await errorCode(page)).toBe('not_supported');
    // Browsers ask for an icon when they like.
    expect(site.requests.filter((path) => path !== 'favicon.ico')).toEqual([]);
  });

  test('a hidden page ends the session', async ({ page, site }) => {
    await page.goto(site.url);
    await start(page);
    await page.waitForFunction(() => window.told.includes('capturing'));
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    expect(await errorCode(page)).toBe('page_hidden');
  });

  test('an element taken away while it analyses leaves no worker and no track', async ({ page, site }) => {
    await page.goto(site.url);
    await start(page);
    await page.waitForFunction(() => window.told.includes('analysing'));
    await page.evaluate(() => document.querySelector('despoof-check').remove());
    await page.waitForFunction(() => window.liveWorkers === 0);
    expect(await page.evaluate(() => window.tracks.map(({ readyState }) => readyState))).toEqual(['ended']);
  });

  test('an element that is only moved goes on', async ({ page, site }) => {
    await page.goto(site.url);
    await page.evaluate(() => document.querySelector('despoof-check').load());
    await page.evaluate(() => document.querySelector('main').append(document.querySelector('despoof-check')));
    expect(await page.evaluate(() => window.liveWorkers)).toBe(1);
  });

  test('two elements do not disturb each other', async ({ page, site }) => {
    await page.goto(site.url);
    await page.evaluate(async () => {
      const portrait = document.createElement('despoof-check');
      portrait.setAttribute('backend', 'cpu');
      document.querySelector('main').append(portrait);
      const photo = new ImageData(300, 300);
      await Promise.all([
        document.querySelector('despoof-check').start(),
        portrait.check(photo),
      ]);
    });
    const states = await page.evaluate(() => [...document.querySelectorAll('despoof-check')].map(({ state }) => state));
    // The second one looked at a black picture.
    expect(states).toEqual(['complete', 'error']);
  });

  test('dispose() leaves no worker and no track, and the element can be used again', async ({ page, site }) => {
    await page.goto(site.url);
    await start(page);
    await page.waitForFunction(() => window.told.includes('capturing'));
    await page.evaluate(() => document.querySelector('despoof-check').dispose());
    expect(await page.evaluate(() => window.liveWorkers)).toBe(0);
    expect(await page.evaluate(() => window.tracks[0].readyState)).toBe('ended');
    await expect(screen(page, 'start')).toBeVisible();
    await page.evaluate(() => { window.told.length = 0; });
    await start(page);
    expect((await ending(page)).at(-1)).toBe('result');
  });
});
