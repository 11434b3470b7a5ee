/** The model bundle: its manifest and its shards, from the cache or the network, verified by wasm. */

import { DespoofError, messageOf } from '../errors.js';
import { bytesFromCache, cacheKey, dropFromCache, dropOlderShards, storeInCache } from '../cache.js';
import type { Download, Share } from './download.js';
import { codeOf } from './failure.js';
import { bytesFromResponse, fetchAsset } from './fetch.js';
import { timed } from './timing.js';
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

/** The shards of a bundle, on their way while wasm is still being compiled. */
export class ShardDownload {
  readonly #arriving: readonly Arriving[];
  readonly #share: Share;
  readonly #aborting: AbortController;

  private constructor(arriving: readonly Arriving[], share: Share, aborting: AbortController) {
    this.#arriving = arriving;
    this.#share = share;
    this.#aborting = aborting;
  }

  /** Starts all at once, from the cache or the network. What is no manifest has none; wasm will say what is wrong. */
  static async start(manifestJson: string, locate: LocateModelFile, download: Download): Promise<ShardDownload> {
    const shards = shardsOf(manifestJson);
    const share = download.share(shards.reduce((sum, { bytes }) => sum + bytes, 0));
    const aborting = new AbortController();
    const urls = await Promise.all(shards.map(({ name }) => locate(name)));
    const arriving = shards.map((shard, index) => arrive(shard, urls[index] ?? '', share, aborting.signal));
    return new ShardDownload(arriving, share, aborting);
  }

  /** Hands them to wasm, which has accepted the manifest, in their order, and stores what was not in the cache. */
  async addTo(despoof: Despoof): Promise<void> {
    for (const arriving of this.#arriving) {
      await this.#add(despoof, arriving);
    }
    const keys = new Set(this.#arriving.map(({ key }) => key));
    for (const folder of new Set(this.#arriving.map(({ url }) => new URL('.', url).href))) {
      await dropOlderShards(folder, keys);
    }
  }

  /** Stops what is still on its way. */
  abort(): void {
    this.#aborting.abort();
  }

  async #add(despoof: Despoof, { shard, url, key, bytes }: Arriving): Promise<void> {
    const arrived = await bytes;
    if (arrived.cached && (await acceptsCached(despoof, shard, key, arrived.bytes))) {
      this.#share.add(shard.bytes);
      return;
    }
    const fresh = arrived.cached ? await fetchShard(url, this.#share, this.#aborting.signal) : arrived.bytes;
    await hand(despoof, shard, fresh);
    await storeInCache(key, fresh);
  }
}

/** A shard on its way. */
interface Arriving {
  readonly shard: Shard;
  readonly url: string;
  /** Its name in the cache. */
  readonly key: string;
  readonly bytes: Promise<Arrived>;
}

interface Arrived {
  readonly cached: boolean;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

function shardsOf(manifestJson: string): readonly Shard[] {
  try {
    return (JSON.parse(manifestJson) as Partial<Manifest>).shards ?? [];
  } catch {
    return [];
  }
}

function arrive(shard: Shard, url: string, share: Share, signal: AbortSignal): Arriving {
  const key = cacheKey(url, shard.sha256);
  const bytes = fromCacheOrNetwork(url, key, share, signal);
  // Whoever waits for the bytes hears of it; until then it is nobody's error.
  bytes.catch(() => undefined);
  return { shard, url, key, bytes };
}

async function fromCacheOrNetwork(url: string, key: string, share: Share, signal: AbortSignal): Promise<Arrived> {
  const stored = await bytesFromCache(key);
  if (stored !== undefined) {
    return { cached: true, bytes: stored };
  }
  return { cached: false, bytes: await fetchShard(url, share, signal) };
}

/** Whether the cache had the shard unbroken; if not, it is forgotten. */
async function acceptsCached(
  despoof: Despoof,
  shard: Shard,
  key: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  try {
    await hand(despoof, shard, bytes);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'integrity_failed') {
      throw error;
    }
    await dropFromCache(key);
    return false;
  }
}

function hand(despoof: Despoof, { name }: Shard, bytes: Uint8Array): Promise<void> {
  return timed(`weights of ${name}`, () => despoof.add_shard(name, bytes));
}

async function fetchShard(url: string, share: Share, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  // Past the browser's HTTP cache, which may hold the same name's bytes of an older bundle; behind wasm, which
  // takes longer to get ready.
  const response = await fetchAsset(url, { cache: 'reload', priority: 'low', signal });
  return bytesFromResponse(response, share.add);
}
