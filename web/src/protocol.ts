/** What the page and its worker say to each other. */

import type { ErrorCode } from './errors.js';

/** What the networks run on. */
export type Backend = 'webgpu' | 'cpu';

/** The stages of a check, in order. */
export const STAGES = ['decode', 'detect', 'align', 'identify', 'generate', 'cue', 'score'] as const;

/** One stage of a check. */
export type Stage = (typeof STAGES)[number];

/** What a check says; advisory. */
export type Outcome = 'live' | 'spoof' | 'uncertain';

/** How far loading has come. */
export interface Progress {
  /** `download`: bytes are arriving; `prepare`: the networks are built and run once. */
  readonly phase: 'download' | 'prepare';
  /** Bytes that have arrived, from the network or the cache. */
  readonly loadedBytes: number;
  /** Bytes in all, once known: servers that compress do not say it in advance. */
  readonly totalBytes: number | undefined;
}

/** The pictures that explain a verdict, 224 × 224 each. Call `close()` on each when done. */
export interface Evidence {
  /** The face as the networks saw it. */
  readonly aligned: ImageBitmap;
  /** What a real face of this identity would look like. */
  readonly generated: ImageBitmap;
  /** What differs between the two; mid-grey where nothing does. */
  readonly cue: ImageBitmap;
}

/** What the worker needs to load a backend. */
export interface LoadOptions {
  readonly backend: Backend;
  /** Folder with `cpu/` and `webgpu/`; `undefined`: beside the worker, where bundlers put it. */
  readonly assetBaseUrl: string | undefined;
  /** Folder with `manifest.json` and its shards; `undefined`: the package's own, where bundlers put it. */
  readonly modelBaseUrl: string | undefined;
  /** Whether the page wants to say where each file is. */
  readonly asksPage: boolean;
}

/** What the worker says when it has loaded. */
export interface Loaded {
  /** SHA-256 that names the model bundle. */
  readonly modelDigest: string;
  /** SHA-256 of the WebAssembly module; none on pages that are not secure, where browsers compute no digests. */
  readonly wasmDigest?: string;
}

/** What the worker can be asked to check. */
export type Picture = Blob | ImageData | ImageBitmap;

/** What the worker needs to check a picture. */
export interface CheckRequest {
  readonly picture: Picture;
  /** Whether to return the pictures that explain the verdict. */
  readonly explain: boolean;
  /** Whether to return the picture's digest. */
  readonly digest: boolean;
}

/** What the worker says about a picture. */
export interface Checked {
  readonly outcome: Outcome;
  readonly score: number;
  readonly threshold: number;
  readonly faces: number;
  /** Whether the face differs strongly from the generated one; only with bundles that say from where on. */
  readonly cueStrong?: boolean;
  readonly timings: Readonly<Partial<Record<Stage, number>>>;
  readonly modelDigest: string;
  readonly evidence?: Evidence;
  /** SHA-256 of the picture: of a file's bytes, or of a frame's RGBA values. */
  readonly pictureDigest?: string;
}

/** Measures of a frame's largest face. */
export interface FrameQuality {
  /** Height of the face, as a share of the frame's height. */
  readonly size: number;
  /** Middle of the face in x and y, as shares of the frame's width and height. */
  readonly centre: readonly [number, number];
  /** Share of the crop the networks see that lies inside the frame. */
  readonly inside: number;
  /** Degrees by which the head leans to a shoulder. */
  readonly roll: number;
  /** How far the nose lies beside the middle of the eyes, in distances of the eyes. */
  readonly yaw: number;
  /** How far the nose lies below its place in a frontal face, in distances from eyes to mouth. */
  readonly pitch: number;
  /** Mean brightness, 0 to 1. */
  readonly luminance: number;
  /** Variance of the Laplacian of the brightness. */
  readonly sharpness: number;
}

/** What can be said of a frame without checking it. */
export interface Examination {
  /** How many faces the frame shows. */
  readonly faces: number;
  /** Of the largest; `null` where there is no face. */
  readonly quality: FrameQuality | null;
}

/** Several frames of one person decided together. */
export interface FramesVerdict {
  readonly outcome: Outcome;
  /** Mean of the scores. */
  readonly score: number;
  readonly threshold: number;
  /** Distance from the lowest to the highest score. */
  readonly spread: number;
}

/** The calls a worker answers: what goes in, what is reported on the way, what comes out. */
export interface Calls {
  load: { options: LoadOptions; note: Progress; answer: Loaded };
  examine: { options: { readonly frame: ImageBitmap | ImageData }; note: never; answer: Examination };
  check: { options: CheckRequest; note: Stage; answer: Checked };
  decide: { options: { readonly scores: readonly number[] }; note: never; answer: FramesVerdict };
}

/** A call as it travels to the worker. */
export type CallMessage = {
  [Name in keyof Calls]: { readonly id: number; readonly call: Name; readonly options: Calls[Name]['options'] };
}[keyof Calls];

/** What the page says: a call, or where a file is. */
export type ToWorker = CallMessage | { readonly located: string; readonly url: string };

/** An error as it travels: structured cloning would drop the code. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  /** The worker is of no further use: its wasm instance or its GPU device is gone. */
  readonly fatal: boolean;
}

/** What the worker says about a call. */
export type FromWorker =
  | { readonly id: number; readonly note: Calls[keyof Calls]['note'] }
  | { readonly id: number; readonly answer: Calls[keyof Calls]['answer'] }
  | { readonly id: number; readonly failure: Failure }
  /** Where is this file? */
  | { readonly locate: string }
  /** Something broke outside any call: a panic inside a future never settles its promise. */
  | { readonly crash: Failure };
