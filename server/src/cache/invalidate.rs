//! Invalidates the cached pages when what they show has changed: by events, and by the clock.
//!
//! A price or tax rate that begins at a moment is an event too, recorded by the job of that moment (`catalog/price_lists.rs`).

use std::sync::Arc;
use std::time::Duration;

use backend::catalog::events::{CATEGORY_CHANGES, CatalogChanged, PRODUCT_CHANGES, PRODUCT_TYPE_CHANGES, PricesChanged};
use backend::content::events::PAGE_CHANGES;
use backend::inventory::events::STOCK_CHANGES;
use backend::platform::events::{self, RecordedEvent};
use backend::platform::follows;
use backend::pricing::events::RULE_CHANGES;
use backend::settings::events::SettingsChanged;
use backend::{Shop, caches, checkout, settings};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::PageCache;

/// The delay from a change of stock to the invalidation: stock moves with every order.
const STOCK_DELAY: Duration = Duration::from_secs(1);
/// How often the next cut-off is looked up again, as settings may have changed.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// The tasks that invalidate pages. Dropping this stops them.
pub struct Invalidation {
    _by_events: AbortOnDropHandle<()>,
    _by_time: AbortOnDropHandle<()>,
}

impl Invalidation {
    /// `changes` counts batches of events, for those who need no more than that, so that events are read only once.
    pub fn start(shop: &Shop, pages: &Arc<PageCache>, changes: watch::Sender<u64>) -> Self {
        let by_events = follow_events(shop, pages.clone(), changes);
        let by_time = tokio::spawn(follow_cut_offs(shop.clone(), pages.clone()));
        Self { _by_events: AbortOnDropHandle::new(by_events), _by_time: AbortOnDropHandle::new(by_time) }
    }
}

fn follow_events(shop: &Shop, pages: Arc<PageCache>, changes: watch::Sender<u64>) -> tokio::task::JoinHandle<()> {
    let (delayed, requested) = watch::channel(());
    tokio::spawn(invalidate_later(pages.clone(), requested));
    let watched = shop.clone();
    let begun = {
        let (shop, pages) = (shop.clone(), pages.clone());
        // Until now what other nodes changed was not heard of.
        move || {
            caches::invalidate_all(&shop);
            tokio::spawn(reload_settings(shop, pages));
        }
    };
    events::watch(shop.db(), begun, move |events: &[RecordedEvent]| {
        caches::invalidate(&watched, events);
        let any = |kinds: &[&str]| events.iter().any(|event| event.is_one_of(kinds));
        let settings = any(follows![SettingsChanged]);
        let listings = [PRODUCT_CHANGES, PRODUCT_TYPE_CHANGES, CATEGORY_CHANGES, RULE_CHANGES, follows![CatalogChanged, PricesChanged]]
            .into_iter()
            .any(any);
        if settings {
            tokio::spawn(reload_settings(watched.clone(), pages.clone()));
        } else if listings || any(PAGE_CHANGES) {
            pages.invalidate();
        }
        // The search index and “in stock” of lists follow by themselves. A page that was rendered before they were up to date is rendered again.
        if settings || listings || any(STOCK_CHANGES) {
            delayed.send_replace(());
        }
        changes.send_modify(|count| *count += 1);
    })
}

/// Invalidates a while after each request, once for all requests until then.
async fn invalidate_later(pages: Arc<PageCache>, mut requested: watch::Receiver<()>) {
    while requested.changed().await.is_ok() {
        tokio::time::sleep(STOCK_DELAY).await;
        requested.mark_unchanged();
        pages.invalidate();
    }
}

/// Reads the settings, which another node may have changed, before pages are rendered with them.
async fn reload_settings(shop: Shop, pages: Arc<PageCache>) {
    if let Err(error) = settings::load(&shop).await {
        tracing::warn!(%error, "the settings cannot be read; those of before stay until they change again");
    }
    pages.invalidate();
}

/// Pages promise delivery days, which change at midnight and at each cut-off.
async fn follow_cut_offs(shop: Shop, pages: Arc<PageCache>) {
    loop {
        let next = checkout::next_promise_change(&shop).await;
        let wait = next.as_ref().ok().map(|next| next.millis().saturating_sub(shop.now().millis()));
        let wait = wait.and_then(|millis| u64::try_from(millis).ok()).map_or(MAX_WAIT, Duration::from_millis);
        tokio::time::sleep(wait.min(MAX_WAIT)).await;
        if next.is_ok_and(|next| shop.now() >= next) {
            pages.invalidate();
        }
    }
}
