// Some browsers keep a page for Back in spite of `no-store`. A personal one is loaded again:
// who was signed in then may not be any more.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted && /^\/(account|admin|back-in-stock|orders)(\/|$)/.test(location.pathname)) location.reload();
});

// Until all of a page is hydrated, links, forms and Back work as the server rendered them. The router listens earlier, as soon as the
// layout is hydrated, and would change the page that the rest is still to be hydrated with: that ends the program.
const isHydrated = () => document.documentElement.hasAttribute('data-hydrated');
document.addEventListener('click', (event) => {
  if (!isHydrated() && event.target.closest('a[href]')) event.stopPropagation();
}, true);
document.addEventListener('submit', (event) => {
  if (!isHydrated()) event.stopPropagation();
}, true);
addEventListener('popstate', (event) => {
  if (isHydrated()) {
    // The router listens after this, so a page that is not to be left yet can say so.
    if (!dispatchEvent(new Event('goingback', { cancelable: true }))) event.stopImmediatePropagation();
    return;
  }
  event.stopImmediatePropagation();
  location.reload();
});

// A view that is changed in place takes the attributes of its elements off and puts them on again. A link or a row in focus cannot
// have it for that moment, and the browser takes it away: it is given back, else a keyboard begins at the top of the page again.
document.addEventListener('focusout', ({ target, relatedTarget }) => {
  if (relatedTarget || target.matches('[href], [tabindex], button, input, select, textarea, summary')) return;
  queueMicrotask(() => {
    if (target.isConnected && document.activeElement === document.body) target.focus({ preventScroll: true });
  });
});

// The router takes a click on a link to a place inside the page: it scrolls there, and the focus would stay behind. It follows, as it
// does in a page that is not hydrated: to the field that is meant, to the first of a group of them, or to the place itself.
document.addEventListener('click', (event) => {
  const link = event.target.closest('a[href*="#"]');
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (link.origin !== location.origin || link.pathname !== location.pathname || link.hash.length < 2) return;
  // The link of an error is no page to go back to.
  const isError = link.closest('[data-errors]');
  if (isError) event.preventDefault();
  // By then the page is scrolled.
  setTimeout(() => {
    const place = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!place) return;
    for (let folded = place; (folded = folded.closest('details:not([open])')); ) folded.open = true;
    if (isError) place.scrollIntoView({ block: 'center' });
    const isField = place.matches('main, a[href], button, input, select, summary, textarea');
    const fields = isField ? [] : [...place.querySelectorAll('input:enabled, select:enabled, textarea:enabled')];
    const goal = fields.find((field) => field.checkVisibility()) ?? place;
    goal.focus();
    if (document.activeElement === goal || !goal.checkVisibility()) return;
    goal.tabIndex = -1;
    goal.focus();
  });
});

// A page whose address is in one language is in that, also for a browser that prefers another. What is read and opened after it is to be
// in the same one, until a language is chosen or the browser is closed.
if (!/(^|; )lang=/.test(document.cookie)) {
  const language = (tag) => ({ en: 'en', fil: 'fil', tl: 'fil' })[tag.split('-')[0].toLowerCase()];
  const shown = language(document.documentElement.lang);
  if (shown && shown !== (navigator.languages.map(language).find(Boolean) ?? 'en')) {
    document.cookie = `lang=${shown}; Path=/; SameSite=Lax${location.protocol === 'https:' ? '; Secure' : ''}`;
  }
}

// Registers the service worker. The first page was loaded before the worker could see it: the worker is handed the list.
if ('serviceWorker' in navigator) {
  addEventListener('load', async () => {
    try {
      await navigator.serviceWorker.register('/sw.js');
      const { active } = await navigator.serviceWorker.ready;
      const loaded = performance.getEntriesByType('resource').map(({ name }) => new URL(name)).filter(({ origin }) => origin === location.origin);
      active.postMessage({
        keep: loaded.map(({ pathname, search }) => pathname + search),
        page: location.pathname + location.search,
        language: document.documentElement.lang,
      });
    } catch {
      // A browser without storage, or a private window: the shop works, only not without a network.
    }
  });
}
