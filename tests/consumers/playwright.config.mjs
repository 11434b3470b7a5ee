import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'specs',
  testMatch: '**/*.spec.mjs',
  outputDir: 'test-results/artifacts',
  globalSetup: './prepare.mjs',
  // The networks use every core there is: tests side by side would only wait for each other.
  workers: 1,
  timeout: 240_000,
  expect: { timeout: 150_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list'], ['../browser/totals.mjs']],
});
