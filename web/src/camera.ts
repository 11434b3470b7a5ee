/** The camera: opening it with errors that say what is wrong. */

import { DespoofError, type ErrorCode, messageOf } from './errors.js';
import { abortError, withSignal } from './signal.js';

export { DespoofError, type ErrorCode } from './errors.js';

/** An open camera. */
export interface Camera {
  /** Resolves when the camera is gone without being stopped: unplugged, taken away, or dark for a while. */
  readonly lost: Promise<DespoofError>;
  /** The browser's name for it, good for `deviceId` and `preferredDeviceId`. */
  readonly deviceId: string | undefined;
  /** Switches the camera off. */
  stop(): void;
}

/** How to open a camera. */
export interface CameraOptions {
  /** This camera and no other. */
  readonly deviceId?: string | undefined;
  /** This camera if it is there. */
  readonly preferredDeviceId?: string | undefined;
  /** Gives up; a camera that is granted afterwards is switched off again. */
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

/** Milliseconds a camera may send nothing before it counts as lost. */
const MUTED_FOR = 3000;

/** Milliseconds a camera that was granted may take to its first picture. */
const SHOWN_WITHIN = 10_000;

/**
 * Asks for the front camera and shows it in `video`, which should be `playsinline` and `muted`.
 * Call it on a user's gesture, after saying why.
 */
export async function openCamera(video: HTMLVideoElement, options: CameraOptions = {}): Promise<Camera> {
  const { signal } = options;
  const stream = await requestStream(options);
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
  const track = stream.getVideoTracks()[0];
  const lost = whenLost(track).then((error) => {
    stop();
    return error;
  });
  video.srcObject = stream;
  try {
    await withSignal(signal, playing(video, lost));
  } catch (error) {
    stop();
    throw error instanceof DespoofError
      ? error
      : new DespoofError('camera_lost', `the camera shows nothing: ${messageOf(error)}`, { cause: error });
  }
  return { lost, stop, deviceId: track?.getSettings().deviceId };
}

/** A camera behind a closed shutter, or one that nobody feeds, may never show a picture. */
async function playing(video: HTMLVideoElement, lost: Promise<DespoofError>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const dark = new Promise<DespoofError>((resolve) => {
    timer = setTimeout(() => resolve(new DespoofError('camera_lost', 'the camera shows nothing')), SHOWN_WITHIN);
  });
  try {
    const error = await Promise.race([video.play(), lost, dark]);
    if (error !== undefined) {
      throw error;
    }
  } finally {
    clearTimeout(timer);
  }
}

/** The cameras there are; they have names only after one was allowed. */
export async function listCameras(): Promise<readonly MediaDeviceInfo[]> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId !== '');
}

/** A track that is stopped by the page does not fire `ended`. */
function whenLost(track: MediaStreamTrack | undefined): Promise<DespoofError> {
  return new Promise((resolve) => {
    const lose = (how: string) => resolve(new DespoofError('camera_lost', `the camera ${how}`));
    let dark: ReturnType<typeof setTimeout> | undefined;
    track?.addEventListener('ended', () => lose('was disconnected or taken away'));
    track?.addEventListener('mute', () => {
      dark = setTimeout(() => lose('shows nothing any more'), MUTED_FOR);
    });
    track?.addEventListener('unmute', () => clearTimeout(dark));
  });
}

async function requestStream({ deviceId, preferredDeviceId }: CameraOptions): Promise<MediaStream> {
  if (!isSecureContext) {
    throw new DespoofError('insecure_context', 'cameras are open to pages over https and on localhost only');
  }
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: {
        ...(deviceId === undefined ? { facingMode: 'user' } : { deviceId: { exact: deviceId } }),
        ...(deviceId === undefined && preferredDeviceId !== undefined && { deviceId: { ideal: preferredDeviceId } }),
        width: { ideal: 1280 },
        height: { ideal: 720 },
      },
    });
  } catch (error) {
    const code = error instanceof DOMException ? CAMERA_ERRORS[error.name] : undefined;
    throw new DespoofError(code ?? 'internal', `the camera could not be opened: ${messageOf(error)}`, { cause: error });
  }
}
