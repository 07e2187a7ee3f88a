// Some browsers keep a page for Back although it says that it is not to be kept. One that belongs to somebody is asked for again:
// who was signed in then may not be any more.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted && /^\/(account|admin|orders)(\/|$)/.test(location.pathname)) location.reload();
});

// A view that is changed in place takes the attributes of its elements off and puts them on again. A link or a row in focus cannot
// have it for that moment, and the browser takes it away: it is given back, else a keyboard begins at the top of the page again.
document.addEventListener('focusout', ({ target, relatedTarget }) => {
  if (relatedTarget || target.matches('[href], [tabindex], button, input, select, textarea, summary')) return;
  queueMicrotask(() => {
    if (target.isConnected && document.activeElement === document.body) target.focus({ preventScroll: true });
  });
});

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
