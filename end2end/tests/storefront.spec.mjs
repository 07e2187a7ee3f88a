import { accessible, expect, fitsNarrowWindow, hydrated, open, test } from '../test.mjs';
import { lots, pages, visit } from '../pages.mjs';

const ours = pages.filter(({ address }) => !address.startsWith('/admin'));

// These have another of their kind that is looked at on a phone, and a layout of their own on a desktop: filters, pictures or
// the account's pages at the side.
const wide = ['category-filtered', 'product-plain', 'account-orders'];

for (const tag of ['@phone', '@desktop']) {
  for (const lot of lots(ours.filter(({ name }) => wide.includes(name) === (tag === '@desktop')))) {
    test(`no accessibility faults, nor sideways scrolling, on ${lot.map(({ name }) => name).join(', ')}`, { tag }, async ({ page, problems }) => {
      test.setTimeout(120_000);
      // A missing page has a status of its own, which the browser logs.
      problems.allow(/Failed to load resource: the server responded with a status of (401|404)/);
      for (const one of lot) {
        await test.step(one.name, async () => {
          await visit(page, one);
          await accessible(page);
          await fitsNarrowWindow(page);
        });
      }
    });
  }
}

test('every page is served to eight at once', { tag: '@desktop' }, async ({ request }) => {
  test.setTimeout(180_000);
  for (const { address } of ours.filter(({ prepare }) => !prepare)) {
    const answers = await Promise.all(Array.from({ length: 8 }, (_, one) => request.get(address, { headers: { cookie: `one=${one}` } })));
    for (const answer of answers) {
      expect(answer.status(), address).toBeLessThan(500);
      expect(await answer.text(), address).toContain('</html>');
    }
  }
});

test('a product page has structured data', { tag: '@desktop' }, async ({ request }) => {
  const html = await (await request.get('/p/stoneware-mug')).text();
  const data = JSON.parse(html.match(/<script type="application\/ld\+json">(.*?)<\/script>/s)[1]);
  expect(data['@type']).toBe('Product');
  expect(data.offers.length).toBeGreaterThan(1);
  expect(data.offers[0].priceCurrency).toBe('PHP');
  expect(html).toContain('hreflang="fil"');
  expect((await request.get('/p/no-such-thing')).status()).toBe(404);
  expect((await request.get('/c/no-such-aisle')).status()).toBe(404);
});

test('the page keeps its title while it is hydrated and between two pages', { tag: '@phone' }, async ({ page }) => {
  await page.addInitScript(() => {
    window.titles = [];
    // Once a task, as the tab and a screen reader would see it.
    setInterval(() => window.titles.push(document.title), 0);
  });
  await open(page, '/checkout');
  await page.getByRole('link', { name: 'Tindahan' }).first().click();
  await page.waitForURL('/');
  await expect(page).toHaveTitle(/Tindahan/);
  // Before the document's head is read there is none.
  const titles = await page.evaluate(() => window.titles);
  expect(titles.slice(titles.findIndex(Boolean)).filter((title) => !title)).toEqual([]);
});

test('markup in a title stays text', { tag: '@phone' }, async ({ page, request }) => {
  const markup = '</title><meta http-equiv="refresh" content="0;url=/c">';
  const address = `/search?q=${encodeURIComponent(markup)}`;
  expect(await (await request.get(address)).text()).not.toContain('</title><meta');
  await open(page, address);
  await expect(page).toHaveTitle(new RegExp('</title><meta http-equiv="refresh"'));
  expect(new URL(page.url()).pathname).toBe('/search');
});

test('parameters of advertisers in an address change nothing on the page', { tag: '@phone' }, async ({ page }) => {
  await open(page, '/c/tableware?fbclid=abc&utm_source=x');
  await page.getByLabel('Sort by').selectOption('price_up');
  await page.waitForURL('/c/tableware?sort=price_up');
  await expect(page.locator('#products')).toBeVisible();
  // With filters too, where a hidden field stands for each.
  await open(page, '/c/tableware?utm_source=x&in_stock=true&fbclid=abc&min=1');
  await page.getByLabel('Sort by').selectOption('price_down');
  await page.waitForURL('/c/tableware?in_stock=true&min=1&sort=price_down');
  await page.getByRole('link', { name: 'Clear all filters' }).first().click();
  await page.waitForURL('/c/tableware?sort=price_down');
  await expect(page.locator('#products')).toBeVisible();
  await open(page, '/search?q=mango&fbclid=abc');
  await expect(page.locator('#products')).toBeVisible();
});

/** The names on a page of a list, once it is another than this one. */
async function namesAfter(page, before, press) {
  await press();
  const names = () => page.locator('#products h3').allTextContents();
  await expect.poll(async () => (await names())[0]).not.toBe(before[0]);
  // Without a script the page may still be arriving.
  await page.waitForLoadState();
  return names();
}

for (const [how, options, tag] of [['with', {}, '@phone'], ['without', { javaScriptEnabled: false }, '@desktop']]) {
  test.describe(`${how} a script`, () => {
    test.use(options);

    test('a list goes on and back, by the same pages', { tag }, async ({ page, problems }) => {
      problems.allow(/was preloaded using link preload but not used/);
      for (const address of ['/c?sort=price_up', '/c']) {
        await page.goto(address);
        if (how === 'with') await hydrated(page);
        const pager = page.getByRole('main').getByRole('navigation', { name: 'Pages' });
        const link = (name) => () => pager.getByRole('link', { name }).click();
        await expect(pager.getByRole('link', { name: 'Previous page' })).toHaveCount(0);
        // How many pages there are is not known: other journeys add products.
        const pages = [await namesAfter(page, [], async () => {})];
        while (await pager.getByRole('link', { name: 'Next page' }).count()) {
          pages.push(await namesAfter(page, pages.at(-1), link('Next page')));
        }
        expect(pages.length).toBeGreaterThanOrEqual(3);
        for (let at = pages.length - 2; at >= 0; at -= 1) {
          expect(await namesAfter(page, pages[at + 1], link('Previous page'))).toEqual(pages[at]);
        }
        await expect(pager.getByRole('link', { name: 'Previous page' })).toHaveCount(0);
        await expect(pager.getByRole('link', { name: 'First page' })).toHaveCount(0);
        const all = pages.flat();
        expect(new Set(all).size).toBe(all.length);
      }
    });
  });
}

test('a choice made while a list is still being read keeps the one before it', { tag: '@phone' }, async ({ page }) => {
  await open(page, '/c/tableware?in_stock=true&min=1');
  await page.route('**/read_listing*', async (route) => {
    await new Promise((done) => { setTimeout(done, 1_000); });
    await route.continue();
  });
  await page.getByLabel('Sort by').selectOption('price_down');
  await page.waitForURL('/c/tableware?in_stock=true&min=1&sort=price_down');
  await page.getByRole('link', { name: 'Clear all filters' }).first().click();
  await page.waitForURL('/c/tableware?sort=price_down', { timeout: 10_000 });
  await expect(page.getByLabel('Sort by')).toHaveValue('price_down');
});

test('a link that is pressed while the page is hydrated leads on', { tag: '@phone' }, async ({ page }) => {
  let release;
  const gate = new Promise((done) => { release = done; });
  // The page's own part comes late; the layout around it already listens.
  await page.route(/\/(chunk_|split_)[^/]*\.wasm$/, async (route) => { await gate; await route.continue(); });
  await page.goto('/checkout');
  await page.waitForRequest(/\/(chunk_|split_)[^/]*\.wasm$/);
  await page.getByRole('banner').getByRole('link', { name: 'Tindahan' }).click({ noWaitAfter: true });
  release();
  await page.waitForURL('/', { timeout: 10_000 });
  await hydrated(page);
  await expect(page.getByRole('navigation', { name: 'Quick menu' })).toBeVisible();
});

// On both devices, whose filters are not the same.
test('filters that are cleared are no longer ticked', async ({ page, isMobile }) => {
  await open(page, '/c/tableware');
  // A phone has its filters on a sheet, which a button closes.
  const filters = isMobile ? page.getByRole('dialog', { name: 'Filters' }) : page.getByRole('complementary');
  const shown = async () => isMobile && page.getByRole('button', { name: 'Filters' }).click();
  const sent = async () => isMobile && filters.getByRole('button', { name: /^Show \d+ product/ }).click();
  await shown();
  await filters.getByLabel('In stock only').check();
  await sent();
  const chosen = page.getByRole('navigation', { name: 'Chosen filters' });
  await expect(chosen.getByRole('link', { name: 'In stock only' })).toBeVisible();
  await shown();
  await expect(filters.getByLabel('In stock only')).toBeChecked();
  await filters.getByLabel('From', { exact: true }).fill('1');
  await filters.getByLabel('From', { exact: true }).press('Tab');
  await sent();
  await expect(chosen.getByRole('link', { name: /From/ })).toBeVisible();
  await chosen.getByRole('link', { name: 'Clear all filters' }).click();
  await expect(chosen).toHaveCount(0);
  await expect(page).toHaveURL((address) => !address.search.includes('min'));
  await shown();
  await expect(filters.getByLabel('In stock only')).not.toBeChecked();
  await expect(filters.getByLabel('From', { exact: true })).toHaveValue('');
});

test('a change of page is announced to screen readers, and open dialogs are closed', { tag: '@phone' }, async ({ page }) => {
  await open(page, '/c/tableware');
  await page.getByLabel('Sort by').selectOption('price_up');
  await page.waitForURL('/c/tableware?sort=price_up');
  await expect(page.locator('#content')).not.toBeFocused();
  await page.getByRole('contentinfo').getByRole('link', { name: 'All categories' }).click();
  await page.waitForURL('/categories');
  await expect(page.locator('#content')).toBeFocused();
  await page.locator('a[href="/cart"]:visible').first().click();
  await expect(page.locator('#cart-drawer')).toBeVisible();
  await page.goBack();
  await page.waitForURL(/tableware/);
  await expect(page.locator('#cart-drawer')).toBeHidden();
});

test('the header of a phone leaves the page its room, and the price is in the first screen', { tag: '@phone' }, async ({ page }) => {
  await open(page, '/p/stoneware-mug');
  const header = page.locator('#front');
  const awning = await header.locator('.awning').boundingBox();
  expect(awning.y + awning.height).toBeLessThanOrEqual(72);
  await expect(page.locator('input[type=search]:visible')).toHaveCount(1);
  await expect(page.getByRole('navigation', { name: 'Quick menu' }).getByRole('link', { name: 'Search' })).toHaveCount(0);
  const { height } = page.viewportSize();
  const bar = await page.getByRole('navigation', { name: 'Quick menu' }).boundingBox();
  const price = await page.getByRole('main').locator('.money').first().boundingBox();
  expect(price.y + price.height).toBeLessThan(height - bar.height);
  const button = page.getByRole('main').getByRole('button', { name: 'Add to cart' });
  await expect(button).toBeInViewport();
});

test('nothing stays in a short window', { tag: '@desktop' }, async ({ page }) => {
  await page.setViewportSize({ width: 844, height: 390 });
  await open(page, '/p/stoneware-mug');
  await page.mouse.wheel(0, 600);
  await expect.poll(() => page.evaluate(() => window.scrollY)).toBeGreaterThan(300);
  await expect(page.locator('#front')).not.toBeInViewport();
});
