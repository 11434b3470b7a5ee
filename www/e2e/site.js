/** The built page, served with its own policy as a header. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serve } from '../../tests/browser/site.mjs';
import { DIST } from './paths.js';

/** Not the root: the page has to work under any path. */
const PREFIX = '/some/where/';

/** Starts a server on a free port of this machine. */
export async function startSite() {
  const policy = await publishedPolicy();
  return serve(DIST, { policyOf: () => policy, prefix: PREFIX });
}

/** The policy in the page's meta element. */
async function publishedPolicy() {
  const html = await readFile(join(DIST, 'index.html'), 'utf8');
  return html.match(/Content-Security-Policy"\s+content="([^"]+)"/)[1];
}
