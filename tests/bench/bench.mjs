// node bench.mjs --site URL --backend cpu|webgpu --repeats N [--only NAME,…] — one JSON object on stdout.

import { parseArgs } from 'node:util';
import { open } from './browser.mjs';

const { values } = parseArgs({
  options: {
    site: { type: 'string' },
    backend: { type: 'string' },
    repeats: { type: 'string' },
    'warm-ups': { type: 'string', default: '2' },
    only: { type: 'string' },
  },
});

const { page, received, close } = await open(values.site);
try {
  await page.exposeFunction('despoofBenchProgress', (name) => console.error(`${values.backend}: ${name}`));
  const options = {
    repeats: Number(values.repeats),
    warmUps: Number(values['warm-ups']),
    only: values.only?.split(','),
  };
  const result = await page.evaluate(
    ([backend, options]) => window.despoofBench(backend, options),
    [values.backend, options],
  );
  console.log(JSON.stringify({ ...result, received: received() }));
} finally {
  await close();
}
