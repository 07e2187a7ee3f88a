//! What managers do with products: find, read, save, publish, archive.

use std::collections::HashMap;

use domain::id::{CategoryId, LocationId, MovementId, PictureId, PriceListId, ProductId, VariantId};
use domain::messages::t;
use domain::permission::Permission;
use domain::view::{
    OptionDraft, ProductAdminView, ProductDraft, ProductListView, ProductRowView, ProductTexts, StockRowView, VariantDraft,
};
use domain::{Locale, Money, Timestamp};
use serde_json::{Value, json};

use crate::Shop;
use crate::platform::Context;
use crate::platform::db::{Db, DbError, Rows, Tx};
use crate::platform::events::{self, Event};
use crate::rows;
use crate::settings::shop_currency;
use crate::{accounting, inventory, search};

use super::write::{self, NewProduct};
use super::{CatalogError, check, product, store};

/// Products on one page of the managers' list.
const PAGE: usize = 50;
const STATUSES: [&str; 3] = ["draft", "published", "archived"];

rows! {
    struct ListRow {
        id: ProductId,
        name: String,
        status: String,
        category: Option<CategoryId>,
        picture: Option<PictureId>,
        width: Option<i64>,
        height: Option<i64>,
        alt: Option<String>,
        variants: i64,
        available: i64,
        price_from: Option<i64>,
    }
    struct Head {
        handle: String,
        category: Option<CategoryId>,
        vendor: String,
        tax_class: String,
        status: String,
        featured: Option<i64>,
        version: i64,
        tags: String,
    }
    struct VariantRow {
        id: VariantId,
        sku: String,
        values: String,
        price: Option<i64>,
        compare_at: Option<i64>,
        cost: i64,
        weight_g: i64,
        barcode: Option<String>,
        picture: Option<PictureId>,
    }
}

/// Categories to choose from.
///
/// # Errors
/// The database's.
pub async fn category_choices(shop: &Shop, locale: Locale) -> Result<Vec<(CategoryId, String)>, CatalogError> {
    let index = shop.shelf().current(shop).await?;
    Ok(index.categories.iter().map(|c| (c.id, c.view(locale).name)).collect())
}

/// A page of products, newest first; or what a search finds, best first. `status` is empty for all.
///
/// # Errors
/// Not allowed, or what the database or the search says.
pub async fn admin_list(shop: &Shop, ctx: &Context, search: &str, status: &str, after: Option<&str>) -> Result<ProductListView, CatalogError> {
    ctx.require(Permission::ReadProducts)?;
    let status = if STATUSES.contains(&status) { status } else { "" };
    let (ids, next) = if search.trim().is_empty() {
        let after = after.and_then(|a| a.parse::<ProductId>().ok());
        newest(shop.db(), status, after).await?
    } else {
        let from = after.and_then(|a| a.parse::<usize>().ok()).unwrap_or(0);
        let found = search::products(shop, search, status, from, PAGE + 1).await.map_err(|e| CatalogError::Db(DbError::Lost(e.to_string())))?;
        let next = (found.len() > PAGE).then(|| (from + PAGE).to_string());
        (found.into_iter().take(PAGE).collect(), next)
    };
    Ok(ProductListView { products: list_rows(shop, &ids).await?, next })
}

async fn newest(db: &Db, status: &str, after: Option<ProductId>) -> Result<(Vec<ProductId>, Option<String>), DbError> {
    let last = ProductId(uuid::Uuid::max());
    let after = after.unwrap_or(last);
    let mut ids: Vec<(ProductId,)> = if status.is_empty() {
        db.fetch_all("select id from products where id < $1 order by id desc limit 51", &[&after]).await?
    } else {
        db.fetch_all("select id from products where status = $2 and id < $1 order by id desc limit 51", &[&after, &status]).await?
    };
    let more = ids.len() > PAGE;
    ids.truncate(PAGE);
    let next = ids.last().filter(|_| more).map(|(id,)| id.to_string());
    Ok((ids.into_iter().map(|r| r.0).collect(), next))
}

async fn list_rows(shop: &Shop, ids: &[ProductId]) -> Result<Vec<ProductRowView>, CatalogError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let currency = shop_currency(shop);
    let index = shop.shelf().current(shop).await?;
    let rows: Vec<ListRow> = shop
        .db()
        .fetch_all(
            "select p.id, coalesce(e.name, p.handle), p.status, p.category_id, i.id, i.width, i.height, a.alt,
                (select count(*) from variants v where v.product_id = p.id and v.archived = 0),
                coalesce((select cast(sum(s.available) as bigint) from variants v join stock s on s.variant_id = v.id
                 where v.product_id = p.id and v.archived = 0), 0),
                (select min(r.amount) from variants v join prices r on r.variant_id = v.id join price_lists l on l.id = r.price_list_id
                 where v.product_id = p.id and v.archived = 0 and l.currency = $2)
             from (select unhex(value->>0) as id from json_each($1)) j
             join products p on p.id = j.id
             left join product_texts e on e.product_id = p.id and e.locale = 'en'
             left join pictures i on i.id = (select pp.picture_id from product_pictures pp where pp.product_id = p.id order by pp.position limit 1)
             left join picture_texts a on a.picture_id = i.id and a.locale = 'en'",
            &[&store::id_rows(ids), &currency],
        )
        .await?;
    let mut by_id: HashMap<ProductId, ProductRowView> = rows
        .into_iter()
        .map(|row| {
            let view = ProductRowView {
                id: row.id,
                name: row.name,
                status: row.status,
                category: row.category.and_then(|id| index.category(id)).map(|c| c.view(Locale::En).name).unwrap_or_default(),
                picture: store::picture(row.picture, row.width, row.height, row.alt),
                variants: row.variants,
                available: row.available,
                price_from: Money::new(row.price_from.unwrap_or(0), currency),
            };
            (row.id, view)
        })
        .collect();
    Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
}

/// A product as it is edited.
///
/// # Errors
/// [`CatalogError::Unknown`], not allowed, or the database's.
pub async fn admin_product(shop: &Shop, ctx: &Context, id: ProductId) -> Result<ProductAdminView, CatalogError> {
    ctx.require(Permission::ReadProducts)?;
    let db = shop.db();
    let (head, draft) = read(shop, id).await?.ok_or(CatalogError::Unknown)?;
    let name = draft.texts.first().map_or_else(|| head.handle.clone(), |t| t.name.clone());
    let rows: Vec<(VariantId, String, LocationId, String, i64, i64, i64)> = db
        .fetch_all(
            "select v.id, v.sku, l.id, l.name, s.on_hand, s.reserved, s.available
             from variants v join stock s on s.variant_id = v.id join locations l on l.id = s.location_id
             where v.product_id = $1 and v.archived = 0 order by v.position, l.position",
            &[&id],
        )
        .await?;
    let stock = rows
        .into_iter()
        .map(|(variant, sku, location, location_name, on_hand, reserved, available)| {
            let values = draft.variants.iter().find(|v| v.id == Some(variant)).map(|v| v.values.join(" · ")).unwrap_or_default();
            let name = if values.is_empty() { name.clone() } else { format!("{name}, {values}") };
            StockRowView { variant, product: id, sku, name, location, location_name, on_hand, reserved, available }
        })
        .collect();
    Ok(ProductAdminView { status: head.status, pictures: product::pictures(db, id, Locale::En).await?, stock, draft })
}

type OptionRow = (String, String, String, String, String, String);

/// What is in the database, as a draft.
async fn read(shop: &Shop, id: ProductId) -> Result<Option<(Head, ProductDraft)>, DbError> {
    let db = shop.db();
    let head: Option<Head> = db
        .fetch_optional(
            "select p.handle, p.category_id, p.vendor, p.tax_class, p.status, p.featured, p.version,
                coalesce((select string_agg(g.tag, ',' order by g.tag) from product_tags g where g.product_id = p.id), '')
             from products p where p.id = $1",
            &[&id],
        )
        .await?;
    let Some(head) = head else { return Ok(None) };
    let texts: Vec<(String, String, String, String, String, String, String)> = db
        .fetch_all(
            "select locale, name, slug, summary, description, seo_title, seo_description from product_texts where product_id = $1 order by locale",
            &[&id],
        )
        .await?;
    let option_rows: Vec<OptionRow> = db
        .fetch_all(
            "select o.key, coalesce(ot.name, o.key), coalesce(of.name, ''), ov.key, coalesce(vt.name, ov.key), coalesce(vf.name, '')
             from product_options o
             join option_values ov on ov.option_id = o.id
             left join product_option_texts ot on ot.option_id = o.id and ot.locale = 'en'
             left join product_option_texts of on of.option_id = o.id and of.locale = 'fil'
             left join option_value_texts vt on vt.value_id = ov.id and vt.locale = 'en'
             left join option_value_texts vf on vf.value_id = ov.id and vf.locale = 'fil'
             where o.product_id = $1 order by o.position, ov.position",
            &[&id],
        )
        .await?;
    let mut options: Vec<OptionDraft> = Vec::new();
    for (key, en, fil, value, value_en, value_fil) in option_rows {
        if options.last().is_none_or(|last| last.key != key) {
            options.push(OptionDraft { key, names: vec![en, fil], values: Vec::new() });
        }
        if let Some(option) = options.last_mut() {
            option.values.push((value, vec![value_en, value_fil]));
        }
    }
    let variants: Vec<VariantRow> = db
        .fetch_all(
            "select v.id, v.sku,
                coalesce((select string_agg(ov.key, ',' order by o.position)
                 from variant_values vv join product_options o on o.id = vv.option_id join option_values ov on ov.id = vv.value_id
                 where vv.variant_id = v.id), ''),
                r.amount, r.compare_at, v.cost, v.weight_g, v.barcode, v.picture_id
             from variants v
             left join prices r on r.variant_id = v.id and r.price_list_id = (
                select id from price_lists where currency = $2 and channel is null and valid_from is null and valid_to is null
                order by position desc, id desc limit 1)
             where v.product_id = $1 and v.archived = 0 order by v.position, v.id",
            &[&id, &shop_currency(shop)],
        )
        .await?;
    let pictures: Vec<(PictureId,)> =
        db.fetch_all("select picture_id from product_pictures where product_id = $1 order by position", &[&id]).await?;
    let split = |text: &str| text.split(',').filter(|t| !t.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let draft = ProductDraft {
        id: Some(id),
        version: head.version,
        handle: head.handle.clone(),
        category: head.category,
        vendor: head.vendor.clone(),
        tax_class: head.tax_class.clone(),
        featured: head.featured,
        tags: split(&head.tags),
        texts: texts
            .into_iter()
            .map(|(locale, name, slug, summary, description, seo_title, seo_description)| ProductTexts {
                locale,
                name,
                slug,
                summary,
                description,
                seo_title,
                seo_description,
            })
            .collect(),
        options,
        variants: variants
            .into_iter()
            .map(|v| VariantDraft {
                id: Some(v.id),
                sku: v.sku,
                values: split(&v.values),
                price: v.price.unwrap_or(0),
                compare_at: v.compare_at,
                cost: v.cost,
                weight_g: v.weight_g,
                barcode: v.barcode.unwrap_or_default(),
                stock: 0,
                picture: v.picture,
            })
            .collect(),
        pictures: pictures.into_iter().map(|p| p.0).collect(),
    };
    Ok(Some((head, draft)))
}

/// Saves a product as a whole; a new one begins as a draft. Variants that are not named any more are archived, never deleted.
///
/// # Errors
/// [`CatalogError::Invalid`] by field (see [`check::check`]), [`CatalogError::Stale`] when somebody else saved it since,
/// [`CatalogError::Unknown`], not allowed.
pub async fn save_product(shop: &Shop, ctx: &Context, locale: Locale, draft: ProductDraft) -> Result<ProductId, CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    let new = check::check(locale, &draft, || shop.id()).map_err(CatalogError::Invalid)?;
    let before = match draft.id {
        Some(id) => Some(read(shop, id).await?.ok_or(CatalogError::Unknown)?.1),
        None => None,
    };
    let saving = Saving {
        shop: shop.clone(),
        ctx: ctx.clone(),
        locale,
        changed: changed(before.as_ref(), &draft),
        new,
        draft,
        list: PriceListId(shop.id()),
    };
    let id = saving.new.id;
    shop.db().write(async move |tx| saving.write(tx).await).await?;
    shop.shelf().touch([id]);
    Ok(id)
}

/// What an event says of a change: the fields, and prices by SKU.
fn changed(before: Option<&ProductDraft>, after: &ProductDraft) -> Value {
    let Some(before) = before else { return json!({}) };
    let fields = [
        ("category", before.category != after.category),
        ("vendor", before.vendor != after.vendor),
        ("tax_class", before.tax_class != after.tax_class),
        ("featured", before.featured != after.featured),
        ("tags", before.tags != after.tags),
        ("texts", before.texts != after.texts),
        ("options", before.options != after.options),
        ("variants", before.variants != after.variants),
        ("pictures", before.pictures != after.pictures),
    ];
    let fields: Vec<&str> = fields.iter().filter(|f| f.1).map(|f| f.0).collect();
    let prices: serde_json::Map<String, Value> = after
        .variants
        .iter()
        .filter_map(|v| {
            let was = before.variants.iter().find(|b| b.id == v.id)?.price;
            (was != v.price).then(|| (v.sku.clone(), json!([was, v.price])))
        })
        .collect();
    json!({ "changed": fields, "prices": prices })
}

struct Saving {
    shop: Shop,
    ctx: Context,
    locale: Locale,
    draft: ProductDraft,
    new: NewProduct,
    changed: Value,
    list: PriceListId,
}

impl Saving {
    async fn write(&self, tx: &mut Tx) -> Result<(), CatalogError> {
        let (at, currency) = (self.shop.now(), shop_currency(&self.shop));
        let mut new = self.new.clone();
        new.created_at = at;
        let mut data = self.changed.clone();
        if self.draft.id.is_some() {
            tx.lock("select 1 from products where id = $1 for update", &[&new.id]).await?;
            let row: Option<(i64, String)> = tx.fetch_optional("select version, handle from products where id = $1", &[&new.id]).await?;
            let (version, handle) = row.ok_or(CatalogError::Unknown)?;
            if version != self.draft.version {
                return Err(CatalogError::Stale);
            }
            new.handle = handle;
            data["version"] = json!(version + 1);
        } else {
            self.free_handle(tx, &mut new).await?;
        }
        self.free_slugs(tx, &mut new).await?;
        self.own_variants(tx, &mut new).await?;
        self.known_parts(tx, &new).await?;
        let list = write::ordinary_list(tx, self.list, currency).await?;
        let kind = if self.draft.id.is_some() {
            write::update_products(tx, list, at, std::slice::from_ref(&new)).await?;
            "product.updated"
        } else {
            write::insert_products(tx, list, at, std::slice::from_ref(&new)).await?;
            "product.created"
        };
        self.first_stock(tx, &new, at).await?;
        write::refresh(tx, currency, at, &[new.id]).await?;
        data["handle"] = json!(new.handle);
        events::append(tx, &self.shop, &self.ctx, at, &[Event::new(kind, new.id.0, data)]).await?;
        Ok(())
    }

    fn wrong<T>(&self, field: impl Into<String>, message: domain::messages::Msg) -> Result<T, CatalogError> {
        Err(CatalogError::Invalid(vec![(field.into(), message.text(self.locale).to_owned())]))
    }

    async fn free_handle(&self, tx: &mut Tx, new: &mut NewProduct) -> Result<(), CatalogError> {
        let taken: Option<(i64,)> = tx.fetch_optional("select 1 from products where handle = $1", &[&new.handle]).await?;
        if taken.is_some() {
            if !self.draft.handle.trim().is_empty() {
                return self.wrong("handle", t::FIELD_SLUG_TAKEN);
            }
            new.handle = told_apart(&new.handle, new.id);
        }
        Ok(())
    }

    /// A slug that was typed must be free; one that was made from the name is told apart.
    async fn free_slugs(&self, tx: &mut Tx, new: &mut NewProduct) -> Result<(), CatalogError> {
        for text in &mut new.texts {
            let taken: Option<(i64,)> = tx
                .fetch_optional(
                    "select 1 from product_texts where locale = $1 and slug = $2 and product_id <> $3",
                    &[&text.locale, &text.slug, &new.id],
                )
                .await?;
            if taken.is_none() {
                continue;
            }
            let typed = self.draft.texts.iter().any(|t| t.locale == text.locale && !t.slug.trim().is_empty());
            if typed {
                return self.wrong(format!("slug.{}", text.locale), t::FIELD_SLUG_TAKEN);
            }
            text.slug = told_apart(&text.slug, new.id);
        }
        Ok(())
    }

    /// SKUs are the shop's own: none of another product, and an archived variant of this product comes back under its SKU.
    async fn own_variants(&self, tx: &mut Tx, new: &mut NewProduct) -> Result<(), CatalogError> {
        let mut skus = Rows::new();
        for v in &new.variants {
            skus.row(&[&v.id, &v.sku]);
        }
        let known: Vec<(VariantId, ProductId, String, i64)> = tx
            .fetch_all(
                "select v.id, v.product_id, v.sku, v.archived from variants v
                 where v.sku in (select value->>1 from json_each($1)) or v.id in (select unhex(value->>0) from json_each($1))",
                &[&skus.end()],
            )
            .await?;
        let named: Vec<VariantId> = self.draft.variants.iter().filter_map(|v| v.id).collect();
        for (n, variant) in new.variants.iter_mut().enumerate() {
            let is_new = self.draft.variants.get(n).is_none_or(|v| v.id.is_none());
            if !is_new && !known.iter().any(|k| k.0 == variant.id && k.1 == new.id) {
                return Err(CatalogError::Unknown);
            }
            let Some(holder) = known.iter().find(|k| k.2 == variant.sku && k.0 != variant.id) else { continue };
            if holder.1 != new.id {
                return self.wrong(format!("sku.{n}"), t::FIELD_SKU_TAKEN);
            }
            // Another variant of this product: fine when that one is renamed in the same breath, or was archived.
            if !named.contains(&holder.0) {
                if is_new && holder.3 == 1 {
                    variant.id = holder.0;
                } else {
                    return self.wrong(format!("sku.{n}"), t::FIELD_SKU_TAKEN);
                }
            }
        }
        Ok(())
    }

    async fn known_parts(&self, tx: &mut Tx, new: &NewProduct) -> Result<(), CatalogError> {
        if let Some(category) = new.category
            && tx.fetch_optional::<(i64,)>("select 1 from categories where id = $1", &[&category]).await?.is_none()
        {
            return self.wrong("category", t::FIELD_CHOOSE);
        }
        let mut wanted: Vec<PictureId> = new.pictures.iter().copied().chain(new.variants.iter().filter_map(|v| v.picture)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.is_empty() {
            return Ok(());
        }
        let mut rows = Rows::new();
        for id in &wanted {
            rows.row(&[id]);
        }
        let known: (i64,) = tx
            .fetch_one("select count(*) from pictures where id in (select unhex(value->>0) from json_each($1))", &[&rows.end()])
            .await?;
        if usize::try_from(known.0).unwrap_or(0) < wanted.len() {
            return self.wrong("pictures", t::FIELD_CHOOSE);
        }
        Ok(())
    }

    /// What a new variant begins with arrives at the first place, and in the books.
    async fn first_stock(&self, tx: &mut Tx, new: &NewProduct, at: Timestamp) -> Result<(), CatalogError> {
        let arriving: Vec<(VariantId, i64, i64)> = self
            .draft
            .variants
            .iter()
            .zip(&new.variants)
            .filter(|(draft, _)| draft.id.is_none() && draft.stock > 0)
            .map(|(draft, variant)| (variant.id, draft.stock, variant.cost))
            .collect();
        receive(tx, &self.shop, at, &arriving, "first stock").await
    }
}

/// Receives units (variant, units, cost of one) at the shop's first place, and books their value.
pub(super) async fn receive(tx: &mut Tx, shop: &Shop, at: Timestamp, units: &[(VariantId, i64, i64)], reason: &str) -> Result<(), CatalogError> {
    if units.is_empty() {
        return Ok(());
    }
    let place: Option<(LocationId,)> = tx.fetch_optional("select id from locations order by position, id limit 1", &[]).await?;
    let Some((location,)) = place else { return Ok(()) };
    let movements: Vec<inventory::Movement> = units
        .iter()
        .map(|(variant, units, _)| inventory::Movement {
            id: MovementId(shop.id()),
            variant: *variant,
            location,
            kind: "received",
            units: *units,
            reason: reason.to_owned(),
            order: None,
            at,
        })
        .collect();
    inventory::receive(tx, &movements).await?;
    let value = units.iter().try_fold(0_i64, |sum, (_, units, cost)| sum.checked_add(units.checked_mul(*cost)?));
    let value = value.ok_or_else(|| CatalogError::Books("the stock is worth more than the books can hold".into()))?;
    if value > 0 {
        let postings = [("inventory", value), ("inventory_adjustment", -value)];
        let reference = movements.first().map_or_else(|| shop.id(), |m| m.id.0);
        accounting::post(tx, shop, at, "stock.received", None, reference, shop_currency(shop), &postings)
            .await
            .map_err(|e| CatalogError::Books(e.to_string()))?;
    }
    Ok(())
}

/// The same word with the end of an id.
pub(super) fn told_apart(word: &str, id: ProductId) -> String {
    let id = id.0.simple().to_string();
    let word: String = word.chars().take(70).collect();
    format!("{}-{}", word.trim_end_matches('-'), &id[id.len() - 6..])
}

/// Publishes (`published`), archives (`archived`) or takes back into work (`draft`). What is so already stays so.
///
/// # Errors
/// [`CatalogError::Status`], [`CatalogError::Unknown`], not allowed.
pub async fn set_status(shop: &Shop, ctx: &Context, id: ProductId, status: &str) -> Result<(), CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    let (to, kind) = match status {
        "draft" => ("draft", "product.withdrawn"),
        "published" => ("published", "product.published"),
        "archived" => ("archived", "product.archived"),
        other => return Err(CatalogError::Status(other.chars().take(40).collect())),
    };
    let (own, ctx) = (shop.clone(), ctx.clone());
    shop.db()
        .write(async move |tx| {
            let at = own.now();
            let row: Option<(String,)> = tx.fetch_optional("select status from products where id = $1", &[&id]).await?;
            let (was,) = row.ok_or(CatalogError::Unknown)?;
            if was == to {
                return Ok(());
            }
            tx.execute("update products set status = $2, updated_at = $3, version = version + 1 where id = $1", &[&id, &to, &at]).await?;
            write::refresh(tx, shop_currency(&own), at, &[id]).await?;
            events::append(tx, &own, &ctx, at, &[Event::new(kind, id.0, json!({ "from": was }))]).await?;
            Ok::<_, CatalogError>(())
        })
        .await?;
    shop.shelf().touch([id]);
    Ok(())
}
