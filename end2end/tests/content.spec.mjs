// Pages that the owner writes, and messages through the contact page.

import { aMessage, asStaff } from '../staff.mjs';
import { accessible, expect, open, test } from '../test.mjs';

const button = (page, name) => page.getByRole('button', { name, exact: true });
const word = () => `Q${Math.random().toString(36).slice(2, 8)}`;

test('a page is written in two languages, previewed, published and deleted', { tag: '@desktop' }, async ({ page, visitor, problems }) => {
  problems.allow(/status of (422|404)/);
  const title = `Gift wrapping ${word()}`;
  const slug = title.toLowerCase().replaceAll(' ', '-');
  await asStaff(page, 'manager');
  await open(page, '/admin/content');
  await page.getByRole('link', { name: 'New page' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'New page' })).toBeVisible();
  const body = page.locator('[id="body.en"]');
  await body.fill('# Paper\n\nWe **wrap** it. <script>steal()</script> [Shop](/c) [bad](javascript:steal())');
  await expect(page.locator('[id="body.fil"]')).toBeHidden();
  await button(page, 'Show preview').click();
  const preview = page.locator('.written').first();
  await expect(preview.getByRole('heading', { name: 'Paper' })).toBeVisible();
  await expect(preview.getByRole('link', { name: 'Shop' })).toHaveAttribute('href', '/c');
  await expect(preview.locator('script')).toHaveCount(0);
  await button(page, 'Save changes').click();
  await expect(page.locator('[id="title.en-error"]')).toBeVisible();
  await page.locator('[id="title.en"]').fill(title);
  await button(page.getByRole('main'), 'Filipino').click();
  await page.locator('[id="title.fil"]').fill(`Pagbabalot ${slug}`);
  await page.locator('[id="body.fil"]').fill('Binabalot namin.');
  await page.getByLabel('Published').check();
  await button(page, 'Save changes').click();
  await page.waitForURL(/\/admin\/content\/pages\/page_/);
  await accessible(page);

  const shopper = await visitor();
  await open(shopper, '/');
  await shopper.getByRole('contentinfo').getByRole('link', { name: title }).click();
  await expect(shopper.getByRole('heading', { level: 1, name: title })).toBeVisible();
  await expect(shopper.locator('link[rel=canonical]')).toHaveAttribute('href', new RegExp(`/pages/${slug}$`));
  await accessible(shopper);

  // What shoppers read is taken off before it can be deleted.
  await expect(button(page, 'Delete page')).toHaveCount(0);
  await page.getByLabel('Published').uncheck();
  await button(page, 'Save changes').click();
  await button(page, 'Delete page').click();
  await page.waitForURL(/\/admin\/content$/);
  await expect(async () => expect((await shopper.goto(`/pages/${slug}`)).status()).toBe(404)).toPass();
});

test('of two editors of a page the second is told, and keeps what was typed', { tag: '@desktop' }, async ({ page, problems }) => {
  problems.allow(/status of 409/);
  await asStaff(page, 'owner');
  await open(page, '/admin/content');
  const address = await page.getByRole('link', { name: 'Terms' }).getAttribute('href');
  await open(page, address);
  const second = await page.context().newPage();
  await open(second, address);
  await page.locator('[id="description.en"]').fill(`The terms ${word()}`);
  await button(page, 'Save changes').click();
  await expect(page.getByText('Saved').first()).toBeVisible();
  const mine = `Other terms ${word()}`;
  await second.locator('[id="description.en"]').fill(mine);
  await button(second, 'Save changes').click();
  await expect(second.getByText(/Someone else changed this/).first()).toBeVisible();
  await expect(second.locator('[id="description.en-error"]')).toContainText('The terms');
  await expect(second.locator('[id="description.en"]')).toHaveValue(mine);
  // Who has seen it may replace it.
  await button(second, 'Save changes').click();
  await expect(second.getByText('Saved').first()).toBeVisible();
  await second.reload();
  await expect(second.locator('[id="description.en"]')).toHaveValue(mine);
});

test('a visitor writes through the contact page, and staff handle it', { tag: '@phone' }, async ({ page, visitor, problems }) => {
  problems.allow(/status of 422/);
  const asked = `Do you wrap gifts? ${word()}`;
  const shopper = await visitor();
  await open(shopper, '/');
  await shopper.getByRole('contentinfo').getByRole('link', { name: 'Contact us' }).click();
  await shopper.getByLabel('Your name').fill('Ana Reyes');
  await shopper.getByLabel('Your e-mail').fill('ana');
  await shopper.getByLabel('Your message').fill(asked);
  await button(shopper, 'Send message').click();
  await expect(shopper.locator('#email-error')).toBeVisible();
  await shopper.getByLabel('Your e-mail').fill('ana@example.com');
  await button(shopper, 'Send message').click();
  await shopper.waitForURL('**/contact/sent');
  await expect(shopper.getByRole('heading', { level: 1, name: 'Your message is with us' })).toBeVisible();

  await asStaff(page, 'manager');
  await open(page, '/admin/content/messages');
  const message = page.locator('#messages > li').filter({ hasText: asked });
  await message.getByRole('button', { name: 'Mark as handled' }).click();
  await expect(message).toHaveCount(0);
  await page.getByRole('link', { name: 'Handled', exact: true }).click();
  await expect(message).toHaveCount(1);
  await message.getByRole('button', { name: 'Put back' }).click();
  await expect(message).toHaveCount(0);
});

test('a message is sent without a script', { tag: '@desktop' }, async ({ visitor, request, problems }) => {
  problems.allow(/status of 422/);
  const shopper = await visitor({ javaScriptEnabled: false });
  await shopper.goto('/pages/contact');
  await shopper.getByLabel('Your name').fill('Ana Reyes');
  await shopper.getByLabel('Your e-mail').fill('ana@example.com');
  await shopper.getByLabel('Order number').fill('nothing');
  await shopper.getByLabel('Your message').fill('Where is it?');
  await button(shopper, 'Send message').click();
  await expect(shopper.locator('#order_number-error')).toBeVisible();
  await expect(shopper.getByLabel('Your message')).toHaveValue('Where is it?');
  await shopper.getByLabel('Order number').fill('');
  await button(shopper, 'Send message').click();
  await expect(shopper).toHaveURL(/\/contact\/sent$/);
  await aMessage(request, 'Ana Reyes', 'And another one.');
});
