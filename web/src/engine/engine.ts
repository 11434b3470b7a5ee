/** A loaded backend: wasm with a bundle in it. */

import type {
  Checked,
  CheckRequest,
  Evidence,
  Examination,
  FramesVerdict,
  Loaded,
  LoadOptions,
  Picture,
  Progress,
  Stage,
} from '../protocol.js';
import { type AskPage, assetsOf } from './assets.js';
import { fetchManifest, ShardDownload } from './bundle.js';
import { digestOf } from './digest.js';
import { Download } from './download.js';
import { timed } from './timing.js';
import { type CheckOutcome, type Despoof, loadWasm } from './wasm.js';

/** The wasm module and the shards. */
const DOWNLOADS = 2;

/** A backend that is ready to check pictures. */
export class Engine {
  readonly #despoof: Despoof;
  readonly #wasmDigest: string | undefined;

  private constructor(despoof: Despoof, wasmDigest: string | undefined) {
    this.#despoof = despoof;
    this.#wasmDigest = wasmDigest;
  }

  /** Loads a backend's module and the bundle, and runs the networks once. */
  static async load(options: LoadOptions, ask: AskPage, report: (progress: Progress) => void): Promise<Engine> {
    const assets = assetsOf(options, ask);
    const download = new Download(DOWNLOADS, report);
    const manifest = Promise.resolve(assets.modelFile('manifest.json')).then(fetchManifest);
    const shards = manifest.then((json) => ShardDownload.start(json, assets.modelFile, download));
    // Heard of below; until then it is nobody's error.
    shards.catch(() => undefined);
    try {
      const [{ module, digest }, manifestJson] = await Promise.all([
        timed('module', () => loadWasm(options.backend, assets, download)),
        manifest,
      ]);
      const despoof = await timed('device', () => module.Despoof.create(manifestJson));
      await (await shards).addTo(despoof);
      report(download.progress('prepare'));
      await timed('networks', () => despoof.finish());
      return new Engine(despoof, digest);
    } catch (error) {
      shards.then((started) => started.abort()).catch(() => undefined);
      throw error;
    }
  }

  /** What the page wants to know of it. */
  get loaded(): Loaded {
    const modelDigest = this.#despoof.bundle_digest();
    return this.#wasmDigest === undefined ? { modelDigest } : { modelDigest, wasmDigest: this.#wasmDigest };
  }

  /** Measures a frame without checking it. */
  examine(frame: ImageBitmap | ImageData): Promise<Examination> {
    const { data, width, height } = pixelsOf(frame);
    return this.#despoof.examine_frame(bytesOf(data), width, height);
  }

  /** Decides several frames of one person by their scores. */
  decide(scores: readonly number[]): FramesVerdict {
    return this.#despoof.decide_frames(Float32Array.from(scores));
  }

  /** Checks one picture. */
  async check({ picture, explain, digest }: CheckRequest, onStage: (stage: Stage) => void): Promise<Checked> {
    const content = await contentOf(picture);
    // Before the check: wasm may take the bytes over.
    const pictureDigest = digest ? await digestOf(content.bytes) : undefined;
    const outcome = await this.#outcome(content, explain, onStage);
    const { score, threshold, faces } = outcome;
    const checked = {
      outcome: outcome.outcome,
      score,
      threshold,
      faces,
      timings: outcome.stages_ms,
      modelDigest: outcome.bundle_digest,
    };
    return {
      ...checked,
      ...(outcome.cue_strong !== undefined && { cueStrong: outcome.cue_strong }),
      ...(outcome.evidence && { evidence: await bitmaps(outcome.evidence) }),
      ...(pictureDigest !== undefined && { pictureDigest }),
    };
  }

  #outcome({ bytes, frame }: Content, explain: boolean, onStage: (stage: Stage) => void): Promise<CheckOutcome> {
    return frame === undefined
      ? this.#despoof.check_photo(bytes, explain, onStage)
      : this.#despoof.check_frame(bytes, frame.width, frame.height, explain, onStage);
  }
}

/** A picture as wasm takes it: a file, or the RGBA values of a frame. */
interface Content {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly frame?: { readonly width: number; readonly height: number };
}

async function contentOf(picture: Picture): Promise<Content> {
  if (picture instanceof Blob) {
    return { bytes: new Uint8Array(await picture.arrayBuffer()) };
  }
  const { data, width, height } = pixelsOf(picture);
  return { bytes: bytesOf(data), frame: { width, height } };
}

function bytesOf(data: ImageData['data']): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}

/** The pixels of a frame; the worker's copy of a bitmap is closed. */
function pixelsOf(frame: ImageBitmap | ImageData): ImageData {
  if (frame instanceof ImageData) {
    return frame;
  }
  const { width, height } = frame;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null) {
    throw new RangeError(`no memory for a canvas of ${width} × ${height}`);
  }
  context.drawImage(frame, 0, 0);
  frame.close();
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
