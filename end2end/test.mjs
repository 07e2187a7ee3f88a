// What every spec imports: a `page` that fails on problems in the browser, and the steps that journeys share.

import AxeBuilder from '@axe-core/playwright';
import { expect, test as base } from '@playwright/test';

export { expect };

/** Without a script nothing uses the WebAssembly, of which Chromium warns after some seconds. */
const UNUSED_PRELOAD = /was preloaded using link preload but not used/;

/** What the browser says that no visitor should cause: console errors and warnings, uncaught errors, policy violations. */
class Problems {
  found = [];
  // Chromium reports a page's own view transition that the next navigation overtakes.
  allowed = [/Transition was (aborted|skipped)/];

  /** Lets pass what a test provokes on purpose, such as a failed request while offline. */
  allow(...patterns) {
    this.allowed.push(...patterns);
  }

  add(text, where) {
    this.found.push(where ? `${text} (${where})` : text);
  }

  get unexpected() {
    return [...new Set(this.found)].filter((text) => !this.allowed.some((pattern) => pattern.test(text)));
  }

  /** Watches all pages of a browser context, those of later tabs too. */
  async watch(context) {
    context.on('console', (message) => {
      if (!['error', 'warning'].includes(message.type())) return;
      this.add(`console ${message.type()}: ${message.text()}`, message.location()?.url);
    });
    context.on('weberror', (error) => this.add(`uncaught: ${error.error()?.message ?? error.error()}`, error.page()?.url()));
    await context.exposeBinding('reportPolicyViolation', ({ page }, text) => this.add(`content policy: ${text}`, page?.url()));
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        window.reportPolicyViolation(`${event.effectiveDirective} refused ${event.blockedURI} ${event.sample ?? ''}`.trim());
      });
    });
  }
}

export const test = base.extend({
  baseURL: async ({}, use) => use(process.env.TINDAHAN_URL),

  problems: async ({}, use) => {
    const problems = new Problems();
    await use(problems);
    expect(problems.unexpected, 'the browser reported no trouble').toEqual([]);
  },

  context: async ({ context, problems, javaScriptEnabled }, use) => {
    if (javaScriptEnabled === false) problems.allow(UNUSED_PRELOAD);
    await problems.watch(context);
    await use(context);
  },

  page: async ({ page }, use, info) => {
    await use(page);
    if (info.status === info.expectedStatus || page.isClosed()) return;
    const shown = await page.locator('body').innerText({ timeout: 1_000 }).catch((error) => error.message);
    info.annotations.push({ type: 'shown', description: `${page.url()}: ${shown.replace(/\s+/g, ' ').slice(0, 400)}` });
  },

  /** Further visitors, each with a browser profile of their own, watched in the same way. */
  visitor: async ({ browser, problems, contextOptions }, use, info) => {
    const contexts = [];
    await use(async (options = {}) => {
      if (options.javaScriptEnabled === false) problems.allow(UNUSED_PRELOAD);
      const { viewport, hasTouch, isMobile, deviceScaleFactor, locale, timezoneId } = info.project.use;
      const context = await browser.newContext({
        ...contextOptions, viewport, hasTouch, isMobile, deviceScaleFactor, locale, timezoneId,
        baseURL: process.env.TINDAHAN_URL, ...options,
      });
      contexts.push(context);
      await problems.watch(context);
      return context.newPage();
    });
    for (const context of contexts) await context.close();
  },
});

/** Waits until the page answers to its WebAssembly and not only to links and forms. */
export async function hydrated(page) {
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
}

/** Opens a page and waits until it is hydrated. */
export async function open(page, address) {
  const answer = await page.goto(address);
  await hydrated(page);
  return answer;
}

/** axe finds nothing, in the light theme nor in the dark one. */
export async function accessible(page) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // The former colours are painted for one more frame.
    await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
    // In this mode axe opens no further tab for its sums. It leaves out frames of other sites, and the shop's content policy
    // allows no frames at all.
    const axe = new AxeBuilder({ page }).setLegacyMode();
    // Of all its rules only this one asks for colours, which are all that the other scheme changes.
    if (colorScheme === 'dark') axe.withRules('color-contrast');
    const { violations } = await axe.analyze();
    const said = violations.map(({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes.slice(0, 5).map((node) => `    ${node.target.join(' ')}: ${node.failureSummary?.split('\n')[1]?.trim() ?? ''}`).join('\n')}`);
    expect(said, `axe on ${page.url()}, ${colorScheme}`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
}

/** The page is read in both languages without scrolling sideways at 320 px, the width that 400 % of zoom leaves (WCAG 2.2, 1.4.10). */
export async function fitsNarrowWindow(page) {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 640 });
  const { origin, pathname } = new URL(page.url());
  for (const language of ['en', 'fil']) {
    if (language === 'fil') {
      await page.context().addCookies([{ name: 'lang', value: language, url: origin }]);
      await page.reload();
    }
    const [width, widest] = await page.evaluate(() => {
      const { scrollWidth } = document.scrollingElement;
      const isOver = (element) => element.getBoundingClientRect().right > 321 && !element.closest('dialog, [hidden]');
      const over = scrollWidth > 320 ? [...document.querySelectorAll('body *')].filter(isOver).at(-1) : null;
      return [scrollWidth, over?.outerHTML.slice(0, 160)];
    });
    expect(width, `${pathname} in ${language}: ${widest}`).toBeLessThanOrEqual(320);
  }
  await page.context().clearCookies({ name: 'lang' });
  await page.setViewportSize(before);
}
