import { cpSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Puts the model bundle beside the page, under the names its manifest uses. */
function modelBundle() {
  const source = here('../models/web');
  return {
    name: 'model-bundle',
    buildStart() {
      if (!existsSync(`${source}/manifest.json`)) {
        this.error(`${source}/manifest.json is missing: \`despoof export\` writes the bundle`);
      }
    },
    writeBundle({ dir }) {
      cpSync(source, `${dir}/models/web`, { recursive: true });
    },
  };
}

export default defineConfig({
  // Relative, so that the page works under any path.
  base: './',
  plugins: [modelBundle()],
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    // The policy allows no data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: { index: here('index.html'), check: here('check.html') } },
  },
});
