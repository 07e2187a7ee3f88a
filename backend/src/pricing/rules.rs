//! The tax rates and delivery methods in force, in memory, for pages.

use std::sync::Arc;
use std::time::Duration;

use platform::cache::Cache;
use platform::clock::Clock;
use platform::db::DbError;
use platform::events::RecordedEvent;

use super::Rules;
use super::events::RULE_CHANGES;
use crate::Shop;
use crate::settings::events::SettingsChanged;

/// After this time the copy is read again, in case an event has not arrived yet.
const MAX_AGE: Duration = Duration::from_secs(5);

/// The rules in force, in memory.
pub struct RulesCache(Cache<(), Arc<Rules>>);

impl RulesCache {
    pub(crate) fn new(clock: &Arc<dyn Clock>) -> Self {
        Self(Cache::new(1).with_max_age(MAX_AGE, Arc::clone(clock)))
    }

    /// The next page is made with the rules as they are then.
    pub(crate) fn invalidate(&self) {
        self.0.invalidate();
    }
}

/// The rules for pages, from memory: at most five seconds old. What is charged is computed with [`Rules::load`].
///
/// # Errors
/// The database's.
pub async fn rules(shop: &Shop) -> Result<Arc<Rules>, DbError> {
    let cache = &shop.rules_cache().0;
    let reading = cache.begin_reading();
    if let Some(rules) = cache.get(&()) {
        return Ok(rules);
    }
    let rules = Arc::new(Rules::load(&mut shop.db(), shop.now()).await?);
    cache.insert(reading, (), Arc::clone(&rules));
    Ok(rules)
}

/// Forgets the rules when these events changed them. Fees are in another currency when the settings name one.
pub(crate) fn invalidate(shop: &Shop, events: &[RecordedEvent]) {
    if events.iter().any(|event| event.is_one_of(RULE_CHANGES) || event.is::<SettingsChanged>()) {
        shop.rules_cache().invalidate();
    }
}
