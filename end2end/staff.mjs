// Steps that the journeys of staff share.

import { signIn as enter } from './shopper.mjs';
import { expect } from './test.mjs';

/** The cookies of those who have signed in, by name. Each worker of a run has its own. */
const sessions = new Map();

/** Signs the owner, the manager or the clerk of the demonstration shop in, and ends on the admin's first page. */
export async function signIn(page, name) {
  await enter(page, { email: `${name}@example.com`, password: `demo-${name}-2026` }, '/admin');
  const cookies = await page.context().cookies();
  sessions.set(name, cookies.filter((cookie) => /^(__Host-)?session$/.test(cookie.name)));
}

/**
 * Makes the browser that of the owner, the manager or the clerk. Only the first time does it fill in the page for signing in;
 * later it uses the session of that time. The page is unspecified afterwards: open one.
 */
export async function asStaff(page, name) {
  if (sessions.has(name)) await page.context().addCookies(sessions.get(name));
  else await signIn(page, name);
}

/** An order paid on delivery, placed as partners place theirs, with a discount code where one is given; the answer is its id. */
export async function anOrder(request, name, { code, quantity = 1 } = {}) {
  const ask = async (path, data, headers) => {
    const answer = await request.post(`/api/v1/${path}`, { data, headers });
    expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
    return answer.json();
  };
  const { products } = await (await request.get('/api/v1/products?in_stock=true&sort=price_up')).json();
  const product = await (await request.get(`/api/v1/products/${products[0].slug}`)).text();
  const [variant] = product.match(/var_[0-9a-f]{32}/);
  const cart = await ask('carts', { lines: [{ variant, quantity }], ...(code && { discount_code: code }) });
  const deliverTo = {
    recipient: name, phone: '+639171234567', country: 'PH', line1: '12 Mabini Street', place: '1381300009', postal_code: '1105',
  };
  const offered = JSON.stringify(await ask(`carts/${cart.id}/delivery-options`, deliverTo));
  const [, delivery] = offered.match(/"code":"([^"]+)"/);
  const contact = { name, email: 'ana@example.com', phone: '+639171234567' };
  const key = `admin-${Date.now()}-${Math.random().toString(36).slice(2)}`;
  const placed = await ask(`carts/${cart.id}/checkout`, { contact, delivery_address: deliverTo, delivery, payment: 'cod' }, { 'Idempotency-Key': key });
  const [id] = JSON.stringify(placed).match(/ord_[0-9a-f]{32}/);
  return id;
}
