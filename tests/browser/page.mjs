// Checks photos with the built page's own code, through the hook that check.html offers.

import { readFile } from "node:fs/promises";
import { launch } from "./chromium.mjs";

/** Base64 travels through the debugging protocol as one string; this keeps each well below V8's longest. */
const BATCH_BYTES = 32 << 20;

/**
 * Checks photos one batch after the other in one page, so that all share one loaded model.
 *
 * @param {{site: string, backend: "cpu" | "webgpu", photos: string[], inWorker?: string}} options
 *   `inWorker`: JavaScript that the page's worker runs before its own
 * @returns {AsyncGenerator<object>} one answer for each photo, in their order
 */
export async function* checkPhotos({ site, backend, photos, inWorker }) {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.error(`page: ${error.message}`));
    page.on("console", (message) => message.type() === "error" && console.error(`page: ${message.text()}`));
    if (inWorker !== undefined) {
      await page.route("**/*worker*.js", async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: `${inWorker}${await response.text()}` });
      });
    }
    await page.goto(`${site}/check.html`);
    await page.waitForFunction(() => "despoofCheck" in window);
    for await (const batch of batches(photos)) {
      yield* await answers(page, batch, backend);
    }
  } finally {
    await browser.close();
  }
}

/** A photo that cannot be read gets its answer here, since no page ever sees it. */
async function answers(page, batch, backend) {
  const readable = batch.filter((photo) => "bytes" in photo);
  const checked = await page.evaluate(
    ([photos, backend]) => window.despoofCheck(photos, { backend }),
    [readable, backend],
  );
  return batch.map((photo) => ("bytes" in photo ? checked.shift() : photo));
}

async function* batches(photos) {
  let batch = [];
  let size = 0;
  for (const name of photos) {
    const photo = await read(name);
    size += photo.bytes?.length ?? 0;
    if (batch.length > 0 && size > BATCH_BYTES) {
      yield batch;
      batch = [];
      size = photo.bytes?.length ?? 0;
    }
    batch.push(photo);
  }
  yield batch;
}

async function read(name) {
  try {
    return { name, bytes: (await readFile(name)).toString("base64") };
  } catch (error) {
    return { photo: name, error: { code: "photo_unreadable", message: error.message } };
  }
}
