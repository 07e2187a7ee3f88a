// The addresses of every page, for tests that open all of them: the accessibility test, the test with eight clients
// at once, and the screenshots. `who` is the sign-in the page needs; `name` becomes part of a picture's file name.

import { anOrder, asStaff } from './staff.mjs';
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

/** On the page that a link of a list leads to. */
const first = (list, link) => async (page) => {
  await owner(list)(page);
  await open(page, await page.locator(link).first().getAttribute('href'));
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
  { name: 'search', address: '/search' },
  { name: 'search-found', address: '/search?q=mango' },
  { name: 'search-nothing', address: '/search?q=zzzzzz' },
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
  { name: 'place', address: '/delivery-place' },
  { name: 'find-order', address: '/orders/find' },
  { name: 'sign-in', address: '/sign-in' },
  { name: 'sign-up', address: '/sign-up' },
  { name: 'account', address: '/account', prepare: signedIn('/account') },
  { name: 'account-orders', address: '/account/orders', prepare: signedIn('/account/orders') },
  { name: 'account-addresses', address: '/account/addresses', prepare: signedIn('/account/addresses') },
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
  { name: 'admin-products', address: '/admin/products', prepare: owner('/admin/products') },
  { name: 'admin-product', address: '/admin/products', prepare: first('/admin/products?q=mug', 'a[href^="/admin/products/prod_"]') },
  { name: 'admin-product-new', address: '/admin/products/new', prepare: owner('/admin/products/new') },
  { name: 'admin-import', address: '/admin/products/import', prepare: owner('/admin/products/import') },
  { name: 'admin-categories', address: '/admin/categories', prepare: owner('/admin/categories') },
  { name: 'admin-category', address: '/admin/categories', prepare: first('/admin/categories', 'a[href^="/admin/categories/cat_"]') },
  { name: 'admin-category-new', address: '/admin/categories/new', prepare: owner('/admin/categories/new') },
  { name: 'admin-stock', address: '/admin/stock', prepare: owner('/admin/stock') },
  { name: 'admin-stock-movements', address: '/admin/stock', prepare: first('/admin/stock?q=mug', 'a[href^="/admin/stock/var_"]') },
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
  { name: 'admin-staff', address: '/admin/settings/staff', prepare: owner('/admin/settings/staff') },
  { name: 'admin-mine', address: '/admin/preferences', prepare: owner('/admin/preferences') },
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
