/** A static file server that sends the page's own policy as a header, so that it binds the worker as well. */

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { DIST } from './paths.js';

/** Not the root: the page has to work under any path. */
const PREFIX = '/some/where/';
const REPORTS = '/policy-violation';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** Starts a server on a free port of this machine. */
export async function startSite() {
  const policy = await publishedPolicy();
  const site = {
    url: '',
    /** Paths below the page's folder, in the order of the requests. */
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
    const file = path.slice(PREFIX.length) || 'index.html';
    site.requests.push(file);
    const { status, headers, body } = site.alter(file, await read(file));
    const security = {
      'Content-Security-Policy': `${policy}; report-uri ${REPORTS}`,
      'Permissions-Policy': 'camera=(self)',
    };
    response.writeHead(status, { ...security, ...headers }).end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  site.origin = `http://127.0.0.1:${server.address().port}`;
  site.url = `${site.origin}${PREFIX}`;
  site.stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return site;
}

/** The policy in the page's meta element. */
async function publishedPolicy() {
  const html = await readFile(join(DIST, 'index.html'), 'utf8');
  return html.match(/Content-Security-Policy"\s+content="([^"]+)"/)[1];
}

async function read(file) {
  try {
    const body = await readFile(join(DIST, file));
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
