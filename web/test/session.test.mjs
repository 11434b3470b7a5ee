// A whole session against a checker and a camera that the test plays.

import assert from 'node:assert/strict';
import test from 'node:test';
import { createSession, DespoofError } from 'despoof';
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
