// The program is one file: pages, styles, migrations and the demonstration shop are inside.

import { startShop } from '../harness.mjs';
import { addToCart, cartSynced, checkOut, somebody, thanked } from '../shopper.mjs';
import { expect, test } from '../test.mjs';

test.describe('the program alone in an empty folder', () => {
  let shop;

  test.beforeAll(async () => {
    test.setTimeout(120_000);
    shop = await startShop({ alone: true });
  });

  test.afterAll(() => shop?.stop());

  test('serves a shop that sells', async ({ visitor }) => {
    const page = await visitor({ baseURL: shop.url });
    await addToCart(page, '/p/dried-mango');
    await cartSynced(page);
    await checkOut(page, somebody(), 'cod');
    expect(await thanked(page)).not.toBe('');
  });
});
