//! Delivery methods: where they go, what they cost, how long they take. A fee is computed by
//! [`DeliveryRate::fee_for`](domain::cart::DeliveryRate::fee_for).
//!
//! A delivery method is never deleted, because orders name it; one that is not offered any more is inactive.

use std::collections::HashMap;

use domain::messages::t;
use domain::permission::Permission;
use domain::view::{DeliveryMethodDraft, FieldErrors};
use domain::{Currency, Locale, TimeZone, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use platform::Context;
use platform::db::{DbError, Tx};

use crate::{Shop, settings};

use super::check::{Check, check_exists, check_seen, differences};
use super::events::DeliveryChanged;
use super::{PricingError, store};

/// Where delivery methods go, beside countries.
const REGIONS: [&str; 5] = ["NCR", "Luzon", "Visayas", "Mindanao", "*"];
/// The most days until a parcel arrives.
const MAX_DAYS: i64 = 365;
/// The last position in the list of delivery methods.
const MAX_POSITION: i64 = 9_999;

/// A delivery method with its texts in each language.
#[derive(Clone, Debug)]
pub struct DeliveryMethod {
    pub code: String,
    /// Of its amounts.
    pub currency: Currency,
    /// Minor units.
    pub fee: i64,
    /// Minor units for each begun kilogram beyond the first.
    pub per_kg_fee: i64,
    /// Items worth this, minor units, are delivered free.
    pub free_from: Option<i64>,
    pub days_min: i64,
    pub days_max: i64,
    /// Minutes after midnight by the shop's clock: what is ordered from then on counts as ordered on the next day.
    pub cutoff: Option<i64>,
    /// Where it goes: `PH`, island groups, country codes, `*`.
    pub regions: Vec<String>,
    /// Does the courier collect cash on delivery?
    pub collects_cash: bool,
    /// Name and description by language.
    pub texts: HashMap<Locale, (String, String)>,
}

impl DeliveryMethod {
    /// Does it go to a country and, in the Philippines, an island group?
    #[must_use]
    pub fn goes_to(&self, country: &str, island: Option<&str>) -> bool {
        self.regions
            .iter()
            .any(|region| region == country || (region == "*" && country != "PH") || (country == "PH" && Some(region.as_str()) == island))
    }

    /// In how many days what is ordered at a moment arrives, at least and at most; counted from the day of that moment in the shop's time zone.
    #[must_use]
    pub fn promised_days(&self, at: Timestamp, zone: TimeZone) -> (i64, i64) {
        let late = i64::from(self.cutoff.is_some_and(|cutoff| at >= zone.moment(zone.date(at), cutoff)));
        (self.days_min + late, self.days_max + late)
    }

    /// The cut-off of the day of this moment in the shop's time zone, up to which [`Self::promised_days`] applies; none where it makes no difference or
    /// has passed.
    #[must_use]
    pub fn order_by(&self, at: Timestamp, zone: TimeZone) -> Option<Timestamp> {
        Some(zone.moment(zone.date(at), self.cutoff?)).filter(|cutoff| at < *cutoff)
    }

    /// Name and description in a language, English where there is none.
    #[must_use]
    pub fn name_and_description(&self, locale: Locale) -> (&str, &str) {
        self.texts
            .get(&locale)
            .or_else(|| self.texts.get(&Locale::En))
            .map_or((self.code.as_str(), ""), |(name, description)| (name, description))
    }
}

/// Every delivery method in order, those that are not offered as well.
///
/// # Errors
/// Not allowed.
pub async fn delivery_methods(shop: &Shop, ctx: &Context) -> Result<Vec<DeliveryMethodDraft>, PricingError> {
    ctx.require(Permission::ReadSettings)?;
    Ok(store::all_methods(&mut shop.db()).await?)
}

/// What is wrong with a delivery method, whatever methods there are.
#[must_use]
pub fn check_delivery_method(locale: Locale, draft: &DeliveryMethodDraft) -> FieldErrors {
    let mut check = Check::new(locale);
    check.method(&normalized(draft.clone()));
    check.errors()
}

/// Saves a delivery method, found by its code, over what was `seen` of it; over whatever there is without that.
///
/// # Errors
/// [`PricingError::Stale`] when it is not what was seen any more.
/// [`PricingError::Invalid`] by field: `code`, `position`, `name.en`, `description.en` and so on, `fee`, `per_kg_fee`, `free_from`,
/// `days_min`, `days_max`, `cutoff`, `regions`. [`PricingError::Unknown`], not allowed.
pub async fn save_delivery_method(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    draft: DeliveryMethodDraft,
    seen: Option<DeliveryMethodDraft>,
) -> Result<(), PricingError> {
    ctx.require(Permission::WriteSettings)?;
    let method = normalized(draft);
    let mut check = Check::new(locale);
    check.method(&method);
    check.done()?;
    let currency = settings::shop_currency(shop);
    shop.write(ctx, async move |tx| {
        let before = lock(tx, &method.code).await?;
        check_exists(before.is_some(), method.is_new, locale, t::ADMIN_SETTINGS_DELIVERY_TAKEN)?;
        check_seen(before.as_ref(), seen.as_ref())?;
        store::put_method(tx, &method, currency).await?;
        let changed = difference(before.as_ref(), &method);
        tx.record(Uuid::nil(), DeliveryChanged { code: method.code.clone(), active: method.active, currency, changed });
        Ok::<_, PricingError>(())
    })
    .await?;
    shop.rules_cache().invalidate();
    Ok(())
}

/// The method with this code, locked until the transaction ends.
async fn lock(tx: &mut Tx, code: &str) -> Result<Option<DeliveryMethodDraft>, DbError> {
    tx.lock("select 1 from delivery_methods where code = $1 for update", &[&code]).await?;
    let all = store::all_methods(tx).await?;
    Ok(all.into_iter().find(|method| method.code == code))
}

/// Texts trimmed and one for each language, regions trimmed and each once.
fn normalized(draft: DeliveryMethodDraft) -> DeliveryMethodDraft {
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

/// The changed fields for an event, each with its value before and after; of texts only the names.
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
    fn method(&mut self, method: &DeliveryMethodDraft) {
        let code = method.code.as_str();
        if code.is_empty() || code.len() > 40 || !code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            self.wrong("code", t::ADMIN_SETTINGS_DELIVERY_CODE_INVALID);
        }
        self.number("position", method.position, 0, MAX_POSITION);
        for ((locale, name), description) in Locale::ALL.into_iter().zip(&method.names).zip(&method.descriptions) {
            let field = format!("name.{}", locale.code());
            if locale == Locale::En {
                self.needed(&field, name, 80);
            } else {
                self.text(&field, name, 80);
            }
            self.text(&format!("description.{}", locale.code()), description, 300);
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
        let is_region = |region: &String| REGIONS.contains(&region.as_str()) || self.is_country(region);
        let all_exist = method.regions.iter().all(is_region);
        if method.regions.is_empty() {
            self.wrong("regions", t::FIELD_REQUIRED);
        } else if !all_exist {
            self.wrong("regions", t::ADMIN_SETTINGS_DELIVERY_REGION_UNKNOWN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_cut_off_that_the_clock_shows_twice_the_first_counts() {
        let method = DeliveryMethod {
            code: "riders".into(),
            currency: Currency::PHP,
            fee: 0,
            per_kg_fee: 0,
            free_from: None,
            days_min: 0,
            days_max: 1,
            cutoff: Some(150),
            regions: Vec::new(),
            collects_cash: false,
            texts: HashMap::new(),
        };
        let berlin = TimeZone::named("Europe/Berlin").unwrap();
        let first = berlin.moment(domain::Date::parse("2026-10-25").unwrap(), 150);
        let minutes = |minutes: i64| first.plus_millis(minutes * 60_000);
        assert_eq!((method.order_by(minutes(-1), berlin), method.promised_days(minutes(-1), berlin)), (Some(first), (0, 1)));
        assert_eq!(berlin.minute_of_day(minutes(40)), 130, "ten past two, for the second time");
        for after in [0, 40, 59, 60, 61] {
            assert_eq!((method.order_by(minutes(after), berlin), method.promised_days(minutes(after), berlin)), (None, (1, 2)), "{after}");
        }
    }
}
