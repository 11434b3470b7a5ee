// The published surface: every entry exists, is typed, and can be imported on a server; the tarball holds what it should.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { ERROR_CODES, HINT_CODES, REASON_CODES, STAGES } from 'despoof';
import { VERSION } from '../dist/version.js';

const folder = fileURLToPath(new URL('../', import.meta.url));
const { exports: entries, name, version } = JSON.parse(await readFile(`${folder}package.json`));
const LANGUAGES = ['ar', 'de', 'en', 'es', 'fr', 'hi', 'pt', 'zh'];
const modules = Object.entries(entries)
  .filter(([, target]) => typeof target === 'object')
  .flatMap(([entry, target]) =>
    entry.includes('*')
      ? LANGUAGES.map((lang) => [
          entry.replace('*', lang),
          Object.fromEntries(Object.entries(target).map(([condition, file]) => [condition, file.replace('*', lang)])),
        ])
      : [[entry, target]],
  );

/** The files a tarball would have, without its being made. */
function packedFiles() {
  const printed = execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: folder, encoding: 'utf8' });
  return JSON.parse(printed)[0].files.map(({ path }) => path).sort();
}

test('every entry has types first, then one file for everybody, and both exist', async () => {
  for (const [entry, target] of modules) {
    assert.deepEqual(Object.keys(target), ['types', 'default'], entry);
    for (const file of Object.values(target)) {
      await access(`${folder}${file}`);
    }
  }
});

test('importing an entry in Node changes nothing and starts nothing', async () => {
  const before = Object.getOwnPropertyNames(globalThis).sort();
  for (const [entry] of modules) {
    const module = await import(`${name}${entry.slice(1)}`);
    assert.ok(Object.keys(module).length > 0, entry);
  }
  assert.deepEqual(Object.getOwnPropertyNames(globalThis).sort(), before);
});

test('the entries offer what the documentation names', async () => {
  const names = async (entry) => Object.keys(await import(entry)).sort();
  assert.deepEqual(await names('despoof'), [
    'DEFAULT_GATES',
    'DespoofError',
    'ERROR_CODES',
    'HINT_CODES',
    'REASON_CODES',
    'SESSION_STATES',
    'STAGES',
    'Session',
    'checkSupport',
    'clearCache',
    'createChecker',
    'createSession',
  ]);
  assert.deepEqual(await names('despoof/support'), ['checkSupport']);
  assert.deepEqual(await names('despoof/element'), ['DespoofCheckElement']);
  assert.deepEqual(await names('despoof/react'), ['DespoofCheck']);
  assert.deepEqual(await names('despoof/camera'), ['DespoofError', 'listCameras', 'openCamera']);
  assert.deepEqual(await names('despoof/verify'), ['ReportError', 'verifyReport']);
});

test('what is not exported cannot be imported', async () => {
  await assert.rejects(import('despoof/dist/worker.js'), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' });
});

test('reports name the package’s version', () => assert.equal(VERSION, version));

test('every language has every text, its placeholders too', async () => {
  const { default: en } = await import('despoof/locales/en');
  const placeholders = (text) => (text.match(/\{\w+\}/g) ?? []).sort();
  const paths = (table, path = '') =>
    Object.entries(table).flatMap(([key, value]) =>
      typeof value === 'object' ? paths(value, `${path}${key}.`) : [[`${path}${key}`, value]],
    );
  const english = new Map(paths(en.texts));
  for (const lang of LANGUAGES) {
    const { default: locale } = await import(`despoof/locales/${lang}`);
    assert.equal(new Intl.Locale(locale.lang).language, lang);
    const own = new Map(paths(locale.texts));
    assert.deepEqual([...own.keys()].sort(), [...english.keys()].sort(), lang);
    for (const [path, text] of own) {
      assert.ok(text.length > 0, `${lang} ${path}`);
      assert.deepEqual(placeholders(text), placeholders(english.get(path)), `${lang} ${path}`);
    }
    const { errors, hints, reasons, analysing } = locale.texts;
    assert.deepEqual(Object.keys(errors).sort(), [...ERROR_CODES].sort());
    assert.deepEqual(Object.keys(hints).sort(), [...HINT_CODES].sort());
    assert.deepEqual(Object.keys(reasons).sort(), [...REASON_CODES].sort());
    assert.deepEqual(Object.keys(analysing.stages).sort(), [...STAGES].sort());
  }
});

test('the tarball has licences, metadata, wasm and model, and no sources or tests', async () => {
  const files = packedFiles();
  const { shards } = JSON.parse(await readFile(`${folder}models/web/manifest.json`));
  const needed = [
    'LICENSE-MIT',
    'NOTICE',
    'README.md',
    'bin/despoof-assets.js',
    'custom-elements.json',
    'dist/worker.js',
    'examples/report-server.mjs',
    'models/pretrained/efficientnet-lite0.LICENSE',
    'models/pretrained/mtcnn.LICENSE',
    'models/web/MODEL_CARD.md',
    'models/web/manifest.json',
    'package.json',
    'wasm/cpu/despoof_cpu.js',
    'wasm/cpu/despoof_cpu_bg.wasm',
    'wasm/cpu_relaxed/despoof_cpu_relaxed.js',
    'wasm/cpu_relaxed/despoof_cpu_relaxed_bg.wasm',
    'wasm/webgpu/despoof_webgpu.js',
    'wasm/webgpu/despoof_webgpu_bg.wasm',
    ...shards.map((shard) => `models/web/${shard.name}`),
    ...modules.flatMap(([, target]) => Object.values(target).map((file) => file.slice(2))),
  ];
  assert.deepEqual(needed.filter((file) => !files.includes(file)), []);
  const places = [/^(LICENSE-MIT|NOTICE|README\.md|custom-elements\.json|package\.json)$/, /^(bin|examples)\//, /^dist\/.*\.(js|d\.ts)$/, /^models\/(web\/|pretrained\/.*\.LICENSE$)/, /^wasm\/(cpu|cpu_relaxed|webgpu)\//];
  assert.deepEqual(files.filter((file) => !places.some((place) => place.test(file))), []);
});

test('publint finds nothing', async () => {
  const { publint } = await import('publint');
  const { messages } = await publint({ pkgDir: folder, level: 'suggestion' });
  assert.deepEqual(messages, []);
});

test('custom-elements.json names the element, and what every page listens to', async () => {
  const { modules } = JSON.parse(await readFile(`${folder}custom-elements.json`));
  const element = modules.flatMap(({ declarations }) => declarations).find(({ tagName }) => tagName === 'despoof-check');
  assert.deepEqual(element.events.map((event) => event.name).sort(), [
    'despoof-cancel',
    'despoof-error',
    'despoof-hint',
    'despoof-progress',
    'despoof-result',
    'despoof-state',
  ]);
  for (const { path } of modules) {
    await access(`${folder}${path}`);
  }
});
