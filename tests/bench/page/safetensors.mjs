// Reads 32-bit floats of a safetensors file.

/**
 * @param {ArrayBuffer} buffer the file
 * @returns {Map<string, {shape: number[], values: Float32Array}>}
 */
export function tensorsOf(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const tensors = new Map();
  for (const [name, { dtype, shape, data_offsets: [start, end] }] of Object.entries(header)) {
    if (name !== '__metadata__') {
      if (dtype !== 'F32') {
        throw new TypeError(`${name} has element type ${dtype}`);
      }
      // A copy: the file aligns nothing.
      tensors.set(name, { shape, values: new Float32Array(buffer.slice(8 + length + start, 8 + length + end)) });
    }
  }
  return tensors;
}

/** Largest difference of two lists of numbers, of values around 1 or relative to the largest of `expected`. */
export function difference(values, expected) {
  if (values.length !== expected.length) {
    return Infinity;
  }
  let scale = 1;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]));
    const apart = Math.abs(values[i] - expected[i]);
    worst = apart <= worst ? worst : apart; // NaN counts as worse
  }
  return worst / scale;
}
