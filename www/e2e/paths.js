/** Where the tests find and leave things. */

import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The built page. */
export const DIST = here('../dist');

/** A public-domain portrait: Eileen Collins, NASA. */
export const ASTRONAUT = here('../../tests/photos/astronaut.png');

/** The portrait as a camera sees it, made before the tests run. */
export const FACE_VIDEO = here('../test-results/astronaut.mjpeg');

/** Screenshots to look at. */
export const SCREENSHOTS = here('../test-results/screenshots');
