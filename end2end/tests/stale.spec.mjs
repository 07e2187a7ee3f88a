// Two managers at one product: the second one is told what the first one saved, and replaces it only knowingly.

import { startShop } from '../harness.mjs';
import { signIn } from '../shopper.mjs';
import { asStaff } from '../staff.mjs';
import { accessible, expect, open, test } from '../test.mjs';

const button = (page, name) => page.getByRole('button', { name, exact: true });
const fresh = () => `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;

// On both devices.
test('a product that somebody else saved meanwhile is not replaced unseen', async ({ page, visitor, problems }) => {
  problems.allow(/status of 409/);
  const id = fresh();
  await asStaff(page, 'manager');
  await open(page, '/admin/products/new');
  await page.locator('[id="name.en"]').fill(`Vase ${id}`);
  await page.locator('[id="sku.0"]').fill(`V-${id}`);
  await page.locator('[id="price.0"]').fill('400');
  await button(page, 'Save changes').click();
  await page.waitForURL('**/admin/products/prod_*');
  const product = new URL(page.url()).pathname;

  const owner = await visitor();
  await asStaff(owner, 'owner');
  await open(owner, product);
  await owner.locator('[id="name.en"]').fill(`Vase of Cebu ${id}`);
  await owner.locator('#vendor').fill('Kiln');
  await button(owner, 'Save changes').click();
  await expect(owner.getByRole('heading', { level: 1, name: `Vase of Cebu ${id}` })).toBeVisible();

  await page.locator('[id="name.en"]').fill(`Tall vase ${id}`);
  await page.locator('[id="price.0"]').fill('450');
  await button(page, 'Save changes').click();
  const told = page.getByRole('main').getByRole('alert');
  await expect(told).toContainText('Someone else changed this in the meantime.');
  await expect(told).toContainText('Vendor, Texts');
  await expect(page.locator('[id="name.en-error"]')).toHaveText(`Saved meanwhile: “Vase of Cebu ${id}”`);
  await expect(page.locator('#vendor-error')).toHaveText('Saved meanwhile: “Kiln”');
  await expect(page.locator('[id="price.0-error"]')).toHaveCount(0);
  await expect(page.locator('[id="name.en"]')).toHaveValue(`Tall vase ${id}`);
  await accessible(page);

  // Nothing was replaced, and what is saved can be looked at.
  await owner.reload();
  await expect(owner.locator('[id="name.en"]')).toHaveValue(`Vase of Cebu ${id}`);
  await page.locator('#vendor').fill('Kiln');
  await expect(page.locator('#vendor-error')).toHaveCount(0);
  const saved = page.waitForResponse('**/api/admin/product/save');
  await button(page, 'Save changes').click();
  expect((await saved).status()).toBe(200);
  await expect(page.getByRole('heading', { level: 1, name: `Tall vase ${id}` })).toBeVisible();
  await owner.reload();
  await expect(owner.locator('[id="price.0"]')).toHaveValue('450.00');
  await expect(owner.locator('#vendor')).toHaveValue('Kiln');
});

test('a category that somebody else saved meanwhile is not replaced unseen', { tag: '@desktop' }, async ({ page, visitor, problems }) => {
  problems.allow(/status of 409/);
  const id = fresh();
  await asStaff(page, 'manager');
  await open(page, '/admin/categories/new');
  await page.locator('[id="name.en"]').fill(`Shelf ${id}`);
  // Not in the shop's menu, which other tests look at.
  await page.getByRole('checkbox', { name: "In the shop's menu" }).uncheck({ force: true });
  await button(page, 'Save changes').click();
  await page.waitForURL('**/admin/categories/cat_*');
  const category = new URL(page.url()).pathname;

  const owner = await visitor();
  await asStaff(owner, 'owner');
  await open(owner, category);
  await owner.locator('[id="name.en"]').fill(`Rack ${id}`);
  await owner.locator('[id="blurb.en"]').fill('Of bamboo.');
  await button(owner, 'Save changes').click();
  await expect(owner.getByRole('heading', { level: 1, name: `Rack ${id}` })).toBeVisible();

  await page.locator('[id="name.en"]').fill(`Tall shelf ${id}`);
  await button(page, 'Save changes').click();
  const told = page.getByRole('main').getByRole('alert');
  await expect(told).toContainText('Someone else changed this in the meantime.');
  await expect(page.locator('[id="name.en-error"]')).toHaveText(`Saved meanwhile: “Rack ${id}”`);
  await expect(page.locator('[id="blurb.en-error"]')).toHaveText('Saved meanwhile: “Of bamboo.”');
  await expect(page.locator('[id="name.en"]')).toHaveValue(`Tall shelf ${id}`);
  await accessible(page);
  await owner.reload();
  await expect(owner.locator('[id="name.en"]')).toHaveValue(`Rack ${id}`);
  await page.locator('[id="blurb.en"]').fill('Of bamboo.');
  await button(page, 'Save changes').click();
  await expect(page.getByRole('heading', { level: 1, name: `Tall shelf ${id}` })).toBeVisible();
  // The next change is not refused for one's own.
  await page.locator('#position').fill('77');
  const saved = page.waitForResponse('**/api/admin/category/save');
  await button(page, 'Save changes').click();
  expect((await saved).status()).toBe(200);
});

test.describe('a shop of its own', () => {
  let shop;

  test.beforeAll(async () => {
    test.setTimeout(120_000);
    shop = await startShop();
  });

  test.afterAll(() => shop?.stop());

  test('settings that somebody else saved meanwhile are not replaced unseen', { tag: '@desktop' }, async ({ visitor, problems }) => {
    problems.allow(/status of 409/);
    const enter = async (name) => {
      const page = await visitor({ baseURL: shop.url });
      await signIn(page, { email: `${name}@example.com`, password: `demo-${name}-2026` }, '/admin');
      await open(page, '/admin/settings');
      return page;
    };
    const [first, second] = [await enter('owner'), await enter('owner')];
    const general = (page) => page.getByRole('region').or(page.locator('form')).filter({ has: page.locator('#name') }).getByRole('button', { name: 'Save changes' }).first();
    const limits = (page) => page.locator('form').filter({ has: page.locator('#line_units') }).getByRole('button', { name: 'Save changes' });
    await first.locator('#name').fill('Tindahan ni Aling Nena');
    const saved = first.waitForResponse('**/api/admin/settings/save');
    await general(first).click();
    expect((await saved).status()).toBe(200);

    await second.locator('#name').fill('Suki Store');
    await second.locator('#low_stock').fill('7');
    await general(second).click();
    await expect(second.getByRole('main').getByRole('alert').first()).toContainText('Someone else changed this in the meantime.');
    await expect(second.locator('#name-error')).toHaveText('Saved meanwhile: “Tindahan ni Aling Nena”');
    await expect(second.locator('#low_stock-error')).toHaveCount(0);
    await expect(second.locator('#low_stock')).toHaveValue('7');
    // Another form of the page is none of it, and one's own change is no one else's.
    await second.locator('#line_units').fill('60');
    const other = second.waitForResponse('**/api/admin/settings/limits');
    await limits(second).click();
    expect((await other).status()).toBe(200);
    const again = second.waitForResponse('**/api/admin/settings/save');
    await general(second).click();
    expect((await again).status()).toBe(200);
    await first.reload();
    await expect(first.locator('#name')).toHaveValue('Suki Store');
    await expect(first.locator('#line_units')).toHaveValue('60');

    // A delivery method, which has a page of its own.
    await open(first, '/admin/settings/delivery');
    const method = await first.locator('tbody a[href^="/admin/settings/delivery/"]').first().getAttribute('href');
    await open(first, method);
    await open(second, method);
    await first.locator('#fee').fill('123.00');
    await button(first, 'Save changes').click();
    await first.waitForURL('**/admin/settings/delivery');
    await second.locator('#fee').fill('99.00');
    await button(second, 'Save changes').click();
    await expect(second.locator('#fee-error')).toHaveText('Saved meanwhile: “123.00”');
    await button(second, 'Save changes').click();
    await second.waitForURL('**/admin/settings/delivery');
  });
});
