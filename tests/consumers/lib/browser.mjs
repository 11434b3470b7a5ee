// How Chromium is started.

import { executablePath, FLAGS } from '../../browser/flags.mjs';
import { videoOf } from './paths.mjs';

/** Launch options of Playwright; with a video the camera shows it, without one there is no camera. */
export function launchOptions({ video, args = [] } = {}) {
  const camera =
    video === undefined
      ? []
      : ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${videoOf(video)}`];
  return { executablePath, args: [...FLAGS, ...camera, ...args] };
}
