#!/usr/bin/env node
// npx despoof-assets FOLDER: copies the wasm modules and the model to a folder that a web server sends.

import { cp, mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: despoof-assets FOLDER\nThen: assetBaseUrl (or asset-base-url) is the address of FOLDER.');
  process.exit(2);
}
const inPackage = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
await mkdir(folder, { recursive: true });
for (const [from, to] of [
  ['wasm/cpu', 'cpu'],
  ['wasm/cpu_relaxed', 'cpu_relaxed'],
  ['wasm/webgpu', 'webgpu'],
  ['models', 'models'],
]) {
  await cp(inPackage(from), `${folder}/${to}`, { recursive: true });
}
console.log(`copied cpu, cpu_relaxed, webgpu and models to ${folder}`);
