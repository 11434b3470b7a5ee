import { readFile } from 'node:fs/promises';
import { PORTRAIT } from '../../tests/browser/photos.mjs';
import { expect, test } from './test.js';

test('the page for programs answers every photo, broken ones too', async ({ page, site }) => {
  await page.goto(`${site.url}check.html`);
  await page.waitForFunction(() => 'despoofCheck' in window);
  const portrait = (await readFile(PORTRAIT)).toString('base64');
  const photos = [
    { name: 'note.png', bytes: Buffer.from('this is a text').toString('base64') },
    { name: 'astronaut.png', bytes: portrait },
  ];
  const [note, astronaut] = await page.evaluate(
    (photos) => window.despoofCheck(photos, { backend: 'cpu' }),
    photos,
  );
  expect(note).toEqual({ photo: 'note.png', error: { code: 'photo_format_unknown', message: expect.any(String) } });
  expect(astronaut).toEqual({
    photo: 'astronaut.png',
    outcome: expect.stringMatching(/^(live|spoof|uncertain)$/),
    score: expect.any(Number),
    threshold: expect.any(Number),
    faces: 1,
    stages_ms: expect.objectContaining({ detect: expect.any(Number), score: expect.any(Number) }),
    bundle_digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    backend: 'cpu',
  });
});
