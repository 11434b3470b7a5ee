/** From anything that was thrown in the worker to an error that can travel. */

import { DespoofError, type ErrorCode, isErrorCode, messageOf } from '../errors.js';
import type { Failure } from '../protocol.js';

/** The code of an error of ours or of wasm; `undefined` for anything else. */
export function codeOf(thrown: unknown): ErrorCode | undefined {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return isErrorCode(code) ? code : undefined;
}

/** Describes a thrown error for the page. */
export function failureFrom(thrown: unknown): Failure {
  const code = codeOf(thrown) ?? codeOfForeign(thrown);
  const message = messageOf(thrown);
  // After a trap, or an error nobody foresaw, wasm memory may hold half-written values.
  const foreseen = thrown instanceof DespoofError || codeOf(thrown) !== undefined;
  return { code, message, fatal: !foreseen || code === 'gpu_lost' };
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
