import { choose, expect, openReady, test } from './test.js';
import { ASTRONAUT, SCREENSHOTS } from './paths.js';

const LOOKS = {
  'phone-320': { viewport: { width: 320, height: 640 }, colorScheme: 'light' },
  desktop: { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  'desktop-dark': { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
};

for (const [name, look] of Object.entries(LOOKS)) {
  test.describe(name, () => {
    test.use(look);

    test('fits the window', async ({ page, site }) => {
      await openReady(page, site);
      await expectNoOverflow(page);
      await page.screenshot({ path: `${SCREENSHOTS}/${name}-start.png`, fullPage: true, animations: 'disabled' });
      await choose(page, ASTRONAUT);
      await expect(page.locator('#verdict-title')).toBeVisible();
      await expectNoOverflow(page);
      await page.screenshot({ path: `${SCREENSHOTS}/${name}-verdict.png`, fullPage: true, animations: 'disabled' });
    });
  });
}

async function expectNoOverflow(page) {
  const overflow = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
  expect(overflow).toBe(0);
}
