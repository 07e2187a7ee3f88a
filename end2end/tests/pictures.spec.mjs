// The pictures of a product: swiped, stepped through by keyboard and buttons, enlarged over the whole window.

import { accessible, expect, hydrated, open, test } from '../test.mjs';

// It has three pictures; that in oat is of a variant.
const MUG = '/p/stoneware-mug';
const row = (page) => page.locator('[data-pictures]');
const thumbnail = (page, number) => page.getByRole('button', { name: `Picture ${number} of 3`, exact: true });
/** The position of the picture in sight. */
const inSight = (row) => row.evaluate((row) => Math.round(Math.abs(row.scrollLeft) / row.clientWidth));
const viewer = (page) => page.locator('dialog.viewer');

test('pictures are swiped, and the thumbnails follow and lead', { tag: ['@phone', '@dist'] }, async ({ page }) => {
  await open(page, MUG);
  await expect(thumbnail(page, 1)).toHaveAttribute('aria-pressed', 'true');
  await expect(row(page).locator('li')).toHaveCount(3);
  // As a finger does, the browser scrolls the row to the next picture.
  const box = await row(page).boundingBox();
  const touch = await page.context().newCDPSession(page);
  const finger = (along) => [{ x: box.x + box.width * along, y: box.y + box.height / 2 }];
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: finger(0.9) });
  for (let along = 0.85; along > 0.1; along -= 0.05) await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: finger(along) });
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await expect.poll(() => inSight(row(page))).toBe(1);
  await expect(thumbnail(page, 2)).toHaveAttribute('aria-pressed', 'true');
  await thumbnail(page, 3).click();
  await expect.poll(() => inSight(row(page))).toBe(2);
  await expect(thumbnail(page, 3)).toHaveAttribute('aria-pressed', 'true');
  // The picture of a variant that is chosen comes into sight.
  await page.getByRole('main').locator('label', { hasText: 'Oat' }).click();
  await expect.poll(() => inSight(row(page))).toBe(1);
});

test('arrows, Home and End lead through the pictures, and a picture opens over the window', { tag: '@desktop' }, async ({ page }) => {
  await open(page, MUG);
  await row(page).getByRole('link').first().focus();
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => inSight(row(page))).toBe(1);
  await page.keyboard.press('End');
  await expect.poll(() => inSight(row(page))).toBe(2);
  await expect(page.getByRole('button', { name: 'Next picture' })).toBeDisabled();
  await page.getByRole('button', { name: 'Previous picture' }).click();
  await expect.poll(() => inSight(row(page))).toBe(1);

  await row(page).getByRole('link', { name: /^Picture 2 of 3 in full size: / }).click();
  await expect(viewer(page)).toBeVisible();
  await expect(viewer(page).getByRole('status')).toHaveText('Picture 2 of 3');
  await accessible(page);
  await page.keyboard.press('ArrowRight');
  await expect(viewer(page).getByRole('status')).toHaveText('Picture 3 of 3');
  // Enlarged by a click, and as it was by another; by keys and buttons too.
  const width = () => viewer(page).locator('.picture-sheet').nth(2).evaluate((sheet) => sheet.getBoundingClientRect().width);
  const whole = await width();
  await viewer(page).locator('.picture-frame').nth(2).click();
  await expect.poll(width).toBeCloseTo(whole * 2.5, 0);
  await viewer(page).locator('.picture-frame').nth(2).click();
  await expect.poll(width).toBeCloseTo(whole, 0);
  await page.keyboard.press('+');
  await expect.poll(width).toBeCloseTo(whole * 1.5, 0);
  await viewer(page).getByRole('button', { name: 'Smaller' }).click();
  await expect.poll(width).toBeCloseTo(whole, 0);
  await page.keyboard.press('Escape');
  await expect(viewer(page)).toBeHidden();
  // The row shows what was seen last, and the address and its history are as before.
  await expect.poll(() => inSight(row(page))).toBe(2);
  expect(new URL(page.url()).pathname).toBe(MUG);
});

test('a pinch enlarges a picture, and Back closes it and stays on the page', { tag: '@phone' }, async ({ page }) => {
  await open(page, '/c/tableware');
  await page.locator('#products').getByRole('link', { name: 'Stoneware mug' }).click();
  await page.waitForURL(MUG);
  await row(page).getByRole('link').first().click();
  await expect(viewer(page)).toBeVisible();
  const frame = viewer(page).locator('.picture-frame').first();
  const width = () => viewer(page).locator('.picture-sheet').first().evaluate((sheet) => sheet.getBoundingClientRect().width);
  const whole = await width();
  const { x, y, width: across, height } = await frame.boundingBox();
  const touch = await page.context().newCDPSession(page);
  const fingers = (apart) => [-apart, apart].map((by, id) => ({ x: x + across / 2 + by, y: y + height / 2, id }));
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: fingers(30) });
  for (const apart of [40, 60, 90]) await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: fingers(apart) });
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await expect.poll(width).toBeGreaterThan(whole * 2);
  await page.goBack();
  await expect(viewer(page)).toBeHidden();
  expect(new URL(page.url()).pathname).toBe(MUG);
  // Closed by its button, Back leads to the list.
  await row(page).getByRole('link').first().click();
  await expect(viewer(page)).toBeVisible();
  await viewer(page).getByRole('button', { name: 'Close' }).click();
  await expect(viewer(page)).toBeHidden();
  await page.goBack();
  await page.waitForURL('/c/tableware');
});

test('the picture of a variant is in sight where its address is opened, and nothing moves', { tag: '@desktop' }, async ({ page }) => {
  await page.addInitScript(() => {
    window.moved = 0;
    new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.moved += entry.value; }).observe({ type: 'layout-shift', buffered: true });
  });
  await page.goto('/p/stoneware-mug?variant=MUG-OAT');
  await hydrated(page);
  await expect(row(page).locator('img').first()).toHaveAttribute('alt', /oat/);
  await page.evaluate(() => document.fonts.ready);
  expect(await page.evaluate(() => window.moved)).toBeLessThan(0.02);
});

test.describe('without a script', () => {
  test.use({ javaScriptEnabled: false });

  test('pictures are scrolled, and each opens by itself', { tag: '@phone' }, async ({ page, problems }) => {
    // The browser's own page around a picture has styles, which the policy of the picture's answer does not allow.
    problems.allow(/was preloaded using link preload but not used/, /Applying inline style/);
    await page.goto(MUG);
    await expect(row(page).getByRole('link')).toHaveCount(3);
    await row(page).getByRole('link').nth(2).scrollIntoViewIfNeeded();
    await row(page).getByRole('link').nth(2).click();
    await expect(page).toHaveURL(/\/pictures\/pic_[0-9a-f]+\/1280\.webp$/);
  });
});
