// How an account is protected: its devices, the second factor of signing in, invitations of staff, and who is asked again.

import { createHmac } from 'node:crypto';
import { aShopper, linkTo, signIn, signUp } from '../shopper.mjs';
import { anOrder, asStaff, signIn as signInStaff } from '../staff.mjs';
import { accessible, expect, hydrated, open, test } from '../test.mjs';

/** The code of an authenticator app (RFC 6238) with a secret in base 32. */
function codeOf(secret, at = Date.now()) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret.replaceAll(' ', '')].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const from = mac[19] & 15;
  return String((mac.readUInt32BE(from) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

const press = (page, name) => page.getByRole('main').getByRole('button', { name, exact: true }).click();

for (const [how, tag, javaScriptEnabled] of [['with a script', '@phone', true], ['without a script', '@desktop', false]]) {
  test.describe(how, () => {
    test.use({ javaScriptEnabled });

    test('a second factor is set up, asked for, and replaced by a recovery code', { tag }, async ({ page, visitor, problems }) => {
      problems.allow(/status of 4(10|22|01)/, /was preloaded using link preload but not used/);
      const ana = aShopper();
      const before = await visitor({ javaScriptEnabled: true });
      await signUp(before, ana);
      const go = async (path) => {
        await page.goto(path);
        if (javaScriptEnabled) await hydrated(page);
      };
      await go('/sign-in');
      await page.locator('[name=email]').fill(ana.email);
      await page.locator('[name=password]').fill(ana.password);
      await press(page, 'Sign in');
      await page.waitForURL('**/account');
      await go('/account/security');
      await press(page, 'Set up a second factor');
      await expect(page.getByRole('img', { name: 'QR code for the authenticator app' })).toBeVisible();
      if (javaScriptEnabled) await accessible(page);
      const secret = await page.locator('#second-factor code').textContent();
      const codes = await page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem').allTextContents();
      expect(codes).toHaveLength(10);
      const form = page.locator('form', { has: page.locator('input[value=app-on]') });
      await form.locator('[name=new_code]').fill('000000');
      await form.locator('[name=password]').fill(ana.password);
      await form.getByRole('button').last().click();
      await expect(page.locator('#new_code-error')).toBeVisible();
      await form.locator('[name=new_code]').fill(codeOf(secret));
      await form.locator('[name=password]').fill(ana.password);
      await form.getByRole('button').last().click();
      await expect(page.getByText('The second factor is on.')).toBeVisible();
      await expect(page.getByText('10 recovery codes are left.')).toBeVisible();

      await go('/account');
      await press(page, 'Sign out');
      await page.waitForURL((url) => url.pathname === '/');
      await go('/sign-in?back=/account/orders');
      await page.locator('[name=email]').fill(ana.email);
      await page.locator('[name=password]').fill(ana.password);
      await press(page, 'Sign in');
      await page.waitForURL(/\/sign-in\/code\?back=/);
      if (javaScriptEnabled) await hydrated(page);
      await expect(page.locator('[name=code]')).toHaveAttribute('autocomplete', 'one-time-code');
      if (javaScriptEnabled) await accessible(page);
      await page.locator('[name=code]').fill('123');
      await press(page, 'Sign in');
      await expect(page.locator('#code-error')).toBeVisible();
      await page.locator('[name=code]').fill(codes[0].toLowerCase());
      await press(page, 'Sign in');
      await page.waitForURL('**/account/orders');
      await go('/account/security');
      await expect(page.getByText('9 recovery codes are left.')).toBeVisible();
      if (javaScriptEnabled) await accessible(page);
      await page.locator('summary', { hasText: 'Switch the second factor off' }).click();
      const off = page.locator('form', { has: page.locator('input[value=app-off]') });
      await off.locator('[name=password]').fill(ana.password);
      await off.locator('[name=code]').fill(codes[1]);
      await off.getByRole('button').last().click();
      await expect(page.getByText('The second factor is off.')).toBeVisible();
    });
  });
}

test('who lost the phone asks for a link that works three days later', { tag: '@phone' }, async ({ page, visitor, request, problems }) => {
  problems.allow(/status of 4(10|22|01)/);
  const ana = aShopper();
  await signUp(page, ana);
  await open(page, '/account/security');
  await press(page, 'Set up a second factor');
  const secret = await page.locator('#second-factor code').textContent();
  const form = page.locator('form', { has: page.locator('input[value=app-on]') });
  await form.locator('[name=new_code]').fill(codeOf(secret));
  await form.locator('[name=password]').fill(ana.password);
  await form.getByRole('button').last().click();
  await expect(page.getByText('The second factor is on.')).toBeVisible();
  const other = await visitor();
  await open(other, '/sign-in');
  await other.locator('[name=email]').fill(ana.email);
  await other.locator('[name=password]').fill(ana.password);
  await press(other, 'Sign in');
  await other.waitForURL('**/sign-in/code');
  await hydrated(other);
  await other.getByRole('link', { name: 'Lost your phone?' }).click();
  await other.waitForURL('**/sign-in/lost');
  await accessible(other);
  await press(other, 'Mail me the link');
  await expect(other.getByText('It works three days from now')).toBeVisible();
  await open(other, await linkTo(request, ana.email, 'Signing in without your phone'));
  await expect(other.getByText('This link takes the second factor away from')).toBeVisible();
  await expect(other.getByRole('button', { name: 'Take the second factor away' })).toHaveCount(0);
});

test('devices are listed, and the others signed out at once', { tag: '@phone' }, async ({ page, visitor, request, problems }) => {
  problems.allow(/status of 4(01|22)/);
  const ana = aShopper();
  await signUp(page, ana);
  const other = await visitor();
  await signIn(other, ana);
  await linkOrNone(request, ana.email);
  await open(page, '/account/security');
  const rows = page.getByRole('main').getByRole('listitem').filter({ hasText: 'Last used' });
  await expect(rows).toHaveCount(2);
  await expect(rows.filter({ hasText: 'This device' })).toHaveCount(1);
  await expect(rows.first()).toContainText('Chrom');
  await accessible(page);
  await press(page, 'Sign out all other devices');
  await expect(rows).toHaveCount(1);
  await other.waitForTimeout(5_100);
  await other.goto('/account');
  await expect(other.getByRole('heading', { name: 'Welcome back' }).or(other.getByRole('main').getByRole('link', { name: 'Sign in' })).first()).toBeVisible();
});

/** Waits for the mail about a new device. */
async function linkOrNone(request, email) {
  await expect(async () => {
    const mails = await (await request.get(`${process.env.TINDAHAN_SIMULATORS_URL}/mail`)).json();
    const mail = mails.find((each) => each.subject === 'A new device signed in to your account' && JSON.stringify(each).includes(email));
    const text = await (await request.get(`${process.env.TINDAHAN_SIMULATORS_URL}/mail/${mail.id}/text`)).text();
    expect(text).toContain('127.0.0.1');
  }).toPass({ timeout: 20_000 });
}

test('staff are invited, join once, and must set up the second factor that their role demands', { tag: '@desktop' }, async ({ page, visitor, request, problems }) => {
  problems.allow(/status of 4(01|03|10|22)/);
  const ben = { ...aShopper('Ben Cruz'), password: 'rain on the tin roof' };
  await asStaff(page, 'owner');
  await open(page, '/admin/settings/staff');
  await page.locator('#name').fill(ben.name);
  await page.locator('#email').fill('ben');
  await page.locator('#role').selectOption('clerk');
  await press(page, 'Invite someone');
  await expect(page.locator('#email-error')).toBeVisible();
  await expect(page.locator('#name')).toHaveValue(ben.name);
  await page.locator('#email').fill(ben.email);
  await press(page, 'Invite someone');
  await expect(page.getByRole('row', { name: ben.email }).getByRole('button', { name: 'Withdraw' })).toBeVisible();
  await accessible(page);

  const guest = await visitor();
  await open(guest, await linkTo(request, ben.email, 'You are invited to join'));
  await expect(guest.locator('[name=name]')).toHaveValue(ben.name);
  await accessible(guest);
  await guest.locator('[name=password]').fill('short');
  await press(guest, 'Join');
  await expect(guest.locator('#password-error')).toBeVisible();
  await guest.locator('[name=password]').fill(ben.password);
  await press(guest, 'Join');
  await guest.waitForURL(/\/sign-in\?joined=1/);
  await hydrated(guest);
  await guest.locator('[name=email]').fill(ben.email);
  await guest.locator('[name=password]').fill(ben.password);
  await press(guest, 'Sign in');
  await guest.waitForURL('**/admin');
  await open(page, '/admin/settings/staff');
  await expect(page.getByRole('row', { name: ben.email }).getByLabel('Role')).toHaveValue('clerk');
});

test.describe('without a service worker, whose requests a test cannot answer', () => {
  test.use({ serviceWorkers: 'block' });

  test('a refund that is refused for want of a confirmation asks for the password, and is sent again', { tag: '@desktop' }, async ({ page, request, problems }) => {
    problems.allow(/status of 4(22|28)/, /Service Worker registration blocked/);
    const order = await anOrder(request, 'Lia Cruz', { quantity: 2 });
    // A session of its own: it has another token afterwards.
    await signInStaff(page, 'owner');
    await open(page, `/admin/orders/${order}`);
    for (const name of ['Pick', 'Pack']) await press(page, name);
    await page.locator('#courier-1').fill('LBC');
    await press(page, 'Ship');
    await press(page, 'Mark delivered');
    await page.locator('summary').filter({ hasText: 'Refund' }).click();
    await page.locator('#refund-amount').fill('0.50');
    await page.locator('#refund-reason').fill('a scratch');
    // As the server answers an hour after the sign-in; what follows is its own.
    let asked = 0;
    await page.route('**/api/admin/order/refund', async (route) => {
      asked += 1;
      if (asked > 1) return route.continue();
      return route.fulfill({
        status: 428, body: Buffer.from([0xac, 0x03, 0, 0]), headers: { 'content-type': 'application/octet-stream', serverfnerror: '/api/admin/order/refund' },
      });
    });
    await press(page, 'Refund');
    const dialog = page.getByRole('dialog', { name: 'Is it you?' });
    await expect(dialog).toBeVisible();
    await accessible(page);
    await dialog.getByLabel('Password', { exact: true }).fill('not my password');
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await expect(dialog.locator('#confirm-password-error')).toBeVisible();
    await dialog.getByLabel('Password', { exact: true }).fill('demo-owner-2026');
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await expect(dialog).toBeHidden();
    await expect(page.getByText('Refunded ₱0.50: a scratch')).toBeVisible();
    expect(asked).toBe(2);
  });
});
