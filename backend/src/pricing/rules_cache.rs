//! The tax rates and delivery methods in force, in memory, for what is shown.

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use platform::cache::Cache;
use platform::clock::Clock;
use platform::db::{DbError, Read};
use platform::events::RecordedEvent;

use super::Rules;
use super::events::RULE_CHANGES;
use crate::Shop;
use crate::settings::events::SettingsChanged;

/// After this time the copy is read again, in case an event has not arrived yet.
const MAX_AGE: Duration = Duration::from_secs(5);

/// The rules in force, and the moment from which others are.
#[derive(Clone)]
struct DatedRules {
    rules: Arc<Rules>,
    until: Option<Timestamp>,
}

/// The rules in force, in memory.
pub struct RulesCache(Cache<(), DatedRules>);

impl RulesCache {
    pub(crate) fn new(clock: &Arc<dyn Clock>) -> Self {
        Self(Cache::new(1).with_max_age(MAX_AGE, Arc::clone(clock)))
    }

    /// What is shown next goes by the rules as they are then.
    pub(crate) fn invalidate(&self) {
        self.0.invalidate();
    }
}

/// The rules for what is shown, from memory: at most five seconds old, and not of before a change that this process made or heard of,
/// nor of before the moment at which a tax rate begins or ends. What is charged is computed with [`Rules::load`].
///
/// # Errors
/// The database's.
pub async fn rules(shop: &Shop) -> Result<Arc<Rules>, DbError> {
    let (cache, at) = (&shop.rules_cache().0, shop.now());
    let reading = cache.begin_reading();
    if let Some(dated) = cache.get(&()).filter(|dated| dated.until.is_none_or(|until| at < until)) {
        return Ok(dated.rules);
    }
    let until = next_change(&mut shop.db(), at).await?;
    let rules = Arc::new(Rules::load(&mut shop.db(), at).await?);
    cache.insert(reading, (), DatedRules { rules: Arc::clone(&rules), until });
    Ok(rules)
}

/// The next moment at which a tax rate begins or ends.
async fn next_change(db: &mut impl Read, at: Timestamp) -> Result<Option<Timestamp>, DbError> {
    db.fetch_scalar(
        "select min(m.at) from (select valid_from as at from tax_rates where valid_from > $1
         union all select valid_to from tax_rates where valid_to > $1) m",
        &[&at],
    )
    .await
}

/// Forgets the rules when these events changed them. Fees are in another currency when the settings name one.
pub(crate) fn invalidate(shop: &Shop, events: &[RecordedEvent]) {
    if events.iter().any(|event| event.is_one_of(RULE_CHANGES) || event.is::<SettingsChanged>()) {
        shop.rules_cache().invalidate();
    }
}
