//! The SQL of what the search index is made of.

use domain::id::{CategoryId, EventId, ProductId, ProductTypeId};
use platform::db::{Db, DbError, json_ids};
use uuid::Uuid;

use super::index::SearchDocument;

/// The words of the category and of the options in a language.
macro_rules! in_language {
    ($locale:literal, $category:literal, $option_values:literal) => {
        concat!(
            "coalesce((select string_agg(c.name, ' ') from category_texts c
                 where c.category_id = p.category_id and c.locale = ",
            $locale,
            "), '') as ",
            $category,
            ", coalesce((select string_agg(vt.name, ' ') from product_options o join option_values ov on ov.option_id = o.id
                 join option_value_texts vt on vt.value_id = ov.id and vt.locale = ",
            $locale,
            " where o.product_id = p.id), '') as ",
            $option_values,
            ", "
        )
    };
}

/// A text with what the product states in a language, which is found as the text is.
macro_rules! with_facts {
    ($text:literal, $locale:literal) => {
        concat!(
            $text,
            " || coalesce((select ' ' || string_agg(x.value, ' ') from product_facts x where x.product_id = p.id and x.locale = ",
            $locale,
            "), '')"
        )
    };
}

macro_rules! documents {
    ($from:literal) => {
        concat!(
            "select p.id, p.status, coalesce(e.name, p.handle) as name_en, coalesce(f.name, '') as name_fil,
                ",
            with_facts!("coalesce(e.summary, '')", "'en'"),
            " as summary_en, ",
            with_facts!("coalesce(f.summary, '')", "'fil'"),
            " as summary_fil, p.vendor,
                coalesce((select string_agg(g.tag, ' ') from product_tags g where g.product_id = p.id), '') as tags,
                ",
            in_language!("'en'", "category_en", "option_values_en"),
            in_language!("'fil'", "category_fil", "option_values_fil"),
            "coalesce((select string_agg(v.sku || '\n' || coalesce(v.barcode, ''), '\n') from variants v
                 where v.product_id = p.id and v.archived = 0), '') as codes
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

/// The products of these types, whose fields may have gone with what was stated of them.
pub(super) async fn products_of_types(db: &Db, types: &[ProductTypeId]) -> Result<Vec<ProductId>, DbError> {
    let sql = "select id from products where type_id in (select unhex(value->>'id') from json_each($1))";
    db.fetch_scalars(sql, &[&json_ids(types)]).await
}

/// The next 500 products, in the order of their ids.
pub(super) async fn documents_after(db: &Db, last: Option<ProductId>) -> Result<Vec<SearchDocument>, DbError> {
    let sql =
        documents!("(select q.id, q.status, q.handle, q.vendor, q.category_id from products q where q.id > $1 order by q.id limit 500) p");
    let mut documents: Vec<SearchDocument> = db.fetch_all(sql, &[&last.unwrap_or(ProductId(Uuid::nil()))]).await?;
    documents.sort_by_key(|d| d.id);
    Ok(documents)
}

/// The id of the event with this number; empty when there is none.
pub(super) async fn event_numbered(db: &Db, seq: i64) -> Result<String, DbError> {
    let id: Option<EventId> = db.fetch_optional_scalar("select id from events where seq = $1", &[&seq]).await?;
    Ok(id.map(event_name).unwrap_or_default())
}

/// An event's id, as cursors have it.
pub(super) fn event_name(id: EventId) -> String {
    id.0.simple().to_string()
}

/// The products of the last 500 orders that are for sale, those of which most units were bought first; at most 24.
pub(super) async fn recently_bought(db: &Db) -> Result<Vec<ProductId>, DbError> {
    db.fetch_scalars(
        "select l.product_id from (select id from orders order by placed_at desc, id desc limit 500) o
         join order_lines l on l.order_id = o.id
         join product_cards c on c.product_id = l.product_id
         where l.quantity > l.cancelled
         group by l.product_id order by sum(l.quantity - l.cancelled) desc, l.product_id limit 24",
        &[],
    )
    .await
}
