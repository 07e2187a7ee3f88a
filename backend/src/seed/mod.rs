//! The demonstration shop: `demo/shop.toml` and its photographs, carried in the program.
//!
//! The same seed always gives the same shop. More products than the file holds are variations of its goods: other names,
//! colours, sizes and prices over the same photographs.

mod goods;
mod parts;
mod plan;

use std::fmt;

use domain::{Locale, Timestamp};
use serde::Deserialize;

use crate::Shop;
use crate::catalog::CatalogError;
use crate::identity::IdentityError;
use crate::platform::db::DbError;
use crate::settings::SettingsError;

/// Who signs in to the admin of the demonstration shop.
pub const OWNER_EMAIL: &str = "owner@example.com";
/// With which password.
pub const PASSWORD: &str = "demo-owner-2026";

/// The demonstration shop's file.
const FILE: &str = include_str!("../../../demo/shop.toml");
/// The demonstration shop opened on this day, 2026-06-01.
const OPENED: Timestamp = Timestamp::from_millis(1_780_272_000_000);

/// A photograph that the program carries.
struct Photograph {
    name: &'static str,
    original: &'static [u8],
    /// What is served of it: width in pixels, form and bytes.
    forms: &'static [(u32, &'static str, &'static [u8])],
}

include!(concat!(env!("OUT_DIR"), "/pictures.rs"));

/// Why the shop was not filled.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SeedError {
    /// It is in use already.
    #[error("the shop already has goods, orders or accounts; a demonstration shop begins with an empty database")]
    NotEmpty,
    /// The demonstration data is wrong: a mistake in the program.
    #[error("the demonstration data: {0}")]
    Data(String),
    /// The catalogue.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// People.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Addresses.
    #[error(transparent)]
    Customers(#[from] crate::customers::CustomerError),
    /// The shop's settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The database.
    #[error("{0}")]
    Db(#[from] DbError),
}

/// What was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeedReport {
    pub products: usize,
    pub variants: usize,
    /// Photographs.
    pub pictures: usize,
    /// Staff and shoppers.
    pub people: usize,
}

impl fmt::Display for SeedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { products, variants, pictures, people } = self;
        write!(f, "{products} products with {variants} variants and {pictures} photographs, {people} people")
    }
}

/// A text in each language.
#[derive(Clone, Debug, Deserialize)]
struct Words {
    en: String,
    fil: String,
}

impl Words {
    fn rows(&self) -> Vec<(&'static str, String)> {
        vec![(Locale::En.code(), self.en.clone()), (Locale::Fil.code(), self.fil.clone())]
    }
}

#[derive(Debug, Deserialize)]
struct File {
    shop: Head,
    category: Vec<Category>,
    product: Vec<Product>,
    delivery_method: Vec<Delivery>,
    discount_code: Vec<Discount>,
    tax_rate: Vec<TaxRate>,
    staff: Vec<Staff>,
    customer: Vec<Customer>,
    story: Vec<StoryFile>,
}
#[derive(Debug, Deserialize)]
struct Head {
    name: String,
    currency: String,
    /// Cash orders that one may have open. Whoever tries the shop out is the same shopper again and again.
    cash_per_person: i64,
}
#[derive(Debug, Deserialize)]
struct Category {
    slug: String,
    position: i64,
    picture: String,
    name: Words,
    local_slug: LocalSlug,
    blurb: Words,
}
#[derive(Clone, Debug, Deserialize)]
struct LocalSlug {
    fil: String,
}
#[derive(Clone, Debug, Deserialize)]
struct Product {
    slug: String,
    category: String,
    name: Words,
    local_slug: LocalSlug,
    vendor: String,
    tags: Vec<String>,
    tax_class: String,
    published: bool,
    featured: Option<i64>,
    pictures: Vec<PictureFile>,
    #[serde(default)]
    options: Vec<OptionFile>,
    summary: Words,
    description: Words,
    variant: Vec<Variant>,
}
#[derive(Clone, Debug, Deserialize)]
struct PictureFile {
    file: String,
    alt: Words,
}
#[derive(Clone, Debug, Deserialize)]
struct OptionFile {
    name: Words,
    values: Vec<ValueFile>,
}
#[derive(Clone, Debug, Deserialize)]
struct ValueFile {
    key: String,
    en: String,
    fil: String,
}
#[derive(Clone, Debug, Deserialize)]
struct Variant {
    sku: String,
    #[serde(default)]
    options: Vec<String>,
    price: i64,
    compare_at: Option<i64>,
    weight_g: i64,
    stock: i64,
    barcode: Option<String>,
    picture: Option<String>,
}
#[derive(Debug, Deserialize)]
struct Delivery {
    code: String,
    name: Words,
    description: Words,
    fee: i64,
    #[serde(default)]
    per_kg_fee: i64,
    free_from: Option<i64>,
    days_min: i64,
    days_max: i64,
    cutoff: Option<i64>,
    regions: Vec<String>,
    #[serde(default = "yes")]
    collects_cash: bool,
}
const fn yes() -> bool {
    true
}
#[derive(Debug, Deserialize)]
struct Discount {
    code: String,
    percent: Option<i64>,
    amount: Option<i64>,
    min_subtotal: i64,
}
#[derive(Debug, Deserialize)]
struct TaxRate {
    class: String,
    country: String,
    rate_bp: i64,
    source: String,
    valid_from: String,
}
#[derive(Debug, Deserialize)]
struct Staff {
    email: String,
    name: String,
    role: domain::permission::Role,
    password: String,
}
#[derive(Debug, Deserialize)]
struct Customer {
    email: String,
    name: String,
    phone: String,
    locale: String,
    password: String,
    address: domain::view::Address,
}
#[derive(Debug, Deserialize)]
struct StoryFile {
    title: Words,
    body: Words,
    action: Words,
    picture: String,
    alt: Words,
    link: String,
}

/// Is there nothing in the shop that somebody made: no goods, orders, carts, accounts or keys? What a demonstration leaves that was
/// stopped while it was filled does not count.
///
/// # Errors
/// The database's.
pub async fn is_empty(shop: &Shop) -> Result<bool, DbError> {
    let sql = "select 1 where exists (select 1 from products) or exists (select 1 from orders) or exists (select 1 from carts)
        or exists (select 1 from users where demo = 0) or exists (select 1 from api_keys)";
    Ok(shop.db().fetch_optional::<(i64,)>(sql, &[]).await?.is_none())
}

/// Fills an empty database: the file's products, or as many as are asked for. `progress` is told how many steps of how many
/// are done.
///
/// # Errors
/// [`SeedError::NotEmpty`], or what went wrong; then the shop may be half full, and a new database is the way on.
pub async fn seed(shop: &Shop, products: Option<usize>, seed: u64, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<SeedReport, SeedError> {
    if !is_empty(shop).await? {
        return Err(SeedError::NotEmpty);
    }
    let file: File = toml::from_str(FILE).map_err(|e| SeedError::Data(e.to_string()))?;
    let products = products.unwrap_or(file.product.len());
    let people = file.staff.len() + file.customer.len();
    let all = (products + people + PICTURES.len()) as u64;
    let step = |done: usize| progress(done as u64, all);
    let base = parts::write(shop, &file, seed, &step).await?;
    parts::people(shop, &file, &|done| step(PICTURES.len() + done)).await?;
    // Last, for a shop with products counts as filled: one that was stopped before is filled by the next try.
    let before = PICTURES.len() + people;
    let variants = goods::write(shop, &file, &base, products, seed, &|done| step(before + done)).await?;
    shop.shelf().touch_all();
    Ok(SeedReport { products, variants, pictures: base.pictures.len(), people })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_whole_and_names_the_owner() -> Result<(), toml::de::Error> {
        let file: File = toml::from_str(FILE)?;
        assert!(file.product.len() >= 48 && file.category.len() >= 8);
        assert!(file.staff.iter().any(|s| s.email == OWNER_EMAIL && s.password == PASSWORD));
        Ok(())
    }
}
