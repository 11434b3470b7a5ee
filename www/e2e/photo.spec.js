import { choose, expect, openReady, test } from './test.js';
import { ASTRONAUT } from './paths.js';

const HARDWARE = { cpu: /WebAssembly/, webgpu: /WebGPU/ };

for (const backend of ['cpu', 'webgpu']) {
  test(`a photo gets a verdict on ${backend}`, async ({ page, site }) => {
    await openReady(page, site, backend);
    await choose(page, ASTRONAUT);
    await expect(page.locator('#verdict-title')).toHaveText(/^(Live|Spoof|Uncertain)$/);
    await expect(page.locator('#verdict-title')).toBeFocused();
    await expect(page.locator('#score-text')).toHaveText(/^Score [01]\.\d\d, live from [01]\.\d\d$/);
    await expect(page.locator('#ran-on')).toHaveText(HARDWARE[backend]);
    await expect(page.locator('#faces')).toHaveText('1');
    await expect(page.locator('#digest')).toHaveText(/^[0-9a-f]{64}$/);
    await expect(page.locator('#times tr')).toHaveCount(7);
    for (const picture of ['aligned', 'generated', 'cue']) {
      expect(await page.locator(`#${picture}`).evaluate(contrast), picture).toBeGreaterThan(10);
    }
    await expect(page.locator('#photo')).toBeVisible();
  });
}

test('what is not a photo is said to be none, and the next photo is checked', async ({ page, site }) => {
  await openReady(page, site);
  await choose(page, { name: 'note.png', mimeType: 'image/png', buffer: Buffer.from('this is a text') });
  await expect(page.locator('#error-title')).toHaveText('This is not a photo');
  await expect(page.locator('#error-code')).toHaveText('photo_format_unknown');
  await choose(page, { name: 'empty.png', mimeType: 'image/png', buffer: Buffer.alloc(0) });
  await expect(page.locator('#error-code')).toHaveText('photo_empty');
  await choose(page, ASTRONAUT);
  await expect(page.locator('#verdict-title')).toBeVisible();
});

test('the whole way goes by keyboard', async ({ page, site }) => {
  page.on('filechooser', (dialog) => dialog.setFiles(ASTRONAUT));
  await openReady(page, site);
  await page.keyboard.press('Tab');
  await expect(page.locator('#start-camera')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.locator('#photo-input')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('#verdict-title')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.locator('#again')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('#start-title')).toBeFocused();
});

test('a check can be cancelled', async ({ page, site }) => {
  await openReady(page, site);
  await choose(page, ASTRONAUT);
  await page.locator('#cancel').click();
  await expect(page.locator('#start-title')).toBeFocused();
  await expect(page.locator('#evidence')).toBeHidden();
});

/** Difference between the brightest and the darkest value of a canvas. */
function contrast(canvas) {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const green = data.filter((_value, index) => index % 4 === 1);
  return green.reduce((most, value) => Math.max(most, value)) - green.reduce((least, value) => Math.min(least, value));
}
