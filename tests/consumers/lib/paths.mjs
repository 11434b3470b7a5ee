// Where things are.

import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export const REPOSITORY = here('../../../');
export const CONSUMERS = here('../');
export const BUILT = here('../.built/');

export const SCREENSHOTS = here('../test-results/screenshots/');
