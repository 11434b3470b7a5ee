import assert from 'node:assert/strict';
import test from 'node:test';
import { DespoofError, ERROR_CODES } from 'despoof';
import { failureFrom } from '../dist/engine/failure.js';

test('an error says what, why, and whether trying again helps', () => {
  const cause = new Error('below');
  const error = new DespoofError('camera_in_use', 'busy', { cause });
  assert.ok(error instanceof Error);
  assert.deepEqual(
    [error.name, error.code, error.message, error.recoverable, error.cause],
    ['DespoofError', 'camera_in_use', 'busy', true, cause],
  );
  assert.equal(new DespoofError('integrity_failed', '').recoverable, false);
});

test('codes are in snake case', () => {
  assert.ok(ERROR_CODES.length > 20);
  for (const code of ERROR_CODES) {
    assert.match(code, /^[a-z]+(_[a-z]+)*$/);
  }
});

test('errors of wasm keep their code, and the worker goes on', () => {
  const error = Object.assign(new Error('no face found'), { code: 'no_face' });
  assert.deepEqual(failureFrom(error), { code: 'no_face', message: 'no face found', fatal: false });
  const unknown = Object.assign(new Error('from a newer module'), { code: 'not_known_yet' });
  assert.deepEqual(failureFrom(unknown), { code: 'internal', message: 'from a newer module', fatal: false });
});

test('a lost GPU, a trap and missing memory end the worker', () => {
  const fatal = [
    [Object.assign(new Error(), { code: 'gpu_lost' }), 'gpu_lost'],
    [new WebAssembly.RuntimeError('unreachable'), 'internal'],
    [new WebAssembly.LinkError('import'), 'wasm_failed'],
    [new RangeError('memory'), 'out_of_memory'],
    ['a text', 'internal'],
  ];
  for (const [thrown, code] of fatal) {
    const failure = failureFrom(thrown);
    assert.deepEqual([failure.code, failure.fatal], [code, true]);
  }
});
