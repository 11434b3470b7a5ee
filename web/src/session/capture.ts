/** From a playing video to the best few frames of a face. */

import { DespoofError } from '../errors.js';
import type { Examination } from '../protocol.js';
import { abortError } from '../signal.js';
import { FramePicker } from './frame-picker.js';
import { DEFAULT_GATES, faultsOf, type Gates, type HintCode, type Place, placeOf, type Size, TOLERABLE } from './gates.js';
import { type Hint, HintFilter } from './hints.js';

/** What frames are taken from: a `<video>`, or what a test plays. */
export interface FrameSource {
  /** Size of the camera's picture in pixels; 0 before there is one. */
  readonly videoWidth: number;
  readonly videoHeight: number;
  /** Size of the preview. */
  readonly clientWidth: number;
  readonly clientHeight: number;
}

/** How to capture. */
export interface CaptureOptions {
  /** How many frames to hand over. Default: 5. */
  readonly frames?: number;
  /** Milliseconds that frames are collected for, counted from the first good one. Default: 2000. */
  readonly collectFor?: number;
  /** Milliseconds after which tolerable faults are tolerated. Default: 8000. */
  readonly patience?: number;
  /** Milliseconds after which whatever there is has to do. Default: 45000. */
  readonly timeout?: number;
  /** Milliseconds from one frame to the next. Default: 120. */
  readonly interval?: number;
  readonly gates?: Gates;
}

/** How frames were taken: {@link CaptureOptions} with every default filled in. */
export type CaptureSettings = Required<CaptureOptions>;

/** What capturing needs and reports to. */
export interface CaptureTools {
  grab(): Promise<ImageBitmap>;
  examine(frame: ImageBitmap): Promise<Examination>;
  /** Whether another camera is being opened, which may wait for somebody's permission. */
  cameraIsComing(): boolean;
  now(): number;
  sleep(milliseconds: number): Promise<void>;
  onHint(hint: Hint | null): void;
  /** How many good frames there are, up to the number that is wanted. */
  onFrame(taken: number, wanted: number): void;
}

/** A frame worth checking; whoever holds it closes it. */
export interface Captured {
  readonly frame: ImageBitmap;
  readonly faults: readonly HintCode[];
  readonly sharpness: number;
}

/** Shorter side in pixels below which a camera's picture shows no face well enough. */
export const SMALLEST_SIDE = 240;

/** Milliseconds that a camera may show nothing. */
const DARK_FOR = 5000;

/** Fills in what was not said. */
export function settingsFrom(options: CaptureOptions): CaptureSettings {
  const { frames = 5, collectFor = 2000, patience = 8000, timeout = 45_000, interval = 120 } = options;
  return { frames, collectFor, patience, timeout, interval, gates: options.gates ?? DEFAULT_GATES };
}

/** Takes frames until there are enough good ones, the best first. */
export async function captureFrames(
  source: FrameSource,
  tools: CaptureTools,
  signal: AbortSignal,
  { frames, collectFor, patience, timeout, interval, gates }: CaptureSettings,
): Promise<readonly Captured[]> {
  const picker = new FramePicker<ImageBitmap, Captured>(frames);
  const hints = new HintFilter();
  const started = tools.now();
  let firstGood: number | undefined;
  let before: Place | undefined;
  let lastPicture = started;
  try {
    for (;;) {
      throwIfOver(signal);
      if (tools.cameraIsComing()) {
        lastPicture = tools.now();
      }
      if (source.videoWidth === 0 && tools.now() - lastPicture < DARK_FOR) {
        await tools.sleep(interval);
        continue;
      }
      lastPicture = tools.now();
      const examined = await examineFrame(source, tools, before, gates);
      before = examined.place;
      const now = tools.now();
      if (signal.aborted) {
        examined.frame.close();
        throw abortError(signal);
      }
      const hint = hints.next(examined.faults[0], now);
      if (hint !== undefined) {
        tools.onHint(hint);
      }
      const tolerated = (fault: HintCode) => now - started >= patience && TOLERABLE.has(fault);
      if (examined.faults.every(tolerated)) {
        firstGood ??= now;
        picker.add(examined);
        tools.onFrame(picker.size, frames);
      } else {
        examined.frame.close();
      }
      const enough = firstGood !== undefined && picker.size >= frames && now - firstGood >= collectFor;
      if (enough || (now - started >= timeout && picker.size > 0)) {
        return picker.take();
      }
      if (now - started >= timeout) {
        throw new DespoofError('timeout', `no frame was good enough, last because of: ${examined.faults.join(', ')}`);
      }
      await tools.sleep(interval);
    }
  } finally {
    // Empty where the frames were handed over.
    picker.clear();
  }
}

async function examineFrame(
  source: FrameSource,
  tools: CaptureTools,
  before: Place | undefined,
  gates: Gates,
): Promise<Captured & { readonly place: Place | undefined }> {
  const size = sizeOf(source);
  const frame = await tools.grab();
  try {
    const examination = await tools.examine(frame);
    const preview: Size = { width: source.clientWidth || size.width, height: source.clientHeight || size.height };
    const place = examination.quality ? placeOf(examination.quality, size, preview) : undefined;
    const faults = faultsOf(examination, place, before, gates);
    return { frame, faults, place, sharpness: examination.quality?.sharpness ?? 0 };
  } catch (error) {
    frame.close();
    throw error;
  }
}

function sizeOf({ videoWidth: width, videoHeight: height }: FrameSource): Size {
  if (width === 0) {
    throw new DespoofError('camera_lost', 'the camera shows no picture');
  }
  if (Math.min(width, height) < SMALLEST_SIDE) {
    throw new DespoofError('frame_too_small', `the camera's picture has ${width} × ${height} pixels only`);
  }
  return { width, height };
}

function throwIfOver(signal: AbortSignal): void {
  if (signal.aborted) {
    throw abortError(signal);
  }
}
