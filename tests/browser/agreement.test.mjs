// The browser scores like the command line, with every module, and refuses the same photos for the same reason.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { checkPhotos } from "./page.mjs";

/** How each module is chosen, and the largest difference of a score: WebGPU sums in another order. */
const MODULES = {
  cpu: { backend: "cpu", inWorker: "WebAssembly.validate = () => false;", tolerance: 0.01 },
  cpu_relaxed: { backend: "cpu", tolerance: 0.01 },
  webgpu: { backend: "webgpu", tolerance: 0.02 },
};

const { DESPOOF_CLI: cli, DESPOOF_SITE: site, DESPOOF_PHOTOS: folder, DESPOOF_BUNDLE: bundle } = process.env;
const photos = (await readdir(folder)).sort().map((name) => join(folder, name));
const native = await checkedByCommandLine();

test("the command line answers at least ten photos", () => {
  const answered = native.filter((answer) => "score" in answer);
  assert.ok(answered.length >= 10, `${answered.length} of ${photos.length} photos have a score`);
});

for (const [module, { tolerance, ...choice }] of Object.entries(MODULES)) {
  test(`${module} agrees with the command line`, async () => {
    const browser = await checkedByBrowser(choice);
    assert.deepEqual(browser.map(({ photo }) => photo), photos);
    const worst = Math.max(...native.map((answer, index) => compared(answer, browser[index], tolerance)));
    console.log(`${module}: largest difference of a score ${worst.toFixed(5)} over ${photos.length} photos`);
  });
}

async function checkedByBrowser(choice) {
  const answers = [];
  for await (const answer of checkPhotos({ site, photos, ...choice })) {
    answers.push(answer);
  }
  return answers;
}

/** Asserts that two answers agree; returns how far their scores are apart. */
function compared(native, browser, tolerance) {
  assert.equal(browser.error?.code, native.error?.code, `${native.photo}: ${browser.error?.message}`);
  if (native.error) {
    return 0;
  }
  assert.equal(browser.faces, native.faces, native.photo);
  assert.equal(browser.bundle_digest, native.bundle_digest, native.photo);
  const difference = Math.abs(browser.score - native.score);
  assert.ok(difference <= tolerance, `${native.photo}: ${native.score} natively, ${browser.score} here`);
  return difference;
}

/** Exit code 1 says that some photo got no answer, which is an answer here. */
function checkedByCommandLine() {
  return new Promise((resolve, reject) => {
    execFile(cli, ["check", "--json", "--bundle", bundle, ...photos], (error, stdout, stderr) => {
      if (error && error.code !== 1) {
        reject(new Error(`${cli} check: ${stderr || error.message}`));
      } else {
        resolve(stdout.trim().split("\n").map((line) => JSON.parse(line)));
      }
    });
  });
}
