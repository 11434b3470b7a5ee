// Counts what the page does on the GPU and how much memory wasm modules take. Imported before anything else.

/** Totals since the page was opened. */
export const totals = { dispatches: 0, submits: 0, readBacks: 0, readBytes: 0, writtenBytes: 0 };

/** Memories of wasm modules, in the order in which they were made. */
export const memories = [];

/** Bytes of each GPU device's buffers, in the order in which the devices made their first: now, and at most. */
export const devices = [];

/** Calls `before` with the arguments of every call of a method. */
function watch(type, method, before) {
  const original = type?.prototype[method];
  if (!original) {
    return;
  }
  type.prototype[method] = function (...args) {
    const result = original.apply(this, args);
    before.call(this, args, result);
    return result;
  };
}

const count = (name) => () => totals[name]++;

watch(globalThis.GPUComputePassEncoder, 'dispatchWorkgroups', count('dispatches'));
watch(globalThis.GPUComputePassEncoder, 'dispatchWorkgroupsIndirect', count('dispatches'));
watch(globalThis.GPUQueue, 'submit', count('submits'));
watch(globalThis.GPUQueue, 'writeBuffer', ([, , data, , size]) => {
  totals.writtenBytes += size === undefined ? data.byteLength : size * (data.BYTES_PER_ELEMENT ?? 1);
});
watch(globalThis.GPUBuffer, 'mapAsync', function ([mode]) {
  if (mode === GPUMapMode.READ) {
    totals.readBacks++;
    totals.readBytes += this.size;
  }
});

const usageOf = new WeakMap();
const owners = new WeakMap();
watch(globalThis.GPUDevice, 'createBuffer', function ([{ size, mappedAtCreation }], buffer) {
  if (!usageOf.has(this)) {
    usageOf.set(this, { now: 0, most: 0 });
    devices.push(usageOf.get(this));
  }
  const usage = usageOf.get(this);
  usage.now += size;
  usage.most = Math.max(usage.most, usage.now);
  owners.set(buffer, usage);
  totals.writtenBytes += mappedAtCreation ? size : 0;
});
watch(globalThis.GPUBuffer, 'destroy', function () {
  const usage = owners.get(this);
  if (usage && owners.delete(this)) {
    usage.now -= this.size;
  }
});

// A module makes its own memory and exports it, or is handed one.
const { Memory } = WebAssembly;
WebAssembly.Memory = new Proxy(Memory, {
  construct(target, args) {
    const memory = new target(...args);
    memories.push(memory);
    return memory;
  },
});
for (const name of ['instantiate', 'instantiateStreaming']) {
  const original = WebAssembly[name];
  WebAssembly[name] = async (...args) => {
    const result = await original.apply(WebAssembly, args);
    const { exports } = result.instance ?? result;
    memories.push(...Object.values(exports).filter((value) => value instanceof Memory && !memories.includes(value)));
    return result;
  };
}

/** How much each total grew while `run` was running. */
export async function counted(run) {
  const before = { ...totals };
  const value = await run();
  const grown = Object.fromEntries(Object.keys(totals).map((name) => [name, totals[name] - before[name]]));
  return { value, grown };
}
