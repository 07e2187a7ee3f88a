// Orders that are undone, returned or cancelled by their shoppers; queues, exports and pick lists.

import { readFile } from 'node:fs/promises';
import { addToCart, cartSynced, checkOut, aShopper } from '../shopper.mjs';
import { anOrder, asStaff } from '../staff.mjs';
import { accessible, expect, open, test } from '../test.mjs';

const button = (page, name) => page.getByRole('button', { name, exact: true });

/** Unfolds what is behind a heading, and presses the button in it. */
async function confirm(page, name) {
  await page.locator('summary', { hasText: name }).click();
  await button(page, name).click();
}

// On a phone, as it is done at the door.
test('a manager undoes picking and packing, and records the parcel that was refused', { tag: '@phone' }, async ({ page, request }) => {
  const id = await anOrder(request, 'Ana Reyes');
  await asStaff(page, 'manager');
  await open(page, `/admin/orders/${id}`);
  await expect(page.getByText('Cash due').first()).toBeVisible();
  await button(page, 'Pick').click();
  await confirm(page, 'Undo picking');
  await expect(page.getByText('No parcel yet.')).toBeVisible();
  await button(page, 'Pick').click();
  await button(page, 'Pack').click();
  await confirm(page, 'Unpack');
  await button(page, 'Pick').click();
  await button(page, 'Pack').click();
  await page.locator('#courier-1').fill('LBC');
  await button(page, 'Ship').click();
  await page.locator('summary', { hasText: 'Record a return' }).click();
  await expect(page.getByText('The cash for these items is waived.')).toBeVisible();
  await page.getByLabel('Refused at the door').check();
  await page.getByLabel('Note for the staff').fill('She was not at home');
  await accessible(page);
  await button(page, 'Record the return').click();
  await expect(page.getByText('She was not at home')).toBeVisible();
  await page.reload();
  const main = page.locator('main');
  await expect(main).toContainText('The parcel was not taken at the door.');
  await expect(main).toContainText('Returned');
  await expect(main).toContainText('Picking undone');
  await expect(main).toContainText('Parcel unpacked');
  await expect(button(page, 'Cancel order')).toHaveCount(0);
});

/** The link by which the shopper of an order follows it. */
async function linkOf(request, name, options) {
  let link;
  const placed = (answer) => answer.text().then((text) => { link ??= text.match(/"link":"([^"]+)"/)?.[1]; });
  const post = request.post.bind(request);
  request.post = async (...asked) => {
    const answer = await post(...asked);
    await placed(answer);
    return answer;
  };
  const id = await anOrder(request, name, options);
  request.post = post;
  return { id, link };
}

test('a shopper cancels by the link of the order, and is too late once it is packed', { tag: '@phone' }, async ({ page, request, problems }) => {
  problems.allow(/status of 409/);
  const [early, late] = [await linkOf(request, 'Ben Cruz'), await linkOf(request, 'Ben Cruz')];
  await open(page, early.link);
  await page.getByRole('link', { name: 'Cancel this order' }).click();
  await page.waitForURL('**/cancel');
  await expect(page.locator('main')).toContainText('Nothing was paid.');
  await expect(page.getByLabel(/^Why\?/).locator('option').first()).toHaveText('Choose a reason');
  await page.getByLabel(/^Why\?/).selectOption({ label: 'Ordered by mistake' });
  await accessible(page);
  await button(page, 'Yes, cancel the order').click();
  await page.waitForURL(`**${early.link}`);
  await expect(page.getByText('You cancelled this order. Nothing was paid.')).toBeVisible();
  await expect(page.getByText('is refunded')).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Cancel this order' })).toHaveCount(0);

  // The parcel is packed between opening the page and sending the form.
  await open(page, `${late.link}/cancel`);
  const staff = await page.context().browser().newPage({ baseURL: new URL(page.url()).origin });
  await asStaff(staff, 'manager');
  await open(staff, `/admin/orders/${late.id}`);
  await button(staff, 'Pick').click();
  await button(staff, 'Pack').click();
  await expect(button(staff, 'Ship')).toBeVisible();
  await staff.close();
  await button(page, 'Yes, cancel the order').click();
  await expect(page.getByText('Your order is packed already', { exact: false })).toBeVisible();
  // There are no buttons, and a link to write to the shop.
  await expect(button(page, 'Yes, cancel the order')).toHaveCount(0);
  await expect(page.getByText('Nothing is packed yet')).toHaveCount(0);
  await expect(page.locator('#states')).toContainText('Packed');
  await expect(page.getByRole('link', { name: 'Write to us' })).toHaveAttribute('href', /^mailto:/);
  await accessible(page);
});

test('a shopper cancels only some items, and nothing when none is named', { tag: '@phone' }, async ({ page, request, problems }) => {
  problems.allow(/status of 422/);
  const { link } = await linkOf(request, 'Ben Cruz', { quantity: 3 });
  await open(page, `${link}/cancel`);
  await page.locator('summary', { hasText: 'Cancel only some items' }).click();
  await expect(page.getByText('of 3 ordered')).toBeVisible();
  const units = page.locator('input[name^="units["]').first();
  await units.fill('0');
  await button(page, 'Cancel these items').click();
  await expect(page.getByText('Say how many: 1 or more.').first()).toBeVisible();
  await accessible(page);
  await units.fill('1');
  await button(page, 'Cancel these items').click();
  await page.waitForURL(/cancelled=some$/);
  await expect(page.getByText('What you chose is cancelled.')).toBeVisible();
  await expect(page.getByText('Thank you')).toHaveCount(0);
  await expect(page.locator('main li[data-sku]').first()).toContainText('1 cancelled');
  await expect(page.locator('main')).toContainText('To pay');
  await expect(page.getByRole('link', { name: 'Cancel this order' })).toBeVisible();
});

test('a page that is out of date is read again, and what was typed stays', { tag: '@desktop' }, async ({ page, request, problems }) => {
  problems.allow(/status of 409/);
  const id = await anOrder(request, 'Ana Reyes');
  await asStaff(page, 'manager');
  await open(page, `/admin/orders/${id}`);
  await button(page, 'Pick').click();
  await expect(button(page, 'Pack')).toBeVisible();
  const other = await page.context().newPage();
  await open(other, `/admin/orders/${id}`);
  await button(other, 'Pack').click();
  await expect(button(other, 'Ship')).toBeVisible();
  await other.close();
  await page.locator('#reason').fill('they called');
  await button(page, 'Pack').click();
  await expect(page.getByText('The parcel was moved on meanwhile', { exact: false }).first()).toBeVisible();
  await expect(button(page, 'Ship')).toBeVisible();
  await expect(page.locator('#reason')).toHaveValue('they called');
});

test('an error is gone once another form of the page was done', { tag: '@desktop' }, async ({ page, request, problems }) => {
  problems.allow(/status of 422/);
  const id = await anOrder(request, 'Ana Reyes');
  await asStaff(page, 'manager');
  await open(page, `/admin/orders/${id}`);
  await button(page, 'Cancel order').click();
  await expect(page.locator('#reason-error')).toBeVisible();
  await button(page, 'Pick').click();
  await expect(button(page, 'Pack')).toBeVisible();
  await expect(page.locator('#reason-error')).toHaveCount(0);
});

test('all orders of a page are ticked at once', { tag: '@desktop' }, async ({ page, request }) => {
  const name = `All ${Date.now().toString(36)}`;
  await anOrder(request, name);
  await anOrder(request, name);
  await asStaff(page, 'manager');
  await open(page, `/admin/orders?q=${encodeURIComponent(name)}`);
  const all = page.getByRole('checkbox', { name: 'Select all rows' });
  // Its label, which is larger, lies over the box.
  await all.check({ force: true });
  await expect(page.getByText('2 selected')).toBeVisible();
  await page.getByRole('checkbox', { name: /^Select (?!all)/ }).first().uncheck({ force: true });
  await expect(all).not.toBeChecked();
  await expect(page.getByText('1 selected')).toBeVisible();
});

test('queues are counted on their tabs, and the list leaves as a file', { tag: '@desktop' }, async ({ page, request }) => {
  const name = `Csv ${Date.now().toString(36)}`;
  await anOrder(request, name);
  await asStaff(page, 'manager');
  await open(page, `/admin/orders?q=${encodeURIComponent(name)}`);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download these orders (CSV)' }).click()]);
  expect(download.suggestedFilename()).toMatch(/^orders-\d{4}-\d\d-\d\d\.csv$/);
  const text = await readFile(await download.path(), 'utf8');
  expect(text.startsWith('\ufefforder,placed_at,')).toBe(true);
  expect(text.trim().split('\r\n')).toHaveLength(2);
  expect(text).toContain(name);
  await page.getByRole('navigation', { name: 'Orders' }).getByRole('link', { name: /^To pack \d/ }).click();
  await page.waitForURL('**/admin/orders?queue=to_pack');
  await expect(page.getByRole('region', { name: 'Orders' }).locator('tbody tr').first()).toBeVisible();
});

test('orders that were ticked for a pick list are ticked again on Back', { tag: '@desktop' }, async ({ page, request }) => {
  const name = `Ticks ${Date.now().toString(36)}`;
  await anOrder(request, name);
  await asStaff(page, 'manager');
  await open(page, `/admin/orders?q=${encodeURIComponent(name)}`);
  const box = page.getByRole('region', { name: 'Orders' }).locator('tbody input[type=checkbox]');
  await box.check({ force: true });
  await page.getByRole('status').getByRole('link', { name: 'Print pick list' }).click();
  await page.waitForURL('**/admin/orders/pick-list?*');
  await page.goBack();
  await page.waitForURL('**/admin/orders?q=*');
  await expect(box).toBeChecked();
  await expect(page.getByRole('status').getByRole('link', { name: 'Print pick list' })).toBeVisible();
});

test('on a phone the queues, the total of an order and what is available are in sight', { tag: '@phone' }, async ({ page, request }) => {
  const name = `Small ${Date.now().toString(36)}`;
  await anOrder(request, name);
  await asStaff(page, 'manager');
  await open(page, `/admin/orders?q=${encodeURIComponent(name)}`);
  await expect(page.getByRole('navigation', { name: 'Orders' })).toBeInViewport();
  await expect(page.getByRole('columnheader', { name: 'Total' })).toBeInViewport({ ratio: 0.9 });
  await expect(page.getByRole('region', { name: 'Orders' }).locator('tbody tr').first()).toContainText(name);
  await open(page, '/admin/stock?q=mug');
  await expect(page.getByRole('columnheader', { name: 'Available' })).toBeInViewport({ ratio: 0.9 });
});

test('a member of staff chooses the notices to get by mail', { tag: '@phone' }, async ({ page }) => {
  await asStaff(page, 'clerk');
  await open(page, '/admin/preferences');
  await page.getByLabel('New orders').check();
  await button(page, 'Save').click();
  await expect(page.getByText('Saved').first()).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('New orders')).toBeChecked();
  await expect(page.getByLabel(/^Items that run low/)).not.toBeChecked();
});

test('an unpaid card order waits for its payment, and is not in the queue to pack', { tag: '@desktop' }, async ({ page }) => {
  const name = `Unpaid ${Date.now().toString(36)}`;
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await checkOut(page, aShopper(name), 'card');
  await expect(page.getByLabel('Card number')).toBeVisible();
  await asStaff(page, 'manager');
  await open(page, `/admin/orders?q=${encodeURIComponent(name)}`);
  const row = page.getByRole('region', { name: 'Orders' }).locator('tbody tr');
  await expect(row).toContainText('Waits for payment');
  await expect(row).not.toContainText('Not packed yet');
});

// On both devices: half a desk is as narrow as a phone.
test('the newest orders show how they are paid, and their totals are in sight', async ({ page, request }) => {
  await anOrder(request, 'Ana Reyes');
  await asStaff(page, 'manager');
  await open(page, '/admin');
  const newest = page.getByRole('region', { name: 'Newest orders' });
  await expect(newest.locator('tbody tr').first()).toContainText('₱');
  await expect(newest).toContainText('Cash due');
  expect(await newest.evaluate((table) => table.scrollWidth - table.clientWidth)).toBe(0);
});

test('a pick list shows its orders, prints boxes to tick, and has a message when it is empty', { tag: '@phone' }, async ({ page, request }) => {
  const id = await anOrder(request, 'Ana Reyes');
  await asStaff(page, 'manager');
  await open(page, '/admin/orders/pick-list');
  await expect(page.getByRole('heading', { name: 'Nothing to pick' })).toBeVisible();
  await open(page, `/admin/orders/pick-list?orders=${id}`);
  const list = page.getByRole('region', { name: 'Pick list' });
  await expect(list.getByRole('columnheader', { name: 'Orders' })).toBeInViewport({ ratio: 1 });
  expect(await list.evaluate((table) => table.scrollWidth - table.clientWidth)).toBe(0);
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByText(/^As of /)).toBeVisible();
  await expect(list.locator('td span[aria-hidden]').first()).toBeVisible();
});
