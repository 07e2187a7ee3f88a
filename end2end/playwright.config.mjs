import { defineConfig } from '@playwright/test';
import { DESKTOP, PHONE, launchOptions } from './browser.mjs';

export default defineConfig({
  testDir: 'tests',
  testMatch: '*.spec.mjs',
  globalSetup: './setup.mjs',
  outputDir: 'test-results',
  timeout: 60_000,
  expect: { timeout: 10_000 },
  // Two browsers and one server fit two cores; a retry would hide a race.
  workers: Number(process.env.TINDAHAN_WORKERS ?? 2),
  retries: 0,
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  reporter: [
    ['list'],
    ...(process.env.TINDAHAN_REPORT ? [['json', { outputFile: process.env.TINDAHAN_REPORT }]] : []),
  ],
  use: {
    launchOptions,
    locale: 'en-PH',
    timezoneId: 'Asia/Manila',
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    actionTimeout: 15_000,
  },
  projects: [
    { name: 'phone', use: PHONE },
    { name: 'desktop', use: DESKTOP },
  ],
});
