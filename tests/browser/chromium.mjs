// Headless Chromium as every browser test here uses it.

import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox", // containers run as root, where Chromium's sandbox refuses to start
  // WebGPU without a GPU: Chromium's own software adapter.
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  // Nothing but the page may use the network.
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
];

/** Starts Chromium; playwright gives it a fresh profile and removes it at close. */
export function launch() {
  const executablePath = process.env.DESPOOF_CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: FLAGS });
}
