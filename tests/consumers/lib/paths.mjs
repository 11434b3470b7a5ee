// Where things are.

import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export const REPOSITORY = here('../../../');
export const CONSUMERS = here('../');
export const BUILT = here('../.built/');

/** A public-domain portrait: Eileen Collins, NASA. */
export const PORTRAIT = here('../../photos/astronaut.png');
/** The portrait as a print before a camera, by `despoof simulate photo --species print-flat --seed 3`. */
export const PRINT = here('../photos/astronaut-print.png');

/** What the camera shows, by name; made by face-video.mjs. */
export const videoOf = (name) => `${BUILT}videos/${name}.mjpeg`;
export const SCREENSHOTS = here('../test-results/screenshots/');
