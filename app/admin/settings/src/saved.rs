//! What somebody else saved, field by field, as the forms of the settings show it: the field's id and the value, by the path of a part.

use admin_layout::saved_tick;
use domain::messages::t;
use domain::{Currency, Locale, Money, TimeZone, Timestamp};
use serde_json::Value;

type Shown = Option<(String, String)>;

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(parts) => parts.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Null | Value::Bool(_) | Value::Object(_) => String::new(),
    }
}

fn money(value: &Value, currency: Currency) -> String {
    value.as_i64().map(|minor| Money::new(minor, currency).decimal()).unwrap_or_default()
}

/// A field of a delivery method.
pub(crate) fn method(locale: Locale, currency: Currency, path: &str, value: &Value) -> Shown {
    let in_language = |field: &str, at: &str| {
        let language = at.parse().ok().and_then(|at: usize| Locale::ALL.get(at).copied())?;
        Some((format!("{field}.{}", language.code()), text(value)))
    };
    match path.split_once('.') {
        Some(("names", at)) => return in_language("name", at),
        Some(("descriptions", at)) => return in_language("description", at),
        _ => {}
    }
    let shown = match path {
        "fee" | "per_kg_fee" | "free_from" => money(value, currency),
        "cutoff" => value.as_i64().map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60)).unwrap_or_default(),
        "collects_cash" => saved_tick(locale, t::ADMIN_SETTINGS_DELIVERY_CASH, value),
        "active" => saved_tick(locale, t::ADMIN_SETTINGS_DELIVERY_ACTIVE, value),
        "position" | "days_min" | "days_max" | "regions" => text(value),
        _ => return None,
    };
    Some((path.to_owned(), shown))
}

/// A field of a location.
pub(crate) fn location(locale: Locale, path: &str, value: &Value) -> Shown {
    let shown = match path {
        "active" => saved_tick(locale, t::ADMIN_SETTINGS_LOCATION_ACTIVE, value),
        "name" | "kind" | "position" | "time_zone" | "channels" => text(value),
        _ => return path.strip_prefix("address.").map(|field| (field.to_owned(), text(value))),
    };
    Some((path.to_owned(), shown))
}

/// Of a discount code.
pub(crate) fn discount(locale: Locale, currency: Currency, zone: TimeZone, path: &str, value: &Value) -> Shown {
    let day = |before: i64| {
        let moment = value.as_i64().map(|millis| Timestamp::from_millis(millis).plus_millis(-before));
        moment.map(|at| zone.date(at).to_string()).unwrap_or_default()
    };
    let shown = match path {
        "takes" => {
            let (percent, amount) = (value.get("Percent"), value.get("Amount"));
            let percent = percent.and_then(Value::as_i64).map(|basis_points| locale.percent(basis_points));
            return Some(("value".to_owned(), percent.unwrap_or_else(|| money(amount.unwrap_or(&Value::Null), currency))));
        }
        "min_subtotal" => money(value, currency),
        "valid_from" => day(0),
        // The last day, and not the moment at which it ends.
        "valid_to" => day(1),
        "most_uses" => text(value),
        "active" => saved_tick(locale, t::ADMIN_SETTINGS_DISCOUNT_ACTIVE, value),
        _ => return None,
    };
    Some((path.to_owned(), shown))
}

/// Of the settings of the shop, its limits among them.
pub(crate) fn settings(locale: Locale, currency: Currency, path: &str, value: &Value) -> Shown {
    if let Some(limit) = path.strip_prefix("limits.") {
        let shown = match limit {
            "cash" => saved_tick(locale, t::ADMIN_SETTINGS_LIMITS_CASH, value),
            "cash_total" => money(value, currency),
            _ => text(value),
        };
        return Some((limit.to_owned(), shown));
    }
    matches!(path, "name" | "currency" | "primary" | "accent" | "country" | "time_zone" | "contact_email" | "low_stock")
        .then(|| (path.to_owned(), text(value)))
}
