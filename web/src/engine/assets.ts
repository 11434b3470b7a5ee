/** Where the wasm modules and the model bundle are. */

import type { Backend, LoadOptions } from '../protocol.js';
import { BUNDLED_MODEL } from './bundled-model.js';
import type { LocateModelFile } from './bundle.js';
import type { WasmModule } from './wasm.js';

/** Asks the page where a file is. */
export type AskPage = (name: string) => Promise<string>;

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
      bindings: (backend) => hosted(backend, ask),
      modelFile: (name) => ask(`models/web/${name}`),
    };
  }
  return {
    bindings: (backend) =>
      assetBaseUrl === undefined ? bundled(backend) : hosted(backend, (name) => new URL(name, assetBaseUrl).href),
    modelFile,
  };
}

/** A shard the package does not have belongs to another bundle's manifest; asking beside the manifest names it. */
function bundledModelFile(name: string): string {
  // Next.js gives paths without an origin.
  const absolute = (url: string | undefined) => new URL(url ?? '', location.href).href;
  const known = BUNDLED_MODEL[name];
  return known === undefined ? new URL(name, absolute(BUNDLED_MODEL['manifest.json'])).href : absolute(known);
}

/** Written out for each backend, because bundlers read these expressions and move the files. */
async function bundled(backend: Backend): Promise<Bindings> {
  if (backend === 'cpu') {
    return {
      module: await import('../../wasm/cpu/despoof_cpu.js'),
      wasmUrl: new URL('../../wasm/cpu/despoof_cpu_bg.wasm', import.meta.url).href,
    };
  }
  return {
    module: await import('../../wasm/webgpu/despoof_webgpu.js'),
    wasmUrl: new URL('../../wasm/webgpu/despoof_webgpu_bg.wasm', import.meta.url).href,
  };
}

async function hosted(backend: Backend, locate: (name: string) => string | Promise<string>): Promise<Bindings> {
  const name = `${backend}/despoof_${backend}`;
  const script = await locate(`${name}.js`);
  return {
    module: await import(/* @vite-ignore */ /* webpackIgnore: true */ /* turbopackIgnore: true */ script),
    wasmUrl: await locate(`${name}_bg.wasm`),
  };
}
