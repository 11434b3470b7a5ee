// A static file server with a strict policy as a header, so that the policy binds workers as well.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

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
 * @param {{policyOf: (body: Buffer | string) => string, prefix?: string}} options `policyOf` gives the
 *   Content-Security-Policy of an answer; `prefix`, with a slash at both ends, is the address of the folder.
 */
export async function serve(folder, { policyOf, prefix = '/' }) {
  const site = {
    /** Paths below the folder, in the order of the requests. */
    requests: [],
    /** What browsers reported. */
    violations: [],
    /** A test may change an answer: `(path, { status, headers, body }) => changed`. */
    alter: (_path, answer) => answer,
  };
  const server = createServer(async (request, response) => {
    const address = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    if (address === REPORTS) {
      site.violations.push(await bodyOf(request));
      response.writeHead(204).end();
      return;
    }
    const path = address.slice(prefix.length);
    site.requests.push(path);
    const { status, headers, body } = site.alter(path, await read(folder, path));
    const security = {
      'Content-Security-Policy': `${policyOf(body)}; report-uri ${REPORTS}`,
      'Permissions-Policy': 'camera=(self)',
    };
    response.writeHead(status, { ...security, ...headers }).end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  site.origin = `http://127.0.0.1:${server.address().port}`;
  site.url = `${site.origin}${prefix}`;
  site.stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return site;
}

async function read(folder, path) {
  const file = join(folder, normalize(path === '' || path.endsWith('/') ? `${path}index.html` : path));
  try {
    const body = await readFile(file);
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    return { status: 200, headers: { 'Content-Type': type, 'Content-Length': body.length }, body };
  } catch {
    return { status: 404, headers: {}, body: '' };
  }
}

async function bodyOf(request) {
  let body = '';
  for await (const chunk of request) {
    body += chunk;
  }
  return body;
}
