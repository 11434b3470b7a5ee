// People: keyboard, screen readers, languages, sizes, forms.

import { verifyReport } from 'despoof/verify';
import { brokenRules } from '../../browser/accessible.mjs';
import { PORTRAIT } from '../../browser/photos.mjs';
import { SCREENSHOTS } from '../lib/paths.mjs';
import { ending, expect, screen, test } from '../lib/test.mjs';

const expectAccessible = async (page) => expect(await brokenRules(page)).toEqual([]);

const overflow = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

test('the whole way goes by keyboard, and every screen is accessible', async ({ page, site }) => {
  await page.goto(site.url);
  await expectAccessible(page);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(screen(page, 'camera').locator('h2')).toBeFocused();
  await expectAccessible(page);
  await ending(page);
  await expect(screen(page, 'result').locator('h2')).toBeFocused();
  await expectAccessible(page);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Check again' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(screen(page, 'start').locator('h2')).toBeFocused();
});

test.describe('errors', () => {
  test.use({ face: 'none' });
  test('are accessible', async ({ page, site }) => {
    await page.goto(site.url);
    await page.getByRole('button', { name: 'Start camera' }).click();
    await expect(screen(page, 'error').getByRole('alert')).toContainText('no camera');
    await expectAccessible(page);
  });
});

const LOOKS = {
  'wide-280': { viewport: { width: 280, height: 653 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, deviceScaleFactor: 2 },
  desktop: { viewport: { width: 1280, height: 900 } },
  'desktop-dark': { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
};

for (const [name, look] of Object.entries(LOOKS)) {
  test.describe(name, () => {
    test.use({ look });
    test('fits', async ({ page, site }) => {
      const shoot = (what) =>
        page.screenshot({ path: `${SCREENSHOTS}${name}-${what}.png`, fullPage: true, animations: 'disabled' });
      await page.goto(site.url);
      await shoot('1-start');
      expect(await overflow(page)).toBe(0);
      await page.getByRole('button', { name: 'Start camera' }).click();
      await page.waitForFunction(() => window.told.includes('capturing'));
      await shoot('2-camera');
      expect(await overflow(page)).toBe(0);
      await ending(page);
      await shoot('3-result');
      expect(await overflow(page)).toBe(0);
      await expectAccessible(page);
    });
  });
}

for (const lang of ['ar', 'de', 'es', 'fr', 'hi', 'pt', 'zh']) {
  test(`speaks ${lang}`, async ({ page, site }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${site.url}?lang=${lang}`);
    await page.waitForFunction((lang) => document.querySelector('despoof-check').locale.lang.startsWith(lang), lang);
    expect(await overflow(page)).toBe(0);
    await page.screenshot({ path: `${SCREENSHOTS}${lang}-start.png`, fullPage: true, animations: 'disabled' });
    if (lang === 'ar') {
      const card = page.locator('despoof-check .card');
      await expect(card).toHaveCSS('direction', 'rtl');
      await page.locator('despoof-check [data-action="start"]').click();
      await ending(page);
      await page.screenshot({ path: `${SCREENSHOTS}${lang}-result.png`, fullPage: true, animations: 'disabled' });
      await expectAccessible(page);
    }
  });
}

test('a form carries a report that a server accepts', async ({ page, site }) => {
  await page.goto(site.url);
  // The nonce comes after everything was loaded.
  await page.evaluate(async () => {
    await document.querySelector('despoof-check').load();
    document.querySelector('despoof-check').setAttribute('challenge', 'nonce-1');
  });
  await page.getByRole('button', { name: 'Start camera' }).click();
  await ending(page);
  const { report, result } = await page.evaluate(() => ({
    report: new FormData(document.querySelector('form')).get('liveness'),
    result: window.lastResult,
  }));
  const expected = { nonce: 'nonce-1', origin: site.origin, modelDigests: [result.modelDigest] };
  const claims = await verifyReport(report, expected);
  expect(claims.outcome).toBe(result.outcome);
  expect(claims.frames).toHaveLength(5);
  expect(claims.frames[0].digest).toMatch(/^[0-9a-f]{64}$/);
  expect(claims.capture).toMatchObject({ frames: 5, gates: { roll: 20 } });
  await expect(verifyReport(report, { ...expected, nonce: 'nonce-2' })).rejects.toThrow('another nonce');
});

test('a result stays where it is when the element is moved or loads again', async ({ page, site }) => {
  await page.goto(site.url);
  await page.locator('despoof-check input[type="file"]').setInputFiles(PORTRAIT);
  await ending(page);
  const sent = await page.evaluate(async () => {
    const check = document.querySelector('despoof-check');
    check.setAttribute('preload', '');
    document.querySelector('form').append(check);
    await check.load();
    return new FormData(document.querySelector('form')).get('liveness');
  });
  expect(sent).toBe('live');
  await expect(screen(page, 'result')).toBeVisible();
});

test('loading beforehand takes no focus, and begins once', async ({ page, site }) => {
  await page.goto(site.url);
  await page.evaluate(() => {
    document.querySelector('main').innerHTML =
      '<input aria-label="Name" /><despoof-check preload backend="cpu" asset-base-url="./node_modules/despoof/nothing"></despoof-check>';
    document.querySelector('input').focus();
    document.querySelector('despoof-check').removeAttribute('asset-base-url');
  });
  await page.waitForFunction(() => window.told.includes('ready'));
  expect(await page.evaluate(() => window.told)).toEqual(['loading', 'ready']);
  await expect(page.getByLabel('Name')).toBeFocused();
});

test('of two photos the second counts', async ({ page, site }) => {
  await page.goto(site.url);
  const photo = page.locator('despoof-check input[type="file"]');
  await photo.setInputFiles({ name: 'note.png', mimeType: 'image/png', buffer: Buffer.from('this is a text') });
  await photo.setInputFiles(PORTRAIT);
  await page.waitForFunction(() => window.told.includes('result'));
  expect(await page.evaluate(() => window.told.filter((told) => told.startsWith('error')))).toEqual([]);
});

test('starting twice opens one camera', async ({ page, site }) => {
  await page.goto(site.url);
  await page.evaluate(() => {
    const check = document.querySelector('despoof-check');
    return Promise.all([check.start(), check.start()]);
  });
  expect(await ending(page)).toEqual(['loading', 'ready', 'capturing', 'analysing', 'complete', 'result']);
  expect(await page.evaluate(() => window.tracks.map(({ readyState }) => readyState))).toEqual(['ended']);
});

test('a photo goes the same way, and says that one picture is few', async ({ page, site }) => {
  await page.goto(site.url);
  await page.locator('despoof-check input[type="file"]').setInputFiles(PORTRAIT);
  expect(await ending(page)).toEqual(['loading', 'ready', 'analysing', 'complete', 'result']);
  await expect(screen(page, 'result').locator('.reasons')).toContainText('Only a few pictures');
  const note = { name: 'note.png', mimeType: 'image/png', buffer: Buffer.from('this is a text') };
  await page.getByRole('button', { name: 'Check again' }).click();
  await page.evaluate(() => { window.told.length = 0; });
  await page.locator('despoof-check input[type="file"]').setInputFiles(note);
  await ending(page);
  await expect(screen(page, 'error').locator('code')).toHaveText('photo_format_unknown');
});

test('slots, parts, properties and texts change the looks without touching the policy', async ({ page, site }) => {
  await page.goto(site.url);
  await page.evaluate(() => {
    const check = document.querySelector('despoof-check');
    const own = Object.assign(document.createElement('p'), { slot: 'start', textContent: 'Own explanation' });
    check.append(own);
    check.texts = { start: { button: 'Go' } };
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('despoof-check { --despoof-accent: rgb(1, 2, 3) } despoof-check::part(button) { font-size: 20px }');
    document.adoptedStyleSheets = [sheet];
  });
  await expect(page.getByText('Own explanation')).toBeVisible();
  await expect(page.getByText('Before you start')).toBeHidden();
  const button = page.getByRole('button', { name: 'Go' });
  await expect(button).toHaveCSS('background-color', 'rgb(1, 2, 3)');
  await expect(button).toHaveCSS('font-size', '20px');
});
