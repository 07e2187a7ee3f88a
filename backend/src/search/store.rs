//! Search's SQL.

use domain::Locale;
use domain::id::{CategoryId, ProductId};
use uuid::Uuid;

use crate::Shop;
use crate::platform::db::{Db, DbError, Rows};
use crate::rows;

rows! {
    /// What is searched of a product.
    pub(super) struct Goods {
        pub id: ProductId,
        pub status: String,
        pub name_en: String,
        pub name_fil: String,
        pub summary_en: String,
        pub summary_fil: String,
        pub vendor: String,
        pub tags: String,
        pub category: String,
        pub values: String,
        pub skus: String,
    }
}

fn id_rows(ids: &[ProductId]) -> String {
    ids.iter().collect::<Rows>().end()
}

macro_rules! goods {
    ($from:literal) => {
        concat!(
            "select p.id, p.status, coalesce(e.name, p.handle), coalesce(f.name, ''), coalesce(e.summary, ''), coalesce(f.summary, ''), p.vendor,
                coalesce((select string_agg(g.tag, ' ') from product_tags g where g.product_id = p.id), ''),
                coalesce((select string_agg(c.name, ' ') from category_texts c where c.category_id = p.category_id), ''),
                coalesce((select string_agg(vt.name, ' ') from product_options o join option_values ov on ov.option_id = o.id
                 join option_value_texts vt on vt.value_id = ov.id where o.product_id = p.id), ''),
                coalesce((select string_agg(v.sku, ' ') from variants v where v.product_id = p.id and v.archived = 0), '')
             from ", $from, "
             left join product_texts e on e.product_id = p.id and e.locale = 'en'
             left join product_texts f on f.product_id = p.id and f.locale = 'fil'"
        )
    };
}

pub(super) async fn goods_of(db: &Db, ids: &[ProductId]) -> Result<Vec<Goods>, DbError> {
    let sql = goods!("(select unhex(value->>0) as id from json_each($1)) j join products p on p.id = j.id");
    db.fetch_all(sql, &[&id_rows(ids)]).await
}

/// What is in these categories, whose names are searched with the goods.
pub(super) async fn goods_in(db: &Db, categories: &[CategoryId]) -> Result<Vec<ProductId>, DbError> {
    let rows: Rows = categories.iter().collect();
    let ids: Vec<(ProductId,)> =
        db.fetch_all("select id from products where category_id in (select unhex(value->>0) from json_each($1))", &[&rows.end()]).await?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

/// The next 500 products, in the order of their ids.
pub(super) async fn goods_after(db: &Db, last: Option<ProductId>) -> Result<Vec<Goods>, DbError> {
    let sql =
        goods!("(select q.id, q.status, q.handle, q.vendor, q.category_id from products q where q.id > $1 order by q.id limit 500) p");
    let mut goods: Vec<Goods> = db.fetch_all(sql, &[&last.unwrap_or(ProductId(Uuid::nil()))]).await?;
    goods.sort_by_key(|g| g.id);
    Ok(goods)
}

/// The first event's id, by which a database is known again, and the number of the newest event that everybody may see.
pub(super) async fn feed(shop: &Shop) -> Result<(String, i64), DbError> {
    let first: Option<(Uuid,)> = shop.db().fetch_optional("select id from events order by seq limit 1", &[]).await?;
    let newest = crate::platform::events::newest(shop).await?;
    Ok((first.map(|(id,)| id.simple().to_string()).unwrap_or_default(), newest))
}

/// Names and slugs in the order of the ids.
pub(super) async fn names(db: &Db, locale: Locale, ids: &[ProductId]) -> Result<Vec<(String, String)>, DbError> {
    let rows: Vec<(ProductId, String, String)> = db
        .fetch_all(
            "select p.id, coalesce(t.name, e.name, p.handle), coalesce(t.slug, e.slug, p.handle)
             from (select unhex(value->>0) as id from json_each($1)) j
             join products p on p.id = j.id
             left join product_texts t on t.product_id = p.id and t.locale = $2
             left join product_texts e on e.product_id = p.id and e.locale = 'en'",
            &[&id_rows(ids), &locale.code()],
        )
        .await?;
    let find = |id: &ProductId| rows.iter().find(|r| r.0 == *id).map(|r| (r.1.clone(), r.2.clone()));
    Ok(ids.iter().filter_map(find).collect())
}
