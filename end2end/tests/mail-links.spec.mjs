// What the links of mails about an account do: a forgotten password, the proof of an address, its change and the way back.

import { aShopper, linkTo, signIn, signUp } from '../shopper.mjs';
import { accessible, expect, hydrated, open, test } from '../test.mjs';

const signOut = async (page) => {
  await open(page, '/account');
  await page.getByRole('button', { name: 'Sign out' }).first().click();
  await page.waitForURL('/');
};

for (const [how, tag, javaScriptEnabled] of [['with a script', '@phone', true], ['without a script', '@desktop', false]]) {
  test.describe(how, () => {
    test.use({ javaScriptEnabled });

    test('who forgot a password sets another one by a link that works once', { tag }, async ({ page, visitor, request, problems }) => {
      problems.allow(/status of 4(10|01|22)/, /was preloaded using link preload but not used/);
      const ana = aShopper();
      // The account is made in a browser with a script.
      const before = await visitor({ javaScriptEnabled: true });
      await signUp(before, ana);
      const go = async (path) => {
        await page.goto(path);
        if (javaScriptEnabled) await hydrated(page);
      };
      await go('/sign-in');
      await page.getByRole('link', { name: 'Forgot your password?' }).click();
      await page.waitForURL('**/forgot-password');
      if (javaScriptEnabled) await hydrated(page);
      await page.getByLabel('E-mail').fill('ana');
      await page.getByRole('button', { name: 'Send the link' }).click();
      await expect(page.locator('#email-error')).toBeVisible();
      await page.getByLabel('E-mail').fill(ana.email);
      await page.getByRole('button', { name: 'Send the link' }).click();
      await expect(page.getByRole('heading', { name: 'Look into your mail' })).toBeVisible();
      const link = await linkTo(request, ana.email, 'Set a new password');
      await go(link);
      if (javaScriptEnabled) await accessible(page);
      const field = page.locator('[name=new_password]');
      await expect(field).toHaveAttribute('autocomplete', 'new-password');
      await field.fill('short');
      await page.getByRole('button', { name: 'Set a new password' }).click();
      await expect(page.locator('#new_password-error')).toBeVisible();
      await field.fill('rain on the tin roof');
      await page.getByRole('button', { name: 'Set a new password' }).click();
      await page.waitForURL('**/sign-in?reset=1');
      await expect(page.getByText('Your new password is set')).toBeVisible();
      await go(link);
      await expect(page.getByRole('heading', { name: 'This link no longer works' })).toBeVisible();
      // The session of before has ended.
      await before.waitForTimeout(5_100);
      await before.goto('/account');
      await expect(before.getByRole('heading', { name: 'Welcome back' }).or(before.getByRole('link', { name: 'Sign in' })).first()).toBeVisible();
      await go('/sign-in');
      await page.locator('[name=email]').fill(ana.email);
      await page.locator('[name=password]').fill('rain on the tin roof');
      await page.locator('main form button[type=submit]').first().click();
      await page.waitForURL('**/account');
    });
  });
}

test('an address is changed once the new one is proved, and given back by the former one', { tag: '@phone' }, async ({ page, request, problems }) => {
  problems.allow(/status of 4(10|22|01)/);
  const [ana, next] = [aShopper(), aShopper()];
  await signUp(page, ana);
  // The link by which the account was made has proved its address.
  await expect(page.getByText('Confirm your e-mail address')).toHaveCount(0);

  await open(page, '/account/preferences');
  const form = page.locator('form', { has: page.locator('input[name=step][value=contact]') });
  await form.locator('[name=email]').fill(next.email);
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form.locator('#password-error')).toContainText('Type your password');
  await expect(form.locator('[name=email]')).toHaveValue(next.email);
  await form.locator('[name=password]').fill(ana.password);
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('We sent a mail to your new address')).toBeVisible();
  await open(page, await linkTo(request, next.email, 'Confirm your new e-mail address'));
  await page.getByRole('button', { name: 'Confirm this address' }).click();
  await expect(page.getByRole('heading', { name: 'Address confirmed' })).toBeVisible();
  await signOut(page);
  await signIn(page, next);
  await signOut(page);

  await open(page, await linkTo(request, ana.email, 'The e-mail of your account was changed'));
  await page.getByRole('button', { name: 'Undo the change' }).click();
  await expect(page.getByRole('heading', { name: 'The change is undone' })).toBeVisible();
  await open(page, await linkTo(request, ana.email, 'Set a new password'));
  await page.locator('[name=new_password]').fill('rain on the tin roof');
  await page.getByRole('button', { name: 'Set a new password' }).click();
  await page.waitForURL('**/sign-in?reset=1');
  await signIn(page, { ...ana, password: 'rain on the tin roof' });
});
