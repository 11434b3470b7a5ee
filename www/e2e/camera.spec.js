import { launchOptions } from './browser.js';
import { FACE_VIDEO } from './paths.js';
import { expect, openReady, test } from './test.js';

test.use({
  launchOptions: launchOptions(
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-video-capture=${FACE_VIDEO}`,
  ),
});

test('a face before the camera gets a verdict, and the camera is switched off', async ({ page, site, context }) => {
  await context.grantPermissions(['camera']);
  await openReady(page, site);
  await page.locator('#start-camera').click();
  await expect(page.locator('#camera-title')).toBeFocused();
  await expect(page.locator('#video')).toHaveCSS('transform', 'matrix(-1, 0, 0, 1, 0, 0)');
  const track = await page.evaluateHandle(() => document.querySelector('video').srcObject.getVideoTracks()[0]);
  await page.locator('#capture').click();
  await expect(page.locator('#verdict-title')).toHaveText(/^(Live|Spoof|Uncertain)$/);
  expect(await track.evaluate(({ readyState }) => readyState)).toBe('ended');
});

test('stopping the camera switches it off', async ({ page, site, context }) => {
  await context.grantPermissions(['camera']);
  await openReady(page, site);
  await page.locator('#start-camera').click();
  await expect(page.locator('#camera-title')).toBeFocused();
  const track = await page.evaluateHandle(() => document.querySelector('video').srcObject.getVideoTracks()[0]);
  await page.locator('#stop-camera').click();
  await expect(page.locator('#start-title')).toBeVisible();
  expect(await track.evaluate(({ readyState }) => readyState)).toBe('ended');
});

test('a refused camera is explained', async ({ page, site }) => {
  await openReady(page, site);
  await page.locator('#start-camera').click();
  await expect(page.locator('#error-title')).toHaveText('The camera was refused');
  await expect(page.locator('#error-code')).toHaveText('camera_permission_denied');
});
