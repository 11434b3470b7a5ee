// Capturing against a camera and a clock that the test plays.

import assert from 'node:assert/strict';
import test from 'node:test';
import { FramePicker } from '../dist/session/frame-picker.js';
import { captureFrames as captureWithSettings, settingsFrom } from '../dist/session/capture.js';
import { HintFilter } from '../dist/session/hints.js';

const GOOD = { size: 0.5, centre: [0.5, 0.5], inside: 1, roll: 0, yaw: 0, pitch: 0, luminance: 0.5, sharpness: 100 };
const VIDEO = { videoWidth: 1280, videoHeight: 720, clientWidth: 640, clientHeight: 360 };

/** Every frame takes 200 ms; `look` says what the frame with a number shows. */
function stage(look) {
  const frames = [];
  const hints = [];
  let time = 0;
  return {
    frames,
    hints,
    counts: [],
    open: () => frames.filter(({ closed }) => !closed),
    tools: {
      grab: async () => {
        const frame = { number: frames.length, closed: false, close() { this.closed = true; } };
        frames.push(frame);
        return frame;
      },
      examine: async ({ number }) => look(number),
      cameraIsComing: () => false,
      now: () => time,
      sleep: async () => { time += 200; },
      onHint: (hint) => hints.push(hint),
      onFrame: () => undefined,
    },
  };
}

const captureFrames = (source, tools, signal, options = {}) =>
  captureWithSettings(source, tools, signal, settingsFrom(options));

let pictures = 0;
/** No two pictures of a camera are equally sharp. */
const shows = (change) => ({ faces: 1, quality: { ...GOOD, sharpness: 100 + ++pictures / 1000, ...change } });
const never = new AbortController().signal;

test('the sharpest frames are kept, the others are freed', async () => {
  const { tools, open } = stage((number) => shows({ sharpness: 100 + ((number * 3) % 7) }));
  const captured = await captureFrames(VIDEO, tools, never, { frames: 3 });
  assert.equal(captured.length, 3);
  assert.deepEqual(captured.map(({ sharpness }) => sharpness), [106, 105, 104]);
  assert.deepEqual(open(), captured.map(({ frame }) => frame).sort((a, b) => a.number - b.number));
});

test('a face that is not there is hinted at, and found', async () => {
  const { tools, hints } = stage((number) => (number < 10 ? { faces: 0, quality: null } : shows({})));
  const captured = await captureFrames(VIDEO, tools, never);
  assert.equal(captured.length, 5);
  assert.deepEqual(hints[0], { code: 'face_not_found', persists: false });
  assert.equal(hints.at(-1), null);
});

test('darkness is tolerated after a while, and remembered', async () => {
  const { tools } = stage(() => shows({ luminance: 0.05 }));
  const captured = await captureFrames(VIDEO, tools, never, { frames: 2 });
  assert.deepEqual(captured.map(({ faults }) => faults), [['too_dark'], ['too_dark']]);
});

test('a face turned away is never tolerated', async () => {
  const { tools, open } = stage(() => shows({ yaw: 1 }));
  await assert.rejects(captureFrames(VIDEO, tools, never), { code: 'timeout', message: /turned_away/ });
  assert.deepEqual(open(), []);
});

test('few good frames are better than none', async () => {
  const { tools } = stage((number) => (number === 3 ? shows({}) : { faces: 0, quality: null }));
  assert.equal((await captureFrames(VIDEO, tools, never)).length, 1);
});

test('a frozen picture counts once', async () => {
  const { tools, open } = stage(() => shows({ sharpness: 100 }));
  const captured = await captureFrames(VIDEO, tools, never);
  assert.equal(captured.length, 1);
  assert.equal(open().length, 1);
});

test('a camera too small or without a picture is refused', async () => {
  const { tools } = stage(() => shows({}));
  await assert.rejects(captureFrames({ ...VIDEO, videoWidth: 320, videoHeight: 180 }, tools, never), {
    code: 'frame_too_small',
  });
  await assert.rejects(captureFrames({ ...VIDEO, videoWidth: 0 }, tools, never), { code: 'camera_lost' });
  assert.equal((await captureFrames({ ...VIDEO, videoWidth: 320, videoHeight: 240 }, tools, never)).length, 5);
});

test('a camera that is coming may take its time, one that went dark may not', async () => {
  const { tools } = stage(() => shows({}));
  const started = tools.now();
  const source = { ...VIDEO, videoWidth: 0 };
  const coming = {
    ...tools,
    cameraIsComing: () => tools.now() - started < 20_000,
    sleep: async () => {
      await tools.sleep();
      source.videoWidth = tools.now() - started < 21_000 ? 0 : 1280;
    },
  };
  assert.equal((await captureFrames(source, coming, never)).length, 5);
  await assert.rejects(captureFrames({ ...VIDEO, videoWidth: 0 }, tools, never), { code: 'camera_lost' });
});

test('ending it frees every frame', async () => {
  const controller = new AbortController();
  const { tools, open } = stage((number) => {
    if (number === 4) {
      controller.abort();
    }
    return shows({});
  });
  await assert.rejects(captureFrames(VIDEO, tools, controller.signal), { code: 'cancelled' });
  assert.deepEqual(open(), []);
});

test('a hint is shown after half a second, marked when it persists, and taken away later', () => {
  const filter = new HintFilter();
  assert.equal(filter.next('too_far', 0), undefined);
  assert.equal(filter.next('too_far', 400), undefined);
  assert.deepEqual(filter.next('too_far', 500), { code: 'too_far', persists: false });
  assert.equal(filter.next('too_far', 900), undefined);
  assert.deepEqual(filter.next('too_far', 5500), { code: 'too_far', persists: true });
  assert.equal(filter.next(undefined, 5600), undefined);
  assert.equal(filter.next(undefined, 6100), null);
  assert.equal(filter.next(undefined, 6200), undefined);
});

test('a flicker is no hint', () => {
  const filter = new HintFilter();
  for (let time = 0; time < 3000; time += 300) {
    assert.equal(filter.next(time % 600 === 0 ? 'blurred' : 'too_dark', time), undefined);
  }
});

test('frames without faults go before sharper ones with faults', () => {
  const picker = new FramePicker(2);
  const frame = () => ({ close: () => undefined });
  picker.add({ frame: frame(), faults: ['too_dark'], sharpness: 900 });
  picker.add({ frame: frame(), faults: [], sharpness: 1 });
  picker.add({ frame: frame(), faults: [], sharpness: 2 });
  assert.deepEqual(picker.take().map(({ sharpness }) => sharpness), [2, 1]);
  assert.equal(picker.size, 0);
});
