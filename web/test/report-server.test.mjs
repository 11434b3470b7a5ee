// The example of a server, as a page would use it.

import assert from 'node:assert/strict';
import test from 'node:test';
import { signedReport } from '../dist/report.js';
import { reportServer } from '../examples/report-server.mjs';
import { withGlobals } from '../testing/globals.mjs';
import { RESULT } from '../testing/result.mjs';

const ORIGIN = 'https://example.test';

test('each nonce is good for one report, whether that is accepted or not', async (context) => {
  const server = reportServer({ origin: ORIGIN, modelDigests: [RESULT.modelDigest] }).listen(0, '127.0.0.1');
  context.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const post = async (path, body) => {
    const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { method: 'POST', body });
    return [response.status, await response.text()];
  };
  const sign = (nonce, origin) => withGlobals({ location: { origin } }, () => signedReport(RESULT, nonce));
  const nonce = async () => (await post('/nonce'))[1];

  const report = await sign(await nonce(), ORIGIN);
  const accepted = await post('/report', report);
  assert.deepEqual([accepted[0], JSON.parse(accepted[1]).outcome], [200, RESULT.outcome]);
  assert.deepEqual(await post('/report', report), [400, 'no such nonce is open']);

  const foreign = await nonce();
  assert.deepEqual(await post('/report', await sign(foreign, 'https://evil.test')), [400, 'from another origin']);
  assert.deepEqual(await post('/report', await sign(foreign, ORIGIN)), [400, 'no such nonce is open']);

  assert.deepEqual(await post('/report', await sign('a nonce nobody gave', ORIGIN)), [400, 'no such nonce is open']);
  assert.deepEqual(await post('/report', 'nonsense'), [400, 'not a despoof report']);
  assert.deepEqual(await post('/report', 'x'.repeat(30_000)), [400, 'too long']);
  assert.equal((await post('/elsewhere'))[0], 404);
});
