// @ts-check
// The page in Chromium, served by serve.py. The browser: FIRETOWER_CHROMIUM, else Debian's.

import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.mjs',
  outputDir: '../../test-results',
  globalSetup: './server.mjs',
  workers: 2,
  // The story takes two minutes, as it does for people: it begins first.
  projects: [
    { name: 'story', testMatch: 'story.spec.mjs' },
    { name: 'page', testIgnore: 'story.spec.mjs' },
  ],
  retries: 0,
  forbidOnly: true,
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: 'list',
  use: {
    browserName: 'chromium',
    baseURL: process.env.FIRETOWER_URL,
    viewport: { width: 1440, height: 900 },
    deviceScaleFactor: 1,
    locale: 'en-US',
    timezoneId: 'UTC',
    colorScheme: 'light',
    // A tenth of the time; for one test: npx playwright test --trace retain-on-failure.
    trace: 'off',
    screenshot: 'only-on-failure',
    // Making the offline copy takes as long as the page itself: only where it is tested (api, no_egress, offline).
    serviceWorkers: 'block',
    launchOptions: {
      executablePath: process.env.FIRETOWER_CHROMIUM || '/usr/bin/chromium',
      args: ['--no-sandbox'],
    },
  },
});
