//! A product's page.

use std::collections::HashMap;
use std::sync::Arc;

use domain::id::{CategoryId, PictureId, ProductId, VariantId};
use domain::view::{OptionValueView, OptionView, PictureView, ProductView, VariantView};
use domain::{Locale, Money, Timestamp};

use crate::Shop;
use crate::platform::db::{Db, DbError};
use crate::rows;
use crate::settings;

use super::kept::Sheet;
use super::{CatalogError, browse, store};

/// More than this is nobody's business.
const MAX_SHOWN: i64 = 10;
/// Others of its kind.
const RELATED: usize = 4;

rows! {
    struct Head {
        id: ProductId,
        category: Option<CategoryId>,
        vendor: String,
        tax_class: String,
        tags: String,
        locale: String,
        name: String,
        slug: String,
        summary: String,
        description: String,
        seo_title: String,
        seo_description: String,
    }
    struct VariantRow {
        id: VariantId,
        sku: String,
        values: String,
        price: Option<i64>,
        compare_at: Option<i64>,
        available: i64,
        picture: Option<PictureId>,
        weight_g: i64,
        barcode: Option<String>,
    }
}

/// A published product by its slug in any language; none when there is no such thing to buy.
///
/// # Errors
/// The database's.
pub async fn product(shop: &Shop, locale: Locale, slug: &str) -> Result<Option<ProductView>, CatalogError> {
    let Some(sheet) = sheet(shop, locale, slug).await? else { return Ok(None) };
    let index = shop.shelf().current(shop).await?;
    let settings = settings::shop(shop);
    let currency = settings::shop_currency(shop);
    let variants = variants(shop.db(), sheet.id, currency.code(), shop.now()).await?;
    let rules = shop.shelf().rules(shop).await?;
    let money = |minor| Money::new(minor, currency);
    let related = browse::cards_by_ids(shop, locale, &index.related(sheet.id, RELATED)).await?;
    let sheet = Sheet::clone(&sheet);
    Ok(Some(ProductView {
        id: sheet.id,
        slug: sheet.slug,
        slugs: sheet.slugs,
        name: sheet.name,
        vendor: sheet.vendor,
        summary: sheet.summary,
        description: sheet.description,
        seo_title: sheet.seo_title,
        seo_description: sheet.seo_description,
        category: sheet.category.and_then(|id| index.category(id)).map(|c| c.view(locale)),
        pictures: sheet.pictures,
        options: sheet.options,
        variants: variants
            .into_iter()
            .filter_map(|v| {
                Some(VariantView {
                    id: v.id,
                    sku: v.sku,
                    values: split(&v.values),
                    price: money(v.price?),
                    compare_at: v.compare_at.filter(|was| Some(*was) > v.price).map(money),
                    available: v.available.clamp(0, MAX_SHOWN),
                    picture: v.picture,
                    weight_g: v.weight_g,
                    barcode: v.barcode.filter(|b| !b.is_empty()),
                })
            })
            .collect(),
        tags: sheet.tags,
        tax_rate_bp: rules.tax_rate(&sheet.tax_class, &settings.country),
        related,
    }))
}

/// What the page says, as it is kept or else read.
async fn sheet(shop: &Shop, locale: Locale, slug: &str) -> Result<Option<Arc<Sheet>>, DbError> {
    let kept = &shop.shelf().kept;
    let generation = kept.generation();
    if let Some(sheet) = kept.sheet(generation, locale, slug) {
        return Ok(Some(sheet));
    }
    let db = shop.db();
    let heads: Vec<Head> = db
        .fetch_all(
            "select p.id, p.category_id, p.vendor, p.tax_class,
                coalesce((select string_agg(g.tag, ',' order by g.tag) from product_tags g where g.product_id = p.id), ''),
                t.locale, t.name, t.slug, t.summary, t.description, t.seo_title, t.seo_description
             from products p join product_texts t on t.product_id = p.id
             where p.status = 'published' and p.id = (
                select s.product_id from product_texts s where s.locale in ('en', 'fil') and s.slug = $1
                order by case when s.locale = $2 then 0 else 1 end limit 1)",
            &[&slug, &locale.code()],
        )
        .await?;
    let slugs: Vec<(String, String)> = heads.iter().map(|h| (h.locale.clone(), h.slug.clone())).collect();
    let at = heads.iter().position(|h| h.locale == locale.code()).or_else(|| heads.iter().position(|h| h.locale == "en")).unwrap_or(0);
    let Some(head) = heads.into_iter().nth(at) else {
        return Ok(None);
    };
    let sheet = Arc::new(Sheet {
        pictures: pictures(db, head.id, locale).await?,
        options: options(db, head.id, locale).await?,
        id: head.id,
        category: head.category,
        vendor: head.vendor,
        tax_class: head.tax_class,
        tags: split(&head.tags),
        slug: head.slug,
        slugs,
        name: head.name,
        summary: head.summary,
        description: head.description,
        seo_title: head.seo_title,
        seo_description: head.seo_description,
    });
    kept.keep_sheet(generation, locale, slug, &sheet);
    Ok(Some(sheet))
}

fn split(text: &str) -> Vec<String> {
    text.split(',').filter(|t| !t.is_empty()).map(str::to_owned).collect()
}

async fn variants(db: &Db, product: ProductId, currency: &str, at: Timestamp) -> Result<Vec<VariantRow>, DbError> {
    db.fetch_all(
        "select v.id, v.sku,
            coalesce((select string_agg(ov.key, ',' order by o.position)
             from variant_values vv join product_options o on o.id = vv.option_id join option_values ov on ov.id = vv.value_id
             where vv.variant_id = v.id), ''),
            r.amount, r.compare_at,
            coalesce((select cast(sum(s.available) as bigint) from stock s where s.variant_id = v.id), 0),
            v.picture_id, v.weight_g, v.barcode
         from variants v
         left join prices r on r.variant_id = v.id and r.price_list_id = (
            select l.id from prices q join price_lists l on l.id = q.price_list_id
            where q.variant_id = v.id and l.currency = $2 and (l.channel is null or l.channel = 'web')
              and (l.valid_from is null or l.valid_from <= $3) and (l.valid_to is null or l.valid_to > $3)
            order by l.position, l.id limit 1)
         where v.product_id = $1 and v.archived = 0
         order by v.position, v.id",
        &[&product, &currency, &at],
    )
    .await
}

/// The photographs of a product, the main one first.
pub(super) async fn pictures(db: &Db, product: ProductId, locale: Locale) -> Result<Vec<PictureView>, DbError> {
    let rows: Vec<(PictureId, i64, i64, Option<String>)> = db
        .fetch_all(
            "select i.id, i.width, i.height, coalesce(a.alt, ae.alt)
             from product_pictures pp
             join pictures i on i.id = pp.picture_id
             left join picture_texts a on a.picture_id = i.id and a.locale = $2
             left join picture_texts ae on ae.picture_id = i.id and ae.locale = 'en'
             where pp.product_id = $1 order by pp.position",
            &[&product, &locale.code()],
        )
        .await?;
    Ok(rows.into_iter().filter_map(|(id, width, height, alt)| store::picture(Some(id), Some(width), Some(height), alt)).collect())
}

async fn options(db: &Db, product: ProductId, locale: Locale) -> Result<Vec<OptionView>, DbError> {
    let rows: Vec<(String, String, String, String)> = db
        .fetch_all(
            "select o.key, coalesce(ot.name, oe.name, o.key), ov.key, coalesce(vt.name, ve.name, ov.key)
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
    let mut at: HashMap<String, usize> = HashMap::new();
    for (key, name, value_key, value_name) in rows {
        let place = *at.entry(key.clone()).or_insert_with(|| {
            options.push(OptionView { key, name, values: Vec::new() });
            options.len() - 1
        });
        options[place].values.push(OptionValueView { key: value_key, name: value_name });
    }
    Ok(options)
}
