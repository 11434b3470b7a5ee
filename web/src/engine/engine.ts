/** A loaded backend: wasm with a bundle in it. */

import type { Checked, CheckRequest, Evidence, Loaded, LoadOptions, Progress, Stage } from '../protocol.js';
import { addShards, fetchManifest } from './bundle.js';
import { Download } from './download.js';
import { type CheckOutcome, type Despoof, loadWasm } from './wasm.js';

/** The wasm module and the shards. */
const DOWNLOADS = 2;

/** A backend that is ready to check pictures. */
export class Engine {
  readonly #despoof: Despoof;

  private constructor(despoof: Despoof) {
    this.#despoof = despoof;
  }

  /** Loads a backend's module and the bundle, and runs the networks once. */
  static async load(options: LoadOptions, report: (progress: Progress) => void): Promise<Engine> {
    const download = new Download(DOWNLOADS, report);
    const [module, manifestJson] = await Promise.all([
      loadWasm(options.backend, options.assetBaseUrl, download),
      fetchManifest(options.modelBaseUrl),
    ]);
    const despoof = await module.Despoof.create(manifestJson);
    await addShards(despoof, manifestJson, options.modelBaseUrl, download);
    report(download.progress('prepare'));
    await despoof.finish();
    return new Engine(despoof);
  }

  /** What the page wants to know of it. */
  get loaded(): Loaded {
    return { modelDigest: this.#despoof.bundle_digest() };
  }

  /** Checks one picture. */
  async check({ picture, explain }: CheckRequest, onStage: (stage: Stage) => void): Promise<Checked> {
    const outcome = await this.#outcome(picture, explain, onStage);
    const { score, threshold, faces } = outcome;
    const checked = {
      outcome: outcome.outcome,
      score,
      threshold,
      faces,
      timings: outcome.stages_ms,
      modelDigest: outcome.bundle_digest,
    };
    return outcome.evidence ? { ...checked, evidence: await bitmaps(outcome.evidence) } : checked;
  }

  async #outcome(
    picture: CheckRequest['picture'],
    explain: boolean,
    onStage: (stage: Stage) => void,
  ): Promise<CheckOutcome> {
    if (picture instanceof Blob) {
      const bytes = new Uint8Array(await picture.arrayBuffer());
      return this.#despoof.check_photo(bytes, explain, onStage);
    }
    const { data, width, height } = picture instanceof ImageBitmap ? pixels(picture) : picture;
    const rgba = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return this.#despoof.check_frame(rgba, width, height, explain, onStage);
  }
}

/** The pixels of the worker's copy of a bitmap, which is closed. */
function pixels(bitmap: ImageBitmap): ImageData {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null) {
    throw new RangeError(`no memory for a canvas of ${width} × ${height}`);
  }
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}

async function bitmaps(evidence: NonNullable<CheckOutcome['evidence']>): Promise<Evidence> {
  const bitmap = (rgba: Uint8Array) =>
    createImageBitmap(new ImageData(new Uint8ClampedArray(rgba), evidence.size, evidence.size));
  const [aligned, generated, cue] = await Promise.all([
    bitmap(evidence.aligned),
    bitmap(evidence.generated),
    bitmap(evidence.cue),
  ]);
  return { aligned, generated, cue };
}
