// A server that gives nonces and accepts reports, with Node alone: `node report-server.mjs`.
// POST /nonce → the nonce for `<despoof-check challenge="…">`; POST /report with the report as text → what it says.

import { randomUUID } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { ReportError, verifyReport } from 'despoof/verify';

const MOST_BYTES = 20_000;
const NONCE_SECONDS = 300;

/** @param {{origin: string, modelDigests: string[]}} trusted The page's origin, and the models it may use. */
export function reportServer({ origin, modelDigests }) {
  /** Nonces that were given and not used, with the time they end; several servers need a store they share. */
  const open = new Map();
  const routes = {
    'POST /nonce': () => {
      const nonce = randomUUID();
      open.set(nonce, Date.now() + NONCE_SECONDS * 1000);
      return nonce;
    },
    'POST /report': async (request) => {
      const report = await textOf(request);
      const nonce = nonceOf(report);
      const ends = open.get(nonce) ?? 0;
      // Before it is looked at: each nonce is good for one try.
      open.delete(nonce);
      if (ends < Date.now()) {
        throw new ReportError('no such nonce is open');
      }
      const { outcome, score, reasons } = await verifyReport(report, { nonce, origin, modelDigests });
      return JSON.stringify({ outcome, score, reasons });
    },
  };
  return createServer(async (request, response) => {
    try {
      const route = routes[`${request.method} ${request.url}`];
      const answer = await route?.(request);
      response.writeHead(route ? 200 : 404).end(answer);
    } catch (error) {
      response.writeHead(error instanceof ReportError ? 400 : 500).end(error.message);
    }
  });
}

async function textOf(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > MOST_BYTES) {
      throw new ReportError('too long');
    }
  }
  return text;
}

/** Not trusted before the report is verified. */
function nonceOf(report) {
  try {
    return JSON.parse(Buffer.from(report.split('.')[1] ?? '', 'base64url').toString()).nonce;
  } catch {
    throw new ReportError('not a despoof report');
  }
}

/** Packages are often linked into node_modules; a program may be named without its ending. */
function isProgram() {
  const [, program] = process.argv;
  return existsSync(program ?? '') && import.meta.url === pathToFileURL(realpathSync(program)).href;
}

if (isProgram()) {
  const manifest = new URL(import.meta.resolve('despoof/assets/models/web/manifest.json'));
  const { digest } = JSON.parse(await readFile(manifest, 'utf8'));
  const origin = process.env.ORIGIN ?? 'http://localhost:5173';
  reportServer({ origin, modelDigests: [digest] }).listen(8787, () => console.log(`reports of ${origin}: port 8787`));
}
