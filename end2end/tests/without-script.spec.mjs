import { expect, test } from '../test.mjs';
import { CARDS, aShopper, chooseOptions } from '../shopper.mjs';

test.use({ javaScriptEnabled: false });

test.beforeEach(({ problems }) => {
  // Preloaded scripts are not used here.
  problems.allow(/was preloaded using link preload but not used/);
});

const press = (page, name) => page.getByRole('main').getByRole('button', { name }).first().click();

async function fill(page, person) {
  await page.locator('#name').fill(person.name);
  await page.locator('#email').fill(person.email);
  await page.locator('#line1').fill('12 Mabini Street');
  await page.locator('#place_1').selectOption({ label: 'National Capital Region (NCR)' });
  await press(page, 'Show the next list');
  await expect(page.locator('#name')).toHaveValue(person.name);
  await page.locator('#place_2').selectOption({ label: 'City of Makati' });
  await press(page, 'Show the next list');
  await page.locator('#place_3').selectOption({ index: 1 });
}

test('everything can be bought without a script', { tag: ['@phone', '@dist'] }, async ({ page }) => {
  const ana = aShopper();
  await page.goto('/c/tableware');
  await page.getByRole('main').getByRole('link', { name: 'Stoneware mug' }).click();
  await page.locator('label', { hasText: 'Oat' }).click();
  await press(page, 'Add to cart');
  await expect(page).toHaveURL(/\/cart$/);
  await expect(page.locator('main li[data-sku]')).toHaveCount(1);
  await page.locator('main li[data-sku] input[name=quantity]').fill('2');
  await press(page, 'Update');
  await expect(page.locator('main li[data-sku] input[name=quantity]')).toHaveValue('2');
  await page.getByRole('main').getByRole('link', { name: 'Check out' }).click();
  await fill(page, ana);
  await page.locator('input[name=payment][value=cod]').check();
  await press(page, /^Place order/);
  await page.waitForURL(/\/orders\/follow\//);
  await expect(page.getByText('Thank you!')).toBeVisible();
  // And cancelled again, as long as nothing is packed.
  await page.getByRole('link', { name: 'Cancel this order' }).click();
  await press(page, 'Yes, cancel the order');
  await page.waitForURL(/\/orders\/follow\/[^/]+$/);
  await expect(page.getByText('You cancelled this order.').first()).toBeVisible();
});

test('a card pays without a script', { tag: '@phone' }, async ({ page }) => {
  await page.goto('/p/dried-mango');
  await chooseOptions(page);
  await press(page, 'Add to cart');
  await page.goto('/checkout');
  await fill(page, aShopper());
  await page.locator('input[name=payment][value=card]').check();
  await press(page, /^Place order/);
  await page.getByLabel('Card number').fill(CARDS.approved);
  await page.getByRole('button', { name: /^Pay / }).click();
  await page.waitForURL(/\/orders\/follow\//);
  await expect(page.locator('#states')).toContainText(/Paid|Authorised/);
});

test('an unpaid order is found again, switched to cash or cancelled without a script', { tag: '@phone' }, async ({ page }) => {
  const order = async () => {
    await page.goto('/p/dried-mango');
    await chooseOptions(page);
    await press(page, 'Add to cart');
    await page.goto('/checkout');
    await fill(page, aShopper());
    await page.locator('input[name=payment][value=card]').check();
    await press(page, /^Place order/);
    await expect(page.getByLabel('Card number')).toBeVisible();
  };
  await order();
  // What was typed is shown as it was; sent once more it is the same order.
  await page.goBack();
  await press(page, /^Place order/);
  await expect(page.getByLabel('Card number')).toBeVisible();
  await page.goto('/cart');
  await expect(page.locator('#latest-order')).toContainText('waits for your payment');
  await press(page, 'Cancel the order');
  await expect(page).toHaveURL(/\/cart$/);
  await expect(page.locator('main li[data-sku]')).toHaveCount(1);
  await order();
  await page.getByRole('link', { name: 'Back to the shop without paying' }).click();
  await expect(page.locator('#payment-state')).toContainText('waits for your payment');
  await press(page, 'Pay in cash on delivery');
  await page.waitForURL(/\/orders\/follow\//);
  await expect(page.locator('#states')).toContainText('Cash due');
});

test('a discount code is used in the checkout without a script, and what was typed stays', { tag: '@phone' }, async ({ page, problems }) => {
  problems.allow(/responded with a status of 422/);
  await page.goto('/p/dried-mango');
  await chooseOptions(page);
  await press(page, 'Add to cart');
  await page.goto('/checkout');
  await page.locator('#name').fill('Ana Reyes');
  await page.locator('label[for=show-order]').click();
  await page.locator('#code').fill('NOSUCHCODE');
  await press(page, 'Use code');
  await expect(page.locator('#name')).toHaveValue('Ana Reyes');
  // The error is in sight, and so is the next button.
  await expect(page.getByText('We do not know this code')).toBeVisible();
  await expect(page.locator('#code')).toHaveValue('NOSUCHCODE');
  await press(page, 'Go on without the code');
  await expect(page.locator('#name')).toHaveValue('Ana Reyes');
  await expect(page.locator('#code')).toHaveValue('');
  await expect(page.getByText('We do not know this code')).toHaveCount(0);
  await page.locator('#code').fill('WELCOME10');
  await press(page, 'Use code');
  await expect(page.locator('main').getByText('WELCOME10', { exact: true })).toBeVisible();
});

test('an error keeps what was typed and stands beside its field', { tag: '@phone' }, async ({ page, problems }) => {
  problems.allow(/responded with a status of 422/);
  await page.goto('/p/dried-mango');
  await chooseOptions(page);
  await press(page, 'Add to cart');
  await page.goto('/checkout');
  await page.locator('#name').fill('Ana Reyes');
  await page.locator('#email').fill('not an address');
  await press(page, /^Place order/);
  await expect(page).toHaveURL(/\/checkout$/);
  await expect(page.locator('#email')).toHaveValue('not an address');
  await expect(page.locator('#email-error')).toBeVisible();
});

test('a language and colours are chosen without a script', { tag: '@desktop' }, async ({ page }) => {
  await page.goto('/c/tableware');
  await page.getByRole('button', { name: 'Filipino' }).click();
  await expect(page).toHaveURL(/\/c\//);
  await expect(page.locator('html')).toHaveAttribute('lang', 'fil-PH');
  await page.getByRole('button', { name: 'Madilim' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'tindahan-dark');
});
