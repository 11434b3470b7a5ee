// The two runtimes behind one form: `load`, then `run` of a network on typed arrays.

import { devices, memories } from './counters.mjs';

/** Ours is loaded first, whole; whatever module or device comes later is theirs. */
let oursEnds;

async function measured(load) {
  const start = performance.now();
  const runtime = await load();
  return { ...runtime, loadMilliseconds: performance.now() - start };
}

/** Bytes that each runtime took at most: a wasm module's memory never shrinks. */
export function peakBytes() {
  const wasm = (memories) => memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
  const gpu = (devices) => devices.reduce((sum, { most }) => sum + most, 0);
  return {
    despoof: { wasm: wasm(memories.slice(0, oursEnds.memories)), gpu: gpu(devices.slice(0, oursEnds.devices)) },
    onnxruntime: { wasm: wasm(memories.slice(oursEnds.memories)), gpu: gpu(devices.slice(oursEnds.devices)) },
  };
}

async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(`${url}: ${response.status}`);
  }
  return response;
}

/** The whole bundle in the module of `backend`, after its first check. */
export async function openDespoof(backend) {
  const { default: init, Despoof } = await import(`./wasm/${backend}/despoof_${backend}.js`);
  await init({ module_or_path: `./wasm/${backend}/despoof_${backend}_bg.wasm` });
  const despoof = await Despoof.create(await (await fetched('./models/manifest.json')).text());
  for (const shard of despoof.shards()) {
    despoof.add_shard(shard, new Uint8Array(await (await fetched(`./models/${shard}`)).arrayBuffer()));
  }
  await despoof.finish();
  return despoof;
}

/** A module that was built for benchmarks: it runs single networks. */
export function loadDespoof(backend) {
  return measured(async () => {
    const despoof = await openDespoof(backend);
    oursEnds = { memories: memories.length, devices: devices.length };
    const run = ({ name }, inputs) => despoof.run_part(name, inputs.map(({ values }) => values));
    return { prepare: async () => {}, run, release: async () => {} };
  });
}

/** onnxruntime-web; every network is a session of its own. */
export function loadOnnxRuntime(backend) {
  return measured(async () => {
    const ort = await import(backend === 'webgpu' ? './ort/ort.webgpu.min.mjs' : './ort/ort.wasm.min.mjs');
    ort.env.wasm.wasmPaths = new URL('./ort/', location.href).href;
    ort.env.wasm.numThreads = 1;
    const sessions = new Map();
    const prepare = async ({ name, file }) => {
      const options = {
        executionProviders: [backend === 'webgpu' ? 'webgpu' : 'wasm'],
        graphOptimizationLevel: 'all',
      };
      sessions.set(name, await ort.InferenceSession.create(`./onnx/${file}`, options));
    };
    const run = async ({ name }, inputs) => {
      const feeds = inputs.map(({ name, shape, values }) => [name, new ort.Tensor('float32', values, shape)]);
      const outputs = await sessions.get(name).run(Object.fromEntries(feeds));
      return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data]));
    };
    const release = async ({ name }) => {
      await sessions.get(name).release();
      sessions.delete(name);
    };
    return { prepare, run, release };
  });
}
