//! The demonstration shop: `demo/shop.toml` and its pictures, carried in the program.
//!
//! The same seed always gives the same shop. Products beyond those of the file are variations of them with other names, colours, sizes
//! and prices, and the same pictures.

mod basics;
mod file;
pub mod past;
mod products;
mod rng;
mod tables;

use std::fmt;
use std::sync::Arc;

use domain::{Date, Timestamp};
use platform::db::DbError;

use crate::Shop;
use crate::catalog::CatalogError;
use crate::identity::IdentityError;
use crate::settings::SettingsError;

use file::ShopFile;
use past::Past;

pub use rng::SeedRng;

/// With [`PASSWORD`] for the admin of the demonstration shop.
pub const OWNER_EMAIL: &str = "owner@example.com";
pub const PASSWORD: &str = "demo-owner-2026";

const FILE: &str = include_str!("../../../demo/shop.toml");
/// The day the demonstration shop opened: 2026-06-01.
const OPENED: Timestamp = Timestamp::from_millis(1_780_272_000_000);

/// A picture that the program carries.
struct Photograph {
    name: &'static str,
    original: &'static [u8],
    /// What is served of it: width in pixels, format and bytes.
    forms: &'static [(u32, &'static str, &'static [u8])],
}

include!(concat!(env!("OUT_DIR"), "/pictures.rs"));

/// Why the shop was not filled.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SeedError {
    #[error("the shop already has goods, orders or accounts; a demonstration shop begins with an empty database")]
    NotEmpty,
    /// `demo/shop.toml` is wrong, which is a mistake in the program.
    #[error("the demonstration data: {0}")]
    Data(String),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Customers(#[from] crate::contacts::ContactError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("{0}")]
    Db(#[from] DbError),
}

/// How much was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeedReport {
    pub products: usize,
    pub variants: usize,
    pub pictures: usize,
    /// Staff and shoppers together.
    pub people: usize,
    /// Of the past.
    pub orders: usize,
}

impl fmt::Display for SeedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { products, variants, pictures, people, orders } = self;
        write!(f, "{products} products with {variants} variants and {pictures} photographs, {people} people")?;
        if *orders > 0 { write!(f, ", {orders} orders of the last three months") } else { Ok(()) }
    }
}

/// Whether the shop has no products, orders, carts, accounts and keys. What a seed left that was stopped half-way does not count.
///
/// # Errors
/// The database's.
pub async fn is_empty(shop: &Shop) -> Result<bool, DbError> {
    let sql = "select cast(1 as bigint) as one where exists (select 1 from products) or exists (select 1 from orders) or exists (select 1 from carts)
        or exists (select 1 from users where demo = 0) or exists (select 1 from api_keys)";
    Ok(shop.db().fetch_optional_scalar::<i64>(sql, &[]).await?.is_none())
}

/// Fills an empty database with the file's products, or with `products` many. `progress` receives how many steps of how many
/// are done.
///
/// # Errors
/// [`SeedError::NotEmpty`], or what went wrong; then the shop may be half full, and a new database is the way on.
pub async fn seed(shop: &Shop, products: Option<usize>, seed: u64, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<SeedReport, SeedError> {
    fill(shop, (products, seed), &Beginning { opened: OPENED, past: None }, progress).await
}

/// Fills an empty database with the file's products and the [`past`] of the shop, as if it had traded for three months. When it is stopped
/// half-way the next one completes it, as [`seed`].
///
/// # Errors
/// As [`seed`].
pub async fn seed_with_past(shop: &Shop, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<SeedReport, SeedError> {
    let zone = crate::settings::shop(shop).zone();
    let last_day = past::last_day(shop.now(), zone);
    let past = Past::read()?.map(|past| (Arc::new(past), last_day));
    fill(shop, (None, PAST_SEED), &Beginning { opened: past::opened(last_day, zone), past }, progress).await
}

/// Fills an empty database with the shop as it is when the past begins: what makes the past goes on from it.
///
/// # Errors
/// As [`seed`].
pub async fn seed_for_past(shop: &Shop, last_day: Date) -> Result<SeedReport, SeedError> {
    let opened = past::opened(last_day, crate::settings::shop(shop).zone());
    fill(shop, (None, PAST_SEED), &Beginning { opened, past: None }, &|_, _| {}).await
}

/// The past is that of the shop with this seed.
const PAST_SEED: u64 = 1;

/// Since when there is a shop, and what happened in it.
struct Beginning {
    opened: Timestamp,
    /// With its last day.
    past: Option<(Arc<Past>, Date)>,
}

async fn fill(
    shop: &Shop,
    (products, seed): (Option<usize>, u64),
    beginning: &Beginning,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<SeedReport, SeedError> {
    if !is_empty(shop).await? {
        return Err(SeedError::NotEmpty);
    }
    let file: ShopFile = toml::from_str(FILE).map_err(|e| SeedError::Data(e.to_string()))?;
    let products = products.unwrap_or(file.product.len());
    let people = file.staff.len() + file.customer.len();
    let all = (products + people + PICTURES.len()) as u64;
    let step = |done: usize| progress(done as u64, all);
    let base = basics::write(shop, &file, seed, &step).await?;
    basics::people(shop, &file, &|done| step(PICTURES.len() + done)).await?;
    // Products last, for they make the shop count as filled: a seed that was stopped before is finished by the next one.
    let done_before = PICTURES.len() + people;
    // The past refers to its own seed's locations.
    let past = beginning.past.clone().filter(|_| base.is_of_seed);
    let orders = past.as_ref().map_or(0, |(past, _)| past.orders());
    let beginning = Beginning { opened: beginning.opened, past };
    let variants = products::write(shop, &file, &base, (products, seed), &beginning, &|done| step(done_before + done)).await?;
    shop.listings().invalidate_all();
    shop.rules_cache().invalidate();
    Ok(SeedReport { products, variants, pictures: base.pictures.len(), people, orders })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demonstration_file_is_complete_and_has_an_owner() -> Result<(), toml::de::Error> {
        let file: ShopFile = toml::from_str(FILE)?;
        assert!(file.product.len() >= 48 && file.category.len() >= 8);
        assert!(file.staff.iter().any(|s| s.email == OWNER_EMAIL && s.password == PASSWORD));
        Ok(())
    }
}
