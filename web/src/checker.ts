/// <reference lib="esnext.disposable" preserve="true" />
/** The controller of checks: pictures go in, answers come out. */

import { type BackendOptions, BackendLink, type Fallback, type Readiness } from './backend.js';
import { clearCache } from './cache.js';
import { DespoofError } from './errors.js';
import { checkFrames, type FramesOptions, type FramesResult } from './frames.js';
import type { Backend, Checked, Examination, Picture, Progress, Stage } from './protocol.js';

/** Where things are and what to run on. */
export interface CheckerOptions extends BackendOptions {}

/** What a picture can come from; the caller keeps what it passes in. */
export type CheckSource = Picture | HTMLVideoElement;

/** How to check. */
export interface CheckOptions {
  /** Whether to return the pictures that explain the verdict. */
  readonly explain?: boolean;
  /** Whether to return the picture's SHA-256. */
  readonly digest?: boolean;
  /** Gives up waiting; `AbortSignal.timeout()` also ends a worker that hangs. */
  readonly signal?: AbortSignal;
  /** Hears each stage as it begins. */
  readonly onStage?: (stage: Stage) => void;
}

/** The answer to one picture. */
export interface CheckResult extends Checked {
  readonly backend: Backend;
  /** SHA-256 of the WebAssembly module; none on pages that are not secure. */
  readonly wasmDigest?: string;
  readonly fallback?: Fallback;
  /** Always: a client-side check cannot stop an injected stream or a patched page. */
  readonly advisory: true;
}

/** Checks pictures. */
export interface Checker extends AsyncDisposable {
  /**
   * Loads everything a check needs; afterwards checks make no request.
   *
   * @param signal Gives up waiting; what was begun goes on for the next who asks, until `dispose()`.
   */
  preload(onProgress?: (progress: Progress) => void, signal?: AbortSignal): Promise<Readiness>;
  /** Checks one picture, loading first where `preload` was not called. */
  check(source: CheckSource, options?: CheckOptions): Promise<CheckResult>;
  /** Checks several pictures of one person and decides them together; the first is explained. */
  checkFrames(sources: readonly CheckSource[], options?: FramesOptions): Promise<FramesResult>;
  /** Finds and measures the face in a frame without checking it: quick, to guide people before the camera. */
  examine(frame: ImageBitmap | ImageData, signal?: AbortSignal): Promise<Examination>;
  /** Drops the weights this origin has stored. */
  clearCache(): Promise<void>;
  /** Ends the worker and frees all memory, the GPU's too; checks still pending fail with `cancelled`. */
  dispose(): Promise<void>;
}

/** Makes a checker; nothing is loaded before it is used. */
export function createChecker(options: CheckerOptions = {}): Checker {
  return new WorkerChecker(options);
}

class WorkerChecker implements Checker {
  readonly #backend: BackendLink;

  constructor(options: CheckerOptions) {
    this.#backend = new BackendLink(options);
  }

  preload(onProgress?: (progress: Progress) => void, signal?: AbortSignal): Promise<Readiness> {
    return this.#backend.ready(onProgress, signal);
  }

  async check(source: CheckSource, options: CheckOptions = {}): Promise<CheckResult> {
    const { explain = false, digest = false, signal, onStage } = options;
    const picture = 'videoWidth' in source ? await frameOf(source) : source;
    const { answer, readiness } = await this.#backend.call('check', { picture, explain, digest }, signal, onStage);
    return { ...answer, ...readiness, advisory: true };
  }

  checkFrames(sources: readonly CheckSource[], options: FramesOptions = {}): Promise<FramesResult> {
    return checkFrames(sources, options, {
      check: (source, checkOptions) => this.check(source, checkOptions),
      decide: async (scores, signal) => (await this.#backend.call('decide', { scores }, signal)).answer,
    });
  }

  async examine(frame: ImageBitmap | ImageData, signal?: AbortSignal): Promise<Examination> {
    return (await this.#backend.call('examine', { frame }, signal)).answer;
  }

  clearCache(): Promise<void> {
    return clearCache();
  }

  async dispose(): Promise<void> {
    this.#backend.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** Of a video's `readyState`; as a number, because servers have no `HTMLMediaElement`. */
const HAVE_CURRENT_DATA = 2;

/** The frame a video shows now. */
async function frameOf(video: HTMLVideoElement): Promise<ImageBitmap> {
  if (video.videoWidth === 0 || video.readyState < HAVE_CURRENT_DATA) {
    throw new DespoofError('frame_too_small', 'the video shows no picture yet');
  }
  return createImageBitmap(video);
}
