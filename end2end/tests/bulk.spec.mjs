// Orders chosen together: ticked by the range, picked, and each one that was left out with its reason.

import { anOrder, asStaff } from '../staff.mjs';
import { accessible, expect, open, test } from '../test.mjs';

const button = (page, name) => page.getByRole('button', { name, exact: true });

/** Orders of one name that no other test knows, and the list that has them, oldest last. */
async function ordersOf(request, count) {
  const name = `Bulk ${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;
  const orders = [];
  for (let at = 0; at < count; at += 1) orders.push(await anOrder(request, name));
  return { list: `/admin/orders?q=${encodeURIComponent(name)}`, orders };
}

/** Cancels the first order and begins to pick the second, by their pages. */
async function changeTwo(page, [cancelled, picking]) {
  await open(page, `/admin/orders/${picking}`);
  await button(page, 'Pick').click();
  await expect(button(page, 'Pack')).toBeVisible();
  await open(page, `/admin/orders/${cancelled}`);
  await page.locator('#reason').fill('they called');
  await button(page, 'Cancel order').click();
  await expect(page.locator('main')).toContainText('they called');
}

/** The outcome names the order that was picked, and those left out with their reasons. */
async function saysOfEach(page, [cancelled, picking, open]) {
  const outcome = page.locator('#outcome');
  await expect(outcome).toContainText('1 order picked');
  await expect(outcome.locator(`a[href="/admin/orders/${open}"]`)).toBeVisible();
  const reason = (order) => outcome.locator('li', { has: page.locator(`a[href="/admin/orders/${order}"]`) });
  await expect(reason(cancelled)).toContainText('This order was cancelled.');
  await expect(reason(picking)).toContainText('It is being picked already.');
}

// On both devices: the outcome is far above the button on a phone.
test('after picking many, each order left out is named with its reason', async ({ page, request }) => {
  const { list, orders } = await ordersOf(request, 3);
  await asStaff(page, 'manager');
  await open(page, list);
  // Somebody else is faster: the list is out of date by now.
  const other = await page.context().newPage();
  await changeTwo(other, orders);
  await other.close();
  await page.getByRole('checkbox', { name: 'Select all rows' }).check({ force: true });
  await expect(page.getByText('3 selected')).toBeVisible();
  await button(page, 'Pick selected').click();
  await saysOfEach(page, orders);
  await expect(page.locator('#outcome')).toBeFocused();
  await expect(page.locator('#outcome')).toBeInViewport();
  await expect(page.getByText('3 selected')).toBeHidden();
  // It is read again.
  const row = (order) => page.getByRole('row').filter({ has: page.locator(`a[href="/admin/orders/${order}"]`) });
  await expect(row(orders[0])).toContainText('Cancelled');
  await expect(row(orders[2])).toContainText('Picking');
  await accessible(page);
  await page.locator('#outcome').locator(`a[href="/admin/orders/${orders[0]}"]`).click();
  await page.waitForURL(`**/admin/orders/${orders[0]}`);
});

test('a range of orders is ticked with Shift, by mouse and by keyboard', { tag: '@desktop' }, async ({ page, request }) => {
  const { list } = await ordersOf(request, 4);
  await asStaff(page, 'manager');
  await open(page, list);
  const rows = page.getByRole('region', { name: 'Orders' }).locator('tbody tr');
  await expect(rows).toHaveCount(4);
  const box = (at) => rows.nth(at).getByRole('checkbox');
  const press = (at, modifiers = []) => box(at).click({ force: true, modifiers });
  await press(0);
  await press(2, ['Shift']);
  await expect(page.getByText('3 selected')).toBeVisible();
  await expect(box(3)).not.toBeChecked();
  // The range takes the state of the box that was pressed.
  await press(1, ['Shift']);
  await expect(page.getByText('1 selected')).toBeVisible();
  await expect(box(0)).toBeChecked();
  // Shift and an arrow take along the row that is left and the one that is gone to.
  await rows.nth(1).focus();
  await page.keyboard.press('Shift+ArrowDown');
  await expect(rows.nth(2)).toBeFocused();
  await expect(page.getByText('3 selected')).toBeVisible();
  await page.keyboard.press('Control+a');
  await expect(page.getByText('4 selected')).toBeVisible();
  await page.keyboard.press('Control+a');
  await expect(page.getByText(/^\d+ selected$/)).toBeHidden();
  // From the row that was ticked last to this one.
  await rows.nth(3).focus();
  await page.keyboard.press('Space');
  await rows.nth(1).focus();
  await page.keyboard.press('Shift+Space');
  await expect(page.getByText('3 selected')).toBeVisible();
  await expect(box(0)).not.toBeChecked();
});

test.describe('without a script', () => {
  test.use({ javaScriptEnabled: false });

  test('picking many says of each order what became of it', { tag: '@phone' }, async ({ page, request, visitor, problems }) => {
    problems.allow(/was preloaded using link preload but not used/);
    problems.allow(/status of 422/);
    const { list, orders } = await ordersOf(request, 3);
    const scripted = await visitor({ javaScriptEnabled: true });
    await asStaff(scripted, 'manager');
    await changeTwo(scripted, orders);
    await asStaff(page, 'manager');
    await page.goto(list);
    await button(page, 'Pick selected').click();
    await expect(page.getByRole('alert')).toContainText('Choose orders first.');
    for (const order of orders) await page.locator(`input[name="orders[]"][value="${order}"]`).press('Space');
    await button(page, 'Pick selected').click();
    await saysOfEach(page, orders);
  });
});
