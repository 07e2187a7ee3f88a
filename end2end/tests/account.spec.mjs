// Personal pages: the next person at the device sees nothing of them.

import { signIn, signUp, aShopper } from '../shopper.mjs';
import { expect, hydrated, open, test } from '../test.mjs';

/** Goes back as often as the browser can, and says that the words are on none of those pages. */
async function backShowsNone(page, words) {
  for (let step = 0; step < 6; step += 1) {
    const before = page.url();
    await page.goBack({ waitUntil: 'load' }).catch(() => null);
    // Reads that follow the load of the page have ended by now.
    await page.waitForLoadState('networkidle');
    for (const word of words) await expect(page.locator('body'), `${word} at ${page.url()}`).not.toContainText(word);
    // What was typed into the page to sign up is the browser's own memory of it.
    if (new URL(page.url()).pathname.startsWith('/sign-up')) continue;
    const values = await page.locator('input').evaluateAll((fields) => fields.map(({ value }) => value).join('\n'));
    for (const word of words) expect(values, `${word} in a field at ${page.url()}`).not.toContain(word);
    if (page.url() === before) return;
  }
}

test('after signing out the Back button shows nothing of the account', { tag: '@phone' }, async ({ page, problems }) => {
  problems.allow(/Failed to load resource.*4(01|10)/);
  const ana = { ...aShopper('Estrellita Magbanua') };
  await open(page, '/');
  await signUp(page, ana);
  await open(page, '/account/preferences');
  await expect(page.locator('input[name=email]')).toHaveValue(ana.email);
  await open(page, '/account');
  await expect(page.locator('main')).toContainText('Estrellita');
  await page.getByRole('button', { name: 'Sign out' }).first().click();
  await page.waitForURL('/');
  await hydrated(page);
  await backShowsNone(page, ['Estrellita', ana.email]);
});

test('after signing out the Back button shows nothing of the admin', { tag: '@desktop' }, async ({ page, problems }) => {
  problems.allow(/Failed to load resource.*401/);
  // A session of its own, which ends here.
  await signIn(page, { email: 'owner@example.com', password: 'demo-owner-2026' }, '/admin');
  await open(page, '/admin/settings/staff');
  await expect(page.locator('main')).toContainText('manager@example.com');
  await open(page, '/account');
  await page.getByRole('button', { name: 'Sign out' }).first().click();
  await page.waitForURL('/');
  await hydrated(page);
  await backShowsNone(page, ['manager@example.com', 'Corazon Dimaculangan', 'Sales today']);
});

test('who corrects one of two errors goes on typing where they are', { tag: '@phone' }, async ({ page, problems }) => {
  problems.allow(/status of 422/);
  await open(page, '/sign-up');
  await page.getByLabel('Full name').fill('Ana Reyes');
  await page.getByLabel('E-mail').fill('ana@nowhere');
  const phone = page.locator('[name=phone]');
  await phone.fill('12');
  await page.getByRole('main').getByRole('button', { name: 'Create account' }).click();
  const errors = page.getByRole('main').getByRole('alert').getByRole('link');
  await expect(errors).toHaveCount(2);
  await phone.click();
  await phone.press('Control+A');
  await page.keyboard.type('0917 123 4567', { delay: 40 });
  await expect(errors).toHaveCount(1);
  await expect(phone).toHaveValue('0917 123 4567');
  await expect(phone).toBeFocused();
});
