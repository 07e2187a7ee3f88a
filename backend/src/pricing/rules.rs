//! The rules that managers set: tax rates by class, country and time, and delivery methods.
//!
//! A tax rate that has been in force is never edited: a new one closes it at its start. A delivery method is never deleted,
//! because orders name it; one that is not offered any more is inactive.

use domain::Locale;
use domain::id::TaxRateId;
use domain::messages::t;
use domain::permission::Permission;
use domain::view::{DeliveryMethodDraft, FieldErrors, TaxRateDraft, TaxRateView};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Shop;
use crate::customers;
use crate::platform::db::{DbError, Tx};
use crate::platform::events::{self, Event};
use crate::platform::{Context, Forbidden};

use super::check::{Check, differences, is_made_or_changed};
use super::store::{self, NewRate};

/// Tax classes of goods. Only the first has a rate; the others are told apart in the books.
pub const TAX_CLASSES: [&str; 4] = ["standard", "zero", "exempt", "none"];
/// Where delivery methods go, beside countries.
const REGIONS: [&str; 5] = ["NCR", "Luzon", "Visayas", "Mindanao", "*"];
/// The most days until a parcel arrives.
const MAX_DAYS: i64 = 365;
/// The last place of a delivery method.
const LAST: i64 = 9_999;

/// Why a rule was not read or not saved.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RulesError {
    /// Not allowed.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// What was written cannot be a rule; by field, in the reader's language.
    #[error("some fields need another look")]
    Invalid(FieldErrors),
    /// No such delivery method or discount code.
    #[error("there is no such rule")]
    Unknown,
    /// The database.
    #[error("{0}")]
    Db(#[from] DbError),
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
    let mut check = Check::new(locale);
    let class = draft.class.trim().to_owned();
    if !TAX_CLASSES.contains(&class.as_str()) {
        check.wrong("class", t::FIELD_CHOOSE);
    }
    let country = draft.country.trim().to_uppercase();
    check.country(&country);
    if !(0..=10_000).contains(&draft.rate_bp) {
        check.range("rate", 0, 100);
    } else if class != TAX_CLASSES[0] && draft.rate_bp != 0 {
        check.wrong("rate", t::ADMIN_SETTINGS_TAX_STANDARD_ONLY);
    }
    if draft.valid_from.is_some_and(|from| from < shop.now()) {
        check.wrong("valid_from", t::ADMIN_SETTINGS_TAX_PAST);
    }
    let source = check.needed("source", &draft.source, 300);
    check.done()?;
    let (inner, ctx, id) = (shop.clone(), ctx.clone(), TaxRateId(shop.id()));
    let id = shop
        .db()
        .write(async move |tx| {
            let at = inner.now();
            // What was checked as the future may have come while it waited.
            let start = draft.valid_from.map_or(at, |from| from.max(at));
            let rate = NewRate { id, class: &class, country: &country, rate_bp: draft.rate_bp, start, source: &source };
            let (id, before) = store::begin_tax_rate(tx, &rate).await?;
            let data = json!({
                "class": class, "country": country, "rate_bp": [before, draft.rate_bp], "valid_from": start.millis(), "source": source,
            });
            events::append(tx, &inner, &ctx, at, &[Event::new("tax.changed", id.0, data)]).await?;
            Ok::<_, RulesError>(id)
        })
        .await?;
    changed(shop);
    Ok(id)
}

/// Every delivery method in order, those that are not offered as well.
///
/// # Errors
/// Not allowed.
pub async fn delivery_methods(shop: &Shop, ctx: &Context) -> Result<Vec<DeliveryMethodDraft>, RulesError> {
    ctx.require(Permission::ReadSettings)?;
    Ok(store::all_methods(&mut shop.db()).await?)
}

/// Saves a delivery method, found by its code.
///
/// # Errors
/// [`RulesError::Invalid`] by field: `code`, `position`, `name.en`, `description.en` and so on, `fee`, `per_kg_fee`, `free_from`,
/// `days_min`, `days_max`, `cutoff`, `regions`. [`RulesError::Unknown`], not allowed.
pub async fn save_delivery_method(shop: &Shop, ctx: &Context, locale: Locale, draft: DeliveryMethodDraft) -> Result<(), RulesError> {
    ctx.require(Permission::WriteSettings)?;
    let method = tidy(draft);
    let mut check = Check::new(locale);
    check.method(&method);
    check.done()?;
    let (inner, ctx) = (shop.clone(), ctx.clone());
    shop.db()
        .write(async move |tx| {
            let before = before(tx, &method).await?;
            is_made_or_changed(before.is_some(), method.is_new, locale, t::ADMIN_SETTINGS_DELIVERY_TAKEN)?;
            store::put_method(tx, &method).await?;
            let at = inner.now();
            let data = json!({ "code": method.code, "active": method.active, "changed": difference(before.as_ref(), &method) });
            events::append(tx, &inner, &ctx, at, &[Event::new("delivery.changed", Uuid::nil(), data)]).await?;
            Ok::<_, RulesError>(())
        })
        .await?;
    changed(shop);
    Ok(())
}

/// Readers of this process see the change at once; those of others follow the event.
fn changed(shop: &Shop) {
    shop.listings().invalidate_rules();
    shop.feed().wake();
}

async fn before(tx: &mut Tx, method: &DeliveryMethodDraft) -> Result<Option<DeliveryMethodDraft>, DbError> {
    tx.lock("select 1 from delivery_methods where code = $1 for update", &[&method.code]).await?;
    let all = store::all_methods(tx).await?;
    Ok(all.into_iter().find(|known| known.code == method.code))
}

/// Texts by language, and regions each once, without what surrounds them.
fn tidy(draft: DeliveryMethodDraft) -> DeliveryMethodDraft {
    let texts = |list: &[String]| -> Vec<String> {
        (0..Locale::ALL.len()).map(|at| list.get(at).map(|text| text.trim().to_owned()).unwrap_or_default()).collect()
    };
    let mut regions: Vec<String> = Vec::new();
    for region in draft.regions.iter().map(|region| region.trim().to_owned()).filter(|region| !region.is_empty()) {
        if !regions.contains(&region) {
            regions.push(region);
        }
    }
    DeliveryMethodDraft {
        code: draft.code.trim().to_owned(),
        names: texts(&draft.names),
        descriptions: texts(&draft.descriptions),
        regions,
        ..draft
    }
}

/// What an event says of a change: each field with its value before and after. Texts are only named.
fn difference(before: Option<&DeliveryMethodDraft>, after: &DeliveryMethodDraft) -> Value {
    let Some(before) = before else { return json!({}) };
    let mut data = differences([
        ("position", json!(before.position), json!(after.position)),
        ("fee", json!(before.fee), json!(after.fee)),
        ("per_kg_fee", json!(before.per_kg_fee), json!(after.per_kg_fee)),
        ("free_from", json!(before.free_from), json!(after.free_from)),
        ("days_min", json!(before.days_min), json!(after.days_min)),
        ("days_max", json!(before.days_max), json!(after.days_max)),
        ("cutoff", json!(before.cutoff), json!(after.cutoff)),
        ("regions", json!(before.regions), json!(after.regions)),
        ("collects_cash", json!(before.collects_cash), json!(after.collects_cash)),
        ("active", json!(before.active), json!(after.active)),
    ]);
    if before.names != after.names || before.descriptions != after.descriptions {
        data.insert("texts".to_owned(), json!(true));
    }
    Value::Object(data)
}

impl Check {
    fn is_country(&self, code: &str) -> bool {
        customers::countries(self.locale).iter().any(|(known, _)| known == code)
    }

    fn country(&mut self, code: &str) {
        if !self.is_country(code) {
            self.wrong("country", t::FIELD_CHOOSE);
        }
    }

    fn method(&mut self, method: &DeliveryMethodDraft) {
        let code = method.code.as_str();
        if code.is_empty() || code.len() > 40 || !code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            self.wrong("code", t::ADMIN_SETTINGS_DELIVERY_CODE_INVALID);
        }
        self.number("position", method.position, 0, LAST);
        for ((locale, name), description) in Locale::ALL.into_iter().zip(&method.names).zip(&method.descriptions) {
            let (field, longer) = (format!("name.{}", locale.code()), format!("description.{}", locale.code()));
            if locale == Locale::En {
                self.needed(&field, name, 80);
            } else {
                self.text(&field, name, 80);
            }
            self.text(&longer, description, 300);
        }
        self.amount("fee", method.fee);
        self.amount("per_kg_fee", method.per_kg_fee);
        if let Some(from) = method.free_from {
            self.amount("free_from", from);
        }
        self.number("days_min", method.days_min, 0, MAX_DAYS);
        if method.days_max < method.days_min {
            self.wrong("days_max", t::ADMIN_SETTINGS_DELIVERY_DAYS_ORDER);
        } else {
            self.number("days_max", method.days_max, 0, MAX_DAYS);
        }
        if method.cutoff.is_some_and(|minute| !(1..1_440).contains(&minute)) {
            self.wrong("cutoff", t::FIELD_TIME_INVALID);
        }
        let known = |region: &String| REGIONS.contains(&region.as_str()) || self.is_country(region);
        let unknown = method.regions.iter().any(|region| !known(region));
        if method.regions.is_empty() {
            self.wrong("regions", t::FIELD_REQUIRED);
        } else if unknown {
            self.wrong("regions", t::ADMIN_SETTINGS_DELIVERY_REGION_UNKNOWN);
        }
    }
}
