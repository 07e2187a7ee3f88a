//! A product's page as shoppers see it: what is cached of it, with the prices and the stock of now.

use std::collections::HashMap;
use std::sync::Arc;

use domain::id::{CategoryId, PictureId, ProductId, VariantId};
use domain::text::comma_separated;
use domain::view::{OptionValueView, OptionView, PictureView, ProductView, VariantView};
use domain::{Locale, Money, Timestamp};
use platform::db::{Db, DbError, Flag, FromRow};

use crate::inventory::serves;
use crate::pricing::{HomeMarket, ListPrice, prices_in_force};
use crate::{Shop, pricing};

use super::cache::ProductPage;
use super::{CatalogError, browse, facts, store};

/// Shoppers see at most this many units.
const MAX_SHOWN: i64 = 10;
const RELATED: usize = 4;

#[derive(FromRow)]
struct PageRow {
    id: ProductId,
    category: Option<CategoryId>,
    vendor: String,
    tax_class: String,
    /// Separated by commas.
    tags: String,
    locale: String,
    name: String,
    slug: String,
    /// Is it a slug in another language too, of this product or another?
    is_shared: Flag,
    summary: String,
    description: String,
    seo_title: String,
    seo_description: String,
}

#[derive(FromRow)]
struct VariantRow {
    id: VariantId,
    sku: String,
    /// Keys, separated by commas.
    value_keys: String,
    amount: Option<i64>,
    compare_at: Option<i64>,
    includes_tax: Option<Flag>,
    available: i64,
    picture: Option<PictureId>,
    weight_g: i64,
    barcode: Option<String>,
}

/// A published product by its slug in any language; none when it does not exist or is not published.
///
/// # Errors
/// The database's.
pub async fn product(shop: &Shop, locale: Locale, slug: &str) -> Result<Option<ProductView>, CatalogError> {
    let pages = &shop.listings().cache.pages;
    let Some(page) = pages.get_or_read((locale, slug.to_owned()), page(shop.db(), locale, slug)).await? else { return Ok(None) };
    let snapshot = shop.listings().current(shop).await?;
    let HomeMarket { currency, region } = pricing::home_market(shop);
    let variants = variants(shop.db(), page.id, currency.code(), shop.now()).await?;
    let tax_rate_bp = pricing::rules(shop).await?.taxes.rate_bp(&page.tax_class, &region);
    let money = |minor| Money::new(minor, currency);
    let related = browse::cards_by_ids(shop, locale, &snapshot.related(page.id, RELATED)).await?;
    let page = ProductPage::clone(&page);
    Ok(Some(ProductView {
        id: page.id,
        slug: page.slug,
        languages: page.languages,
        name: page.name,
        vendor: page.vendor,
        summary: page.summary,
        description: page.description,
        seo_title: page.seo_title,
        seo_description: page.seo_description,
        category: page.category.and_then(|id| snapshot.category(id)).map(|c| c.view(locale)),
        pictures: page.pictures,
        options: page.options,
        variants: variants
            .into_iter()
            .filter_map(|v| {
                let includes_tax = v.includes_tax?.0;
                let with_tax = |amount| money(ListPrice { amount, includes_tax }.with_tax(tax_rate_bp));
                Some(VariantView {
                    id: v.id,
                    sku: v.sku,
                    values: comma_separated(&v.value_keys),
                    price: with_tax(v.amount?),
                    compare_at: v.compare_at.filter(|was| Some(*was) > v.amount).map(with_tax),
                    available: v.available.clamp(0, MAX_SHOWN),
                    picture: v.picture,
                    weight_g: v.weight_g,
                    barcode: v.barcode.filter(|b| !b.is_empty()),
                })
            })
            .collect(),
        tags: page.tags,
        facts: page.facts,
        size_guide: page.size_guide,
        tax_rate_bp,
        related,
    }))
}

/// What the page says, from the database.
async fn page(db: &Db, locale: Locale, slug: &str) -> Result<Option<Arc<ProductPage>>, DbError> {
    let rows: Vec<PageRow> = db
        .fetch_all(
            "select p.id, p.category_id as category, p.vendor, p.tax_class,
                coalesce((select string_agg(g.tag, ',' order by g.tag) from product_tags g where g.product_id = p.id), '') as tags,
                t.locale, t.name, t.slug, t.summary, t.description, t.seo_title, t.seo_description,
                cast(case when exists (select 1 from product_texts o
                    where o.locale in ('en', 'fil') and o.slug = t.slug and o.locale <> t.locale) then 1 else 0 end as bigint) as is_shared
             from products p join product_texts t on t.product_id = p.id
             where p.status = 'published' and p.id = (
                select s.product_id from product_texts s join products q on q.id = s.product_id
                where s.locale in ('en', 'fil') and s.slug = $1 and q.status = 'published'
                order by case when s.locale = $2 then 0 else 1 end limit 1)",
            &[&slug, &locale.code()],
        )
        .await?;
    let languages = if rows.len() < 2 || rows.iter().any(|row| row.is_shared.0) {
        Vec::new()
    } else {
        rows.iter().map(|row| (row.locale.clone(), row.slug.clone())).collect()
    };
    let of = |code: &str| rows.iter().position(|row| row.locale == code);
    let at = of(locale.code()).or_else(|| of("en")).unwrap_or(0);
    let Some(row) = rows.into_iter().nth(at) else {
        return Ok(None);
    };
    Ok(Some(Arc::new(ProductPage {
        pictures: pictures(db, row.id, locale).await?,
        options: options(db, row.id, locale).await?,
        facts: facts::shown(db, row.id, locale).await?,
        size_guide: facts::size_guide(db, row.id, locale).await?,
        id: row.id,
        category: row.category,
        vendor: row.vendor,
        tax_class: row.tax_class,
        tags: comma_separated(&row.tags),
        slug: row.slug,
        languages,
        name: row.name,
        summary: row.summary,
        description: row.description,
        seo_title: row.seo_title,
        seo_description: row.seo_description,
    })))
}

async fn variants(db: &Db, product: ProductId, currency: &str, at: Timestamp) -> Result<Vec<VariantRow>, DbError> {
    db.fetch_all(
        concat!(
            "select v.id, v.sku,
            coalesce((select string_agg(ov.key, ',' order by o.position)
             from variant_values vv join product_options o on o.id = vv.option_id join option_values ov on ov.id = vv.value_id
             where vv.variant_id = v.id), '') as value_keys,
            r.amount, r.compare_at, f.includes_tax,
            coalesce((select cast(sum(s.available) as bigint) from stock s join stock_locations l on l.id = s.location_id
             where s.variant_id = v.id and ",
            serves!("'web'"),
            "), 0) as available,
            v.picture_id as picture, v.weight_g, v.barcode
         from variants v
         ",
            prices_in_force!("left join", "$2", "'web'", "$3"),
            " where v.product_id = $1 and v.archived = 0
         order by v.position, v.id"
        ),
        &[&product, &currency, &at],
    )
    .await
}

/// The pictures of a product, the main one first.
pub(super) async fn pictures(db: &Db, product: ProductId, locale: Locale) -> Result<Vec<PictureView>, DbError> {
    #[derive(FromRow)]
    struct Row {
        id: PictureId,
        width: i64,
        height: i64,
        alt: Option<String>,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select i.id, i.width, i.height, coalesce(a.alt, ae.alt) as alt
             from product_pictures pp
             join pictures i on i.id = pp.picture_id
             left join picture_texts a on a.picture_id = i.id and a.locale = $2
             left join picture_texts ae on ae.picture_id = i.id and ae.locale = 'en'
             where pp.product_id = $1 order by pp.position",
            &[&product, &locale.code()],
        )
        .await?;
    let view = |row: Row| PictureView {
        id: row.id,
        alt: row.alt.unwrap_or_default(),
        width: store::pixels(row.width),
        height: store::pixels(row.height),
    };
    Ok(rows.into_iter().map(view).collect())
}

async fn options(db: &Db, product: ProductId, locale: Locale) -> Result<Vec<OptionView>, DbError> {
    #[derive(FromRow)]
    struct Row {
        option_key: String,
        option_name: String,
        value_key: String,
        value_name: String,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select o.key as option_key, coalesce(ot.name, oe.name, o.key) as option_name, ov.key as value_key,
                coalesce(vt.name, ve.name, ov.key) as value_name
             from product_options o
             join option_values ov on ov.option_id = o.id
             left join product_option_texts ot on ot.option_id = o.id and ot.locale = $2
             left join product_option_texts oe on oe.option_id = o.id and oe.locale = 'en'
             left join option_value_texts vt on vt.value_id = ov.id and vt.locale = $2
             left join option_value_texts ve on ve.value_id = ov.id and ve.locale = 'en'
             where o.product_id = $1 order by o.position, ov.position",
            &[&product, &locale.code()],
        )
        .await?;
    let mut options: Vec<OptionView> = Vec::new();
    let mut positions: HashMap<String, usize> = HashMap::new();
    for row in rows {
        let position = *positions.entry(row.option_key.clone()).or_insert_with(|| {
            options.push(OptionView { key: row.option_key, name: row.option_name, values: Vec::new() });
            options.len() - 1
        });
        let swatch = domain::swatch(&options[position].key, &row.value_name).map(str::to_owned);
        options[position].values.push(OptionValueView { key: row.value_key, name: row.value_name, swatch });
    }
    Ok(options)
}
