//! Tax rates by tax class, country and time.
//!
//! A tax rate that has been in force is never edited: a new one closes it at its start. One that is set for later has a job for that
//! moment, which tells whoever keeps rates or shows what depends on them.

use std::collections::HashMap;

use domain::id::TaxRateId;
use domain::messages::t;
use domain::permission::Permission;
use domain::view::{TaxRateDraft, TaxRateView};
use domain::{Locale, Timestamp};
use serde::{Deserialize, Serialize};

use platform::Context;
use platform::db::{DbError, FromRow, Tx};
use platform::jobs::{self, Failure, Handlers, Job};

use crate::Shop;

use super::RulesError;
use super::check::Check;
use super::events::{TaxChanged, TaxTookEffect};
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
            schedule_tax_rates(tx).await?;
            tx.record(id, TaxChanged { class, country, rate_bp: (before, rate_bp), valid_from: start, source: source.clone() });
            Ok::<_, RulesError>(id)
        })
        .await?;
    shop.rules_cache().invalidate();
    Ok(id)
}

/// Tells that a tax rate begins which was set for later.
#[derive(Serialize, Deserialize)]
struct BeginTaxRate {
    rate: TaxRateId,
    /// When it begins; nothing is done when it begins at another moment.
    at: Timestamp,
}

impl Job for BeginTaxRate {
    const KIND: &'static str = "tax.begin";
    type State = Shop;
    async fn run(self, shop: Shop) -> Result<(), Failure> {
        let told = shop.db().write(async move |tx| self.tell(tx).await).await;
        told.map_err(|error: DbError| error.to_string())?;
        shop.rules_cache().invalidate();
        Ok(())
    }
}

impl BeginTaxRate {
    async fn tell(&self, tx: &mut Tx) -> Result<(), DbError> {
        #[derive(FromRow)]
        struct Row {
            class: String,
            country: String,
            rate_bp: i64,
            before: Option<i64>,
        }
        let row: Option<Row> = tx
            .fetch_optional(
                "select r.class, r.country, r.rate_bp,
                    (select b.rate_bp from tax_rates b
                     where b.class = r.class and b.country = r.country and b.valid_from < r.valid_from and b.valid_to >= r.valid_from
                     order by b.valid_from desc limit 1) as before
                 from tax_rates r where r.id = $1 and r.valid_from = $2",
                &[&self.rate, &self.at],
            )
            .await?;
        if let Some(Row { class, country, rate_bp, before }) = row
            && before.unwrap_or(0) != rate_bp
        {
            tx.record(self.rate, TaxTookEffect { class, country, rate_bp: (before, rate_bp) });
        }
        Ok(())
    }
}

/// Enqueues the job of each tax rate that is to begin, where it has none. Whoever writes tax rates calls this in the same transaction.
pub(crate) async fn schedule_tax_rates(tx: &mut Tx) -> Result<(), DbError> {
    #[derive(FromRow)]
    struct Planned {
        rate: TaxRateId,
        at: Timestamp,
    }
    let now = tx.now();
    let planned: Vec<Planned> = tx.fetch_all("select id as rate, valid_from as at from tax_rates where valid_from > $1", &[&now]).await?;
    let job = |Planned { rate, at }: Planned| {
        let key = format!("{}:{rate}:{}", BeginTaxRate::KIND, at.millis());
        (BeginTaxRate { rate, at }, at, key)
    };
    jobs::enqueue_all(tx, &planned.into_iter().map(job).collect::<Vec<_>>()).await
}

/// Adds the job of this file.
pub(crate) fn register(handlers: &mut Handlers<Shop>) {
    handlers.add::<BeginTaxRate>();
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
