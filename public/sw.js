// The shop without a network: its own files, visited pages, the answers they were made of, and pictures.
//
// Files under /pkg/ carry a hash in their names and never change: kept first. Pictures likewise. Pages and the reads
// behind them come from the network, and from what was kept when there is none. What belongs to one person (account, orders,
// checkout's answers, the admin, and whatever the server calls private) is never kept.

const VERSION = 'v2';
const FILES = `files-${VERSION}`;
const PAGES = `pages-${VERSION}`;
const READS = `reads-${VERSION}`;
const PICTURES = `pictures-${VERSION}`;

// How many pages and pictures are kept, the newest.
const MOST = { [PAGES]: 120, [READS]: 300, [PICTURES]: 400 };

const FIRST = ['/offline.html', '/offline-admin.html', '/offline.css', '/fonts/figtree.woff2', '/fonts/fraunces.woff2', '/icons/icon.svg', '/boot.js', '/manifest.webmanifest'];
// The owner's colours; the query of its address names what it holds.
const BRAND = '/brand.css';
// Their documents are the same for everybody until a script fills them with the browser's own cart.
const SHELLS = ['/cart', '/checkout'];
// The reads that pages are made of.
const READABLE = ['read_layout', 'read_home', 'read_listing', 'read_categories', 'read_product', 'read_page', 'find', 'suggest', 'read_places', 'read_address_form', 'read_delivery'].map((name) => `/api/${name}`);

// Where it changes who reads, in which language, or where they have things delivered to: the calls, and the plain forms.
const ENTRANCES = /^\/(api\/(sign_(in|up|out)(\/(code|finish))?|choose_place|change_account)$|sign-in(\/code)?$|sign-up(\/[\w-]+)?$|account$|account\/preferences$|place$|preferences$)/;

const isFile = (path) => path.startsWith('/pkg/') || path.startsWith('/fonts/') || path.startsWith('/icons/') || path === BRAND || FIRST.includes(path);
const isPage = (path) => path === '/' || path === '/c' || /^\/(c|p|pages)\//.test(path) || ['/search', '/categories'].includes(path) || SHELLS.includes(path);

const trim = async (name) => {
  const most = MOST[name];
  if (!most) return;
  const cache = await caches.open(name);
  const keys = await cache.keys();
  await Promise.all(keys.slice(0, Math.max(0, keys.length - most)).map((key) => cache.delete(key)));
};

const isPersonal = (answer) => /\b(private|no-store)\b/.test(answer.headers.get('cache-control') ?? '');

const keep = async (name, request, answer) => {
  if (answer.ok && !answer.redirected && !isPersonal(answer)) {
    const cache = await caches.open(name);
    // Newest last, so that the oldest is dropped first.
    await cache.delete(request);
    await cache.put(request, answer);
    await trim(name);
  }
};

// Pages cached for another visitor are not shown to this one.
const forgetReader = async () => {
  await caches.delete(READS);
  const pages = await caches.open(PAGES);
  const visited = (await pages.keys()).filter(({ url }) => !SHELLS.includes(new URL(url).pathname));
  await Promise.all(visited.map((page) => pages.delete(page)));
};

// A shell as one who is not signed in sees it, without a cart. It is asked for without cookies, which say who reads, so the language
// that was chosen is asked for by name: that of the page that is looked at; before there is one, the browser's.
const shell = async (path, language) => {
  const answer = await fetch(path, { credentials: 'omit', headers: language ? { 'accept-language': language } : {} });
  const text = await answer.clone().text();
  await keep(PAGES, path, answer);
  // What the page is hydrated with, its own parts of the WebAssembly included.
  const files = await caches.open(FILES);
  const named = new Set([...text.matchAll(/["'](\/(?:pkg\/|brand\.css)[^"']+)["']/g)].map(([, address]) => address));
  for (const address of (answer.headers.get('x-page-files') ?? '').split(/,\s*/).filter(Boolean)) named.add(address);
  const add = async (address) => (address.startsWith(BRAND) ? keepBrand(address, await fetch(address)) : files.add(address));
  await Promise.all([...named].map((address) => quietly(add(address))));
};

const languageOf = (text) => text.match(/<html[^>]* lang="([\w-]+)"/)?.[1];

// The cart's and the checkout's code belongs to one release, and their words to one language: where pages are of another by now, both
// are kept anew.
const renewShells = async (loaded, language) => {
  const script = loaded.find((address) => /^\/pkg\/.*\/tindahan\.js$/.test(address));
  await Promise.all(SHELLS.map(async (path) => {
    const kept = await caches.match(path, { ignoreVary: true });
    const text = kept ? await kept.text() : '';
    const isCurrent = kept && (!script || text.includes(script)) && (!language || languageOf(text) === language);
    if (!isCurrent) await shell(path, language);
  }));
};

const quietly = (work) => work.catch(() => {});

addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const files = await caches.open(FILES);
    await Promise.all(FIRST.map((path) => quietly(files.add(path))));
    await Promise.all(SHELLS.map((path) => quietly(shell(path))));
    await skipWaiting();
  })());
});

addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    const known = [FILES, PAGES, READS, PICTURES];
    await Promise.all((await caches.keys()).filter((name) => !known.includes(name)).map((name) => caches.delete(name)));
    await clients.claim();
  })());
});

const keptFirst = async (event, name, request) => {
  const kept = await caches.match(request, { ignoreVary: true });
  if (kept) return kept;
  const answer = await fetch(request);
  event.waitUntil(quietly(keep(name, request, answer.clone())));
  return answer;
};

// Not kept while another node has not heard of the change: what it answers under the new address are the former colours.
const keepBrand = async (request, answer) => {
  if (!/\bimmutable\b/.test(answer.headers.get('cache-control') ?? '')) return;
  await (await caches.open(FILES)).delete(BRAND, { ignoreSearch: true });
  await keep(FILES, request, answer);
};

// Kept first, in place of former colours, which are better than none where the network is away.
const brand = async (event, request) => {
  const kept = await caches.match(request, { ignoreVary: true });
  if (kept) return kept;
  try {
    const answer = await fetch(request);
    event.waitUntil(quietly(keepBrand(request, answer.clone())));
    return answer;
  } catch {
    return (await caches.match(BRAND, { ignoreSearch: true, ignoreVary: true })) ?? Response.error();
  }
};

const networkFirst = async (event, name, request, instead) => {
  try {
    const answer = await fetch(request);
    event.waitUntil(quietly(keep(name, request, answer.clone())));
    return answer;
  } catch {
    return (await caches.match(request, { ignoreVary: true })) ?? instead();
  }
};

// An error in the form of server functions: status 0 is "not reached", no message, no fields.
const unreached = () => new Response(new Uint8Array([0, 0, 0]), {
  status: 503,
  headers: { 'content-type': 'application/octet-stream' },
});

const offline = async () => (await caches.match('/offline.html')) ?? new Response('offline', { status: 503 });

// A variant whose page was not opened before is chosen again on that of its product, if that was.
const withoutVariant = async (address) => {
  const { pathname, search } = new URL(address);
  const isKept = search && pathname.startsWith('/p/') && await caches.match(pathname, { ignoreVary: true });
  return isKept ? Response.redirect(pathname) : offline();
};
// The desk has nothing that could be looked at without a network.
const isDesk = (path) => path === '/admin' || path.startsWith('/admin/');
const offlineAt = async (path) => (isDesk(path) && (await caches.match('/offline-admin.html'))) || offline();

// The cart's and the checkout's pages are kept without anybody's things in them.
const shellPage = async (request, path) => {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(path, { ignoreVary: true })) ?? offline();
  }
};

addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin) return;
  if (request.method === 'POST' && ENTRANCES.test(pathname)) {
    const enter = async () => {
      const answer = await fetch(request);
      await quietly(forgetReader());
      return answer;
    };
    event.respondWith(enter().catch(request.mode === 'navigate' ? offline : unreached));
    return;
  }
  if (request.method !== 'GET') {
    // A write that did not reach the server has an error of its own, so that the cart waits for the network.
    if (pathname.startsWith('/api/') && !pathname.startsWith('/api/v1/')) event.respondWith(fetch(request).catch(unreached));
    return;
  }
  if (isFile(pathname)) {
    const changes = pathname === '/boot.js';
    if (pathname === BRAND) event.respondWith(brand(event, request));
    else event.respondWith(changes ? networkFirst(event, FILES, request, () => Response.error()) : keptFirst(event, FILES, request));
  } else if (pathname.startsWith('/pictures/')) {
    event.respondWith(keptFirst(event, PICTURES, request));
  } else if (READABLE.includes(pathname)) {
    event.respondWith(networkFirst(event, READS, request, unreached));
  } else if (pathname.startsWith('/api/') && !pathname.startsWith('/api/v1/') && request.mode !== 'navigate') {
    event.respondWith(fetch(request).catch(unreached));
  } else if (request.mode === 'navigate' && SHELLS.includes(pathname)) {
    event.respondWith(shellPage(request, pathname));
  } else if (request.mode === 'navigate' && isPage(pathname)) {
    event.respondWith(networkFirst(event, PAGES, request, () => withoutVariant(request.url)));
  } else if (request.mode === 'navigate') {
    event.respondWith(fetch(request).catch(() => offlineAt(pathname)));
  }
});

// What the first page loaded before the worker was there, and the page itself.
addEventListener('message', (event) => {
  const { keep: loaded, page, language } = event.data ?? {};
  if (!Array.isArray(loaded)) return;
  event.waitUntil((async () => {
    const add = async (name, address) => {
      const cache = await caches.open(name);
      if (!(await cache.match(address, { ignoreVary: true }))) await keep(name, address, await fetch(address));
    };
    const work = loaded.map((address) => {
      const { pathname } = new URL(address, location.origin);
      if (pathname === BRAND) return quietly(fetch(address).then((answer) => keepBrand(address, answer)));
      if (isFile(pathname)) return add(FILES, address);
      if (pathname.startsWith('/pictures/')) return add(PICTURES, address);
      if (READABLE.includes(pathname)) return add(READS, address);
      return Promise.resolve();
    });
    const { pathname } = new URL(page, location.origin);
    if (isPage(pathname)) work.push(SHELLS.includes(pathname) ? Promise.resolve() : add(PAGES, page), renewShells(loaded, language));
    // Pages that are not cached have the language as well.
    else work.push(renewShells([], language));
    await Promise.all(work.map(quietly));
  })());
});
