/** The camera: opening it with errors that say what is wrong, and taking a sharp frame. */

import { DespoofError, type ErrorCode, messageOf } from './errors.js';
import { sharpness } from './sharpness.js';
import { abortError } from './signal.js';

export { DespoofError, type ErrorCode } from './errors.js';

/** An open camera. */
export interface Camera {
  /** Resolves when the camera is gone without being stopped: unplugged, or taken away in the settings. */
  readonly lost: Promise<DespoofError>;
  /** Switches the camera off. */
  stop(): void;
}

/** How to open a camera. */
export interface CameraOptions {
  /** Gives up; a camera that is granted afterwards is switched off again. */
  readonly signal?: AbortSignal;
}

/** How to take a frame. */
export interface CaptureOptions {
  /** How many frames to choose from. Default: 5. */
  readonly frames?: number;
  /** Milliseconds between two frames. Default: 120. */
  readonly interval?: number;
  readonly signal?: AbortSignal;
}

/** What a browser calls an error, and what it is called here. */
const CAMERA_ERRORS: Readonly<Record<string, ErrorCode>> = {
  NotAllowedError: 'camera_permission_denied',
  SecurityError: 'camera_permission_denied',
  NotFoundError: 'camera_not_found',
  OverconstrainedError: 'camera_not_found',
  NotReadableError: 'camera_in_use',
  AbortError: 'camera_in_use',
};

/**
 * Asks for the front camera and shows it in `video`, which should be `playsinline` and `muted`.
 * Call it on a user's gesture, after saying why.
 */
export async function openCamera(video: HTMLVideoElement, { signal }: CameraOptions = {}): Promise<Camera> {
  const stream = await requestStream();
  const stop = () => {
    for (const track of stream.getTracks()) {
      track.stop();
    }
    if (video.srcObject === stream) {
      video.srcObject = null;
    }
  };
  if (signal?.aborted) {
    stop();
    throw abortError(signal);
  }
  video.srcObject = stream;
  try {
    await video.play();
  } catch (error) {
    stop();
    throw new DespoofError('camera_lost', `the camera shows nothing: ${messageOf(error)}`, { cause: error });
  }
  // A track that is stopped here does not fire `ended`.
  const lost = new Promise<DespoofError>((resolve) => {
    stream.getVideoTracks()[0]?.addEventListener('ended', () => {
      stop();
      resolve(new DespoofError('camera_lost', 'the camera was disconnected or taken away'));
    });
  });
  return { lost, stop };
}

/** Takes a few frames of a playing video and keeps the sharpest; the caller closes it. */
export async function captureSharpest(video: HTMLVideoElement, options: CaptureOptions = {}): Promise<ImageBitmap> {
  const { frames = 5, interval = 120, signal } = options;
  let best: { frame: ImageBitmap; sharpness: number } | undefined;
  for (let taken = 0; taken < frames; taken++) {
    if (taken > 0) {
      await new Promise((resolve) => setTimeout(resolve, interval));
    }
    if (signal?.aborted || video.videoWidth === 0) {
      best?.frame.close();
      throw signal?.aborted ? abortError(signal) : new DespoofError('camera_lost', 'the camera shows no picture');
    }
    const frame = await createImageBitmap(video);
    const candidate = { frame, sharpness: sharpnessOf(frame) };
    const [better, worse] = best && best.sharpness >= candidate.sharpness ? [best, candidate] : [candidate, best];
    worse?.frame.close();
    best = better;
  }
  if (best === undefined) {
    throw new DespoofError('internal', 'no frame was asked for');
  }
  return best.frame;
}

async function requestStream(): Promise<MediaStream> {
  if (!isSecureContext) {
    throw new DespoofError('insecure_context', 'cameras are open to pages over https and on localhost only');
  }
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: 'user', width: { ideal: 1280 }, height: { ideal: 720 } },
    });
  } catch (error) {
    const code = error instanceof DOMException ? CAMERA_ERRORS[error.name] : undefined;
    throw new DespoofError(code ?? 'internal', `the camera could not be opened: ${messageOf(error)}`, { cause: error });
  }
}

/** Sharpness at a width where noise is averaged out and the face still has edges. */
function sharpnessOf(frame: ImageBitmap): number {
  const width = Math.min(320, frame.width);
  const height = Math.max(1, Math.round((frame.height * width) / frame.width));
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null) {
    // Without a canvas every frame counts as equally sharp, and the first is taken.
    return 0;
  }
  context.drawImage(frame, 0, 0, width, height);
  return sharpness(context.getImageData(0, 0, width, height));
}
