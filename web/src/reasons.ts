/** Why a verdict over several frames is what it is, or how far it can be trusted. */

import type { HintCode } from './session/gates.js';
import type { Outcome } from './protocol.js';

/** Fewer frames than this leave a verdict to chance. */
export const ENOUGH_FRAMES = 5;

/** Every reason, for tables of texts. */
export const REASON_CODES = [
  'few_frames',
  'frames_disagree',
  'near_threshold',
  'cue_strong',
  'low_light',
  'overexposed',
  'blurred',
  'several_faces',
  'gpu_failed',
] as const;

/** A stable name of a reason. */
export type ReasonCode = (typeof REASON_CODES)[number];

/** What reasons are found in. */
export interface ReasonInput {
  readonly outcome: Outcome;
  /** Of each frame its outcome, its number of faces, and whether the cue is strong, where the bundle has a level for it. */
  readonly frames: readonly {
    readonly outcome: Outcome;
    readonly faces: number;
    readonly cueStrong?: boolean;
  }[];
  /** What was not as it should be when the frames were taken. */
  readonly faults: readonly HintCode[];
  readonly fellBack: boolean;
}

const REASON_BY_FAULT: Readonly<Partial<Record<HintCode, ReasonCode>>> = {
  too_dark: 'low_light',
  too_bright: 'overexposed',
  blurred: 'blurred',
  several_faces: 'several_faces',
};

/** All reasons that hold, in the order of {@link REASON_CODES}. */
export function reasonsFrom({ outcome, frames, faults, fellBack }: ReasonInput): readonly ReasonCode[] {
  const outcomes = new Set(frames.map((frame) => frame.outcome));
  const holding = new Set<ReasonCode | undefined>(faults.map((fault) => REASON_BY_FAULT[fault]));
  const add = (reason: ReasonCode, holds: boolean) => holds && holding.add(reason);
  add('few_frames', frames.length < ENOUGH_FRAMES);
  add('frames_disagree', outcomes.has('live') && outcomes.has('spoof'));
  add('near_threshold', outcome === 'uncertain');
  add('cue_strong', 2 * frames.filter(({ cueStrong }) => cueStrong).length > frames.length);
  add('several_faces', frames.some(({ faces }) => faces > 1));
  add('gpu_failed', fellBack);
  return REASON_CODES.filter((reason) => holding.has(reason));
}
