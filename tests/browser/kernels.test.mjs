// The kernels for WebGPU against plain loops. The Rust tests write the cases: the text of each kernel, its
// workgroups, and the lengths of its buffers (crates/despoof-kernels/src/cube/wgsl/cases.rs).

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { launch } from "./chromium.mjs";
import { references } from "./kernels.mjs";

/** Largest difference, of values around 1 or relative to larger ones. */
const TOLERANCE = 1e-4;

const cases = JSON.parse(await readFile(process.env.DESPOOF_KERNEL_CASES, "utf8"));
let browser, page, server;

before(async () => {
  // WebGPU is for secure contexts, of which localhost is one and about:blank is not.
  server = createServer((_, response) => response.setHeader("Content-Type", "text/html").end("<!doctype html>"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  browser = await launch();
  page = await browser.newPage();
  await page.goto(`http://localhost:${server.address().port}/`);
  await page.evaluate(async () => {
    window.device = await (await navigator.gpu.requestAdapter()).requestDevice();
  });
});

after(async () => {
  await browser?.close();
  server?.close();
});

for (const [index, kernel] of cases.entries()) {
  test(kernel.name, async () => {
    const inputs = kernel.inputs.map((length, input) => numbers(length, 100 * index + input));
    const variance = kernel.buffers.indexOf("variance");
    if (variance >= 0) {
      inputs[variance] = inputs[variance].map(Math.abs);
    }
    if (kernel.kind === "pixels") {
      inputs[0] = inputs[0].map((number) => Math.floor((number + 1) * 2 ** 23));
    }
    const expected = references[kernel.kind](inputs, kernel.shape);
    const { output, milliseconds } = await page.evaluate(onWebGpu, { ...kernel, inputs: inputs.map((input) => [...input]) });
    assert.equal(output.length, expected.length);
    const worst = output.reduce((worst, value, at) => {
      const difference = Math.abs(value - expected[at]) / Math.max(1, Math.abs(expected[at]));
      return difference <= worst ? worst : difference; // NaN counts as worse
    }, 0);
    assert.ok(worst <= TOLERANCE, `differs by ${worst}`);
    if (process.env.DESPOOF_KERNEL_TIMES) {
      console.log(`${milliseconds.toFixed(2)} ms  ${kernel.name}`);
    }
  });
}

/** Numbers in [-1, 1), the same in every run. */
function numbers(length, seed) {
  let state = (seed + 1) * 2654435761;
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround(state / 2 ** 31 - 1);
  });
}

/** Runs in the page. The time is the shortest of a few runs behind the first. */
async function onWebGpu({ text, sizes, workgroups, inputs, output }) {
  const { device } = window;
  const buffer = (size, usage) => device.createBuffer({ size, usage });
  const { STORAGE, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage;
  const uploaded = (data) => {
    const target = buffer(data.byteLength, STORAGE | COPY_DST);
    device.queue.writeBuffer(target, 0, data);
    return target;
  };
  const bytes = 4 * output;
  const target = buffer(bytes, STORAGE | COPY_SRC);
  const buffers = [...inputs.map((input) => uploaded(new Float32Array(input))), target, uploaded(new Uint32Array(sizes))];
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code: text });
  const compute = { module, entryPoint: "main" };
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute });
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const read = buffer(bytes, COPY_DST | MAP_READ);
  let milliseconds = Infinity;
  for (let run = 0; run < 4; run++) {
    const start = performance.now();
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...workgroups);
    pass.end();
    encoder.copyBufferToBuffer(target, 0, read, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    milliseconds = Math.min(milliseconds, run > 0 ? performance.now() - start : Infinity);
  }
  const error = await device.popErrorScope();
  if (error) {
    throw new Error(error.message);
  }
  await read.mapAsync(GPUMapMode.READ);
  return { output: [...new Float32Array(read.getMappedRange())], milliseconds };
}
