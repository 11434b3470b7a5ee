// Shards from the network and from the cache, against a wasm bundle and a cache that the test plays.

import assert from 'node:assert/strict';
import test from 'node:test';
import { clearCache } from '../dist/cache.js';
import { fetchManifest, ShardDownload } from '../dist/engine/bundle.js';
import { Download } from '../dist/engine/download.js';
import { withGlobals } from '../testing/globals.mjs';

const FOLDER = 'https://example.test/models/web/';
const GOOD = 'good';
const SHARDS = [
  { name: 'a.safetensors', bytes: 4, sha256: 'aa' },
  { name: 'b.safetensors', bytes: 4, sha256: 'bb' },
];
const MANIFEST = JSON.stringify({ shards: SHARDS });

const despoof = {
  add_shard(_name, bytes) {
    if (new TextDecoder().decode(bytes) !== GOOD) {
      throw Object.assign(new Error('altered'), { code: 'integrity_failed' });
    }
  },
};

/** A server whose files are all `content`, and a cache that starts with `stored`. */
function fakeBrowser(content, stored = {}) {
  const fetched = [];
  const cache = new Map(Object.entries(stored));
  return {
    fetched,
    cache,
    globals: {
      fetch: async (url) => {
        fetched.push(url.replace(FOLDER, ''));
        return content === undefined ? new Response('', { status: 404 }) : new Response(content);
      },
      caches: {
        open: async () => ({
          match: async (key) => (cache.has(key) ? new Response(cache.get(key)) : undefined),
          put: async (key, response) => cache.set(key, await response.text()),
          delete: async (key) => cache.delete(key),
          keys: async () => [...cache.keys()].map((url) => ({ url })),
        }),
        delete: async () => cache.clear(),
      },
    },
  };
}

const locate = (name) => `${FOLDER}${name}`;
const add = async (download = new Download(1, () => undefined)) =>
  (await ShardDownload.start(MANIFEST, locate, download)).addTo(despoof);

test('shards come from the network once, and then from the cache', async () => {
  const { fetched, cache, globals } = fakeBrowser(GOOD);
  await withGlobals(globals, add);
  await withGlobals(globals, add);
  assert.deepEqual(fetched, ['a.safetensors', 'b.safetensors']);
  assert.deepEqual([...cache.keys()], [`${FOLDER}a.safetensors?sha256=aa`, `${FOLDER}b.safetensors?sha256=bb`]);
});

test('a broken copy in the cache is replaced', async () => {
  const { fetched, cache, globals } = fakeBrowser(GOOD, { [`${FOLDER}a.safetensors?sha256=aa`]: 'evil' });
  await withGlobals(globals, add);
  assert.deepEqual(fetched.toSorted(), ['a.safetensors', 'b.safetensors']);
  assert.equal(cache.get(`${FOLDER}a.safetensors?sha256=aa`), GOOD);
});

test('all shards are on their way before one is handed over, and can be stopped', async () => {
  const { fetched, globals } = fakeBrowser(GOOD);
  const signals = [];
  const fetch = (url, { signal }) => {
    signals.push(signal);
    return globals.fetch(url);
  };
  await withGlobals({ ...globals, fetch }, async () => {
    const started = await ShardDownload.start(MANIFEST, locate, new Download(1, () => undefined));
    await new Promise(setImmediate);
    assert.deepEqual(fetched, ['a.safetensors', 'b.safetensors']);
    started.abort();
    assert.ok(signals.length === 2 && signals.every(({ aborted }) => aborted));
  });
});

test('what is no manifest starts no download', async () => {
  const { fetched, globals } = fakeBrowser(GOOD);
  await withGlobals(globals, async () => {
    for (const text of ['<!doctype html>', '{}', '{"shards": null}']) {
      await (await ShardDownload.start(text, locate, new Download(1, () => undefined))).addTo(despoof);
    }
  });
  assert.deepEqual(fetched, []);
});

test('an altered shard is refused and not kept', async () => {
  const { cache, globals } = fakeBrowser('evil');
  await assert.rejects(withGlobals(globals, add), { code: 'integrity_failed' });
  assert.equal(cache.size, 0);
});

test('a missing shard is named', async () => {
  const { globals } = fakeBrowser(undefined);
  await assert.rejects(withGlobals(globals, add), { code: 'asset_fetch_failed', message: /a\.safetensors.*404/ });
});

test('a server that cannot be reached is named', async () => {
  const fetch = () => Promise.reject(new TypeError('failed to fetch'));
  await assert.rejects(withGlobals({ fetch }, () => fetchManifest(`${FOLDER}manifest.json`)), {
    code: 'asset_fetch_failed',
    message: /manifest\.json.*failed to fetch/,
  });
});

test('shards of an older bundle of the same folder are dropped, those of others are not', async () => {
  const { cache, globals } = fakeBrowser(GOOD, {
    [`${FOLDER}a.safetensors?sha256=old`]: GOOD,
    'https://example.test/other/a.safetensors?sha256=cc': GOOD,
  });
  await withGlobals(globals, add);
  assert.equal(cache.has(`${FOLDER}a.safetensors?sha256=old`), false);
  assert.equal(cache.has('https://example.test/other/a.safetensors?sha256=cc'), true);
});

test('a full or a blocked cache does not stop loading', async (context) => {
  const info = context.mock.method(console, 'info', () => undefined);
  const { globals } = fakeBrowser(GOOD);
  const full = { ...(await globals.caches.open()), put: () => Promise.reject(new Error('quota')) };
  await withGlobals({ ...globals, caches: { open: async () => full } }, add);
  assert.equal(info.mock.callCount(), SHARDS.length);
  await withGlobals({ ...globals, caches: { open: () => Promise.reject(new Error('blocked')) } }, add);
});

test('the cache can be cleared', async () => {
  const { cache, globals } = fakeBrowser(GOOD);
  await withGlobals(globals, add);
  await withGlobals(globals, clearCache);
  assert.equal(cache.size, 0);
});

test('bytes add up, and the total is known when all files have said theirs', async () => {
  const heard = [];
  const download = new Download(2, (progress) => heard.push(progress));
  const module = download.share(undefined);
  module.add(10);
  await withGlobals(fakeBrowser(GOOD).globals, () => add(download));
  module.finish();
  assert.deepEqual(heard[0], { phase: 'download', loadedBytes: 10, totalBytes: undefined });
  assert.deepEqual(heard.at(-1), { phase: 'download', loadedBytes: 18, totalBytes: 18 });
});
