use domain::Locale;
use domain::id::{CategoryId, ProductId};
use platform::db::{Db, DbError, FromRow, json_ids};
use platform::events;
use uuid::Uuid;

use super::index::SearchDocument;
use crate::Shop;

macro_rules! documents {
    ($from:literal) => {
        concat!(
            "select p.id, p.status, coalesce(e.name, p.handle) as name_en, coalesce(f.name, '') as name_fil,
                coalesce(e.summary, '') as summary_en, coalesce(f.summary, '') as summary_fil, p.vendor,
                coalesce((select string_agg(g.tag, ' ') from product_tags g where g.product_id = p.id), '') as tags,
                coalesce((select string_agg(c.name, ' ') from category_texts c where c.category_id = p.category_id), '') as category,
                coalesce((select string_agg(vt.name, ' ') from product_options o join option_values ov on ov.option_id = o.id
                 join option_value_texts vt on vt.value_id = ov.id where o.product_id = p.id), '') as option_values,
                coalesce((select string_agg(v.sku, ' ') from variants v where v.product_id = p.id and v.archived = 0), '') as skus
             from ",
            $from,
            "
             left join product_texts e on e.product_id = p.id and e.locale = 'en'
             left join product_texts f on f.product_id = p.id and f.locale = 'fil'"
        )
    };
}

pub(super) async fn documents_of(db: &Db, ids: &[ProductId]) -> Result<Vec<SearchDocument>, DbError> {
    let sql = documents!("(select unhex(value->>'id') as id from json_each($1)) j join products p on p.id = j.id");
    db.fetch_all(sql, &[&json_ids(ids)]).await
}

/// The products in these categories, whose names are searched too.
pub(super) async fn products_in(db: &Db, categories: &[CategoryId]) -> Result<Vec<ProductId>, DbError> {
    let sql = "select id from products where category_id in (select unhex(value->>'id') from json_each($1))";
    db.fetch_scalars(sql, &[&json_ids(categories)]).await
}

/// The next 500 products, in the order of their ids.
pub(super) async fn documents_after(db: &Db, last: Option<ProductId>) -> Result<Vec<SearchDocument>, DbError> {
    let sql =
        documents!("(select q.id, q.status, q.handle, q.vendor, q.category_id from products q where q.id > $1 order by q.id limit 500) p");
    let mut documents: Vec<SearchDocument> = db.fetch_all(sql, &[&last.unwrap_or(ProductId(Uuid::nil()))]).await?;
    documents.sort_by_key(|d| d.id);
    Ok(documents)
}

/// The first event's id, which identifies a database, and the number of the newest event that every subscriber may see.
pub(super) async fn feed(shop: &Shop) -> Result<(String, i64), DbError> {
    let first: Option<Uuid> = shop.db().fetch_optional_scalar("select id from events order by seq limit 1", &[]).await?;
    let newest = events::newest(shop.db()).await?;
    Ok((first.map(|id| id.simple().to_string()).unwrap_or_default(), newest))
}

/// Names and slugs in the order of the ids.
pub(super) async fn names(db: &Db, locale: Locale, ids: &[ProductId]) -> Result<Vec<(String, String)>, DbError> {
    #[derive(FromRow)]
    struct Row {
        id: ProductId,
        name: String,
        slug: String,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select p.id, coalesce(t.name, e.name, p.handle) as name, coalesce(t.slug, e.slug, p.handle) as slug
             from (select unhex(value->>'id') as id from json_each($1)) j
             join products p on p.id = j.id
             left join product_texts t on t.product_id = p.id and t.locale = $2
             left join product_texts e on e.product_id = p.id and e.locale = 'en'",
            &[&json_ids(ids), &locale.code()],
        )
        .await?;
    let find = |id: &ProductId| rows.iter().find(|row| row.id == *id).map(|row| (row.name.clone(), row.slug.clone()));
    Ok(ids.iter().filter_map(find).collect())
}
