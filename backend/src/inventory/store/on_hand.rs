//! The SQL of what is on hand, its value and its cost layers.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{LocationId, MovementId, VariantId};
use domain::{Currency, Timestamp};
use serde::Serialize;

use platform::db::{DbError, Hex, JsonRows, Tx, hex};

use crate::inventory::{Movement, Source};

pub(in crate::inventory) type StockKey = (VariantId, LocationId);

/// What can be sold of a variant at a location, with what is promised.
#[derive(platform::db::FromRow)]
pub(in crate::inventory) struct OnHand {
    #[sqlx(rename = "variant_id")]
    pub variant: VariantId,
    #[sqlx(rename = "location_id")]
    pub location: LocationId,
    pub on_hand: i64,
    pub reserved: i64,
    pub available: i64,
    /// What the units on hand cost together, minor units.
    pub value: i64,
    pub currency: Currency,
}

#[derive(Serialize)]
struct StockKeyRow<'a> {
    variant: Hex<'a>,
    location: Hex<'a>,
}

fn stock_key_rows<'a>(keys: impl IntoIterator<Item = &'a StockKey>) -> String {
    let row = |(variant, location): &'a StockKey| StockKeyRow { variant: hex(variant), location: hex(location) };
    keys.into_iter().map(row).collect::<JsonRows>().finish()
}

/// Sellable stock, locked until the end of the transaction, in id order so that two writers do not deadlock.
pub(in crate::inventory) async fn lock_on_hand(tx: &mut Tx, keys: &BTreeSet<StockKey>) -> Result<Vec<OnHand>, DbError> {
    let rows = stock_key_rows(keys);
    super::lock_rows(tx, &rows).await?;
    tx.fetch_all(
        "select s.variant_id, s.location_id, s.on_hand, s.reserved, s.available, s.value, s.currency
         from (select unhex(value->>'variant') as variant, unhex(value->>'location') as location from json_each($1)) d
         join stock s on s.variant_id = d.variant and s.location_id = d.location and s.status = 'sellable'",
        &[&rows],
    )
    .await
}

/// Writes rows that [`lock_on_hand`] read.
pub(in crate::inventory) async fn write_on_hand(tx: &mut Tx, stock: impl IntoIterator<Item = &OnHand>) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        variant: Hex<'a>,
        location: Hex<'a>,
        on_hand: i64,
        reserved: i64,
        available: i64,
        worth: i64,
    }
    let mut rows = JsonRows::new();
    for OnHand { variant, location, on_hand, reserved, available, value, .. } in stock {
        let (variant, location) = (hex(variant), hex(location));
        rows.push(&Row { variant, location, on_hand: *on_hand, reserved: *reserved, available: *available, worth: *value });
    }
    tx.write_rows(
        "update stock set on_hand = d.on_hand, reserved = d.reserved, available = d.available, value = d.worth
         from (select unhex(value->>'variant') as variant, unhex(value->>'location') as location,
                cast(value->>'on_hand' as bigint) as on_hand, cast(value->>'reserved' as bigint) as reserved,
                cast(value->>'available' as bigint) as available, cast(value->>'worth' as bigint) as worth from json_each($1)) d
         where stock.variant_id = d.variant and stock.location_id = d.location and stock.status = 'sellable'",
        rows,
    )
    .await
}

/// Adds the units and the value of movements, which are all in one currency, to the sellable stock; missing rows are created.
pub(in crate::inventory) async fn add_on_hand(tx: &mut Tx, movements: &[Movement]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        variant: Hex<'a>,
        location: Hex<'a>,
        units: i64,
        worth: i64,
        currency: Currency,
    }
    let mut sums: BTreeMap<StockKey, (i64, i64, Currency)> = BTreeMap::new();
    for m in movements {
        let sum = sums.entry((m.variant, m.location)).or_insert((0, 0, m.value.currency));
        sum.0 += m.units;
        sum.1 = sum.1.checked_add(m.value.minor).ok_or_else(|| DbError::Invariant("the stock is worth too much".to_owned()))?;
    }
    if sums.is_empty() {
        return Ok(());
    }
    let rows: JsonRows = sums
        .iter()
        .map(|((variant, location), (units, worth, currency))| Row {
            variant: hex(variant),
            location: hex(location),
            units: *units,
            worth: *worth,
            currency: *currency,
        })
        .collect();
    // Where nothing is left, the stock takes the currency of what comes.
    let written = tx
        .execute(
            "insert into stock (variant_id, location_id, on_hand, available, value, currency)
             select unhex(value->>'variant'), unhex(value->>'location'), cast(value->>'units' as bigint), cast(value->>'units' as bigint),
                cast(value->>'worth' as bigint), value->>'currency'
             from json_each($1) where true
             on conflict (variant_id, location_id, status) do update set on_hand = stock.on_hand + excluded.on_hand,
                available = stock.available + excluded.available, value = stock.value + excluded.value, currency = excluded.currency
             where stock.currency = excluded.currency or stock.on_hand = 0",
            &[&rows.finish()],
        )
        .await?;
    if written == sums.len() as u64 {
        Ok(())
    } else {
        Err(DbError::Invariant("units came in at a cost in another currency than that of the units on hand".to_owned()))
    }
}

/// Units that came in together, as far as they are still there.
#[derive(platform::db::FromRow)]
pub(in crate::inventory) struct OpenLayer {
    pub id: MovementId,
    #[sqlx(rename = "variant_id")]
    pub variant: VariantId,
    #[sqlx(rename = "location_id")]
    pub location: LocationId,
    pub remaining: i64,
}

/// The layers with units left, oldest first.
pub(in crate::inventory) async fn open_layers(tx: &mut Tx, keys: &BTreeSet<StockKey>) -> Result<Vec<OpenLayer>, DbError> {
    tx.fetch_all(
        "select y.id, y.variant_id, y.location_id, y.remaining
         from (select unhex(value->>'variant') as variant, unhex(value->>'location') as location from json_each($1)) d
         join stock_layers y on y.variant_id = d.variant and y.location_id = d.location
         where y.remaining > 0 order by y.received_at, y.id",
        &[&stock_key_rows(keys)],
    )
    .await
}

pub(in crate::inventory) async fn set_remaining(tx: &mut Tx, layers: &[(MovementId, i64)]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: Hex<'a>,
        remaining: i64,
    }
    let rows: JsonRows = layers.iter().map(|(id, remaining)| Row { id: hex(id), remaining: *remaining }).collect();
    tx.write_rows(
        "update stock_layers set remaining = d.remaining
         from (select unhex(value->>'id') as id, cast(value->>'remaining' as bigint) as remaining from json_each($1)) d
         where stock_layers.id = d.id",
        rows,
    )
    .await
}

/// A layer for each of these movements that brought units in.
pub(in crate::inventory) async fn insert_layers(tx: &mut Tx, movements: &[Movement]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: Hex<'a>,
        variant: Hex<'a>,
        location: Hex<'a>,
        units: i64,
        cost: i64,
        currency: Currency,
        at: Timestamp,
        source_kind: Option<&'a str>,
        source: Option<Hex<'a>>,
    }
    let mut rows = JsonRows::new();
    for m in movements.iter().filter(|m| m.units > 0) {
        let source = m.source.map(Source::id);
        rows.push(&Row {
            id: hex(&m.id),
            variant: hex(&m.variant),
            location: hex(&m.location),
            units: m.units,
            cost: m.value.minor,
            currency: m.value.currency,
            at: m.at,
            source_kind: m.source.map(Source::kind),
            source: source.as_ref().map(hex),
        });
    }
    tx.write_rows(
        "insert into stock_layers
            (id, variant_id, location_id, received, remaining, cost, currency, received_at, source_kind, source_id)
         select unhex(value->>'id'), unhex(value->>'variant'), unhex(value->>'location'), cast(value->>'units' as bigint),
            cast(value->>'units' as bigint), cast(value->>'cost' as bigint), value->>'currency', cast(value->>'at' as bigint),
            value->>'source_kind', unhex(value->>'source') from json_each($1)",
        rows,
    )
    .await
}
