// Customers in the admin: found, noted about, made one of two; and the palette that finds them beside orders and products.

import { anOrder, asStaff } from '../staff.mjs';
import { accessible, expect, open, test } from '../test.mjs';

const button = (page, name) => page.getByRole('button', { name, exact: true });

/** Two customers whose names no other test knows, with an order each. */
async function twoOf(request) {
  const word = `Q${Math.random().toString(36).slice(2, 8)}`;
  const people = [`Una ${word}`, `Dos ${word}`].map((name) => ({ name, email: `${name.replace(' ', '.').toLowerCase()}@example.com` }));
  const orders = [];
  for (const { name, email } of people) orders.push(await anOrder(request, name, { email }));
  return { word, people, orders };
}

test('a customer is found, gets a note and a tag, and becomes one with another', { tag: '@phone' }, async ({ page, request, problems }) => {
  problems.allow(/status of 422/);
  const { word, people, orders } = await twoOf(request);
  await asStaff(page, 'manager');
  await open(page, '/admin/customers');
  await page.getByLabel('Name, e-mail, telephone, order number or tag').fill(word);
  await button(page, 'Search').click();
  const main = page.locator('main');
  await expect(main.getByRole('link', { name: new RegExp(word) })).toHaveCount(2);
  await main.getByRole('link', { name: people[0].name }).click();
  await expect(page.getByRole('heading', { level: 1, name: people[0].name })).toBeVisible();
  await button(page, 'Add note').click();
  await expect(main.getByText('A note needs 1 to 2000 characters.').first()).toBeVisible();
  await page.getByLabel('New note').fill('Rings twice');
  await button(page, 'Add note').click();
  await expect(page.locator('#notes li')).toHaveText(/Rings twice/);
  await expect(page.getByLabel('New note')).toHaveValue('');
  await page.getByLabel('New tag').fill(`Suki ${word}`);
  await button(page, 'Add').click();
  await expect(page.locator('#tags li')).toHaveText(`Suki ${word}`);
  await accessible(page);

  await main.getByRole('link', { name: 'Merge with another' }).click();
  await page.getByLabel(/^Find the other/).fill(people[1].email);
  await button(page, 'Search').click();
  await main.getByRole('link', { name: people[1].name }).click();
  await expect(page.getByRole('heading', { name: `Make ${people[1].name} a part of ${people[0].name}?` })).toBeVisible();
  await accessible(page);
  await button(page, 'Merge').click();
  await page.waitForURL(/\/admin\/customers\/con_[0-9a-f]+$/);
  for (const order of orders) await expect(main.locator(`a[href="/admin/orders/${order}"]`)).toBeVisible();
  await open(page, `/admin/customers?tag=${encodeURIComponent(`Suki ${word}`)}`);
  await expect(main.locator('tbody tr')).toHaveCount(1);
});

test('the palette finds orders, customers and products while one types, by the keyboard', { tag: '@desktop' }, async ({ page, request }) => {
  const { people, orders } = await twoOf(request);
  await asStaff(page, 'manager');
  await open(page, `/admin/orders/${orders[0]}`);
  const number = (await page.getByRole('heading', { level: 1 }).textContent()).match(/T[0-9A-Z]{4}-[0-9A-Z]{4}/)[0];
  const palette = page.locator('#commands');
  const type = async (words) => {
    await page.keyboard.press('Control+k');
    await palette.locator('input').pressSequentially(words);
  };
  await type(people[0].email);
  await expect(palette.getByRole('option', { name: /Customer$/ })).toHaveCount(1);
  await accessible(page);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/admin\/customers\/con_/);
  await expect(page.getByRole('heading', { level: 1, name: people[0].name })).toBeVisible();

  // Enter right after the last letter goes where the answer leads.
  await type(number.toLowerCase().replace('-', ''));
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/admin/orders/${orders[0]}`);

  await type('stoneware mug');
  await expect(palette.getByRole('option', { name: /Product$/ }).first()).toBeVisible();
  await expect(palette.getByRole('option').first()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/admin\/products\/prod_/);
});

test('a clerk is offered no customers', { tag: '@desktop' }, async ({ page, request }) => {
  const { people } = await twoOf(request);
  await asStaff(page, 'clerk');
  await open(page, '/admin/orders');
  await expect(page.getByRole('navigation', { name: 'Admin menu' }).getByRole('link', { name: 'Customers' })).toHaveCount(0);
  await page.keyboard.press('Control+k');
  await page.locator('#commands input').fill(people[0].email);
  const palette = page.locator('#commands');
  await expect(palette.getByRole('option', { name: /Order$/ })).toHaveCount(1);
  await expect(palette.getByRole('option', { name: /Customer$/ })).toHaveCount(0);
});

test.describe('without a script', () => {
  test.use({ javaScriptEnabled: false });

  test('notes, tags and merging work, and keep what was typed', { tag: '@phone' }, async ({ page, request, problems }) => {
    problems.allow(/was preloaded using link preload but not used/);
    problems.allow(/status of 422/);
    const { word, people, orders } = await twoOf(request);
    await asStaff(page, 'manager');
    await page.goto(`/admin/customers?q=${word}`);
    await page.locator('main').getByRole('link', { name: people[0].name }).click();
    await page.getByLabel('New tag').fill('x'.repeat(40));
    await page.getByLabel('New note').fill('y'.repeat(2001));
    await button(page, 'Add note').click();
    await expect(page.getByText('A note needs 1 to 2000 characters.').first()).toBeVisible();
    await expect(page.getByLabel('New note')).toHaveValue('y'.repeat(2001));
    await page.getByLabel('New note').fill('Rings twice');
    await button(page, 'Add note').click();
    await expect(page.locator('#notes li')).toHaveText(/Rings twice/);
    await page.getByLabel('New tag').fill('Suki');
    await button(page, 'Add').click();
    await expect(page.locator('#tags li')).toHaveText('Suki');
    await page.getByRole('link', { name: 'Merge with another' }).click();
    await page.getByLabel(/^Find the other/).fill(people[1].email);
    await button(page, 'Search').click();
    await page.locator('main').getByRole('link', { name: people[1].name }).click();
    await button(page, 'Merge').click();
    await page.waitForURL(/\/admin\/customers\/con_[0-9a-f]+$/);
    for (const order of orders) await expect(page.locator(`main a[href="/admin/orders/${order}"]`)).toBeVisible();
  });
});
