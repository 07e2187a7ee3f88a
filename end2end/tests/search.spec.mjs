// Search: suggestions by keyboard, results with filters and order, what is offered where nothing is found, recent searches.

import { accessible, expect, open, test } from '../test.mjs';

const field = (page) => page.locator('#search');
const list = (page) => page.locator('#search-list');

test('suggestions show picture, price and category and are followed by the keyboard', { tag: '@desktop' }, async ({ page }) => {
  await open(page, '/');
  await field(page).fill('mang');
  await expect(list(page).getByRole('option').first()).toContainText('Dried mango');
  await expect(list(page).getByRole('option').first()).toContainText('from ₱119.00');
  await expect(list(page).getByRole('option').first()).toContainText('Dried fruit and snacks');
  await expect(list(page).getByRole('option').first().locator('img')).toBeVisible();
  await expect(list(page)).not.toContainText('bowl');
  await expect(field(page)).toHaveAttribute('aria-expanded', 'true');
  await accessible(page);
  await field(page).press('ArrowDown');
  await expect(field(page)).toHaveAttribute('aria-activedescendant', 'search-0');
  await expect(page.locator('#search-0')).toHaveAttribute('aria-selected', 'true');
  await expect(field(page)).toBeFocused();
  await field(page).press('ArrowUp');
  await expect(field(page)).not.toHaveAttribute('aria-activedescendant');
  await field(page).press('Escape');
  await expect(list(page)).toBeHidden();
  await expect(field(page)).toHaveAttribute('aria-expanded', 'false');
  await field(page).press('ArrowDown');
  await field(page).press('Enter');
  await page.waitForURL('**/p/dried-mango');
  await expect(list(page)).toBeHidden();
});

test('suggestions fit a narrow phone, and a tap follows one', { tag: '@phone' }, async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await open(page, '/');
  await field(page).fill('coffe');
  const first = list(page).getByRole('option').first();
  await expect(first).toBeVisible();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide).toBeLessThanOrEqual(320);
  const box = await list(page).boundingBox();
  expect(box.x).toBeGreaterThanOrEqual(0);
  expect(box.x + box.width).toBeLessThanOrEqual(320);
  expect((await first.boundingBox()).height).toBeGreaterThanOrEqual(44);
  await first.tap();
  await page.waitForURL('**/p/**');
});

test('results are sorted and filtered, and keep what was searched', { tag: '@phone' }, async ({ page }) => {
  await open(page, '/search?q=coffee');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('coffee');
  await expect(page.getByLabel('Sort by')).toHaveValue('best');
  await expect(page.locator('#products h3').first()).toHaveText('Barako coffee');
  const before = await page.locator('#products h3').count();
  await page.getByLabel('Sort by').selectOption('price_up');
  await page.waitForURL('/search?q=coffee&sort=price_up');
  await expect(page.locator('#products h3')).toHaveCount(before);
  await open(page, '/search?q=coffee&max=1');
  await expect(page.getByText('Nothing matches all your filters')).toBeVisible();
  await page.getByRole('navigation', { name: 'Chosen filters' }).getByRole('link', { name: 'Clear all filters' }).click();
  await page.waitForURL('/search?q=coffee');
  await expect(page.locator('#products h3').first()).toHaveText('Barako coffee');
});

test('where nothing is found the nearest products and the categories are offered', { tag: '@phone' }, async ({ page }) => {
  await open(page, '/search?q=dried+xylophone');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Nothing found');
  await expect(page.getByRole('heading', { name: 'Close to what you typed' })).toBeVisible();
  await expect(page.locator('#offers')).toContainText('Dried mango');
  await page.getByRole('main').getByRole('navigation', { name: 'Find your aisle' }).getByRole('link', { name: 'For the table' }).click();
  await page.waitForURL('**/c/tableware');
});

test('recent searches stay in this browser until they are cleared', { tag: '@phone' }, async ({ page }) => {
  await open(page, '/search?q=zzzzzz');
  await open(page, '/search?q=mug');
  await expect.poll(() => page.evaluate(() => localStorage.getItem('tindahan.searches'))).toBe('mug');
  await open(page, '/search');
  await expect(page.locator('#recent').getByRole('link')).toHaveText(['mug']);
  await accessible(page);
  await page.locator('#recent').getByRole('link', { name: 'mug' }).click();
  await page.waitForURL('/search?q=mug');
  await expect(page.locator('#products')).toContainText('Stoneware mug');
  await field(page).fill('');
  await expect(list(page).getByRole('option', { name: 'mug', exact: true })).toBeVisible();
  await page.getByRole('search').getByRole('button', { name: 'Clear recent searches' }).click();
  await expect(list(page).getByRole('option', { name: 'mug', exact: true })).toHaveCount(0);
  expect(await page.evaluate(() => localStorage.getItem('tindahan.searches'))).toBeNull();
});

test.describe('without a script', () => {
  test.use({ javaScriptEnabled: false });

  test('search, order and filters work by forms and links', { tag: '@desktop' }, async ({ page, problems }) => {
    problems.allow(/was preloaded using link preload but not used/);
    await page.goto('/search');
    await page.locator('#search').fill('powerbank');
    await page.locator('#search').press('Enter');
    await page.waitForURL('/search?q=powerbank');
    await expect(page.locator('#products h3')).toHaveText(['Power bank, 10 000 mAh']);
    await page.goto('/search?q=mugs');
    await page.getByLabel('Sort by').selectOption('price_up');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.waitForURL('/search?q=mugs&sort=price_up');
    await expect(page.locator('#products')).toContainText('Stoneware mug');
  });
});
