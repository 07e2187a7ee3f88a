//! SQL that reads lists, cards and categories.

use std::collections::HashMap;

use domain::id::{CategoryId, PictureId, ProductId, VariantId};
use domain::view::{CategoryRule, CategoryView, PictureView};
use domain::{Currency, Locale, Timestamp};
use platform::db::{Db, DbError, Flag, FromRow, Hex, JsonRows, Tx, hex, json_ids, json_texts};
use serde::Serialize;

use crate::inventory::serves;

/// 1 when a variant of this product, an expression of SQL, can be sold on the shop's pages, otherwise 0.
macro_rules! in_stock {
    ($product:literal) => {
        concat!(
            "(case when exists (select 1 from variants w
                join stock s on s.variant_id = w.id join stock_locations l on l.id = s.location_id
                where w.product_id = ",
            $product,
            " and w.archived = 0 and s.available > 0 and ",
            serves!("'web'"),
            ") then 1 else 0 end)"
        )
    };
}
pub(super) use in_stock;

/// What lists and filters need of a published product.
#[derive(FromRow)]
pub(super) struct ListedProduct {
    pub id: ProductId,
    pub category: Option<CategoryId>,
    /// Lowest price of its variants, minor units.
    pub price_from: i64,
    pub in_stock: Flag,
    /// Its lowest price has a higher compare-at price.
    pub on_sale: Flag,
    pub featured: Option<i64>,
    pub created_at: Timestamp,
}

/// A product has this tag.
#[derive(FromRow)]
pub(super) struct ProductTag {
    pub product: ProductId,
    pub tag: String,
}

/// A product has this value of this option.
#[derive(FromRow)]
pub(super) struct ProductFacet {
    pub product: ProductId,
    pub option: String,
    pub value: String,
}

#[derive(FromRow)]
pub(super) struct CardRow {
    pub id: ProductId,
    pub slug: String,
    pub name: String,
    pub vendor: String,
    pub picture: Option<PictureId>,
    pub width: Option<i64>,
    pub height: Option<i64>,
    pub alt: Option<String>,
    pub currency: Currency,
    pub price_from: i64,
    pub price_to: i64,
    pub compare_at: Option<i64>,
    pub in_stock: Flag,
    pub only_variant: Option<VariantId>,
}

#[derive(FromRow)]
struct CategoryRow {
    id: CategoryId,
    handle: String,
    published: Flag,
    /// A [`CategoryRule`] as JSON.
    rule: Option<String>,
    picture: Option<PictureId>,
    width: Option<i64>,
    height: Option<i64>,
    locale: String,
    name: String,
    slug: String,
    blurb: String,
    alt: Option<String>,
}

/// A category with its texts in each language.
#[derive(Clone, Debug)]
pub(super) struct Category {
    pub id: CategoryId,
    pub handle: String,
    pub published: bool,
    /// What fills it; none where products are put into it.
    pub rule: Option<CategoryRule>,
    /// With its width and height in pixels.
    pub picture: Option<(PictureId, i64, i64)>,
    pub texts: HashMap<Locale, CategoryText>,
}

#[derive(Clone, Debug)]
pub(super) struct CategoryText {
    pub name: String,
    pub slug: String,
    pub blurb: String,
    pub alt: String,
}

impl Category {
    /// In this language, or in English where there is none.
    pub(super) fn view(&self, locale: Locale) -> CategoryView {
        let text = self.texts.get(&locale).or_else(|| self.texts.get(&Locale::En)).or_else(|| self.texts.values().next());
        let alt = text.map(|t| t.alt.clone());
        CategoryView {
            slug: text.map_or_else(|| self.handle.clone(), |t| t.slug.clone()),
            name: text.map_or_else(|| self.handle.clone(), |t| t.name.clone()),
            blurb: text.map(|t| t.blurb.clone()).unwrap_or_default(),
            picture: self.picture.and_then(|(id, width, height)| picture(Some(id), Some(width), Some(height), alt)),
        }
    }
}

/// A width or height from the database.
pub(super) fn pixels(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

/// A picture from the columns of an outer join.
pub(super) fn picture(id: Option<PictureId>, width: Option<i64>, height: Option<i64>, alt: Option<String>) -> Option<PictureView> {
    let id = id?;
    Some(PictureView { id, alt: alt.unwrap_or_default(), width: pixels(width.unwrap_or(0)), height: pixels(height.unwrap_or(0)) })
}

/// In order; with the hidden ones when `hidden` is set.
pub(super) async fn categories(db: &Db, hidden: bool) -> Result<Vec<Category>, DbError> {
    let rows: Vec<CategoryRow> = db
        .fetch_all(
            "select c.id, c.handle, c.published, c.rule, p.id as picture, p.width, p.height, t.locale, t.name, t.slug, t.blurb, a.alt
             from categories c
             join category_texts t on t.category_id = c.id
             left join pictures p on p.id = c.picture_id
             left join picture_texts a on a.picture_id = p.id and a.locale = t.locale
             where c.published = 1 or $1 = 1 order by c.position, c.id",
            &[&hidden],
        )
        .await?;
    let mut categories: Vec<Category> = Vec::new();
    for row in rows {
        if categories.last().is_none_or(|last| last.id != row.id) {
            let picture = row.picture.map(|id| (id, row.width.unwrap_or(0), row.height.unwrap_or(0)));
            let rule = row.rule.as_deref().map(serde_json::from_str).transpose()?;
            let (id, handle, published) = (row.id, row.handle, row.published.0);
            categories.push(Category { id, handle, published, rule, picture, texts: HashMap::new() });
        }
        if let (Some(category), Some(locale)) = (categories.last_mut(), Locale::parse(&row.locale)) {
            let text = CategoryText { name: row.name, slug: row.slug, blurb: row.blurb, alt: row.alt.unwrap_or_default() };
            category.texts.insert(locale, text);
        }
    }
    Ok(categories)
}

pub(super) async fn listed_products(db: &Db) -> Result<Vec<ListedProduct>, DbError> {
    db.fetch_all(
        "select product_id as id, category_id as category, price_from, in_stock,
            (case when compare_at is null then cast(0 as bigint) else cast(1 as bigint) end) as on_sale, featured, created_at from product_cards",
        &[],
    )
    .await
}

/// Those of these products that are published.
pub(super) async fn listed_products_of(db: &Db, ids: &[ProductId]) -> Result<Vec<ListedProduct>, DbError> {
    db.fetch_all(
        "select c.product_id as id, c.category_id as category, c.price_from, c.in_stock,
            (case when c.compare_at is null then cast(0 as bigint) else cast(1 as bigint) end) as on_sale, c.featured, c.created_at
         from (select unhex(value->>'id') as id from json_each($1)) j join product_cards c on c.product_id = j.id",
        &[&json_ids(ids)],
    )
    .await
}

/// Which products have these tags.
pub(super) async fn tags(db: &Db, tags: &[&str]) -> Result<Vec<ProductTag>, DbError> {
    if tags.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "select g.product_id as product, g.tag from (select value->>'text' as tag from json_each($1)) j
        join product_tags g on g.tag = j.tag";
    db.fetch_all(sql, &[&json_texts(tags)]).await
}

/// The same of these products alone.
pub(super) async fn tags_of(db: &Db, tags: &[&str], ids: &[ProductId]) -> Result<Vec<ProductTag>, DbError> {
    if tags.is_empty() {
        return Ok(Vec::new());
    }
    db.fetch_all(
        "select g.product_id as product, g.tag from (select unhex(value->>'id') as id from json_each($1)) j
         join product_tags g on g.product_id = j.id where g.tag in (select value->>'text' from json_each($2))",
        &[&json_ids(ids), &json_texts(tags)],
    )
    .await
}

/// Of all published products. A value is identified by its English name in lower case, for two products may use one key for different
/// things, as `small` for a vase of 16 cm and for a box of 25.
pub(super) async fn facets(db: &Db) -> Result<Vec<ProductFacet>, DbError> {
    let sql = "select product_id as product, option_key as option, value_key as value from product_facets";
    db.fetch_all(sql, &[]).await
}

/// The same of these products.
pub(super) async fn facets_of(db: &Db, ids: &[ProductId]) -> Result<Vec<ProductFacet>, DbError> {
    db.fetch_all(
        "select f.product_id as product, f.option_key as option, f.value_key as value
         from (select unhex(value->>'id') as id from json_each($1)) j join product_facets f on f.product_id = j.id",
        &[&json_ids(ids)],
    )
    .await
}

/// How a filter's value is called, and its position among the values of its option.
#[derive(FromRow)]
pub(super) struct FacetNameRow {
    pub option_key: String,
    pub value_key: String,
    pub option_name: String,
    pub value_name: String,
    pub position: i64,
}

/// Names of filters: of product, option key and value key. Each name is taken from the product that is named with it.
pub(super) async fn facet_names(db: &Db, locale: Locale, facets: &[(ProductId, &str, &str)]) -> Result<Vec<FacetNameRow>, DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        product: Hex<'a>,
        option: &'a str,
        value: &'a str,
    }
    let rows: JsonRows = facets.iter().map(|(product, option, value)| Row { product: hex(product), option, value }).collect();
    db.fetch_all(
        "select o.key as option_key, j.value_key, coalesce(t.name, e.name, o.key) as option_name,
            coalesce(vt.name, ve.name, v.key) as value_name, v.position
         from (select unhex(value->>'product') as product_id, value->>'option' as option_key, value->>'value' as value_key
               from json_each($1)) j
         join product_options o on o.product_id = j.product_id and o.key = j.option_key
         join option_values v on v.option_id = o.id
         left join product_option_texts t on t.option_id = o.id and t.locale = $2
         left join product_option_texts e on e.option_id = o.id and e.locale = 'en'
         left join option_value_texts vt on vt.value_id = v.id and vt.locale = $2
         left join option_value_texts ve on ve.value_id = v.id and ve.locale = 'en'
         where lower(coalesce(ve.name, v.key)) = j.value_key",
        &[&rows.finish(), &locale.code()],
    )
    .await
}

/// Those that are published, in no order.
pub(super) async fn cards(db: &Db, locale: Locale, ids: &[ProductId]) -> Result<Vec<CardRow>, DbError> {
    db.fetch_all(
        "select c.product_id as id, coalesce(t.slug, e.slug, p.handle) as slug, coalesce(t.name, e.name, p.handle) as name, p.vendor,
            i.id as picture, i.width, i.height, coalesce(a.alt, ae.alt) as alt, c.currency, c.price_from, c.price_to,
            c.compare_at, c.in_stock,
            (select case when count(*) = 1 then (select v.id from variants v where v.product_id = p.id and v.archived = 0) end
             from variants n where n.product_id = p.id and n.archived = 0) as only_variant
         from (select unhex(value->>'id') as id from json_each($1)) j
         join product_cards c on c.product_id = j.id
         join products p on p.id = c.product_id
         left join product_texts t on t.product_id = p.id and t.locale = $2
         left join product_texts e on e.product_id = p.id and e.locale = 'en'
         left join pictures i on i.id = (select pp.picture_id from product_pictures pp where pp.product_id = p.id order by pp.position limit 1)
         left join picture_texts a on a.picture_id = i.id and a.locale = $2
         left join picture_texts ae on ae.picture_id = i.id and ae.locale = 'en'",
        &[&json_ids(ids), &locale.code()],
    )
    .await
}

/// The products of these variants and orders (as JSON rows) whose card disagrees with the stock.
pub(super) async fn out_of_step(tx: &mut Tx, subjects: &String) -> Result<Vec<ProductId>, DbError> {
    tx.fetch_scalars(
        concat!(
            "select c.product_id from product_cards c
             where c.product_id in (
                select v.product_id from (select unhex(value->>'id') as id from json_each($1)) j join variants v on v.id = j.id
                union
                select l.product_id from (select unhex(value->>'id') as id from json_each($1)) j join order_lines l on l.order_id = j.id)
             and c.in_stock <> ",
            in_stock!("c.product_id")
        ),
        &[subjects],
    )
    .await
}

/// All products whose card disagrees with the stock.
pub(super) async fn all_out_of_step(tx: &mut Tx) -> Result<Vec<ProductId>, DbError> {
    tx.fetch_scalars(concat!("select c.product_id from product_cards c where c.in_stock <> ", in_stock!("c.product_id")), &[]).await
}

/// Brings the cards in step with the stock.
pub(super) async fn set_in_stock(tx: &mut Tx, products: &[ProductId]) -> Result<u64, DbError> {
    tx.execute(
        concat!(
            "update product_cards set in_stock = ",
            in_stock!("product_cards.product_id"),
            " where product_id in (select unhex(value->>'id') from json_each($1))"
        ),
        &[&json_ids(products)],
    )
    .await
}
