/** Where the wasm modules and the model bundle are. */

import type { Backend, LoadOptions } from '../protocol.js';
import { BUNDLED_MODEL } from './bundled-model.js';
import type { LocateModelFile } from './bundle.js';
import { hasRelaxedSimd } from './relaxed-simd.js';
import type { WasmModule } from './wasm.js';

/** Asks the page where a file is. */
export type AskPage = (name: string) => Promise<string>;

/** The modules; the browser decides which of the two for the CPU it gets. */
type ModuleName = Backend | 'cpu_relaxed';

/** A module's JavaScript, and where its wasm is. */
export interface Bindings {
  readonly module: WasmModule;
  readonly wasmUrl: string;
}

/** Everything a backend is loaded from. */
export interface Assets {
  bindings(backend: Backend): Promise<Bindings>;
  readonly modelFile: LocateModelFile;
}

/** The files where the page says, in the folders it names, or else where the bundler put them. */
export function assetsOf({ assetBaseUrl, modelBaseUrl, asksPage }: LoadOptions, ask: AskPage): Assets {
  const modelFile: LocateModelFile =
    modelBaseUrl === undefined ? bundledModelFile : (name) => new URL(name, modelBaseUrl).href;
  if (asksPage) {
    return {
      bindings: (backend) => hosted(moduleFor(backend), ask),
      modelFile: (name) => ask(`models/web/${name}`),
    };
  }
  return {
    bindings: (backend) => {
      const module = moduleFor(backend);
      return assetBaseUrl === undefined
        ? bundled(module)
        : hosted(module, (name) => new URL(name, assetBaseUrl).href);
    },
    modelFile,
  };
}

function moduleFor(backend: Backend): ModuleName {
  return backend === 'cpu' && hasRelaxedSimd() ? 'cpu_relaxed' : backend;
}

/** A shard the package does not have belongs to another bundle's manifest; asking beside the manifest names it. */
function bundledModelFile(name: string): string {
  // Next.js gives paths without an origin.
  const absolute = (url: string | undefined) => new URL(url ?? '', location.href).href;
  const known = BUNDLED_MODEL[name];
  return known === undefined ? new URL(name, absolute(BUNDLED_MODEL['manifest.json'])).href : absolute(known);
}

/** Written out for each module, because bundlers read these expressions and move the files. */
async function bundled(module: ModuleName): Promise<Bindings> {
  switch (module) {
    case 'cpu':
      return {
        module: await import('../../wasm/cpu/despoof_cpu.js'),
        wasmUrl: new URL('../../wasm/cpu/despoof_cpu_bg.wasm', import.meta.url).href,
      };
    case 'cpu_relaxed':
      return {
        module: await import('../../wasm/cpu_relaxed/despoof_cpu_relaxed.js'),
        wasmUrl: new URL('../../wasm/cpu_relaxed/despoof_cpu_relaxed_bg.wasm', import.meta.url).href,
      };
    case 'webgpu':
      return {
        module: await import('../../wasm/webgpu/despoof_webgpu.js'),
        wasmUrl: new URL('../../wasm/webgpu/despoof_webgpu_bg.wasm', import.meta.url).href,
      };
  }
}

async function hosted(module: ModuleName, locate: (name: string) => string | Promise<string>): Promise<Bindings> {
  const name = `${module}/despoof_${module}`;
  const script = await locate(`${name}.js`);
  return {
    module: await import(/* @vite-ignore */ /* webpackIgnore: true */ /* turbopackIgnore: true */ script),
    wasmUrl: await locate(`${name}_bg.wasm`),
  };
}
