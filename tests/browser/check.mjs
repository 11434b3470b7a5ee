// node check.mjs --site URL --backend cpu|webgpu PHOTO… — one JSON line for each photo, in their order.

import { parseArgs } from "node:util";
import { checkPhotos } from "./page.mjs";

const { values, positionals: photos } = parseArgs({
  allowPositionals: true,
  options: { site: { type: "string" }, backend: { type: "string" } },
});

for await (const answer of checkPhotos({ ...values, photos })) {
  console.log(JSON.stringify(answer));
}
