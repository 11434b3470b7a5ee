import assert from 'node:assert/strict';
import test from 'node:test';
import { checkSupport } from 'despoof/support';
import { withGlobals } from '../testing/globals.mjs';

const BROWSER = { Worker: class {}, OffscreenCanvas: class {}, isSecureContext: true };

const navigatorWith = (requestAdapter) => ({
  mediaDevices: { getUserMedia() {} },
  ...(requestAdapter && { gpu: { requestAdapter } }),
});

test('outside a browser everything is missing, and nothing is thrown', async () => {
  const support = await checkSupport();
  assert.equal(support.supported, false);
  assert.equal(support.backend, 'none');
  assert.deepEqual(support.reasons, ['no_worker', 'no_offscreen_canvas', 'no_webgpu', 'no_camera_api']);
});

test('a GPU is used where there is one', async () => {
  const support = await withGlobals({ ...BROWSER, navigator: navigatorWith(async () => ({ info: {} })) }, checkSupport);
  assert.deepEqual([support.supported, support.backend, support.reasons], [true, 'webgpu', []]);
});

const WITHOUT_GPU = {
  no_webgpu: undefined,
  no_gpu_adapter: async () => null,
  software_gpu: async () => ({ info: { isFallbackAdapter: true } }),
};

for (const [reason, requestAdapter] of Object.entries(WITHOUT_GPU)) {
  test(`the CPU is used, because ${reason}`, async () => {
    const support = await withGlobals({ ...BROWSER, navigator: navigatorWith(requestAdapter) }, checkSupport);
    assert.deepEqual([support.supported, support.backend, support.reasons], [true, 'cpu', [reason]]);
  });
}

test('a browser that throws instead of answering has no adapter', async () => {
  const navigator = navigatorWith(() => Promise.reject(new Error('blocked')));
  const support = await withGlobals({ ...BROWSER, navigator }, checkSupport);
  assert.deepEqual([support.backend, support.reasons], ['cpu', ['no_gpu_adapter']]);
});

test('without a camera photos can still be checked', async () => {
  const globals = { ...BROWSER, isSecureContext: false, navigator: navigatorWith(async () => ({})) };
  const support = await withGlobals(globals, checkSupport);
  assert.deepEqual([support.supported, support.tests.camera, support.reasons], [true, false, ['insecure_context']]);
});
