//! The SQL of what managers set, and of the uses of discount codes. What prices are read with is in `order.rs`.

use std::collections::{BTreeMap, HashMap};

use domain::cart::Discount;
use domain::id::{DiscountId, TaxRateId};
use domain::text::comma_separated;
use domain::view::{DeliveryMethodDraft, DiscountDraft, DiscountRowView, TaxRateView};
use domain::{Currency, Locale, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use platform::db::{Db, DbError, Flag, JsonRows, Read, Tx};

use super::discounts::DiscountCode;
use crate::paging::Rows;

/// A rate that is to come into force.
pub(super) struct NewRate<'a> {
    pub id: TaxRateId,
    pub class: &'a str,
    pub country: &'a str,
    pub province: &'a str,
    pub rate_bp: i64,
    pub start: Timestamp,
    pub source: &'a str,
}

pub(super) async fn all_tax_rates(db: &Db) -> Result<Vec<TaxRateView>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        id: TaxRateId,
        class: String,
        country: String,
        province: String,
        rate_bp: i64,
        valid_from: Timestamp,
        valid_to: Option<Timestamp>,
        source: String,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select id, class, country, province, rate_bp, valid_from, valid_to, source from tax_rates
             order by country, province, class, valid_from desc",
            &[],
        )
        .await?;
    let view = |Row { id, class, country, province, rate_bp, valid_from, valid_to, source }| TaxRateView {
        id,
        class,
        country,
        province,
        rate_bp,
        valid_from,
        valid_to,
        source,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Lets a rate begin: the one before it ends there, and it ends where the next planned one begins. Returns its id (that of a
/// planned rate with the same start, which is corrected) and the rate that would have been in force, basis points.
pub(super) async fn begin_tax_rate(tx: &mut Tx, new: &NewRate<'_>) -> Result<(TaxRateId, Option<i64>), DbError> {
    // The whole table, which hardly ever changes: of a class and region without a rate there is no row to lock.
    tx.lock("lock table tax_rates in share row exclusive mode", &[]).await?;
    let before: Option<i64> = tx
        .fetch_optional_scalar(
            "select rate_bp from tax_rates
             where class = $1 and country = $2 and province = $4 and valid_from <= $3 and (valid_to is null or valid_to > $3)",
            &[&new.class, &new.country, &new.start, &new.province],
        )
        .await?;
    let next: Option<Timestamp> = tx
        .fetch_scalar(
            "select min(valid_from) from tax_rates where class = $1 and country = $2 and province = $4 and valid_from > $3",
            &[&new.class, &new.country, &new.start, &new.province],
        )
        .await?;
    tx.execute(
        "update tax_rates set valid_to = $3
         where class = $1 and country = $2 and province = $4 and valid_from < $3 and (valid_to is null or valid_to > $3)",
        &[&new.class, &new.country, &new.start, &new.province],
    )
    .await?;
    let id: TaxRateId = tx
        .fetch_scalar(
            "insert into tax_rates (id, class, country, province, rate_bp, valid_from, valid_to, source)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (class, country, province, valid_from) do update set rate_bp = excluded.rate_bp, source = excluded.source
             returning id",
            &[&new.id, &new.class, &new.country, &new.province, &new.rate_bp, &new.start, &next, &new.source],
        )
        .await?;
    Ok((id, before))
}

#[derive(platform::db::FromRow)]
struct SettingsRow {
    code: String,
    position: i64,
    fee: i64,
    per_kg_fee: i64,
    free_from: Option<i64>,
    days_min: i64,
    days_max: i64,
    cutoff: Option<i64>,
    regions: String,
    collects_cash: Flag,
    active: Flag,
}

#[derive(platform::db::FromRow)]
struct TextRow {
    code: String,
    locale: String,
    name: String,
    description: String,
}

/// Every method as managers set it, those that are not offered as well.
pub(super) async fn all_methods(db: &mut impl Read) -> Result<Vec<DeliveryMethodDraft>, DbError> {
    let rows: Vec<SettingsRow> = db
        .fetch_all(
            "select code, position, fee, per_kg_fee, free_from, days_min, days_max, cutoff, regions, collects_cash, active
             from delivery_methods order by position, code",
            &[],
        )
        .await?;
    let texts: Vec<TextRow> = db.fetch_all("select code, locale, name, description from delivery_method_texts", &[]).await?;
    let mut texts: HashMap<(String, String), (String, String)> =
        texts.into_iter().map(|text| ((text.code, text.locale), (text.name, text.description))).collect();
    let methods = rows.into_iter().map(|row| {
        let own = Locale::ALL.map(|locale| texts.remove(&(row.code.clone(), locale.code().to_owned())).unwrap_or_default());
        let (names, descriptions) = own.into_iter().unzip();
        DeliveryMethodDraft {
            is_new: false,
            code: row.code,
            position: row.position,
            names,
            descriptions,
            fee: row.fee,
            per_kg_fee: row.per_kg_fee,
            free_from: row.free_from,
            days_min: row.days_min,
            days_max: row.days_max,
            cutoff: row.cutoff,
            regions: comma_separated(&row.regions),
            collects_cash: row.collects_cash.0,
            active: row.active.0,
        }
    });
    Ok(methods.collect())
}

pub(super) async fn put_method(tx: &mut Tx, method: &DeliveryMethodDraft, currency: Currency) -> Result<(), DbError> {
    tx.execute(
        "insert into delivery_methods
            (code, position, fee, per_kg_fee, free_from, days_min, days_max, cutoff, regions, collects_cash, active, currency)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict (code) do update set position = excluded.position, currency = excluded.currency, fee = excluded.fee,
            per_kg_fee = excluded.per_kg_fee, free_from = excluded.free_from, days_min = excluded.days_min, days_max = excluded.days_max, cutoff = excluded.cutoff,
            regions = excluded.regions, collects_cash = excluded.collects_cash, active = excluded.active",
        &[
            &method.code,
            &method.position,
            &method.fee,
            &method.per_kg_fee,
            &method.free_from,
            &method.days_min,
            &method.days_max,
            &method.cutoff,
            &method.regions.join(","),
            &method.collects_cash,
            &method.active,
            &currency,
        ],
    )
    .await?;
    tx.execute("delete from delivery_method_texts where code = $1", &[&method.code]).await?;
    put_method_texts(tx, method).await
}

async fn put_method_texts(tx: &mut Tx, method: &DeliveryMethodDraft) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Text<'a> {
        locale: &'a str,
        name: &'a str,
        description: &'a str,
    }
    let mut texts = JsonRows::new();
    for ((locale, name), description) in Locale::ALL.iter().zip(&method.names).zip(&method.descriptions) {
        if !name.is_empty() {
            texts.push(&Text { locale: locale.code(), name, description });
        }
    }
    tx.execute(
        "insert into delivery_method_texts (code, locale, name, description)
         select $2, value->>'locale', value->>'name', value->>'description' from json_each($1)",
        &[&texts.finish(), &method.code],
    )
    .await
    .map(drop)
}

#[derive(platform::db::FromRow)]
struct CodeRow {
    id: DiscountId,
    #[sqlx(flatten)]
    code: DiscountCode,
    active: Flag,
}

impl CodeRow {
    fn into_view(self) -> (DiscountId, DiscountRowView) {
        let code = self.code;
        let draft = DiscountDraft {
            is_new: false,
            takes: code.takes(),
            code: code.code,
            min_subtotal: code.min_subtotal,
            valid_from: code.valid_from,
            valid_to: code.valid_to,
            most_uses: code.most_uses,
            active: self.active.0,
        };
        (self.id, DiscountRowView { draft, uses: code.uses })
    }
}

/// Selects [`CodeRow`]s.
macro_rules! codes {
    ($which:literal) => {
        concat!(
            "select id, code, percent_bp, amount, currency, min_subtotal, valid_from, valid_to, most_uses, uses, active from discount_codes ",
            $which
        )
    };
}

/// Codes older than the given one, the newest first.
pub(super) async fn discounts(db: &Db, rows: Rows, most: usize) -> Result<Vec<(DiscountId, DiscountRowView)>, DbError> {
    let newest = DiscountId(Uuid::max());
    let (key, sql) = match rows {
        Rows::First => (newest, codes!("where id < $1 order by id desc limit $2")),
        Rows::After(key) => (key.parse().unwrap_or(newest), codes!("where id < $1 order by id desc limit $2")),
        Rows::Before(key) => (key.parse().unwrap_or(newest), codes!("where id > $1 order by id limit $2")),
    };
    let rows: Vec<CodeRow> = db.fetch_all(sql, &[&key, &(most as i64)]).await?;
    Ok(rows.into_iter().map(CodeRow::into_view).collect())
}

pub(super) async fn discount(db: &mut impl Read, code: &str) -> Result<Option<(DiscountId, DiscountRowView)>, DbError> {
    let row: Option<CodeRow> = db.fetch_optional(codes!("where code = $1"), &[&code]).await?;
    Ok(row.map(CodeRow::into_view))
}

/// Makes or changes a code; its uses stay.
pub(super) async fn put_discount(tx: &mut Tx, id: DiscountId, draft: &DiscountDraft, currency: Currency) -> Result<(), DbError> {
    let (percent_bp, amount) = match draft.takes {
        Discount::Percent(bp) => (Some(bp), None),
        Discount::Amount(minor) => (None, Some(minor)),
    };
    tx.execute(
        "insert into discount_codes (id, code, percent_bp, amount, min_subtotal, valid_from, valid_to, most_uses, active, currency)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (code) do update set currency = excluded.currency, percent_bp = excluded.percent_bp, amount = excluded.amount,
            min_subtotal = excluded.min_subtotal, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
            most_uses = excluded.most_uses, active = excluded.active",
        &[
            &id,
            &draft.code,
            &percent_bp,
            &amount,
            &draft.min_subtotal,
            &draft.valid_from,
            &draft.valid_to,
            &draft.most_uses,
            &draft.active,
            &currency,
        ],
    )
    .await?;
    Ok(())
}

/// Counts uses of codes, as far as they may still be used; returns the codes that were counted.
pub(crate) async fn count_code_uses(tx: &mut Tx, uses: &BTreeMap<String, i64>) -> Result<Vec<String>, DbError> {
    tx.fetch_scalars(
        "update discount_codes set uses = uses + d.n
         from (select value->>'code' as code, cast(value->>'uses' as bigint) as n from json_each($1)) d
         where discount_codes.code = d.code and (most_uses is null or uses + d.n <= most_uses) returning discount_codes.code",
        &[&uses_rows(uses)],
    )
    .await
}

/// Gives uses of codes back, of orders that did not come about or were cancelled.
pub(crate) async fn return_code_uses(tx: &mut Tx, uses: &BTreeMap<String, i64>) -> Result<(), DbError> {
    tx.execute(
        "update discount_codes set uses = uses - d.n
         from (select value->>'code' as code, cast(value->>'uses' as bigint) as n from json_each($1)) d
         where discount_codes.code = d.code",
        &[&uses_rows(uses)],
    )
    .await
    .map(drop)
}

/// In the order of the codes, so that two transactions lock them in the same order.
fn uses_rows(uses: &BTreeMap<String, i64>) -> String {
    #[derive(Serialize)]
    struct Row<'a> {
        code: &'a str,
        uses: i64,
    }
    uses.iter().map(|(code, uses)| Row { code, uses: *uses }).collect::<JsonRows>().finish()
}
