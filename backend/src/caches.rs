//! Keeps what each area caches in step with the events.

use platform::events::RecordedEvent;

use crate::catalog::events::CatalogChanged;
use crate::{Shop, catalog, content, identity, pricing, settings};

/// Removes everything from memory but sessions, which are read again after seconds anyway.
pub fn invalidate_all(shop: &Shop) {
    shop.settings().forget();
    shop.rules_cache().invalidate();
    shop.listings().invalidate_all();
    shop.content_cache().invalidate();
}

/// Removes from memory what these events changed. Each process is to hand all events to this as they happen, from
/// [`events::watch`](platform::events::watch), before it invalidates what is made of these caches.
pub fn invalidate(shop: &Shop, events: &[RecordedEvent]) {
    settings::invalidate(shop, events);
    pricing::invalidate(shop, events);
    catalog::invalidate(shop, events);
    identity::invalidate(shop, events);
    content::invalidate(shop, events);
    // The demonstration data sets rules too.
    if events.iter().any(RecordedEvent::is::<CatalogChanged>) {
        shop.rules_cache().invalidate();
    }
}
