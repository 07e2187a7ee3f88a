//! Tax rates by tax class, country and time.
//!
//! A tax rate that has been in force is never edited: a new one closes it at its start.

use std::collections::HashMap;

use domain::id::TaxRateId;
use domain::messages::t;
use domain::permission::Permission;
use domain::view::{TaxRateDraft, TaxRateView};
use domain::{Locale, Timestamp};

use platform::Context;

use crate::Shop;

use super::RulesError;
use super::check::Check;
use super::events::TaxChanged;
use super::store::{self, NewRate};

/// Tax classes of products. Only the first has a rate; the others are booked apart.
pub const TAX_CLASSES: [&str; 4] = ["standard", "zero", "exempt", "none"];

/// The tax rates that are in force at one moment, in basis points, by class and country.
#[derive(Clone, Debug, Default)]
pub struct TaxRates(pub(super) HashMap<(String, String), i64>);

impl TaxRates {
    /// The rate of a tax class in a country, basis points; 0 where no rate is on file.
    #[must_use]
    pub fn rate_bp(&self, class: &str, country: &str) -> i64 {
        self.0.get(&(class.to_owned(), country.to_owned())).copied().unwrap_or(0)
    }
}

/// Every tax rate that was, is or will be in force; by country and class, the newest first.
///
/// # Errors
/// Not allowed.
pub async fn tax_rates(shop: &Shop, ctx: &Context) -> Result<Vec<TaxRateView>, RulesError> {
    ctx.require(Permission::ReadSettings)?;
    Ok(store::all_tax_rates(shop.db()).await?)
}

/// Lets a tax rate come into force, now or later. It closes the one before it at its start and ends where the next planned one
/// begins; a planned rate with the same start is corrected.
///
/// # Errors
/// [`RulesError::Invalid`] by field: `class`, `country`, `rate`, `valid_from`, `source`. Not allowed.
pub async fn save_tax_rate(shop: &Shop, ctx: &Context, locale: Locale, draft: TaxRateDraft) -> Result<TaxRateId, RulesError> {
    ctx.require(Permission::WriteSettings)?;
    let draft = TaxRateDraft { class: draft.class.trim().to_owned(), country: draft.country.trim().to_uppercase(), ..draft };
    let mut check = Check::new(locale);
    let source = check.tax_rate(&draft, shop.now());
    check.done()?;
    let id = shop
        .write(ctx, async move |tx| {
            // What was checked as the future may have come while it waited.
            let start = draft.valid_from.map_or(tx.now(), |from| from.max(tx.now()));
            let TaxRateDraft { class, country, rate_bp, .. } = draft.clone();
            let rate = NewRate { id: TaxRateId(tx.id()), class: &class, country: &country, rate_bp, start, source: &source };
            let (id, before) = store::begin_tax_rate(tx, &rate).await?;
            tx.record(id, TaxChanged { class, country, rate_bp: (before, rate_bp), valid_from: start, source: source.clone() });
            Ok::<_, RulesError>(id)
        })
        .await?;
    shop.rules_cache().invalidate();
    Ok(id)
}

impl Check {
    /// Checks a rate; returns its source, trimmed.
    fn tax_rate(&mut self, draft: &TaxRateDraft, now: Timestamp) -> String {
        if !TAX_CLASSES.contains(&draft.class.as_str()) {
            self.wrong("class", t::FIELD_CHOOSE);
        }
        if !self.is_country(&draft.country) {
            self.wrong("country", t::FIELD_CHOOSE);
        }
        if !(0..=10_000).contains(&draft.rate_bp) {
            self.range("rate", 0, 100);
        } else if draft.class != TAX_CLASSES[0] && draft.rate_bp != 0 {
            self.wrong("rate", t::ADMIN_SETTINGS_TAX_STANDARD_ONLY);
        }
        if draft.valid_from.is_some_and(|from| from < now) {
            self.wrong("valid_from", t::ADMIN_SETTINGS_TAX_PAST);
        }
        self.needed("source", &draft.source, 300)
    }
}
