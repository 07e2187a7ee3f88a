import { expect, hydrated, open, test } from '../test.mjs';

// The slippers have nine sizes at two prices; coffee has a pack size and a grind.
const add = (page) => page.getByRole('main').getByRole('button', { name: 'Add to cart' }).first();
const chosen = (page) => page.getByRole('main').getByRole('radio', { checked: true });

test('no size is chosen for the shopper, and one is asked for where it is missing', { tag: ['@phone', '@dist'] }, async ({ page }) => {
  await open(page, '/p/tsinelas');
  await expect(chosen(page)).toHaveCount(0);
  await expect(page.locator('#price')).toContainText('from ₱349.00');
  await expect(page.locator('#stock')).toBeEmpty();
  await expect(page.locator('#delivery-promise')).not.toBeEmpty();
  const count = page.getByRole('main').getByRole('spinbutton', { name: 'Quantity' });
  await count.fill('2');
  await count.press('Tab');
  await add(page).click();
  const sizes = page.getByRole('group', { name: /^Size/ });
  await expect(sizes.getByText('Choose a size (EU)')).toBeVisible();
  await expect(sizes).toHaveAccessibleDescription('Choose a size (EU)');
  await expect(sizes.getByRole('radio').first()).toBeFocused();
  await expect(page.locator('#cart-drawer')).toBeHidden();
  await sizes.locator('label', { hasText: '37' }).click();
  await expect(sizes.getByText('Choose a size (EU)')).toHaveCount(0);
  await expect(page.locator('#price')).toHaveText('₱349.00');
  await expect(page.locator('#stock')).toContainText('In stock');
  await expect(count).toHaveValue('2');
  await add(page).click();
  const line = page.locator('#cart-drawer li[data-sku="TSIN-37"]');
  await expect(line.locator('input[name=quantity]')).toHaveValue('2');
});

test('what is missing of two options is asked for, and the other one stays', { tag: '@desktop' }, async ({ page }) => {
  await open(page, '/p/barako-coffee');
  await expect(chosen(page)).toHaveCount(0);
  const grind = page.getByRole('group', { name: /^Grind/ });
  await grind.getByRole('radio').nth(1).check({ force: true });
  await add(page).click();
  await expect(page.getByRole('group', { name: /^Pack size/ }).getByRole('radio').first()).toBeFocused();
  await expect(page.getByText('Choose a pack size')).toBeVisible();
  await expect(page.getByText('Choose a grind')).toHaveCount(0);
  await expect(grind.getByRole('radio').nth(1)).toBeChecked();
});

test('a product with one variant goes into the cart as it is', { tag: '@desktop' }, async ({ page }) => {
  await open(page, '/p/pili-nuts');
  await expect(page.locator('#stock')).not.toBeEmpty();
  await add(page).click();
  await expect(page.locator('#cart-drawer li[data-sku]')).toHaveCount(1);
});

test('the address names what is chosen, and chooses it again', { tag: '@phone' }, async ({ page, context, request }) => {
  await open(page, '/c/clothing');
  await page.locator('#products').getByRole('link', { name: 'Tsinelas' }).click();
  await page.waitForURL('/p/tsinelas');
  const size = (name) => page.getByRole('main').locator('label', { hasText: name });
  const history = () => page.evaluate(() => window.history.length);
  const before = await history();
  await size('37').click();
  await page.waitForURL('/p/tsinelas?variant=TSIN-37');
  await page.evaluate(() => window.scrollTo(0, 300));
  await size('38').click();
  await page.waitForURL('/p/tsinelas?variant=TSIN-38');
  expect(await history()).toBe(before);
  expect(await page.evaluate(() => window.scrollY)).toBeGreaterThan(100);
  await page.reload();
  await hydrated(page);
  await expect(page.getByRole('radio', { name: '38', exact: true })).toBeChecked();
  // Back leads to the list at once, and forward to the size that was chosen.
  await page.goBack();
  await page.waitForURL('/c/clothing');
  await page.goForward();
  await page.waitForURL('/p/tsinelas?variant=TSIN-38');
  await expect(page.getByRole('radio', { name: '38', exact: true })).toBeChecked();
  // The cart leads to it.
  await add(page).click();
  const line = page.locator('#cart-drawer li[data-sku="TSIN-38"]');
  await expect(line.getByRole('link').last()).toHaveAttribute('href', '/p/tsinelas?variant=TSIN-38');
  const friend = await context.newPage();
  await open(friend, '/p/tsinelas?variant=TSIN-38');
  await expect(friend.getByRole('radio', { name: '38', exact: true })).toBeChecked();
  await open(friend, '/p/tsinelas?variant=NO-SUCH-SIZE');
  await expect(chosen(friend)).toHaveCount(0);
  await expect(friend.locator('#price')).toContainText('from');
  // Another address of the same product, as of a line of the cart, chooses anew.
  await friend.evaluate(() => { const link = document.createElement('a'); link.href = '/p/tsinelas?variant=TSIN-40'; link.textContent = 'forty'; document.querySelector('main').prepend(link); });
  await friend.getByRole('link', { name: 'forty' }).click();
  await expect(friend.getByRole('radio', { name: '40', exact: true })).toBeChecked();
});

test('what programs read of a variant\'s address agrees with its page', { tag: '@desktop' }, async ({ request }) => {
  const html = await (await request.get('/p/bayong-tote?variant=BAYONG-L-CLAY')).text();
  // Attributes stand in no order.
  const attribute = (text, element, name) => text.match(new RegExp(`<[^>]*${element}[^>]*>`))[0].match(new RegExp(` ${name}="([^"]*)"`))[1];
  const meta = (name, text = html) => attribute(text, `property="${name}"`, 'content');
  const data = JSON.parse(html.match(/<script type="application\/ld\+json">(.*?)<\/script>/s)[1]);
  const canonical = attribute(html, 'rel="canonical"', 'href');
  expect(new URL(canonical).search).toBe('');
  expect(new Set(data.offers.map(({ url }) => url)).size).toBe(data.offers.length);
  for (const offer of data.offers) {
    expect(offer.url).toBe(`${canonical}?variant=${encodeURIComponent(offer.sku)}`);
    const own = await (await request.get(new URL(offer.url).pathname + new URL(offer.url).search)).text();
    const price = own.match(/id="price"[^>]*>.*?₱([\d,.]+)/s)[1].replace(',', '');
    expect(Number(price), offer.sku).toBe(Number(offer.price));
  }
  const plain = await (await request.get('/p/bayong-tote')).text();
  expect(meta('og:url')).toBe(`${canonical}?variant=BAYONG-L-CLAY`);
  expect(meta('og:title')).toContain(', ');
  expect(meta('og:image')).not.toBe(meta('og:image', plain));
});

test('who opens a page by its address in Filipino goes on in Filipino, until another language is chosen', { tag: '@phone' }, async ({ page }) => {
  await open(page, '/p/tasang-stoneware');
  await expect(page.locator('html')).toHaveAttribute('lang', 'fil-PH');
  await page.getByRole('main').locator('nav a[href^="/c/"]').first().click();
  await page.waitForURL('/c/sa-hapag');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Sa hapag');
  await page.getByRole('button', { name: 'English' }).click();
  await hydrated(page);
  await open(page, '/p/tasang-stoneware');
  await expect(page.locator('html')).toHaveAttribute('lang', 'en-PH');
  await expect(page.locator('#product-name')).toHaveText('Stoneware mug');
});

test('offline a product opens again after a size was chosen', { tag: '@phone' }, async ({ page, context, problems }) => {
  problems.allow(/Failed to load resource/, /net::ERR/, /Failed to fetch/);
  await open(page, '/p/tsinelas');
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await expect.poll(() => page.evaluate(async () => Boolean(await caches.match('/p/tsinelas', { ignoreVary: true })))).toBe(true);
  await context.setOffline(true);
  await page.getByRole('main').locator('label', { hasText: '37' }).click();
  await page.waitForURL('/p/tsinelas?variant=TSIN-37');
  await page.reload();
  await hydrated(page);
  await expect(page.locator('#product-name')).toHaveText('Tsinelas');
  await context.setOffline(false);
});

test.describe('without a script', () => {
  test.use({ javaScriptEnabled: false });

  test('a missing size is asked for where it is chosen, and the cart keeps what was in it', { tag: '@phone' }, async ({ page, problems }) => {
    problems.allow(/was preloaded using link preload but not used/, /responded with a status of 422/);
    await page.goto('/p/pili-nuts');
    await add(page).click();
    await expect(page.locator('main li[data-sku]')).toHaveCount(1);
    await page.goto('/p/barako-coffee');
    const grind = page.getByRole('group', { name: /^Grind/ });
    await grind.locator('label').nth(1).click();
    await page.getByRole('main').getByRole('spinbutton', { name: 'Quantity' }).fill('3');
    await add(page).click();
    await expect(page.locator('#product-name')).toHaveText('Barako coffee');
    await expect(page.getByText('Choose a pack size')).toBeVisible();
    const pack = page.getByRole('group', { name: /^Pack size/ });
    await expect(pack.getByRole('radio').first()).toBeFocused();
    await expect(grind.getByRole('radio').nth(1)).toBeChecked();
    await expect(page.getByRole('main').getByRole('spinbutton', { name: 'Quantity' })).toHaveValue('3');
    await pack.locator('label').first().click();
    await add(page).click();
    await expect(page).toHaveURL(/\/cart$/);
    await expect(page.locator('main li[data-sku]')).toHaveCount(2);
    await expect(page.locator('main li[data-sku] input[name=quantity]').last()).toHaveValue('3');
  });
});
