// The addresses of every page, for tests that open all of them: the accessibility test, the test with eight clients
// at once, and the screenshots. `who` is the sign-in the page needs; `name` becomes part of a picture's file name.

import { aMessage, anOrder, asStaff } from './staff.mjs';
import { addToCart, cartSynced, checkOut, signUp, aShopper, thanked } from './shopper.mjs';
import { expect, open } from './test.mjs';

const fillCart = async (page) => {
  await addToCart(page, '/p/stoneware-mug');
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
};

/** On a page that shows what is in the cart; `what` is there as soon as it does. */
const withCart = (address, what) => async (page) => {
  await fillCart(page);
  await open(page, address);
  await expect(page.locator(what).first()).toBeVisible();
};

const signedIn = (address) => async (page) => {
  // Another page may have signed in already.
  await page.context().clearCookies();
  await signUp(page, aShopper());
  if (address !== '/account') await open(page, address);
};

/** As the demonstration shop's owner, who may open everything. */
const owner = (address) => async (page) => {
  await page.context().clearCookies();
  await asStaff(page, 'owner');
  await open(page, address);
  // Every page of the admin has the palette; the sign-in page has not.
  await expect(page.locator('#commands')).toBeAttached();
};

/** The same on a page of the shop. */
const asOwner = (address) => async (page) => {
  await page.context().clearCookies();
  await asStaff(page, 'owner');
  await open(page, address);
};

/** On the page that a link of a list leads to. */
const first = (list, link) => async (page) => {
  await owner(list)(page);
  await open(page, await page.locator(link).first().getAttribute('href'));
};

/** On the page of a customer who ordered, or on one below it. */
const ofCustomer = (below) => async (page) => {
  await anOrder(page.request, 'Ana Reyes');
  await owner('/admin/customers?q=ana%40example.com')(page);
  await open(page, `${await page.locator('a[href^="/admin/customers/con_"]').first().getAttribute('href')}${below}`);
};

/** On the preview of a bulk edit of some products: nothing of them is changed. */
const bulkPreview = async (page) => {
  await owner('/admin/products/bulk?all=1&q=mug')(page);
  await page.locator('#price').selectOption('percent');
  await page.locator('#amount').fill('-10');
  await page.locator('#rounding').selectOption('whole');
  await page.locator('#add_tags').fill('fiesta');
  await page.getByRole('button', { name: 'Show preview' }).click();
  await page.waitForURL('**/admin/products/bulk/blk_*');
  await expect(page.locator('tbody tr').first()).toBeVisible();
};

/** On the list of messages, with one that waits. */
const withMessage = async (page) => {
  await aMessage(page.request, 'Ana Reyes', 'Do you wrap gifts?\nIt is for my mother.');
  await owner('/admin/content/messages')(page);
};

export const pages = [
  { name: 'home', address: '/' },
  { name: 'products', address: '/c' },
  { name: 'category', address: '/c/tableware' },
  { name: 'category-filtered', address: '/c/clothing?sort=price_up&in_stock=true' },
  { name: 'category-empty', address: '/c/tableware?min=99999' },
  { name: 'categories', address: '/categories' },
  { name: 'product', address: '/p/stoneware-mug' },
  { name: 'product-plain', address: '/p/capiz-coasters' },
  { name: 'product-sold-out', address: '/p/bayong-tote?variant=BAYONG-L-CLAY' },
  {
    name: 'product-viewer',
    address: '/p/stoneware-mug',
    prepare: async (page) => {
      await open(page, '/p/stoneware-mug');
      await page.locator('[data-pictures] a').first().click();
      await page.locator('dialog.viewer img').first().waitFor();
    },
  },
  { name: 'back-in-stock-asked', address: '/back-in-stock/asked' },
  { name: 'search', address: '/search' },
  { name: 'search-found', address: '/search?q=mango' },
  { name: 'search-nothing', address: '/search?q=zzzzzz' },
  { name: 'search-near', address: '/search?q=dried+xylophone' },
  {
    name: 'search-suggestions',
    address: '/',
    prepare: async (page) => {
      await open(page, '/');
      await page.locator('#search').fill('mang');
      await page.locator('#search-list [role=option]').first().waitFor();
    },
  },
  { name: 'cart-empty', address: '/cart' },
  { name: 'cart', address: '/cart', prepare: withCart('/cart', 'main li[data-sku]') },
  { name: 'checkout', address: '/checkout', prepare: withCart('/checkout', '#checkout') },
  {
    name: 'order',
    address: '/',
    prepare: async (page) => {
      await fillCart(page);
      await checkOut(page, aShopper(), 'cod');
      await thanked(page);
    },
  },
  { name: 'page', address: '/pages/returns' },
  { name: 'page-contact', address: '/pages/contact' },
  { name: 'message-sent', address: '/contact/sent' },
  { name: 'place', address: '/delivery-place' },
  { name: 'find-order', address: '/orders/find' },
  { name: 'sign-in', address: '/sign-in' },
  { name: 'sign-up', address: '/sign-up' },
  { name: 'sign-up-sent', address: '/sign-up?sent=1' },
  { name: 'sign-in-code', address: '/sign-in/code' },
  { name: 'sign-in-lost', address: '/sign-in/lost' },
  { name: 'account', address: '/account', prepare: signedIn('/account') },
  { name: 'account-orders', address: '/account/orders', prepare: signedIn('/account/orders') },
  { name: 'account-addresses', address: '/account/addresses', prepare: signedIn('/account/addresses') },
  { name: 'account-security', address: '/account/security', prepare: signedIn('/account/security') },
  {
    name: 'account-second-factor', address: '/account/security', prepare: async (page) => {
      await signedIn('/account/security')(page);
      await page.getByRole('button', { name: 'Set up a second factor' }).click();
      await page.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor();
    },
  },
  { name: 'account-preferences', address: '/account/preferences', prepare: signedIn('/account/preferences') },
  { name: 'checkout-empty', address: '/checkout' },
  { name: 'not-found', address: '/no-such-page' },

  { name: 'admin-home', address: '/admin', prepare: owner('/admin') },
  { name: 'admin-orders', address: '/admin/orders', prepare: owner('/admin/orders') },
  { name: 'admin-orders-none', address: '/admin/orders?q=nobody', prepare: owner('/admin/orders?q=nobody') },
  {
    name: 'admin-order',
    address: '/admin/orders',
    prepare: async (page) => owner(`/admin/orders/${await anOrder(page.request, 'Ana Reyes')}`)(page),
  },
  { name: 'admin-pick-list', address: '/admin/orders/pick-list', prepare: owner('/admin/orders/pick-list') },
  { name: 'admin-customers', address: '/admin/customers', prepare: owner('/admin/customers') },
  { name: 'admin-customers-none', address: '/admin/customers?q=nobody', prepare: owner('/admin/customers?q=nobody') },
  { name: 'admin-customer', address: '/admin/customers', prepare: ofCustomer('') },
  { name: 'admin-customer-merge', address: '/admin/customers', prepare: ofCustomer('/merge?q=reyes') },
  { name: 'admin-products', address: '/admin/products', prepare: owner('/admin/products') },
  { name: 'admin-product', address: '/admin/products', prepare: first('/admin/products?q=mug', 'a[href^="/admin/products/prod_"]') },
  { name: 'admin-product-new', address: '/admin/products/new', prepare: owner('/admin/products/new') },
  { name: 'admin-import', address: '/admin/products/import', prepare: owner('/admin/products/import') },
  { name: 'admin-bulk', address: '/admin/products/bulk', prepare: owner('/admin/products/bulk?all=1&q=mug') },
  { name: 'admin-bulk-preview', address: '/admin/products/bulk', prepare: bulkPreview },
  { name: 'admin-categories', address: '/admin/categories', prepare: owner('/admin/categories') },
  { name: 'admin-category', address: '/admin/categories', prepare: first('/admin/categories', 'a[href^="/admin/categories/cat_"]') },
  { name: 'admin-category-new', address: '/admin/categories/new', prepare: owner('/admin/categories/new') },
  { name: 'admin-product-types', address: '/admin/product-types', prepare: owner('/admin/product-types') },
  { name: 'admin-product-type-new', address: '/admin/product-types/new', prepare: owner('/admin/product-types/new') },
  { name: 'admin-stock', address: '/admin/stock', prepare: owner('/admin/stock') },
  { name: 'admin-stock-movements', address: '/admin/stock', prepare: first('/admin/stock?q=mug', 'a[href^="/admin/stock/var_"]') },
  { name: 'admin-content', address: '/admin/content', prepare: owner('/admin/content') },
  { name: 'admin-content-page', address: '/admin/content', prepare: first('/admin/content', 'a[href^="/admin/content/pages/page_"]') },
  { name: 'admin-content-page-new', address: '/admin/content/pages/new', prepare: owner('/admin/content/pages/new') },
  { name: 'admin-menus', address: '/admin/content/menus', prepare: owner('/admin/content/menus') },
  { name: 'admin-home-sections', address: '/admin/content/home', prepare: owner('/admin/content/home') },
  { name: 'admin-home-banner', address: '/admin/content/home/new?kind=banner', prepare: owner('/admin/content/home/new?kind=banner') },
  { name: 'admin-home-text', address: '/admin/content/home/new?kind=text', prepare: owner('/admin/content/home/new?kind=text') },
  { name: 'home-preview', address: '/preview/home', prepare: asOwner('/preview/home') },
  { name: 'admin-messages', address: '/admin/content/messages', prepare: withMessage },
  { name: 'admin-settings', address: '/admin/settings', prepare: owner('/admin/settings') },
  { name: 'admin-taxes', address: '/admin/settings/taxes', prepare: owner('/admin/settings/taxes') },
  { name: 'admin-delivery', address: '/admin/settings/delivery', prepare: owner('/admin/settings/delivery') },
  { name: 'admin-locations', address: '/admin/settings/locations', prepare: owner('/admin/settings/locations') },
  { name: 'admin-location', address: '/admin/settings/locations/WH-1', prepare: owner('/admin/settings/locations/WH-1') },
  { name: 'admin-location-new', address: '/admin/settings/locations/new', prepare: owner('/admin/settings/locations/new') },
  { name: 'admin-jobs', address: '/admin/settings/jobs', prepare: owner('/admin/settings/jobs') },
  { name: 'admin-discounts', address: '/admin/settings/discounts', prepare: owner('/admin/settings/discounts') },
  { name: 'admin-discount', address: '/admin/settings/discounts/FIESTA150', prepare: owner('/admin/settings/discounts/FIESTA150') },
  { name: 'admin-delivery-new', address: '/admin/settings/delivery/new', prepare: owner('/admin/settings/delivery/new') },
  { name: 'admin-confirm', address: '/admin/confirm', prepare: owner('/admin/confirm') },
  { name: 'admin-staff', address: '/admin/settings/staff', prepare: owner('/admin/settings/staff') },
  { name: 'admin-mine', address: '/admin/preferences', prepare: owner('/admin/preferences') },
  { name: 'admin-signed-in', address: '/admin/signed-in', prepare: owner('/admin/signed-in') },
  { name: 'admin-denials', address: '/admin/settings/denials', prepare: owner('/admin/settings/denials') },
  { name: 'admin-keys', address: '/admin/settings/api-keys', prepare: owner('/admin/settings/api-keys') },
];

/**
 * Pages in lots that one test visits one after the other: a browser that has compiled the site's code once need not do so for each.
 */
export const lots = (chosen, size = 5) =>
  Array.from({ length: Math.ceil(chosen.length / size) }, (_, at) => chosen.slice(at * size, (at + 1) * size));

/** Opens a page without cookies and without a stored cart. */
export async function visit(page, { address, prepare }) {
  await page.context().clearCookies();
  if (page.url().startsWith('http')) await page.evaluate(() => localStorage.clear());
  // What prepares a page ends on it.
  if (prepare) await prepare(page);
  else await page.goto(address);
}
