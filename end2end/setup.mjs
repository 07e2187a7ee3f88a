// Once for a run: starts the shop, unless TINDAHAN_URL names one that runs already.

import { startShop } from './harness.mjs';

export default async function setup() {
  if (process.env.TINDAHAN_URL) return undefined;
  const shop = await startShop();
  process.env.TINDAHAN_URL = shop.url;
  process.env.TINDAHAN_SIMULATORS_URL = shop.gateway;
  process.env.TINDAHAN_SERVER_LOG = shop.log;
  return shop.stop;
}
