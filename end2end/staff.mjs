// What staff do first.

import { open } from './test.mjs';

/** Signs the owner, the manager or the clerk of the demonstration shop in. */
export async function signIn(page, name) {
  await open(page, '/sign-in');
  await page.locator('[name=email]').fill(`${name}@example.com`);
  await page.locator('[name=password]').fill(`demo-${name}-2026`);
  await page.locator('main form button[type=submit]').first().click();
  await page.waitForURL('**/admin');
}
