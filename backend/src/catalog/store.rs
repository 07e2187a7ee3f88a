//! The catalogue's reading SQL.

use std::collections::HashMap;

use domain::Locale;
use domain::id::{CategoryId, PictureId, ProductId, VariantId};
use domain::view::{CategoryView, PictureView};

use crate::platform::db::{Db, DbError, Rows, Tx};
use crate::rows;

rows! {
    /// A published product, as far as lists and filters go.
    pub(super) struct ShelfRow {
        pub id: ProductId,
        pub category: Option<CategoryId>,
        pub price_from: i64,
        pub in_stock: bool,
        pub featured: Option<i64>,
        pub created_at: i64,
    }
    /// A product in a list.
    pub(super) struct CardRow {
        pub id: ProductId,
        pub slug: String,
        pub name: String,
        pub vendor: String,
        pub picture: Option<PictureId>,
        pub width: Option<i64>,
        pub height: Option<i64>,
        pub alt: Option<String>,
        pub price_from: i64,
        pub price_to: i64,
        pub compare_at: Option<i64>,
        pub in_stock: bool,
        pub only_variant: Option<VariantId>,
    }
    struct CategoryRow {
        id: CategoryId,
        handle: String,
        published: bool,
        picture: Option<PictureId>,
        width: Option<i64>,
        height: Option<i64>,
        locale: String,
        name: String,
        slug: String,
        blurb: String,
        alt: Option<String>,
    }
}

/// A category with its words in each language.
#[derive(Clone, Debug)]
pub(super) struct Category {
    pub id: CategoryId,
    pub handle: String,
    pub published: bool,
    pub picture: Option<(PictureId, i64, i64)>,
    pub texts: HashMap<Locale, CategoryText>,
}

/// A category's words.
#[derive(Clone, Debug)]
pub(super) struct CategoryText {
    pub name: String,
    pub slug: String,
    pub blurb: String,
    pub alt: String,
}

impl Category {
    /// In the reader's language, English where there is none.
    pub(super) fn view(&self, locale: Locale) -> CategoryView {
        let text = self.texts.get(&locale).or_else(|| self.texts.get(&Locale::En)).or_else(|| self.texts.values().next());
        let alt = text.map(|t| t.alt.clone());
        CategoryView {
            slug: text.map_or_else(|| self.handle.clone(), |t| t.slug.clone()),
            name: text.map_or_else(|| self.handle.clone(), |t| t.name.clone()),
            blurb: text.map(|t| t.blurb.clone()).unwrap_or_default(),
            picture: self.picture.and_then(|(id, width, height)| picture(Some(id), Some(width), Some(height), alt)),
        }
    }
}

/// Sizes are whole numbers of pixels below 100,000.
pub(super) fn pixels(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

/// A picture from the columns of an outer join.
pub(super) fn picture(id: Option<PictureId>, width: Option<i64>, height: Option<i64>, alt: Option<String>) -> Option<PictureView> {
    let id = id?;
    Some(PictureView { id, alt: alt.unwrap_or_default(), width: pixels(width.unwrap_or(0)), height: pixels(height.unwrap_or(0)) })
}

/// Ids for `json_each($1)`.
pub(super) fn id_rows(ids: &[ProductId]) -> String {
    ids.iter().collect::<Rows>().end()
}

/// The categories in order; those that are hidden only when they are asked for.
pub(super) async fn categories(db: &Db, hidden: bool) -> Result<Vec<Category>, DbError> {
    let rows: Vec<CategoryRow> = db
        .fetch_all(
            "select c.id, c.handle, c.published, p.id, p.width, p.height, t.locale, t.name, t.slug, t.blurb, a.alt
             from categories c
             join category_texts t on t.category_id = c.id
             left join pictures p on p.id = c.picture_id
             left join picture_texts a on a.picture_id = p.id and a.locale = t.locale
             where c.published = 1 or $1 = 1 order by c.position, c.id",
            &[&hidden],
        )
        .await?;
    let mut categories: Vec<Category> = Vec::new();
    for row in rows {
        if categories.last().is_none_or(|last| last.id != row.id) {
            let picture = row.picture.map(|id| (id, row.width.unwrap_or(0), row.height.unwrap_or(0)));
            categories.push(Category { id: row.id, handle: row.handle, published: row.published, picture, texts: HashMap::new() });
        }
        if let (Some(category), Some(locale)) = (categories.last_mut(), Locale::parse(&row.locale)) {
            let text = CategoryText { name: row.name, slug: row.slug, blurb: row.blurb, alt: row.alt.unwrap_or_default() };
            category.texts.insert(locale, text);
        }
    }
    Ok(categories)
}

/// Everything that is published.
pub(super) async fn shelf_rows(db: &Db) -> Result<Vec<ShelfRow>, DbError> {
    db.fetch_all("select product_id, category_id, price_from, in_stock, featured, created_at from product_cards", &[]).await
}

/// What is published of these.
pub(super) async fn shelf_rows_of(db: &Db, ids: &[ProductId]) -> Result<Vec<ShelfRow>, DbError> {
    db.fetch_all(
        "select c.product_id, c.category_id, c.price_from, c.in_stock, c.featured, c.created_at
         from (select unhex(value->>0) as id from json_each($1)) j join product_cards c on c.product_id = j.id",
        &[&id_rows(ids)],
    )
    .await
}

/// Product, option and value of everything that is published. A value is told by its name in small letters: two products may have the
/// same key for different things, as `small` for a vase of 16 cm and for a box of 25.
pub(super) async fn facets(db: &Db) -> Result<Vec<(ProductId, String, String)>, DbError> {
    db.fetch_all("select product_id, option_key, value_key from product_facets", &[]).await
}

/// Product, option and value of these.
pub(super) async fn facets_of(db: &Db, ids: &[ProductId]) -> Result<Vec<(ProductId, String, String)>, DbError> {
    db.fetch_all(
        "select f.product_id, f.option_key, f.value_key
         from (select unhex(value->>0) as id from json_each($1)) j join product_facets f on f.product_id = j.id",
        &[&id_rows(ids)],
    )
    .await
}

/// What the filters are called: option and value key, their names, and the value's place, each told by one product that has it.
pub(super) async fn facet_names(
    db: &Db,
    locale: Locale,
    asked: &[(ProductId, &str, &str)],
) -> Result<Vec<(String, String, String, String, i64)>, DbError> {
    let mut rows = Rows::new();
    for (product, option, value) in asked {
        rows.row(&[product, option, value]);
    }
    db.fetch_all(
        "select o.key, j.value_key, coalesce(t.name, e.name, o.key), coalesce(vt.name, ve.name, v.key), v.position
         from (select unhex(value->>0) as product_id, value->>1 as option_key, value->>2 as value_key from json_each($1)) j
         join product_options o on o.product_id = j.product_id and o.key = j.option_key
         join option_values v on v.option_id = o.id
         left join product_option_texts t on t.option_id = o.id and t.locale = $2
         left join product_option_texts e on e.option_id = o.id and e.locale = 'en'
         left join option_value_texts vt on vt.value_id = v.id and vt.locale = $2
         left join option_value_texts ve on ve.value_id = v.id and ve.locale = 'en'
         where lower(coalesce(ve.name, v.key)) = j.value_key",
        &[&rows.end(), &locale.code()],
    )
    .await
}

/// Products as they stand in lists.
pub(super) async fn cards(db: &Db, locale: Locale, ids: &[ProductId]) -> Result<Vec<CardRow>, DbError> {
    db.fetch_all(
        "select c.product_id, coalesce(t.slug, e.slug, p.handle), coalesce(t.name, e.name, p.handle), p.vendor, i.id, i.width, i.height,
            coalesce(a.alt, ae.alt), c.price_from, c.price_to, c.compare_at, c.in_stock,
            (select case when count(*) = 1 then (select v.id from variants v where v.product_id = p.id and v.archived = 0) end
             from variants n where n.product_id = p.id and n.archived = 0)
         from (select unhex(value->>0) as id from json_each($1)) j
         join product_cards c on c.product_id = j.id
         join products p on p.id = c.product_id
         left join product_texts t on t.product_id = p.id and t.locale = $2
         left join product_texts e on e.product_id = p.id and e.locale = 'en'
         left join pictures i on i.id = (select pp.picture_id from product_pictures pp where pp.product_id = p.id order by pp.position limit 1)
         left join picture_texts a on a.picture_id = i.id and a.locale = $2
         left join picture_texts ae on ae.picture_id = i.id and ae.locale = 'en'",
        &[&id_rows(ids), &locale.code()],
    )
    .await
}

/// Of the products that these events are about (an order's or a variant's), those whose card says something else about stock than
/// the stock does.
pub(super) async fn flipped(tx: &mut Tx, subjects: &String) -> Result<Vec<ProductId>, DbError> {
    let rows: Vec<(ProductId,)> = tx
        .fetch_all(
            "select c.product_id from product_cards c
             where c.product_id in (
                select v.product_id from (select unhex(value->>0) as id from json_each($1)) j join variants v on v.id = j.id
                union
                select l.product_id from (select unhex(value->>0) as id from json_each($1)) j join order_lines l on l.order_id = j.id)
             and c.in_stock <> (case when exists (
                select 1 from variants v join stock s on s.variant_id = v.id
                where v.product_id = c.product_id and v.archived = 0 and s.available > 0) then 1 else 0 end)",
            &[subjects],
        )
        .await?;
    Ok(rows.into_iter().map(|r| r.0).collect())
}

/// Lets the cards say what the stock says.
pub(super) async fn set_in_stock(tx: &mut Tx, products: &[ProductId]) -> Result<u64, DbError> {
    tx.execute(
        "update product_cards set in_stock = (case when exists (
            select 1 from variants v join stock s on s.variant_id = v.id
            where v.product_id = product_cards.product_id and v.archived = 0 and s.available > 0) then 1 else 0 end)
         where product_id in (select unhex(value->>0) from json_each($1))",
        &[&id_rows(products)],
    )
    .await
}
