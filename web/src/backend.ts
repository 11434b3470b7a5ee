/** A loaded backend behind a worker: loads on demand, and falls back from the GPU to the CPU once. */

import { DespoofError, type ErrorCode } from './errors.js';
import type { Backend, Calls, Loaded, LoadOptions, Progress } from './protocol.js';
import { withSignal } from './signal.js';
import { checkSupport } from './support.js';
import { WorkerLink } from './worker-link.js';

/** Where things are and what to run on. */
export interface BackendOptions {
  /**
   * Folder with what `npx despoof-assets FOLDER` copies: `cpu/`, `webgpu/` and `models/web/`.
   * Default: the package's own files, where the bundler puts them.
   */
  readonly assetBaseUrl?: string | URL;
  /** Folder with `manifest.json` and its shards. Default: `models/web/` in `assetBaseUrl`. */
  readonly modelBaseUrl?: string | URL;
  /** Says where each file is, by its name below `assetBaseUrl`; goes before both folders. */
  readonly locateAsset?: (name: string) => string | URL;
  /** `auto` (default) takes WebGPU where there is a GPU, and the CPU after GPU trouble; the others are strict. */
  readonly backend?: 'auto' | Backend;
}

/** Why the CPU is used although WebGPU was chosen. */
export interface Fallback {
  readonly from: 'webgpu';
  readonly code: ErrorCode;
  readonly message: string;
}

/** What a loaded checker runs on. */
export interface Readiness extends Loaded {
  readonly backend: Backend;
  readonly fallback?: Fallback;
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

/** An answer, and what gave it. */
export interface Answered<Name extends keyof Calls> {
  readonly answer: Calls[Name]['answer'];
  readonly readiness: Readiness;
}

/** Answers calls; nothing is loaded before the first. */
export class BackendLink {
  readonly #options: BackendOptions;
  readonly #progressListeners = new Set<(progress: Progress) => void>();
  #link: WorkerLink | undefined;
  #engine: Promise<Engine> | undefined;
  #fallback: Fallback | undefined;
  #disposed = false;

  constructor(options: BackendOptions) {
    this.#options = options;
  }

  /** Loads unless it is loaded already. */
  async ready(onProgress?: (progress: Progress) => void, signal?: AbortSignal): Promise<Readiness> {
    // Wrapped, so that the same function passed twice is heard twice.
    const listener = (progress: Progress) => onProgress?.(progress);
    this.#progressListeners.add(listener);
    try {
      return (await withSignal(signal, this.#loaded())).readiness;
    } finally {
      this.#progressListeners.delete(listener);
    }
  }

  /** Asks the worker; again on the CPU where the GPU fails. */
  async call<Name extends keyof Calls>(
    name: Name,
    options: Calls[Name]['options'],
    signal?: AbortSignal,
    onNote?: (note: Calls[Name]['note']) => void,
  ): Promise<Answered<Name>> {
    const { link, readiness } = await withSignal(signal, this.#loaded());
    const note = (note: Calls[Name]['note']) => {
      if (!signal?.aborted) {
        onNote?.(note);
      }
    };
    try {
      return { answer: await withSignal(signal, link.call(name, options, note)), readiness };
    } catch (error) {
      if (this.#fallsBack(readiness.backend, error)) {
        link.close(error);
        return this.call(name, options, signal, onNote);
      }
      if (error instanceof DespoofError && error.code === 'timeout') {
        // Whatever it hangs on, the next check must not wait for it.
        link.close(error);
      }
      throw error;
    }
  }

  /** Ends the worker with all its memory, the GPU's too. */
  dispose(): void {
    this.#disposed = true;
    this.#link?.close(disposedError());
  }

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
    if (this.#disposed) {
      throw disposedError();
    }
    const options = this.#loadOptions(backend);
    const link = new WorkerLink((name) => this.#locate(name));
    this.#link = link;
    const report = (progress: Progress) => {
      for (const listener of this.#progressListeners) {
        listener(progress);
      }
    };
    const loaded = await link.call('load', options, report);
    link.onClose = () => {
      this.#engine = undefined;
    };
    const fallback = this.#fallback;
    return { link, readiness: { backend, ...loaded, ...(fallback && { fallback }) } };
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

  #loadOptions(backend: Backend): LoadOptions {
    const { assetBaseUrl, modelBaseUrl, locateAsset } = this.#options;
    const page = document.baseURI;
    const assets = assetBaseUrl === undefined ? undefined : folder(assetBaseUrl, page);
    const besideAssets = assets === undefined ? undefined : folder('models/web', assets);
    return {
      backend,
      assetBaseUrl: assets,
      modelBaseUrl: modelBaseUrl === undefined ? besideAssets : folder(modelBaseUrl, page),
      asksPage: locateAsset !== undefined,
    };
  }

  #locate(name: string): string {
    return new URL(this.#options.locateAsset?.(name) ?? '', document.baseURI).href;
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

/** The address of a folder, ending with a slash. */
function folder(url: string | URL, base: string): string {
  try {
    return new URL(`${url}`.replace(/\/?$/, '/'), base).href;
  } catch (error) {
    throw new DespoofError('asset_fetch_failed', `${url} is no address of a folder`, { cause: error });
  }
}

function disposedError(): DespoofError {
  return new DespoofError('cancelled', 'the checker was disposed');
}
