/** Shards in the Cache API, by digest: a second visit downloads nothing that has not changed. */

const CACHE_NAME = 'despoof-shards';

/** A shard's name in the cache. */
export function cacheKey(url: string, sha256: string): string {
  return `${url}?sha256=${sha256}`;
}

/** The stored bytes, if any. */
export async function bytesFromCache(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const cache = await openCache();
  const response = await cache?.match(key);
  return response === undefined ? undefined : new Uint8Array(await response.arrayBuffer());
}

/** Stores bytes; without room for them the next visit downloads them again, which is no error. */
export async function storeInCache(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const cache = await openCache();
  try {
    await cache?.put(key, new Response(bytes));
  } catch (error) {
    console.info('despoof: a shard was not cached', error);
  }
}

/** Drops bytes that turned out to be broken. */
export async function dropFromCache(key: string): Promise<void> {
  const cache = await openCache();
  await cache?.delete(key);
}

/** Drops the shards of older bundles that were served from the same folder. */
export async function dropOlderShards(folder: string, current: ReadonlySet<string>): Promise<void> {
  const cache = await openCache();
  for (const { url } of (await cache?.keys()) ?? []) {
    if (url.startsWith(folder) && !current.has(url)) {
      await cache?.delete(url);
    }
  }
}

/** Drops every shard this origin has stored. */
export async function clearCache(): Promise<void> {
  if (typeof caches !== 'undefined') {
    await caches.delete(CACHE_NAME);
  }
}

/** The cache, where there is one: not on plain http, and not where storage is blocked. */
async function openCache(): Promise<Cache | undefined> {
  if (typeof caches === 'undefined') {
    return undefined;
  }
  try {
    return await caches.open(CACHE_NAME);
  } catch {
    // Blocked storage is the user's choice; everything works without a cache.
    return undefined;
  }
}
