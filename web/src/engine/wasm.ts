/** The wasm package: which module there is for which backend, and how it is compiled. */

import { DespoofError, messageOf } from '../errors.js';
import type { Backend, Examination, FramesVerdict, Outcome, Stage } from '../protocol.js';
import type { Assets } from './assets.js';
import { digestOf } from './digest.js';
import type { Download } from './download.js';
import { announcedBytes, bytesFromResponse, fetchAsset } from './fetch.js';

/** What wasm answers about a photo. */
export interface CheckOutcome {
  readonly outcome: Outcome;
  readonly score: number;
  readonly threshold: number;
  readonly faces: number;
  /** Whether the cue is stronger than the manifest's level; left out where the manifest has none. */
  readonly cue_strong?: boolean;
  readonly stages_ms: Readonly<Partial<Record<Stage, number>>>;
  readonly bundle_digest: string;
  readonly evidence?: {
    /** Width and height of the pictures. */
    readonly size: number;
    /** RGBA. */
    readonly aligned: Uint8Array;
    readonly generated: Uint8Array;
    readonly cue: Uint8Array;
  } | undefined;
}

/** A bundle in wasm memory. */
export interface Despoof {
  /** Verifies a shard's digest and takes its weights. */
  add_shard(name: string, bytes: Uint8Array): void;
  /** Builds the networks and runs them once. */
  finish(): Promise<void>;
  /** Decodes and checks a photo. */
  check_photo(bytes: Uint8Array, explain: boolean, onStage: (stage: Stage) => void): Promise<CheckOutcome>;
  /** Checks RGBA pixels. */
  check_frame(
    rgba: Uint8Array,
    width: number,
    height: number,
    explain: boolean,
    onStage: (stage: Stage) => void,
  ): Promise<CheckOutcome>;
  /** Measures RGBA pixels without checking them. */
  examine_frame(rgba: Uint8Array, width: number, height: number): Promise<Examination>;
  /** Decides the scores of several frames. */
  decide_frames(scores: Float32Array): FramesVerdict;
  /** SHA-256 that names the bundle. */
  bundle_digest(): string;
}

/** What wasm-bindgen makes of the crate despoof-wasm. */
export interface WasmModule {
  default(input: { module_or_path: WebAssembly.Module }): Promise<unknown>;
  readonly Despoof: { create(manifestJson: string): Promise<Despoof> };
}

/** A module that is running. */
export interface RunningWasm {
  readonly module: WasmModule;
  readonly digest: string | undefined;
}

/** Loads a backend's module; nothing of the other backend is touched. */
export async function loadWasm(backend: Backend, assets: Assets, download: Download): Promise<RunningWasm> {
  const { module, wasmUrl } = await bindingsOf(backend, assets);
  const compiled = await compile(wasmUrl, download);
  await module.default({ module_or_path: compiled.module });
  return { module, digest: compiled.digest };
}

async function bindingsOf(backend: Backend, assets: Assets): ReturnType<Assets['bindings']> {
  try {
    return await assets.bindings(backend);
  } catch (error) {
    throw new DespoofError('asset_fetch_failed', `the ${backend} module could not be loaded: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function compile(
  url: string,
  download: Download,
): Promise<{ module: WebAssembly.Module; digest: string | undefined }> {
  const response = await fetchAsset(url);
  const share = download.share(announcedBytes(response));
  // Browsers compile while bytes arrive, but only for the right type, and only servers know theirs.
  const streams = response.headers.get('Content-Type')?.startsWith('application/wasm') ?? false;
  const streamed = streams ? WebAssembly.compileStreaming(response.clone()) : undefined;
  try {
    const [bytes, module] = await Promise.all([bytesFromResponse(response, share.add), streamed]);
    share.finish();
    return { module: module ?? (await WebAssembly.compile(bytes)), digest: await digestOf(bytes) };
  } catch (error) {
    throw error instanceof DespoofError ? error : compileError(url, error);
  }
}

function compileError(url: string, error: unknown): DespoofError {
  const code = error instanceof WebAssembly.CompileError ? 'wasm_failed' : 'asset_fetch_failed';
  return new DespoofError(code, `${url} could not be compiled: ${messageOf(error)}`, { cause: error });
}
