//! The shop's face and rules: name, logo, colours, currency, country.

use domain::Currency;
use domain::permission::Permission;
use domain::text::is_blank;
use domain::view::{OrderLimits, ShopSettings};
use uuid::Uuid;

use crate::Shop;
use crate::platform::db::DbError;
use crate::platform::events::{self, Event};
use crate::platform::settings::put;
use crate::platform::{Context, Forbidden};

/// Under which key they are kept.
const KEY: &str = "shop";

/// The greatest of the limits' numbers.
const MAX_AMOUNT: i64 = 1_000_000_000_000;

/// Why settings were not saved.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SettingsError {
    /// Not allowed.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// A field is wrong; names it.
    #[error("{0}")]
    Invalid(&'static str),
    /// Another currency, though goods have prices in the one there is.
    #[error("goods have prices in another currency")]
    Priced,
    /// The database.
    #[error("{0}")]
    Db(#[from] DbError),
}

/// The settings as last read; [`load`] reads them at start and after each change.
#[must_use]
pub fn shop(shop: &Shop) -> ShopSettings {
    shop.settings().last(KEY).unwrap_or_default()
}

/// The currency that prices and orders are in.
#[must_use]
pub fn shop_currency(shop: &Shop) -> Currency {
    self::shop(shop).currency.parse().unwrap_or(Currency::PHP)
}

/// Reads the settings.
///
/// # Errors
/// The database's.
pub async fn load(shop: &Shop) -> Result<ShopSettings, DbError> {
    Ok(shop.settings().get(shop.db(), KEY).await?.unwrap_or_default())
}

/// Saves the settings.
///
/// # Errors
/// [`SettingsError::Invalid`] naming the field: `name`, `currency`, `primary`, `accent`, `contact_email`, `country`, or a
/// field of the limits.
/// [`SettingsError::Priced`]: the currency can be chosen until something has a price.
pub async fn save(shop: &Shop, ctx: &Context, new: ShopSettings) -> Result<(), SettingsError> {
    ctx.require(Permission::WriteSettings)?;
    let colour =
        |text: &str| text.is_empty() || (text.len() == 7 && text.starts_with('#') && text[1..].bytes().all(|b| b.is_ascii_hexdigit()));
    if is_blank(&new.name) || new.name.chars().count() > 100 || new.name.chars().any(char::is_control) {
        return Err(SettingsError::Invalid("name"));
    }
    if new.currency.parse::<Currency>().is_err() {
        return Err(SettingsError::Invalid("currency"));
    }
    if !colour(&new.primary) {
        return Err(SettingsError::Invalid("primary"));
    }
    if !colour(&new.accent) {
        return Err(SettingsError::Invalid("accent"));
    }
    if !new.contact_email.is_empty() && domain::email::email(&new.contact_email).is_none() {
        return Err(SettingsError::Invalid("contact_email"));
    }
    if new.country.len() != 2 || !new.country.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(SettingsError::Invalid("country"));
    }
    let OrderLimits {
        cash: _,
        cash_total,
        cash_per_person,
        cash_per_client,
        card_per_person,
        card_per_client,
        cash_days,
        line_units,
        lines,
    } = new.limits;
    for (field, number) in [
        ("cash_total", cash_total),
        ("cash_per_person", cash_per_person),
        ("cash_per_client", cash_per_client),
        ("card_per_person", card_per_person),
        ("card_per_client", card_per_client),
        ("cash_days", cash_days),
        ("line_units", line_units),
        ("lines", lines),
    ] {
        if !(0..=MAX_AMOUNT).contains(&number) {
            return Err(SettingsError::Invalid(field));
        }
    }
    let (inner, ctx) = (shop.clone(), ctx.clone());
    let another = load(shop).await?.currency != new.currency;
    shop.db()
        .write(async move |tx| {
            let at = inner.now();
            if another && tx.fetch_optional::<(i64,)>("select 1 from prices limit 1", &[]).await?.is_some() {
                return Err(SettingsError::Priced);
            }
            put(tx, KEY, &new, at).await?;
            let data = serde_json::json!({ "settings": new });
            Ok(events::append(tx, &inner, &ctx, at, &[Event::new("settings.changed", Uuid::nil(), data)]).await?)
        })
        .await?;
    shop.settings().forget();
    shop.feed().wake();
    load(shop).await?;
    Ok(())
}
