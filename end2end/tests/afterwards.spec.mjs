// What a shopper wants of an order after it was placed.

import { asStaff } from '../staff.mjs';
import { accessible, expect, open, test } from '../test.mjs';
import { addToCart, aShopper, cartSynced, checkOut, thanked } from '../shopper.mjs';

test('an order goes into the calendar while it is on its way, and its items into the cart again once it arrived', { tag: '@phone' }, async ({ page, visitor }) => {
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await checkOut(page, aShopper(), 'cod');
  const number = await thanked(page);
  const calendar = page.getByRole('link', { name: 'Add to calendar' });
  const file = await page.request.get(await calendar.getAttribute('href'));
  expect(file.headers()['content-type']).toContain('text/calendar');
  const entry = await file.text();
  expect(entry).toMatch(/^BEGIN:VCALENDAR\r\nVERSION:2\.0\r\n/);
  expect(entry).toContain(`order ${number} arrives\r\n`);
  const [, from, to] = entry.match(/DTSTART;VALUE=DATE:(\d{8})\r\nDTEND;VALUE=DATE:(\d{8})\r\n/);
  expect(Number(to)).toBeGreaterThan(Number(from));
  await expect(page.getByRole('link', { name: 'Questions? Write to us' })).toHaveAttribute('href', /^mailto:/);
  await expect(page.getByRole('button', { name: 'Buy it again' })).toHaveCount(0);
  expect((await page.request.get('/orders/follow/nothing/arrival.ics')).status()).toBe(404);

  const staff = await visitor();
  await asStaff(staff, 'manager');
  await open(staff, `/admin/orders?q=${number}`);
  await staff.getByRole('main').getByRole('link', { name: number }).click();
  for (const step of ['Pick', 'Pack']) await staff.getByRole('button', { name: step, exact: true }).click();
  await staff.locator('#courier-1').fill('LBC');
  await staff.getByRole('button', { name: 'Ship', exact: true }).click();
  await staff.getByRole('button', { name: 'Mark delivered' }).click();
  await expect(staff.getByText('Delivered').first()).toBeVisible();

  await page.reload();
  await expect(calendar).toHaveCount(0);
  await accessible(page);
  await page.getByRole('button', { name: 'Buy it again' }).click();
  await page.waitForURL('/cart');
  await expect(page.getByRole('main').locator('li[data-sku]')).toHaveCount(1);
  await expect(page.getByRole('main').locator('li[data-sku]')).toContainText('Dried mango');
});
