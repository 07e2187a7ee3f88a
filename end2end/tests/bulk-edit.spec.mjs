// Many products changed at once: chosen in the list, previewed, done, and undone.

import { asStaff } from '../staff.mjs';
import { accessible, expect, open, test } from '../test.mjs';

const button = (page, name) => page.getByRole('button', { name, exact: true });
const fresh = () => `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;

/** Published products of a name that no other test knows, at 100.00, 200.00 and so on; the answer is the name. */
async function products(page, count) {
  const name = `vat${fresh()}`;
  const rows = Array.from({ length: count }, (_, at) => `${name}-${at},${name} ${at},${name}-${at},${100 * (at + 1)},active`);
  await open(page, '/admin/products/import');
  const buffer = Buffer.from(`Handle,Title,Variant SKU,Variant Price,Status\n${rows.join('\n')}\n`);
  await page.locator('#file').setInputFiles({ name: 'products.csv', mimeType: 'text/csv', buffer });
  await button(page, 'Import from CSV').click();
  await expect(page.getByRole('main').getByRole('status').first()).toContainText(`${count} rows read`);
  return name;
}

const row = (page, name) => page.getByRole('row').filter({ hasText: name });

// On both devices.
test('prices of chosen products are raised after a preview, and put back', async ({ page }) => {
  await asStaff(page, 'manager');
  const name = await products(page, 3);
  await open(page, `/admin/products?q=${name}`);
  await page.getByRole('checkbox', { name: 'Select all rows' }).check({ force: true });
  await page.getByRole('checkbox', { name: `Select ${name} 2`, exact: true }).uncheck({ force: true });
  await expect(page.getByText('2 selected')).toBeVisible();
  await page.getByRole('link', { name: 'Change selected' }).click();
  await expect(page.getByRole('main')).toContainText('2 products are chosen.');

  await page.locator('#price').selectOption('percent');
  await page.locator('#amount').fill('12.5');
  await page.locator('#rounding').selectOption('whole');
  await page.locator('#add_tags').fill('fiesta');
  await accessible(page);
  await button(page, 'Show preview').click();
  await page.waitForURL('**/admin/products/bulk/blk_*');
  await expect(row(page, `${name} 0`)).toContainText(`${name}-0: ₱100.00 → ₱113.00`);
  await expect(row(page, `${name} 1`)).toContainText('₱200.00 → ₱225.00');
  await expect(row(page, `${name} 1`)).toContainText('+fiesta');
  await accessible(page);

  await button(page, 'Change 2 products').click();
  await expect(page.getByText('2 products changed')).toBeVisible();
  await open(page, `/admin/products?q=${name}`);
  await expect(row(page, `${name} 0`)).toContainText('₱113.00');
  await expect(row(page, `${name} 2`)).toContainText('₱300.00');
  await open(page, `/p/${name}-0`);
  await expect(page.getByRole('main')).toContainText('₱113.00');

  // Somebody changes one of them since; it stays when the rest is put back.
  await open(page, `/admin/products?q=${name}-1`);
  await page.getByRole('link', { name: `${name} 1` }).click();
  await page.locator('[id="price.0"]').fill('240');
  const saved = page.waitForResponse('**/api/admin/product/save');
  await button(page, 'Save changes').click();
  expect((await saved).status()).toBe(200);
  await open(page, '/admin/products/bulk');
  const latest = row(page, '+12.5%').first();
  await latest.getByRole('link').click();
  await button(page, 'Undo').click();
  await expect(row(page, `${name} 0`)).toContainText('As before');
  await expect(row(page, `${name} 1`)).toContainText(`${name}-1: the price was changed since, and stays.`);
  await open(page, `/admin/products?q=${name}`);
  await expect(row(page, `${name} 0`)).toContainText('₱100.00');
  await expect(row(page, `${name} 1`)).toContainText('₱240.00');
});

test('all products of a list are changed, and what cannot be is said with its reason', { tag: '@desktop' }, async ({ page, problems }) => {
  problems.allow(/status of 422/);
  await asStaff(page, 'manager');
  const name = await products(page, 120);
  await open(page, `/admin/products?q=${name}`);
  await page.getByRole('link', { name: 'Change all products of this list' }).click();
  await expect(page.getByRole('main')).toContainText('120 products are chosen.');
  // Nothing chosen, then nonsense: beside the field, and nothing that was typed is lost.
  await button(page, 'Show preview').click();
  await expect(page.locator('#price-error')).toContainText('Choose what is to be changed.');
  await page.locator('#price').selectOption('amount');
  await page.locator('#amount').fill('cheap');
  await page.locator('#add_tags').fill('bulk');
  await button(page, 'Show preview').click();
  await expect(page.locator('#amount-error')).toBeVisible();
  await expect(page.locator('#add_tags')).toHaveValue('bulk');
  await page.locator('#add_tags').fill('');
  await page.locator('#amount').fill('-150');
  await button(page, 'Show preview').click();
  await page.waitForURL('**/admin/products/bulk/blk_*');
  await page.getByRole('link', { name: /^Cannot be changed/ }).click();
  await expect(row(page, `${name} 0`)).toContainText(`${name}-0: the new price would be below zero, or too high.`);
  await page.getByRole('link', { name: /^Will change/ }).click();
  await expect(page.getByRole('region', { name: 'Products' }).locator('tbody tr')).toHaveCount(100);
  await page.getByRole('link', { name: 'Next page' }).click();
  await expect(page.getByRole('region', { name: 'Products' }).locator('tbody tr')).toHaveCount(19);
  await page.getByRole('link', { name: 'Previous page' }).click();
  await expect(page.getByRole('region', { name: 'Products' }).locator('tbody tr')).toHaveCount(100);
  await button(page, 'Change 119 products').click();
  await expect(page.getByText('119 products changed')).toBeVisible({ timeout: 30_000 });
});

test.describe('without a script', () => {
  test.use({ javaScriptEnabled: false });

  test('a bulk edit is previewed, done and undone', { tag: '@desktop' }, async ({ page, visitor, problems }) => {
    problems.allow(/was preloaded using link preload but not used/);
    problems.allow(/status of 422/);
    const scripted = await visitor({ javaScriptEnabled: true });
    await asStaff(scripted, 'manager');
    const name = await products(scripted, 2);
    await asStaff(page, 'manager');
    await page.goto(`/admin/products?q=${name}`);
    for (const box of await page.locator('input[name="products"]').all()) await box.press('Space');
    await button(page, 'Change selected').click();
    await page.locator('#price').selectOption('set');
    await page.locator('#amount').fill('99,5');
    await button(page, 'Show preview').click();
    await expect(page.locator('#amount-error')).toBeVisible();
    await expect(page.locator('#amount')).toHaveValue('99,5');
    await expect(page.locator('#price')).toHaveValue('set');
    await page.locator('#amount').fill('99.50');
    await button(page, 'Show preview').click();
    await expect(page).toHaveURL(/bulk\/blk_/);
    await expect(row(page, `${name} 1`)).toContainText('₱200.00 → ₱99.50');
    await button(page, 'Change 2 products').click();
    await expect(page.getByText('2 products changed')).toBeVisible();
    await button(page, 'Undo').click();
    await expect(page.getByText('2 products are as before')).toBeVisible();
  });
});
