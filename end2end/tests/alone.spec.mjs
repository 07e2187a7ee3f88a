// The program is one file: pages, styles, migrations and the demonstration shop are inside.

import { startShop } from '../harness.mjs';
import { addToCart, cartSynced, checkOut, aShopper, thanked } from '../shopper.mjs';
import { signIn } from '../staff.mjs';
import { expect, open, test } from '../test.mjs';

test.describe('the program alone in an empty folder', () => {
  let shop;

  test.beforeAll(async () => {
    test.setTimeout(120_000);
    shop = await startShop({ alone: true });
  });

  test.afterAll(() => shop?.stop());

  test('serves a shop that sells', { tag: ['@phone', '@dist'] }, async ({ visitor }) => {
    const page = await visitor({ baseURL: shop.url });
    await addToCart(page, '/p/dried-mango');
    await cartSynced(page);
    await checkOut(page, aShopper(), 'cod');
    expect(await thanked(page)).not.toBe('');
  });

  test('hydrates each first page with fewer than ten files of WebAssembly', { tag: ['@phone', '@dist'] }, async ({ visitor, problems }) => {
    // The admin needs a session first, and no service worker may fetch ahead.
    problems.allow(/status of 401/, /Service Worker registration blocked/);
    const first = async (address, prepare) => {
      const page = await visitor({ baseURL: shop.url, serviceWorkers: 'block' });
      await prepare?.(page);
      const loaded = new Set();
      page.on('request', (request) => { if (request.url().endsWith('.wasm')) loaded.add(request.url()); });
      await open(page, address);
      expect(loaded.size, `${address}: ${[...loaded].join(' ')}`).toBeLessThan(10);
      expect(loaded.size, address).toBeGreaterThan(0);
    };
    for (const address of ['/', '/c', '/p/stoneware-mug', '/search?q=mango', '/cart', '/checkout', '/sign-in', '/admin']) await first(address);
    for (const address of ['/admin', '/admin/orders', '/admin/products', '/admin/settings']) await first(address, (page) => signIn(page, 'owner'));
  });
});
