// Prints as JSON what a page loads first of each entry, in bytes after gzip, as a bundler makes it and a server
// compresses it: the entry with everything it imports at once. Workers, and what is loaded later, do not count.
// `cargo xtask size` calls it and has the limits.

import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const ENTRIES = { despoof: 'index', 'despoof/element': 'element/index', 'despoof/react': 'react/index', 'despoof/support': 'support' };

async function firstLoad(file) {
  const { output } = await build({
    configFile: false,
    logLevel: 'silent',
    root: fileURLToPath(new URL('..', import.meta.url)),
    plugins: [{ name: 'without-worker', transform: (code) => code.replaceAll("new URL('./worker.js', import.meta.url)", '"worker"') }],
    build: {
      write: false,
      target: 'es2022',
      rollupOptions: { input: { entry: file }, external: /^react/, preserveEntrySignatures: 'strict' },
    },
  });
  return output.filter(({ type }) => type === 'chunk').reduce((sum, { code }) => sum + gzipSync(code).length, 0);
}

const sizes = {};
for (const [entry, module] of Object.entries(ENTRIES)) {
  sizes[entry] = await firstLoad(fileURLToPath(new URL(`../dist/${module}.js`, import.meta.url)));
}
console.log(JSON.stringify(sizes));
