/** What this browser can do. Loads nothing and asks for no camera. */

import type { Backend } from './protocol.js';

/** Why something is missing. */
export type SupportReason =
  | 'no_webassembly'
  | 'no_wasm_simd'
  | 'wasm_blocked_by_policy'
  | 'no_worker'
  | 'no_offscreen_canvas'
  | 'no_webgpu'
  | 'no_gpu_adapter'
  | 'software_gpu'
  | 'insecure_context'
  | 'no_camera_api';

/** The single tests; `true` means that it works here. */
export interface SupportTests {
  readonly wasm: boolean;
  readonly worker: boolean;
  readonly offscreenCanvas: boolean;
  /** Only a real GPU counts: one emulated on the CPU is slower than the CPU module. */
  readonly webgpu: boolean;
  readonly camera: boolean;
}

/** What this browser can do. */
export interface Support {
  /** Whether a check can run at all, on photos if not on the camera. */
  readonly supported: boolean;
  /** What `backend: 'auto'` would choose. */
  readonly backend: Backend | 'none';
  readonly tests: SupportTests;
  /** Why tests failed, or why WebGPU is passed over. */
  readonly reasons: readonly SupportReason[];
}

/** The smallest module with a SIMD instruction: one function, `i32.const 0; i8x16.splat; drop`. */
const SIMD_MODULE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 9, 1, 7, 0, 65, 0, 253, 15, 26, 11,
]);

/** Tests what a check needs. Never throws; outside a browser everything is missing. */
export async function checkSupport(): Promise<Support> {
  const wasmReason = await wasmTrouble();
  const gpuReason = await gpuTrouble();
  const worker = typeof Worker !== 'undefined';
  const offscreenCanvas = typeof OffscreenCanvas !== 'undefined';
  const cameraReason = cameraTrouble();
  const reasons = [
    wasmReason,
    worker ? undefined : 'no_worker',
    offscreenCanvas ? undefined : 'no_offscreen_canvas',
    gpuReason,
    cameraReason,
  ].filter((reason): reason is SupportReason => reason !== undefined);
  const supported = wasmReason === undefined && worker && offscreenCanvas;
  return {
    supported,
    backend: supported ? (gpuReason === undefined ? 'webgpu' : 'cpu') : 'none',
    tests: {
      wasm: wasmReason === undefined,
      worker,
      offscreenCanvas,
      webgpu: gpuReason === undefined,
      camera: cameraReason === undefined,
    },
    reasons,
  };
}

async function wasmTrouble(): Promise<SupportReason | undefined> {
  if (typeof WebAssembly === 'undefined') {
    return 'no_webassembly';
  }
  if (!WebAssembly.validate(SIMD_MODULE)) {
    return 'no_wasm_simd';
  }
  try {
    await WebAssembly.compile(SIMD_MODULE);
    return undefined;
  } catch {
    // A valid module that may not be compiled: the policy lacks 'wasm-unsafe-eval'.
    return 'wasm_blocked_by_policy';
  }
}

async function gpuTrouble(): Promise<SupportReason | undefined> {
  const gpu = typeof navigator === 'undefined' ? undefined : (navigator.gpu as GPU | undefined);
  if (gpu === undefined) {
    return 'no_webgpu';
  }
  let adapter;
  try {
    adapter = await gpu.requestAdapter();
  } catch {
    // Some browsers throw where others return null; both mean that there is no GPU to use.
    return 'no_gpu_adapter';
  }
  if (adapter === null) {
    return 'no_gpu_adapter';
  }
  return adapter.info?.isFallbackAdapter ? 'software_gpu' : undefined;
}

function cameraTrouble(): SupportReason | undefined {
  if (typeof isSecureContext !== 'undefined' && !isSecureContext) {
    return 'insecure_context';
  }
  const api = typeof navigator === 'undefined' ? undefined : navigator.mediaDevices?.getUserMedia;
  return api === undefined ? 'no_camera_api' : undefined;
}
