import { defineConfig } from 'vite';

export default defineConfig({
  worker: { format: 'es' },
  // The policy allows no data: URLs.
  build: { target: 'es2022', assetsInlineLimit: 0 },
});
