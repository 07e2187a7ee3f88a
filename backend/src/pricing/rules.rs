//! Reads the rules that managers set and that do not depend on what is bought, as they are in force: tax rates ([`super::taxes`]), that of a
//! delivery fee among them, and delivery methods ([`super::delivery`]). `rules_cache.rs` keeps them in memory for what is shown.

use std::collections::HashMap;

use domain::cart::DeliveryRate;
use domain::text::comma_separated;
use domain::{Currency, Locale, Timestamp};

use platform::db::{DbError, Flag, Read};

use super::{DeliveryMethod, Tax, TaxRates, TaxRegion};

/// The rules in force at one time.
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
        Ok(Self { taxes: tax_rates_at(db, at).await?, methods: read_delivery_methods(db).await? })
    }

    /// `None` also for a method that is not offered.
    #[must_use]
    pub fn method(&self, code: &str) -> Option<&DeliveryMethod> {
        self.methods.iter().find(|method| method.code == code)
    }

    /// The methods that go to a country (and, in the Philippines, an island group).
    pub fn methods_to<'a>(&'a self, country: &'a str, island: Option<&'a str>) -> impl Iterator<Item = &'a DeliveryMethod> {
        self.methods.iter().filter(move |method| method.goes_to(country, island))
    }

    /// The tax of a delivery fee: that of standard services where it goes.
    #[must_use]
    pub fn delivery_tax(&self, region: &TaxRegion) -> Tax {
        self.taxes.tax("standard", region)
    }

    /// What a method costs, with the tax of the region it goes to.
    #[must_use]
    pub fn delivery_rate(&self, method: &DeliveryMethod, region: &TaxRegion) -> DeliveryRate {
        DeliveryRate {
            fee: method.fee,
            per_kg_fee: method.per_kg_fee,
            free_from: method.free_from,
            tax_rate_bp: self.delivery_tax(region).rate_bp,
        }
    }
}

/// The tax rates that are in force.
///
/// # Errors
/// The database's.
pub async fn tax_rates_at(db: &mut impl Read, at: Timestamp) -> Result<TaxRates, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        class: String,
        country: String,
        province: String,
        rate_bp: i64,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select class, country, province, rate_bp from tax_rates where valid_from <= $1 and (valid_to is null or valid_to > $1)",
            &[&at],
        )
        .await?;
    let mut rates = TaxRates::default();
    for Row { class, country, province, rate_bp } in rows {
        rates.add(class, TaxRegion { country, province }, rate_bp);
    }
    Ok(rates)
}

/// The delivery methods that are offered.
async fn read_delivery_methods(db: &mut impl Read) -> Result<Vec<DeliveryMethod>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        code: String,
        currency: Currency,
        fee: i64,
        per_kg_fee: i64,
        free_from: Option<i64>,
        days_min: i64,
        days_max: i64,
        cutoff: Option<i64>,
        regions: String,
        collects_cash: Flag,
        locale: String,
        name: String,
        description: String,
    }
    // A row for each language.
    let rows: Vec<Row> = db
        .fetch_all(
            "select m.code, m.currency, m.fee, m.per_kg_fee, m.free_from, m.days_min, m.days_max, m.cutoff, m.regions,
                m.collects_cash, t.locale, t.name, t.description
             from delivery_methods m join delivery_method_texts t on t.code = m.code where m.active = 1 order by m.position, m.code",
            &[],
        )
        .await?;
    let mut methods: Vec<DeliveryMethod> = Vec::new();
    for row in rows {
        if methods.last().is_none_or(|last| last.code != row.code) {
            methods.push(DeliveryMethod {
                code: row.code,
                currency: row.currency,
                fee: row.fee,
                per_kg_fee: row.per_kg_fee,
                free_from: row.free_from,
                days_min: row.days_min,
                days_max: row.days_max,
                cutoff: row.cutoff,
                regions: comma_separated(&row.regions),
                collects_cash: row.collects_cash.0,
                texts: HashMap::new(),
            });
        }
        if let (Some(method), Some(locale)) = (methods.last_mut(), Locale::parse(&row.locale)) {
            method.texts.insert(locale, (row.name, row.description));
        }
    }
    Ok(methods)
}
