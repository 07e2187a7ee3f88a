// Measures pages of the shop as Lighthouse shows them on a phone: applied throttling, the median of several runs.
//
//   node bench/lighthouse.mjs [--runs 3] [--url http://127.0.0.1:3000] [path…]
//
// Without --url it starts a shop of its own from TINDAHAN_BINARY, as `make lighthouse` does with the one file of `make dist`.
// The machine's own speed, Lighthouse's benchmark index, stands beside: only figures of one run compare.

import { parseArgs } from 'node:util';
import { launch } from 'chrome-launcher';
import lighthouse, { desktopConfig } from 'lighthouse';
import { launchOptions } from '../end2end/browser.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '3' }, url: { type: 'string' }, desktop: { type: 'boolean' } },
});
const paths = positionals.length > 0 ? positionals : ['/', '/p/stoneware-mug', '/c/tableware'];
const shop = values.url ? { url: values.url, stop: async () => {} } : await (await import('../end2end/harness.mjs')).startShop();
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

const measure = async (url) => {
  const chrome = await launch({ chromePath: launchOptions.executablePath, chromeFlags: launchOptions.args });
  try {
    const settings = { extends: 'lighthouse:default', settings: { throttlingMethod: 'devtools', onlyCategories: ['performance'] } };
    const { lhr } = await lighthouse(url, { port: chrome.port, logLevel: 'error' }, values.desktop ? desktopConfig : settings);
    const tasks = lhr.audits['long-tasks'].details?.items ?? [];
    const requests = lhr.audits['network-requests'].details.items;
    const bytes = (of) => requests.filter(of).reduce((sum, { transferSize }) => sum + transferSize, 0) / 1000;
    return {
      score: lhr.categories.performance.score * 100,
      blocking: lhr.audits['total-blocking-time'].numericValue,
      fcp: lhr.audits['first-contentful-paint'].numericValue,
      lcp: lhr.audits['largest-contentful-paint'].numericValue,
      longest: Math.max(0, ...tasks.map(({ duration }) => duration)),
      layout: lhr.audits['mainthread-work-breakdown'].details.items.find(({ group }) => group === 'styleLayout')?.duration ?? 0,
      elements: lhr.audits['dom-size']?.numericValue ?? lhr.audits['dom-size-insight']?.numericValue ?? 0,
      wasm: requests.filter(({ url: file }) => file.endsWith('.wasm')).length,
      // What the page is made of, as `make bench` counts it: before pictures and typefaces.
      kilobytes: bytes(({ url: file, resourceType }) => resourceType === 'Document' || /\.(css|js|wasm)$/.test(file)),
      index: lhr.environment.benchmarkIndex,
      tasks,
    };
  } finally {
    await chrome.kill();
  }
};

try {
  console.log('page                     score  blocking   longest    layout       fcp       lcp  elements  wasm   first visit  index');
  for (const path of paths) {
    const runs = [];
    for (let run = 0; run < Number(values.runs); run += 1) runs.push(await measure(shop.url + path));
    const of = (name) => median(runs.map((run) => run[name]));
    const ms = (name) => `${of(name).toFixed(0)} ms`.padStart(10);
    console.log(
      path.padEnd(24) + of('score').toFixed(0).padStart(6) + ms('blocking') + ms('longest') + ms('layout') + ms('fcp') + ms('lcp')
        + of('elements').toFixed(0).padStart(10) + of('wasm').toFixed(0).padStart(6) + `${of('kilobytes').toFixed(0)} kB`.padStart(14) + of('index').toFixed(0).padStart(7),
    );
    if (process.env.TINDAHAN_TASKS) for (const { duration, startTime, url } of runs[0].tasks) console.log(`    ${duration.toFixed(0)} ms at ${startTime.toFixed(0)} ${url}`);
  }
} finally {
  await shop.stop();
}
