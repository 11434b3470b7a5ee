// A consumer's built folder, served with the strict policy as a header.

import { createHash } from 'node:crypto';
import { serve as serveFolder } from '../../browser/site.mjs';

/** The policy that web/README.md publishes. */
export const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; " +
  "style-src 'self'; img-src 'self' blob:; media-src blob: mediastream:";

/**
 * Serves a folder on a free port of this machine.
 *
 * @param {string} folder
 * @param {{hashesInlineScripts?: boolean}} options Whether pages' own inline scripts are allowed, by their hashes, as
 *   Next.js needs it.
 */
export function serve(folder, { hashesInlineScripts = false } = {}) {
  const policyOf = hashesInlineScripts
    ? (body) => POLICY.replace("script-src 'self'", `$& ${hashesOf(body)}`)
    : () => POLICY;
  return serveFolder(folder, { policyOf });
}

function hashesOf(html) {
  const scripts = [...`${html}`.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([^]*?)<\/script>/g)];
  const hashes = scripts.map(([, script]) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  return hashes.join(' ');
}
