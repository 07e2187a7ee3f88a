// What staff do: the manager sends an order off; the clerk is refused what clerks may not do.

import { signIn } from '../staff.mjs';
import { accessible, expect, open, test } from '../test.mjs';

/** An order paid on delivery, placed as partners place theirs. */
async function anOrder(request, name) {
  const ask = async (path, data, headers) => {
    const answer = await request.post(`/api/v1/${path}`, { data, headers });
    expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
    return answer.json();
  };
  const { products } = await (await request.get('/api/v1/products?in_stock=true&sort=price_up')).json();
  const product = await (await request.get(`/api/v1/products/${products[0].slug}`)).text();
  const [variant] = product.match(/var_[0-9a-f]{32}/);
  const cart = await ask('carts', { lines: [{ variant, quantity: 1 }] });
  const shipping = {
    recipient: name, phone: '+639171234567', country: 'PH', line1: '12 Mabini Street', place: '1381300009', postal_code: '1105',
  };
  const offered = JSON.stringify(await ask(`carts/${cart.id}/delivery-options`, shipping));
  const [, delivery] = offered.match(/"code":"([^"]+)"/);
  const contact = { name, email: 'ana@example.com', phone: '+639171234567' };
  const key = `admin-${Date.now()}-${Math.random().toString(36).slice(2)}`;
  const placed = await ask(`carts/${cart.id}/checkout`, { contact, shipping, delivery, payment: 'cod' }, { 'Idempotency-Key': key });
  const [id] = JSON.stringify(placed).match(/ord_[0-9a-f]{32}/);
  return id;
}

test('a manager picks, packs, ships and delivers an order', async ({ page, request }) => {
  const id = await anOrder(request, 'Ana Reyes');
  await signIn(page, 'manager');
  await expect(page.locator('#today')).toBeVisible();
  await open(page, '/admin/orders');
  await page.locator(`a[href="/admin/orders/${id}"]`).first().click();
  await page.waitForURL(`**/admin/orders/${id}`);
  await page.getByRole('button', { name: 'Pick', exact: true }).click();
  await page.getByRole('button', { name: 'Pack', exact: true }).click();
  // A parcel needs somebody who carries it, and what was typed stays.
  await page.locator('#tracking-1').fill('LBC-0001');
  await page.getByRole('button', { name: 'Ship', exact: true }).click();
  await expect(page.locator('#carrier-1-error')).toBeVisible();
  await expect(page.locator('#tracking-1')).toHaveValue('LBC-0001');
  await page.locator('#carrier-1').fill('LBC');
  await page.getByRole('button', { name: 'Ship', exact: true }).click();
  await page.getByRole('button', { name: 'Mark delivered' }).click();
  await expect(page.getByRole('button', { name: 'Mark delivered' })).toHaveCount(0);
  await expect(page.locator('main')).toContainText('LBC-0001');
  await page.reload();
  await expect(page.locator('main')).toContainText('Delivered');
});

test('a clerk is refused what clerks may not do', async ({ page, request }) => {
  const id = await anOrder(request, 'Ben Cruz');
  await signIn(page, 'clerk');
  await open(page, `/admin/orders/${id}`);
  await expect(page.getByRole('button', { name: 'Pick', exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Cancel order' })).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Settings' })).toHaveCount(0);
  // Nor by asking for it directly.
  const refused = await page.request.post('/api/admin/order/cancel', { form: { order: id, reason: 'because' }, headers: { accept: 'application/json' } });
  expect(refused.status()).toBe(403);
  await page.goto('/admin/settings');
  await expect(page.getByRole('heading', { name: 'This is not for you to open' })).toBeVisible();
});

test('whoever is not signed in is asked to', async ({ page }) => {
  await page.goto('/admin/orders');
  await expect(page).toHaveURL(/\/sign-in\?back=/);
});

test('the palette goes anywhere by the keyboard', async ({ page, isMobile }) => {
  test.skip(isMobile, 'a phone has no Ctrl key');
  await signIn(page, 'manager');
  await page.keyboard.press('Control+k');
  await page.locator('#commands input').fill('stock');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/admin/stock');
});

for (const address of ['/admin', '/admin/orders', '/admin/products', '/admin/products/new', '/admin/stock', '/admin/settings',
  '/admin/settings/taxes', '/admin/settings/delivery', '/admin/settings/delivery/new']) {
  test(`nobody on the staff is kept out of ${address}`, async ({ page }) => {
    await signIn(page, 'manager');
    await open(page, address);
    await accessible(page);
  });
}
