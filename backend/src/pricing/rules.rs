//! Tax rates and delivery methods in force, and the copy of them in memory that pages are made with.

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use domain::cart::DeliveryRate;
use platform::cache::Cache;
use platform::clock::Clock;
use platform::db::{DbError, Read};
use platform::events::RecordedEvent;
use platform::follows;

use super::events::{DeliveryChanged, TaxChanged};
use super::{DeliveryMethod, TaxRates, store};
use crate::Shop;

/// After this time the copy is read again: a tax rate may have come into force.
const MAX_AGE: Duration = Duration::from_secs(5);

/// The rules that managers set and that do not depend on what is bought: tax rates and delivery methods in force.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub taxes: TaxRates,
    /// Delivery methods that are offered, in order.
    pub methods: Vec<DeliveryMethod>,
}

impl Rules {
    /// # Errors
    /// The database's.
    pub async fn load(db: &mut impl Read, at: Timestamp) -> Result<Self, DbError> {
        Ok(Self { taxes: TaxRates::load(db, at).await?, methods: store::methods(db).await? })
    }

    /// A delivery method by its code.
    #[must_use]
    pub fn method(&self, code: &str) -> Option<&DeliveryMethod> {
        self.methods.iter().find(|method| method.code == code)
    }

    /// The methods that go to a country (and, in the Philippines, an island group).
    pub fn methods_to<'a>(&'a self, country: &'a str, island: Option<&'a str>) -> impl Iterator<Item = &'a DeliveryMethod> {
        self.methods.iter().filter(move |method| method.goes_to(country, island))
    }

    /// What a method costs, taxed as standard services of the country it goes to.
    #[must_use]
    pub fn delivery_rate(&self, method: &DeliveryMethod, country: &str) -> DeliveryRate {
        DeliveryRate {
            fee: method.fee,
            per_kg_fee: method.per_kg_fee,
            free_from: method.free_from,
            tax_rate_bp: self.taxes.rate_bp("standard", country),
        }
    }
}

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

/// Forgets the rules when these events changed them.
pub(crate) fn invalidate(shop: &Shop, events: &[RecordedEvent]) {
    if events.iter().any(|event| event.is_one_of(follows![TaxChanged, DeliveryChanged])) {
        shop.rules_cache().invalidate();
    }
}
