//! Tax rates by tax class, region and time.
//!
//! A tax rate that has been in force is never edited: a new one closes it at its start. One that is set for later has a job for that
//! moment, which tells whoever keeps rates or shows what depends on them.

use std::collections::HashMap;

use domain::id::TaxRateId;
use domain::messages::t;
use domain::permission::Permission;
use domain::view::{Address, TaxRateDraft, TaxRateView};
use domain::{Locale, Timestamp};
use serde::{Deserialize, Serialize};

use platform::Context;
use platform::db::{DbError, FromRow, Tx};
use platform::jobs::{self, Failure, Handlers, Job};

use crate::{Shop, contacts};

use super::PricingError;
use super::check::Check;
use super::events::{TaxChanged, TaxTookEffect};
use super::store::{self, NewRate};

/// Tax classes of products. Only the first has a rate; the others are booked apart.
pub const TAX_CLASSES: [&str; 4] = ["standard", "zero", "exempt", "none"];

/// Where taxes apply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TaxRegion {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// As addresses name it: the code of the state or province, in the Philippines the PSGC code of the province or independent city.
    /// Empty for the whole country, and where it is not known.
    pub province: String,
}

impl TaxRegion {
    /// A whole country.
    #[must_use]
    pub fn country(country: impl Into<String>) -> Self {
        Self { country: country.into(), province: String::new() }
    }

    /// Where things go that are sent to an address, as far as the address is filled in.
    #[must_use]
    pub fn of(address: &Address) -> Self {
        Self { country: address.country.clone(), province: contacts::province_code(address) }
    }
}

/// A tax: the class and the region whose rate it is, and the rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tax {
    pub class: String,
    pub region: TaxRegion,
    /// Basis points.
    pub rate_bp: i64,
}

/// The tax rates that are in force at one moment, by class and country: those of provinces, and that of the whole country, which has an
/// empty code.
#[derive(Clone, Debug, Default)]
pub struct TaxRates(HashMap<(String, String), HashMap<String, i64>>);

impl TaxRates {
    /// The tax of a class in a region: that of its province, otherwise that of its country. The rate is 0 where none is on file.
    #[must_use]
    pub fn tax(&self, class: &str, region: &TaxRegion) -> Tax {
        let of_country = self.0.get(&(class.to_owned(), region.country.clone()));
        let of_province = of_country.and_then(|rates| rates.get(&region.province));
        let (region, rate_bp) = match of_province {
            Some(rate_bp) => (region.clone(), *rate_bp),
            None => (TaxRegion::country(&*region.country), of_country.and_then(|rates| rates.get("")).copied().unwrap_or(0)),
        };
        Tax { class: class.to_owned(), region, rate_bp }
    }

    /// The rate of a tax class in a region, basis points; 0 where no rate is on file.
    #[must_use]
    pub fn rate_bp(&self, class: &str, region: &TaxRegion) -> i64 {
        self.tax(class, region).rate_bp
    }

    pub(super) fn add(&mut self, class: String, region: TaxRegion, rate_bp: i64) {
        self.0.entry((class, region.country)).or_default().insert(region.province, rate_bp);
    }
}

/// Every tax rate that was, is or will be in force; by country, province and class, the newest first.
///
/// # Errors
/// Not allowed.
pub async fn tax_rates(shop: &Shop, ctx: &Context) -> Result<Vec<TaxRateView>, PricingError> {
    ctx.require(Permission::ReadSettings)?;
    Ok(store::all_tax_rates(shop.db()).await?)
}

/// Lets a tax rate come into force, now or later. It closes the one before it at its start and ends where the next planned one
/// begins; a planned rate with the same start is corrected.
///
/// # Errors
/// [`PricingError::Invalid`] by field: `class`, `country`, `province`, `rate`, `valid_from`, `source`. Not allowed.
pub async fn save_tax_rate(shop: &Shop, ctx: &Context, locale: Locale, draft: TaxRateDraft) -> Result<TaxRateId, PricingError> {
    ctx.require(Permission::WriteSettings)?;
    let (country, written) = (draft.country.trim().to_uppercase(), draft.province.trim().to_owned());
    let province = contacts::find_province(&country, &written).map_or(written, |(code, _)| code);
    let draft = TaxRateDraft { class: draft.class.trim().to_owned(), country, province, ..draft };
    let mut check = Check::new(locale);
    let source = check.tax_rate(&draft, shop.now());
    check.done()?;
    let id = shop
        .write(ctx, async move |tx| {
            // What was checked as the future may have come while it waited.
            let start = draft.valid_from.map_or(tx.now(), |from| from.max(tx.now()));
            let TaxRateDraft { class, country, province, rate_bp, .. } = draft.clone();
            let id = TaxRateId(tx.id());
            let rate = NewRate { id, class: &class, country: &country, province: &province, rate_bp, start, source: &source };
            let (id, before) = store::begin_tax_rate(tx, &rate).await?;
            schedule_tax_rates(tx).await?;
            tx.record(id, TaxChanged { class, country, province, rate_bp: (before, rate_bp), valid_from: start, source: source.clone() });
            Ok::<_, PricingError>(id)
        })
        .await?;
    shop.rules_cache().invalidate();
    Ok(id)
}

/// Tells that a tax rate begins which was set for later.
#[derive(Serialize, Deserialize)]
struct AnnounceTaxRate {
    rate: TaxRateId,
    /// When it begins; nothing is done when it begins at another moment.
    at: Timestamp,
}

impl Job for AnnounceTaxRate {
    const KIND: &'static str = "tax.begin";
    type State = Shop;
    async fn run(self, shop: Shop) -> Result<(), Failure> {
        let told = shop.db().write(async move |tx| self.record_start(tx).await).await;
        told.map_err(|error: DbError| error.to_string())?;
        shop.rules_cache().invalidate();
        Ok(())
    }
}

impl AnnounceTaxRate {
    async fn record_start(&self, tx: &mut Tx) -> Result<(), DbError> {
        #[derive(FromRow)]
        struct Row {
            class: String,
            country: String,
            province: String,
            rate_bp: i64,
            before: Option<i64>,
        }
        let row: Option<Row> = tx
            .fetch_optional(
                "select r.class, r.country, r.province, r.rate_bp,
                    (select b.rate_bp from tax_rates b
                     where b.class = r.class and b.country = r.country and b.province = r.province
                       and b.valid_from < r.valid_from and b.valid_to >= r.valid_from
                     order by b.valid_from desc limit 1) as before
                 from tax_rates r where r.id = $1 and r.valid_from = $2",
                &[&self.rate, &self.at],
            )
            .await?;
        if let Some(Row { class, country, province, rate_bp, before }) = row
            // The first rate of a province takes the place of its country's, whatever that was.
            && (before.is_none() && !province.is_empty() || before.unwrap_or(0) != rate_bp)
        {
            tx.record(self.rate, TaxTookEffect { class, country, province, rate_bp: (before, rate_bp) });
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
        let key = format!("{}:{rate}:{}", AnnounceTaxRate::KIND, at.millis());
        (AnnounceTaxRate { rate, at }, at, key)
    };
    jobs::enqueue_all(tx, &planned.into_iter().map(job).collect::<Vec<_>>()).await
}

/// Adds the job of this file.
pub(crate) fn register(handlers: &mut Handlers<Shop>) {
    handlers.add::<AnnounceTaxRate>();
}

impl Check {
    /// Checks a rate; returns its source, trimmed.
    fn tax_rate(&mut self, draft: &TaxRateDraft, now: Timestamp) -> String {
        if !TAX_CLASSES.contains(&draft.class.as_str()) {
            self.wrong("class", t::FIELD_CHOOSE);
        }
        if !self.is_country(&draft.country) {
            self.wrong("country", t::FIELD_CHOOSE);
        } else if !draft.province.is_empty() && contacts::find_province(&draft.country, &draft.province).is_none() {
            self.wrong("province", t::ADMIN_SETTINGS_TAX_PROVINCE_UNKNOWN);
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
