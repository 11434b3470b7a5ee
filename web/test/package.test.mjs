// The published surface: every entry exists, is typed, and can be imported on a server.

import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import test from 'node:test';

const { exports: entries, name } = JSON.parse(await readFile(new URL('../package.json', import.meta.url)));
const modules = Object.entries(entries).filter(([, target]) => typeof target === 'object');

test('every entry has types first, then one file for everybody, and both exist', async () => {
  for (const [entry, target] of modules) {
    assert.deepEqual(Object.keys(target), ['types', 'default'], entry);
    for (const file of Object.values(target)) {
      await access(new URL(`../${file}`, import.meta.url));
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
  assert.deepEqual(await names('despoof'), ['DespoofError', 'ERROR_CODES', 'STAGES', 'checkSupport', 'createChecker']);
  assert.deepEqual(await names('despoof/support'), ['checkSupport']);
  assert.deepEqual(await names('despoof/camera'), ['DespoofError', 'captureSharpest', 'openCamera']);
});

test('what is not exported cannot be imported', async () => {
  await assert.rejects(import('despoof/dist/worker.js'), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' });
});
