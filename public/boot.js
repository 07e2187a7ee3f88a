// Some browsers keep a page for Back although it says that it is not to be kept. One that belongs to somebody is asked for again:
// who was signed in then may not be any more.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted && /^\/(account|admin|orders)(\/|$)/.test(location.pathname)) location.reload();
});

// Registers the service worker. The first page was loaded before the worker could see it: the worker is handed the list.
if ('serviceWorker' in navigator) {
  addEventListener('load', async () => {
    try {
      await navigator.serviceWorker.register('/sw.js');
      const { active } = await navigator.serviceWorker.ready;
      const loaded = performance.getEntriesByType('resource').map(({ name }) => new URL(name)).filter(({ origin }) => origin === location.origin);
      active.postMessage({ keep: loaded.map(({ pathname, search }) => pathname + search), page: location.pathname + location.search });
    } catch {
      // A browser without storage, or a private window: the shop works, only not without a network.
    }
  });
}
