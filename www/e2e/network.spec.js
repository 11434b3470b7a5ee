import { choose, expect, openReady, test } from './test.js';
import { ASTRONAUT } from './paths.js';

const isShard = (path) => path.endsWith('.safetensors');

test('after loading there are no requests, and no connection is needed', async ({ page, site, context }) => {
  await openReady(page, site);
  const loaded = site.requests.length;
  const later = [];
  page.on('request', (request) => later.push(request.url()));
  await context.setOffline(true);
  await choose(page, ASTRONAUT);
  await expect(page.locator('#verdict-title')).toBeVisible();
  expect(site.requests.slice(loaded)).toEqual([]);
  // The browser shows the chosen photo out of its own memory.
  expect(later.filter((url) => !url.startsWith('blob:'))).toEqual([]);
});

test('only the chosen backend is loaded', async ({ page, site }) => {
  await openReady(page, site, 'cpu');
  expect(site.requests.filter((path) => path.includes('webgpu'))).toEqual([]);
});

test('a second visit downloads no weights', async ({ page, site }) => {
  await openReady(page, site);
  expect(site.requests.some(isShard)).toBe(true);
  site.requests.length = 0;
  await openReady(page, site);
  expect(site.requests.filter(isShard)).toEqual([]);
});

test('a server that calls wasm by another name will do', async ({ page, site }) => {
  site.alter = (path, answer) =>
    path.endsWith('.wasm') ? { ...answer, headers: { 'Content-Type': 'application/octet-stream' } } : answer;
  await openReady(page, site);
});

test('a missing shard is said to be missing, and can be tried again', async ({ page, site }) => {
  site.alter = (path, answer) => (isShard(path) ? { status: 404, headers: {}, body: '' } : answer);
  await page.goto(`${site.url}?backend=cpu`);
  await expect(page.locator('#readiness-text')).toHaveText(/^A part of the check did not load/);
  site.alter = (_path, answer) => answer;
  await page.locator('#reload').click();
  await expect(page.locator('#readiness-text')).toHaveText(/^Ready/);
});

test('a shard with one flipped byte is refused', async ({ page, site }) => {
  site.alter = (path, answer) => {
    if (isShard(path)) {
      answer.body[answer.body.length >> 1] ^= 1;
    }
    return answer;
  };
  await page.goto(`${site.url}?backend=cpu`);
  await expect(page.locator('#readiness-text')).toHaveText(/^The model was altered/);
});

test('GPU trouble is answered by the CPU, and said', async ({ page, site }) => {
  // SwiftShader is a GPU by name only; here it has to pass for one.
  await page.addInitScript(() => {
    Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => false });
  });
  site.alter = (path, answer) =>
    path.endsWith('.wasm') && path.includes('webgpu') ? { ...answer, body: answer.body.fill(0) } : answer;
  await page.goto(site.url);
  await expect(page.locator('#readiness-text')).toHaveText(
    'Ready. Runs on the processor (WebAssembly), because the graphics processor failed',
  );
});
