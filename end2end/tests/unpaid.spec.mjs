// Unpaid card orders: whichever way the shopper leaves, the order is found again, with its next steps.

import { expect, open, test } from '../test.mjs';
import { asStaff } from '../staff.mjs';
import { addToCart, aShopper, CARDS, cartSynced, checkOut, deliveryOffered, fillAddress, fillContact, payWith, thanked } from '../shopper.mjs';

/** The order that waits, as cart and checkout show it. */
const note = (page) => page.locator('#latest-order');
const button = (page, name) => page.getByRole('main').getByRole('button', { name });

/** Places an order of a product by card and stands at the bank's page. */
async function atTheBank(page, product = '/p/dried-mango') {
  await addToCart(page, product);
  await cartSynced(page);
  await checkOut(page, aShopper(), 'card');
  await expect(page.getByLabel('Card number')).toBeVisible();
}

async function leaveUnpaid(page) {
  await page.getByRole('link', { name: 'Back to the shop without paying' }).click();
  await page.waitForURL(/\/checkout\/return/);
}

test('Back from the bank leads to the unpaid order, and to its payment', { tag: '@phone' }, async ({ page }) => {
  await atTheBank(page);
  await page.goBack();
  await expect(note(page)).toContainText('waits for your payment');
  await expect(page.locator('#checkout')).toHaveCount(0);
  await expect(button(page, 'Pay by card')).toBeVisible();
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
  await button(page, 'Pay by card').click();
  await payWith(page, CARDS.approved);
  const number = await thanked(page);
  await expect(page.locator('#states')).toContainText(/Paid|Authorised/);
  // Back once more, past the bank's page: the order, and no cart.
  await page.goBack();
  if (!page.url().includes('/checkout')) await page.goBack();
  await page.goto('/checkout');
  await expect(note(page)).toContainText(`Order ${number} is in`);
  await expect(page.locator('#checkout')).toHaveCount(0);
});

test('after a cash order Back leads to the order', { tag: '@phone' }, async ({ page }) => {
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await checkOut(page, aShopper(), 'cod');
  const number = await thanked(page);
  await page.goBack();
  await expect(note(page)).toContainText(`Order ${number} is in`);
  await expect(page.locator('#checkout')).toHaveCount(0);
  await note(page).getByRole('link', { name: 'To the order' }).click();
  await thanked(page);
});

test('a shopper who closes the bank\'s page finds the unpaid order beside the cart and pays it in cash', { tag: '@phone' }, async ({ page, context }) => {
  await atTheBank(page);
  await page.close();
  const again = await context.newPage();
  await open(again, '/cart');
  await expect(note(again)).toContainText('waits for your payment');
  await expect(again.locator('main li[data-sku]')).toHaveCount(0);
  await button(again, 'Pay in cash on delivery').click();
  await thanked(again);
  await expect(again.locator('#states')).toContainText('Cash due');
  await expect(again.getByText('Thank you!')).toBeVisible();
  await open(again, '/cart');
  await expect(note(again)).toHaveCount(0);
});

test('an unpaid order is cancelled, and its items are in the cart again', { tag: '@phone' }, async ({ page }) => {
  await atTheBank(page, '/p/banana-chips');
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await open(page, '/cart');
  await button(page, 'Cancel the order').click();
  await expect(page.locator('main li[data-sku]')).toHaveCount(2);
  await expect(note(page)).toHaveCount(0);
  await cartSynced(page);
  await open(page, '/cart');
  await expect(page.locator('main li[data-sku]')).toHaveCount(2);
  await checkOut(page, aShopper(), 'cod');
  await thanked(page);
});

test('a shopper who leaves the bank\'s page by its link sees that the order is unpaid', { tag: '@phone' }, async ({ page }) => {
  await atTheBank(page);
  await leaveUnpaid(page);
  const state = page.locator('#payment-state');
  await expect(state).toContainText('waits for your payment');
  await expect(state).not.toContainText('Do not pay again');
  for (const name of ['Pay by card', 'Pay in cash on delivery', 'Cancel the order']) await expect(button(page, name)).toBeVisible();
  // After a reload it is the same.
  await page.reload();
  await expect(state).toContainText('waits for your payment');
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
  const here = page.url();
  await button(page, 'Cancel the order').click();
  await expect(page.locator('main li[data-sku]')).toHaveCount(1);
  await open(page, here);
  await expect(state).toContainText('Nothing was charged');
  await expect(button(page, 'Put the items back into the cart')).toBeVisible();
});

test('a card that was declined is tried again from the shop', { tag: '@phone' }, async ({ page }) => {
  await atTheBank(page);
  await payWith(page, CARDS.declined);
  await leaveUnpaid(page);
  await expect(page.locator('#payment-state')).toContainText('The bank said no');
  await button(page, 'Try again by card').click();
  await payWith(page, CARDS.approved);
  await thanked(page);
});

test('a failed authentication leads back to a button to try again', { tag: '@phone' }, async ({ page }) => {
  await atTheBank(page);
  await payWith(page, CARDS.asks);
  await page.getByRole('button', { name: 'Fail' }).click();
  // The gateway's own page may ask for another card first.
  if (!/\/checkout\/return/.test(page.url())) await leaveUnpaid(page);
  await expect(page.locator('#payment-state')).toContainText('The bank said no');
  await button(page, 'Try again by card').click();
  await payWith(page, CARDS.approved);
  await thanked(page);
});

test('an authentication that was left open can be continued', { tag: '@phone' }, async ({ page }) => {
  await atTheBank(page);
  await payWith(page, CARDS.asks);
  await expect(page.getByRole('button', { name: 'Approve', exact: true })).toBeVisible();
  await open(page, '/cart');
  await expect(note(page)).toContainText('waits for your payment');
  await button(page, 'Pay by card').click();
  await expect(page.getByRole('button', { name: 'Approve', exact: true }).or(page.getByRole('textbox', { name: 'Card number' }))).toBeVisible();
});

test('a second tab with the same cart shows the order and not an empty form', { tag: '@desktop' }, async ({ page, context }) => {
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  const other = await context.newPage();
  await open(other, '/checkout');
  await expect(other.locator('#checkout')).toBeVisible();
  await checkOut(page, aShopper(), 'card');
  await expect(page.getByLabel('Card number')).toBeVisible();
  await expect(note(other)).toContainText('waits for your payment');
  await expect(other.locator('#checkout')).toHaveCount(0);
  await expect(button(other, 'Pay by card')).toBeVisible();
});

test('a shopper who comes back offline sees the state of the order once online', { tag: '@phone' }, async ({ page, problems }) => {
  problems.allow(/ERR_INTERNET_DISCONNECTED/, /ERR_FAILED/);
  await atTheBank(page);
  await page.route('**/checkout/return**', (route) => route.abort('internetdisconnected'));
  await payWith(page, CARDS.approved).catch(() => {});
  await page.unroute('**/checkout/return**');
  await open(page, '/checkout');
  // Paid at the bank: its state is fetched here, or came by webhook meanwhile.
  await note(page).getByRole('link', { name: 'To the order' }).click();
  await page.waitForURL(/\/orders\/follow\//);
  await expect(async () => {
    await page.reload();
    await expect(page.locator('#states')).toContainText(/Paid|Authorised/, { timeout: 1000 });
  }).toPass();
});

test('the page after the bank\'s shows the state of the order', { tag: '@desktop' }, async ({ page, visitor }) => {
  await atTheBank(page);
  const back = page.waitForRequest('**/checkout/return?**');
  await payWith(page, CARDS.approved);
  const address = (await back).url();
  await thanked(page);
  const owner = await visitor();
  await asStaff(owner, 'owner');
  await open(owner, `/admin/orders/${new URL(address).searchParams.get('order')}`);
  await owner.getByRole('button', { name: 'Capture payment' }).click();
  await owner.locator('summary', { hasText: 'Refund' }).click();
  await owner.locator('#refund-amount').fill('1.00');
  await owner.locator('#refund-reason').fill('a scratch');
  await owner.getByRole('button', { name: 'Refund', exact: true }).click();
  await expect(owner.locator('main')).toContainText('Refunded ₱1.00');
  await open(page, address);
  const state = page.locator('#payment-state');
  await expect(state).toContainText('Your payment is in. ₱1.00 of it was given back.');
  await expect(state).not.toContainText('cancelled');
  await state.getByRole('link', { name: 'To the order' }).click();
  await thanked(page);
});

test('cash on delivery is offered only with delivery methods that collect it', { tag: '@phone' }, async ({ page }) => {
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await open(page, '/checkout');
  await fillContact(page, aShopper());
  await page.locator('#country').selectOption('AU');
  // The country's own list comes with its form.
  await page.locator('select[name=province]').selectOption({ label: 'New South Wales' });
  await page.locator('#line1').fill('1 Macquarie Street');
  await page.locator('#city').fill('Sydney');
  await page.locator('#postal_code').fill('2000');
  await deliveryOffered(page);
  await expect(page.locator('input[name=payment][value=cod]')).toBeDisabled();
  await expect(page.locator('input[name=payment][value=card]')).toBeChecked();
  await expect(page.locator('#payment')).toContainText('Not with the delivery that you chose');
  await button(page, /^Place order · ₱/).click();
  await payWith(page, CARDS.approved);
  await thanked(page);
});

test('an unknown payment method is refused, and not taken for cash', { tag: '@desktop' }, async ({ page, problems }) => {
  problems.allow(/responded with a status of 422/);
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await checkOut(page, aShopper(), 'cod', async (press) => {
    await page.locator('input[name=payment][value=cod]').evaluate((input) => { input.value = 'shells'; });
    await press.click();
  });
  await expect(page.getByText('Choose how you pay.').first()).toBeVisible();
  await expect(page).toHaveURL(/\/checkout$/);
});

test('a region that is chosen before the page is hydrated brings its cities', { tag: '@phone' }, async ({ page }) => {
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  let release;
  const gate = new Promise((resolve) => { release = resolve; });
  await page.route('**/*.wasm', async (route) => { await gate; await route.continue(); });
  await page.goto('/checkout');
  await page.locator('#place_1').selectOption({ label: 'National Capital Region (NCR)' });
  await page.locator('#name').fill('Ana Reyes');
  release();
  await page.locator('#place_2').selectOption({ label: 'City of Makati' });
  await page.locator('#place_3').selectOption({ index: 1 });
  await deliveryOffered(page);
  await page.locator('#email').fill(aShopper().email);
  await page.locator('#line1').fill('12 Mabini Street');
  await expect(page.locator('#name')).toHaveValue('Ana Reyes');
  await page.locator('input[name=payment][value=cod]').check();
  await button(page, /^Place order · ₱/).click();
  await thanked(page);
});

test('an error is shown once at its field, and disappears when it is corrected', { tag: '@desktop' }, async ({ page, problems }) => {
  problems.allow(/responded with a status of 422/);
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await open(page, '/checkout');
  await button(page, /^Place order/).click();
  const links = page.getByRole('alert').getByRole('link');
  await expect(links.filter({ hasText: 'Enter your full name.' })).toHaveCount(1);
  await expect(links.filter({ hasText: /^Region: / })).toHaveCount(1);
  await expect(page.getByText('Please fill this in.')).toHaveCount(0);
  const count = await links.count();
  expect(new Set(await links.allTextContents()).size).toBe(count);
  await page.locator('#name').fill('Ana Reyes');
  await expect(page.locator('#name-error')).toHaveCount(0);
  await expect(links).toHaveCount(count - 1);
  // The reader stays in the field.
  await expect(page.locator('#name')).toBeFocused();
  await fillAddress(page);
  await expect(links.filter({ hasText: /Delivery|Region/ })).toHaveCount(0);
});

test('the checkout leads nowhere but to the order', { tag: '@desktop' }, async ({ page, isMobile }) => {
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await open(page, '/checkout');
  await expect(page.getByRole('navigation')).toHaveCount(0);
  await expect(page.getByRole('contentinfo')).toHaveCount(0);
  await expect(page.locator('#front')).toContainText('Secure checkout');
  await expect(page.getByRole('link', { name: 'Help' })).toHaveAttribute('href', /^mailto:/);
  if (isMobile) await expect(button(page, /^Place order/)).toBeInViewport();
  // On other pages the header is there again.
  await page.locator('#front').getByRole('link').first().click();
  await expect(page.getByRole('navigation').first()).toBeVisible();
});

test('a discount code is used in the checkout, and a wrong one gives one error', async ({ page, isMobile, problems }) => {
  problems.allow(/responded with a status of 422/);
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await open(page, '/checkout');
  await fillContact(page, aShopper());
  await fillAddress(page);
  const press = button(page, /^Place order · ₱/);
  await expect(press).toBeVisible();
  const before = await press.textContent();
  if (isMobile) await page.locator('label[for=show-order]').click();
  const code = page.getByLabel('Discount code');
  await code.fill('NOSUCHCODE');
  await code.press('Enter');
  await expect(page.locator('#code-error')).toBeVisible();
  await expect(page.getByText('We do not know this code')).toHaveCount(1);
  // The focus is in the field: the error is announced there, and nowhere else.
  await expect(page.getByRole('alert')).toHaveText(/We do not know this code/);
  await code.fill('WELCOME10');
  await button(page, 'Use code').click();
  await expect(page.locator('#code-error')).toHaveCount(0);
  await expect(page.locator('main').getByText('WELCOME10', { exact: true })).toBeVisible();
  await expect(page.getByRole('status').filter({ hasText: 'The code is used.' })).toHaveCount(1);
  await expect(press).not.toHaveText(before);
  await page.locator('input[name=payment][value=cod]').check();
  await press.click();
  await thanked(page);
  await expect(page.locator('main')).toContainText('Discount');
});

test('a discount code that was typed and not applied is not ignored', { tag: '@desktop' }, async ({ page, problems }) => {
  problems.allow(/responded with a status of 4(09|22)/);
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await checkOut(page, aShopper(), 'cod', async (press) => {
    const before = await press.textContent();
    await page.getByLabel('Discount code').fill('WELCOME10');
    await press.click();
    await expect(page.getByRole('alert').filter({ hasText: 'The total changed' })).toBeVisible();
    await expect(press).not.toHaveText(before);
    await press.click();
  });
  await thanked(page);
  await expect(page.locator('main')).toContainText('Discount');
});
