/** How Chromium is started. */

import { executablePath, FLAGS } from '../../tests/browser/flags.mjs';

/** Launch options of Playwright; `extra` are further command line arguments. */
export function launchOptions(...extra) {
  return { executablePath, args: [...FLAGS, ...extra] };
}
