// node screenshot.mjs --site URL --out FILE.png PHOTO… — the page's verdicts on photos, side by side.
// `cargo xtask demo --port 4173` serves a site; docs/images/page.png is made so.

import { parseArgs } from "node:util";
import { launch } from "./chromium.mjs";

const VIEWPORT = { width: 760, height: 860 };

const { values, positionals: photos } = parseArgs({
  allowPositionals: true,
  options: { site: { type: "string" }, out: { type: "string" } },
});

const browser = await launch();
const pictures = [];
for (const photo of photos) {
  pictures.push(await screenshot(photo));
}
await sideBySide(pictures, values.out);
await browser.close();

async function screenshot(photo) {
  const page = await browser.newPage({ viewport: VIEWPORT });
  await page.goto(`${values.site}/?backend=cpu`);
  await page.locator('despoof-check input[type="file"]').setInputFiles(photo);
  await page.locator("#numbers").waitFor({ timeout: 300_000 });
  const picture = await page.screenshot({ animations: "disabled" });
  await page.close();
  return picture.toString("base64");
}

async function sideBySide(pictures, path) {
  const page = await browser.newPage({
    viewport: { width: VIEWPORT.width * pictures.length, height: VIEWPORT.height },
  });
  const images = pictures.map((picture) => `<img src="data:image/png;base64,${picture}">`);
  await page.setContent(`<body style="margin:0;display:flex">${images.join("")}</body>`);
  await page.screenshot({ path });
}
