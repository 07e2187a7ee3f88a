// Measures how long a tap waits for its answer while a page comes to life, on a processor four times slower: taps on its heading
// from the first paint until a second after the page is alive; the longest, from touch to the next paint (Event Timing).
//
//   node bench/tap.mjs [--runs 3] [--url http://127.0.0.1:3000] [path…]

import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { PHONE, launchOptions } from '../end2end/browser.mjs';

const { chromium } = createRequire(new URL('../end2end/package.json', import.meta.url))('@playwright/test');
const { values, positionals } = parseArgs({ allowPositionals: true, options: { runs: { type: 'string', default: '3' }, url: { type: 'string' } } });
const paths = positionals.length > 0 ? positionals : ['/', '/p/stoneware-mug', '/c/tableware'];
const shop = values.url ? { url: values.url, stop: async () => {} } : await (await import('../end2end/harness.mjs')).startShop();

const measure = async (browser, url) => {
  const context = await browser.newContext({ ...PHONE, serviceWorkers: 'block' });
  const page = await context.newPage();
  await page.addInitScript(() => {
    window.slowest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.slowest = Math.max(window.slowest, duration);
    }).observe({ type: 'event', durationThreshold: 16, buffered: true });
  });
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await page.goto(url, { waitUntil: 'commit' });
  const heading = page.locator('h1').first();
  await heading.waitFor();
  const { x, y, width, height } = await heading.boundingBox();
  const begun = Date.now();
  let alive = null;
  while (alive === null || Date.now() < alive + 1000) {
    await page.touchscreen.tap(x + width / 2, y + height / 2);
    if (alive === null && await page.evaluate(() => document.documentElement.hasAttribute('data-hydrated'))) alive = Date.now();
    if (Date.now() > begun + 20_000) throw new Error(`${url} did not come to life`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const slowest = await page.evaluate(() => window.slowest);
  await context.close();
  return slowest;
};

const browser = await chromium.launch(launchOptions);
try {
  console.log('page                     slowest tap');
  for (const path of paths) {
    const runs = [];
    for (let run = 0; run < Number(values.runs); run += 1) runs.push(await measure(browser, shop.url + path));
    console.log(`${path.padEnd(24)}${`${runs.toSorted((a, b) => a - b)[Math.floor(runs.length / 2)]} ms`.padStart(12)}`);
  }
} finally {
  await browser.close();
  await shop.stop();
}
