// What a page loads first, as a bundler makes it and a server compresses it.

import assert from 'node:assert/strict';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

/** Bytes, gzip, of an entry with everything it imports at once; workers and what is loaded later do not count. */
async function firstLoad(entry) {
  const { output } = await build({
    configFile: false,
    logLevel: 'silent',
    root: fileURLToPath(new URL('..', import.meta.url)),
    plugins: [{ name: 'without-worker', transform: (code) => code.replaceAll("new URL('./worker.js', import.meta.url)", '"worker"') }],
    build: {
      write: false,
      target: 'es2022',
      rollupOptions: { input: { entry }, preserveEntrySignatures: 'strict' },
    },
  });
  return output.filter(({ type }) => type === 'chunk').reduce((sum, { code }) => sum + gzipSync(code).length, 0);
}

const BUDGETS = { support: 5_000, index: 30_000, 'element/index': 30_000 };

for (const [entry, budget] of Object.entries(BUDGETS)) {
  test(`${entry} stays within ${budget} bytes`, async (context) => {
    const bytes = await firstLoad(fileURLToPath(new URL(`../dist/${entry}.js`, import.meta.url)));
    context.diagnostic(`${entry}: ${bytes} bytes gzip`);
    assert.ok(bytes <= budget, `${bytes} bytes`);
  });
}
