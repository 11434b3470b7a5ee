import { launchOptions } from './browser.js';
import { FACE_VIDEO } from './paths.js';
import { expect, test } from './test.js';

test.use({
  permissions: ['camera'],
  launchOptions: launchOptions('--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${FACE_VIDEO}`),
});

test('a face before the camera gets a verdict from several pictures', async ({ page, site }) => {
  await page.goto(`${site.url}?backend=cpu`);
  await page.getByRole('button', { name: 'Start' }).click();
  await expect(page.locator('#numbers')).toBeVisible();
  expect(await page.locator('#scores tr').count()).toBeGreaterThanOrEqual(3);
});
