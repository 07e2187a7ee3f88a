// What is sold out is chosen all the same, and asked about by mail.

import { asStaff } from '../staff.mjs';
import { accessible, expect, open, test } from '../test.mjs';

const button = (page, name) => page.getByRole('button', { name, exact: true });
const fresh = () => `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;
const mailsTo = async (request, address) => {
  const mails = await (await request.get(`${process.env.TINDAHAN_SIMULATORS_URL}/mail`)).json();
  return mails.filter((mail) => JSON.stringify(mail).includes(address));
};
/** The text of a mail. */
const textOf = async (request, { id }) => (await request.get(`${process.env.TINDAHAN_SIMULATORS_URL}/mail/${id}/text`)).text();

/** A published product of its own with the sizes small, of which there is one, and large, which is sold out; the answer has its slug and SKUs. */
async function aProduct(page) {
  const id = fresh();
  await asStaff(page, 'manager');
  await open(page, '/admin/products/new');
  await page.locator('[id="name.en"]').fill(`Basket ${id}`);
  await page.locator('[name="form[options][0][names][0]"]').fill('Size');
  await page.locator('[name="form[options][0][values][0]"]').fill('Small, Large');
  await page.locator('[id="sku.0"]').fill(`B-${id}`);
  await page.locator('[id="price.0"]').fill('250');
  await button(page, 'Make all combinations').click();
  await expect(page.locator('[id="sku.1"]')).not.toHaveValue('');
  const large = await page.locator('[id="sku.1"]').inputValue();
  await page.locator('[id="stock.0"]').fill('1');
  await button(page, 'Save changes').click();
  await page.waitForURL('**/admin/products/prod_*');
  await button(page, 'Publish').click();
  await expect(button(page, 'Publish')).toHaveCount(0);
  return { slug: `basket-${id}`, name: `Basket ${id}`, small: `B-${id}`, large };
}

async function receive(page, sku, units) {
  await open(page, `/admin/stock?q=${encodeURIComponent(sku)}`);
  await page.locator('[name=reason]').selectOption('received');
  await page.locator('#delta').fill(String(units));
  await button(page, 'Adjust stock').click();
  await expect(page.getByText('Saved').first()).toBeVisible();
}

test('a size that is sold out is asked about by mail, which comes once and leads to it', { tag: '@phone' }, async ({ page, visitor, request, problems }) => {
  problems.allow(/status of 422/);
  const product = await aProduct(page);
  const address = `ana.${fresh()}@example.com`;
  const shopper = await visitor();
  await open(shopper, `/p/${product.slug}`);
  const form = shopper.locator('#back-in-stock');
  await expect(form).toHaveCount(0);
  await shopper.getByRole('main').locator('label', { hasText: 'Small' }).click();
  await expect(form).toHaveCount(0);
  await shopper.getByRole('main').locator('label', { hasText: 'Large' }).click();
  await shopper.waitForURL(`/p/${product.slug}?variant=${product.large}`);
  await expect(shopper.locator('#stock')).toHaveText('Sold out');
  await expect(form).toBeVisible();
  await accessible(shopper);
  await form.getByLabel('Your e-mail').fill('ana');
  await button(form, 'Tell me by mail').click();
  await expect(form.locator('#email-error')).toBeVisible();
  await form.getByLabel('Your e-mail').fill(address);
  await button(form, 'Tell me by mail').click();
  await expect(form.getByRole('status')).toContainText('We will mail you once');

  await open(page, `/admin/stock?q=${encodeURIComponent(product.large)}`);
  await expect(page.getByRole('main')).toContainText('1 waits for it');
  await receive(page, product.large, 3);
  await expect.poll(async () => (await mailsTo(request, address)).length, { timeout: 40_000 }).toBe(1);
  const [mail] = await mailsTo(request, address);
  expect(mail.subject).toBe(`${product.name} is back`);
  const text = await textOf(request, mail);
  await open(shopper, new URL(text.match(/http\S+\/p\/\S+/)[0]).pathname + new URL(text.match(/http\S+\/p\/\S+/)[0]).search);
  await expect(shopper.getByRole('radio', { name: 'Large', exact: true })).toBeChecked();
  await expect(shopper.locator('#stock')).not.toHaveText('Sold out');
  await open(shopper, new URL(text.match(/http\S+\/back-in-stock\/\S+/)[0]).pathname);
  await expect(shopper.getByRole('heading', { level: 1, name: 'You wait for nothing' })).toBeVisible();
});

test('without a script a size that is sold out is asked about, and the other request of a mail is deleted', { tag: '@desktop' }, async ({ page, visitor, request, problems }) => {
  problems.allow(/status of 422/, /was preloaded using link preload but not used/);
  const [first, second] = [await aProduct(page), await aProduct(page)];
  const address = `bea.${fresh()}@example.com`;
  const shopper = await visitor({ javaScriptEnabled: false });
  for (const { slug, large } of [first, second]) {
    await shopper.goto(`/p/${slug}`);
    await shopper.getByRole('main').locator('label', { hasText: 'Large' }).click();
    await shopper.getByRole('main').getByRole('button', { name: 'Add to cart' }).first().click();
    // It does not go into the cart: its page says so.
    await expect(shopper).toHaveURL(new RegExp(`/p/${slug}\\?variant=${large}$`));
    const form = shopper.locator('#back-in-stock');
    await form.getByLabel('Your e-mail').fill('bea');
    await button(form, 'Tell me by mail').click();
    await expect(form.locator('#email-error')).toBeVisible();
    await expect(form.getByLabel('Your e-mail')).toHaveValue('bea');
    await form.getByLabel('Your e-mail').fill(address);
    await button(form, 'Tell me by mail').click();
    await expect(shopper).toHaveURL(/\/back-in-stock\/asked$/);
  }
  await receive(page, first.large, 1);
  await expect.poll(async () => (await mailsTo(request, address)).length, { timeout: 40_000 }).toBe(1);
  const text = await textOf(request, (await mailsTo(request, address))[0]);
  await shopper.goto(new URL(text.match(/http\S+\/back-in-stock\/\S+/)[0]).pathname);
  const requests = shopper.locator('#back-in-stock-requests > li');
  await expect(requests).toHaveCount(1);
  await expect(requests).toContainText(`${second.name}, Large`);
  await requests.getByRole('button').click();
  await expect(shopper.getByRole('heading', { level: 1, name: 'You wait for nothing' })).toBeVisible();
});
