//! Products as they are, whole and many at once: what an import compares a file with, and what an export writes.

use std::collections::HashMap;

use domain::id::{CategoryId, PictureId, ProductId, VariantId};
use domain::{Locale, Timestamp};
use uuid::Uuid;

use crate::Shop;
use crate::platform::db::{Db, DbError};
use crate::rows;
use crate::settings::shop_currency;

use super::store::id_rows;
use super::write::{NewOption, NewProduct, NewText, NewValue, NewVariant};

/// A product with all that hangs on it.
#[derive(Clone, Debug)]
pub(super) struct Whole {
    /// As it would be written; variants that are sold, in their order.
    pub product: NewProduct,
    pub version: i64,
    /// Variants that are not sold any more, without their values.
    pub archived: Vec<NewVariant>,
    /// Units on hand at all places together.
    pub on_hand: HashMap<VariantId, i64>,
    /// Its photographs, and those of its variants.
    pub pictures: HashMap<PictureId, Photograph>,
    /// The English name of its category.
    pub category: String,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Photograph {
    pub hash: String,
    /// What it shows, by language code.
    pub alts: Vec<(&'static str, String)>,
    /// Where an import had it from.
    pub source: Option<String>,
}

rows! {
    struct Head {
        id: ProductId,
        handle: String,
        category: Option<CategoryId>,
        vendor: String,
        tax_class: String,
        status: String,
        featured: Option<i64>,
        created_at: i64,
        version: i64,
        category_name: String,
    }
    struct Words {
        product: ProductId,
        locale: String,
        name: String,
        slug: String,
        summary: String,
        description: String,
        seo_title: String,
        seo_description: String,
    }
    struct VariantRow {
        product: ProductId,
        id: VariantId,
        sku: String,
        archived: bool,
        price: Option<i64>,
        compare_at: Option<i64>,
        cost: i64,
        weight_g: i64,
        barcode: Option<String>,
        picture: Option<PictureId>,
        on_hand: i64,
    }
}

type Found = HashMap<ProductId, Whole>;

/// The code of a language that the shop speaks.
fn code(locale: &str) -> Option<&'static str> {
    Locale::parse(locale).map(Locale::code)
}

/// English first, as in [`Locale::ALL`].
fn place(code: &str) -> usize {
    Locale::ALL.iter().position(|locale| locale.code() == code).unwrap_or(usize::MAX)
}

/// Reads these products.
///
/// # Errors
/// The database's.
pub(super) async fn read(shop: &Shop, ids: &[ProductId]) -> Result<Found, DbError> {
    if ids.is_empty() {
        return Ok(Found::new());
    }
    let (db, ids) = (shop.db(), id_rows(ids));
    let mut found = heads(db, &ids).await?;
    words(db, &ids, &mut found).await?;
    options(db, &ids, &mut found).await?;
    variants(shop, &ids, &mut found).await?;
    pictures(db, &ids, &mut found).await?;
    Ok(found)
}

async fn heads(db: &Db, ids: &str) -> Result<Found, DbError> {
    let rows: Vec<Head> = db
        .fetch_all(
            "select p.id, p.handle, p.category_id, p.vendor, p.tax_class, p.status, p.featured, p.created_at, p.version, coalesce(c.name, '')
             from (select unhex(value->>0) as id from json_each($1)) j
             join products p on p.id = j.id
             left join category_texts c on c.category_id = p.category_id and c.locale = 'en'",
            &[&ids],
        )
        .await?;
    let whole = |head: Head| {
        let status = match head.status.as_str() {
            "published" => "published",
            "archived" => "archived",
            _ => "draft",
        };
        let product = NewProduct {
            id: head.id,
            handle: head.handle,
            category: head.category,
            vendor: head.vendor,
            tax_class: head.tax_class,
            status,
            featured: head.featured,
            created_at: Timestamp::from_millis(head.created_at),
            texts: Vec::new(),
            tags: Vec::new(),
            pictures: Vec::new(),
            options: Vec::new(),
            variants: Vec::new(),
        };
        let whole = Whole {
            product,
            version: head.version,
            archived: Vec::new(),
            on_hand: HashMap::new(),
            pictures: HashMap::new(),
            category: head.category_name,
        };
        (head.id, whole)
    };
    Ok(rows.into_iter().map(whole).collect())
}

async fn words(db: &Db, ids: &str, found: &mut Found) -> Result<(), DbError> {
    let texts: Vec<Words> = db
        .fetch_all(
            "select t.product_id, t.locale, t.name, t.slug, t.summary, t.description, t.seo_title, t.seo_description
             from (select unhex(value->>0) as id from json_each($1)) j join product_texts t on t.product_id = j.id",
            &[&ids],
        )
        .await?;
    for t in texts {
        if let (Some(whole), Some(locale)) = (found.get_mut(&t.product), code(&t.locale)) {
            let (summary, description) = (t.summary, t.description);
            let text = NewText {
                locale,
                name: t.name,
                slug: t.slug,
                summary,
                description,
                seo_title: t.seo_title,
                seo_description: t.seo_description,
            };
            whole.product.texts.push(text);
        }
    }
    let tags: Vec<(ProductId, String)> = db
        .fetch_all(
            "select t.product_id, t.tag from (select unhex(value->>0) as id from json_each($1)) j
             join product_tags t on t.product_id = j.id",
            &[&ids],
        )
        .await?;
    for (product, tag) in tags {
        if let Some(whole) = found.get_mut(&product) {
            whole.product.tags.push(tag);
        }
    }
    for whole in found.values_mut() {
        whole.product.texts.sort_by_key(|text| place(text.locale));
        whole.product.tags.sort_unstable();
    }
    Ok(())
}

async fn options(db: &Db, ids: &str, found: &mut Found) -> Result<(), DbError> {
    let options: Vec<(ProductId, Uuid, String)> = db
        .fetch_all(
            "select o.product_id, o.id, o.key from (select unhex(value->>0) as id from json_each($1)) j
             join product_options o on o.product_id = j.id order by o.product_id, o.position",
            &[&ids],
        )
        .await?;
    for (product, id, key) in options {
        if let Some(whole) = found.get_mut(&product) {
            whole.product.options.push(NewOption { id, key, names: Vec::new(), values: Vec::new() });
        }
    }
    let values: Vec<(ProductId, Uuid, Uuid, String)> = db
        .fetch_all(
            "select o.product_id, o.id, v.id, v.key from (select unhex(value->>0) as id from json_each($1)) j
             cross join product_options o cross join option_values v
             where o.product_id = j.id and v.option_id = o.id order by v.option_id, v.position",
            &[&ids],
        )
        .await?;
    for (product, option, id, key) in values {
        let option = found.get_mut(&product).and_then(|whole| whole.product.options.iter_mut().find(|o| o.id == option));
        if let Some(option) = option {
            option.values.push(NewValue { id, key, names: Vec::new() });
        }
    }
    // Of the options themselves, and of their values.
    let names: Vec<(ProductId, Uuid, Option<Uuid>, String, String)> = db
        .fetch_all(
            "select o.product_id, o.id, null, t.locale, t.name from (select unhex(value->>0) as id from json_each($1)) j
             cross join product_options o cross join product_option_texts t
             where o.product_id = j.id and t.option_id = o.id
             union all
             select o.product_id, o.id, v.id, t.locale, t.name from (select unhex(value->>0) as id from json_each($1)) j
             cross join product_options o cross join option_values v cross join option_value_texts t
             where o.product_id = j.id and v.option_id = o.id and t.value_id = v.id",
            &[&ids],
        )
        .await?;
    for (product, option, value, locale, name) in names {
        let option = found.get_mut(&product).and_then(|whole| whole.product.options.iter_mut().find(|o| o.id == option));
        let (Some(option), Some(locale)) = (option, code(&locale)) else { continue };
        match value {
            None => option.names.push((locale, name)),
            Some(value) => option.values.iter_mut().filter(|v| v.id == value).for_each(|v| v.names.push((locale, name.clone()))),
        }
    }
    for option in found.values_mut().flat_map(|whole| &mut whole.product.options) {
        option.names.sort_by_key(|(locale, _)| place(locale));
        option.values.iter_mut().for_each(|value| value.names.sort_by_key(|(locale, _)| place(locale)));
    }
    Ok(())
}

async fn variants(shop: &Shop, ids: &str, found: &mut Found) -> Result<(), DbError> {
    let rows: Vec<VariantRow> = shop
        .db()
        .fetch_all(
            "select v.product_id, v.id, v.sku, v.archived, r.amount, r.compare_at, v.cost, v.weight_g, v.barcode, v.picture_id,
                coalesce((select cast(sum(s.on_hand) as bigint) from stock s where s.variant_id = v.id), 0)
             from (select unhex(value->>0) as id from json_each($1)) j
             join variants v on v.product_id = j.id
             left join prices r on r.variant_id = v.id and r.price_list_id = (
                select id from price_lists where currency = $2 and channel is null and valid_from is null and valid_to is null
                order by position desc, id desc limit 1)
             order by v.product_id, v.position, v.id",
            &[&ids, &shop_currency(shop)],
        )
        .await?;
    let values: Vec<(VariantId, Uuid)> = shop
        .db()
        .fetch_all(
            "select v.id, vv.value_id from (select unhex(value->>0) as id from json_each($1)) j
             cross join variants v
             cross join variant_values vv
             join product_options o on o.id = vv.option_id
             where v.product_id = j.id and vv.variant_id = v.id order by o.position",
            &[&ids],
        )
        .await?;
    let mut of: HashMap<VariantId, Vec<Uuid>> = HashMap::new();
    for (variant, value) in values {
        of.entry(variant).or_default().push(value);
    }
    for row in rows {
        let Some(whole) = found.get_mut(&row.product) else { continue };
        whole.on_hand.insert(row.id, row.on_hand);
        let variant = NewVariant {
            id: row.id,
            sku: row.sku,
            values: of.remove(&row.id).unwrap_or_default(),
            price: row.price,
            compare_at: row.compare_at,
            cost: row.cost,
            weight_g: row.weight_g,
            barcode: row.barcode.filter(|barcode| !barcode.is_empty()),
            picture: row.picture,
        };
        if row.archived { whole.archived.push(variant) } else { whole.product.variants.push(variant) }
    }
    Ok(())
}

async fn pictures(db: &Db, ids: &str, found: &mut Found) -> Result<(), DbError> {
    let hung: Vec<(ProductId, PictureId)> = db
        .fetch_all(
            "select p.product_id, p.picture_id from (select unhex(value->>0) as id from json_each($1)) j
             join product_pictures p on p.product_id = j.id order by p.product_id, p.position",
            &[&ids],
        )
        .await?;
    for (product, picture) in hung {
        if let Some(whole) = found.get_mut(&product) {
            whole.product.pictures.push(picture);
        }
    }
    let mut of: HashMap<PictureId, Vec<ProductId>> = HashMap::new();
    for (id, whole) in &*found {
        let variants = whole.product.variants.iter().filter_map(|variant| variant.picture);
        for picture in whole.product.pictures.iter().copied().chain(variants) {
            of.entry(picture).or_default().push(*id);
        }
    }
    if of.is_empty() {
        return Ok(());
    }
    let asked = of.keys().collect::<crate::platform::db::Rows>().end();
    #[allow(clippy::type_complexity, reason = "a row of the statement")]
    let rows: Vec<(PictureId, String, Option<String>, Option<String>, Option<String>)> = db
        .fetch_all(
            "select p.id, p.hash, t.locale, t.alt, (select min(i.source) from imported_pictures i where i.picture_id = p.id)
             from (select unhex(value->>0) as id from json_each($1)) j
             join pictures p on p.id = j.id
             left join picture_texts t on t.picture_id = p.id",
            &[&asked],
        )
        .await?;
    for (picture, hash, locale, alt, source) in rows {
        for product in of.get(&picture).into_iter().flatten() {
            let Some(whole) = found.get_mut(product) else { continue };
            let photograph = whole.pictures.entry(picture).or_default();
            photograph.hash.clone_from(&hash);
            photograph.source.clone_from(&source);
            if let (Some(locale), Some(alt)) = (locale.as_deref().and_then(code), &alt) {
                photograph.alts.push((locale, alt.clone()));
                photograph.alts.sort_by_key(|(locale, _)| place(locale));
            }
        }
    }
    Ok(())
}
