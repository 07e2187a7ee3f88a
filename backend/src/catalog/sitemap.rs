//! The addresses that search engines are told of.

use platform::db::{DbError, Flag};

use crate::Shop;

/// A sitemap has no more addresses (sitemaps.org).
const MAX_ADDRESSES: i64 = 50_000;

/// The paths of the published categories and products in every language, the newest products first.
///
/// # Errors
/// The database's.
pub async fn public_paths(shop: &Shop) -> Result<Vec<String>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        is_product: Flag,
        slug: String,
    }
    let rows: Vec<Row> = shop
        .db()
        .fetch_all(
            "select cast(0 as bigint) as is_product, t.slug, cast(0 as bigint) as age
             from categories c join category_texts t on t.category_id = c.id where c.published = 1
             union
             select cast(1 as bigint), t.slug, min(-p.created_at)
             from products p join product_texts t on t.product_id = p.id where p.status = 'published' group by t.slug
             order by 1, 3, 2 limit $1",
            &[&MAX_ADDRESSES],
        )
        .await?;
    Ok(rows.into_iter().map(|row| format!("/{}/{}", if row.is_product.0 { "p" } else { "c" }, row.slug)).collect())
}
