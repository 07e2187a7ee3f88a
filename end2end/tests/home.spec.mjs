import { accessible, expect, open, test } from '../test.mjs';

test('the home page is rendered in full and hydrated', { tag: '@phone' }, async ({ page }) => {
  const answer = await open(page, '/');
  expect(answer.status()).toBe(200);
  await expect(page.locator('main h1')).toBeVisible();
});

test('the home page reads without JavaScript', { tag: '@phone' }, async ({ visitor }) => {
  const page = await visitor({ javaScriptEnabled: false });
  await page.goto('/');
  await expect(page.locator('main h1')).toBeVisible();
});

test('the home page has no accessibility faults', { tag: '@desktop' }, async ({ page }) => {
  await open(page, '/');
  await accessible(page);
});
