// What staff do: the manager sends an order off; the clerk is refused what clerks may not do.

import { lots, pages, visit } from '../pages.mjs';
import { anOrder, asStaff, signIn } from '../staff.mjs';
import { accessible, expect, fitsNarrowWindow, open, test } from '../test.mjs';

// On a phone, as it is done among the shelves.
test('a manager picks, packs, ships and delivers an order', { tag: ['@phone', '@dist'] }, async ({ page, request, problems }) => {
  problems.allow(/status of 422/);
  const id = await anOrder(request, 'Ana Reyes');
  await signIn(page, 'manager');
  await expect(page.locator('#today')).toBeVisible();
  await open(page, '/admin/orders');
  await page.locator(`a[href="/admin/orders/${id}"]`).first().click();
  await page.waitForURL(`**/admin/orders/${id}`);
  await page.getByRole('button', { name: 'Pick', exact: true }).click();
  await page.getByRole('button', { name: 'Pack', exact: true }).click();
  // A parcel needs a courier, and what was typed stays.
  await page.locator('#tracking-1').fill('LBC-0001');
  await page.getByRole('button', { name: 'Ship', exact: true }).click();
  await expect(page.locator('#courier-1-error')).toBeVisible();
  await expect(page.locator('#tracking-1')).toHaveValue('LBC-0001');
  await page.locator('#courier-1').fill('LBC');
  await page.getByRole('button', { name: 'Ship', exact: true }).click();
  await page.getByRole('button', { name: 'Mark delivered' }).click();
  await expect(page.getByRole('button', { name: 'Mark delivered' })).toHaveCount(0);
  await expect(page.locator('main')).toContainText('LBC-0001');
  await page.reload();
  await expect(page.locator('main')).toContainText('Delivered');
});

test('several orders are ticked and picked by the keyboard alone', { tag: '@desktop' }, async ({ page, request }) => {
  const name = `Bulk ${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;
  await anOrder(request, name);
  await anOrder(request, name);
  await asStaff(page, 'manager');
  await open(page, `/admin/orders?q=${encodeURIComponent(name)}`);
  const rows = page.getByRole('region', { name: 'Orders' }).locator('tbody tr');
  await expect(rows).toHaveCount(2);
  await rows.first().focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('j');
  await expect(rows.nth(1)).toBeFocused();
  await page.keyboard.press('Space');
  await expect(page.getByText('2 selected')).toBeVisible();
  await page.keyboard.press('k');
  await expect(rows.first()).toBeFocused();
  // The list is read again when they are picked. The row that was gone to meanwhile keeps the focus.
  await page.evaluate(() => {
    const { fetch } = window;
    const held = new Promise((go) => (window.readAgain = go));
    window.fetch = async (asked, ...rest) => {
      if ((asked.url ?? asked).endsWith('/api/admin/orders')) await held;
      return fetch(asked, ...rest);
    };
  });
  await page.getByRole('button', { name: 'Pick selected' }).press('Enter');
  await expect(page.getByText('2 orders picked')).toBeVisible();
  await rows.first().focus();
  await page.evaluate(() => window.readAgain());
  await expect(rows.first()).toContainText('Picking');
  await expect(rows.first()).toBeFocused();
  // Enter opens the order of the row in focus.
  await page.keyboard.press('End');
  await expect(rows.nth(1)).toBeFocused();
  await page.keyboard.press('Enter');
  await page.waitForURL('**/admin/orders/ord_*');
  await expect(page.getByText('Picking began').first()).toBeVisible();
});

test('a clerk is refused what clerks may not do', { tag: '@desktop' }, async ({ page, request, problems }) => {
  problems.allow(/status of 403/);
  const id = await anOrder(request, 'Ben Cruz');
  await asStaff(page, 'clerk');
  await open(page, `/admin/orders/${id}`);
  await expect(page.getByRole('button', { name: 'Pick', exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Cancel order' })).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Settings' })).toHaveCount(0);
  // Nor by a direct request.
  const refused = await page.request.post('/api/admin/order/cancel', { form: { order: id, reason: 'because' }, headers: { accept: 'application/json' } });
  expect(refused.status()).toBe(403);
  await page.goto('/admin/settings');
  await expect(page.getByRole('heading', { name: 'This is not for you to open' })).toBeVisible();
  // Without the permission there is no form to import or to make a product; a product can be read.
  for (const address of ['/admin/products/import', '/admin/products/new']) {
    await open(page, address);
    await expect(page.getByRole('heading', { name: 'This is not for you to open' })).toBeVisible();
    await expect(page.locator('main input:not([type=hidden])')).toHaveCount(0);
  }
  await open(page, '/admin/products?q=mug');
  await page.locator('a[href^="/admin/products/prod_"]').first().click();
  await expect(page.locator('[id="name.en"]')).toHaveValue(/mug/i);
  await expect(page.locator('[id="name.en"]')).toBeDisabled();
  await expect(page.getByRole('button', { name: 'Save changes' })).toHaveCount(0);
  await accessible(page);
});

test('who is signed out is sent to the sign-in page', { tag: ['@desktop', '@dist'] }, async ({ page }) => {
  await page.goto('/admin/orders');
  await expect(page).toHaveURL(/\/sign-in\?back=/);
});

// On both devices, where it is opened in different ways.
test('the command palette opens every page by the keyboard', { tag: '@dist' }, async ({ page, isMobile }) => {
  await asStaff(page, 'manager');
  await open(page, '/admin');
  if (isMobile) await page.getByRole('button', { name: /^Go to a page/ }).click();
  else await page.keyboard.press('Control+k');
  await page.locator('#commands input').fill('stock');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/admin/stock');
});

// The pick list is carried along the shelves.
const carried = ({ name }) => name === 'admin-pick-list';
const staffs = pages.filter(({ address }) => address.startsWith('/admin'));
for (const lot of [staffs.filter(carried), ...lots(staffs.filter((one) => !carried(one)))]) {
  const tag = carried(lot[0]) ? '@phone' : '@desktop';
  test(`no accessibility faults, nor sideways scrolling, on ${lot.map(({ name }) => name).join(', ')}`, { tag }, async ({ page }) => {
    test.setTimeout(120_000);
    for (const one of lot) {
      await test.step(one.name, async () => {
        await visit(page, one);
        await accessible(page);
        await fitsNarrowWindow(page);
      });
    }
  });
}

test('a user whose session ended signs in from the message and returns to the page', { tag: '@phone' }, async ({ page, request, problems }) => {
  problems.allow(/status of 401/);
  const id = await anOrder(request, 'Ana Reyes');
  await asStaff(page, 'manager');
  await open(page, `/admin/orders/${id}`);
  await page.context().clearCookies();
  await page.getByRole('button', { name: 'Pick', exact: true }).click();
  await page.getByRole('main').getByRole('alert').getByRole('link', { name: 'Sign in' }).click();
  await page.waitForURL(new RegExp(`/sign-in\\?back=%2Fadmin%2Forders%2F${id}$`));
  await page.locator('[name=email]').fill('manager@example.com');
  await page.locator('[name=password]').fill('demo-manager-2026');
  await page.locator('main form button[type=submit]').first().click();
  await page.waitForURL(`**/admin/orders/${id}`);
});

test('the open page of the settings is in sight among its tabs', { tag: '@phone' }, async ({ page }) => {
  await asStaff(page, 'manager');
  await open(page, '/admin/settings/denials');
  const tab = page.getByRole('main').getByRole('navigation', { name: 'Settings' }).locator('[aria-current]');
  await expect(tab).toBeInViewport({ ratio: 0.9 });
});
