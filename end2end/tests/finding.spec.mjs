import { expect, open, test } from '../test.mjs';
import { addToCart, cartSynced, checkOut, aShopper, thanked } from '../shopper.mjs';

const y = (page) => page.evaluate(() => Math.round(scrollY));

/** Waits for the page's scroll event. */
const told = (page) => page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));

test('Back restores the scroll position, on a list and on the home page', { tag: '@phone' }, async ({ page }) => {
  for (const [address, link] of [['/c', '#products a[href^="/p/"]'], ['/', 'main a[href^="/p/"]']]) {
    await open(page, address);
    const far = page.locator(link).nth(9);
    await far.scrollIntoViewIfNeeded();
    await told(page);
    const before = await y(page);
    expect(before).toBeGreaterThan(300);
    await far.click();
    await page.waitForURL('**/p/*');
    await expect(page.locator('#product-name')).toBeVisible();
    await expect.poll(() => y(page)).toBe(0);
    await page.evaluate(() => scrollTo(0, 200));
    await told(page);
    await page.goBack();
    await expect(page.locator(link).nth(9)).toBeInViewport();
    await expect.poll(() => y(page)).toBe(before);
    // It stays there.
    await page.waitForFunction((wanted) => new Promise((done) => { setTimeout(() => done(Math.round(scrollY) === wanted), 800); }), before);
    await page.goForward();
    await expect(page.locator('#product-name')).toBeVisible();
    await expect.poll(() => y(page)).toBe(200);
  }
});

test('the sheet of filters counts on its button, and one step Back leaves all that was chosen', { tag: '@phone' }, async ({ page }) => {
  await open(page, '/c/tableware');
  const count = page.getByRole('heading', { name: /^\d+ products?$/ });
  const all = Number.parseInt(await count.textContent(), 10);
  await page.getByRole('button', { name: 'Filters' }).click();
  const filters = page.getByRole('dialog', { name: 'Filters' });
  const show = filters.getByRole('button', { name: /^Show \d+ products?$/ });
  await expect(show).toHaveText(`Show ${all} products`);
  // A value has how many products it leaves.
  const value = filters.getByRole('checkbox', { name: /\d$/ }).first();
  const has = (await value.locator('xpath=..').textContent()).match(/(\d+)$/)[1];
  await value.check({ force: true });
  await expect(show).toHaveText(new RegExp(`^Show ${has} product`));
  await filters.getByLabel('In stock only').check();
  await expect(page).toHaveURL(/in_stock=true/);
  const left = (await show.textContent()).match(/\d+/)[0];
  await show.click();
  await expect(filters).toBeHidden();
  await expect(count).toHaveText(new RegExp(`^${left} product`));
  await page.goBack();
  await expect(page).toHaveURL('/c/tableware');
  await expect(count).toHaveText(`${all} products`);
});

test('the price is chosen with a slider by the keyboard, and its ends take the filter away', { tag: '@desktop' }, async ({ page }) => {
  await open(page, '/c');
  const filters = page.getByRole('complementary');
  const [low, high] = [filters.getByRole('slider', { name: 'Lowest price' }), filters.getByRole('slider', { name: 'Highest price' })];
  await low.press('ArrowRight');
  const field = filters.getByLabel('From', { exact: true });
  await expect(field).toHaveValue(/^\d+$/);
  const price = await field.inputValue();
  await expect(page).toHaveURL(new RegExp(`min=${price}(&|$)`));
  expect(await low.getAttribute('aria-valuetext')).toMatch(/^₱/);
  // The thumbs do not pass each other.
  await high.press('Home');
  await expect(filters.getByLabel('To', { exact: true })).toHaveValue(price);
  await high.press('End');
  await low.press('Home');
  await expect(page).not.toHaveURL(/min=|max=/);
  await expect(field).toHaveValue('');
});

test('a price filter is applied when it is typed in full, and an invalid one is refused beside its field', { tag: '@desktop' }, async ({ page }) => {
  await open(page, '/c/tableware');
  const filters = page.getByRole('complementary');
  await filters.getByLabel('From', { exact: true }).click();
  // The list is read again while the second price is typed.
  await page.keyboard.type('200');
  await page.keyboard.press('Tab');
  await page.keyboard.type('300', { delay: 60 });
  await page.keyboard.press('Tab');
  await page.waitForURL(/min=200.*|max=300/);
  await expect(page).toHaveURL(/max=300/);
  await expect(page).toHaveURL(/min=200/);
  await expect(filters.getByLabel('To', { exact: true })).toHaveValue('300');
  const [from, to] = [filters.getByLabel('From', { exact: true }), filters.getByLabel('To', { exact: true })];
  await from.fill('-5');
  await from.press('Enter');
  await expect(page.locator('#side-min-error')).toContainText('Enter an amount');
  await expect(page).toHaveURL(/min=200/);
  await from.fill('500');
  await to.fill('300');
  await to.press('Enter');
  await expect(page.locator('#side-max-error')).toContainText('less than the lowest price');
  await expect(to).toHaveValue('300');
  // The same from the server.
  await open(page, '/c/tableware?min=500&max=300');
  await expect(page.locator('#side-max-error')).toContainText('less than the lowest price');
  await expect(from).toHaveValue('500');
});

test('ticking a filter keeps the order of the groups and the focus', { tag: '@desktop' }, async ({ page }) => {
  await open(page, '/c');
  const filters = page.getByRole('complementary');
  const groups = () => filters.locator('legend').allTextContents();
  const before = await groups();
  const boxes = filters.locator('input[name=option]');
  const last = boxes.nth((await boxes.count()) - 1);
  const key = await last.getAttribute('value');
  await last.check();
  await expect(page).toHaveURL(/option=/);
  await expect(page.getByRole('navigation', { name: 'Chosen filters' })).toBeVisible();
  const after = (await groups()).filter((name) => before.includes(name));
  expect(after).toEqual(before.filter((name) => after.includes(name)));
  await expect(filters.locator(`input[value="${key}"]`)).toBeFocused();
});

test('a guest gets the link to an order again', { tag: '@phone' }, async ({ page, request, problems }) => {
  problems.allow(/responded with a status of 422/);
  const ana = aShopper();
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await checkOut(page, ana, 'cod');
  const number = await thanked(page);
  await open(page, '/');
  await page.getByRole('contentinfo').getByRole('link', { name: 'Follow an order' }).click();
  await page.getByLabel('Order number').fill(number.toLowerCase());
  await page.getByLabel('E-mail').fill('nonsense');
  await page.getByRole('main').getByRole('button', { name: 'Send me the link' }).click();
  await expect(page.locator('#email-error')).toBeVisible();
  await page.getByLabel('E-mail').fill(ana.email);
  await page.getByRole('main').getByRole('button', { name: 'Send me the link' }).click();
  await expect(page.getByText('If there is such an order')).toBeVisible();
  await expect(page.locator('[role=status] [role=status]')).toHaveCount(0);
  const mails = async () => (await (await request.get(`${process.env.TINDAHAN_SIMULATORS_URL}/mail`)).json()).filter((mail) => JSON.stringify(mail).includes(`Your order ${number}`));
  await expect.poll(async () => (await mails()).length).toBe(1);
});

test.describe('without a script', () => {
  test.use({ javaScriptEnabled: false });

  test('a guest gets the same answer whether the order exists or not', { tag: '@phone' }, async ({ page, problems }) => {
    problems.allow(/was preloaded using link preload but not used/);
    await page.goto('/sign-in');
    await page.getByRole('main').getByRole('link', { name: 'Follow an order' }).click();
    await page.getByLabel('Order number').fill('TAAAA-AAA');
    await page.getByLabel('E-mail').fill('nobody@example.com');
    await page.getByRole('main').getByRole('button', { name: 'Send me the link' }).click();
    await expect(page.getByText('If there is such an order')).toBeVisible();
  });
});
