// Puts beside the sources what the package carries: the model bundle, the licences, and a module that names
// the bundle's files in a way bundlers understand.

import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';

const root = new URL('../../', import.meta.url);
const web = new URL('../', import.meta.url);
const model = new URL('models/web/', root);

const { shards } = JSON.parse(await readFile(new URL('manifest.json', model), 'utf8'));
const files = ['manifest.json', ...shards.map(({ name }) => name)];

await rm(new URL('models/', web), { recursive: true, force: true });
await mkdir(new URL('models/web/', web), { recursive: true });
for (const file of [...files, 'MODEL_CARD.md']) {
  await cp(new URL(file, model), new URL(`models/web/${file}`, web));
}
for (const file of ['LICENSE-MIT', 'NOTICE']) {
  await cp(new URL(file, root), new URL(file, web));
}
// Where NOTICE says they are: licences of others go with what is theirs.
await mkdir(new URL('models/pretrained/', web), { recursive: true });
for (const name of ['mtcnn', 'efficientnet-lite0']) {
  const licence = `models/pretrained/${name}.LICENSE`;
  await cp(new URL(licence, root), new URL(licence, web));
}

const entries = files.map((file) => `  '${file}': new URL('../../models/web/${file}', import.meta.url).href,\n`);
await writeFile(
  new URL('src/engine/bundled-model.ts', web),
  `/** Where the package's own model bundle is. Written by scripts/assets.mjs. */
export const BUNDLED_MODEL: Readonly<Record<string, string>> = {
${entries.join('')}};
`,
);
