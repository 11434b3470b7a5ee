/** The controller of a check: loads a backend in a worker, hands pictures to it, and falls back once. */

import { clearCache } from './cache.js';
import { DespoofError, type ErrorCode } from './errors.js';
import type { Backend, Checked, Picture, Progress, Stage } from './protocol.js';
import { withSignal } from './signal.js';
import { checkSupport } from './support.js';
import { WorkerLink } from './worker-link.js';

/** Where things are and what to run on. */
export interface CheckerOptions {
  /**
   * Folder with a copy of the package's `wasm` folder's content (`cpu/`, `webgpu/`) and of the model bundle
   * (`models/web/`). Default: the wasm modules where the bundler puts them, the bundle beside the page.
   */
  readonly assetBaseUrl?: string | URL;
  /** Folder with `manifest.json` and its shards. Default: `models/web/` in `assetBaseUrl`. */
  readonly modelBaseUrl?: string | URL;
  /** `auto` (default) takes WebGPU where there is a GPU, and the CPU after GPU trouble; the others are strict. */
  readonly backend?: 'auto' | Backend;
}

/** What a picture can come from; the caller keeps what it passes in. */
export type CheckSource = Picture | HTMLVideoElement;

/** How to check. */
export interface CheckOptions {
  /** Whether to return the pictures that explain the verdict. */
  readonly explain?: boolean;
  /** Gives up waiting; `AbortSignal.timeout()` also ends a worker that hangs. */
  readonly signal?: AbortSignal;
  /** Hears each stage as it begins. */
  readonly onStage?: (stage: Stage) => void;
}

/** Why the CPU is used although WebGPU was chosen. */
export interface Fallback {
  readonly from: 'webgpu';
  readonly code: ErrorCode;
  readonly message: string;
}

/** What a loaded checker runs on. */
export interface Readiness {
  readonly backend: Backend;
  /** SHA-256 that names the model bundle. */
  readonly modelDigest: string;
  readonly fallback?: Fallback;
}

/** The answer to one picture. */
export interface CheckResult extends Checked {
  readonly backend: Backend;
  readonly fallback?: Fallback;
  /** Always: a client-side check cannot stop an injected stream or a patched page. */
  readonly advisory: true;
}

/** Checks pictures. */
export interface Checker extends AsyncDisposable {
  /** Loads everything a check needs; afterwards checks make no request. */
  preload(onProgress?: (progress: Progress) => void): Promise<Readiness>;
  /** Checks one picture, loading first where `preload` was not called. */
  check(source: CheckSource, options?: CheckOptions): Promise<CheckResult>;
  /** Drops the weights this origin has stored. */
  clearCache(): Promise<void>;
  /** Ends the worker and frees all memory, the GPU's too; checks still pending fail with `cancelled`. */
  dispose(): Promise<void>;
}

/** Makes a checker; nothing is loaded before it is used. */
export function createChecker(options: CheckerOptions = {}): Checker {
  return new WorkerChecker(options);
}

/** Errors that a GPU or its driver can cause, and that the CPU may not have. */
const GPU_TROUBLE: ReadonlySet<ErrorCode> = new Set([
  'gpu_lost',
  'not_supported',
  'wasm_failed',
  'out_of_memory',
  'internal',
]);

/** A worker that has loaded a backend. */
interface Engine {
  readonly link: WorkerLink;
  readonly readiness: Readiness;
}

class WorkerChecker implements Checker {
  readonly #options: CheckerOptions;
  readonly #progressListeners = new Set<(progress: Progress) => void>();
  #link: WorkerLink | undefined;
  #engine: Promise<Engine> | undefined;
  #fallback: Fallback | undefined;
  #disposed = false;

  constructor(options: CheckerOptions) {
    this.#options = options;
  }

  async preload(onProgress?: (progress: Progress) => void): Promise<Readiness> {
    // Wrapped, so that the same function passed twice is heard twice.
    const listener = (progress: Progress) => onProgress?.(progress);
    this.#progressListeners.add(listener);
    try {
      return (await this.#loaded()).readiness;
    } finally {
      this.#progressListeners.delete(listener);
    }
  }

  async check(source: CheckSource, options: CheckOptions = {}): Promise<CheckResult> {
    return this.#check('videoWidth' in source ? await frameOf(source) : source, options);
  }

  clearCache(): Promise<void> {
    return clearCache();
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#link?.close(disposedError());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #check(picture: Picture, options: CheckOptions): Promise<CheckResult> {
    const { explain = false, signal, onStage } = options;
    const { link, readiness } = await withSignal(signal, this.#loaded());
    const { backend, fallback } = readiness;
    const note = (stage: Stage) => {
      if (!signal?.aborted) {
        onStage?.(stage);
      }
    };
    try {
      const checked = await withSignal(signal, link.call('check', { picture, explain }, note));
      return { ...checked, backend, ...(fallback && { fallback }), advisory: true };
    } catch (error) {
      if (this.#fallsBack(backend, error)) {
        link.close(error);
        return this.#check(picture, options);
      }
      if (error instanceof DespoofError && error.code === 'timeout') {
        // Whatever it hangs on, the next check must not wait for it.
        link.close(error);
      }
      throw error;
    }
  }

  /** The backend, loaded unless it is there already. */
  #loaded(): Promise<Engine> {
    if (this.#disposed) {
      return Promise.reject(disposedError());
    }
    this.#engine ??= this.#load().catch((error: unknown) => {
      this.#engine = undefined;
      throw error;
    });
    return this.#engine;
  }

  async #load(): Promise<Engine> {
    const backend = await this.#backend();
    try {
      return await this.#loadOn(backend);
    } catch (error) {
      if (this.#fallsBack(backend, error)) {
        return this.#loadOn('cpu');
      }
      throw error;
    }
  }

  async #loadOn(backend: Backend): Promise<Engine> {
    const link = new WorkerLink();
    this.#link = link;
    const { assetBaseUrl, modelBaseUrl } = this.#folders();
    const report = (progress: Progress) => {
      for (const listener of this.#progressListeners) {
        listener(progress);
      }
    };
    const { modelDigest } = await link.call('load', { backend, assetBaseUrl, modelBaseUrl }, report);
    link.onClose = () => {
      this.#engine = undefined;
    };
    const fallback = this.#fallback;
    return { link, readiness: { backend, modelDigest, ...(fallback && { fallback }) } };
  }

  async #backend(): Promise<Backend> {
    const support = await checkSupport();
    if (support.backend === 'none') {
      throw new DespoofError('not_supported', `this browser cannot run a check: ${support.reasons.join(', ')}`);
    }
    if (this.#fallback !== undefined) {
      return 'cpu';
    }
    const { backend = 'auto' } = this.#options;
    return backend === 'auto' ? support.backend : backend;
  }

  #folders(): { assetBaseUrl: string | undefined; modelBaseUrl: string } {
    const folder = (url: string | URL, base: string | URL) => new URL(`${url}`.replace(/\/?$/, '/'), base).href;
    const page = document.baseURI;
    const { assetBaseUrl, modelBaseUrl } = this.#options;
    const assets = assetBaseUrl === undefined ? undefined : folder(assetBaseUrl, page);
    const models = modelBaseUrl === undefined ? folder('models/web', assets ?? page) : folder(modelBaseUrl, page);
    return { assetBaseUrl: assets, modelBaseUrl: models };
  }

  /** Whether an error means that the CPU should do it instead, from now on. */
  #fallsBack(backend: Backend, error: unknown): error is DespoofError {
    const { backend: choice = 'auto' } = this.#options;
    if (choice !== 'auto' || backend !== 'webgpu' || this.#disposed) {
      return false;
    }
    if (!(error instanceof DespoofError) || !GPU_TROUBLE.has(error.code)) {
      return false;
    }
    this.#fallback ??= { from: 'webgpu', code: error.code, message: error.message };
    return true;
  }
}

/** The frame a video shows now. */
async function frameOf(video: HTMLVideoElement): Promise<ImageBitmap> {
  if (video.videoWidth === 0) {
    throw new DespoofError('frame_too_small', 'the video shows no picture yet');
  }
  return createImageBitmap(video);
}

function disposedError(): DespoofError {
  return new DespoofError('cancelled', 'the checker was disposed');
}
