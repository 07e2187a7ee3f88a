// Links to a place inside the page move the focus, and changes of the page do not lose it.

import { addToCart, cartSynced } from '../shopper.mjs';
import { anOrder, asStaff } from '../staff.mjs';
import { expect, open, test } from '../test.mjs';

test('the skip link and the links to errors move the focus', { tag: '@desktop' }, async ({ page, problems }) => {
  problems.allow(/responded with a status of 422/);
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await open(page, '/checkout');
  const skip = page.getByRole('link', { name: 'Skip to content' });
  await skip.focus();
  await skip.press('Enter');
  await expect(page.locator('main')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.locator('main :focus')).toHaveCount(1);

  await page.getByRole('button', { name: /^Place order/ }).press('Enter');
  const link = page.getByRole('alert').getByRole('link', { name: /^E-mail: / });
  await link.press('Enter');
  await expect(page.locator('#email')).toBeFocused();
  await expect(page.locator('#email')).toBeInViewport();
});

test('the skip link of the admin moves the focus', { tag: '@desktop' }, async ({ page }) => {
  await asStaff(page, 'manager');
  await open(page, '/admin/orders');
  const skip = page.getByRole('link', { name: 'Skip to content' });
  await skip.focus();
  await skip.press('Enter');
  await expect(page.locator('main')).toBeFocused();
});

test('a parcel that is shipped by the keyboard keeps the focus', { tag: '@desktop' }, async ({ page, request }) => {
  const id = await anOrder(request, 'Ana Reyes');
  await asStaff(page, 'manager');
  await open(page, `/admin/orders/${id}`);
  const heading = page.getByRole('heading', { name: /^Parcel 1/ });
  await page.getByRole('button', { name: 'Pick', exact: true }).press('Enter');
  await expect(heading).toBeFocused();
  await page.getByRole('button', { name: 'Pack', exact: true }).press('Enter');
  await expect(page.locator('#courier-1')).toBeVisible();
  await expect(heading).toBeFocused();
  // Tab leads to the first field of the next step.
  await page.keyboard.press('Tab');
  await expect(page.locator('#courier-1')).toBeFocused();
});

test('stock that is saved by Enter keeps the focus in its field', { tag: '@desktop' }, async ({ page }) => {
  await asStaff(page, 'manager');
  await open(page, '/admin/stock?q=mug');
  await page.locator('#delta').fill('1');
  await page.locator('#delta').press('Enter');
  await expect(page.getByText('Saved').first()).toBeVisible();
  // The field is another one, and empty.
  await expect(page.locator('#delta')).toHaveValue('');
  await expect(page.locator('#delta')).toBeFocused();
});

test('notices on a phone cover no button, and are shown one at a time', { tag: '@phone' }, async ({ page, request }) => {
  const id = await anOrder(request, 'Ana Reyes');
  await asStaff(page, 'manager');
  await open(page, `/admin/orders/${id}`);
  const news = page.getByRole('region', { name: 'Notifications' }).locator('p:visible');
  await page.getByRole('button', { name: 'Pick', exact: true }).click();
  await expect(news).toHaveText('Picking began');
  expect((await news.boundingBox()).y).toBeLessThan(150);
  await page.getByRole('button', { name: 'Pack', exact: true }).click();
  await expect(news).toHaveText('Packed');
});
