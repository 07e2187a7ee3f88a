// What managers set: products with all their variants and pictures, taxes, delivery methods.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { addToCart } from '../shopper.mjs';
import { asStaff, signIn } from '../staff.mjs';
import { expect, open, test } from '../test.mjs';

const picture = (name) => path.join(path.dirname(fileURLToPath(import.meta.url)), '../../demo/pictures', name);
/** Saves the product (or what else) and waits until it is: an earlier `Saved` may still be on the screen. */
async function save(page, what = 'product') {
  const saved = page.waitForResponse((answer) => answer.url().includes(`/api/admin/${what}/save`));
  await page.getByRole('button', { name: 'Save changes' }).click();
  expect((await saved).status()).toBe(200);
}
const fresh = () => `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;

test('errors of a product name their fields', { tag: '@desktop' }, async ({ page, problems }) => {
  problems.allow(/status of 422/);
  await asStaff(page, 'manager');
  await open(page, '/admin/products/new');
  await page.locator('[id="price.0"]').fill('10');
  await page.getByRole('button', { name: 'Save changes' }).click();
  const links = page.getByRole('alert').getByRole('link');
  await expect(links.filter({ hasText: /^Name: / })).toHaveCount(1);
  await expect(links.filter({ hasText: /^SKU( 1)?: / })).toHaveCount(1);
  const told = await links.allTextContents();
  expect(told.filter((text) => !/^[^:]+: ./.test(text))).toEqual([]);
  expect(new Set(told).size).toBe(told.length);
  await page.locator('[id="name.en"]').fill('Tote');
  await expect(links.filter({ hasText: /^Name: / })).toHaveCount(0);
  await expect(links).toHaveCount(told.length - 1);
});

test('a product gets a variant of every combination, and its pictures their order', { tag: ['@desktop', '@dist'] }, async ({ page, problems }) => {
  problems.allow(/status of 422/);
  const id = fresh();
  await asStaff(page, 'manager');
  await open(page, '/admin/products/new');
  await page.locator('[id="name.en"]').fill(`Tote ${id}`);
  await page.locator('[name="form[options][0][names][0]"]').fill('Size');
  await page.locator('[name="form[options][0][values][0]"]').fill('Small, Large');
  await page.locator('[name="form[options][1][names][0]"]').fill('Colour');
  await page.locator('[name="form[options][1][values][0]"]').fill('Red, Blue');
  await page.locator('[id="sku.0"]').fill(`T-${id}`);
  await page.locator('[id="price.0"]').fill('250');
  await page.getByRole('button', { name: 'Make all combinations' }).click();
  await expect(page.locator('[id="sku.3"]')).toHaveValue(`TOTE-${id.toUpperCase()}-LARGE-BLUE`);
  await expect(page.locator('[id="sku.0"]')).toHaveValue(`T-${id}`);
  await expect(page.locator('[id="price.3"]')).toHaveValue('250');
  // An error is shown beside its field, and nothing that was typed is lost.
  await page.locator('[id="price.2"]').fill('cheap');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.locator('[id="price.2-error"]')).toBeVisible();
  await expect(page.locator('[id="sku.3"]')).toHaveValue(`TOTE-${id.toUpperCase()}-LARGE-BLUE`);
  await page.locator('[id="price.2"]').fill('275');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.waitForURL('**/admin/products/prod_*');
  await expect(page.locator('[id="price.2"]')).toHaveValue('275.00');

  const tiles = page.locator('main li:has(picture)');
  for (const [at, name] of ['abaca-clutch.webp', 'acacia-board.webp'].entries()) {
    await page.locator('#picture').setInputFiles(picture(name));
    await page.locator('[name="alt.en"]').fill(`Picture of ${name}`);
    await page.getByRole('button', { name: 'Add a picture' }).click();
    await expect(tiles).toHaveCount(at + 1);
  }
  await page.getByRole('button', { name: 'Move picture 1 to the back' }).click();
  await page.locator('[id="picture.1"]').selectOption({ label: '2. Picture of abaca-clutch.webp' });
  await save(page);
  await page.reload();
  await expect(tiles.first().locator('img')).toHaveAttribute('alt', 'Picture of acacia-board.webp');
  await expect(page.locator('[id="picture.1"] option:checked')).toHaveText('2. Picture of abaca-clutch.webp');
  await page.getByRole('button', { name: 'Remove picture 1' }).click();
  await expect(tiles).toHaveCount(1);
  await save(page);
  await page.reload();
  await expect(tiles).toHaveCount(1);
  await expect(tiles.first().locator('img')).toHaveAttribute('alt', 'Picture of abaca-clutch.webp');
});

test('stock that cannot be removed gives the reason', { tag: '@desktop' }, async ({ page, problems }) => {
  problems.allow(/status of 422/);
  await asStaff(page, 'manager');
  await open(page, '/admin/stock?q=mug');
  const adjust = async (units) => {
    await page.locator('#delta').fill(units);
    await page.getByRole('button', { name: 'Adjust stock' }).click();
  };
  await adjust('9999999');
  await expect(page.locator('#delta-error')).toContainText('1,000,000');
  await page.locator('[name=reason]').selectOption('damaged');
  await adjust('1');
  await expect(page.locator('#delta-error')).toContainText('below 0');
  await page.locator('[name=reason]').selectOption('count');
  await adjust('-999999');
  await expect(page.locator('#delta-error')).toContainText('can be taken away');
  // Its movements name their variant.
  const variant = page.getByRole('region', { name: 'Stock' }).locator('tbody a').first();
  const sku = await variant.textContent();
  await variant.click();
  // The adjustment that was refused is still typed.
  await page.getByRole('button', { name: 'Leave', exact: true }).click();
  await page.waitForURL('**/admin/stock/var_*');
  await expect(page.locator('main')).toContainText(`${sku} · `);
});

test('a tax rate comes into force on a day, and nothing before it is changed', { tag: '@desktop' }, async ({ page, problems }) => {
  problems.allow(/status of 422/);
  await asStaff(page, 'manager');
  await open(page, '/admin/settings/taxes');
  await page.locator('#country').selectOption('JP');
  await page.locator('#rate').fill('ten');
  await page.locator('#valid_from').fill('2099-04-01');
  await page.locator('#source').fill('Consumption Tax Act');
  await page.getByRole('button', { name: 'New tax rate' }).click();
  await expect(page.locator('#rate-error')).toBeVisible();
  await expect(page.locator('#source')).toHaveValue('Consumption Tax Act');
  await page.locator('#rate').fill('12.5');
  await page.getByRole('button', { name: 'New tax rate' }).click();
  const row = page.locator('tr', { hasText: 'Consumption Tax Act' });
  await expect(row).toContainText('12.5%');
  await expect(row).toContainText('Planned');
});

test('a delivery method is added and switched off', { tag: '@desktop' }, async ({ page, problems }) => {
  problems.allow(/status of 422/);
  const code = `kayak-${fresh()}`;
  await asStaff(page, 'manager');
  await open(page, '/admin/settings/delivery');
  await page.getByRole('link', { name: 'Add a delivery method' }).click();
  await page.locator('#code').fill(code);
  await page.locator('[id="name.en"]').fill(`By kayak ${code}`);
  await page.locator('#fee').fill('75');
  await page.locator('#days_min').fill('4');
  await page.locator('#days_max').fill('3');
  await page.locator('#regions').fill('JP');
  await page.getByRole('button', { name: 'Add a delivery method' }).click();
  await expect(page.locator('#days_max-error')).toBeVisible();
  await page.locator('#days_max').fill('9');
  await page.getByRole('button', { name: 'Add a delivery method' }).click();
  await page.waitForURL('**/admin/settings/delivery');
  await page.getByRole('link', { name: `By kayak ${code}` }).click();
  await page.getByRole('checkbox', { name: 'Offered at checkout' }).uncheck();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.waitForURL('**/admin/settings/delivery');
  await expect(page.locator('tr', { hasText: code })).toContainText('Not offered');
});

test('a discount code is made, used by a shopper and switched off', { tag: '@desktop' }, async ({ page, problems }) => {
  problems.allow(/status of 422/);
  const code = `PIYESTA-${fresh()}`.toUpperCase();
  await signIn(page, 'manager');
  await open(page, '/admin/settings/discounts');
  await page.getByRole('link', { name: 'Add a discount code' }).click();
  await page.locator('#code').fill(code.toLowerCase());
  await page.locator('#value').fill('ten');
  await page.getByRole('button', { name: 'Add a discount code' }).click();
  await expect(page.locator('#value-error')).toBeVisible();
  // The link of the error leads to its field, and is no page to go back to.
  const before = await page.evaluate(() => history.length);
  await page.getByRole('alert').getByRole('link').first().click();
  await expect(page.locator('#value')).toBeFocused();
  expect(await page.evaluate(() => history.length)).toBe(before);
  await page.locator('#value').fill('10');
  await page.getByRole('button', { name: 'Add a discount code' }).click();
  await page.waitForURL('**/admin/settings/discounts');
  await expect(page.locator('tr', { hasText: code })).toContainText('In use');

  await addToCart(page, '/p/dried-mango');
  await open(page, '/cart');
  await page.getByLabel('Discount code').fill(code.toLowerCase());
  await page.getByRole('button', { name: 'Use code' }).click();
  await expect(page.getByText(code)).toBeVisible();

  await open(page, `/admin/settings/discounts/${code}`);
  await page.getByRole('checkbox', { name: 'Can be used' }).uncheck();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.waitForURL('**/admin/settings/discounts');
  await expect(page.locator('tr', { hasText: code })).toContainText('Switched off');
});

test('a category is made, gets a picture, is hidden and removed', { tag: '@desktop' }, async ({ page, problems }) => {
  problems.allow(/status of 422/);
  const name = `Lamps ${fresh()}`;
  await asStaff(page, 'manager');
  await open(page, '/admin/categories');
  await page.getByRole('link', { name: 'New category' }).click();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.locator('[id="name.en-error"]')).toBeVisible();
  await page.locator('[id="name.en"]').fill(name);
  await page.locator('[id="name.fil"]').fill(`Mga ${name}`);
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.waitForURL('**/admin/categories/cat_*');
  const here = page.url();
  await page.locator('input[type="file"]').setInputFiles(picture('acacia-board.webp'));
  await page.getByRole('button', { name: 'Add a picture' }).click();
  await expect(page.locator('#content img')).toHaveCount(1);

  const slug = await page.locator('[id="slug.en"]').inputValue();
  await page.goto('/');
  await expect(page.locator(`a[href="/c/${slug}"]`).first()).toBeAttached();
  await page.goto(`/c/${slug}`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(name);

  await open(page, here);
  await page.getByRole('checkbox', { name: "In the shop's menu" }).uncheck();
  await save(page, 'category');
  await open(page, '/admin/categories');
  await expect(page.locator('tr', { hasText: name })).toContainText('Hidden');
  await expect(async () => {
    await page.goto('/');
    await expect(page.locator(`a[href="/c/${slug}"]`)).toHaveCount(0, { timeout: 1000 });
  }).toPass();

  await open(page, here);
  await page.getByRole('button', { name: 'Remove category' }).click();
  await page.waitForURL('**/admin/categories');
  await expect(page.locator('tr', { hasText: name })).toHaveCount(0);
});

test('an import is previewed before it is made, and the products are exported as a file', { tag: ['@desktop', '@dist'] }, async ({ page, problems }) => {
  problems.allow(/status of 422/);
  const id = fresh();
  const list = (price) => ({
    name: 'products.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(`Handle,Title,Status,Variant SKU,Variant Price\nbasket-${id},Basket ${id},active,B-${id},"${price}"\n,TOTAL,,,5\n`),
  });
  await asStaff(page, 'manager');
  await open(page, '/admin/products/import');
  const read = async (button) => {
    const answered = page.waitForResponse((answer) => answer.url().includes('/api/admin/products/import'));
    await page.getByRole('button', { name: button, exact: true }).click();
    return (await answered).status();
  };
  expect(await read('Preview')).toBe(422);
  await expect(page.locator('#file-error')).toContainText('Choose a file.');
  // A price that can be read in two ways gives an error beside the choice of the decimal sign.
  await page.locator('[name="file"]').setInputFiles(list('1.290'));
  expect(await read('Preview')).toBe(422);
  await expect(page.locator('#decimals-error')).toContainText('1.290');
  await page.locator('[name="decimals"]').selectOption('comma');
  expect(await read('Preview')).toBe(200);
  await expect(page.getByText('Nothing is written yet')).toBeVisible();
  await expect(page.getByRole('row', { name: `Basket ${id}` })).toContainText('New');
  await expect(page.getByText('looks like a sum')).toBeVisible();
  expect(await read('Import from CSV')).toBe(200);
  await expect(page.getByText('Nothing is written yet')).toHaveCount(0);
  await expect(page.getByRole('row', { name: `Basket ${id}` })).toContainText('New');
  // A preview of a new price shows what would change.
  await page.locator('[name="file"]').setInputFiles(list('1.300'));
  expect(await read('Preview')).toBe(200);
  await expect(page.getByRole('row', { name: `Basket ${id}` })).toContainText('₱1,290.00 → ₱1,300.00');
  // The export equals the import.
  await open(page, '/admin/products');
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export as CSV' }).click();
  const file = await (await download).createReadStream();
  let text = '';
  for await (const part of file) text += part;
  expect(text.split('\r\n')[0]).toContain('URL handle');
  expect(text).toContain(`basket-${id}`);
  expect(text).toContain('1290.00');
});

test('a category is filled by a rule, and follows its products', { tag: '@desktop' }, async ({ page, problems }) => {
  problems.allow(/status of 422/);
  const id = fresh();
  await asStaff(page, 'manager');
  await open(page, '/admin/products/new');
  await page.locator('[id="name.en"]').fill(`Parol ${id}`);
  await page.locator('[id="sku.0"]').fill(`P-${id}`);
  await page.locator('[id="price.0"]').fill('250');
  await page.locator('#tags').fill(`tag${id}`);
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.waitForURL('**/admin/products/prod_*');
  const product = page.url();
  await page.getByRole('button', { name: 'Publish', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Take off the shop' })).toBeVisible();

  await open(page, '/admin/categories/new');
  await page.locator('[id="name.en"]').fill(`Lights ${id}`);
  await expect(page.locator('#tag')).toBeHidden();
  await page.locator('#by').selectOption('rule');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.locator('#tag-error')).toContainText('at least one condition');
  await page.locator('#tag').fill(`Tag${id}`);
  await page.locator('#price_max').fill('300');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.waitForURL('**/admin/categories/cat_*');
  const category = page.url();
  await expect(page.getByRole('main')).toContainText('1 product');
  await open(page, '/admin/categories');
  await expect(page.getByRole('row').filter({ hasText: `Lights ${id}` })).toContainText('Filled by a rule');

  const inShop = async (there) => {
    await open(page, `/c/lights-${id}`);
    await expect(page.getByRole('main').getByText(`Parol ${id}`)).toHaveCount(there ? 1 : 0);
  };
  await inShop(true);
  await page.goto(product);
  await open(page, product);
  await page.locator('[id="price.0"]').fill('350');
  await save(page);
  await expect(() => inShop(false)).toPass();
  // Not left in the shop's menu, which other tests look at.
  await open(page, category);
  await page.getByRole('button', { name: 'Remove category' }).click();
  await page.waitForURL('**/admin/categories');
});
