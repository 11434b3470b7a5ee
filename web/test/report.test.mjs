// Reports as the page signs them, and what a server refuses.

import assert from 'node:assert/strict';
import test from 'node:test';
import { ReportError, verifyReport } from 'despoof/verify';
import { signedReport } from '../dist/report.js';
import { withGlobals } from '../testing/globals.mjs';
import { RESULT } from '../testing/result.mjs';

const EXPECTED = { nonce: 'n-1', origin: 'https://example.test', modelDigests: ['m'], wasmDigests: ['w'] };

const sign = (result = RESULT, nonce = 'n-1', origin = 'https://example.test') =>
  withGlobals({ location: { origin } }, () => signedReport(result, nonce));

const refused = (report, expected = EXPECTED) => assert.rejects(verifyReport(report, expected), ReportError);

test('a report says what was found', async () => {
  const claims = await verifyReport(await sign(), EXPECTED);
  assert.deepEqual(
    [claims.outcome, claims.score, claims.nonce, claims.frames, claims.modelDigest, claims.wasmDigest],
    ['live', 0.99, 'n-1', RESULT.frames, 'm', 'w'],
  );
  assert.equal(claims.version, '0.1.0');
});

test('a report says what was asked of the frames, and nothing where the page gave pictures of its own', async () => {
  const capture = { frames: 3, collectFor: 1, patience: 1, timeout: 1, interval: 1, gates: {} };
  const report = await withGlobals({ location: { origin: EXPECTED.origin } }, () => signedReport(RESULT, 'n-1', capture));
  assert.deepEqual((await verifyReport(report, EXPECTED)).capture, capture);
  assert.equal((await verifyReport(await sign(), EXPECTED)).capture, null);
});

test('a replayed report is refused: it has another session’s nonce, or is too old', async () => {
  const report = await sign();
  await refused(report, { ...EXPECTED, nonce: 'n-2' });
  await refused(report, { ...EXPECTED, now: Date.now() / 1000 + 301 });
  await refused(report, { ...EXPECTED, now: Date.now() / 1000 - 301 });
});

test('an altered report is refused, whatever part was altered', async () => {
  const parts = (await sign({ ...RESULT, outcome: 'spoof' })).split('.');
  const claims = JSON.parse(Buffer.from(parts[1], 'base64url'));
  const altered = Buffer.from(JSON.stringify({ ...claims, outcome: 'live' })).toString('base64url');
  await refused([parts[0], altered, parts[2]].join('.'));
  const signature = Buffer.from(parts[2], 'base64url');
  signature[10] ^= 1;
  await refused([parts[0], parts[1], signature.toString('base64url')].join('.'));
});

test('a key put in place of the signer’s signs nothing', async () => {
  const [mine, theirs] = [(await sign()).split('.'), (await sign()).split('.')];
  await refused([theirs[0], mine[1], mine[2]].join('.'));
});

test('a foreign report is refused: another page, another model, another module', async () => {
  await refused(await sign(RESULT, 'n-1', 'https://evil.test'));
  await refused(await sign({ ...RESULT, modelDigest: 'other' }));
  await refused(await sign({ ...RESULT, wasmDigest: 'other' }));
});

test('what is no report is refused', async () => {
  const header = (fields) => Buffer.from(JSON.stringify(fields)).toString('base64url');
  const [good, payload, signature] = (await sign()).split('.');
  const { jwk } = JSON.parse(Buffer.from(good, 'base64url'));
  const typ = 'despoof-report+jws';
  for (const report of ['', 'a.b.c', `${good}.${payload}`, `${good}.${payload}.${signature}.more`, `${good}.${payload}.!!!`]) {
    await refused(report);
  }
  for (const fields of [{ alg: 'none', typ }, { alg: 'ES256', typ: 'JWT', jwk }, { alg: 'ES256', typ }, null]) {
    await refused(`${header(fields)}.${payload}.${signature}`);
  }
});

test('pages that are not secure sign nothing', async () => {
  await assert.rejects(withGlobals({ crypto: {} }, () => sign()), { code: 'insecure_context' });
});
