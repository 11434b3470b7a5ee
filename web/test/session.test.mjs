// A whole session against a checker and a camera that the test plays.

import assert from 'node:assert/strict';
import test from 'node:test';
import { createSession, DespoofError } from 'despoof';
import { openCamera } from 'despoof/camera';
import { withGlobals } from '../testing/globals.mjs';

const RESULT = { outcome: 'live', frames: [], reasons: [], advisory: true };
let pictures = 0;
const QUALITY = { size: 0.5, centre: [0.5, 0.5], inside: 1, roll: 0, yaw: 0, pitch: 0, luminance: 0.5, sharpness: 100 };
const FAST = { frames: 2, collectFor: 0, interval: 1 };

const goodChecker = (change = {}) => ({
  preload: async (onProgress) => onProgress({ phase: 'download', loadedBytes: 1, totalBytes: 2 }),
  // No two pictures of a camera are equally sharp.
  examine: async () => ({ faces: 1, quality: { ...QUALITY, sharpness: 100 + ++pictures } }),
  checkFrames: async (_frames, { onStage }) => {
    onStage('detect', 0);
    return RESULT;
  },
  ...change,
});

function fakeCamera() {
  const listeners = {};
  const track = {
    stopped: false,
    stop() { this.stopped = true; },
    getSettings: () => ({ deviceId: 'front' }),
    addEventListener: (name, listener) => { listeners[name] = listener; },
  };
  const page = { hidden: false, listeners: new Set() };
  return {
    track,
    page,
    end: () => listeners.ended(),
    hide() {
      page.hidden = true;
      page.listeners.forEach((listener) => listener());
    },
    video: { videoWidth: 1280, videoHeight: 720, clientWidth: 640, clientHeight: 360, play: async () => undefined },
    globals: {
      isSecureContext: true,
      navigator: {
        mediaDevices: {
          getUserMedia: async () => ({ getTracks: () => [track], getVideoTracks: () => [track] }),
        },
      },
      document: {
        get visibilityState() { return page.hidden ? 'hidden' : 'visible'; },
        addEventListener: (_name, listener) => page.listeners.add(listener),
        removeEventListener: (_name, listener) => page.listeners.delete(listener),
      },
      createImageBitmap: async () => ({ close: () => undefined }),
    },
  };
}

/** A session that writes down what it tells. */
function heard(options) {
  const session = createSession({ capture: FAST, ...options });
  const events = [];
  for (const name of ['state', 'result', 'error', 'cancelled']) {
    session.on(name, (event) => events.push(name === 'state' ? event : name));
  }
  return { session, events };
}

test('from the camera to a verdict, and the camera is off', async () => {
  const camera = fakeCamera();
  const { session, events } = heard({ checker: goodChecker() });
  const progress = [];
  session.on('progress', (event) => progress.push(event.state));
  await withGlobals(camera.globals, () => session.useCamera(camera.video));
  assert.deepEqual(events, ['loading', 'ready', 'capturing', 'analysing', 'complete', 'result']);
  assert.deepEqual(progress, ['loading', 'capturing', 'capturing', 'analysing']);
  assert.equal(camera.track.stopped, true);
  assert.equal(camera.page.listeners.size, 0);
});

test('photos go the same way without the camera', async () => {
  const { session, events } = heard({ checker: goodChecker() });
  await session.usePhotos([new Blob(['photo'])]);
  assert.deepEqual(events, ['loading', 'ready', 'analysing', 'complete', 'result']);
});

test('loading beforehand is loading once', async () => {
  let loads = 0;
  const { session } = heard({ checker: goodChecker({ preload: async () => { loads++; } }) });
  await Promise.all([session.load(), session.load()]);
  await session.usePhotos([new Blob(['photo'])]);
  assert.equal(loads, 1);
});

test('a failure ends the session with its code, once', async () => {
  const checker = goodChecker({ checkFrames: () => Promise.reject(new DespoofError('gpu_lost', 'gone')) });
  const { session, events } = heard({ checker });
  session.on('error', ({ code }) => assert.equal(code, 'gpu_lost'));
  await session.usePhotos([new Blob(['photo'])]);
  session.cancel();
  await session.usePhotos([new Blob(['photo'])]);
  assert.deepEqual(events, ['loading', 'ready', 'analysing', 'error', 'error']);
});

test('a loading failure is the ending of whatever was asked for', async () => {
  const checker = goodChecker({ preload: () => Promise.reject(new DespoofError('asset_fetch_failed', 'offline')) });
  const { session, events } = heard({ checker });
  await session.usePhotos([new Blob(['photo'])]);
  assert.deepEqual(events, ['loading', 'error', 'error']);
});

test('a refused camera is an error, and nothing was captured', async () => {
  const camera = fakeCamera();
  camera.globals.navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
  const { session, events } = heard({ checker: goodChecker() });
  session.on('error', ({ code }) => assert.equal(code, 'camera_permission_denied'));
  await withGlobals(camera.globals, () => session.useCamera(camera.video));
  assert.deepEqual(events, ['loading', 'ready', 'error', 'error']);
});

const INTERRUPTIONS = {
  camera_lost: (camera) => camera.end(),
  page_hidden: (camera) => camera.hide(),
};

for (const [code, interrupt] of Object.entries(INTERRUPTIONS)) {
  test(`${code} in the middle ends the session with the camera off`, async () => {
    const camera = fakeCamera();
    const checker = goodChecker({
      examine: async () => {
        interrupt(camera);
        return { faces: 1, quality: QUALITY };
      },
    });
    const { session, events } = heard({ checker });
    session.on('error', (error) => assert.equal(error.code, code));
    await withGlobals(camera.globals, () => session.useCamera(camera.video));
    assert.deepEqual(events, ['loading', 'ready', 'capturing', 'error', 'error']);
    assert.equal(camera.track.stopped, true);
  });
}

test('a camera granted after the session was cancelled is switched off', async () => {
  const camera = fakeCamera();
  const { session, events } = heard({ checker: goodChecker() });
  const { getUserMedia } = camera.globals.navigator.mediaDevices;
  camera.globals.navigator.mediaDevices.getUserMedia = () => {
    session.cancel();
    return getUserMedia();
  };
  await withGlobals(camera.globals, () => session.useCamera(camera.video));
  assert.deepEqual(events, ['loading', 'ready', 'cancelled', 'cancelled']);
  assert.equal(camera.track.stopped, true);
});

test('an AbortSignal cancels, before and in the middle', async () => {
  const { session, events } = heard({ checker: goodChecker(), signal: AbortSignal.abort() });
  await session.usePhotos([new Blob(['photo'])]);
  assert.equal(session.state, 'cancelled');
  assert.deepEqual(events, []);

  const controller = new AbortController();
  const later = heard({ checker: goodChecker({ preload: () => new Promise(() => undefined) }), signal: controller.signal });
  const loading = later.session.load();
  controller.abort();
  await loading;
  assert.deepEqual(later.events, ['loading', 'cancelled', 'cancelled']);
});

test('a camera that shows nothing is switched off when the session is cancelled', async () => {
  const camera = fakeCamera();
  const { session, events } = heard({ checker: goodChecker() });
  camera.video.play = () => {
    setTimeout(() => session.cancel());
    return new Promise(() => undefined);
  };
  await withGlobals(camera.globals, () => session.useCamera(camera.video));
  assert.deepEqual(events, ['loading', 'ready', 'cancelled', 'cancelled']);
  assert.equal(camera.track.stopped, true);
});

test('a camera that shows nothing is lost after a while, and switched off', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const camera = fakeCamera();
  const playing = new Promise((played) => {
    camera.video.play = () => {
      played();
      return new Promise(() => undefined);
    };
  });
  await withGlobals(camera.globals, async () => {
    const opening = assert.rejects(openCamera(camera.video), { code: 'camera_lost' });
    await playing;
    context.mock.timers.tick(10_000);
    await opening;
  });
  assert.equal(camera.track.stopped, true);
});

test('a session is started once, and the second start does not disturb the first', async () => {
  const camera = fakeCamera();
  const { session, events } = heard({ checker: goodChecker() });
  await withGlobals(camera.globals, async () => {
    const first = session.useCamera(camera.video);
    assert.equal(session.source, 'camera');
    await assert.rejects(session.usePhotos([new Blob(['photo'])]), { code: 'internal' });
    await first;
  });
  assert.equal(events.at(-1), 'result');
});

/** Several cameras; those in `held` are granted when the test says so. */
function fakeCameras(held) {
  const camera = fakeCamera();
  const tracks = {};
  const grants = {};
  camera.globals.navigator.mediaDevices.getUserMedia = async ({ video: { deviceId } }) => {
    const name = deviceId?.exact ?? 'front';
    const { track } = fakeCamera();
    tracks[name] = track;
    if (held.includes(name)) {
      await new Promise((resolve) => { grants[name] = resolve; });
    }
    return { getTracks: () => [track], getVideoTracks: () => [track] };
  };
  return { camera, tracks, grants };
}

test('of two other cameras the last one counts, and the first is switched off', async () => {
  const { camera, tracks, grants } = fakeCameras(['a', 'b']);
  let looks = 0;
  const checker = goodChecker({
    examine: async () => {
      if (++looks === 1) {
        void session.useOtherCamera(camera.video, 'a');
        void session.useOtherCamera(camera.video, 'b');
        setTimeout(() => { grants.b(); grants.a(); });
      }
      return looks < 5 ? { faces: 0, quality: null } : { faces: 1, quality: { ...QUALITY, sharpness: looks } };
    },
  });
  const { session, events } = heard({ checker });
  const opened = [];
  session.on('camera', () => opened.push(Object.entries(tracks).filter(([, { stopped }]) => !stopped).map(([name]) => name)));
  await withGlobals(camera.globals, () => session.useCamera(camera.video));
  assert.equal(events.at(-1), 'result');
  assert.deepEqual(opened, [['front'], ['b']]);
  assert.deepEqual(Object.values(tracks).map(({ stopped }) => stopped), [true, true, true]);
});

test('a camera that is granted after the frames were taken stays off', async () => {
  const { camera, tracks, grants } = fakeCameras(['a']);
  let looks = 0;
  const checker = goodChecker({
    examine: async () => {
      if (++looks === 2) {
        void session.useOtherCamera(camera.video, 'a');
      }
      return { faces: 1, quality: { ...QUALITY, sharpness: looks } };
    },
    checkFrames: async () => {
      grants.a();
      await new Promise((resolve) => setTimeout(resolve));
      return RESULT;
    },
  });
  const { session, events } = heard({ checker });
  await withGlobals(camera.globals, () => session.useCamera(camera.video));
  assert.equal(events.at(-1), 'result');
  assert.equal(tracks.a.stopped, true);
});

test('options count when they are needed, not when the session is made', async () => {
  let challenge;
  const told = [];
  const checker = goodChecker({ checkFrames: async (_frames, options) => { told.push(options); return RESULT; } });
  const camera = fakeCamera();
  const session = createSession({ checker, capture: FAST, get challenge() { return challenge; } });
  await session.load();
  challenge = 'nonce';
  await withGlobals(camera.globals, () => session.useCamera(camera.video));
  assert.equal(told[0].challenge, 'nonce');
  assert.equal(told[0].capture.frames, FAST.frames);
  assert.equal(told[0].capture.patience, 8000);
});

test('a checker that is disposed in the middle cancels the session', async () => {
  const checker = goodChecker({ checkFrames: () => Promise.reject(new DespoofError('cancelled', 'disposed')) });
  const { session, events } = heard({ checker });
  await session.usePhotos([new Blob(['photo'])]);
  assert.deepEqual(events, ['loading', 'ready', 'analysing', 'cancelled', 'cancelled']);
});

test('a look at a frame that hangs ends the session', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const camera = fakeCamera();
  const examine = (_frame, signal) =>
    new Promise((_resolve, reject) => {
      queueMicrotask(() => context.mock.timers.tick(45_000));
      signal.addEventListener('abort', () => reject(new DespoofError(signal.reason.name === 'TimeoutError' ? 'timeout' : 'cancelled', '')));
    });
  const { session, events } = heard({ checker: goodChecker({ examine }), capture: { ...FAST, timeout: Infinity } });
  session.on('error', ({ code }) => assert.equal(code, 'timeout'));
  await withGlobals(camera.globals, () => session.useCamera(camera.video));
  assert.deepEqual(events, ['loading', 'ready', 'capturing', 'error', 'error']);
  assert.equal(camera.track.stopped, true);
});
