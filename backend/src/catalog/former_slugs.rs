//! The addresses that products and categories had before their slugs were changed. They lead on to the address of now, whatever was
//! between: what is kept is which product or category had the slug, not what followed it.

use domain::Locale;
use domain::id::CategoryId;
use platform::db::{DbError, FromRow, Hex, JsonRows, Tx, hex};
use serde::Serialize;

use crate::Shop;

use super::CatalogError;
use super::write::NewProduct;

/// A slug that a product or category is to have.
#[derive(Serialize)]
pub(super) struct NewSlug<'a> {
    pub id: Hex<'a>,
    pub locale: &'a str,
    pub slug: &'a str,
}

/// Keeps the slugs that are given up for these.
macro_rules! keep {
    ($of:literal) => {
        concat!(
            "insert into former_",
            $of,
            "_slugs (locale, slug, ",
            $of,
            "_id, at)
             select t.locale, t.slug, t.",
            $of,
            "_id, $2 from ",
            $of,
            "_texts t
             left join (select unhex(value->>'id') as id, value->>'locale' as locale, value->>'slug' as slug from json_each($1)) d
                on d.id = t.",
            $of,
            "_id and d.locale = t.locale and d.slug = t.slug
             where t.",
            $of,
            "_id in (select unhex(value->>'id') from json_each($1)) and d.id is null
             on conflict (locale, slug) do update set ",
            $of,
            "_id = excluded.",
            $of,
            "_id, at = excluded.at"
        )
    };
}

/// Forgets those that are slugs again.
macro_rules! forget_taken {
    ($of:literal) => {
        concat!("delete from former_", $of, "_slugs where (locale, slug) in (select value->>'locale', value->>'slug' from json_each($1))")
    };
}

fn slugs_of(products: &[NewProduct]) -> JsonRows {
    let slugs = products.iter().flat_map(|p| p.texts.iter().map(|text| NewSlug { id: hex(&p.id), locale: text.locale, slug: &text.slug }));
    slugs.collect()
}

/// Keeps the slugs that these products give up. Call it before their texts are replaced, and [`products_have`] afterwards.
pub(super) async fn keep_of_products(tx: &mut Tx, products: &[NewProduct]) -> Result<(), DbError> {
    let at = tx.now();
    tx.execute(keep!("product"), &[&slugs_of(products).finish(), &at]).await?;
    Ok(())
}

/// Forgets the former slugs that are these products' now.
pub(super) async fn products_have(tx: &mut Tx, products: &[NewProduct]) -> Result<(), DbError> {
    tx.write_rows(forget_taken!("product"), slugs_of(products)).await
}

/// Keeps the slugs that a category gives up for these. Call it before its texts are replaced, and [`category_has`] afterwards.
pub(super) async fn keep_of_category(tx: &mut Tx, slugs: &[NewSlug<'_>]) -> Result<(), DbError> {
    let at = tx.now();
    tx.execute(keep!("category"), &[&slugs.iter().collect::<JsonRows>().finish(), &at]).await?;
    Ok(())
}

/// Forgets the former slugs that are this category's now.
pub(super) async fn category_has(tx: &mut Tx, slugs: &[NewSlug<'_>]) -> Result<(), DbError> {
    tx.write_rows(forget_taken!("category"), slugs.iter().collect()).await
}

/// The slug of now of a published product that had this one, in the language in which it had it; that of the asked language first.
///
/// # Errors
/// The database's.
pub async fn moved_product(shop: &Shop, locale: Locale, slug: &str) -> Result<Option<String>, CatalogError> {
    let now = shop
        .db()
        .fetch_optional_scalar(
            "select coalesce(t.slug, e.slug, p.handle) from former_product_slugs f
             join products p on p.id = f.product_id
             left join product_texts t on t.product_id = p.id and t.locale = f.locale
             left join product_texts e on e.product_id = p.id and e.locale = 'en'
             where f.locale in ('en', 'fil') and f.slug = $1 and p.status = 'published'
             order by case when f.locale = $2 then 0 else 1 end limit 1",
            &[&slug, &locale.code()],
        )
        .await?;
    Ok(now)
}

/// The same of a category that is not hidden.
///
/// # Errors
/// The database's.
pub async fn moved_category(shop: &Shop, locale: Locale, slug: &str) -> Result<Option<String>, CatalogError> {
    #[derive(FromRow)]
    struct Former {
        locale: String,
        category: CategoryId,
    }
    let former: Vec<Former> = shop
        .db()
        .fetch_all(
            "select locale, category_id as category from former_category_slugs
             where locale in ('en', 'fil') and slug = $1 order by case when locale = $2 then 0 else 1 end",
            &[&slug, &locale.code()],
        )
        .await?;
    let snapshot = shop.listings().current(shop).await?;
    Ok(former.into_iter().find_map(|former| {
        let category = snapshot.category(former.category)?;
        Some(category.view(Locale::parse(&former.locale).unwrap_or(locale)).slug)
    }))
}
