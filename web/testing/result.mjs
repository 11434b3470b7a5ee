// What a session may have found.

export const RESULT = {
  outcome: 'live',
  score: 0.99,
  threshold: 0.9,
  spread: 0.01,
  frames: [{ outcome: 'live', score: 0.99, faces: 1, digest: 'f' }],
  reasons: ['few_frames'],
  timings: {},
  backend: 'cpu',
  modelDigest: 'm',
  wasmDigest: 'w',
  advisory: true,
};
