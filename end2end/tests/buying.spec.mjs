import { expect, open, test } from '../test.mjs';
import { addToCart, aShopper, CARDS, cartSynced, checkOut, deliveryOffered, fillContact, payWith, signUp, thanked } from '../shopper.mjs';

// On both devices: the product's page and the checkout are laid out otherwise, and this is what the shop is for.
test('a guest finds a product and buys it by card', { tag: ['@phone', '@dist'] }, async ({ page }) => {
  await open(page, '/c/tableware');
  await page.locator('#products').getByRole('link', { name: 'Stoneware mug' }).click();
  await expect(page.locator('#product-name')).toHaveText('Stoneware mug');
  await page.locator('label', { hasText: 'Oat' }).click();
  await page.getByRole('main').getByRole('button', { name: 'Add to cart' }).first().click();
  const drawer = page.locator('#cart-drawer');
  await expect(drawer.getByText('Stoneware mug')).toBeVisible();
  await drawer.getByRole('link', { name: 'Check out' }).click();
  await page.waitForURL('/checkout');
  await cartSynced(page);
  await checkOut(page, aShopper(), 'card');
  await payWith(page, CARDS.approved);
  await thanked(page);
  await expect(page.getByText('Thank you!')).toBeVisible();
  await expect(page.locator('#states')).toContainText(/Paid|Authorised/);
  await open(page, '/cart');
  await expect(page.getByRole('heading', { name: 'Your cart is empty' })).toBeVisible();
});

test('after a declined card another one can be used', { tag: '@phone' }, async ({ page }) => {
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await checkOut(page, aShopper(), 'card');
  await payWith(page, CARDS.declined);
  await expect(page.getByRole('alert')).toBeVisible();
  await payWith(page, CARDS.approved);
  await thanked(page);
  await expect(page.locator('#states')).toContainText(/Paid|Authorised/);
});

test('a card that needs authentication is authenticated at the bank', { tag: '@phone' }, async ({ page }) => {
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await checkOut(page, aShopper(), 'card');
  await payWith(page, CARDS.asks);
  await page.getByRole('button', { name: 'Approve' }).click();
  await thanked(page);
  await expect(page.locator('#states')).toContainText(/Paid|Authorised/);
});

test('a signed-in shopper buys by cash on delivery and finds the order in the account', { tag: ['@phone', '@dist'] }, async ({ page }) => {
  const ana = aShopper();
  await signUp(page, ana);
  await expect(page.getByRole('heading', { name: 'Hello, Ana' })).toBeVisible();
  await addToCart(page, '/p/barako-coffee');
  await cartSynced(page);
  await checkOut(page, ana, 'cod');
  const number = await thanked(page);
  await expect(page.locator('#states')).toContainText('Cash due');
  await open(page, '/account/orders');
  await page.getByRole('link', { name: new RegExp(number) }).click();
  await expect(page.locator('#order-number')).toContainText(number);
});

test('an error is shown beside its field, and what was typed stays', { tag: '@phone' }, async ({ page, problems }) => {
  problems.allow(/responded with a status of 422/);
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await open(page, '/checkout');
  await page.getByLabel('Full name').first().fill('Ana Reyes');
  await page.getByLabel('E-mail').fill('ana@nowhere');
  await page.getByRole('button', { name: /^Place order/ }).click();
  await expect(page.locator('#email-error')).toBeVisible();
  await expect(page.locator('#place_1-error')).toBeVisible();
  // The button is far below on a phone: the error is scrolled into sight, and announced by screen readers.
  await expect(page.locator('[tabindex="-1"]:focus').getByRole('alert')).toBeInViewport();
  await expect(page.getByLabel('Full name').first()).toHaveValue('Ana Reyes');
});

test('two presses make one order', { tag: '@phone' }, async ({ page }) => {
  await addToCart(page, '/p/banana-chips');
  await cartSynced(page);
  let sent = 0;
  page.on('request', (request) => { if (request.url().includes('/api/place_order')) sent += 1; });
  await checkOut(page, aShopper(), 'cod', (button) => button.evaluate((element) => {
    element.click();
    element.click();
  }));
  await thanked(page);
  expect(sent).toBe(1);
});

test('an order is delivered abroad and billed at home', { tag: '@desktop' }, async ({ page }) => {
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await open(page, '/checkout');
  await fillContact(page, aShopper());
  await page.locator('#country').selectOption('SG');
  // A country has its own fields: no region here, and six digits.
  await expect(page.locator('#place_1')).toHaveCount(0);
  await page.locator('#line1').fill('1 Orchard Road');
  await page.locator('#postal_code').fill('238824');
  await deliveryOffered(page);
  await page.getByRole('checkbox', { name: 'Billing address is the same' }).uncheck();
  const bill = page.locator('#billing');
  await bill.locator('#billing_recipient').fill('Ana Reyes');
  await bill.locator('#billing_line1').fill('12 Mabini Street');
  await bill.locator('#billing_place_1').selectOption({ label: 'National Capital Region (NCR)' });
  await bill.locator('#billing_place_2').selectOption({ label: 'City of Makati' });
  await bill.locator('#billing_place_3').selectOption({ index: 1 });
  await page.locator('input[name=payment][value=card]').check();
  await page.getByRole('button', { name: /^Place order · ₱/ }).click();
  await payWith(page, CARDS.approved);
  await thanked(page);
  await expect(page.getByText('1 Orchard Road')).toBeVisible();
  await expect(page.getByText('12 Mabini Street')).toBeVisible();
});

test('after a refused order the next press is for what the cart costs now', { tag: '@phone' }, async ({ page, problems }) => {
  problems.allow(/responded with a status of 409/);
  await addToCart(page, '/p/banana-chips');
  await cartSynced(page);
  await open(page, '/cart');
  const number = page.locator('main li[data-sku] input[name=quantity]');
  await page.getByRole('main').getByRole('button', { name: 'One more' }).click();
  await expect(number).toHaveValue('2');
  await cartSynced(page);
  const variant = await page.locator('main li[data-sku] input[name=variant]').getAttribute('value');
  // The cart is cut from another device: this page does not show it until the order is refused.
  await checkOut(page, aShopper(), 'cod', async (button) => {
    const before = await button.textContent();
    await page.evaluate((body) => fetch('/cart', { method: 'POST', body: new URLSearchParams(body) }), { step: 'set', variant, quantity: '1' });
    await button.click();
    await expect(page.getByRole('alert').filter({ hasText: 'The total changed' })).toBeVisible();
    await expect(button).not.toHaveText(before);
    await expect(page.locator('#checkout').getByText('1 item', { exact: false }).first()).toBeVisible();
    await button.click();
  });
  await thanked(page);
});

test('a shopper who comes back from the bank finds the unpaid order', { tag: '@phone' }, async ({ page }) => {
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await checkOut(page, aShopper(), 'card');
  await expect(page.getByLabel('Card number')).toBeVisible();
  await open(page, '/checkout');
  await page.getByRole('main').getByRole('link', { name: 'To the order' }).click();
  await page.waitForURL(/\/orders\/follow\//);
  await expect(page.getByRole('button', { name: 'Pay by card' })).toBeVisible();
});

test('who is signed out signs in and returns to the page', { tag: '@phone' }, async ({ page, problems }) => {
  problems.allow(/responded with a status of 401/);
  const ana = aShopper();
  await signUp(page, ana);
  await open(page, '/account/preferences');
  await page.locator('#language').selectOption('fil');
  await page.locator('form', { has: page.locator('input[value=preferences]') }).getByRole('button', { name: 'Save' }).click();
  await page.waitForURL('**/account/preferences?saved=1');
  await expect(page.locator('html')).toHaveAttribute('lang', 'fil-PH');
  await page.context().clearCookies();
  await open(page, '/account/addresses');
  await expect(page.getByText('signed out')).toHaveCount(0);
  await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
  await page.waitForURL(/\/sign-in\?back=/);
  await page.locator('[name=email]').fill(ana.email);
  await page.locator('[name=password]').fill(ana.password);
  await page.locator('main form button[type=submit]').first().click();
  await page.waitForURL('**/account/addresses');
});
