//! What managers see of products: lists, and one as it is edited.

use std::collections::HashMap;

use domain::id::{CategoryId, LocationId, PictureId, ProductId, VariantId};
use domain::permission::Permission;
use domain::text::comma_separated;
use domain::view::{OptionDraft, ProductAdminView, ProductDraft, ProductRowView, ProductTexts, StockRowView, VariantDraft};
use domain::{Currency, Locale, Money};
use platform::Context;
use platform::db::{Db, DbError, Flag, FromRow, json_ids};

use crate::Shop;
use crate::paging::Rows;
use crate::settings::shop_currency;

use super::write::of_ordinary_list;
use super::{CatalogError, facts, product, store};

/// Products on one page of the managers' list.
pub(crate) const PAGE: usize = 50;

/// Categories to choose from, hidden ones too, without those that a rule fills.
///
/// # Errors
/// The database's.
pub async fn category_choices(shop: &Shop, locale: Locale) -> Result<Vec<(CategoryId, String)>, CatalogError> {
    let categories = store::categories(shop.db(), true).await?;
    Ok(categories.into_iter().filter(|c| c.rule.is_none()).map(|c| (c.id, c.view(locale).name)).collect())
}

/// Products behind one, the newest first, or before it, the oldest first: all of them or those of a category; one more than a page has.
pub(crate) async fn newest(db: &Db, status: &str, category: Option<CategoryId>, rows: Rows) -> Result<Vec<ProductId>, DbError> {
    macro_rules! products {
        ($condition:literal) => {
            [
                concat!("select id from products where ", $condition, " id < $1 order by id desc limit 51"),
                concat!("select id from products where ", $condition, " id > $1 order by id limit 51"),
            ]
        };
    }
    let newest = ProductId(uuid::Uuid::max());
    let (key, back) = match rows {
        Rows::First => (newest, 0),
        Rows::After(key) => (key.parse().unwrap_or(newest), 0),
        Rows::Before(key) => (key.parse().unwrap_or(newest), 1),
    };
    if let Some(category) = category {
        let sql = products!("category_id = $3 and ($2 = '' or status = $2) and");
        db.fetch_scalars(sql[back], &[&key, &status, &category]).await
    } else if status.is_empty() {
        db.fetch_scalars(products!("")[back], &[&key]).await
    } else {
        db.fetch_scalars(products!("status = $2 and")[back], &[&key, &status]).await
    }
}

/// The products of all pages of [`newest`], up to `most`.
pub(crate) async fn all_of(db: &Db, status: &str, category: Option<CategoryId>, most: usize) -> Result<Vec<ProductId>, DbError> {
    db.fetch_scalars(
        "select id from products where ($1 = '' or status = $1) and (category_id = $2 or $3 = 0) order by id desc limit $4",
        &[&status, &category, &category.is_some(), &i64::try_from(most).unwrap_or(i64::MAX)],
    )
    .await
}

#[derive(FromRow)]
struct ListRow {
    id: ProductId,
    name: String,
    status: String,
    category: String,
    picture: Option<PictureId>,
    width: Option<i64>,
    height: Option<i64>,
    alt: Option<String>,
    variants: i64,
    available: i64,
    price_from: Option<i64>,
}

/// Products of the managers' list, in the order of the ids.
pub(crate) async fn list_rows(shop: &Shop, ids: &[ProductId]) -> Result<Vec<ProductRowView>, CatalogError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let currency = shop_currency(shop);
    let rows: Vec<ListRow> = shop
        .db()
        .fetch_all(
            "select p.id, coalesce(e.name, p.handle) as name, p.status,
                coalesce((select c.name from category_texts c where c.category_id = p.category_id and c.locale = 'en'), '') as category,
                i.id as picture, i.width, i.height, a.alt,
                (select count(*) from variants v where v.product_id = p.id and v.archived = 0) as variants,
                coalesce((select cast(sum(s.available) as bigint) from variants v join stock s on s.variant_id = v.id
                 where v.product_id = p.id and v.archived = 0), 0) as available,
                (select min(r.amount) from variants v join prices r on r.variant_id = v.id join price_lists l on l.id = r.price_list_id
                 where v.product_id = p.id and v.archived = 0 and l.currency = $2) as price_from
             from (select unhex(value->>'id') as id from json_each($1)) j
             join products p on p.id = j.id
             left join product_texts e on e.product_id = p.id and e.locale = 'en'
             left join pictures i on i.id = (select pp.picture_id from product_pictures pp where pp.product_id = p.id order by pp.position limit 1)
             left join picture_texts a on a.picture_id = i.id and a.locale = 'en'",
            &[&json_ids(ids), &currency],
        )
        .await?;
    let mut by_id: HashMap<ProductId, ProductRowView> = rows
        .into_iter()
        .map(|row| {
            let view = ProductRowView {
                id: row.id,
                name: row.name,
                status: row.status,
                category: row.category,
                picture: store::picture(row.picture, row.width, row.height, row.alt),
                variants: row.variants,
                available: row.available,
                price_from: Money::new(row.price_from.unwrap_or(0), currency),
            };
            (row.id, view)
        })
        .collect();
    Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
}

/// A product as it is edited.
///
/// # Errors
/// [`CatalogError::Unknown`], not allowed, or the database's.
pub async fn admin_product(shop: &Shop, ctx: &Context, id: ProductId) -> Result<ProductAdminView, CatalogError> {
    ctx.require(Permission::ReadProducts)?;
    let (status, draft) = read(shop, id).await?.ok_or(CatalogError::Unknown)?;
    let stock = stock(shop.db(), id, status == "published", &draft).await?;
    Ok(ProductAdminView { status, pictures: product::pictures(shop.db(), id, Locale::En).await?, stock, draft })
}

async fn stock(db: &Db, id: ProductId, is_published: bool, draft: &ProductDraft) -> Result<Vec<StockRowView>, DbError> {
    #[derive(FromRow)]
    struct StockRow {
        variant: VariantId,
        sku: String,
        location: LocationId,
        location_name: String,
        on_hand: i64,
        reserved: i64,
        available: i64,
        value: i64,
        currency: Currency,
    }
    let rows: Vec<StockRow> = db
        .fetch_all(
            "select v.id as variant, v.sku, l.id as location, l.name as location_name, s.on_hand, s.reserved, s.available,
                s.value, s.currency
             from variants v join stock s on s.variant_id = v.id join stock_locations l on l.id = s.location_id
             where v.product_id = $1 and v.archived = 0 and s.status = 'sellable' order by v.position, l.position",
            &[&id],
        )
        .await?;
    let product_name = draft.texts.first().map_or(&draft.handle, |text| &text.name);
    let view = |row: StockRow| {
        let variant = draft.variants.iter().find(|v| v.id == Some(row.variant));
        let values = variant.map(|v| v.values.join(" · ")).unwrap_or_default();
        StockRowView {
            variant: row.variant,
            product: id,
            sku: row.sku,
            name: if values.is_empty() { product_name.clone() } else { format!("{product_name}, {values}") },
            location: row.location,
            location_name: row.location_name,
            on_hand: row.on_hand,
            reserved: row.reserved,
            available: row.available,
            value: Some(Money::new(row.value, row.currency)),
            on_sale: is_published,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Status and content of a product.
pub(super) async fn read(shop: &Shop, id: ProductId) -> Result<Option<(String, ProductDraft)>, DbError> {
    #[derive(FromRow)]
    struct Head {
        handle: String,
        category: Option<CategoryId>,
        vendor: String,
        tax_class: String,
        status: String,
        featured: Option<i64>,
        version: i64,
        /// Separated by commas.
        tags: String,
    }
    let db = shop.db();
    let head: Option<Head> = db
        .fetch_optional(
            "select p.handle, p.category_id as category, p.vendor, p.tax_class, p.status, p.featured, p.version,
                coalesce((select string_agg(g.tag, ',' order by g.tag) from product_tags g where g.product_id = p.id), '') as tags
             from products p where p.id = $1",
            &[&id],
        )
        .await?;
    let Some(head) = head else { return Ok(None) };
    let (product_type, facts) = facts::read(db, id).await?;
    let pictures = "select picture_id from product_pictures where product_id = $1 order by position";
    let draft = ProductDraft {
        id: Some(id),
        version: head.version,
        handle: head.handle,
        category: head.category,
        product_type,
        facts,
        vendor: head.vendor,
        tax_class: head.tax_class,
        featured: head.featured,
        tags: comma_separated(&head.tags),
        texts: texts(db, id).await?,
        options: options(db, id).await?,
        variants: variants(db, id, shop_currency(shop)).await?,
        pictures: db.fetch_scalars(pictures, &[&id]).await?,
    };
    Ok(Some((head.status, draft)))
}

async fn texts(db: &Db, id: ProductId) -> Result<Vec<ProductTexts>, DbError> {
    #[derive(FromRow)]
    struct TextRow {
        locale: String,
        name: String,
        slug: String,
        summary: String,
        description: String,
        seo_title: String,
        seo_description: String,
    }
    let sql = "select locale, name, slug, summary, description, seo_title, seo_description from product_texts
        where product_id = $1 order by locale";
    let rows: Vec<TextRow> = db.fetch_all(sql, &[&id]).await?;
    let texts = |row: TextRow| ProductTexts {
        locale: row.locale,
        name: row.name,
        slug: row.slug,
        summary: row.summary,
        description: row.description,
        seo_title: row.seo_title,
        seo_description: row.seo_description,
    };
    Ok(rows.into_iter().map(texts).collect())
}

/// Names in English and Filipino, empty where there is none.
async fn options(db: &Db, id: ProductId) -> Result<Vec<OptionDraft>, DbError> {
    #[derive(FromRow)]
    struct OptionRow {
        option_key: String,
        option_en: String,
        option_fil: String,
        value_key: String,
        value_en: String,
        value_fil: String,
    }
    let rows: Vec<OptionRow> = db
        .fetch_all(
            "select o.key as option_key, coalesce(ot.name, o.key) as option_en, coalesce(of.name, '') as option_fil,
                ov.key as value_key, coalesce(vt.name, ov.key) as value_en, coalesce(vf.name, '') as value_fil
             from product_options o
             join option_values ov on ov.option_id = o.id
             left join product_option_texts ot on ot.option_id = o.id and ot.locale = 'en'
             left join product_option_texts of on of.option_id = o.id and of.locale = 'fil'
             left join option_value_texts vt on vt.value_id = ov.id and vt.locale = 'en'
             left join option_value_texts vf on vf.value_id = ov.id and vf.locale = 'fil'
             where o.product_id = $1 order by o.position, ov.position",
            &[&id],
        )
        .await?;
    let mut options: Vec<OptionDraft> = Vec::new();
    for row in rows {
        if options.last().is_none_or(|last| last.key != row.option_key) {
            options.push(OptionDraft { key: row.option_key, names: vec![row.option_en, row.option_fil], values: Vec::new() });
        }
        if let Some(option) = options.last_mut() {
            option.values.push((row.value_key, vec![row.value_en, row.value_fil]));
        }
    }
    Ok(options)
}

/// Is tax inside of the prices that products are edited, imported and exported with?
///
/// # Errors
/// The database's.
pub async fn prices_include_tax(shop: &Shop) -> Result<bool, CatalogError> {
    let list: Option<Flag> = shop.db().fetch_optional_scalar(of_ordinary_list!("includes_tax", "$1"), &[&shop_currency(shop)]).await?;
    Ok(list.is_none_or(|Flag(includes_tax)| includes_tax))
}

/// With prices of the list that products are written to.
async fn variants(db: &Db, id: ProductId, currency: Currency) -> Result<Vec<VariantDraft>, DbError> {
    #[derive(FromRow)]
    struct VariantRow {
        id: VariantId,
        sku: String,
        /// Separated by commas.
        value_keys: String,
        price: Option<i64>,
        compare_at: Option<i64>,
        cost: i64,
        weight_g: i64,
        barcode: Option<String>,
        picture: Option<PictureId>,
    }
    let rows: Vec<VariantRow> = db
        .fetch_all(
            concat!(
                "select v.id, v.sku,
                coalesce((select string_agg(ov.key, ',' order by o.position)
                 from variant_values vv join product_options o on o.id = vv.option_id join option_values ov on ov.id = vv.value_id
                 where vv.variant_id = v.id), '') as value_keys,
                r.amount as price, r.compare_at, v.cost, v.weight_g, v.barcode, v.picture_id as picture
             from variants v
             left join prices r on r.variant_id = v.id and r.price_list_id = (",
                of_ordinary_list!("id", "$2"),
                ") where v.product_id = $1 and v.archived = 0 order by v.position, v.id"
            ),
            &[&id, &currency],
        )
        .await?;
    let draft = |row: VariantRow| VariantDraft {
        id: Some(row.id),
        sku: row.sku,
        values: comma_separated(&row.value_keys),
        price: row.price.unwrap_or(0),
        compare_at: row.compare_at,
        cost: row.cost,
        weight_g: row.weight_g,
        barcode: row.barcode.unwrap_or_default(),
        stock: 0,
        picture: row.picture,
    };
    Ok(rows.into_iter().map(draft).collect())
}
