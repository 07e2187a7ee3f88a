// Menus, footer and home page arranged by hand, in a shop of its own: others rely on what a shop makes by itself.

import { startShop } from '../harness.mjs';
import { signIn } from '../staff.mjs';
import { accessible, expect, hydrated, open, test } from '../test.mjs';

const button = (page, name) => page.getByRole('button', { name, exact: true });

test.describe('a shop that is arranged by hand', () => {
  test.describe.configure({ mode: 'serial' });
  let shop;

  test.beforeAll(async () => {
    test.setTimeout(120_000);
    shop = await startShop();
  });

  test.afterAll(() => shop?.stop());

  const staff = async (visitor, options = {}) => {
    const page = await visitor({ baseURL: shop.url, ...options });
    await signIn(page, 'owner');
    return page;
  };

  test('the main menu is arranged by keyboard, and unfolds in the shop', { tag: '@desktop' }, async ({ visitor, problems }) => {
    problems.allow(/status of (422|401|404)/);
    const page = await staff(visitor);
    await open(page, '/admin/content/menus');
    const main = page.locator('#main');
    await button(main, 'Arrange by hand').press('Enter');
    await expect(main.getByRole('heading', { level: 3, name: 'For the table' })).toBeVisible();
    await accessible(page);

    await main.getByRole('link', { name: 'Address' }).press('Enter');
    await page.getByLabel('Address').fill('javascript:steal()');
    await button(page, 'Save changes').press('Enter');
    await expect(page.locator('#address-error')).toBeVisible();
    await expect(page.locator('[id="label.en-error"]')).toBeVisible();
    await page.getByLabel('Address').fill('https://example.com/maker');
    await page.locator('[id="label.en"]').fill('Our maker');
    await page.locator('[id="label.fil"]').fill('Ang gumawa');
    await accessible(page);
    await button(page, 'Save changes').press('Enter');
    await page.waitForURL(/\/admin\/content\/menus$/);

    await main.getByRole('link', { name: 'Product', exact: true }).press('Enter');
    await page.getByLabel('Find a product').fill('mug');
    await page.getByLabel('Find a product').press('Enter');
    await page.getByRole('link', { name: 'Choose Stoneware mug', exact: true }).press('Enter');
    await expect(page.locator('#target')).toHaveText('Stoneware mug');
    await page.getByLabel('Below').selectOption('Our maker');
    await button(page, 'Save changes').press('Enter');
    await page.waitForURL(/\/admin\/content\/menus$/);
    const row = (name) => main.getByRole('listitem').filter({ has: page.getByRole('heading', { level: 3, name, exact: true }) }).last();
    await button(page, 'Move Our maker up').press('Enter');
    await expect(button(page, 'Move Our maker down')).toBeVisible();
    await expect(row('Our maker').locator(':focus')).toHaveCount(1);
    await button(page, 'Move Stoneware mug to the top').press('Enter');
    await expect(button(page, 'Move Stoneware mug below the entry before it')).toBeVisible();
    await expect(row('Stoneware mug').locator(':focus')).toHaveCount(1);
    await button(page, 'Move Stoneware mug below the entry before it').press('Enter');
    await expect(button(page, 'Move Stoneware mug to the top')).toBeVisible();

    const shopper = await visitor({ baseURL: shop.url });
    await expect(async () => {
      await open(shopper, '/');
      await expect(shopper.getByRole('navigation', { name: 'Menu' }).getByText('Our maker').first()).toBeVisible({ timeout: 1_000 });
    }).toPass();
    const menu = shopper.getByRole('navigation', { name: 'Menu', exact: true });
    const group = menu.locator('details', { hasText: 'Our maker' });
    await expect(group.getByRole('link', { name: 'Stoneware mug' })).toBeHidden();
    await group.locator('summary').press('Enter');
    await expect(group.getByRole('link', { name: 'Our maker' })).toHaveAttribute('href', 'https://example.com/maker');
    await expect(group.getByRole('link', { name: 'Stoneware mug' })).toBeVisible();
    await accessible(shopper);
    await shopper.keyboard.press('Escape');
    await expect(group.getByRole('link', { name: 'Stoneware mug' })).toBeHidden();
    await expect(group.locator('summary')).toBeFocused();
    await group.locator('summary').click();
    await group.getByRole('link', { name: 'Stoneware mug' }).click();
    await expect(shopper.getByRole('heading', { level: 1, name: 'Stoneware mug' })).toBeVisible();
    await expect(group.getByRole('link', { name: 'Stoneware mug' })).toBeHidden();

    await row('Our maker').getByRole('button', { name: 'Remove Our maker and what is below it' }).press('Enter');
    await expect(row('Our maker')).toHaveCount(0);
  });

  test('on a phone the menu is above the categories, and unfolds without a script', { tag: '@desktop' }, async ({ visitor }) => {
    const phone = await visitor({ baseURL: shop.url, viewport: { width: 390, height: 844 } });
    await open(phone, '/categories');
    const menu = phone.getByRole('navigation', { name: 'Menu', exact: true });
    await expect(menu.getByRole('link', { name: 'For the table' })).toBeVisible();
    await accessible(phone);
  });

  test('a footer is arranged without a script, and what is taken off the shop vanishes from it', { tag: '@desktop' }, async ({ visitor, problems }) => {
    problems.allow(/status of 422/);
    const page = await visitor({ baseURL: shop.url, javaScriptEnabled: false });
    await page.goto('/sign-in');
    await page.locator('[name=email]').fill('owner@example.com');
    await page.locator('[name=password]').fill('demo-owner-2026');
    await page.locator('main form button[type=submit]').first().click();
    await page.goto('/admin/content/menus');
    const footer = page.locator('#footer');
    await button(footer, 'Arrange by hand').click();
    await footer.getByRole('link', { name: 'Column' }).click();
    await button(page, 'Save changes').click();
    await expect(page.locator('[id="label.en-error"]')).toBeVisible();
    await page.locator('[id="label.en"]').fill('Good to know');
    await button(page, 'Save changes').click();
    await footer.getByRole('link', { name: 'Page', exact: true }).click();
    await page.getByLabel('Page', { exact: true }).selectOption('Terms');
    await page.locator('[id="label.en"]').fill('The small print');
    await page.getByLabel('Column').selectOption('Good to know');
    await button(page, 'Save changes').click();
    await expect(footer.getByRole('heading', { level: 3, name: 'The small print' })).toBeVisible();
    const shopper = await visitor({ baseURL: shop.url, javaScriptEnabled: false });
    const column = shopper.getByRole('contentinfo').getByRole('navigation', { name: 'Good to know' });
    await expect(async () => {
      await shopper.goto('/');
      await expect(column.getByRole('link', { name: 'The small print' })).toBeVisible({ timeout: 1_000 });
    }).toPass();

    await page.goto('/admin/content');
    await page.getByRole('link', { name: /^Terms/ }).click();
    await page.getByLabel('Published').uncheck();
    await button(page, 'Save changes').click();
    await expect(async () => {
      await shopper.goto('/');
      await expect(shopper.getByRole('contentinfo').getByText('The small print')).toHaveCount(0, { timeout: 1_000 });
    }).toPass();
    await page.goto('/admin/content/menus');
    const row = footer.getByRole('listitem').filter({ has: page.getByRole('heading', { level: 3, name: 'The small print' }) }).last();
    await expect(row.getByText('Not in the shop')).toBeVisible();
  });

  test('the sections of the home page are moved, changed, previewed and published', { tag: '@desktop' }, async ({ visitor, problems }) => {
    problems.allow(/status of (422|409|401)/);
    const page = await staff(visitor);
    await open(page, '/admin/content/home');
    await button(page, 'Arrange by hand').click();
    const sections = page.locator('#sections');
    await expect(sections.getByRole('heading', { level: 3, name: 'Mornings start with barako' })).toBeVisible();
    await accessible(page);
    await sections.getByRole('link', { name: 'Text', exact: true }).click();
    await page.locator('[id="title.en"]').fill('Fiesta');
    await button(page, 'Save changes').click();
    await expect(page.locator('[id="body.en-error"]')).toBeVisible();
    await page.locator('[id="body.en"]').fill('We **dance** in Lipa.');
    await accessible(page);

    // The preview is the shop's page with what is typed; the form keeps it.
    const [preview] = await Promise.all([page.context().waitForEvent('page'), button(page, 'Preview on the home page').click()]);
    await hydrated(preview);
    await expect(preview.locator('.written strong', { hasText: 'dance' })).toBeVisible();
    await expect(preview.getByRole('heading', { level: 2, name: 'Fiesta' })).toBeVisible();
    await accessible(preview);
    await preview.close();
    await expect(page.locator('[id="body.en"]')).toHaveValue('We **dance** in Lipa.');
    await button(page, 'Save changes').click();
    await page.waitForURL(/\/admin\/content\/home\/sec_/);
    const shopper = await visitor({ baseURL: shop.url });
    await open(shopper, '/');
    await expect(shopper.getByText('dance')).toHaveCount(0);

    // Two editors: the second is told, and keeps what was typed.
    const second = await page.context().newPage();
    await open(second, page.url());
    await page.getByLabel('In the shop').check();
    await button(page, 'Save changes').click();
    await expect(page.getByText('Saved').first()).toBeVisible();
    await second.locator('[id="title.en"]').fill('Overwritten');
    await button(second, 'Save changes').click();
    await expect(second.getByText(/Someone else changed this/).first()).toBeVisible();
    await expect(second.locator('[id="title.en"]')).toHaveValue('Overwritten');
    await second.close({ runBeforeUnload: false });
    await expect(async () => {
      await open(shopper, '/');
      await expect(shopper.getByText('dance')).toBeVisible({ timeout: 1_000 });
    }).toPass();

    await open(page, '/admin/content/home');
    for (const place of [-2, -3]) {
      await button(page, 'Move Fiesta up').press('Enter');
      await expect(sections.locator('li h3').nth(place)).toHaveText('Fiesta');
    }

    await sections.getByRole('link', { name: 'Picked products' }).click();
    await page.locator('[id="title.en"]').fill('Our table');
    await page.getByLabel('In the shop').check();
    await button(page, 'Save changes').click();
    await page.waitForURL(/\/admin\/content\/home\/sec_/);
    for (const name of ['Stoneware mug', 'Dried mango']) {
      await page.getByLabel('Find a product').fill(name);
      await page.getByLabel('Find a product').press('Enter');
      await page.getByRole('button', { name: `Add ${name}`, exact: true }).click();
      await expect(page.locator('#picked').getByRole('heading', { level: 3, name, exact: true })).toBeVisible();
    }
    await accessible(page);
    await button(page, 'Move Dried mango up').press('Enter');
    await expect(page.locator('#picked').getByRole('heading', { level: 3 }).first()).toHaveText('Dried mango');
    await expect(async () => {
      await open(shopper, '/');
      const ours = shopper.locator('section').filter({ has: shopper.getByRole('heading', { level: 2, name: 'Our table' }) });
      await expect(ours.getByRole('heading', { level: 3 })).toHaveText(['Dried mango', 'Stoneware mug'], { timeout: 1_000 });
    }).toPass();
    await accessible(shopper);
  });

  test('a cached home page shows a section from its moment on', { tag: '@desktop' }, async ({ visitor, request }) => {
    test.setTimeout(180_000);
    const page = await staff(visitor);
    await open(page, '/admin/content/home/new?kind=text');
    await page.locator('[id="title.en"]').fill('At noon');
    await page.locator('[id="body.en"]').fill('The bells ring.');
    await page.getByLabel('In the shop').check();
    // The next full minute by the clock of Manila that leaves time to save.
    const at = new Date(Math.ceil((Date.now() + 8_000) / 60_000) * 60_000);
    await page.locator('#visible_from').fill(new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 16));
    await button(page, 'Save changes').click();
    await page.waitForURL(/\/admin\/content\/home\/sec_/);
    const cached = async () => (await request.get(`${shop.url}/`, { headers: { cookie: '' } })).text();
    let seen = '';
    await expect.poll(async () => {
      seen = await cached();
      const before = Date.now() < at.getTime() - 500;
      if (before) expect(seen).not.toContain('The bells ring.');
      return seen.includes('The bells ring.');
    }, { timeout: 100_000, intervals: [1_000] }).toBe(true);
    expect(Date.now()).toBeLessThan(at.getTime() + 10_000);
  });
});
