//! The shop's settings: name, logo, colours, currency, country, time zone, order limits.

pub mod events;

use domain::email::email;
use domain::permission::Permission;
use domain::text::is_blank;
use domain::view::{OrderLimits, ShopSettings};
use domain::{Currency, TimeZone, Timestamp};
use platform::db::{Db, DbError, Tx};
use platform::events::RecordedEvent;
use platform::settings::{Settings, put, read};
use platform::{Context, Forbidden};
use uuid::Uuid;

use self::events::SettingsChanged;
use crate::Shop;

const KEY: &str = "shop";

/// Of each limit; amounts in minor units.
const MAX_LIMIT: i64 = 1_000_000_000_000;

#[derive(Clone, Debug, thiserror::Error)]
pub enum SettingsError {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The name of a wrong field.
    #[error("{0}")]
    Invalid(&'static str),
    /// The currency cannot be changed any more.
    #[error("prices or the books are in another currency")]
    Priced,
    #[error("somebody else changed this in the meantime")]
    Stale,
    #[error("{0}")]
    Db(#[from] DbError),
}

/// The settings as [`load`] last read them: at start and after each change. What cannot be read since changes nothing: [`load`] says so.
#[must_use]
pub fn shop(shop: &Shop) -> ShopSettings {
    shop.settings().last(KEY).unwrap_or_default()
}

/// The currency that prices and orders are in.
#[must_use]
pub fn shop_currency(shop: &Shop) -> Currency {
    self::shop(shop).currency.parse().unwrap_or(Currency::PHP)
}

/// The time zone whose days and clock the shop goes by.
#[must_use]
pub fn time_zone(shop: &Shop) -> TimeZone {
    self::shop(shop).zone()
}

/// The settings as a transaction finds them: for what must not go by those of a moment ago.
///
/// # Errors
/// The database's.
pub(crate) async fn shop_in(tx: &mut Tx) -> Result<ShopSettings, DbError> {
    Ok(read(tx, KEY).await?.unwrap_or_default())
}

/// Reads the settings from the database.
///
/// # Errors
/// The database's.
pub async fn load(shop: &Shop) -> Result<ShopSettings, DbError> {
    Ok(shop.settings().get(shop.db(), KEY).await?.unwrap_or_default())
}

/// Can the settings of this database be read? For one that no shop is opened on.
///
/// # Errors
/// [`DbError::Setting`] where not; the database's.
pub async fn check_readable(db: &Db) -> Result<(), DbError> {
    Settings::default().get::<ShopSettings>(db, KEY).await.map(drop)
}

/// The next [`load`] reads the settings again when these events changed them.
pub(crate) fn invalidate(shop: &Shop, events: &[RecordedEvent]) {
    if events.iter().any(RecordedEvent::is::<SettingsChanged>) {
        shop.settings().forget();
    }
}

/// Saves the settings.
///
/// # Errors
/// [`SettingsError::Invalid`] naming the field: `name`, `currency`, `primary`, `accent`, `contact_email`, `country`, `time_zone`,
/// or a field of the limits.
/// [`SettingsError::Priced`]: the currency can be chosen until something has a price or is in the books. Delivery fees, discounts and
/// costs that were typed before are then in the new one.
pub async fn save(shop: &Shop, ctx: &Context, new: ShopSettings) -> Result<(), SettingsError> {
    write(shop, ctx, new, |_, new| Ok(new)).await
}

/// A part of the settings that is saved by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsPart {
    /// All but the others.
    General,
    Limits,
    Logo,
}

impl SettingsPart {
    /// These settings with the part of the others.
    #[must_use]
    pub fn of(self, others: &ShopSettings, settings: &ShopSettings) -> ShopSettings {
        let (others, settings) = (others.clone(), settings.clone());
        match self {
            Self::General => ShopSettings { logo: settings.logo, limits: settings.limits, ..others },
            Self::Limits => ShopSettings { limits: others.limits, ..settings },
            Self::Logo => ShopSettings { logo: others.logo, ..settings },
        }
    }
}

/// Saves a part of the settings over what was `seen` of it; the other parts stay as they are by then.
///
/// # Errors
/// [`SettingsError::Stale`] when the part is not what was seen any more, otherwise as [`save`].
pub async fn save_part(shop: &Shop, ctx: &Context, part: SettingsPart, seen: ShopSettings, new: ShopSettings) -> Result<(), SettingsError> {
    let saved =
        write(shop, ctx, new, move |now, new| if part.of(&seen, now) == *now { Ok(part.of(&new, now)) } else { Err(SettingsError::Stale) });
    let saved = saved.await;
    if matches!(saved, Err(SettingsError::Stale)) {
        // On another node, and not heard of yet.
        shop.settings().forget();
    }
    saved
}

/// Who changed the settings last, as events name them, and when; none where nobody did.
///
/// # Errors
/// The database's.
pub async fn last_change(shop: &Shop) -> Result<Option<(String, Timestamp)>, DbError> {
    platform::events::last::<SettingsChanged>(shop.db(), Uuid::nil()).await
}

/// `merge` makes of the settings that there are and the new ones what is saved.
async fn write(
    shop: &Shop,
    ctx: &Context,
    new: ShopSettings,
    merge: impl Fn(&ShopSettings, ShopSettings) -> Result<ShopSettings, SettingsError> + Send + Sync + 'static,
) -> Result<(), SettingsError> {
    ctx.require(Permission::WriteSettings)?;
    check(&new)?;
    shop.write(ctx, async move |tx| {
        // Two that save at once have one order.
        tx.lock("select 1 from settings where key = $1 for update", &[&KEY]).await?;
        let before: ShopSettings = read(tx, KEY).await?.unwrap_or_default();
        let new = merge(&before, new.clone())?;
        if before.currency != new.currency {
            change_currency(tx, &new.currency).await?;
        }
        let country_before = Some(before.country).filter(|country| *country != new.country);
        put(tx, KEY, &new).await?;
        tx.record(Uuid::nil(), SettingsChanged { settings: new.clone(), country_before });
        Ok::<_, SettingsError>(())
    })
    .await?;
    shop.settings().forget();
    // Fees may be in another currency now.
    shop.rules_cache().invalidate();
    load(shop).await?;
    Ok(())
}

/// The first field that is wrong.
fn check(new: &ShopSettings) -> Result<(), SettingsError> {
    let is_colour =
        |text: &str| text.is_empty() || (text.len() == 7 && text.starts_with('#') && text[1..].bytes().all(|b| b.is_ascii_hexdigit()));
    let is_limit = |number: i64| (0..=MAX_LIMIT).contains(&number);
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
    let fields = [
        ("name", !is_blank(&new.name) && new.name.chars().count() <= 100 && !new.name.chars().any(char::is_control)),
        ("currency", new.currency.parse::<Currency>().is_ok()),
        ("primary", is_colour(&new.primary)),
        ("accent", is_colour(&new.accent)),
        ("contact_email", new.contact_email.is_empty() || email(&new.contact_email).is_some()),
        ("country", new.country.len() == 2 && new.country.bytes().all(|b| b.is_ascii_uppercase())),
        ("time_zone", TimeZone::named(&new.time_zone).is_some()),
        ("cash_total", is_limit(cash_total)),
        ("cash_per_person", is_limit(cash_per_person)),
        ("cash_per_client", is_limit(cash_per_client)),
        ("card_per_person", is_limit(card_per_person)),
        ("card_per_client", is_limit(card_per_client)),
        ("cash_days", is_limit(cash_days)),
        ("line_units", is_limit(line_units)),
        ("lines", is_limit(lines)),
    ];
    fields.into_iter().find(|(_, is_valid)| !is_valid).map_or(Ok(()), |(field, _)| Err(SettingsError::Invalid(field)))
}

/// Puts the amounts that managers typed into another currency, as long as there are no prices and nothing is booked.
async fn change_currency(tx: &mut Tx, currency: &str) -> Result<(), SettingsError> {
    let used: i64 = tx
        .fetch_scalar(
            "select cast(case when exists (select 1 from prices) or exists (select 1 from journal_entries) then 1 else 0 end as bigint)",
            &[],
        )
        .await?;
    if used != 0 {
        return Err(SettingsError::Priced);
    }
    for sql in [
        "update delivery_methods set currency = $1",
        "update discount_codes set currency = $1",
        "update variants set cost_currency = $1",
        "update stock set currency = $1",
        "update stock_movements set currency = $1",
        "update stock_layers set currency = $1",
    ] {
        tx.execute(sql, &[&currency]).await?;
    }
    Ok(())
}
