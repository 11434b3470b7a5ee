// How Chromium is started.

import { videoOf } from './paths.mjs';

/** Launch options of Playwright; with a video the camera shows it, without one there is no camera. */
export function launchOptions({ video, args = [] } = {}) {
  return {
    executablePath: process.env.DESPOOF_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', // containers run as root, where Chromium's sandbox refuses to start
      '--enable-unsafe-webgpu',
      '--use-webgpu-adapter=swiftshader',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      ...(video === undefined
        ? []
        : ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${videoOf(video)}`]),
      ...args,
    ],
  };
}
