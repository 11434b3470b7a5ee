// How every browser test here starts Chromium.

import { fileURLToPath } from 'node:url';

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

/** The file of a video for the camera, by its name in `face-video.mjs`, which makes it. */
export const videoOf = (name) => fileURLToPath(new URL(`./.videos/${name}.mjpeg`, import.meta.url));

/** Launch options of Playwright; with a video the camera shows it, without one there is no camera. */
export function launchOptions({ video } = {}) {
  const camera =
    video === undefined
      ? []
      : ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${videoOf(video)}`];
  return { executablePath, args: [...FLAGS, ...camera] };
}
