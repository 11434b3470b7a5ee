// Every consumer, to a verdict, with a face before the camera.

import { SCREENSHOTS } from '../lib/paths.mjs';
import { ending, expect, screen, test } from '../lib/test.mjs';

const CONSUMERS = process.env.DESPOOF_CONSUMERS?.split(',') ?? ['plain', 'vite', 'webpack', 'react', 'next'];

for (const consumer of CONSUMERS) {
  for (const face of consumer === 'plain' ? ['live', 'print'] : ['live']) {
    test.describe(`${consumer}, ${face}`, () => {
      test.use({ consumer, face });

      test('comes to a verdict', async ({ page, site }) => {
        await page.goto(site.url);
        await page.getByRole('button', { name: 'Start camera' }).click();
        expect(await ending(page)).toEqual(['loading', 'ready', 'capturing', 'analysing', 'complete', 'result']);
        await expect(screen(page, 'result')).toBeVisible();
        await page.screenshot({ path: `${SCREENSHOTS}${consumer}-${face}.png`, fullPage: true, animations: 'disabled' });
        const result = await page.evaluate(() => window.lastResult);
        console.log(`${consumer} ${face}: ${result.outcome} ${result.score} spread ${result.spread} ${result.reasons}`);
        expect(['live', 'spoof', 'uncertain']).toContain(result.outcome);
        expect(result.frames).toHaveLength(5);
        // Five different pictures never score alike to the last digit.
        expect(result.spread).toBeGreaterThan(0);
        expect(result.advisory).toBe(true);
        expect(result.modelDigest).toMatch(/^[0-9a-f]{64}$/);
        expect(result.wasmDigest).toMatch(/^[0-9a-f]{64}$/);
        expect(await page.evaluate(() => window.tracks.map(({ readyState }) => readyState))).toEqual(['ended']);
      });
    });
  }
}
