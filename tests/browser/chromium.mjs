// Headless Chromium for scripts without Playwright's test runner.

import { chromium } from "playwright-core";
import { executablePath, FLAGS } from "./flags.mjs";

/** Starts Chromium; playwright gives it a fresh profile and removes it at close. */
export function launch() {
  return chromium.launch({ executablePath, args: FLAGS });
}
