/** The model bundle: its manifest and its shards, from the cache or the network, verified by wasm. */

import { DespoofError, messageOf } from '../errors.js';
import { bytesFromCache, cacheKey, dropFromCache, dropOlderShards, storeInCache } from '../cache.js';
import type { Download, Share } from './download.js';
import { codeOf } from './failure.js';
import { bytesFromResponse, fetchAsset } from './fetch.js';
import type { Despoof } from './wasm.js';

/** What is read of a manifest here; wasm reads, and verifies, all of it. */
interface Manifest {
  readonly shards: readonly Shard[];
}

interface Shard {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Says where a file of the bundle is. */
export type LocateModelFile = (name: string) => string | Promise<string>;

/** Fetches the manifest, asking the server whether a stored copy is still the current one. */
export async function fetchManifest(url: string): Promise<string> {
  const response = await fetchAsset(url, { cache: 'no-cache' });
  try {
    return await response.text();
  } catch (error) {
    throw new DespoofError('asset_fetch_failed', `${url} broke off: ${messageOf(error)}`, { cause: error });
  }
}

/** Hands every shard of a manifest, which `despoof` has accepted, to wasm: one at a time, to keep memory low. */
export async function addShards(
  despoof: Despoof,
  manifestJson: string,
  locate: LocateModelFile,
  download: Download,
): Promise<void> {
  const { shards } = JSON.parse(manifestJson) as Manifest;
  const share = download.share(shards.reduce((sum, { bytes }) => sum + bytes, 0));
  const keys = new Set<string>();
  const folders = new Set<string>();
  for (const shard of shards) {
    const url = await locate(shard.name);
    const key = cacheKey(url, shard.sha256);
    keys.add(key);
    folders.add(new URL('.', url).href);
    if (!(await addFromCache(despoof, shard, key, share))) {
      await storeInCache(key, await addFromNetwork(despoof, shard, url, share));
    }
  }
  for (const folder of folders) {
    await dropOlderShards(folder, keys);
  }
}

/** Whether the cache had the shard, unbroken. */
async function addFromCache(despoof: Despoof, shard: Shard, key: string, share: Share): Promise<boolean> {
  const bytes = await bytesFromCache(key);
  if (bytes === undefined) {
    return false;
  }
  try {
    despoof.add_shard(shard.name, bytes);
  } catch (error) {
    if (codeOf(error) !== 'integrity_failed') {
      throw error;
    }
    await dropFromCache(key);
    return false;
  }
  share.add(bytes.byteLength);
  return true;
}

async function addFromNetwork(
  despoof: Despoof,
  shard: Shard,
  url: string,
  share: Share,
): Promise<Uint8Array<ArrayBuffer>> {
  // Past the browser's HTTP cache, which may hold the same name's bytes of an older bundle.
  const bytes = await bytesFromResponse(await fetchAsset(url, { cache: 'reload' }), share.add);
  despoof.add_shard(shard.name, bytes);
  return bytes;
}
