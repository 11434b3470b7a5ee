/** Whether the browser fuses multiplication and addition of SIMD lanes, for which there is a faster module. */

/** The smallest module with such an instruction: one function, three `i32.const 0; i8x16.splat`, `f32x4.relaxed_madd`. */
const RELAXED_MODULE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 15, 65, 0, 253, 15, 65,
  0, 253, 15, 253, 133, 2, 11,
]);

/** Asked anew each time: it takes microseconds. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(RELAXED_MODULE);
}
