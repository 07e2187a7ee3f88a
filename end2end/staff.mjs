// Steps that the journeys of staff share.

import { signIn as enter } from './shopper.mjs';
import { expect } from './test.mjs';

/** The cookies of those who have signed in to the shop of the run, by name. Each worker of a run has its own. */
const sessions = new Map();

const person = (name) => ({ email: `${name}@example.com`, password: `demo-${name}-2026` });

/** Signs the owner, the manager or the clerk of the demonstration shop in by the page for it, and ends on the admin's first page. */
export const signIn = (page, name) => enter(page, person(name), '/admin');

/**
 * Makes the browser that of the owner, the manager or the clerk, who signs in once and keeps the session for later tests. The page is as it
 * was: open one.
 */
export async function asStaff(page, name) {
  if (!sessions.has(name)) {
    const answer = await page.request.post('/api/sign_in', { form: person(name), maxRedirects: 0 });
    expect(answer.status(), await answer.text()).toBeLessThan(400);
    const cookies = await page.context().cookies();
    sessions.set(name, cookies.filter((cookie) => /^(__Host-)?session$/.test(cookie.name)));
  }
  await page.context().addCookies(sessions.get(name));
}

/** An order paid on delivery, placed as partners place theirs, with a discount code where one is given; the answer is its id. */
export async function anOrder(request, name, { code, quantity = 1, email = 'ana@example.com' } = {}) {
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
  const contact = { name, email, phone: '+639171234567' };
  const key = `admin-${Date.now()}-${Math.random().toString(36).slice(2)}`;
  const placed = await ask(`carts/${cart.id}/checkout`, { contact, delivery_address: deliverTo, delivery, payment: 'cod' }, { 'Idempotency-Key': key });
  const [id] = JSON.stringify(placed).match(/ord_[0-9a-f]{32}/);
  return id;
}

/** A message through the contact page, sent as a browser without a script sends it. */
export async function aMessage(request, name, message) {
  const answer = await request.post('/pages/contact', {
    form: { name, email: 'ana@example.com', order_number: '', message }, headers: { Accept: 'text/html' }, maxRedirects: 0,
  });
  expect(answer.status()).toBe(303);
}
