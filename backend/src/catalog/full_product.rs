//! Many products with everything that belongs to them: what an import compares a file with, and what an export writes.

use std::collections::HashMap;

use domain::id::{CategoryId, PictureId, ProductId, VariantId};
use domain::{Locale, Timestamp};
use platform::db::{Db, DbError, Flag, FromRow, json_ids};
use uuid::Uuid;

use crate::Shop;
use crate::settings::shop_currency;

use super::write::{NewOption, NewProduct, NewText, NewValue, NewVariant, StatedFact, StatedFacts, of_ordinary_list};

#[derive(Clone, Debug)]
pub(super) struct FullProduct {
    /// As it would be written, with the variants that are sold in their order.
    pub product: NewProduct,
    pub version: i64,
    /// Archived variants, without the values of their options.
    pub archived: Vec<NewVariant>,
    /// Units on hand at all locations together.
    pub on_hand: HashMap<VariantId, i64>,
    /// Its pictures, and those of its variants.
    pub pictures: HashMap<PictureId, ProductPicture>,
    /// The English name of its category.
    pub category: String,
}

#[derive(Clone, Debug, Default)]
pub(super) struct ProductPicture {
    pub hash: String,
    /// Descriptions by language code.
    pub alts: Vec<(&'static str, String)>,
    /// The address or file name that an import took it from.
    pub source: Option<String>,
}

type FullProducts = HashMap<ProductId, FullProduct>;

/// None for a language that the shop does not have.
fn code(locale: &str) -> Option<&'static str> {
    Locale::parse(locale).map(Locale::code)
}

/// Its position in [`Locale::ALL`], English first.
fn rank(code: &str) -> usize {
    Locale::ALL.iter().position(|locale| locale.code() == code).unwrap_or(usize::MAX)
}

/// # Errors
/// The database's.
pub(super) async fn read(shop: &Shop, ids: &[ProductId]) -> Result<FullProducts, DbError> {
    if ids.is_empty() {
        return Ok(FullProducts::new());
    }
    let (db, ids) = (shop.db(), json_ids(ids));
    let mut products = heads(db, &ids).await?;
    texts(db, &ids, &mut products).await?;
    tags(db, &ids, &mut products).await?;
    facts(db, &ids, &mut products).await?;
    options(db, &ids, &mut products).await?;
    option_values(db, &ids, &mut products).await?;
    option_names(db, &ids, &mut products).await?;
    variants(shop, &ids, &mut products).await?;
    product_pictures(db, &ids, &mut products).await?;
    pictures(db, &mut products).await?;
    Ok(products)
}

#[derive(FromRow)]
struct HeadRow {
    id: ProductId,
    handle: String,
    category: Option<CategoryId>,
    vendor: String,
    tax_class: String,
    status: String,
    featured: Option<i64>,
    created_at: Timestamp,
    version: i64,
    category_name: String,
    product_type: String,
}

async fn heads(db: &Db, ids: &str) -> Result<FullProducts, DbError> {
    let rows: Vec<HeadRow> = db
        .fetch_all(
            "select p.id, p.handle, p.category_id as category, p.vendor, p.tax_class, p.status, p.featured, p.created_at, p.version,
                coalesce(c.name, '') as category_name, coalesce(y.handle, '') as product_type
             from (select unhex(value->>'id') as id from json_each($1)) j
             join products p on p.id = j.id
             left join category_texts c on c.category_id = p.category_id and c.locale = 'en'
             left join product_types y on y.id = p.type_id",
            &[&ids],
        )
        .await?;
    let full = |row: HeadRow| {
        let status = match row.status.as_str() {
            "published" => "published",
            "archived" => "archived",
            _ => "draft",
        };
        let product = NewProduct {
            id: row.id,
            handle: row.handle,
            category: row.category,
            vendor: row.vendor,
            tax_class: row.tax_class,
            status,
            featured: row.featured,
            created_at: row.created_at,
            texts: Vec::new(),
            tags: Vec::new(),
            pictures: Vec::new(),
            options: Vec::new(),
            variants: Vec::new(),
            stated: Some(StatedFacts { product_type: row.product_type, facts: Vec::new() }),
        };
        let full = FullProduct {
            product,
            version: row.version,
            archived: Vec::new(),
            on_hand: HashMap::new(),
            pictures: HashMap::new(),
            category: row.category_name,
        };
        (row.id, full)
    };
    Ok(rows.into_iter().map(full).collect())
}

async fn texts(db: &Db, ids: &str, products: &mut FullProducts) -> Result<(), DbError> {
    #[derive(FromRow)]
    struct Row {
        product: ProductId,
        locale: String,
        name: String,
        slug: String,
        summary: String,
        description: String,
        seo_title: String,
        seo_description: String,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select t.product_id as product, t.locale, t.name, t.slug, t.summary, t.description, t.seo_title, t.seo_description
             from (select unhex(value->>'id') as id from json_each($1)) j join product_texts t on t.product_id = j.id",
            &[&ids],
        )
        .await?;
    for row in rows {
        if let (Some(full), Some(locale)) = (products.get_mut(&row.product), code(&row.locale)) {
            full.product.texts.push(NewText {
                locale,
                name: row.name,
                slug: row.slug,
                summary: row.summary,
                description: row.description,
                seo_title: row.seo_title,
                seo_description: row.seo_description,
            });
        }
    }
    for full in products.values_mut() {
        full.product.texts.sort_by_key(|text| rank(text.locale));
    }
    Ok(())
}

async fn tags(db: &Db, ids: &str, products: &mut FullProducts) -> Result<(), DbError> {
    #[derive(FromRow)]
    struct Row {
        product: ProductId,
        tag: String,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select t.product_id as product, t.tag from (select unhex(value->>'id') as id from json_each($1)) j
             join product_tags t on t.product_id = j.id",
            &[&ids],
        )
        .await?;
    for row in rows {
        if let Some(full) = products.get_mut(&row.product) {
            full.product.tags.push(row.tag);
        }
    }
    for full in products.values_mut() {
        full.product.tags.sort_unstable();
    }
    Ok(())
}

/// What products state of the fields that their types have now.
async fn facts(db: &Db, ids: &str, products: &mut FullProducts) -> Result<(), DbError> {
    #[derive(FromRow)]
    struct Row {
        product: ProductId,
        key: String,
        locale: String,
        value: String,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select p.id as product, f.key, v.locale, v.value from (select unhex(value->>'id') as id from json_each($1)) j
             join products p on p.id = j.id
             join product_facts v on v.product_id = p.id
             join product_type_fields f on f.id = v.field_id and f.type_id = p.type_id",
            &[&ids],
        )
        .await?;
    for Row { product, key, locale, value } in rows {
        let stated = products.get_mut(&product).and_then(|full| full.product.stated.as_mut());
        if let (Some(stated), Some(locale)) = (stated, code(&locale)) {
            stated.facts.push(StatedFact { key, locale, value });
        }
    }
    products.values_mut().filter_map(|full| full.product.stated.as_mut()).for_each(|stated| stated.facts.sort());
    Ok(())
}

async fn options(db: &Db, ids: &str, products: &mut FullProducts) -> Result<(), DbError> {
    #[derive(FromRow)]
    struct Row {
        product: ProductId,
        id: Uuid,
        key: String,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select o.product_id as product, o.id, o.key from (select unhex(value->>'id') as id from json_each($1)) j
             join product_options o on o.product_id = j.id order by o.product_id, o.position",
            &[&ids],
        )
        .await?;
    for row in rows {
        if let Some(full) = products.get_mut(&row.product) {
            full.product.options.push(NewOption { id: row.id, key: row.key, names: Vec::new(), values: Vec::new() });
        }
    }
    Ok(())
}

fn option_of(products: &mut FullProducts, product: ProductId, option: Uuid) -> Option<&mut NewOption> {
    products.get_mut(&product)?.product.options.iter_mut().find(|o| o.id == option)
}

async fn option_values(db: &Db, ids: &str, products: &mut FullProducts) -> Result<(), DbError> {
    #[derive(FromRow)]
    struct Row {
        product: ProductId,
        option: Uuid,
        id: Uuid,
        key: String,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select o.product_id as product, o.id as option, v.id, v.key from (select unhex(value->>'id') as id from json_each($1)) j
             cross join product_options o cross join option_values v
             where o.product_id = j.id and v.option_id = o.id order by v.option_id, v.position",
            &[&ids],
        )
        .await?;
    for row in rows {
        if let Some(option) = option_of(products, row.product, row.option) {
            option.values.push(NewValue { id: row.id, key: row.key, names: Vec::new() });
        }
    }
    Ok(())
}

/// Of options and of their values.
async fn option_names(db: &Db, ids: &str, products: &mut FullProducts) -> Result<(), DbError> {
    #[derive(FromRow)]
    struct Row {
        product: ProductId,
        option: Uuid,
        /// None for the option's own name.
        value: Option<Uuid>,
        locale: String,
        name: String,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select o.product_id as product, o.id as option, null as value, t.locale, t.name
             from (select unhex(value->>'id') as id from json_each($1)) j
             cross join product_options o cross join product_option_texts t
             where o.product_id = j.id and t.option_id = o.id
             union all
             select o.product_id, o.id, v.id, t.locale, t.name from (select unhex(value->>'id') as id from json_each($1)) j
             cross join product_options o cross join option_values v cross join option_value_texts t
             where o.product_id = j.id and v.option_id = o.id and t.value_id = v.id",
            &[&ids],
        )
        .await?;
    for row in rows {
        let option = option_of(products, row.product, row.option);
        let (Some(option), Some(locale)) = (option, code(&row.locale)) else { continue };
        match row.value {
            None => option.names.push((locale, row.name)),
            Some(value) => option.values.iter_mut().filter(|v| v.id == value).for_each(|v| v.names.push((locale, row.name.clone()))),
        }
    }
    for option in products.values_mut().flat_map(|full| &mut full.product.options) {
        option.names.sort_by_key(|(locale, _)| rank(locale));
        option.values.iter_mut().for_each(|value| value.names.sort_by_key(|(locale, _)| rank(locale)));
    }
    Ok(())
}

async fn variants(shop: &Shop, ids: &str, products: &mut FullProducts) -> Result<(), DbError> {
    #[derive(FromRow)]
    struct Row {
        product: ProductId,
        id: VariantId,
        sku: String,
        archived: Flag,
        price: Option<i64>,
        compare_at: Option<i64>,
        cost: i64,
        weight_g: i64,
        barcode: Option<String>,
        picture: Option<PictureId>,
        on_hand: i64,
    }
    let rows: Vec<Row> = shop
        .db()
        .fetch_all(
            concat!(
                "select v.product_id as product, v.id, v.sku, v.archived, r.amount as price, r.compare_at, v.cost, v.weight_g, v.barcode,
                v.picture_id as picture,
                coalesce((select cast(sum(s.on_hand) as bigint) from stock s where s.variant_id = v.id), 0) as on_hand
             from (select unhex(value->>'id') as id from json_each($1)) j
             join variants v on v.product_id = j.id
             left join prices r on r.variant_id = v.id and r.price_list_id = (",
                of_ordinary_list!("id", "$2"),
                ") order by v.product_id, v.position, v.id"
            ),
            &[&ids, &shop_currency(shop)],
        )
        .await?;
    let mut values = variant_values(shop.db(), ids).await?;
    for row in rows {
        let Some(full) = products.get_mut(&row.product) else { continue };
        full.on_hand.insert(row.id, row.on_hand);
        let variant = NewVariant {
            id: row.id,
            sku: row.sku,
            values: values.remove(&row.id).unwrap_or_default(),
            price: row.price,
            compare_at: row.compare_at,
            cost: row.cost,
            weight_g: row.weight_g,
            barcode: row.barcode.filter(|barcode| !barcode.is_empty()),
            picture: row.picture,
        };
        if row.archived.0 { full.archived.push(variant) } else { full.product.variants.push(variant) }
    }
    Ok(())
}

/// In the order of the options.
async fn variant_values(db: &Db, ids: &str) -> Result<HashMap<VariantId, Vec<Uuid>>, DbError> {
    #[derive(FromRow)]
    struct Row {
        variant: VariantId,
        value: Uuid,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select v.id as variant, vv.value_id as value from (select unhex(value->>'id') as id from json_each($1)) j
             cross join variants v
             cross join variant_values vv
             join product_options o on o.id = vv.option_id
             where v.product_id = j.id and vv.variant_id = v.id order by o.position",
            &[&ids],
        )
        .await?;
    let mut values: HashMap<VariantId, Vec<Uuid>> = HashMap::new();
    for row in rows {
        values.entry(row.variant).or_default().push(row.value);
    }
    Ok(values)
}

async fn product_pictures(db: &Db, ids: &str, products: &mut FullProducts) -> Result<(), DbError> {
    #[derive(FromRow)]
    struct Row {
        product: ProductId,
        picture: PictureId,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select p.product_id as product, p.picture_id as picture from (select unhex(value->>'id') as id from json_each($1)) j
             join product_pictures p on p.product_id = j.id order by p.product_id, p.position",
            &[&ids],
        )
        .await?;
    for row in rows {
        if let Some(full) = products.get_mut(&row.product) {
            full.product.pictures.push(row.picture);
        }
    }
    Ok(())
}

/// The pictures of products and variants that were read before.
async fn pictures(db: &Db, products: &mut FullProducts) -> Result<(), DbError> {
    #[derive(FromRow)]
    struct Row {
        picture: PictureId,
        hash: String,
        locale: Option<String>,
        alt: Option<String>,
        source: Option<String>,
    }
    let mut by_picture: HashMap<PictureId, Vec<ProductId>> = HashMap::new();
    for (id, full) in &*products {
        let variants = full.product.variants.iter().filter_map(|variant| variant.picture);
        for picture in full.product.pictures.iter().copied().chain(variants) {
            by_picture.entry(picture).or_default().push(*id);
        }
    }
    if by_picture.is_empty() {
        return Ok(());
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select p.id as picture, p.hash, t.locale, t.alt,
                (select min(i.source) from imported_pictures i where i.picture_id = p.id) as source
             from (select unhex(value->>'id') as id from json_each($1)) j
             join pictures p on p.id = j.id
             left join picture_texts t on t.picture_id = p.id",
            &[&json_ids(by_picture.keys())],
        )
        .await?;
    for row in rows {
        for product in by_picture.get(&row.picture).into_iter().flatten() {
            let Some(full) = products.get_mut(product) else { continue };
            let entry = full.pictures.entry(row.picture).or_default();
            entry.hash.clone_from(&row.hash);
            entry.source.clone_from(&row.source);
            if let (Some(locale), Some(alt)) = (row.locale.as_deref().and_then(code), &row.alt) {
                entry.alts.push((locale, alt.clone()));
                entry.alts.sort_by_key(|(locale, _)| rank(locale));
            }
        }
    }
    Ok(())
}
