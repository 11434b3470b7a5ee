import { launchOptions } from '../../tests/browser/flags.mjs';
import { expect, test } from './test.js';

test.use({ permissions: ['camera'], launchOptions: launchOptions({ video: 'live' }) });

test('a face before the camera gets a verdict from several pictures', async ({ page, site }) => {
  await page.goto(`${site.url}?backend=cpu`);
  await page.getByRole('button', { name: 'Start' }).click();
  await expect(page.locator('#numbers')).toBeVisible();
  expect(await page.locator('#scores tr').count()).toBeGreaterThanOrEqual(3);
});
