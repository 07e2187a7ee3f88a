// The addresses of every page, for whoever must look at all of them: the accessibility test, the test with eight clients
// at once, and the screenshots. `who` is the sign-in the page needs; `name` becomes part of a picture's file name.

import { addToCart, cartSynced, checkOut, somebody, thanked } from './shopper.mjs';

const withCart = (address) => async (page) => {
  await addToCart(page, '/p/stoneware-mug');
  await addToCart(page, '/p/dried-mango');
  await cartSynced(page);
  await page.goto(address, { waitUntil: 'networkidle' });
};

const signedIn = (address) => async (page) => {
  const person = somebody();
  await page.goto('/sign-up', { waitUntil: 'networkidle' });
  // Another page may have signed in already.
  await page.getByLabel('Full name').fill(person.name);
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('main').getByRole('button', { name: 'Create account' }).click();
  await page.waitForURL('/account');
  if (address !== '/account') await page.goto(address, { waitUntil: 'networkidle' });
};

export const pages = [
  { name: 'home', address: '/' },
  { name: 'goods', address: '/c' },
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
  { name: 'cart', address: '/cart', prepare: withCart('/cart') },
  { name: 'checkout', address: '/checkout', prepare: withCart('/checkout') },
  {
    name: 'order',
    address: '/',
    prepare: async (page) => {
      await withCart('/cart')(page);
      await checkOut(page, somebody(), 'cod');
      await thanked(page);
    },
  },
  { name: 'sign-in', address: '/sign-in' },
  { name: 'sign-up', address: '/sign-up' },
  { name: 'account', address: '/account', prepare: signedIn('/account') },
  { name: 'account-orders', address: '/account/orders', prepare: signedIn('/account/orders') },
  { name: 'account-addresses', address: '/account/addresses', prepare: signedIn('/account/addresses') },
  { name: 'account-preferences', address: '/account/preferences', prepare: signedIn('/account/preferences') },
  { name: 'not-found', address: '/no-such-page' },
];
