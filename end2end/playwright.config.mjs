import { defineConfig } from '@playwright/test';
import { DESKTOP, PHONE, launchOptions } from './browser.mjs';

// Each test runs on the device that its tag names, '@phone' or '@desktop': where it matters most. A test without a tag, or with
// both, runs on both, so that none is left out by mistake. With TINDAHAN_LONG=1 every test runs on both.
const but = (other, own) => (process.env.TINDAHAN_LONG ? {} : { grepInvert: new RegExp(`^(?!.*${own}\\b).*${other}\\b`) });

export default defineConfig({
  testDir: 'tests',
  testMatch: '*.spec.mjs',
  // Only a program with its pages' files inside can run alone.
  testIgnore: process.env.TINDAHAN_SITE ? 'alone.spec.mjs' : [],
  globalSetup: './setup.mjs',
  outputDir: 'test-results',
  timeout: 60_000,
  expect: { timeout: 10_000 },
  // Two browsers and one server fit two cores.
  workers: Number(process.env.TINDAHAN_WORKERS ?? 2),
  // One that passes only when it is run again is named in the closing lines of scripts/test.sh: it may be a race.
  retries: 1,
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
    // A trace of each step takes a fifth of two cores: switch it on when a journey has failed (`--trace on`).
    trace: 'off',
    actionTimeout: 15_000,
  },
  projects: [
    { name: 'phone', use: PHONE, ...but('@desktop', '@phone') },
    { name: 'desktop', use: DESKTOP, ...but('@phone', '@desktop') },
  ],
});
