/** Whether a frame is good enough to be checked, and if not, what a person can do about it. */

import type { Examination } from '../protocol.js';

/** Every hint, the most pressing first. */
export const HINT_CODES = [
  'face_not_found',
  'several_faces',
  'too_far',
  'too_close',
  'off_centre',
  'turned_away',
  'hold_still',
  'too_dark',
  'too_bright',
  'blurred',
] as const;

/** What is wrong with a frame. */
export type HintCode = (typeof HINT_CODES)[number];

/** Faults a person may be unable to mend: after a while frames are taken in spite of them. */
export const TOLERABLE: ReadonlySet<HintCode> = new Set(['several_faces', 'too_dark', 'too_bright', 'blurred']);

/**
 * The limits; {@link Examination} says what each measures. Roll, yaw and pitch let through what the detector finds in
 * nearly all of 13,848 portrait photos (LFW, UTKFace, FFHQ); the others are chosen for comfort before the oval and to
 * keep the face at the networks' resolution, and are not calibrated.
 */
export interface Gates {
  /** Height of the face as a share of the picture that people see. */
  readonly size: readonly [least: number, most: number];
  /** Distance of the face's middle from the picture's, as a share of its height. */
  readonly offCentre: number;
  /** Share of the networks' crop inside the frame. */
  readonly inside: number;
  /** Degrees. */
  readonly roll: number;
  readonly yaw: number;
  /** Not symmetric: a smile lifts the corners of the mouth, and so the nose seems to lie lower. */
  readonly pitch: readonly [least: number, most: number];
  readonly luminance: readonly [least: number, most: number];
  readonly sharpness: number;
  /** How far the face's middle may move from frame to frame, as a share of the picture's height. */
  readonly movement: number;
}

/** What is asked of frames where nothing else is said. */
export const DEFAULT_GATES: Gates = {
  size: [0.28, 0.9],
  offCentre: 0.18,
  inside: 0.85,
  roll: 20,
  yaw: 0.3,
  pitch: [-0.2, 0.32],
  luminance: [0.18, 0.85],
  sharpness: 8,
  movement: 0.06,
};

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A face's place in the picture that people see: height, and middle relative to the picture's, in shares of its height. */
export interface Place {
  readonly size: number;
  readonly x: number;
  readonly y: number;
}

/**
 * The face's place in what people see of a frame: a preview of another shape shows its middle only (`object-fit: cover`).
 */
export function placeOf(
  { size, centre }: Pick<NonNullable<Examination['quality']>, 'size' | 'centre'>,
  frame: Size,
  preview: Size,
): Place {
  const visibleHeight = Math.min(frame.height, (frame.width * preview.height) / preview.width);
  return {
    size: (size * frame.height) / visibleHeight,
    x: ((centre[0] - 0.5) * frame.width) / visibleHeight,
    y: ((centre[1] - 0.5) * frame.height) / visibleHeight,
  };
}

/** Everything that is wrong with a frame, the most pressing first. */
export function faultsOf(
  { faces, quality }: Examination,
  place: Place | undefined,
  before: Place | undefined,
  gates: Gates = DEFAULT_GATES,
): readonly HintCode[] {
  if (quality === null || place === undefined) {
    return ['face_not_found'];
  }
  const moved = before === undefined ? 0 : Math.hypot(place.x - before.x, place.y - before.y);
  const faults: Record<Exclude<HintCode, 'face_not_found'>, boolean> = {
    several_faces: faces > 1,
    too_far: place.size < gates.size[0],
    too_close: place.size > gates.size[1],
    off_centre: Math.hypot(place.x, place.y) > gates.offCentre || quality.inside < gates.inside,
    turned_away:
      Math.abs(quality.roll) > gates.roll ||
      Math.abs(quality.yaw) > gates.yaw ||
      quality.pitch < gates.pitch[0] ||
      quality.pitch > gates.pitch[1],
    hold_still: moved > gates.movement,
    too_dark: quality.luminance < gates.luminance[0],
    too_bright: quality.luminance > gates.luminance[1],
    blurred: quality.sharpness < gates.sharpness,
  };
  return HINT_CODES.filter((code) => code !== 'face_not_found' && faults[code]);
}
