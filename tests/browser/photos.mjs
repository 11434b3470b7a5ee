// The photos that browser tests show.

import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** A public-domain portrait: Eileen Collins, NASA. */
export const PORTRAIT = here('../photos/astronaut.png');
/** The portrait as a print before a camera, by `despoof simulate photo --species print-flat --seed 3`. */
export const PRINT = here('../photos/astronaut-print.png');
