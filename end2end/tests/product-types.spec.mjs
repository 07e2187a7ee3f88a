// Product types: their fields are stated in the form of a product, and read on its page with the size guide.

import { asStaff } from '../staff.mjs';
import { accessible, expect, open, test } from '../test.mjs';

const button = (page, name) => page.getByRole('button', { name, exact: true });
const fresh = () => `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;
const GUIDE = 'EU | Foot, cm\n36 | 23\n37 | 23.5';

/** A new type with the fields ingredients and material, and a size guide; the answer is its name. */
async function aType(page) {
  const name = `Slippers ${fresh()}`;
  await page.locator('[id="name.en"]').fill(name);
  await page.locator('[id="size_guide.en"]').fill(GUIDE);
  await page.locator('[id="label.0.en"]').fill('Ingredients');
  await page.locator('[id="label.0.fil"]').fill('Mga sangkap');
  await page.locator('[id="label.1.en"]').fill('Material');
  await page.locator('[id="property.1"]').selectOption('material');
  return name;
}

/** Fills a new product with two sizes; the answer has its slug. */
async function fillProduct(page) {
  const id = fresh();
  await page.locator('[id="name.en"]').fill(`Step ${id}`);
  await page.locator('[name="form[options][0][names][0]"]').fill('Size');
  await page.locator('[name="form[options][0][values][0]"]').fill('36, 37');
  await page.locator('[id="sku.0"]').fill(`S-${id}`);
  await page.locator('[id="price.0"]').fill('250');
  return { slug: `step-${id}` };
}

// On both devices.
test('a type is made, a product states its fields, and shoppers read them and the size guide', async ({ page, visitor, request, problems }) => {
  problems.allow(/status of 422/);
  await asStaff(page, 'manager');
  await open(page, '/admin/products');
  await page.getByRole('link', { name: 'Product types' }).click();
  await page.getByRole('link', { name: 'New product type' }).first().click();
  await expect(page.getByRole('heading', { level: 1, name: 'New product type' })).toBeVisible();
  const name = await aType(page);
  await page.locator('[id="size_guide.en"]').fill('EU | cm\n36');
  await button(page, 'Save changes').click();
  await expect(page.locator('[id="size_guide.en-error"]')).toBeVisible();
  await expect(page.locator('[id="label.0.en"]')).toHaveValue('Ingredients');
  await page.locator('[id="size_guide.en"]').fill(GUIDE);
  await button(page, 'Save changes').click();
  await page.waitForURL(/\/admin\/product-types\/ptype_/);
  await expect(page.locator('[id="label.4.en"]')).toBeVisible();
  await accessible(page);

  await open(page, '/admin/products/new');
  const { slug } = await fillProduct(page);
  await page.locator('#product_type').selectOption({ label: name });
  await page.getByLabel('Ingredients (English)').fill('Rubber and cloth');
  await page.getByLabel('Ingredients (Filipino)').fill('Goma at tela');
  await page.getByLabel('Material (English)').fill('Rubber');
  await button(page, 'Make all combinations').click();
  await button(page, 'Save changes').click();
  await page.waitForURL('**/admin/products/prod_*');
  await expect(page.getByLabel('Ingredients (Filipino)')).toHaveValue('Goma at tela');
  await accessible(page);
  await button(page, 'Publish').click();
  await expect(button(page, 'Publish')).toHaveCount(0);

  const shopper = await visitor();
  await expect(async () => expect((await shopper.goto(`/p/${slug}`)).status()).toBe(200)).toPass();
  await open(shopper, `/p/${slug}`);
  await expect(shopper.getByRole('definition').filter({ hasText: 'Rubber and cloth' })).toBeVisible();
  await button(shopper, 'Size guide').click();
  const guide = shopper.locator('#size-guide');
  await expect(guide.getByRole('rowheader', { name: '37', exact: true })).toBeVisible();
  await expect(guide.getByRole('cell', { name: '23.5' })).toBeVisible();
  await accessible(shopper);
  await shopper.keyboard.press('Escape');
  await expect(guide).toBeHidden();
  const html = await (await request.get(`/p/${slug}`)).text();
  const data = JSON.parse(html.match(/<script type="application\/ld\+json">(.*?)<\/script>/s)[1]);
  expect(data.material).toBe('Rubber');
  expect(data.additionalProperty).toEqual([{ '@type': 'PropertyValue', name: 'Ingredients', value: 'Rubber and cloth' }]);
  const filipino = await (await request.get(`/p/${slug}`, { headers: { cookie: 'lang=fil' } })).text();
  expect(filipino).toContain('Mga sangkap');
  expect(filipino).toContain('Goma at tela');
});

test('a type and its facts are written, and the size guide is read, without a script', { tag: '@desktop' }, async ({ visitor, problems }) => {
  problems.allow(/status of 422/, /was preloaded using link preload but not used/);
  const page = await visitor({ javaScriptEnabled: false });
  await asStaff(page, 'manager');
  await page.goto('/admin/product-types/new');
  const name = await aType(page);
  await button(page, 'Save changes').click();
  await expect(page).toHaveURL(/\/admin\/product-types\/ptype_/);
  await page.goto('/admin/products/new');
  const { slug } = await fillProduct(page);
  await page.locator('#product_type').selectOption({ label: name });
  await button(page, 'Show its fields').click();
  await expect(page.locator('[id="price.0"]')).toHaveValue('250');
  await page.getByLabel('Material (English)').fill('Rubber');
  await button(page, 'Make all combinations').click();
  await expect(page.getByLabel('Material (English)')).toHaveValue('Rubber');
  await button(page, 'Save changes').click();
  await expect(page).toHaveURL(/\/admin\/products\/prod_/);
  await button(page, 'Publish').click();
  await expect(async () => expect((await page.goto(`/p/${slug}`)).status()).toBe(200)).toPass();
  await expect(page.getByText('Rubber', { exact: true })).toBeVisible();
  await page.locator('summary').filter({ hasText: 'Size guide' }).click();
  await expect(page.getByRole('cell', { name: '23.5' })).toBeVisible();
});
