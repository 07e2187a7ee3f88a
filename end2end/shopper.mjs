// Steps that the journeys of shoppers share.

import { expect, hydrated, open } from './test.mjs';

/** Test cards of the sandbox gateway, by what the bank answers. */
export const CARDS = { approved: '4242424242424242', declined: '4000000000000002', asks: '4000002500003155', late: '4000000000006686' };

/** A shopper with an e-mail address of their own. */
export function aShopper(name = 'Ana Reyes') {
  const number = `${Date.now()}${Math.floor(Math.random() * 1e6)}`;
  return { name, email: `ana.${number}@example.com`, phone: '0917 123 4567', password: 'mangoes dry in the sun' };
}

/** The path that the newest mail of this subject to this address leads to. */
export async function linkTo(request, email, subject) {
  const simulators = process.env.TINDAHAN_SIMULATORS_URL;
  let path;
  await expect(async () => {
    const mails = await (await request.get(`${simulators}/mail`)).json();
    const mail = mails.find((each) => each.subject === subject && JSON.stringify(each).includes(email));
    const text = await (await request.get(`${simulators}/mail/${mail.id}/text`)).text();
    [, path] = text.match(/https?:\/\/[^/\s]+(\/(?:confirm-email|reset-password|sign-up|join|sign-in\/lost)\/[\w-]+)/);
  }).toPass({ timeout: 20_000 });
  return path;
}

/** Makes an account, by the link that is mailed, and waits for its page. */
export async function signUp(page, person) {
  await open(page, '/sign-up');
  await page.getByLabel('Full name').fill(person.name);
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByRole('main').getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByRole('heading', { name: 'Look into your mail' })).toBeVisible();
  await open(page, await linkTo(page.request, person.email, 'Make your account'));
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('main').getByRole('button', { name: 'Create account' }).click();
  await page.waitForURL('**/account');
}

/** Signs in, and waits for the page that one comes to: the account, or the admin for staff. */
export async function signIn(page, { email, password }, home = '/account') {
  await open(page, '/sign-in');
  await page.locator('[name=email]').fill(email);
  await page.locator('[name=password]').fill(password);
  await page.locator('main form button[type=submit]').first().click();
  await page.waitForURL(`**${home}`);
}

/** Chooses, of each option of a product for which nothing is chosen yet, the first value that can be bought. */
export async function chooseOptions(page) {
  for (const option of await page.getByRole('main').locator('form fieldset').all()) {
    if (await option.getByRole('radio', { checked: true }).count() === 0) {
      await option.locator('label:not([title$="not available"])').first().click();
    }
  }
}

/** Chooses what is to be chosen on a product's page, puts it into the cart, and closes the drawer that shows it. */
export async function addToCart(page, address) {
  await page.goto(address);
  await hydrated(page);
  await chooseOptions(page);
  await page.getByRole('main').getByRole('button', { name: 'Add to cart' }).first().click();
  const drawer = page.locator('#cart-drawer');
  await expect(drawer).toBeVisible();
  await drawer.getByRole('button', { name: 'Close' }).click();
  await expect(drawer).toBeHidden();
}

/** Waits until the server knows the cart. */
export async function cartSynced(page) {
  await page.waitForFunction(() => /^\d+ sent /.test(localStorage.getItem('tindahan.cart') ?? ''));
}

export async function fillContact(page, person) {
  const form = page.locator('#checkout');
  await form.getByLabel('Full name').first().fill(person.name);
  await form.getByLabel('E-mail').fill(person.email);
  await form.getByLabel('Mobile number').first().fill(person.phone);
}

/** An address in Makati, level by level. */
export async function fillAddress(page) {
  const form = page.locator('#checkout, main').first();
  await form.locator('#line1').fill('12 Mabini Street');
  await form.locator('#place_1').selectOption({ label: 'National Capital Region (NCR)' });
  await form.locator('#place_2').selectOption({ label: 'City of Makati' });
  await form.locator('#place_3').selectOption({ index: 1 });
}

/** Waits until the ways to deliver to the address are read. */
export async function deliveryOffered(page) {
  await expect(page.locator('input[name=delivery]').first()).toBeAttached();
  await expect(page.locator('#delivery[aria-busy]')).toHaveCount(0);
}

/** From the cart to the press on the button. */
export async function checkOut(page, person, payment, press = (button) => button.click()) {
  await page.goto('/checkout');
  await hydrated(page);
  await fillContact(page, person);
  await fillAddress(page);
  await deliveryOffered(page);
  await page.locator(`input[name=payment][value=${payment}]`).check();
  await press(page.getByRole('button', { name: /^Place order · ₱/ }));
}

/** On the gateway's own page. */
export async function payWith(page, card) {
  await page.getByLabel('Card number').fill(card);
  await page.getByRole('button', { name: /^Pay / }).click();
}

/** The order's own page after it was placed; the answer is its number. */
export async function thanked(page) {
  await page.waitForURL(/\/orders\/follow\//);
  const heading = page.locator('#order-number');
  await expect(heading).toBeVisible();
  return (await heading.textContent()).replace('Order ', '').trim();
}
