// Makes the videos for Chromium's fake camera: JPEG pictures one after the other, with a slight sway.

import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { launch } from './chromium.mjs';
import { videoOf } from './flags.mjs';
import { PORTRAIT, PRINT } from './photos.mjs';

/** What is cut out of a picture of 512 × 512: the face stands in its middle. */
const FACE = { x: 80, y: 0, width: 290, height: 217.5 };

const VIDEOS = {
  live: { photo: PORTRAIT, width: 640, height: 480, cut: FACE },
  print: { photo: PRINT, width: 640, height: 480, cut: FACE },
  small: { photo: PORTRAIT, width: 320, height: 240, cut: FACE },
  empty: { photo: PORTRAIT, width: 640, height: 480, cut: { x: 340, y: 180, width: 100, height: 75 } },
};

/** Makes the videos that are not there yet; Playwright calls it before the tests. */
export default async function makeFaceVideos() {
  const missing = [];
  for (const name of Object.keys(VIDEOS)) {
    await access(videoOf(name)).catch(() => missing.push(name));
  }
  if (missing.length === 0) {
    return;
  }
  const browser = await launch();
  try {
    const page = await browser.newPage();
    for (const name of missing) {
      const { photo, ...shape } = VIDEOS[name];
      const frames = await page.evaluate(drawFrames, { ...shape, photo: (await readFile(photo)).toString('base64') });
      await mkdir(dirname(videoOf(name)), { recursive: true });
      await writeFile(videoOf(name), Buffer.concat(frames.map((frame) => Buffer.from(frame, 'base64'))));
    }
  } finally {
    await browser.close();
  }
}

/** Runs in the browser, which has a JPEG encoder. */
async function drawFrames({ photo, width, height, cut }) {
  const image = new Image();
  image.src = `data:image/png;base64,${photo}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  return Array.from({ length: 12 }, (_, index) => {
    const sway = Math.sin((index / 12) * 2 * Math.PI) * 2;
    context.drawImage(image, cut.x + sway, cut.y, cut.width, cut.height, 0, 0, width, height);
    return canvas.toDataURL('image/jpeg', 0.92).split(',')[1];
  });
}
