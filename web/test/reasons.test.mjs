import assert from 'node:assert/strict';
import test from 'node:test';
import { reasonsFrom } from '../dist/reasons.js';

const frames = (...outcomes) => outcomes.map((outcome) => ({ outcome, faces: 1 }));
const five = frames('live', 'live', 'live', 'live', 'live');
const reasons = (input) => reasonsFrom({ outcome: 'live', frames: five, faults: [], fellBack: false, ...input });

test('five good frames need no excuse', () => assert.deepEqual(reasons({}), []));

test('what speaks for caution is named', () => {
  assert.deepEqual(reasons({ frames: frames('live') }), ['few_frames']);
  assert.deepEqual(reasons({ frames: [...five, ...frames('spoof')] }), ['frames_disagree']);
  assert.deepEqual(reasons({ outcome: 'uncertain' }), ['near_threshold']);
  assert.deepEqual(reasons({ frames: five.map((frame, index) => ({ ...frame, cueStrong: index < 3 })) }), ['cue_strong']);
  assert.deepEqual(reasons({ frames: five.map((frame, index) => ({ ...frame, cueStrong: index < 2 })) }), []);
  assert.deepEqual(reasons({ faults: ['blurred', 'too_dark'] }), ['low_light', 'blurred']);
  assert.deepEqual(reasons({ frames: [...five, { outcome: 'live', faces: 2 }] }), ['several_faces']);
  assert.deepEqual(reasons({ fellBack: true }), ['gpu_failed']);
});
