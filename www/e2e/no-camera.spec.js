import { expect, openReady, test } from './test.js';

test('a missing camera is explained', async ({ page, site, context }) => {
  await context.grantPermissions(['camera']);
  await openReady(page, site);
  await page.locator('#start-camera').click();
  await expect(page.locator('#error-title')).toHaveText('No camera found');
  await expect(page.locator('#error-code')).toHaveText('camera_not_found');
});

test('a busy camera is explained', async ({ page, site }) => {
  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('busy', 'NotReadableError'));
  });
  await openReady(page, site);
  await page.locator('#start-camera').click();
  await expect(page.locator('#error-title')).toHaveText('The camera is busy');
});
