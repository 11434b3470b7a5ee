// Which files a backend is loaded from.

import assert from 'node:assert/strict';
import test from 'node:test';
import { assetsOf } from '../dist/engine/assets.js';

/** The files that the page is asked for. */
async function askedFor(backend) {
  const asked = [];
  const ask = async (name) => {
    asked.push(name);
    return 'data:text/javascript,';
  };
  await assetsOf({ asksPage: true }, ask).bindings(backend);
  return asked;
}

test('a browser with relaxed SIMD gets the module that uses it', async (t) => {
  t.mock.method(WebAssembly, 'validate', () => true);
  assert.deepEqual(await askedFor('cpu'), [
    'cpu_relaxed/despoof_cpu_relaxed.js',
    'cpu_relaxed/despoof_cpu_relaxed_bg.wasm',
  ]);
  assert.deepEqual(await askedFor('webgpu'), ['webgpu/despoof_webgpu.js', 'webgpu/despoof_webgpu_bg.wasm']);
});

test('another browser gets the module without it', async (t) => {
  t.mock.method(WebAssembly, 'validate', () => false);
  assert.deepEqual(await askedFor('cpu'), ['cpu/despoof_cpu.js', 'cpu/despoof_cpu_bg.wasm']);
});
