import assert from 'node:assert/strict';
import test from 'node:test';
import { sharpness } from '../dist/sharpness.js';

/** A grey picture of 16 × 16 from a function of x and y. */
function picture(brightness) {
  const [width, height] = [16, 16];
  const data = new Uint8ClampedArray(width * height * 4);
  for (let at = 0; at < width * height; at++) {
    data.fill(brightness(at % width, Math.floor(at / width)), at * 4, at * 4 + 3);
  }
  return { data, width, height };
}

test('an edge is sharper than a ramp, and a ramp is not sharp at all', () => {
  const edge = sharpness(picture((x) => (x < 8 ? 0 : 255)));
  const blurred = sharpness(picture((x) => Math.min(255, Math.max(0, (x - 4) * 32))));
  const ramp = sharpness(picture((x) => x * 10));
  assert.ok(edge > 10 * blurred, `${edge} and ${blurred}`);
  assert.ok(blurred > 1);
  assert.ok(ramp < 1e-6);
});

test('known value: a single bright point', () => {
  // The Laplacian is −4·100 at the point, 100 at its four neighbours, and 0 at the other 191 of 196 places.
  const point = sharpness(picture((x, y) => (x === 8 && y === 8 ? 100 : 0)));
  assert.ok(Math.abs(point - (400 ** 2 + 4 * 100 ** 2) / 196) < 1e-6);
});

test('a picture too small for a neighbourhood has none', () => {
  assert.equal(sharpness({ data: new Uint8ClampedArray(4), width: 1, height: 1 }), 0);
});
