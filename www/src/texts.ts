/** Every sentence the code chooses; the rest stands in index.html. */

import type { Backend, CheckResult, ErrorCode, Outcome, Readiness, Stage } from 'despoof';

/** A heading and what it means. */
export interface Message {
  readonly title: string;
  readonly sentence: string;
}

/** What each outcome means. */
export const OUTCOMES: Readonly<Record<Outcome, Message>> = {
  live: { title: 'Live', sentence: 'This looks like a living person in front of the camera.' },
  spoof: { title: 'Spoof', sentence: 'This looks like a print, a screen or a mask, not a living person.' },
  uncertain: { title: 'Uncertain', sentence: 'The signs are too weak to say. Try again in even light, facing the camera.' },
};

/** What each stage does. */
export const STAGE_NAMES: Readonly<Record<Stage, string>> = {
  decode: 'Read the picture',
  detect: 'Find the face',
  align: 'Turn it upright',
  identify: 'Learn its features',
  generate: 'Draw the real face',
  cue: 'Compare the two',
  score: 'Weigh the difference',
};

const RELOAD = 'Reload the page; if that does not help, tell the people who run it.';

/** What each error means, and what to do. */
export const ERRORS: Readonly<Record<ErrorCode, Message>> = {
  no_face: {
    title: 'No face found',
    sentence: 'Use a picture that shows a face from the front, large enough and well lit.',
  },
  face_cut: {
    title: 'The face is cut off',
    sentence: 'Part of the face lies outside the picture. Move so that all of it can be seen.',
  },
  frame_too_small: {
    title: 'The picture is too small',
    sentence: 'The camera’s picture is too small to see a face in. Try another camera.',
  },
  photo_empty: { title: 'The file is empty', sentence: 'There is nothing in this file. Choose another photo.' },
  photo_format_unknown: {
    title: 'This is not a photo',
    sentence: 'The file’s content is not a PNG, JPEG, GIF or WebP picture, whatever its name says.',
  },
  photo_too_small: {
    title: 'The photo is too small',
    sentence: 'The photo has too few pixels to see a face in. Choose a larger one.',
  },
  photo_too_large: {
    title: 'The photo is too large',
    sentence: 'The photo has more pixels than can be checked here. Choose a smaller one.',
  },
  photo_truncated: {
    title: 'The photo is incomplete',
    sentence: 'The file stops before the picture does. Choose another copy, or another photo.',
  },
  photo_unreadable: {
    title: 'The photo is damaged',
    sentence: 'The file cannot be read as a picture. Choose another copy, or another photo.',
  },
  insecure_context: {
    title: 'The camera needs a secure page',
    sentence: 'Browsers open the camera only to pages over https. Choose a photo instead.',
  },
  camera_permission_denied: {
    title: 'The camera was refused',
    sentence: 'Allow the camera for this page in your browser’s address bar and try again, or choose a photo.',
  },
  camera_not_found: {
    title: 'No camera found',
    sentence: 'This device has no camera that the browser can use. Connect one, or choose a photo.',
  },
  camera_in_use: {
    title: 'The camera is busy',
    sentence: 'Another program seems to use the camera. Close it and try again, or choose a photo.',
  },
  camera_lost: { title: 'The camera is gone', sentence: 'It was disconnected or taken away. Connect it and try again.' },
  timeout: { title: 'This took too long', sentence: 'The check did not finish in time. Try again.' },
  page_hidden: { title: 'The check was interrupted', sentence: 'Keep this page in front while the check runs.' },
  cancelled: { title: 'Cancelled', sentence: 'The check was stopped.' },
  asset_fetch_failed: {
    title: 'A part of the check did not load',
    sentence: 'Look at your connection and try again.',
  },
  integrity_failed: {
    title: 'The model was altered',
    sentence: `The downloaded model is not the one this page was made with, so it is not used. ${RELOAD}`,
  },
  bundle_incompatible: {
    title: 'The model does not fit this page',
    sentence: `Page and model are of different versions. ${RELOAD}`,
  },
  not_supported: {
    title: 'This browser cannot run the check',
    sentence: 'It needs WebAssembly with SIMD and web workers. Use a current version of Chrome, Edge, Firefox or Safari.',
  },
  wasm_failed: { title: 'The check could not start', sentence: RELOAD },
  gpu_lost: {
    title: 'The graphics processor stopped',
    sentence: 'The browser lost it while it was working. Try again.',
  },
  out_of_memory: { title: 'Not enough memory', sentence: 'Close other tabs and programs, and reload the page.' },
  internal: { title: 'Something went wrong', sentence: `An error nobody foresaw stopped the check. ${RELOAD}` },
};

const BACKENDS: Readonly<Record<Backend, string>> = {
  webgpu: 'graphics processor (WebGPU)',
  cpu: 'processor (WebAssembly)',
};

/** What a check ran on. */
export function hardware({ backend, fallback }: Pick<Readiness, 'backend' | 'fallback'>): string {
  const reason = fallback === undefined ? '' : ', because the graphics processor failed';
  return `${BACKENDS[backend]}${reason}`;
}

/** `6.2 MB`, or `6.2 of 16.0 MB`. */
export function megabytes(loaded: number, total: number | undefined): string {
  const number = (bytes: number) => (bytes / 1e6).toFixed(1);
  return total === undefined ? `${number(loaded)} MB` : `${number(loaded)} of ${number(total)} MB`;
}

/** `0.42 s`, or `17 ms`. */
export function duration(milliseconds: number): string {
  return milliseconds < 100 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}

/** The score, and what it is measured against. */
export function scoreText({ score, threshold }: CheckResult): string {
  return `Score ${score.toFixed(2)}, live from ${threshold.toFixed(2)}`;
}

/** What else there is to say about an answer. */
export function remarks({ faces, fallback }: CheckResult): readonly string[] {
  return [
    faces > 1 ? `${faces} faces were found; the largest was taken.` : undefined,
    fallback && 'The graphics processor failed, so the check ran on the processor.',
  ].filter((remark) => remark !== undefined);
}
