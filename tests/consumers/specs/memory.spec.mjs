// Many checks in one page: memory stays flat. DESPOOF_CHECKS says how many (200 for a release), DESPOOF_BACKEND on what.
// Counted in the worker: the size of wasm's memory, and the GPU buffers that were made and not destroyed.

import { readFile } from 'node:fs/promises';
import { PORTRAIT } from '../../browser/photos.mjs';
import { expect, test } from '../lib/test.mjs';

const CHECKS = Number(process.env.DESPOOF_CHECKS ?? 20);
const BACKEND = process.env.DESPOOF_BACKEND ?? 'cpu';
/** After this many, caches and pools have their size. */
const WARM = 5;
/** So often, and at the end, a line is printed. */
const STEP = BACKEND === 'cpu' ? 20 : 5;

test.use({ face: 'none' });
test.setTimeout(60_000 + CHECKS * 30_000);

test(`${CHECKS} checks on ${BACKEND} leave memory as it was`, async ({ page, site }) => {
  site.alter = (path, answer) =>
    path.endsWith('/dist/worker.js')
      ? { ...answer, headers: { 'Content-Type': 'text/javascript' }, body: `(${count})();${answer.body}` }
      : answer;
  await page.goto(site.url);
  const portrait = (await readFile(PORTRAIT)).toString('base64');
  await page.evaluate(
    async ([portrait, backend]) => {
      const { createChecker } = await import('./node_modules/despoof/dist/index.js');
      window.checker = createChecker({ backend });
      window.photo = new Blob([Uint8Array.from(atob(portrait), (character) => character.charCodeAt(0))]);
      window.check = async () => {
        const { evidence } = await window.checker.check(window.photo, { explain: true });
        Object.values(evidence).forEach((picture) => picture.close());
      };
      await window.checker.preload();
    },
    [portrait, BACKEND],
  );
  const curve = [];
  for (let done = 1; done <= CHECKS; done++) {
    await page.evaluate(() => window.check());
    if (done === WARM || done % STEP === 0 || done === CHECKS) {
      const counted = await page.workers()[0].evaluate(() => globalThis.counted());
      curve.push(counted);
      const [wasm, gpu] = [counted.wasm, counted.gpu].map((bytes) => (bytes / 1e6).toFixed(1));
      console.log(`${BACKEND}, ${done} checks: wasm ${wasm} MB, ${counted.buffers} GPU buffers of ${gpu} MB`);
    }
  }
  expect(curve.at(-1).wasm).toBe(curve[0].wasm);
  expect(curve.at(-1).buffers).toBeLessThanOrEqual(curve[0].buffers);
  expect(curve.at(-1).gpu).toBeLessThanOrEqual(curve[0].gpu);
  await page.evaluate(() => window.checker.dispose());
  expect(await page.evaluate(() => window.liveWorkers)).toBe(0);
});

/** Runs in the worker, before its own code: keeps the wasm memory, and counts GPU buffers that were not destroyed. */
function count() {
  let memory;
  const buffers = new Set();
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...input) => {
    const made = await instantiate(...input);
    memory = (made.instance ?? made).exports.memory;
    return made;
  };
  if (typeof GPUDevice !== 'undefined') {
    const { createBuffer } = GPUDevice.prototype;
    GPUDevice.prototype.createBuffer = function (...input) {
      const buffer = createBuffer.apply(this, input);
      buffers.add(buffer);
      const destroy = buffer.destroy.bind(buffer);
      buffer.destroy = () => {
        buffers.delete(buffer);
        destroy();
      };
      return buffer;
    };
  }
  globalThis.counted = () => ({
    wasm: memory.buffer.byteLength,
    buffers: buffers.size,
    gpu: [...buffers].reduce((sum, { size }) => sum + size, 0),
  });
}
