// What scripts call: `despoofBench(backend, options)` compares both runtimes network by network;
// `despoofCounts(backend, photo)` counts what one check asks of the GPU.

import { counted } from './counters.mjs';
import { loadDespoof, loadOnnxRuntime, openDespoof, peakBytes } from './runtimes.mjs';
import { difference, tensorsOf } from './safetensors.mjs';

/** Largest difference of an output from that of the command line's own pass, for either runtime. */
const TOLERANCE = 1e-3;

/** The detector runs on the CPU with either backend. */
const DETECTOR = ['pnet', 'rnet', 'onet'];

window.despoofBench = async (backend, { repeats, warmUps, only }) => {
  const { networks } = await (await fetch('./onnx/networks.json')).json();
  const chosen = networks.filter(({ name }) => (only ? only.includes(name) : backend !== 'webgpu' || !DETECTOR.includes(name)));
  const runtimes = [
    ['despoof', await loadDespoof(backend)],
    ['onnxruntime', await loadOnnxRuntime(backend)],
  ];
  const results = [];
  for (const network of chosen) {
    results.push(await measure(network, runtimes, { repeats, warmUps }));
    window.despoofBenchProgress?.(network.name);
  }
  const peaks = peakBytes();
  const ofRuntimes = runtimes.map(([name, { loadMilliseconds }]) => [
    name,
    { load_ms: loadMilliseconds, wasm_bytes: peaks[name].wasm, gpu_bytes: peaks[name].gpu },
  ]);
  return { backend, networks: results, runtimes: Object.fromEntries(ofRuntimes) };
};

window.despoofCounts = async (backend, photo) => {
  const despoof = await openDespoof(backend);
  const bytes = new Uint8Array(await (await fetch(photo)).arrayBuffer());
  return (await counted(() => despoof.check_photo(bytes, false, undefined))).grown;
};

/** Whether the outputs agree, then what both take, alternating. */
async function measure(network, runtimes, { repeats, warmUps }) {
  const tensors = tensorsOf(await (await fetch(`./onnx/${network.name}.check.safetensors`)).arrayBuffer());
  const inputs = network.inputs.map(({ name }) => ({ name, ...tensors.get(name) }));
  const result = { name: network.name, macs: network.macs, onnx_bytes: network.bytes };
  for (const [name, runtime] of runtimes) {
    const start = performance.now();
    await runtime.prepare(network);
    const outputs = await runtime.run(network, inputs);
    result[name] = { first_ms: performance.now() - start, times_ms: [] };
    result[name].difference = Math.max(
      ...network.outputs.map(({ name }) => difference(outputs[name], tensors.get(name).values)),
    );
    if (!(result[name].difference <= TOLERANCE)) {
      throw new Error(`${network.name}: ${name} differs by ${result[name].difference}`);
    }
    for (let run = 1; run < warmUps; run++) {
      await runtime.run(network, inputs);
    }
  }
  for (let run = 0; run < repeats; run++) {
    // Who begins alternates as well: whatever heats or slows the machine meets both alike.
    for (const [name, runtime] of run % 2 ? runtimes.toReversed() : runtimes) {
      const { value, grown } = await counted(async () => {
        const start = performance.now();
        await runtime.run(network, inputs);
        return performance.now() - start;
      });
      result[name].times_ms.push(value);
      result[name].dispatches = grown.dispatches;
      result[name].submits = grown.submits;
      result[name].read_backs = grown.readBacks;
      result[name].moved_bytes = grown.readBytes + grown.writtenBytes;
    }
  }
  for (const [, runtime] of runtimes) {
    await runtime.release(network);
  }
  return result;
}
