import { defineConfig } from '@playwright/test';
import { launchOptions } from '../tests/browser/flags.mjs';

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  globalSetup: '../tests/browser/face-video.mjs',
  // The networks use every core there is: tests side by side would only wait for each other.
  workers: 1,
  // SwiftShader runs the networks on the CPU.
  timeout: 180_000,
  expect: { timeout: 150_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list'], ['../tests/browser/totals.mjs']],
  use: { launchOptions: launchOptions(), viewport: { width: 1280, height: 800 } },
});
