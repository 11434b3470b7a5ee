/** How Chromium is started. */

/** Launch options of Playwright; `extra` are further command line arguments. */
export function launchOptions(...extra) {
  return {
    executablePath: process.env.DESPOOF_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--enable-unsafe-webgpu',
      '--use-webgpu-adapter=swiftshader',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      ...extra,
    ],
  };
}
