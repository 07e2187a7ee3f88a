// Links to a place inside the page take the focus along, and work that is done does not lose it.

import { addToCart, cartSynced } from '../shopper.mjs';
import { asStaff } from '../staff.mjs';
import { expect, open, test } from '../test.mjs';

test('the skip link and the links to what is wrong take the keyboard along', { tag: '@desktop' }, async ({ page, problems }) => {
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

test('the skip link of the admin takes the keyboard along', { tag: '@desktop' }, async ({ page }) => {
  await asStaff(page, 'manager');
  await open(page, '/admin/orders');
  const skip = page.getByRole('link', { name: 'Skip to content' });
  await skip.focus();
  await skip.press('Enter');
  await expect(page.locator('main')).toBeFocused();
});
