import { expect, open, test } from '../test.mjs';
import { addToCart, aShopper, cartSynced, deliveryOffered, fillContact, thanked } from '../shopper.mjs';

const promise = (page) => page.getByRole('main').locator('#delivery-promise');

/** Chooses a place in the dialog that a link opened. */
async function choose(page, words, name) {
  const dialog = page.getByRole('dialog', { name: 'Where to?' });
  await dialog.getByLabel('City, municipality or country').fill(words);
  await dialog.getByRole('button', { name }).click();
  await expect(dialog).toBeHidden();
}

test('the delivery place is asked for once, and each page shows the fee and the days for it', { tag: ['@phone', '@dist'] }, async ({ page }) => {
  await open(page, '/p/stoneware-mug');
  await expect(promise(page)).toContainText(/Delivery ₱[\d.]+ – ₱[\d.]+, depending on where you are/);
  const chosen = page.locator('label', { hasText: 'Oat' });
  await chosen.click();
  await promise(page).getByRole('link', { name: /Choose your place/ }).click();
  await choose(page, 'cebu city', /^Cebu City, Central Visayas/);
  await expect(promise(page)).toContainText(/To Cebu City: ₱159\.00, arrives \w{3} \d+ \w{3} – \w{3} \d+ \w{3}/);
  await expect(page.locator('[data-deliver-to]:visible')).toHaveText('Deliver to Cebu City');
  // The link that opened the dialog has been replaced, and the new one has the focus.
  await expect(promise(page).getByRole('link', { name: 'Change' })).toBeFocused();
  // What was chosen of the product stays.
  await expect(page.getByRole('radio', { name: 'Oat' })).toBeChecked();
  // The server got it as well.
  await open(page, '/p/dried-mango');
  await expect(promise(page)).toContainText('To Cebu City: ₱159.00');
  await addToCart(page, '/p/dried-mango');
  await open(page, '/cart');
  const sums = page.getByRole('main').getByRole('complementary');
  await expect(sums).toContainText('Delivery to Cebu City');
  await expect(sums).not.toContainText('Free');
  const total = await sums.locator('dl div', { hasText: /^Total/ }).last().locator('dd').textContent();
  await cartSynced(page);
  // The checkout begins with it, and its total is that of the cart.
  await open(page, '/checkout');
  await expect(page.locator('#place_1')).toHaveValue(/^07/);
  await expect(page.locator('#place_2')).toHaveValue('0730600000');
  await expect(page.getByRole('button', { name: `Place order · ${total.trim()}` })).toBeVisible();
  await open(page, '/');
  await page.getByRole('link', { name: 'Deliver to Cebu City' }).click();
  await choose(page, 'makati', /^Makati City, Metro Manila/);
  await expect(page.locator('[data-deliver-to]:visible')).toHaveText('Deliver to Makati City');
  await expect(page.getByRole('link', { name: 'Deliver to Makati City' })).toBeFocused();
});

test('a product that is sold out shows no delivery date', { tag: '@phone' }, async ({ page, request }) => {
  const list = await (await request.get('/c')).text();
  expect(list).toContain('</html>');
  await open(page, '/p/stoneware-mug');
  await expect(promise(page)).not.toBeEmpty();
  for (const chip of await page.locator('main fieldset label[title$="not available"]').all()) {
    await chip.click();
    await expect(page.locator('#stock')).toContainText('Sold out');
    await expect(promise(page)).toBeEmpty();
  }
});

test('the delivery place of an order is kept', { tag: '@desktop' }, async ({ page }) => {
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await open(page, '/checkout');
  await fillContact(page, aShopper());
  await page.locator('#line1').fill('1 Osmeña Boulevard');
  await page.locator('#place_1').selectOption({ label: 'Region VII (Central Visayas)' });
  await page.locator('#place_2').selectOption({ label: 'City of Cebu' });
  await page.locator('#place_3').selectOption({ index: 1 });
  await deliveryOffered(page);
  await page.getByRole('button', { name: /^Place order · ₱/ }).click();
  await thanked(page);
  await open(page, '/p/dried-mango');
  await expect(promise(page)).toContainText('To Cebu City');
});

test.describe('without a script', () => {
  test.use({ javaScriptEnabled: false });

  test('the place is chosen on a page of its own', { tag: '@phone' }, async ({ page, problems }) => {
    problems.allow(/was preloaded using link preload but not used/);
    await page.goto('/p/dried-mango');
    await promise(page).getByRole('link', { name: /Choose your place/ }).click();
    await page.getByRole('main').getByLabel('City, municipality or country').fill('cebu city');
    await page.getByRole('main').getByRole('button', { name: 'Search' }).click();
    await page.getByRole('main').getByRole('button', { name: /^Cebu City, Central Visayas/ }).click();
    await expect(page).toHaveURL(/\/p\/dried-mango$/);
    await expect(promise(page)).toContainText(/To Cebu City: ₱159\.00, arrives/);
    await page.goto('/p/stoneware-mug');
    await expect(promise(page)).toContainText('To Cebu City: ₱159.00');
  });
});

test('the cart says what is missing to a free delivery at the remembered place, and that it is reached', { tag: '@phone' }, async ({ page }) => {
  await addToCart(page, '/p/dried-mango');
  await addToCart(page, '/p/stoneware-mug');
  await cartSynced(page);
  const bar = page.getByRole('main').locator('#free-delivery');
  await open(page, '/cart');
  // Before a place is chosen nothing is promised.
  await expect(page.getByRole('main').getByRole('complementary')).toContainText('Total before delivery');
  await expect(bar).toHaveCount(0);
  await page.getByRole('main').getByRole('link', { name: /Choose your place/ }).click();
  await choose(page, 'makati', /^Makati City, Metro Manila/);
  const missing = async () => Number((await bar.textContent()).match(/₱([\d,]+\.\d\d) more for free delivery to Makati City/)[1].replaceAll(',', ''));
  const before = await missing();
  const line = page.getByRole('main').locator('li[data-sku]', { hasText: 'Dried mango' });
  const price = Number((await line.locator('.money').first().textContent()).replace(/[^\d.]/g, ''));
  await line.getByRole('button', { name: /^One more/ }).click();
  await expect.poll(missing).toBeCloseTo(before - price, 2);
  await line.locator('input[name=quantity]').fill('10');
  await line.locator('input[name=quantity]').press('Tab');
  await expect(bar).toContainText('Delivery to Makati City is free.');
  await expect(page.getByRole('main').getByRole('complementary').locator('dl')).toContainText('Free');
});
