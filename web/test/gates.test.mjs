import assert from 'node:assert/strict';
import test from 'node:test';
import { faultsOf, placeOf } from '../dist/session/gates.js';

const GOOD = { size: 0.5, centre: [0.5, 0.5], inside: 1, roll: 0, yaw: 0, pitch: 0, luminance: 0.5, sharpness: 100 };
const FRAME = { width: 1280, height: 720 };

function faults(change, { faces = 1, before } = {}) {
  const quality = { ...GOOD, ...change };
  return faultsOf({ faces, quality }, placeOf(quality, FRAME, FRAME), before);
}

test('a good frame has no faults', () => assert.deepEqual(faults({}), []));

const CASES = {
  several_faces: [{}, { faces: 2 }],
  too_far: [{ size: 0.2 }],
  too_close: [{ size: 0.95 }],
  off_centre: [{ centre: [0.7, 0.5] }],
  turned_away: [{ yaw: -0.5 }],
  hold_still: [{}, { before: { size: 0.5, x: 0.1, y: 0 } }],
  too_dark: [{ luminance: 0.05 }],
  too_bright: [{ luminance: 0.95 }],
  blurred: [{ sharpness: 1 }],
};

for (const [code, [change, rest]] of Object.entries(CASES)) {
  test(`what is ${code} is said to be`, () => assert.deepEqual(faults(change, rest), [code]));
}

test('leaning, nodding and turning are all turned away; a face cut by the border is off the centre', () => {
  for (const change of [{ roll: 30 }, { pitch: 0.4 }, { yaw: 0.5 }]) {
    assert.deepEqual(faults(change), ['turned_away']);
  }
  assert.deepEqual(faults({ inside: 0.5 }), ['off_centre']);
});

test('a smile is not turned away', () => {
  // As the detector sees the portrait in tests/photos.
  assert.deepEqual(faults({ pitch: 0.23, yaw: 0.03, roll: 3.5 }), []);
});

test('no face is the only fault of an empty frame', () => {
  assert.deepEqual(faultsOf({ faces: 0, quality: null }, undefined, undefined), ['face_not_found']);
});

test('faults come in the order of their urgency', () => {
  assert.deepEqual(faults({ size: 0.1, luminance: 0 }, { faces: 3 }), ['several_faces', 'too_far', 'too_dark']);
});

test('what counts is the part of the frame that people see', () => {
  // A wide preview of an upright camera shows its middle: the same face is larger in it.
  const upright = { width: 720, height: 1280 };
  const place = placeOf({ size: 0.3, centre: [0.5, 0.5] }, upright, { width: 400, height: 300 });
  assert.ok(Math.abs(place.size - (0.3 * 1280) / 540) < 1e-9);
  // An upright preview of a wide camera shows all of its height.
  assert.equal(placeOf({ size: 0.3, centre: [0.5, 0.5] }, FRAME, { width: 300, height: 400 }).size, 0.3);
});
