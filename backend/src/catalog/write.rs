//! Writes many products at once, one statement a table, and the tables that lists are read from.

use domain::id::{CategoryId, PictureId, PriceListId, ProductId, VariantId};
use domain::{Currency, Timestamp};
use platform::db::{DbError, FromRow, Hex, JsonRows, Tx, hex, json_ids};
use serde::Serialize;
use uuid::Uuid;

use crate::inventory::serves;
use crate::pricing::{self, HomeMarket, TAX_CLASSES, prices_in_force, with_tax};

use super::former_slugs;
use super::store::in_stock;
use super::tables::Tables;

/// A product as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewProduct {
    pub id: ProductId,
    pub handle: String,
    pub category: Option<CategoryId>,
    pub vendor: String,
    pub tax_class: String,
    pub status: &'static str,
    pub featured: Option<i64>,
    pub created_at: Timestamp,
    pub texts: Vec<NewText>,
    pub tags: Vec<String>,
    pub pictures: Vec<PictureId>,
    pub options: Vec<NewOption>,
    pub variants: Vec<NewVariant>,
    /// None leaves what it states as it is.
    pub stated: Option<StatedFacts>,
}

/// The type of a product, and what it states of the fields of this type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StatedFacts {
    /// Handle of the type; empty for none.
    pub product_type: String,
    pub facts: Vec<StatedFact>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StatedFact {
    /// Key of the field.
    pub key: String,
    pub locale: &'static str,
    pub value: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewText {
    pub locale: &'static str,
    pub name: String,
    pub slug: String,
    pub summary: String,
    pub description: String,
    pub seo_title: String,
    pub seo_description: String,
}

/// Names by language code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewOption {
    pub id: Uuid,
    pub key: String,
    pub names: Vec<(&'static str, String)>,
    pub values: Vec<NewValue>,
}

/// Names by language code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewValue {
    pub id: Uuid,
    pub key: String,
    pub names: Vec<(&'static str, String)>,
}

/// `values` names one value of each option, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewVariant {
    pub id: VariantId,
    pub sku: String,
    pub values: Vec<Uuid>,
    /// Without one it is not for sale.
    pub price: Option<i64>,
    pub compare_at: Option<i64>,
    pub cost: i64,
    pub weight_g: i64,
    pub barcode: Option<String>,
    pub picture: Option<PictureId>,
}

/// The price list that products are written to. Their costs are in its currency.
#[derive(Clone, Copy, Debug, FromRow)]
pub(crate) struct ProductPriceList {
    pub id: PriceListId,
    pub currency: Currency,
}

/// A picture whose file is stored.
#[derive(Clone, Debug)]
pub(crate) struct NewPicture {
    pub id: PictureId,
    pub hash: String,
    pub width: u32,
    pub height: u32,
    /// Descriptions by language code.
    pub alts: Vec<(&'static str, String)>,
}

/// Writes new products. Call [`refresh`] after their stock is written.
pub(crate) async fn insert_products(tx: &mut Tx, list: ProductPriceList, products: &[NewProduct]) -> Result<(), DbError> {
    let mut tables = Tables::of(products, list, tx.now());
    let rows = std::mem::take(&mut tables.products);
    tx.write_rows(
        "insert into products (id, handle, category_id, vendor, tax_class, status, featured, created_at, updated_at)
         select unhex(value->>'id'), value->>'handle', unhex(value->>'category'), value->>'vendor', value->>'tax_class',
            value->>'status', cast(value->>'featured' as bigint), cast(value->>'created_at' as bigint),
            cast(value->>'updated_at' as bigint) from json_each($1)",
        rows,
    )
    .await?;
    tables.insert_parts(tx).await?;
    former_slugs::products_have(tx, products).await
}

/// Deletes what is replaced, and archives variants; those that stay are written again afterwards.
const CLEAR_PARTS: [&str; 9] = [
    "delete from variant_values where variant_id in
        (select v.id from variants v where v.product_id in (select unhex(value->>'id') from json_each($1)))",
    "delete from option_value_texts where value_id in
        (select ov.id from option_values ov join product_options o on o.id = ov.option_id
         where o.product_id in (select unhex(value->>'id') from json_each($1)))",
    "delete from option_values where option_id in
        (select o.id from product_options o where o.product_id in (select unhex(value->>'id') from json_each($1)))",
    "delete from product_option_texts where option_id in
        (select o.id from product_options o where o.product_id in (select unhex(value->>'id') from json_each($1)))",
    "delete from product_options where product_id in (select unhex(value->>'id') from json_each($1))",
    "delete from product_pictures where product_id in (select unhex(value->>'id') from json_each($1))",
    "delete from product_tags where product_id in (select unhex(value->>'id') from json_each($1))",
    "delete from product_texts where product_id in (select unhex(value->>'id') from json_each($1))",
    "update variants set archived = 1 where product_id in (select unhex(value->>'id') from json_each($1))",
];

/// Updates existing products: texts, tags, pictures and options are replaced, variants updated by id; variants that are not named are
/// archived. Handle and status stay. The addresses of slugs that are given up lead on to the new ones.
pub(super) async fn update_products(tx: &mut Tx, list: ProductPriceList, products: &[NewProduct]) -> Result<(), DbError> {
    let ids = json_ids(products.iter().map(|p| p.id));
    former_slugs::keep_of_products(tx, products).await?;
    for sql in CLEAR_PARTS {
        tx.execute(sql, &[&ids]).await?;
    }
    free_changed_skus(tx, products).await?;
    let mut tables = Tables::of(products, list, tx.now());
    let rows = std::mem::take(&mut tables.products);
    tx.write_rows(
        "update products set category_id = d.category_id, vendor = d.vendor, tax_class = d.tax_class, featured = d.featured,
            updated_at = d.at, version = products.version + 1
         from (select unhex(value->>'id') as id, unhex(value->>'category') as category_id, value->>'vendor' as vendor,
                value->>'tax_class' as tax_class, cast(value->>'featured' as bigint) as featured,
                cast(value->>'updated_at' as bigint) as at from json_each($1)) d
         where products.id = d.id",
        rows,
    )
    .await?;
    tables.insert_parts(tx).await?;
    former_slugs::products_have(tx, products).await
}

/// Variants may swap SKUs, which are unique: changed ones are moved out of the way first.
async fn free_changed_skus(tx: &mut Tx, products: &[NewProduct]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: Hex<'a>,
        sku: &'a str,
    }
    let rows: JsonRows = products.iter().flat_map(|p| &p.variants).map(|v| Row { id: hex(&v.id), sku: &v.sku }).collect();
    tx.write_rows(
        "update variants set sku = '~' || variants.sku from (select unhex(value->>'id') as id, value->>'sku' as sku from json_each($1)) d
         where variants.id = d.id and variants.sku <> d.sku",
        rows,
    )
    .await
}

/// Updates the cards and facets of these products, with prices as pages show them: tax inside. A product that is not published, or has no
/// price, has none.
///
/// `cross join` keeps SQLite's planner from beginning with all published products, which it estimates to be few.
pub(crate) async fn refresh(tx: &mut Tx, home: &HomeMarket, products: &[ProductId]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Rate {
        class: &'static str,
        rate_bp: i64,
    }
    let (ids, at) = (json_ids(products), tx.now());
    let taxes = pricing::tax_rates_at(tx, at).await?;
    let rates: JsonRows = TAX_CLASSES.iter().map(|class| Rate { class, rate_bp: taxes.rate_bp(class, &home.region) }).collect();
    tx.execute("delete from product_cards where product_id in (select unhex(value->>'id') from json_each($1))", &[&ids]).await?;
    tx.execute("delete from product_facets where product_id in (select unhex(value->>'id') from json_each($1))", &[&ids]).await?;
    tx.execute(
        concat!(
            "insert into product_cards (product_id, category_id, currency, price_from, price_to, compare_at, in_stock, featured, created_at)
         select x.id, x.category_id, $2, min(x.amount), max(x.amount),
            max(case when x.amount = x.low and x.compare_at > x.amount then x.compare_at end),
            ",
            in_stock!("x.id"),
            ",
            x.featured, x.created_at
         from (select y.id, y.category_id, y.featured, y.created_at, y.amount, y.compare_at, min(y.amount) over (partition by y.id) as low
               from (select p.id, p.category_id, p.featured, p.created_at, ",
            with_tax!("r.amount", "coalesce(t.rate_bp, 0)"),
            " as amount, ",
            with_tax!("r.compare_at", "coalesce(t.rate_bp, 0)"),
            " as compare_at
                   from (select unhex(value->>'id') as id from json_each($1)) j
                   cross join products p
                   cross join variants v
                   ",
            prices_in_force!("join", "$2", "'web'", "$3"),
            "
                   left join (select value->>'class' as class, cast(value->>'rate_bp' as bigint) as rate_bp from json_each($4)) t
                       on t.class = p.tax_class
                   where p.id = j.id and p.status = 'published' and v.product_id = p.id and v.archived = 0) y) x
         group by x.id, x.category_id, x.featured, x.created_at"
        ),
        &[&ids, &home.currency, &at, &rates.finish()],
    )
    .await?;
    tx.execute(
        "insert into product_facets (category_id, option_key, value_key, product_id)
         select distinct coalesce(p.category_id, unhex('00000000000000000000000000000000')), o.key, lower(coalesce(e.name, ov.key)), p.id
         from (select unhex(value->>'id') as id from json_each($1)) j
         cross join products p
         cross join variants v
         cross join variant_values vv
         join product_options o on o.id = vv.option_id
         join option_values ov on ov.id = vv.value_id
         left join option_value_texts e on e.value_id = ov.id and e.locale = 'en'
         where p.id = j.id and p.status = 'published' and v.product_id = p.id and v.archived = 0 and vv.variant_id = v.id",
        &[&ids],
    )
    .await?;
    Ok(())
}

/// Selects columns of the price list that products are written to: the last one of a currency without channel and dates.
macro_rules! of_ordinary_list {
    ($columns:literal, $currency:literal) => {
        concat!(
            "select ",
            $columns,
            " from price_lists where currency = ",
            $currency,
            " and channel is null and valid_from is null and valid_to is null order by position desc, id desc limit 1"
        )
    };
}
pub(super) use of_ordinary_list;

/// The price list that products are written to. It is created when missing.
pub(super) async fn ordinary_list(tx: &mut Tx, currency: Currency) -> Result<ProductPriceList, DbError> {
    let existing: Option<ProductPriceList> = tx.fetch_optional(of_ordinary_list!("id, currency", "$1"), &[&currency]).await?;
    if let Some(list) = existing {
        return Ok(list);
    }
    let (id, name) = (PriceListId(tx.id()), format!("Shop {currency}"));
    tx.execute("insert into price_lists (id, name, currency, position) values ($1, $2, $3, 100)", &[&id, &name, &currency]).await?;
    Ok(ProductPriceList { id, currency })
}

/// Writes pictures with their descriptions.
pub(crate) async fn insert_pictures(tx: &mut Tx, at: Timestamp, pictures: &[NewPicture]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: Hex<'a>,
        hash: &'a str,
        width: u32,
        height: u32,
        at: Timestamp,
    }
    #[derive(Serialize)]
    struct AltRow<'a> {
        picture: Hex<'a>,
        locale: &'a str,
        alt: &'a str,
    }
    let (mut rows, mut texts) = (JsonRows::new(), JsonRows::new());
    for p in pictures {
        rows.push(&Row { id: hex(&p.id), hash: &p.hash, width: p.width, height: p.height, at });
        for (locale, alt) in &p.alts {
            texts.push(&AltRow { picture: hex(&p.id), locale, alt });
        }
    }
    tx.write_rows(
        "insert into pictures (id, hash, width, height, created_at)
         select unhex(value->>'id'), value->>'hash', cast(value->>'width' as bigint), cast(value->>'height' as bigint),
            cast(value->>'at' as bigint) from json_each($1) where true on conflict (id) do nothing",
        rows,
    )
    .await?;
    tx.write_rows(
        "insert into picture_texts (picture_id, locale, alt)
         select unhex(value->>'picture'), value->>'locale', value->>'alt' from json_each($1) where true
         on conflict (picture_id, locale) do nothing",
        texts,
    )
    .await
}

/// Sets the statuses of products that exist.
pub(super) async fn set_statuses(tx: &mut Tx, products: &[NewProduct]) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: Hex<'a>,
        status: &'a str,
    }
    let rows: JsonRows = products.iter().map(|p| Row { id: hex(&p.id), status: p.status }).collect();
    tx.write_rows(
        "update products set status = d.status
         from (select unhex(value->>'id') as id, value->>'status' as status from json_each($1)) d where products.id = d.id",
        rows,
    )
    .await
}
