// Writes a picture of each page at phone and desktop size, light and dark, into shots/.
//
//   node shots.mjs [--only name,part-of-a-name] [--url http://127.0.0.1:3000]
//
// Without --url it starts a shop of its own.

import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { DESKTOP, PHONE, launchOptions } from './browser.mjs';
import { startShop } from './harness.mjs';
import { pages } from './pages.mjs';

const { values } = parseArgs({ options: { only: { type: 'string' }, url: { type: 'string' } } });
const folder = path.join(import.meta.dirname, '..', 'shots');
const wanted = pages.filter(({ name }) => !values.only || values.only.split(',').some((part) => name.includes(part)));
const sizes = { '390x844': PHONE, '1440x900': DESKTOP };

const shop = values.url ? { url: values.url, stop: async () => {} } : await startShop({ withPast: true });
// A shop with a past says where its own simulators keep its mail.
if (shop.log) [, process.env.TINDAHAN_SIMULATORS_URL] = (await readFile(shop.log, 'utf8')).match(/mail +(http\S+)\/mail/);
let failed = 0;
try {
  await mkdir(folder, { recursive: true });
  const browser = await chromium.launch(launchOptions);
  for (const [size, device] of Object.entries(sizes)) {
    for (const colorScheme of ['light', 'dark']) {
      const options = { ...device, baseURL: shop.url, colorScheme, reducedMotion: 'reduce', locale: 'en-PH', timezoneId: 'Asia/Manila' };
      const context = await browser.newContext(options);
      const page = await context.newPage();
      for (const { name, address, prepare } of wanted) {
        const file = path.join(folder, `${name}-${size}-${colorScheme}.png`);
        try {
          await page.goto(address, { waitUntil: 'networkidle' });
          await prepare?.(page);
          // Pictures below the fold load when they come into view.
          await page.evaluate(async () => {
            for (const image of document.images) image.loading = 'eager';
            await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
            await document.fonts.ready;
          });
          await page.screenshot({ path: file, fullPage: true });
          console.log(path.relative(process.cwd(), file));
        } catch (error) {
          failed += 1;
          console.error(`${name} ${size} ${colorScheme}: ${error.message.split('\n')[0]}`);
        }
      }
      await context.close();
    }
  }
  await browser.close();
} finally {
  await shop.stop();
}
process.exit(failed === 0 ? 0 : 1);
