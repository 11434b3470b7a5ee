/** Where the tests find and leave things. */

import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The built page. */
export const DIST = here('../dist');

/** Screenshots to look at. */
export const SCREENSHOTS = here('../test-results/screenshots');
