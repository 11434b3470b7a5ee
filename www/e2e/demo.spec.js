import { brokenRules } from '../../tests/browser/accessible.mjs';
import { PORTRAIT } from '../../tests/browser/photos.mjs';
import { SCREENSHOTS } from './paths.js';
import { expect, test } from './test.js';

const HARDWARE = { cpu: 'processor (WebAssembly)', webgpu: 'graphics processor (WebGPU)' };

/** Gives the element a photo, as the file dialog does, and waits for the numbers below it. */
async function verdictOnPhoto(page, photo) {
  await page.locator('despoof-check input[type="file"]').setInputFiles(photo);
  await expect(page.locator('#numbers')).toBeVisible();
}

for (const backend of ['cpu', 'webgpu']) {
  test(`a photo gets a verdict on ${backend}`, async ({ page, site }) => {
    // SwiftShader computes WebGPU on the processor, many times slower than anybody's graphics card.
    test.setTimeout(900_000);
    await page.goto(`${site.url}?backend=${backend}`);
    await page.locator('despoof-check input[type="file"]').setInputFiles(PORTRAIT);
    await expect(page.locator('#numbers')).toBeVisible({ timeout: 800_000 });
    await page.locator('#numbers summary').click();
    await expect(page.locator('#ran-on')).toHaveText(HARDWARE[backend]);
    await expect(page.locator('#scores')).toHaveText(/^1[01]\.\d{3} (live|spoof|uncertain)$/);
    await expect(page.locator('#model-digest')).toHaveText(/^[0-9a-f]{64}$/);
    await page.screenshot({ path: `${SCREENSHOTS}/photo-${backend}.png`, fullPage: true });
  });
}

test('after the first check there are no requests, and no connection is needed', async ({ page, site, context }) => {
  await page.goto(`${site.url}?backend=cpu`);
  await verdictOnPhoto(page, PORTRAIT);
  const before = site.requests.length;
  await context.setOffline(true);
  await page.getByRole('button', { name: 'Check again' }).click();
  await verdictOnPhoto(page, PORTRAIT);
  expect(site.requests.slice(before)).toEqual([]);
});

test('only the chosen backend is loaded', async ({ page, site }) => {
  await page.goto(`${site.url}?backend=cpu`);
  await verdictOnPhoto(page, PORTRAIT);
  expect(site.requests.filter((path) => path.includes('webgpu'))).toEqual([]);
});

test('GPU trouble is answered by the CPU, and said', async ({ page, site }) => {
  // SwiftShader is a GPU by name only; here it has to pass for one.
  await page.addInitScript(() => {
    Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => false });
  });
  site.alter = (path, answer) =>
    path.endsWith('.wasm') && path.includes('webgpu') ? { ...answer, body: answer.body.fill(0) } : answer;
  await page.goto(site.url);
  await verdictOnPhoto(page, PORTRAIT);
  await page.locator('#numbers summary').click();
  await expect(page.locator('#ran-on')).toHaveText(/^processor \(WebAssembly\), because of the graphics processor: /);
});

for (const name of ['index', 'integrate', 'method', 'model']) {
  test(`${name}.html fits phones and desktops, and everybody can use it`, async ({ page, site }) => {
    await page.goto(`${site.url}${name}.html?backend=cpu`);
    await expect(page.locator('h1')).toBeVisible();
    for (const width of [280, 390, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow, `${width} px`).toBeLessThanOrEqual(0);
      await page.screenshot({ path: `${SCREENSHOTS}/${name}-${width}.png`, fullPage: true });
    }
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      expect(await brokenRules(page), colorScheme).toEqual([]);
    }
    await page.screenshot({ path: `${SCREENSHOTS}/${name}-dark.png`, fullPage: true });
  });
}
