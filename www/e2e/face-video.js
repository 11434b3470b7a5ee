/** Makes a video of the portrait for Chromium's fake camera: JPEG pictures one after the other, with a slight sway. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { chromium } from '@playwright/test';
import { launchOptions } from './browser.js';
import { ASTRONAUT, FACE_VIDEO } from './paths.js';

export default async function makeFaceVideo() {
  const browser = await chromium.launch(launchOptions());
  try {
    const page = await browser.newPage();
    const frames = await page.evaluate(drawFrames, (await readFile(ASTRONAUT)).toString('base64'));
    await mkdir(dirname(FACE_VIDEO), { recursive: true });
    await writeFile(FACE_VIDEO, Buffer.concat(frames.map((frame) => Buffer.from(frame, 'base64'))));
  } finally {
    await browser.close();
  }
}

/** Runs in the browser, which has a JPEG encoder. */
async function drawFrames(portrait) {
  const image = new Image();
  image.src = `data:image/png;base64,${portrait}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = 640;
  canvas.height = 480;
  const context = canvas.getContext('2d');
  return Array.from({ length: 12 }, (_, index) => {
    const sway = Math.sin((index / 12) * 2 * Math.PI) * 6;
    // The face fills about a third of the height.
    context.drawImage(image, 80 + sway, 0, 290, 217.5, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL('image/jpeg', 0.92).split(',')[1];
  });
}
