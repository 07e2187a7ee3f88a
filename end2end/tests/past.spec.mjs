// The demonstration shop after three months of trade: what its manager finds at 8 in the morning, and a shopper in her account.

import { startShop } from '../harness.mjs';
import { signIn as enter } from '../shopper.mjs';
import { signIn } from '../staff.mjs';
import { accessible, expect, open, test } from '../test.mjs';

test.describe('a shop with a past', () => {
  let shop;

  test.beforeAll(async () => {
    test.setTimeout(120_000);
    shop = await startShop({ withPast: true });
  });

  test.afterAll(() => shop?.stop());

  test('its first page tells what is to be done, and each order how it went', { tag: '@desktop' }, async ({ visitor }) => {
    const page = await visitor({ baseURL: shop.url });
    await signIn(page, 'manager');
    await open(page, '/admin');
    const main = page.locator('main');
    await expect(main).toContainText('Your card was declined.');
    await expect(page.locator('#low tbody tr').first()).toBeVisible();
    await accessible(page);

    await open(page, '/admin/orders?queue=to_pack');
    await expect(page.locator('a[href^="/admin/orders/ord_"]').first()).toBeVisible();
    await open(page, '/admin/orders?payment=partly_refunded');
    await open(page, await page.locator('a[href^="/admin/orders/ord_"]').first().getAttribute('href'));
    await expect(main).toContainText('Jessa Mae Tolentino');
    await expect(main).toContainText('Refunded');
    await accessible(page);
  });

  test('a packed parcel of it is sent, and its card captured', { tag: '@desktop' }, async ({ visitor }) => {
    const page = await visitor({ baseURL: shop.url });
    await signIn(page, 'manager');
    await open(page, '/admin/orders?queue=to_ship');
    await open(page, await page.locator('a[href^="/admin/orders/ord_"]').first().getAttribute('href'));
    const pack = page.getByRole('button', { name: 'Pack', exact: true });
    if (await pack.count()) await pack.click();
    await page.locator('#courier-1').fill('Bilis Padala');
    await page.getByRole('button', { name: 'Ship', exact: true }).click();
    await page.getByRole('button', { name: 'Mark delivered' }).click();
    await expect(page.getByText('Delivered').first()).toBeVisible();
  });

  test('its shopper finds what she has bought', { tag: '@phone' }, async ({ visitor }) => {
    const page = await visitor({ baseURL: shop.url });
    await enter(page, { email: 'lorna.santos@example.com', password: 'demo-shopper-2026' });
    await open(page, '/account/orders');
    expect(await page.locator('main a[href^="/account/orders/ord_"]').count()).toBeGreaterThan(4);
    await accessible(page);
  });
});
