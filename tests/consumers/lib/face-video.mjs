// Makes the videos for Chromium's fake camera: JPEG pictures one after the other, with a slight sway.

import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { chromium } from '@playwright/test';
import { launchOptions } from './browser.mjs';
import { PORTRAIT, PRINT, videoOf } from './paths.mjs';

/** What is cut out of a picture of 512 × 512, not enlarged, so that the face stands in the middle and is large enough. */
const FACE = { x: 25, y: 0, width: 400, height: 300 };

const VIDEOS = {
  live: { photo: PORTRAIT, width: 400, height: 300, cut: FACE },
  print: { photo: PRINT, width: 400, height: 300, cut: FACE },
  small: { photo: PORTRAIT, width: 320, height: 240, cut: FACE },
  empty: { photo: PORTRAIT, width: 640, height: 480, cut: { x: 340, y: 180, width: 100, height: 75 } },
};

/** Makes the videos that are not there yet. */
export async function makeFaceVideos() {
  const missing = [];
  for (const name of Object.keys(VIDEOS)) {
    await access(videoOf(name)).catch(() => missing.push(name));
  }
  if (missing.length === 0) {
    return;
  }
  const browser = await chromium.launch(launchOptions());
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
