// The list of orders by days and sorted, in its address, in saved views, and back a page; the home's figures open their orders.

import { anOrder, asStaff } from '../staff.mjs';
import { accessible, expect, open, test } from '../test.mjs';

const button = (page, name) => page.getByRole('button', { name, exact: true });
const fresh = () => `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;
const rows = (page) => page.getByRole('region', { name: 'Orders' }).locator('tbody tr');

// On both devices.
test('orders are narrowed to days and sorted, and kept so in a saved view', async ({ page, request, problems }) => {
  problems.allow(/status of 422/);
  const name = `Days ${fresh()}`;
  const first = await anOrder(request, name);
  const second = await anOrder(request, name, { quantity: 3 });
  await asStaff(page, 'manager');
  await open(page, `/admin/orders?q=${encodeURIComponent(name)}`);
  await page.getByRole('link', { name: 'Today', exact: true }).click();
  await page.waitForURL(/period=today/);
  await expect(rows(page)).toHaveCount(2);
  await expect(page.getByRole('link', { name: 'Today', exact: true })).toHaveAttribute('aria-current', 'true');
  await expect(rows(page).first().locator(`a[href="/admin/orders/${second}"]`)).toBeVisible();
  await page.getByText('Other days, sorting').click();
  await page.locator('#sort').selectOption('oldest');
  await button(page, 'Apply').click();
  await page.waitForURL(/sort=oldest/);
  await expect(rows(page).first().locator(`a[href="/admin/orders/${first}"]`)).toBeVisible();
  await accessible(page);

  // Days before the shop was there, and the wrong way round.
  await page.locator('#from').fill('2019-03-02');
  await page.locator('#to').fill('2019-03-01');
  await button(page, 'Apply').click();
  await expect(page.locator('#to-error')).toContainText('before the first one');
  await page.locator('#to').fill('2019-03-05');
  await button(page, 'Apply').click();
  await page.waitForURL(/to=2019-03-05/);
  await expect(page.locator('#to-error')).toHaveCount(0);
  await expect(page.getByText('No orders here')).toBeVisible();

  // A saved view keeps days and sorting, and a search keeps them too.
  await page.getByText('Save this filter').click();
  await page.locator('#name').fill(name);
  await button(page, 'Save').click();
  await page.getByRole('link', { name, exact: true }).click();
  await page.waitForURL((url) => url.searchParams.get('from') === '2019-03-02' && url.searchParams.get('sort') === 'oldest');
  await button(page, `Delete: ${name}`).click();
});

test('the figure of the day opens its orders, and headings sort them', { tag: '@desktop' }, async ({ page, request }) => {
  await anOrder(request, `Sold ${fresh()}`);
  await asStaff(page, 'manager');
  await open(page, '/admin');
  await page.locator('#today').getByRole('link', { name: /^Sales today/ }).click();
  await page.waitForURL((url) => url.pathname === '/admin/orders' && url.searchParams.get('period') === 'today');
  await expect(page.getByRole('link', { name: 'Sales', exact: true })).toHaveAttribute('aria-current', 'page');
  await expect(rows(page).first()).toBeVisible();
  const totals = async () => (await rows(page).locator('td:last-child').allTextContents()).map((text) => Number(text.replace(/[^\d.]/g, '')));
  await page.getByRole('link', { name: 'Sort by Total' }).click();
  await page.waitForURL(/sort=total_down/);
  await expect.poll(async () => (await totals()).every((total, at, all) => at === 0 || total <= all[at - 1])).toBe(true);
  await page.getByRole('link', { name: 'Sort by Total' }).click();
  await page.waitForURL(/sort=total_up/);
  await expect.poll(async () => (await totals()).every((total, at, all) => at === 0 || total >= all[at - 1])).toBe(true);
  // The days of the chart lead to theirs.
  await open(page, '/admin');
  await page.getByText('Show the figures').click();
  await page.locator('figure table a').last().click();
  await page.waitForURL((url) => url.searchParams.get('sales') === '1' && url.searchParams.get('from') === url.searchParams.get('to'));
  await expect(rows(page).first()).toBeVisible();
});

test('a list has a way back, page by page', { tag: '@desktop' }, async ({ page }) => {
  await asStaff(page, 'manager');
  for (const list of ['/admin/products', '/admin/stock']) {
    await open(page, list);
    const links = page.locator('tbody tr td a[href^="/admin/"]');
    const first = await links.first().getAttribute('href');
    await page.getByRole('link', { name: 'Next page' }).click();
    await page.waitForURL(/after=/);
    await expect(links.first()).not.toHaveAttribute('href', first);
    await page.getByRole('link', { name: 'Previous page' }).click();
    await page.waitForURL(/before=/);
    await expect(links.first()).toHaveAttribute('href', first);
    await expect(page.getByRole('link', { name: 'Previous page' })).toHaveCount(0);
  }
});
