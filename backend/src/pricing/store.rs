//! Pricing's SQL.

use std::collections::{BTreeMap, HashMap};

use domain::cart::Discount;
use domain::id::{DiscountId, PictureId, ProductId, TaxRateId, VariantId};
use domain::order::Channel;
use domain::text::comma_separated;
use domain::view::{DeliveryMethodDraft, DiscountDraft, DiscountRowView, TaxRateView};
use domain::{Currency, Locale, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use platform::db::{Db, DbError, Flag, Hex, JsonRows, Read, Tx, hex, json_texts};

use super::discounts::DiscountCode;
use super::{DeliveryMethod, Quote, QuoteKey};

#[derive(platform::db::FromRow)]
struct QuoteRow {
    variant: VariantId,
    channel: Channel,
    locale: String,
    product: ProductId,
    sku: String,
    name: String,
    slug: String,
    picture: Option<PictureId>,
    price: Option<i64>,
    tax_class: String,
    weight_g: i64,
    cost: i64,
    archived: Flag,
    status: String,
    options: String,
}

pub(super) async fn quotes(
    db: &mut impl Read,
    keys: &[QuoteKey],
    currency: Currency,
    at: Timestamp,
) -> Result<HashMap<QuoteKey, Quote>, DbError> {
    #[derive(Serialize)]
    struct Key<'a> {
        variant: Hex<'a>,
        channel: Channel,
        locale: &'a str,
    }
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let wanted: JsonRows =
        keys.iter().map(|(variant, channel, locale)| Key { variant: hex(variant), channel: *channel, locale: locale.code() }).collect();
    let rows: Vec<QuoteRow> = db
        .fetch_all(
            "select v.id as variant, j.channel, j.locale, p.id as product, v.sku, coalesce(t.name, e.name, p.handle) as name,
                coalesce(t.slug, e.slug, p.handle) as slug,
                coalesce(v.picture_id, (select pp.picture_id from product_pictures pp where pp.product_id = p.id order by pp.position limit 1))
                    as picture,
                (select r.amount from prices r join price_lists l on l.id = r.price_list_id
                 where r.variant_id = v.id and l.currency = $2 and (l.channel is null or l.channel = j.channel)
                   and (l.valid_from is null or l.valid_from <= $3) and (l.valid_to is null or l.valid_to > $3)
                 order by l.position, l.id limit 1) as price,
                p.tax_class, v.weight_g, v.cost, v.archived, p.status,
                coalesce((select string_agg(coalesce(vt.name, ve.name, ov.key), ' · ' order by o.position)
                 from variant_values vv
                 join product_options o on o.id = vv.option_id
                 join option_values ov on ov.id = vv.value_id
                 left join option_value_texts vt on vt.value_id = vv.value_id and vt.locale = j.locale
                 left join option_value_texts ve on ve.value_id = vv.value_id and ve.locale = 'en'
                 where vv.variant_id = v.id), '') as options
             from (select unhex(value->>'variant') as variant_id, value->>'channel' as channel, value->>'locale' as locale
                   from json_each($1)) j
             join variants v on v.id = j.variant_id
             join products p on p.id = v.product_id
             left join product_texts t on t.product_id = p.id and t.locale = j.locale
             left join product_texts e on e.product_id = p.id and e.locale = 'en'",
            &[&wanted.finish(), &currency, &at],
        )
        .await?;
    let quotes = rows.into_iter().filter_map(|row| {
        let key = (row.variant, row.channel, Locale::parse(&row.locale)?);
        let quote = Quote {
            variant: row.variant,
            product: row.product,
            sku: row.sku,
            name: row.name,
            slug: row.slug,
            options: row.options,
            picture: row.picture,
            price: row.price,
            tax_class: row.tax_class,
            weight_g: row.weight_g,
            cost: row.cost,
            on_sale: !row.archived.0 && row.status == "published" && row.price.is_some(),
        };
        Some((key, quote))
    });
    Ok(quotes.collect())
}

#[derive(platform::db::FromRow)]
pub(super) struct TaxRate {
    pub(super) class: String,
    pub(super) country: String,
    pub(super) rate_bp: i64,
}

pub(super) async fn tax_rates(db: &mut impl Read, at: Timestamp) -> Result<Vec<TaxRate>, DbError> {
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
    #[derive(platform::db::FromRow)]
    struct Row {
        id: TaxRateId,
        class: String,
        country: String,
        rate_bp: i64,
        valid_from: Timestamp,
        valid_to: Option<Timestamp>,
        source: String,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select id, class, country, rate_bp, valid_from, valid_to, source from tax_rates order by country, class, valid_from desc",
            &[],
        )
        .await?;
    let view = |Row { id, class, country, rate_bp, valid_from, valid_to, source }| TaxRateView {
        id,
        class,
        country,
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
    tx.lock("select 1 from tax_rates where class = $1 and country = $2 order by id for update", &[&new.class, &new.country]).await?;
    let before: Option<i64> = tx
        .fetch_optional_scalar(
            "select rate_bp from tax_rates
             where class = $1 and country = $2 and valid_from <= $3 and (valid_to is null or valid_to > $3)",
            &[&new.class, &new.country, &new.start],
        )
        .await?;
    let next: Option<Timestamp> = tx
        .fetch_scalar(
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
    let id: TaxRateId = tx
        .fetch_scalar(
            "insert into tax_rates (id, class, country, rate_bp, valid_from, valid_to, source) values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (class, country, valid_from) do update set rate_bp = excluded.rate_bp, source = excluded.source
             returning id",
            &[&new.id, &new.class, &new.country, &new.rate_bp, &new.start, &next, &new.source],
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
            &method.collects_cash,
            &method.active,
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
struct MethodRow {
    code: String,
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

/// The methods that are offered.
pub(super) async fn methods(db: &mut impl Read) -> Result<Vec<DeliveryMethod>, DbError> {
    // A row for each language.
    let rows: Vec<MethodRow> = db
        .fetch_all(
            "select m.code, m.fee, m.per_kg_fee, m.free_from, m.days_min, m.days_max, m.cutoff, m.regions, m.collects_cash,
                t.locale, t.name, t.description
             from delivery_methods m join delivery_method_texts t on t.code = m.code where m.active = 1 order by m.position, m.code",
            &[],
        )
        .await?;
    let mut methods: Vec<DeliveryMethod> = Vec::new();
    for row in rows {
        if methods.last().is_none_or(|last| last.code != row.code) {
            methods.push(DeliveryMethod {
                code: row.code,
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

#[derive(platform::db::FromRow)]
struct CodeRow {
    id: DiscountId,
    code: String,
    percent_bp: Option<i64>,
    amount: Option<i64>,
    min_subtotal: i64,
    valid_from: Option<Timestamp>,
    valid_to: Option<Timestamp>,
    most_uses: Option<i64>,
    uses: i64,
    active: Flag,
}

impl CodeRow {
    const fn takes(&self) -> Discount {
        match (self.percent_bp, self.amount) {
            (Some(bp), _) => Discount::Percent(bp),
            (None, Some(minor)) => Discount::Amount(minor),
            (None, None) => Discount::Amount(0),
        }
    }

    fn into_view(self) -> (DiscountId, DiscountRowView) {
        let draft = DiscountDraft {
            is_new: false,
            takes: self.takes(),
            code: self.code,
            min_subtotal: self.min_subtotal,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            most_uses: self.most_uses,
            active: self.active.0,
        };
        (self.id, DiscountRowView { draft, uses: self.uses })
    }
}

macro_rules! codes {
    ($which:literal) => {
        concat!(
            "select id, code, percent_bp, amount, min_subtotal, valid_from, valid_to, most_uses, uses, active from discount_codes ",
            $which
        )
    };
}

pub(super) async fn usable_codes(db: &mut impl Read, texts: &[String]) -> Result<HashMap<String, DiscountCode>, DbError> {
    let rows: Vec<CodeRow> =
        db.fetch_all(codes!("where active = 1 and code in (select value->>'text' from json_each($1))"), &[&json_texts(texts)]).await?;
    let code = |row: CodeRow| {
        let code = DiscountCode {
            takes: row.takes(),
            min_subtotal: row.min_subtotal,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            most_uses: row.most_uses,
            uses: row.uses,
        };
        (row.code, code)
    };
    Ok(rows.into_iter().map(code).collect())
}

/// Codes older than the given one, the newest first.
pub(super) async fn discounts(db: &Db, after: Option<DiscountId>, most: usize) -> Result<Vec<(DiscountId, DiscountRowView)>, DbError> {
    let after = after.unwrap_or(DiscountId(Uuid::max()));
    let rows: Vec<CodeRow> = db.fetch_all(codes!("where id < $1 order by id desc limit $2"), &[&after, &(most as i64)]).await?;
    Ok(rows.into_iter().map(CodeRow::into_view).collect())
}

pub(super) async fn discount(db: &mut impl Read, code: &str) -> Result<Option<(DiscountId, DiscountRowView)>, DbError> {
    let row: Option<CodeRow> = db.fetch_optional(codes!("where code = $1"), &[&code]).await?;
    Ok(row.map(CodeRow::into_view))
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
        &[&id, &draft.code, &percent_bp, &amount, &draft.min_subtotal, &draft.valid_from, &draft.valid_to, &draft.most_uses, &draft.active],
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
