// The exported networks, run by onnxruntime, give what our own passes gave.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import * as ort from 'onnxruntime-web';
import { difference, tensorsOf } from './page/safetensors.mjs';

const TOLERANCE = 1e-4;

const { DESPOOF_ONNX: folder } = process.env;
const read = async (name) => {
  const { buffer, byteOffset, byteLength } = await readFile(join(folder, name));
  return buffer.slice(byteOffset, byteOffset + byteLength);
};
const { networks } = JSON.parse(await readFile(join(folder, 'networks.json'), 'utf8'));
ort.env.wasm.numThreads = 1;

test('every network and the check is there', () => assert.equal(networks.length, 10));

for (const { name, file, inputs, outputs } of networks) {
  test(name, async () => {
    const tensors = tensorsOf(await read(`${name}.check.safetensors`));
    const session = await ort.InferenceSession.create(await read(file), { executionProviders: ['wasm'] });
    const feeds = inputs.map(({ name }) => {
      const { values, shape } = tensors.get(name);
      return [name, new ort.Tensor('float32', values, shape)];
    });
    const answers = await session.run(Object.fromEntries(feeds));
    for (const { name: output } of outputs) {
      const apart = difference(answers[output].data, tensors.get(output).values);
      assert.ok(apart <= TOLERANCE, `${output} differs by ${apart}`);
    }
    await session.release();
  });
}
