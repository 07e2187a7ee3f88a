import { expect, hydrated, open, test } from '../test.mjs';
import { addToCart, cartSynced, checkOut, chooseOptions, signIn, signUp, aShopper, thanked } from '../shopper.mjs';

const lines = (page) => page.locator('main li[data-sku]');

test('the cart survives a reload, follows into another tab, and adds up', { tag: ['@desktop', '@dist'] }, async ({ page, context }) => {
  await addToCart(page, '/p/dried-mango');
  await open(page, '/cart');
  await expect(lines(page)).toHaveCount(1);
  const second = await context.newPage();
  await open(second, '/cart');
  await expect(lines(second)).toHaveCount(1);
  await page.getByRole('main').getByRole('button', { name: 'One more' }).click();
  await expect(second.locator('main li[data-sku] input[name=quantity]')).toHaveValue('2');
  await cartSynced(page);
  await page.reload();
  await hydrated(page);
  await expect(page.locator('main li[data-sku] input[name=quantity]')).toHaveValue('2');
  await page.getByRole('main').getByRole('button', { name: /^Remove / }).click();
  await expect(page.getByRole('heading', { name: 'Your cart is empty' })).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(lines(page)).toHaveCount(1);
});

test('the cart works offline, and is sent to the server when the network is back', { tag: ['@phone', '@dist'] }, async ({ page, context, problems }) => {
  problems.allow(/Failed to load resource/, /net::ERR/, /Failed to fetch/);
  await open(page, '/');
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await addToCart(page, '/p/dried-mango');
  await open(page, '/cart');
  await cartSynced(page);
  // What the worker keeps while pages are looked at is written a moment later.
  await expect.poll(() => page.evaluate(async () => Boolean(await caches.match('/cart')) && Boolean(await caches.match('/p/dried-mango', { ignoreVary: true })))).toBe(true);
  await context.setOffline(true);
  await page.reload();
  await hydrated(page);
  await expect(lines(page)).toHaveCount(1);
  await page.getByRole('main').getByRole('button', { name: 'One more' }).click();
  await expect(page.locator('main li[data-sku] input[name=quantity]')).toHaveValue('2');
  await page.goto('/p/dried-mango');
  await hydrated(page);
  await expect(page.locator('#product-name')).toBeVisible();
  await context.setOffline(false);
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await cartSynced(page);
  await open(page, '/cart');
  await expect(page.locator('main li[data-sku] input[name=quantity]')).toHaveValue('2');
});

test('the cart page opens offline although it was never opened before', { tag: ['@phone', '@dist'] }, async ({ page, context, problems }) => {
  problems.allow(/Failed to load resource/, /net::ERR/, /Failed to fetch/);
  await open(page, '/p/dried-mango');
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await expect.poll(() => page.evaluate(async () => Boolean(await caches.match('/cart')) && Boolean(await caches.match('/checkout')))).toBe(true);
  await context.setOffline(true);
  await chooseOptions(page);
  await page.getByRole('main').getByRole('button', { name: 'Add to cart' }).first().click();
  await page.locator('#cart-drawer').getByRole('link', { name: 'View cart' }).click();
  await page.waitForURL('**/cart');
  await expect(lines(page)).toHaveCount(1);
  // Also when opened by its address, and the checkout shows that there is no network.
  await page.goto('/cart');
  await hydrated(page);
  await expect(lines(page)).toHaveCount(1);
  await page.getByRole('main').getByRole('link', { name: 'Check out' }).click();
  await page.waitForURL('**/checkout');
  await expect(page.getByRole('heading', { name: 'You are offline' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
  // It goes on by itself.
  await context.setOffline(false);
  await expect(page.locator('#checkout')).toBeVisible();
});

test('offline the cart and the checkout are in the chosen language', { tag: '@phone' }, async ({ page, context, problems }) => {
  problems.allow(/Failed to load resource/, /net::ERR/, /Failed to fetch/);
  await open(page, '/');
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await page.getByRole('button', { name: 'Filipino' }).click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'fil-PH');
  await hydrated(page);
  const language = (path) => page.evaluate(async (path) => {
    const kept = await caches.match(path, { ignoreVary: true });
    return (await kept?.text())?.match(/<html[^>]* lang="([^"]+)"/)?.[1];
  }, path);
  for (const path of ['/cart', '/checkout']) await expect.poll(() => language(path)).toBe('fil-PH');
  await context.setOffline(true);
  await page.goto('/cart');
  await hydrated(page);
  await expect(page.getByRole('heading', { name: 'Walang laman ang iyong cart' })).toBeVisible();
  await page.goto('/checkout');
  await expect(page.locator('html')).toHaveAttribute('lang', 'fil-PH');
  await context.setOffline(false);
});

test('code that cannot be loaded gives a message, and is loaded when it can be', { tag: '@phone' }, async ({ visitor, problems }) => {
  problems.allow(/Failed to load resource/, /net::ERR/, /Failed to fetch/, /Service Worker registration blocked/, /split/i);
  const page = await visitor({ serviceWorkers: 'block' });
  const parts = /\/pkg\/(?!.*tindahan\.wasm).*\.wasm$/;
  await page.route(parts, (route) => route.abort());
  await open(page, '/p/dried-mango');
  await chooseOptions(page);
  await page.getByRole('main').getByRole('button', { name: 'Add to cart' }).first().click();
  const drawer = page.locator('#cart-drawer');
  await expect(drawer.getByText('could not be loaded')).toBeVisible();
  await drawer.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('contentinfo').getByRole('link', { name: 'All categories' }).click();
  await expect(page.getByRole('main').getByText('could not be loaded')).toBeVisible();
  await page.unroute(parts);
  await page.getByRole('main').getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  // By itself, too, when the network is back.
  await page.goBack();
  await expect(page.locator('#product-name')).toBeVisible();
  await page.locator('a[href="/cart"]:visible').first().click();
  await expect(drawer.locator('li[data-sku]')).toHaveCount(1);
});

test('a quantity above the stock is cut, with a notice', { tag: '@desktop' }, async ({ page }) => {
  await open(page, '/p/dried-mango');
  const count = page.getByRole('main').getByRole('spinbutton', { name: 'Quantity' });
  await count.fill('999');
  await count.press('Tab');
  await chooseOptions(page);
  await page.getByRole('main').getByRole('button', { name: 'Add to cart' }).first().click();
  const drawer = page.locator('#cart-drawer');
  await expect(drawer.getByText(/Only \d+ of .* are left; we changed your cart\./)).toBeVisible();
  await cartSynced(page);
  expect(Number(await drawer.locator('input[name=quantity]').inputValue())).toBeLessThan(999);
  // After the item is removed its notice is gone.
  await drawer.getByRole('button', { name: /^Remove / }).click();
  await expect(drawer.locator('li[data-sku]')).toHaveCount(0);
  await expect(drawer.getByText(/are left; we changed your cart/)).toHaveCount(0);
});

test('a cart that was ordered or left in another tab shows a message', { tag: '@phone' }, async ({ page, context }) => {
  const ana = aShopper();
  await signUp(page, ana);
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await open(page, '/cart');
  const second = await context.newPage();
  await checkOut(second, ana, 'cod');
  await thanked(second);
  await expect(page.getByRole('heading', { name: 'You have ordered this' })).toBeVisible();
  await addToCart(second, '/p/dried-mango');
  await cartSynced(second);
  await expect(lines(page)).toHaveCount(1);
  await open(second, '/account');
  await second.getByRole('button', { name: 'Sign out' }).first().click();
  await second.waitForURL('/');
  await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeVisible();
});

test('a line that is taken out leaves the focus in the list', { tag: '@desktop' }, async ({ page }) => {
  await addToCart(page, '/p/dried-mango');
  await addToCart(page, '/p/barako-coffee');
  await open(page, '/cart');
  await expect(lines(page)).toHaveCount(2);
  const remove = page.getByRole('main').getByRole('button', { name: /^Remove / });
  await remove.first().click();
  await expect(lines(page)).toHaveCount(1);
  await expect(remove).toBeFocused();
  // The last one too, when it is put back.
  await remove.click();
  await expect(page.getByRole('heading', { name: 'Your cart is empty' })).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).last().click();
  await expect(lines(page)).toHaveCount(1);
  await expect(remove).toBeFocused();
});

test('an unknown discount code is refused beside its field', { tag: '@phone' }, async ({ page }) => {
  await addToCart(page, '/p/dried-mango');
  await open(page, '/cart');
  await page.getByLabel('Discount code').fill('NOSUCHCODE');
  await page.getByRole('button', { name: 'Use code' }).click();
  await expect(page.locator('#code-error')).toBeVisible();
});

test('carts of one shopper on two devices are merged, and the next shopper gets an empty one', { tag: '@phone' }, async ({ page, visitor }) => {
  const ana = aShopper();
  await signUp(page, ana);
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  const second = await visitor();
  await addToCart(second, '/p/barako-coffee');
  await cartSynced(second);
  await signIn(second, ana);
  await open(second, '/cart');
  await expect(lines(second)).toHaveCount(2);
  await cartSynced(second);
  await open(page, '/cart');
  await expect(lines(page)).toHaveCount(2);
  // The next person at this device sees nothing of hers.
  await open(second, '/account');
  await second.getByRole('button', { name: 'Sign out' }).first().click();
  await second.waitForURL('/');
  await open(second, '/cart');
  await expect(second.getByRole('heading', { name: 'Your cart is empty' })).toBeVisible();
  await signUp(second, aShopper('Ben Cruz'));
  await open(second, '/cart');
  await expect(second.getByRole('heading', { name: 'Your cart is empty' })).toBeVisible();
});

test('the cart of an account is forgotten in a browser whose session has ended', { tag: '@phone' }, async ({ page, context }) => {
  await signUp(page, aShopper());
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await context.clearCookies();
  await open(page, '/cart');
  await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeVisible();
  await expect(lines(page)).toHaveCount(0);
  // What is put in from then on is the guest's.
  await addToCart(page, '/p/barako-coffee');
  await cartSynced(page);
  await open(page, '/cart');
  await expect(lines(page)).toHaveCount(1);
});

test('unsent changes of the cart are kept when the shopper signs in', { tag: '@phone' }, async ({ visitor, problems }) => {
  problems.allow(/Failed to load resource/, /net::ERR/, /Service Worker registration blocked/);
  const page = await visitor({ serviceWorkers: 'block' });
  await page.route('**/api/sync_cart', (route) => route.abort());
  await addToCart(page, '/p/dried-mango');
  await signUp(page, aShopper());
  await page.unroute('**/api/sync_cart');
  await open(page, '/cart');
  await expect(lines(page)).toHaveCount(1);
  await cartSynced(page);
});
