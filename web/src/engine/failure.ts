/** From anything that was thrown in the worker to an error that can travel. */

import { type ErrorCode, isErrorCode, messageOf } from '../errors.js';
import type { Failure } from '../protocol.js';

/** The code of an error of ours or of wasm; `undefined` for anything else. */
export function codeOf(thrown: unknown): ErrorCode | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || typeof thrown.code !== 'string') {
    return undefined;
  }
  return isErrorCode(thrown.code) ? thrown.code : 'internal';
}

/** Describes a thrown error for the page. */
export function failureFrom(thrown: unknown): Failure {
  const code = codeOf(thrown);
  const message = messageOf(thrown);
  return code === undefined
    ? // After a trap, or an error nobody foresaw, wasm memory may hold half-written values.
      { code: codeOfForeign(thrown), message, fatal: true }
    : { code, message, fatal: code === 'gpu_lost' };
}

function codeOfForeign(thrown: unknown): ErrorCode {
  if (thrown instanceof RangeError) {
    // What engines throw where `memory.grow` or a typed array finds no memory.
    return 'out_of_memory';
  }
  return thrown instanceof WebAssembly.CompileError || thrown instanceof WebAssembly.LinkError
    ? 'wasm_failed'
    : 'internal';
}
