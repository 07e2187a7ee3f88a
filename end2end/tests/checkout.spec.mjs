// The checkout's page: before the address is complete, and with errors.

import { expect, open, test } from '../test.mjs';
import { anOrder, asStaff } from '../staff.mjs';
import { addToCart, aShopper, cartSynced, deliveryOffered, fillAddress, fillContact, thanked } from '../shopper.mjs';

const button = (page, name) => page.getByRole('main').getByRole('button', { name });
const links = (page) => page.getByRole('alert').getByRole('link');

/** A discount code that one order may use. */
async function codeForOne(staff) {
  const code = `LAST-${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`.toUpperCase();
  await asStaff(staff, 'manager');
  await open(staff, '/admin/settings/discounts/new');
  await staff.locator('#code').fill(code);
  await staff.locator('#value').fill('10');
  await staff.locator('#most_uses').fill('1');
  await staff.getByRole('button', { name: 'Add a discount code' }).click();
  await staff.waitForURL('**/admin/settings/discounts');
  return code;
}

// On a phone, where the code is in a folded panel.
test('when the last use of a discount code goes to somebody else, the order can go on without it', { tag: '@phone' }, async ({ page, visitor, request, problems }) => {
  problems.allow(/responded with a status of 4(09|22)/);
  const code = await codeForOne(await visitor());
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await open(page, '/checkout');
  await fillContact(page, aShopper());
  await fillAddress(page);
  await page.locator('input[name=payment][value=cod]').check();
  const press = button(page, /^Place order · ₱/);
  await expect(press).toBeVisible();
  const full = await press.textContent();
  const fold = page.locator('label[for=show-order]');
  const field = page.getByLabel('Discount code');
  await fold.click();
  await field.fill(code);
  await button(page, 'Use code').click();
  await expect(page.locator('main').getByText(code, { exact: true })).toBeVisible();
  await expect(press).not.toHaveText(full);
  await fold.click();
  await expect(field).toBeHidden();
  await anOrder(request, 'Ben Cruz', { code });
  await page.locator('#email').fill('ana@nowhere');
  await press.click();
  // All errors are shown at once, and folded panels with errors open.
  await expect(links(page).filter({ hasText: 'This code has ended.' })).toHaveCount(1);
  await expect(links(page).filter({ hasText: /^E-mail: / })).toHaveCount(1);
  await expect(field).toBeVisible();
  await links(page).filter({ hasText: 'This code has ended.' }).click();
  await expect(field).toBeInViewport();
  await button(page, 'Go on without the code').click();
  await expect(field).toHaveValue('');
  await expect(page.locator('#code-error')).toHaveCount(0);
  await expect(page.getByText('You go on without a code.')).toBeFocused();
  await expect(links(page)).toHaveCount(1);
  await page.locator('#email').fill(aShopper().email);
  await cartSynced(page);
  await expect(press).toHaveText(full);
  await press.click();
  await thanked(page);
  await expect(page.locator('main')).not.toContainText('Discount');
});

test('a discount code that is taken out leaves the focus in its field', { tag: '@desktop' }, async ({ page }) => {
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await open(page, '/checkout');
  const field = page.getByLabel('Discount code');
  await field.fill('WELCOME10');
  await field.press('Enter');
  await button(page, 'Remove').click();
  await expect(field).toBeFocused();
  await expect(field).toHaveValue('');
});

test('a gift note is sent with the order and stands on its page and on the pick list', { tag: '@phone' }, async ({ page, visitor }) => {
  const note = `Maligayang kaarawan, Lola! ${Date.now().toString(36)}`;
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await open(page, '/checkout');
  await fillContact(page, aShopper());
  await fillAddress(page);
  await deliveryOffered(page);
  await page.getByText('It is a gift', { exact: true }).click();
  await page.getByLabel('Gift note').fill(note);
  await page.locator('input[name=payment][value=cod]').check();
  await button(page, /^Place order · ₱/).click();
  const number = await thanked(page);
  await expect(page.getByText(note)).toBeVisible();
  const staff = await visitor();
  await asStaff(staff, 'manager');
  await open(staff, `/admin/orders?q=${number}`);
  await staff.locator('main a[href^="/admin/orders/ord_"]').first().click();
  await expect(staff.locator('#gift-note')).toContainText(note);
  const id = staff.url().split('/').pop();
  await open(staff, `/admin/orders/pick-list?orders=${id}`);
  await expect(staff.getByRole('main')).toContainText(note);
});

test('an order above the cash limit shows why cash is not taken', { tag: '@phone' }, async ({ page }) => {
  await open(page, '/p/travel-speaker');
  const count = page.getByRole('main').getByRole('spinbutton', { name: 'Quantity' });
  await count.fill('9');
  await count.press('Tab');
  await page.getByRole('main').getByRole('button', { name: 'Add to cart' }).first().click();
  await expect(page.locator('#cart-drawer')).toBeVisible();
  await cartSynced(page);
  await open(page, '/checkout');
  await fillAddress(page);
  await deliveryOffered(page);
  await expect(page.locator('#payment')).toContainText('Cash up to ₱20,000.00; pay this order by card.');
  await expect(page.locator('input[name=payment][value=cod]')).toBeDisabled();
  await expect(page.locator('input[name=payment][value=card]')).toBeChecked();
});

test('without an address no delivery method is asked for and no date is promised', { tag: '@desktop' }, async ({ page, problems }) => {
  problems.allow(/responded with a status of 422/);
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await open(page, '/checkout');
  const sums = page.locator('#checkout aside dl');
  await expect(sums).toContainText('When you choose your place');
  await expect(sums).toContainText('Total before delivery');
  await button(page, /^Place order/).click();
  await expect(links(page).filter({ hasText: /^Region: / })).toHaveCount(1);
  await expect(links(page).filter({ hasText: 'Choose how it gets to you' })).toHaveCount(0);
  await fillAddress(page);
  await expect(sums).not.toContainText('before delivery');
  await expect(sums).toContainText('Total');
});

test('one typed search fills in barangay, city, region and postal code, and a postal code of elsewhere is refused', { tag: ['@phone', '@desktop'] }, async ({ page, problems }) => {
  problems.allow(/responded with a status of 422/);
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await open(page, '/checkout');
  await fillContact(page, aShopper());
  const find = page.getByLabel('Find your barangay or city').first();
  await find.fill('zzzzzz');
  await expect(page.getByRole('status').filter({ hasText: 'Nothing found' })).toBeVisible();
  await find.fill('lahug ceb');
  await page.getByRole('button', { name: 'Lahug, Cebu City, Central Visayas' }).click();
  await expect(page.locator('#place_2')).toHaveValue('0730600000');
  await expect(page.locator('#place_3 option:checked')).toHaveText('Lahug');
  await expect(page.locator('#postal_code')).toHaveValue('6000');
  await expect(find).toBeFocused();
  // Another place takes its own postal code with it; Enter chooses the first and sends nothing.
  await find.fill('kapitolyo pasig');
  await expect(page.getByRole('button', { name: /^Kapitolyo, Pasig City/ })).toBeVisible();
  await find.press('Enter');
  await expect(page.locator('#postal_code')).toHaveValue('1603');
  await deliveryOffered(page);
  // A city leaves the barangay to the list below.
  await find.fill('cebu city');
  await page.getByRole('button', { name: 'Cebu City, Central Visayas', exact: true }).click();
  await expect(page.locator('#place_3')).toHaveValue('');
  await page.locator('#place_3').selectOption({ label: 'Lahug' });
  await page.locator('#line1').fill('12 Gorordo Avenue');
  // What was typed is not filled over.
  await page.locator('#postal_code').fill('1603');
  await page.locator('input[name=payment][value=cod]').check();
  await deliveryOffered(page);
  await button(page, /^Place order/).click();
  await expect(links(page).filter({ hasText: '1603 is a postal code of City of Pasig.' })).toHaveCount(1);
  await page.locator('#postal_code').fill('6000');
  await button(page, /^Place order/).click();
  await thanked(page);
});

test('on a phone the front of the checkout has room for the shop\'s name in Filipino too', { tag: '@phone' }, async ({ page }) => {
  await page.context().addCookies([{ name: 'lang', value: 'fil', url: process.env.TINDAHAN_URL }]);
  await open(page, '/checkout');
  const front = page.locator('#front');
  await expect(front).toContainText('Ligtas na checkout');
  const isWhole = await front.locator('a .truncate').evaluate((name) => name.scrollWidth <= name.clientWidth + 1);
  expect(isWhole).toBe(true);
  expect((await front.boundingBox()).height).toBeLessThan(100);
});
