// How every browser test here starts Chromium.

/** The program: what `cargo xtask` found, or Debian's place for it. */
export const executablePath = process.env.DESPOOF_CHROMIUM ?? '/usr/bin/chromium';

export const FLAGS = [
  '--no-sandbox', // containers run as root, where Chromium's sandbox refuses to start
  // WebGPU without a GPU: Chromium's own software adapter.
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  // Nothing but the page may use the network.
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
];
