// What is typed in the admin and not saved is not lost by leaving the page, nor by a session that ends.

import { anOrder, asStaff } from '../staff.mjs';
import { accessible, expect, open, test } from '../test.mjs';

const button = (page, name) => page.getByRole('button', { name, exact: true });
const question = (page) => page.getByRole('dialog', { name: 'Leave without saving?' });
const fresh = () => `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;

/** A product that no other test knows, open in its form. */
async function aProduct(page) {
  const id = fresh();
  await open(page, '/admin/products/new');
  await page.locator('[id="name.en"]').fill(`Basket ${id}`);
  await page.locator('[id="sku.0"]').fill(`B-${id}`);
  await page.locator('[id="price.0"]').fill('250');
  await button(page, 'Save changes').click();
  await page.waitForURL('**/admin/products/prod_*');
  // The form is that of the saved product by now.
  await expect(page.getByRole('heading', { level: 1, name: `Basket ${id}` })).toBeVisible();
  return page.locator('[id="name.en"]');
}

// On both devices: the way out differs.
test('a changed product is not left without being asked, and an unchanged or saved one is', async ({ page, isMobile }) => {
  await asStaff(page, 'manager');
  await open(page, '/admin/products');
  const name = await aProduct(page);
  const product = page.url();
  const leaveBy = async (link) => {
    if (isMobile) await page.getByRole('banner').getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('navigation', { name: 'Admin menu' }).getByRole('link', { name: link }).click();
  };
  // Just saved, looked at, and changed back: nobody is asked.
  await name.focus();
  const first = await name.inputValue();
  await name.fill('Something else');
  await name.fill(first);
  await leaveBy('Stock');
  await page.waitForURL('**/admin/stock');

  await page.goBack();
  await page.waitForURL(product);
  await expect(name).toHaveValue(first);
  await name.fill(`${first}, large`);
  await leaveBy('Stock');
  await expect(question(page)).toBeVisible();
  await accessible(page);
  await button(page, 'Stay').click();
  await expect(question(page)).toBeHidden();
  if (isMobile) await page.keyboard.press('Escape');
  expect(page.url()).toBe(product);
  await expect(name).toHaveValue(`${first}, large`);

  // Back asks as well, and the address is that of the page that stays.
  await page.goBack();
  await expect(question(page)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(question(page)).toBeHidden();
  expect(page.url()).toBe(product);
  await expect(name).toHaveValue(`${first}, large`);

  // So does the palette.
  await page.getByRole('button', { name: /^Go to a page/ }).click();
  await page.locator('#commands input').fill('categories');
  await page.keyboard.press('Enter');
  await expect(question(page)).toBeVisible();
  await button(page, 'Stay').click();
  await expect(page.locator('#commands')).toBeHidden();

  // And the browser, about the tab.
  const asked = page.waitForEvent('dialog');
  await page.evaluate(() => { setTimeout(() => location.reload()); });
  const dialog = await asked;
  expect(dialog.type()).toBe('beforeunload');
  await dialog.dismiss();
  await expect(name).toHaveValue(`${first}, large`);

  const saved = page.waitForResponse('**/api/admin/product/save');
  await button(page, 'Save changes').click();
  expect((await saved).status()).toBe(200);
  await expect(page.getByRole('heading', { level: 1, name: `${first}, large` })).toBeVisible();
  await leaveBy('Stock');
  await page.waitForURL('**/admin/stock');

  // Who agrees leaves, and what was typed is gone.
  await page.goBack();
  await page.waitForURL(product);
  await expect(name).toHaveValue(`${first}, large`);
  await name.fill('Not to be saved');
  await page.goBack();
  await button(page, 'Leave').click();
  await expect(page).not.toHaveURL(product);
  await open(page, product);
  await expect(name).toHaveValue(`${first}, large`);
});

test('rows and pictures that a button changed count as changes', { tag: '@desktop' }, async ({ page }) => {
  await asStaff(page, 'manager');
  await aProduct(page);
  await page.locator('[name="form[options][0][names][0]"]').fill('Size');
  await page.locator('[name="form[options][0][values][0]"]').fill('Small, Large');
  const saved = page.waitForResponse('**/api/admin/product/save');
  await button(page, 'Make all combinations').click();
  await button(page, 'Save changes').click();
  expect((await saved).status()).toBe(200);
  await page.reload();
  await open(page, page.url());
  await button(page, 'Add a variant').click();
  await page.getByRole('link', { name: 'Back', exact: true }).click();
  await expect(question(page)).toBeVisible();
});

test('settings and a note about a customer are not left without being asked', { tag: '@phone' }, async ({ page, request }) => {
  await anOrder(request, 'Ana Reyes');
  await asStaff(page, 'owner');
  await open(page, '/admin/settings');
  // Other journeys save the rest of the settings meanwhile.
  const limits = page.locator('form', { has: page.locator('#cash_days') });
  await limits.locator('#cash_days').fill(`${20 + Math.floor(Math.random() * 60)}`);
  await page.getByRole('main').getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Staff' }).click();
  await expect(question(page)).toBeVisible();
  await button(page, 'Stay').click();
  await limits.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByText('Saved').first()).toBeVisible();
  await page.getByRole('main').getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Staff' }).click();
  await page.waitForURL('**/admin/settings/staff');

  await open(page, '/admin/customers?q=ana%40example.com');
  await page.locator('main a[href^="/admin/customers/con_"]').first().click();
  await page.getByLabel('New note').fill('Rings twice');
  await page.locator('main a[href^="/admin/orders/"]').first().click();
  await expect(question(page)).toBeVisible();
  await button(page, 'Leave').click();
  await page.waitForURL('**/admin/orders/ord_*');
});

test('orders that are ticked are chosen, not changed', { tag: '@desktop' }, async ({ page, request }) => {
  const id = await anOrder(request, 'Ana Reyes');
  await asStaff(page, 'manager');
  await open(page, '/admin/orders');
  await page.getByRole('region', { name: 'Orders' }).locator('tbody').getByRole('checkbox').first().check({ force: true });
  await page.locator(`a[href="/admin/orders/${id}"]`).first().click();
  await page.waitForURL(`**/admin/orders/${id}`);
});

// On both devices.
test('what was typed stays while one signs in again in another tab', async ({ page, problems }) => {
  problems.allow(/status of 401/);
  await asStaff(page, 'manager');
  const name = await aProduct(page);
  const typed = `${await name.inputValue()}, woven`;
  await name.fill(typed);
  await page.context().clearCookies();
  await button(page, 'Save changes').click();
  const link = page.getByRole('main').getByRole('alert').getByRole('link', { name: 'Sign in' });
  const [other] = await Promise.all([page.waitForEvent('popup'), link.click()]);
  await other.locator('[name=email]').fill('manager@example.com');
  await other.locator('[name=password]').fill('demo-manager-2026');
  await other.locator('main form button[type=submit]').first().click();
  await expect(other.getByRole('heading', { name: 'You are signed in again' })).toBeVisible();
  await other.close();
  await expect(name).toHaveValue(typed);
  const saved = page.waitForResponse('**/api/admin/product/save');
  await button(page, 'Save changes').click();
  expect((await saved).status()).toBe(200);
  await page.reload();
  await expect(name).toHaveValue(typed);
});
