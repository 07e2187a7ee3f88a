//! Writing products: whole, many at once, one statement a table; and what lists need of them.

use std::collections::HashSet;

use domain::id::{CategoryId, PictureId, PriceListId, ProductId, VariantId};
use domain::{Currency, Timestamp};
use uuid::Uuid;

use crate::platform::db::{DbError, Rows, Tx};

use super::store::id_rows;

/// A product that is ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewProduct {
    pub id: ProductId,
    pub handle: String,
    pub category: Option<CategoryId>,
    pub vendor: String,
    pub tax_class: String,
    pub status: &'static str,
    pub featured: Option<i64>,
    pub created_at: Timestamp,
    pub texts: Vec<NewText>,
    pub tags: Vec<String>,
    pub pictures: Vec<PictureId>,
    pub options: Vec<NewOption>,
    pub variants: Vec<NewVariant>,
}

/// Its words in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewText {
    pub locale: &'static str,
    pub name: String,
    pub slug: String,
    pub summary: String,
    pub description: String,
    pub seo_title: String,
    pub seo_description: String,
}

/// An option with its values; names by language code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewOption {
    pub id: Uuid,
    pub key: String,
    pub names: Vec<(&'static str, String)>,
    pub values: Vec<NewValue>,
}

/// A value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewValue {
    pub id: Uuid,
    pub key: String,
    pub names: Vec<(&'static str, String)>,
}

/// A variant; `values` names one value of each option, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewVariant {
    pub id: VariantId,
    pub sku: String,
    pub values: Vec<Uuid>,
    /// None: not for sale until it has one.
    pub price: Option<i64>,
    pub compare_at: Option<i64>,
    pub cost: i64,
    pub weight_g: i64,
    pub barcode: Option<String>,
    pub picture: Option<PictureId>,
}

/// A photograph whose file is kept.
#[derive(Clone, Debug)]
pub(crate) struct NewPicture {
    pub id: PictureId,
    pub hash: String,
    pub width: u32,
    pub height: u32,
    pub alts: Vec<(&'static str, String)>,
}

/// The rows of many products, table by table.
#[derive(Default)]
struct Tables {
    products: Rows,
    texts: Rows,
    tags: Rows,
    pictures: Rows,
    options: Rows,
    option_texts: Rows,
    values: Rows,
    value_texts: Rows,
    variants: Rows,
    variant_values: Rows,
    prices: Rows,
}

impl Tables {
    fn of(products: &[NewProduct], list: PriceListId, at: Timestamp) -> Self {
        let mut t = Self::default();
        for p in products {
            t.products.row(&[&p.id, &p.handle, &p.category, &p.vendor, &p.tax_class, &p.status, &p.featured, &p.created_at, &at]);
            for x in &p.texts {
                t.texts.row(&[&p.id, &x.locale, &x.name, &x.slug, &x.summary, &x.description, &x.seo_title, &x.seo_description]);
            }
            for tag in p.tags.iter().collect::<HashSet<_>>() {
                t.tags.row(&[&p.id, tag]);
            }
            let mut seen = HashSet::new();
            for (position, picture) in (0_i64..).zip(p.pictures.iter().filter(|id| seen.insert(**id))) {
                t.pictures.row(&[&p.id, picture, &position]);
            }
            for (position, option) in (0_i64..).zip(&p.options) {
                t.options.row(&[&option.id, &p.id, &position, &option.key]);
                for (locale, name) in &option.names {
                    t.option_texts.row(&[&option.id, locale, name]);
                }
                for (position, value) in (0_i64..).zip(&option.values) {
                    t.values.row(&[&value.id, &option.id, &position, &value.key]);
                    for (locale, name) in &value.names {
                        t.value_texts.row(&[&value.id, locale, name]);
                    }
                }
            }
            for (position, v) in (0_i64..).zip(&p.variants) {
                t.variants.row(&[&v.id, &p.id, &v.sku, &position, &v.weight_g, &v.cost, &v.barcode, &v.picture, &at]);
                for (option, value) in p.options.iter().zip(&v.values) {
                    t.variant_values.row(&[&v.id, &option.id, value]);
                }
                if let Some(price) = v.price {
                    t.prices.row(&[&v.id, &list, &price, &v.compare_at]);
                }
            }
        }
        t
    }

    /// What hangs on a product besides itself and its variants.
    async fn insert_parts(self, tx: &mut Tx) -> Result<(), DbError> {
        insert(
            tx,
            self.texts,
            "insert into product_texts (product_id, locale, name, slug, summary, description, seo_title, seo_description)
             select unhex(value->>0), value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7 from json_each($1)",
        )
        .await?;
        insert(tx, self.tags, "insert into product_tags (product_id, tag) select unhex(value->>0), value->>1 from json_each($1)").await?;
        insert(
            tx,
            self.pictures,
            "insert into product_pictures (product_id, picture_id, position)
             select unhex(value->>0), unhex(value->>1), cast(value->>2 as bigint) from json_each($1)",
        )
        .await?;
        insert(
            tx,
            self.options,
            "insert into product_options (id, product_id, position, key)
             select unhex(value->>0), unhex(value->>1), cast(value->>2 as bigint), value->>3 from json_each($1)",
        )
        .await?;
        insert(
            tx,
            self.option_texts,
            "insert into product_option_texts (option_id, locale, name) select unhex(value->>0), value->>1, value->>2 from json_each($1)",
        )
        .await?;
        insert(
            tx,
            self.values,
            "insert into option_values (id, option_id, position, key)
             select unhex(value->>0), unhex(value->>1), cast(value->>2 as bigint), value->>3 from json_each($1)",
        )
        .await?;
        insert(
            tx,
            self.value_texts,
            "insert into option_value_texts (value_id, locale, name) select unhex(value->>0), value->>1, value->>2 from json_each($1)",
        )
        .await?;
        // A variant that is there keeps its id, its stock and its history.
        insert(
            tx,
            self.variants,
            "insert into variants (id, product_id, sku, position, weight_g, cost, barcode, picture_id, created_at)
             select unhex(value->>0), unhex(value->>1), value->>2, cast(value->>3 as bigint), cast(value->>4 as bigint),
                cast(value->>5 as bigint), value->>6, unhex(value->>7), cast(value->>8 as bigint) from json_each($1) where true
             on conflict (id) do update set sku = excluded.sku, position = excluded.position, weight_g = excluded.weight_g,
                cost = excluded.cost, barcode = excluded.barcode, picture_id = excluded.picture_id, archived = 0,
                version = variants.version + 1",
        )
        .await?;
        insert(
            tx,
            self.variant_values,
            "insert into variant_values (variant_id, option_id, value_id)
             select unhex(value->>0), unhex(value->>1), unhex(value->>2) from json_each($1)",
        )
        .await?;
        insert(
            tx,
            self.prices,
            "insert into prices (variant_id, price_list_id, amount, compare_at)
             select unhex(value->>0), unhex(value->>1), cast(value->>2 as bigint), cast(value->>3 as bigint) from json_each($1) where true
             on conflict (variant_id, price_list_id) do update set amount = excluded.amount, compare_at = excluded.compare_at",
        )
        .await
    }
}

async fn insert(tx: &mut Tx, rows: Rows, sql: &'static str) -> Result<(), DbError> {
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(sql, &[&rows.end()]).await?;
    Ok(())
}

/// Writes new products. Call [`refresh`] when their stock is there.
pub(crate) async fn insert_products(tx: &mut Tx, list: PriceListId, at: Timestamp, products: &[NewProduct]) -> Result<(), DbError> {
    let mut tables = Tables::of(products, list, at);
    let heads = std::mem::take(&mut tables.products);
    insert(
        tx,
        heads,
        "insert into products (id, handle, category_id, vendor, tax_class, status, featured, created_at, updated_at)
         select unhex(value->>0), value->>1, unhex(value->>2), value->>3, value->>4, value->>5, cast(value->>6 as bigint),
            cast(value->>7 as bigint), cast(value->>8 as bigint) from json_each($1)",
    )
    .await?;
    tables.insert_parts(tx).await
}

/// Writes products that are there already: words, tags, pictures and options anew, variants by their id; those that are not
/// named any more are archived. Handles and status stay.
pub(super) async fn update_products(tx: &mut Tx, list: PriceListId, at: Timestamp, products: &[NewProduct]) -> Result<(), DbError> {
    let ids = id_rows(&products.iter().map(|p| p.id).collect::<Vec<_>>());
    for sql in [
        "delete from variant_values where variant_id in
            (select v.id from variants v where v.product_id in (select unhex(value->>0) from json_each($1)))",
        "delete from option_value_texts where value_id in
            (select ov.id from option_values ov join product_options o on o.id = ov.option_id
             where o.product_id in (select unhex(value->>0) from json_each($1)))",
        "delete from option_values where option_id in
            (select o.id from product_options o where o.product_id in (select unhex(value->>0) from json_each($1)))",
        "delete from product_option_texts where option_id in
            (select o.id from product_options o where o.product_id in (select unhex(value->>0) from json_each($1)))",
        "delete from product_options where product_id in (select unhex(value->>0) from json_each($1))",
        "delete from product_pictures where product_id in (select unhex(value->>0) from json_each($1))",
        "delete from product_tags where product_id in (select unhex(value->>0) from json_each($1))",
        "delete from product_texts where product_id in (select unhex(value->>0) from json_each($1))",
        "update variants set archived = 1 where product_id in (select unhex(value->>0) from json_each($1))",
    ] {
        tx.execute(sql, &[&ids]).await?;
    }
    // Two variants may swap their SKUs; a SKU is never held twice in between.
    let mut renamed = Rows::new();
    for variant in products.iter().flat_map(|p| &p.variants) {
        renamed.row(&[&variant.id, &variant.sku]);
    }
    tx.execute(
        "update variants set sku = '~' || variants.sku from (select unhex(value->>0) as id, value->>1 as sku from json_each($1)) d
         where variants.id = d.id and variants.sku <> d.sku",
        &[&renamed.end()],
    )
    .await?;
    let mut tables = Tables::of(products, list, at);
    let heads = std::mem::take(&mut tables.products);
    insert(
        tx,
        heads,
        "update products set category_id = d.category_id, vendor = d.vendor, tax_class = d.tax_class, featured = d.featured,
            updated_at = d.at, version = products.version + 1
         from (select unhex(value->>0) as id, unhex(value->>2) as category_id, value->>3 as vendor, value->>4 as tax_class,
                cast(value->>6 as bigint) as featured, cast(value->>8 as bigint) as at from json_each($1)) d
         where products.id = d.id",
    )
    .await?;
    tables.insert_parts(tx).await
}

/// Brings what lists need of these products up to date. A product that is not published, or has no price, is in no list.
///
/// `cross join` keeps SQLite from beginning with all published products, which it takes for few.
pub(crate) async fn refresh(tx: &mut Tx, currency: Currency, at: Timestamp, products: &[ProductId]) -> Result<(), DbError> {
    let ids = id_rows(products);
    tx.execute("delete from product_cards where product_id in (select unhex(value->>0) from json_each($1))", &[&ids]).await?;
    tx.execute("delete from product_facets where product_id in (select unhex(value->>0) from json_each($1))", &[&ids]).await?;
    tx.execute(
        "insert into product_cards (product_id, category_id, price_from, price_to, compare_at, in_stock, featured, created_at)
         select x.id, x.category_id, min(x.amount), max(x.amount),
            max(case when x.amount = x.low and x.compare_at > x.amount then x.compare_at end),
            case when exists (select 1 from variants w join stock s on s.variant_id = w.id
                where w.product_id = x.id and w.archived = 0 and s.available > 0) then 1 else 0 end,
            x.featured, x.created_at
         from (select p.id, p.category_id, p.featured, p.created_at, r.amount, r.compare_at, min(r.amount) over (partition by p.id) as low
               from (select unhex(value->>0) as id from json_each($1)) j
               cross join products p
               cross join variants v
               join prices r on r.variant_id = v.id and r.price_list_id = (
                   select l.id from prices q join price_lists l on l.id = q.price_list_id
                   where q.variant_id = v.id and l.currency = $2 and (l.channel is null or l.channel = 'web')
                     and (l.valid_from is null or l.valid_from <= $3) and (l.valid_to is null or l.valid_to > $3)
                   order by l.position, l.id limit 1)
               where p.id = j.id and p.status = 'published' and v.product_id = p.id and v.archived = 0) x
         group by x.id, x.category_id, x.featured, x.created_at",
        &[&ids, &currency, &at],
    )
    .await?;
    tx.execute(
        "insert into product_facets (category_id, option_key, value_key, product_id)
         select distinct coalesce(p.category_id, unhex('00000000000000000000000000000000')), o.key, lower(coalesce(e.name, ov.key)), p.id
         from (select unhex(value->>0) as id from json_each($1)) j
         cross join products p
         cross join variants v
         cross join variant_values vv
         join product_options o on o.id = vv.option_id
         join option_values ov on ov.id = vv.value_id
         left join option_value_texts e on e.value_id = ov.id and e.locale = 'en'
         where p.id = j.id and p.status = 'published' and v.product_id = p.id and v.archived = 0 and vv.variant_id = v.id",
        &[&ids],
    )
    .await?;
    Ok(())
}

/// The price list that products are written to: the last one of the currency that is always in force. It is made when missing.
pub(super) async fn ordinary_list(tx: &mut Tx, new: PriceListId, currency: Currency) -> Result<PriceListId, DbError> {
    let known: Option<(PriceListId,)> = tx
        .fetch_optional(
            "select id from price_lists where currency = $1 and channel is null and valid_from is null and valid_to is null
             order by position desc, id desc limit 1",
            &[&currency],
        )
        .await?;
    if let Some((id,)) = known {
        return Ok(id);
    }
    let name = format!("Shop {currency}");
    tx.execute("insert into price_lists (id, name, currency, position) values ($1, $2, $3, 100)", &[&new, &name, &currency]).await?;
    Ok(new)
}

/// Writes photographs with what they show.
pub(crate) async fn insert_pictures(tx: &mut Tx, at: Timestamp, pictures: &[NewPicture]) -> Result<(), DbError> {
    let (mut rows, mut texts) = (Rows::new(), Rows::new());
    for p in pictures {
        rows.row(&[&p.id, &p.hash, &i64::from(p.width), &i64::from(p.height), &at]);
        for (locale, alt) in &p.alts {
            texts.row(&[&p.id, locale, alt]);
        }
    }
    insert(
        tx,
        rows,
        "insert into pictures (id, hash, width, height, created_at)
         select unhex(value->>0), value->>1, cast(value->>2 as bigint), cast(value->>3 as bigint), cast(value->>4 as bigint)
         from json_each($1) where true on conflict (id) do nothing",
    )
    .await?;
    insert(
        tx,
        texts,
        "insert into picture_texts (picture_id, locale, alt) select unhex(value->>0), value->>1, value->>2 from json_each($1) where true
         on conflict (picture_id, locale) do nothing",
    )
    .await
}

/// Writes the status of products that are there already.
pub(super) async fn set_statuses(tx: &mut Tx, products: &[NewProduct]) -> Result<(), DbError> {
    let mut rows = Rows::new();
    for product in products {
        rows.row(&[&product.id, &product.status]);
    }
    tx.execute(
        "update products set status = d.status
         from (select unhex(value->>0) as id, value->>1 as status from json_each($1)) d where products.id = d.id",
        &[&rows.end()],
    )
    .await?;
    Ok(())
}
