// A static file server with the strict policy, as a header, so that it binds workers as well.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

/** The policy that web/README.md publishes. */
export const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; " +
  "style-src 'self'; img-src 'self' blob:; media-src blob: mediastream:";

const REPORTS = '/policy-violation';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/**
 * Serves a folder on a free port of this machine.
 *
 * @param {string} folder
 * @param {{hashesInlineScripts?: boolean}} options Whether pages' own inline scripts are allowed, by their hashes, as
 *   Next.js needs it.
 */
export async function serve(folder, { hashesInlineScripts = false } = {}) {
  const site = {
    /** Paths in the order of the requests. */
    requests: [],
    /** What browsers reported. */
    violations: [],
    /** A test may change an answer: `(path, { status, headers, body }) => changed`. */
    alter: (_path, answer) => answer,
  };
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    if (path === REPORTS) {
      site.violations.push(await bodyOf(request));
      response.writeHead(204).end();
      return;
    }
    site.requests.push(path);
    const { status, headers, body } = site.alter(path, await read(folder, path));
    const policy = hashesInlineScripts ? POLICY.replace("script-src 'self'", `$& ${hashesOf(body)}`) : POLICY;
    const security = {
      'Content-Security-Policy': `${policy}; report-uri ${REPORTS}`,
      'Permissions-Policy': 'camera=(self)',
    };
    response.writeHead(status, { ...security, ...headers }).end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  site.origin = `http://127.0.0.1:${server.address().port}`;
  site.url = `${site.origin}/`;
  site.stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return site;
}

async function read(folder, path) {
  const file = join(folder, normalize(path.endsWith('/') ? `${path}index.html` : path));
  try {
    const body = await readFile(file);
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    return { status: 200, headers: { 'Content-Type': type, 'Content-Length': body.length }, body };
  } catch {
    return { status: 404, headers: {}, body: '' };
  }
}

function hashesOf(html) {
  const scripts = [...`${html}`.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([^]*?)<\/script>/g)];
  const hashes = scripts.map(([, script]) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  return hashes.join(' ');
}

async function bodyOf(request) {
  let body = '';
  for await (const chunk of request) {
    body += chunk;
  }
  return body;
}
