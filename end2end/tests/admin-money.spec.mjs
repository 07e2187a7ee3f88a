// Money in the admin: unambiguous amounts, refusals and their settlement.

import { anOrder, asStaff } from '../staff.mjs';
import { accessible, expect, open, test } from '../test.mjs';

test('a refund with a decimal comma is refused beside its field, and its reason is kept', { tag: '@phone' }, async ({ page, request, problems }) => {
  problems.allow(/422/);
  const order = await anOrder(request, 'Lia Cruz');
  await asStaff(page, 'owner');
  await open(page, `/admin/orders/${order}`);
  await page.getByRole('button', { name: 'Pick', exact: true }).click();
  await expect(page.getByText('Parcel 1')).toBeVisible();
  await page.getByRole('button', { name: 'Pack', exact: true }).click();
  await page.locator('#courier-1').fill('LBC');
  await page.getByRole('button', { name: 'Ship', exact: true }).click();
  await page.getByRole('button', { name: 'Mark delivered' }).click();

  await page.locator('summary').filter({ hasText: 'Refund' }).click();
  await page.locator('#refund-amount').fill('0,50');
  await page.locator('#refund-reason').fill('a scratch');
  await page.getByRole('button', { name: 'Refund', exact: true }).click();
  await expect(page.locator('#refund-amount-error')).toContainText('two ways');
  await expect(page.locator('#refund-amount')).toHaveValue('0,50');
  await page.locator('#refund-amount').fill('0.50');
  await page.getByRole('button', { name: 'Refund', exact: true }).click();
  const refunds = page.getByRole('heading', { name: 'Refunds' }).locator('..');
  await expect(refunds).toContainText('₱0.50');
  await expect(refunds).toContainText('a scratch');
  await expect(page.getByText('Refunded ₱0.50: a scratch')).toBeVisible();
  await accessible(page);
});

test('units that break before they leave are cancelled, and the rest is sent', { tag: '@phone' }, async ({ page, request, problems }) => {
  problems.allow(/422/);
  const order = await anOrder(request, 'Lia Cruz', { quantity: 3 });
  await asStaff(page, 'owner');
  await open(page, `/admin/orders/${order}`);
  await page.getByRole('button', { name: 'Pick', exact: true }).click();
  await expect(page.getByText('Parcel 1')).toBeVisible();
  await page.locator('summary').filter({ hasText: 'Cancel single items' }).click();
  const units = page.locator('input[name^="units["]').first();
  await units.fill('4');
  await page.locator('#cancel-units-reason').fill('one broke on the shelf');
  await page.getByRole('button', { name: 'Cancel single items', exact: true }).click();
  await expect(page.locator('[id^="cancel-units-"][id$="-error"]').first()).toBeVisible();
  await expect(page.locator('#cancel-units-reason')).toHaveValue('one broke on the shelf');
  await units.fill('1');
  // What it comes to is shown before the button is pressed.
  await expect(page.locator('dl', { hasText: 'Tax' }).filter({ hasText: '₱' }).first()).toBeVisible();
  await page.getByRole('button', { name: 'Cancel single items', exact: true }).click();
  await expect(page.getByText('1 cancelled').first()).toBeVisible();
  await expect(page.locator('main')).toContainText('To pay');
  await expect(page.getByText('one broke on the shelf').first()).toBeVisible();
  await accessible(page);
  // The two others leave in the parcel that was begun.
  await page.getByRole('button', { name: 'Pack', exact: true }).click();
  await page.locator('#courier-1').fill('LBC');
  await page.getByRole('button', { name: 'Ship', exact: true }).click();
  await page.getByRole('button', { name: 'Mark delivered' }).click();
  await expect(page.getByText('Delivered').first()).toBeVisible();
});

test('all that is wrong with a refund is said at once, beside its fields; cash is handed over by the staff', { tag: '@desktop' }, async ({ page, request, problems }) => {
  problems.allow(/422/);
  const order = await anOrder(request, 'Lia Cruz', { quantity: 2 });
  const press = (name) => page.getByRole('button', { name, exact: true }).click();
  await asStaff(page, 'owner');
  await open(page, `/admin/orders/${order}`);
  await press('Pick');
  await press('Pack');
  await page.locator('#courier-1').fill('LBC');
  await press('Ship');
  await press('Mark delivered');
  const main = page.locator('main');
  await expect(main).toContainText('Received');
  await page.locator('summary').filter({ hasText: 'Refund' }).click();
  const units = page.locator('input[id^="refund-units-"]').first();
  await units.fill('-1');
  await page.locator('#refund-amount').fill('-3');
  await press('Refund');
  await expect(page.locator('[id^="refund-units-"][id$="-error"]').first()).toContainText('1 or more');
  await expect(page.locator('#refund-amount-error')).toContainText('more than 0');
  await expect(page.locator('#refund-reason-error')).toBeVisible();
  await units.fill('1');
  await page.locator('#refund-amount').fill('');
  await expect(page.getByText('This order was paid in cash.')).toBeVisible();
  await page.locator('#refund-reason').fill('a scratch');
  // By the keyboard: the focus stays on the page.
  await page.locator('#refund-reason').press('Enter');
  await expect(page.getByText('To be handed over in cash, or transferred')).toBeVisible();
  await expect(main.locator(':focus')).toHaveCount(1);
  await expect(main).toContainText('1 × ');
  await expect(main).toContainText('tax in it');
  await accessible(page);
  // The shopper has the cash: who gave it is on the page from then on.
  await press('Handed over or transferred');
  await expect(page.getByText('To be handed over in cash, or transferred')).toHaveCount(0);
  await expect(page.getByText(/was handed over or transferred/)).toBeVisible();
  await expect(main.locator(':focus')).toHaveCount(1);
});

// On a phone, as the courier's money is counted.
test('cash that is missing at the door stays due, and is recorded when it comes', { tag: '@phone' }, async ({ page, request, problems }) => {
  problems.allow(/422/);
  const order = await anOrder(request, 'Lia Cruz');
  const press = (name) => page.getByRole('button', { name, exact: true }).click();
  await asStaff(page, 'owner');
  await open(page, `/admin/orders/${order}`);
  await press('Pick');
  await press('Pack');
  await page.locator('#courier-1').fill('LBC');
  await press('Ship');
  const received = page.locator('#received-1');
  const due = Number(await received.inputValue());
  expect(due).toBeGreaterThan(1);
  await received.fill('99999');
  await press('Mark delivered');
  await expect(page.locator('#received-1-error')).toContainText('At most');
  await received.fill((due - 1).toFixed(2));
  await press('Mark delivered');
  await expect(received).toHaveCount(0);
  const main = page.locator('main');
  await expect(main).toContainText('Partly paid');
  await expect(main).toContainText('Still due');
  await expect(main).toContainText('₱1.00 of the cash did not come');
  await accessible(page);
  await press('Record the cash');
  await expect(main).not.toContainText('Still due');
  await expect(main).not.toContainText('Partly paid');
});

test('a refusal is listed on the first page until it is dismissed', { tag: '@desktop' }, async ({ page, request, visitor, problems }) => {
  problems.allow(/status of 422/);
  await asStaff(page, 'owner');
  await open(page, '/admin');
  const panel = page.locator('#refusals');
  // Such a webhook can be sent by anybody: it is one row however often it comes.
  const refused = await request.post('/webhooks/stripe', { headers: { 'stripe-signature': 't=1,v1=00' }, data: '{}' });
  expect(refused.status()).toBe(400);
  await expect(panel).toContainText('News from the card gateway was not taken');
  await expect(panel).toContainText('The signature is wrong');
  await accessible(page);

  // A reason is required, also without a script.
  const plain = await visitor({ javaScriptEnabled: false });
  await plain.context().addCookies(await page.context().cookies());
  await plain.goto('/admin');
  await plain.locator('#refusals summary').click();
  await plain.locator('#refusals button[value=dismissed]').click();
  await expect(plain.locator('#refusals')).toContainText('Say why.');
  await plain.locator('#refusals input[name=note]').fill('tried by hand');
  await plain.locator('#refusals button[value=dismissed]').click();
  await expect(plain.locator('#refusals')).toBeHidden();
  await expect(panel).toBeHidden();

  // Its row is removed with the pressed button; the focus moves to the next row.
  await request.post('/webhooks/stripe', { headers: { 'stripe-signature': 't=1,v1=00' }, data: '{}' });
  const row = panel.locator('li', { hasText: 'The signature is wrong' });
  await row.locator('summary').click();
  await row.locator('input[name=note]').fill('tried by hand');
  await row.locator('button[value=dismissed]').press('Enter');
  await expect(row).toHaveCount(0);
  await expect(page.locator('h1:focus, #refusals h2:focus')).toHaveCount(1);
});
