// node loading.mjs --site URL --backend cpu|webgpu — two visits of one browser, as one JSON object on stdout.

import { parseArgs } from 'node:util';
import { launch } from './browser.mjs';

const { values } = parseArgs({ options: { site: { type: 'string' }, backend: { type: 'string' } } });

const browser = await launch();
const context = await browser.newContext();
try {
  console.log(JSON.stringify({ first: await visit(), second: await visit() }));
} finally {
  await browser.close();
}

async function visit() {
  const page = await context.newPage();
  page.setDefaultTimeout(0);
  await page.goto(`${values.site}/loading.html`);
  await page.waitForFunction(() => 'despoofLoading' in window);
  const { start, ready, rows } = await page.evaluate((backend) => window.despoofLoading(backend), values.backend);
  const rowsSince = await page.evaluate(() => window.workerRows.toString());
  const inWorker = await page.workers()[0].evaluate(`(${rowsSince})(${start})`);
  await page.close();
  return { ready, rows: [...rows, ...inWorker].sort((a, b) => a.start - b.start) };
}
