//! Stock locations, as managers set them. One is never deleted, because movements name it; one that orders get nothing from is inactive.

use domain::id::LocationId;
use domain::messages::t;
use domain::order::{Channel, LocationKind};
use domain::permission::Permission;
use domain::text::comma_separated;
use domain::view::{FieldErrors, LocationAddress, LocationDraft};
use domain::{Locale, TimeZone};
use serde_json::{Value, json};

use crate::Shop;
use crate::pricing::{Check, PricingError, check_exists, check_seen, differences};
use platform::Context;
use platform::db::{DbError, Flag, Read, Tx, json_texts};

use super::events::LocationChanged;

/// The last position in the list of locations.
const MAX_POSITION: i64 = 9_999;

/// Every location in order, those that are not active as well.
///
/// # Errors
/// Not allowed.
pub async fn locations(shop: &Shop, ctx: &Context) -> Result<Vec<LocationDraft>, PricingError> {
    ctx.require(Permission::ReadSettings)?;
    Ok(all(&mut shop.db()).await?.into_iter().map(|(_, location)| location).collect())
}

/// Saves a location, found by its code, over what was `seen` of it; over whatever there is without that. What is reserved there already stays reserved when it becomes inactive.
///
/// # Errors
/// [`PricingError::Stale`] when it is not what was seen any more.
/// [`PricingError::Invalid`] by field: `code`, `position`, `name`, `line1`, `line2`, `city`, `province`, `postal_code`, `country`,
/// `time_zone`. [`PricingError::Unknown`], not allowed.
pub async fn save_location(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    draft: LocationDraft,
    seen: Option<LocationDraft>,
) -> Result<(), PricingError> {
    ctx.require(Permission::WriteSettings)?;
    let mut check = Check::new(locale);
    let location = checked(&mut check, draft);
    check.done()?;
    shop.write(ctx, async move |tx| {
        tx.lock("select 1 from stock_locations where code = $1 for update", &[&location.code]).await?;
        let before = all(tx).await?.into_iter().find(|(_, before)| before.code == location.code);
        check_exists(before.is_some(), location.is_new, locale, t::ADMIN_SETTINGS_LOCATION_TAKEN)?;
        check_seen(before.as_ref().map(|(_, before)| before), seen.as_ref())?;
        let id = before.as_ref().map_or_else(|| LocationId(tx.id()), |(id, _)| *id);
        put(tx, id, &location).await?;
        let changed = before.map_or_else(|| json!({}), |(_, before)| difference(&before, &location));
        let LocationDraft { code, active, channels, .. } = location.clone();
        tx.record(id, LocationChanged { code, active, channels, changed });
        Ok::<_, PricingError>(())
    })
    .await
}

/// What is wrong with a location, whatever locations there are.
#[must_use]
pub fn check_location(locale: Locale, draft: &LocationDraft) -> FieldErrors {
    let mut check = Check::new(locale);
    checked(&mut check, draft.clone());
    check.errors()
}

/// Texts trimmed, channels each once.
fn checked(check: &mut Check, mut draft: LocationDraft) -> LocationDraft {
    let code = draft.code.trim();
    if code.is_empty() || code.len() > 40 || !code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        check.wrong("code", t::ADMIN_SETTINGS_LOCATION_CODE_INVALID);
    }
    draft.code = code.to_owned();
    draft.name = check.needed("name", &draft.name, 80);
    check.number("position", draft.position, 0, MAX_POSITION);
    let LocationAddress { line1, line2, city, province, postal_code, country } = &mut draft.address;
    for (field, text) in [("line1", line1), ("line2", line2), ("city", city), ("province", province), ("postal_code", postal_code)] {
        *text = check.text(field, text, 120);
    }
    if !country.is_empty() && !check.is_country(country) {
        check.wrong("country", t::FIELD_COUNTRY_CODE);
    }
    if TimeZone::named(&draft.time_zone).is_none() {
        check.wrong("time_zone", t::FIELD_CHOOSE);
    }
    draft.channels.sort_unstable();
    draft.channels.dedup();
    draft
}

/// The changed fields for an event, each with its value before and after; of the address only that it changed.
fn difference(before: &LocationDraft, after: &LocationDraft) -> Value {
    let mut data = differences([
        ("name", json!(before.name), json!(after.name)),
        ("kind", json!(before.kind), json!(after.kind)),
        ("time_zone", json!(before.time_zone), json!(after.time_zone)),
        ("active", json!(before.active), json!(after.active)),
        ("position", json!(before.position), json!(after.position)),
        ("channels", json!(before.channels), json!(after.channels)),
    ]);
    if before.address != after.address {
        data.insert("address".to_owned(), json!(true));
    }
    Value::Object(data)
}

async fn all(db: &mut impl Read) -> Result<Vec<(LocationId, LocationDraft)>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        id: LocationId,
        code: String,
        name: String,
        kind: LocationKind,
        line1: String,
        line2: String,
        city: String,
        province: String,
        postal_code: String,
        country: String,
        time_zone: String,
        active: Flag,
        position: i64,
        channels: String,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select l.id, l.code, l.name, l.kind, l.line1, l.line2, l.city, l.province, l.postal_code, l.country, l.time_zone, l.active,
                l.position, coalesce((select string_agg(a.channel, ',' order by a.channel) from stock_location_channels a
                    where a.location_id = l.id), '') as channels
             from stock_locations l order by l.position, l.id",
            &[],
        )
        .await?;
    let draft = |row: Row| LocationDraft {
        is_new: false,
        code: row.code,
        name: row.name,
        kind: row.kind,
        address: LocationAddress {
            line1: row.line1,
            line2: row.line2,
            city: row.city,
            province: row.province,
            postal_code: row.postal_code,
            country: row.country,
        },
        time_zone: row.time_zone,
        active: row.active.0,
        position: row.position,
        channels: comma_separated(&row.channels).iter().filter_map(|channel| channel.parse::<Channel>().ok()).collect(),
    };
    Ok(rows.into_iter().map(|row| (row.id, draft(row))).collect())
}

async fn put(tx: &mut Tx, id: LocationId, location: &LocationDraft) -> Result<(), DbError> {
    let LocationDraft { code, name, kind, time_zone, position, .. } = location;
    let LocationAddress { line1, line2, city, province, postal_code, country } = &location.address;
    let minutes = TimeZone::named(time_zone).unwrap_or(TimeZone::DEFAULT).standard_offset_millis() / 60_000;
    tx.execute(
        "insert into stock_locations (id, code, name, kind, line1, line2, city, province, postal_code, country, time_zone,
            utc_offset_minutes, active, position)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         on conflict (id) do update set name = excluded.name, kind = excluded.kind, line1 = excluded.line1, line2 = excluded.line2,
            city = excluded.city, province = excluded.province, postal_code = excluded.postal_code, country = excluded.country,
            time_zone = excluded.time_zone, utc_offset_minutes = excluded.utc_offset_minutes, active = excluded.active,
            position = excluded.position",
        &[&id, code, name, kind, line1, line2, city, province, postal_code, country, time_zone, &minutes, &Flag(location.active), position],
    )
    .await?;
    tx.execute("delete from stock_location_channels where location_id = $1", &[&id]).await?;
    tx.execute(
        "insert into stock_location_channels (location_id, channel) select $1, value->>'text' from json_each($2)",
        &[&id, &json_texts(location.channels.iter().map(|channel| channel.as_str()))],
    )
    .await
    .map(drop)
}
