//! What managers do with products: save, publish, archive.

use domain::id::{LocationId, MovementId, PictureId, PriceListId, ProductId, VariantId};
use domain::messages::t;
use domain::permission::Permission;
use domain::view::ProductDraft;
use domain::{Locale, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Shop;
use crate::platform::Context;
use crate::platform::db::{Rows, Tx};
use crate::platform::events::{self, Event};
use crate::settings::shop_currency;
use crate::{accounting, inventory};

use super::manage::read;
use super::write::{self, NewProduct};
use super::{CatalogError, check};

/// Saves a product as a whole; a new one begins as a draft. Variants that are not named any more are archived, never deleted.
///
/// # Errors
/// [`CatalogError::Invalid`] by field (see [`check::check`]), [`CatalogError::Stale`] when somebody else saved it since,
/// [`CatalogError::Unknown`], not allowed.
pub async fn save_product(shop: &Shop, ctx: &Context, locale: Locale, draft: ProductDraft) -> Result<ProductId, CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    let before = match draft.id {
        Some(id) => Some(read(shop, id).await?.ok_or(CatalogError::Unknown)?.1),
        None => None,
    };
    let new = check::check(locale, &draft, before.as_ref(), || shop.id()).map_err(CatalogError::Invalid)?;
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
    let Some(before) = before else {
        return json!({});
    };
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
            new.handle = told_apart(&new.handle, new.id.0);
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
            text.slug = told_apart(&text.slug, new.id.0);
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
            let Some(holder) = known.iter().find(|k| k.2 == variant.sku && k.0 != variant.id) else {
                continue;
            };
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
        let rows: Rows = wanted.iter().collect();
        let known: (i64,) =
            tx.fetch_one("select count(*) from pictures where id in (select unhex(value->>0) from json_each($1))", &[&rows.end()]).await?;
        if usize::try_from(known.0).unwrap_or(0) < wanted.len() {
            return self.wrong("pictures", t::FIELD_CHOOSE);
        }
        Ok(())
    }

    /// Each variant has a place; what a new one begins with arrives there, and in the books.
    async fn first_stock(&self, tx: &mut Tx, new: &NewProduct, at: Timestamp) -> Result<(), CatalogError> {
        let arriving: Vec<(VariantId, i64, i64)> = self
            .draft
            .variants
            .iter()
            .zip(&new.variants)
            .filter(|(draft, _)| draft.id.is_none() && draft.stock > 0)
            .map(|(draft, variant)| (variant.id, draft.stock, variant.cost))
            .collect();
        let variants: Vec<VariantId> = new.variants.iter().map(|variant| variant.id).collect();
        let place = inventory::ensure_location(tx, &self.shop, &variants).await?;
        receive(tx, &self.shop, at, place, &arriving, "first stock").await
    }
}

/// Receives units (variant, units, cost of one) at a place, and books their value.
pub(super) async fn receive(
    tx: &mut Tx,
    shop: &Shop,
    at: Timestamp,
    location: LocationId,
    units: &[(VariantId, i64, i64)],
    reason: &str,
) -> Result<(), CatalogError> {
    if units.is_empty() {
        return Ok(());
    }
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
        accounting::post(tx, "stock.received", None, reference, shop_currency(shop), &postings)
            .await
            .map_err(|e| CatalogError::Books(e.to_string()))?;
    }
    Ok(())
}

/// The same word with the end of an id.
pub(super) fn told_apart(word: &str, id: Uuid) -> String {
    let id = id.simple().to_string();
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
