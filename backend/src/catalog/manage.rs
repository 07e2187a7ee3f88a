//! What managers see of products: lists, and one as it is edited.

use std::collections::HashMap;

use domain::id::{CategoryId, LocationId, PictureId, ProductId, VariantId};
use domain::permission::Permission;
use domain::view::{
    OptionDraft, ProductAdminView, ProductDraft, ProductListView, ProductRowView, ProductTexts, StockRowView, VariantDraft,
};
use domain::{Locale, Money};

use crate::Shop;
use crate::platform::Context;
use crate::platform::db::{Db, DbError};
use crate::rows;
use crate::search;
use crate::settings::shop_currency;

use super::{CatalogError, product, store};

/// Products on one page of the managers' list.
const PAGE: usize = 50;
const STATUSES: [&str; 3] = ["draft", "published", "archived"];

rows! {
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
    pub(super) struct Head {
        handle: String,
        category: Option<CategoryId>,
        vendor: String,
        tax_class: String,
        status: String,
        featured: Option<i64>,
        version: i64,
        tags: String,
    }
    struct VariantRow {
        id: VariantId,
        sku: String,
        values: String,
        price: Option<i64>,
        compare_at: Option<i64>,
        cost: i64,
        weight_g: i64,
        barcode: Option<String>,
        picture: Option<PictureId>,
    }
}

/// Categories to choose from, hidden ones too.
///
/// # Errors
/// The database's.
pub async fn category_choices(shop: &Shop, locale: Locale) -> Result<Vec<(CategoryId, String)>, CatalogError> {
    let categories = store::categories(shop.db(), true).await?;
    Ok(categories.into_iter().map(|c| (c.id, c.view(locale).name)).collect())
}

/// A page of products, newest first, all of them or those of a category; or what a search finds, best first. `status` is empty
/// for all.
///
/// # Errors
/// Not allowed, or what the database or the search says.
pub async fn admin_list(
    shop: &Shop,
    ctx: &Context,
    search: &str,
    status: &str,
    category: Option<CategoryId>,
    after: Option<&str>,
) -> Result<ProductListView, CatalogError> {
    ctx.require(Permission::ReadProducts)?;
    let status = if STATUSES.contains(&status) { status } else { "" };
    let (ids, next) = if search.trim().is_empty() {
        let after = after.and_then(|a| a.parse::<ProductId>().ok());
        newest(shop.db(), status, category, after).await?
    } else {
        let from = after.and_then(|a| a.parse::<usize>().ok()).unwrap_or(0);
        let found =
            search::products(shop, search, status, from, PAGE + 1).await.map_err(|e| CatalogError::Db(DbError::Lost(e.to_string())))?;
        let next = (found.len() > PAGE).then(|| (from + PAGE).to_string());
        (found.into_iter().take(PAGE).collect(), next)
    };
    Ok(ProductListView { products: list_rows(shop, &ids).await?, next })
}

async fn newest(
    db: &Db,
    status: &str,
    category: Option<CategoryId>,
    after: Option<ProductId>,
) -> Result<(Vec<ProductId>, Option<String>), DbError> {
    let last = ProductId(uuid::Uuid::max());
    let after = after.unwrap_or(last);
    let mut ids: Vec<(ProductId,)> = if let Some(category) = category {
        db.fetch_all(
            "select id from products where category_id = $3 and ($2 = '' or status = $2) and id < $1 order by id desc limit 51",
            &[&after, &status, &category],
        )
        .await?
    } else if status.is_empty() {
        db.fetch_all("select id from products where id < $1 order by id desc limit 51", &[&after]).await?
    } else {
        db.fetch_all("select id from products where status = $2 and id < $1 order by id desc limit 51", &[&after, &status]).await?
    };
    let more = ids.len() > PAGE;
    ids.truncate(PAGE);
    let next = ids.last().filter(|_| more).map(|(id,)| id.to_string());
    Ok((ids.into_iter().map(|r| r.0).collect(), next))
}

async fn list_rows(shop: &Shop, ids: &[ProductId]) -> Result<Vec<ProductRowView>, CatalogError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let currency = shop_currency(shop);
    let rows: Vec<ListRow> = shop
        .db()
        .fetch_all(
            "select p.id, coalesce(e.name, p.handle), p.status,
                coalesce((select c.name from category_texts c where c.category_id = p.category_id and c.locale = 'en'), ''),
                i.id, i.width, i.height, a.alt,
                (select count(*) from variants v where v.product_id = p.id and v.archived = 0),
                coalesce((select cast(sum(s.available) as bigint) from variants v join stock s on s.variant_id = v.id
                 where v.product_id = p.id and v.archived = 0), 0),
                (select min(r.amount) from variants v join prices r on r.variant_id = v.id join price_lists l on l.id = r.price_list_id
                 where v.product_id = p.id and v.archived = 0 and l.currency = $2)
             from (select unhex(value->>0) as id from json_each($1)) j
             join products p on p.id = j.id
             left join product_texts e on e.product_id = p.id and e.locale = 'en'
             left join pictures i on i.id = (select pp.picture_id from product_pictures pp where pp.product_id = p.id order by pp.position limit 1)
             left join picture_texts a on a.picture_id = i.id and a.locale = 'en'",
            &[&store::id_rows(ids), &currency],
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
    let db = shop.db();
    let (head, draft) = read(shop, id).await?.ok_or(CatalogError::Unknown)?;
    let name = draft.texts.first().map_or_else(|| head.handle.clone(), |t| t.name.clone());
    let rows: Vec<(VariantId, String, LocationId, String, i64, i64, i64)> = db
        .fetch_all(
            "select v.id, v.sku, l.id, l.name, s.on_hand, s.reserved, s.available
             from variants v join stock s on s.variant_id = v.id join locations l on l.id = s.location_id
             where v.product_id = $1 and v.archived = 0 order by v.position, l.position",
            &[&id],
        )
        .await?;
    let stock = rows
        .into_iter()
        .map(|(variant, sku, location, location_name, on_hand, reserved, available)| {
            let values = draft.variants.iter().find(|v| v.id == Some(variant)).map(|v| v.values.join(" · ")).unwrap_or_default();
            let name = if values.is_empty() { name.clone() } else { format!("{name}, {values}") };
            StockRowView { variant, product: id, sku, name, location, location_name, on_hand, reserved, available }
        })
        .collect();
    Ok(ProductAdminView { status: head.status, pictures: product::pictures(db, id, Locale::En).await?, stock, draft })
}

type OptionRow = (String, String, String, String, String, String);

/// What is in the database, as a draft.
pub(super) async fn read(shop: &Shop, id: ProductId) -> Result<Option<(Head, ProductDraft)>, DbError> {
    let db = shop.db();
    let head: Option<Head> = db
        .fetch_optional(
            "select p.handle, p.category_id, p.vendor, p.tax_class, p.status, p.featured, p.version,
                coalesce((select string_agg(g.tag, ',' order by g.tag) from product_tags g where g.product_id = p.id), '')
             from products p where p.id = $1",
            &[&id],
        )
        .await?;
    let Some(head) = head else { return Ok(None) };
    let texts: Vec<(String, String, String, String, String, String, String)> = db
        .fetch_all(
            "select locale, name, slug, summary, description, seo_title, seo_description from product_texts where product_id = $1 order by locale",
            &[&id],
        )
        .await?;
    let option_rows: Vec<OptionRow> = db
        .fetch_all(
            "select o.key, coalesce(ot.name, o.key), coalesce(of.name, ''), ov.key, coalesce(vt.name, ov.key), coalesce(vf.name, '')
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
    for (key, en, fil, value, value_en, value_fil) in option_rows {
        if options.last().is_none_or(|last| last.key != key) {
            options.push(OptionDraft { key, names: vec![en, fil], values: Vec::new() });
        }
        if let Some(option) = options.last_mut() {
            option.values.push((value, vec![value_en, value_fil]));
        }
    }
    let variants: Vec<VariantRow> = db
        .fetch_all(
            "select v.id, v.sku,
                coalesce((select string_agg(ov.key, ',' order by o.position)
                 from variant_values vv join product_options o on o.id = vv.option_id join option_values ov on ov.id = vv.value_id
                 where vv.variant_id = v.id), ''),
                r.amount, r.compare_at, v.cost, v.weight_g, v.barcode, v.picture_id
             from variants v
             left join prices r on r.variant_id = v.id and r.price_list_id = (
                select id from price_lists where currency = $2 and channel is null and valid_from is null and valid_to is null
                order by position desc, id desc limit 1)
             where v.product_id = $1 and v.archived = 0 order by v.position, v.id",
            &[&id, &shop_currency(shop)],
        )
        .await?;
    let pictures: Vec<(PictureId,)> =
        db.fetch_all("select picture_id from product_pictures where product_id = $1 order by position", &[&id]).await?;
    let split = |text: &str| text.split(',').filter(|t| !t.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let draft = ProductDraft {
        id: Some(id),
        version: head.version,
        handle: head.handle.clone(),
        category: head.category,
        vendor: head.vendor.clone(),
        tax_class: head.tax_class.clone(),
        featured: head.featured,
        tags: split(&head.tags),
        texts: texts
            .into_iter()
            .map(|(locale, name, slug, summary, description, seo_title, seo_description)| ProductTexts {
                locale,
                name,
                slug,
                summary,
                description,
                seo_title,
                seo_description,
            })
            .collect(),
        options,
        variants: variants
            .into_iter()
            .map(|v| VariantDraft {
                id: Some(v.id),
                sku: v.sku,
                values: split(&v.values),
                price: v.price.unwrap_or(0),
                compare_at: v.compare_at,
                cost: v.cost,
                weight_g: v.weight_g,
                barcode: v.barcode.unwrap_or_default(),
                stock: 0,
                picture: v.picture,
            })
            .collect(),
        pictures: pictures.into_iter().map(|p| p.0).collect(),
    };
    Ok(Some((head, draft)))
}
