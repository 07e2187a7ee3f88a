//! Prices' SQL.

use std::collections::HashMap;

use domain::cart::Discount;
use domain::id::{DiscountId, PictureId, ProductId, TaxRateId, VariantId};
use domain::order::Channel;
use domain::view::{DeliveryMethodDraft, DiscountDraft, DiscountRowView, TaxRateView};
use domain::{Currency, Locale, Timestamp};
use uuid::Uuid;

use crate::platform::db::{Db, DbError, Reader, Rows, Tx};

use super::{Code, Method, Quote, QuoteKey};

type QuoteRow =
    (VariantId, String, String, ProductId, String, String, String, Option<PictureId>, Option<i64>, String, i64, i64, i64, String, String);

pub(super) async fn quotes(
    db: &mut impl Reader,
    keys: &[QuoteKey],
    currency: Currency,
    at: Timestamp,
) -> Result<HashMap<QuoteKey, Quote>, DbError> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let mut asked = Rows::new();
    for (variant, channel, locale) in keys {
        asked.row(&[variant, &channel.as_str(), &locale.code()]);
    }
    let rows: Vec<QuoteRow> = db
        .fetch_all(
            "select v.id, j.channel, j.locale, p.id, v.sku, coalesce(t.name, e.name, p.handle), coalesce(t.slug, e.slug, p.handle),
                coalesce(v.picture_id, (select pp.picture_id from product_pictures pp where pp.product_id = p.id order by pp.position limit 1)),
                (select r.amount from prices r join price_lists l on l.id = r.price_list_id
                 where r.variant_id = v.id and l.currency = $2 and (l.channel is null or l.channel = j.channel)
                   and (l.valid_from is null or l.valid_from <= $3) and (l.valid_to is null or l.valid_to > $3)
                 order by l.position, l.id limit 1),
                p.tax_class, v.weight_g, v.cost, v.archived, p.status,
                coalesce((select string_agg(coalesce(vt.name, ve.name, ov.key), ' · ' order by o.position)
                 from variant_values vv
                 join product_options o on o.id = vv.option_id
                 join option_values ov on ov.id = vv.value_id
                 left join option_value_texts vt on vt.value_id = vv.value_id and vt.locale = j.locale
                 left join option_value_texts ve on ve.value_id = vv.value_id and ve.locale = 'en'
                 where vv.variant_id = v.id), '')
             from (select unhex(value->>0) as variant_id, value->>1 as channel, value->>2 as locale from json_each($1)) j
             join variants v on v.id = j.variant_id
             join products p on p.id = v.product_id
             left join product_texts t on t.product_id = p.id and t.locale = j.locale
             left join product_texts e on e.product_id = p.id and e.locale = 'en'",
            &[&asked.end(), &currency, &at],
        )
        .await?;
    let quotes = rows.into_iter().filter_map(|row| {
        let (variant, channel, locale, product, sku, name, slug, picture, price, tax_class, weight_g, cost, archived, status, options) =
            row;
        let key = (variant, channel.parse::<Channel>().ok()?, Locale::parse(&locale)?);
        let on_sale = archived == 0 && status == "published" && price.is_some();
        Some((key, Quote { variant, product, sku, name, slug, options, picture, price, tax_class, weight_g, cost, on_sale }))
    });
    Ok(quotes.collect())
}

pub(super) async fn tax_rates(db: &mut impl Reader, at: Timestamp) -> Result<Vec<(String, String, i64)>, DbError> {
    db.fetch_all("select class, country, rate_bp from tax_rates where valid_from <= $1 and (valid_to is null or valid_to > $1)", &[&at])
        .await
}

/// A rate that is to come into force.
pub(super) struct NewRate<'a> {
    pub id: TaxRateId,
    pub class: &'a str,
    pub country: &'a str,
    pub rate_bp: i64,
    pub start: Timestamp,
    pub source: &'a str,
}

pub(super) async fn all_tax_rates(db: &Db) -> Result<Vec<TaxRateView>, DbError> {
    type Rate = (TaxRateId, String, String, i64, Timestamp, Option<Timestamp>, String);
    let rows: Vec<Rate> = db
        .fetch_all(
            "select id, class, country, rate_bp, valid_from, valid_to, source from tax_rates order by country, class, valid_from desc",
            &[],
        )
        .await?;
    let rates = rows.into_iter().map(|(id, class, country, rate_bp, valid_from, valid_to, source)| TaxRateView {
        id,
        class,
        country,
        rate_bp,
        valid_from,
        valid_to,
        source,
    });
    Ok(rates.collect())
}

/// Lets a rate begin: the one before it ends there, and it ends where the next planned one begins. Returns its id (that of a
/// planned rate with the same start, which is corrected) and the rate that would have been in force, basis points.
pub(super) async fn begin_tax_rate(tx: &mut Tx, new: &NewRate<'_>) -> Result<(TaxRateId, Option<i64>), DbError> {
    tx.lock("select 1 from tax_rates where class = $1 and country = $2 order by id for update", &[&new.class, &new.country]).await?;
    let before: Option<(i64,)> = tx
        .fetch_optional(
            "select rate_bp from tax_rates
             where class = $1 and country = $2 and valid_from <= $3 and (valid_to is null or valid_to > $3)",
            &[&new.class, &new.country, &new.start],
        )
        .await?;
    let next: (Option<Timestamp>,) = tx
        .fetch_one(
            "select min(valid_from) from tax_rates where class = $1 and country = $2 and valid_from > $3",
            &[&new.class, &new.country, &new.start],
        )
        .await?;
    tx.execute(
        "update tax_rates set valid_to = $3
         where class = $1 and country = $2 and valid_from < $3 and (valid_to is null or valid_to > $3)",
        &[&new.class, &new.country, &new.start],
    )
    .await?;
    let id: (TaxRateId,) = tx
        .fetch_one(
            "insert into tax_rates (id, class, country, rate_bp, valid_from, valid_to, source) values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (class, country, valid_from) do update set rate_bp = excluded.rate_bp, source = excluded.source
             returning id",
            &[&new.id, &new.class, &new.country, &new.rate_bp, &new.start, &next.0, &new.source],
        )
        .await?;
    Ok((id.0, before.map(|(rate,)| rate)))
}

pub(super) async fn all_methods(db: &mut impl Reader) -> Result<Vec<DeliveryMethodDraft>, DbError> {
    type Row = (String, i64, i64, i64, Option<i64>, i64, i64, Option<i64>, String, i64, i64);
    let rows: Vec<Row> = db
        .fetch_all(
            "select code, position, fee, per_kg_fee, free_from, days_min, days_max, cutoff, regions, collects_cash, active
             from delivery_methods order by position, code",
            &[],
        )
        .await?;
    let texts: Vec<(String, String, String, String)> =
        db.fetch_all("select code, locale, name, description from delivery_method_texts", &[]).await?;
    let mut words: HashMap<(String, String), (String, String)> =
        texts.into_iter().map(|(code, locale, name, description)| ((code, locale), (name, description))).collect();
    let methods =
        rows.into_iter().map(|(code, position, fee, per_kg_fee, free_from, days_min, days_max, cutoff, regions, cash, active)| {
            let own = Locale::ALL.map(|locale| words.remove(&(code.clone(), locale.code().to_owned())).unwrap_or_default());
            let (names, descriptions) = own.into_iter().unzip();
            DeliveryMethodDraft {
                is_new: false,
                code,
                position,
                names,
                descriptions,
                fee,
                per_kg_fee,
                free_from,
                days_min,
                days_max,
                cutoff,
                regions: regions_of(&regions),
                collects_cash: cash != 0,
                active: active != 0,
            }
        });
    Ok(methods.collect())
}

pub(super) async fn put_method(tx: &mut Tx, method: &DeliveryMethodDraft) -> Result<(), DbError> {
    tx.execute(
        "insert into delivery_methods (code, position, fee, per_kg_fee, free_from, days_min, days_max, cutoff, regions, collects_cash, active)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (code) do update set position = excluded.position, fee = excluded.fee, per_kg_fee = excluded.per_kg_fee,
            free_from = excluded.free_from, days_min = excluded.days_min, days_max = excluded.days_max, cutoff = excluded.cutoff,
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
            &i64::from(method.collects_cash),
            &i64::from(method.active),
        ],
    )
    .await?;
    tx.execute("delete from delivery_method_texts where code = $1", &[&method.code]).await?;
    let mut rows = Rows::new();
    for ((locale, name), description) in Locale::ALL.iter().zip(&method.names).zip(&method.descriptions) {
        if !name.is_empty() {
            rows.row(&[&method.code, &locale.code(), name, description]);
        }
    }
    tx.execute(
        "insert into delivery_method_texts (code, locale, name, description)
         select value->>0, value->>1, value->>2, value->>3 from json_each($1)",
        &[&rows.end()],
    )
    .await?;
    Ok(())
}

fn regions_of(list: &str) -> Vec<String> {
    list.split(',').map(|region| region.trim().to_owned()).filter(|region| !region.is_empty()).collect()
}

type MethodRow = (String, i64, i64, Option<i64>, i64, i64, Option<i64>, String, i64, String, String, String);

pub(super) async fn methods(db: &mut impl Reader) -> Result<Vec<Method>, DbError> {
    let rows: Vec<MethodRow> = db
        .fetch_all(
            "select m.code, m.fee, m.per_kg_fee, m.free_from, m.days_min, m.days_max, m.cutoff, m.regions, m.collects_cash,
                t.locale, t.name, t.description
             from delivery_methods m join delivery_method_texts t on t.code = m.code where m.active = 1 order by m.position, m.code",
            &[],
        )
        .await?;
    let mut methods: Vec<Method> = Vec::new();
    for (code, fee, per_kg_fee, free_from, days_min, days_max, cutoff, regions, cash, locale, name, description) in rows {
        if methods.last().is_none_or(|last| last.code != code) {
            let regions = regions_of(&regions);
            let collects_cash = cash != 0;
            let texts = HashMap::new();
            methods.push(Method { code, fee, per_kg_fee, free_from, days_min, days_max, cutoff, regions, collects_cash, texts });
        }
        if let (Some(method), Some(locale)) = (methods.last_mut(), Locale::parse(&locale)) {
            method.texts.insert(locale, (name, description));
        }
    }
    Ok(methods)
}

type CodeRow = (DiscountId, String, Option<i64>, Option<i64>, i64, Option<Timestamp>, Option<Timestamp>, Option<i64>, i64, i64);

macro_rules! codes {
    ($which:literal) => {
        concat!(
            "select id, code, percent_bp, amount, min_subtotal, valid_from, valid_to, most_uses, uses, active from discount_codes ",
            $which
        )
    };
}

const fn takes(percent_bp: Option<i64>, amount: Option<i64>) -> Discount {
    match (percent_bp, amount) {
        (Some(bp), _) => Discount::Percent(bp),
        (None, Some(minor)) => Discount::Amount(minor),
        (None, None) => Discount::Amount(0),
    }
}

pub(super) async fn codes(db: &mut impl Reader, texts: &[String]) -> Result<HashMap<String, Code>, DbError> {
    let asked: Rows = texts.iter().collect();
    let rows: Vec<CodeRow> =
        db.fetch_all(codes!("where active = 1 and code in (select value->>0 from json_each($1))"), &[&asked.end()]).await?;
    let codes = rows.into_iter().map(|(_, code, percent_bp, amount, min_subtotal, valid_from, valid_to, most_uses, uses, _)| {
        (code, Code { takes: takes(percent_bp, amount), min_subtotal, valid_from, valid_to, most_uses, uses })
    });
    Ok(codes.collect())
}

fn discount_row(row: CodeRow) -> (DiscountId, DiscountRowView) {
    let (id, code, percent_bp, amount, min_subtotal, valid_from, valid_to, most_uses, uses, active) = row;
    let takes = takes(percent_bp, amount);
    let draft = DiscountDraft { is_new: false, code, takes, min_subtotal, valid_from, valid_to, most_uses, active: active != 0 };
    (id, DiscountRowView { draft, uses })
}

/// Codes older than the given one, the newest first.
pub(super) async fn discounts(db: &Db, after: Option<DiscountId>, most: usize) -> Result<Vec<(DiscountId, DiscountRowView)>, DbError> {
    let after = after.unwrap_or(DiscountId(Uuid::max()));
    let rows: Vec<CodeRow> = db.fetch_all(codes!("where id < $1 order by id desc limit $2"), &[&after, &(most as i64)]).await?;
    Ok(rows.into_iter().map(discount_row).collect())
}

pub(super) async fn discount(db: &mut impl Reader, code: &str) -> Result<Option<(DiscountId, DiscountRowView)>, DbError> {
    let row: Option<CodeRow> = db.fetch_optional(codes!("where code = $1"), &[&code]).await?;
    Ok(row.map(discount_row))
}

/// Makes or changes a code; its uses stay.
pub(super) async fn put_discount(tx: &mut Tx, id: DiscountId, draft: &DiscountDraft) -> Result<(), DbError> {
    let (percent_bp, amount) = match draft.takes {
        Discount::Percent(bp) => (Some(bp), None),
        Discount::Amount(minor) => (None, Some(minor)),
    };
    tx.execute(
        "insert into discount_codes (id, code, percent_bp, amount, min_subtotal, valid_from, valid_to, most_uses, active)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (code) do update set percent_bp = excluded.percent_bp, amount = excluded.amount,
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
            &i64::from(draft.active),
        ],
    )
    .await?;
    Ok(())
}

/// Counts uses of codes, as far as they may still be used, or gives them back; returns the codes that were counted.
pub(crate) async fn use_codes(tx: &mut Tx, uses: &HashMap<String, i64>) -> Result<Vec<String>, DbError> {
    let mut rows = Rows::new();
    let mut sorted: Vec<_> = uses.iter().collect();
    sorted.sort();
    for (code, count) in sorted {
        rows.row(&[code, count]);
    }
    let counted: Vec<(String,)> = tx
        .fetch_all(
            "update discount_codes set uses = uses + d.n from (select value->>0 as code, cast(value->>1 as bigint) as n from json_each($1)) d
             where discount_codes.code = d.code and (most_uses is null or d.n < 0 or uses + d.n <= most_uses) returning discount_codes.code",
            &[&rows.end()],
        )
        .await?;
    Ok(counted.into_iter().map(|(code,)| code).collect())
}
