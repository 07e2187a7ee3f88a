//! What is popular: the products that were bought most in the last orders. It is told by sales and not by searches, so nothing is kept of
//! what people look for.

use std::sync::Arc;
use std::time::Duration;

use domain::id::ProductId;
use platform::cache::Cache;
use platform::clock::Clock;
use platform::db::DbError;

use super::store;
use crate::Shop;

/// How old it may be: each purchase changes it a little.
const MAX_AGE: Duration = Duration::from_secs(10 * 60);

/// What was bought most, in memory.
pub struct PopularCache(Cache<(), Arc<Vec<ProductId>>>);

impl PopularCache {
    pub(crate) fn new(clock: &Arc<dyn Clock>) -> Self {
        Self(Cache::new(1).with_max_age(MAX_AGE, Arc::clone(clock)))
    }
}

/// The most bought first; none in a shop without orders.
pub(super) async fn products(shop: &Shop) -> Result<Arc<Vec<ProductId>>, DbError> {
    let cache = &shop.popular_cache().0;
    let reading = cache.begin_reading();
    if let Some(popular) = cache.get(&()) {
        return Ok(popular);
    }
    let popular = Arc::new(store::recently_bought(shop.db()).await?);
    cache.insert(reading, (), Arc::clone(&popular));
    Ok(popular)
}
