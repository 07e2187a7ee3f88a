import { accessible, expect, test } from '../test.mjs';
import { pages } from '../pages.mjs';

const ours = pages.filter(({ address }) => !address.startsWith('/admin'));

for (const { name, address, prepare } of ours) {
  test(`nobody is kept out of ${name}`, async ({ page, problems }) => {
    // What is not there is said with a status, which the browser notes.
    problems.allow(/Failed to load resource: the server responded with a status of (401|404)/);
    await page.goto(address);
    await prepare?.(page);
    await accessible(page);
  });
}

test('every page is served to eight at once', async ({ request }) => {
  test.setTimeout(180_000);
  for (const { address } of ours.filter(({ prepare }) => !prepare)) {
    const answers = await Promise.all(Array.from({ length: 8 }, (_, one) => request.get(address, { headers: { cookie: `one=${one}` } })));
    for (const answer of answers) {
      expect(answer.status(), address).toBeLessThan(500);
      expect(await answer.text(), address).toContain('</html>');
    }
  }
});

test('a product says what it is to programs', async ({ request }) => {
  const html = await (await request.get('/p/stoneware-mug')).text();
  const data = JSON.parse(html.match(/<script type="application\/ld\+json">(.*?)<\/script>/s)[1]);
  expect(data['@type']).toBe('Product');
  expect(data.offers.length).toBeGreaterThan(1);
  expect(data.offers[0].priceCurrency).toBe('PHP');
  expect(html).toContain('hreflang="fil"');
  expect((await request.get('/p/no-such-thing')).status()).toBe(404);
  expect((await request.get('/c/no-such-aisle')).status()).toBe(404);
});
