/** Several pictures of one person, decided together. */

import type { CheckOptions, CheckResult, CheckSource } from './checker.js';
import type { Fallback } from './backend.js';
import { DespoofError } from './errors.js';
import type { Backend, Evidence, FramesVerdict, Outcome, Stage } from './protocol.js';
import { type ReasonCode, reasonsFrom } from './reasons.js';
import { signedReport } from './report.js';
import type { CaptureSettings } from './session/capture.js';
import type { HintCode } from './session/gates.js';

/** How to check several pictures. */
export interface FramesOptions {
  /** Whether to return the pictures that explain the first frame's score. */
  readonly explain?: boolean;
  /** The server's nonce; where there is one, the result carries a signed report. */
  readonly challenge?: string;
  /** What was not as it should be when the frames were taken; becomes part of the reasons. */
  readonly faults?: readonly HintCode[];
  /** How the frames were taken; becomes part of the report. */
  readonly capture?: CaptureSettings;
  readonly signal?: AbortSignal;
  /** Hears each stage of each frame as it begins; frames are counted from 0. */
  readonly onStage?: (stage: Stage, frame: number) => void;
}

/** What was found in one frame. */
export interface FrameResult {
  readonly outcome: Outcome;
  readonly score: number;
  readonly faces: number;
  /** SHA-256; none on pages that are not secure. */
  readonly digest?: string;
}

/** The answer to several pictures. */
export interface FramesResult extends FramesVerdict {
  readonly frames: readonly FrameResult[];
  /** What speaks for caution, or explains the outcome. */
  readonly reasons: readonly ReasonCode[];
  /** Of the first frame, where it was asked for. Call `close()` on each picture when done. */
  readonly evidence?: Evidence;
  /** Milliseconds by stage, over all frames. */
  readonly timings: Readonly<Partial<Record<Stage, number>>>;
  readonly backend: Backend;
  /** SHA-256 that names the model bundle. */
  readonly modelDigest: string;
  /** SHA-256 of the WebAssembly module; none on pages that are not secure. */
  readonly wasmDigest?: string;
  readonly fallback?: Fallback;
  /** Signed, with the server's nonce; see `despoof/verify`. */
  readonly report?: string;
  /** Always: a client-side check cannot stop an injected stream or a patched page. */
  readonly advisory: true;
}

/** What checking several pictures is made of. */
export interface FrameChecks {
  check(source: CheckSource, options: CheckOptions): Promise<CheckResult>;
  decide(scores: readonly number[], signal: AbortSignal | undefined): Promise<FramesVerdict>;
}

/** Checks one picture after the other and decides them together. */
export async function checkFrames(
  sources: readonly CheckSource[],
  options: FramesOptions,
  { check, decide }: FrameChecks,
): Promise<FramesResult> {
  const { explain = false, challenge, faults = [], capture, signal, onStage } = options;
  const results: CheckResult[] = [];
  for (const [index, source] of sources.entries()) {
    results.push(
      await check(source, {
        explain: explain && index === 0,
        digest: challenge !== undefined,
        ...(signal && { signal }),
        onStage: (stage) => onStage?.(stage, index),
      }),
    );
  }
  const last = results.at(-1);
  if (last === undefined) {
    throw new DespoofError('internal', 'no frame was given');
  }
  const verdict = await decide(results.map(({ score }) => score), signal);
  const { backend, modelDigest, wasmDigest, fallback } = last;
  const evidence = results[0]?.evidence;
  const result: FramesResult = {
    ...verdict,
    frames: results.map(frameResult),
    reasons: reasonsFrom({ outcome: verdict.outcome, frames: results, faults, fellBack: fallback !== undefined }),
    timings: summed(results),
    backend,
    modelDigest,
    ...(wasmDigest !== undefined && { wasmDigest }),
    ...(fallback && { fallback }),
    ...(evidence && { evidence }),
    advisory: true,
  };
  return challenge === undefined ? result : { ...result, report: await signedReport(result, challenge, capture) };
}

function frameResult({ outcome, score, faces, pictureDigest }: CheckResult): FrameResult {
  return { outcome, score, faces, ...(pictureDigest !== undefined && { digest: pictureDigest }) };
}

function summed(results: readonly CheckResult[]): Partial<Record<Stage, number>> {
  const sums: Partial<Record<Stage, number>> = {};
  for (const { timings } of results) {
    for (const [stage, time] of Object.entries(timings) as [Stage, number][]) {
      sums[stage] = (sums[stage] ?? 0) + time;
    }
  }
  return sums;
}
