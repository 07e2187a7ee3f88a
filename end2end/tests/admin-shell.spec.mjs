// The admin's own shell: the owner's colours, and what it says without a network.

import { startShop } from '../harness.mjs';
import { signIn } from '../shopper.mjs';
import { anOrder, asStaff } from '../staff.mjs';
import { accessible, expect, open, test } from '../test.mjs';

/** Signs in for this test alone: the session ends in it, or is of another shop. */
const enter = (page, name) => signIn(page, { email: `${name}@example.com`, password: `demo-${name}-2026` }, '/admin');
const primary = (page) => page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--color-primary').trim());

test.describe('a shop whose colours change', () => {
  let shop;

  test.beforeAll(async () => {
    test.setTimeout(120_000);
    shop = await startShop();
  });

  test.afterAll(() => shop?.stop());

  test('a colour that was saved is seen at once, and by everybody at the next page', { tag: '@desktop' }, async ({ visitor }) => {
    const [owner, shopper] = [await visitor({ baseURL: shop.url, colorScheme: 'light' }), await visitor({ baseURL: shop.url, colorScheme: 'light' })];
    await open(shopper, '/');
    const before = await primary(shopper);
    await enter(owner, 'owner');
    await open(owner, '/admin/settings');
    await owner.locator('#primary').fill('#7a1f5c');
    await owner.getByRole('button', { name: 'Save changes' }).first().click();
    await expect.poll(() => primary(owner)).toBe('#7a1f5c');
    expect(before).not.toBe('#7a1f5c');
    // Pages of the shop are rendered again a moment after the change.
    await expect(async () => {
      await open(shopper, '/');
      expect(await primary(shopper)).toBe('#7a1f5c');
    }).toPass();
    await owner.locator('#primary').fill('#1f4f7a');
    await owner.getByRole('button', { name: 'Save changes' }).first().click();
    await expect.poll(() => primary(owner)).toBe('#1f4f7a');
    await open(owner, '/admin');
    expect(await primary(owner)).toBe('#1f4f7a');
  });
});

test('without a network the admin says what cannot be done there, and goes on by a press', { tag: '@phone' }, async ({ page, context, problems }) => {
  problems.allow(/Failed to load resource/, /net::ERR/, /Failed to fetch/);
  await asStaff(page, 'manager');
  await open(page, '/admin');
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await expect.poll(() => page.evaluate(async () => Boolean(await caches.match('/offline-admin.html')))).toBe(true);
  await context.setOffline(true);
  await page.goto('/admin/orders');
  await expect(page.getByRole('heading', { name: 'You are offline' })).toBeVisible();
  await expect(page.locator('body')).toContainText('Orders, products and settings');
  await expect(page.locator('body')).not.toContainText('cart');
  await expect(page.getByRole('link', { name: 'Subukang muli' })).toBeVisible();
  await accessible(page);
  await context.setOffline(false);
  await page.getByRole('link', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Orders' })).toBeVisible();
});

test('the palette goes to a setting by its words, downloads, prints and signs out', { tag: '@desktop' }, async ({ page, request }) => {
  await anOrder(request, 'Ana Reyes');
  await enter(page, 'manager');
  const palette = page.locator('#commands');
  const type = async (words) => {
    await page.keyboard.press('Control+k');
    await palette.locator('input').fill(words);
  };
  await open(page, '/admin/orders');
  await type('brand');
  await expect(palette.getByRole('option', { name: /^Main colour/ })).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/admin/settings#primary');
  await expect(page.locator('#primary')).toBeFocused();

  await type('print pick');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/admin/orders/pick-list?queue=to_pack');
  await expect(page.getByRole('region', { name: 'Pick list' }).locator('tbody tr').first()).toBeVisible();

  await type('export orders');
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  expect(download.suggestedFilename()).toMatch(/^orders-.*\.csv$/);
  await expect(palette).toBeHidden();

  await type('sign out');
  await accessible(page);
  await page.keyboard.press('Enter');
  await expect(page).not.toHaveURL(/\/admin/);
  await page.goto('/admin');
  await expect(page).toHaveURL(/\/sign-in\?back=/);
});
