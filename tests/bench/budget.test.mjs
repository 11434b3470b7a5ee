// What a check on WebGPU may ask of the GPU. Counts do not depend on the machine, so a build fails when they grow.

import assert from 'node:assert/strict';
import test from 'node:test';
import { open } from './browser.mjs';

/** Of the check of a photo with one face. Lower them when they fall. */
const BUDGET = { dispatches: 986, submits: 33, readBacks: 1, writtenBytes: 255_000 };

test('a check stays within its budget of GPU work', async () => {
  const { page, close } = await open(process.env.DESPOOF_SITE);
  try {
    const counts = await page.evaluate(() => window.despoofCounts('webgpu', './astronaut.png'));
    console.log(JSON.stringify(counts));
    for (const [name, most] of Object.entries(BUDGET)) {
      assert.ok(counts[name] <= most, `${name}: ${counts[name]}, at most ${most} are allowed`);
    }
  } finally {
    await close();
  }
});
