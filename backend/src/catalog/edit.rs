//! What managers do with products: save, publish, archive.

use domain::id::{CategoryId, LocationId, MovementId, PictureId, ProductId, VariantId};
use domain::messages::t;
use domain::permission::Permission;
use domain::stock::StockReason;
use domain::view::ProductDraft;
use domain::{Currency, Locale, Money};
use platform::Context;
use platform::db::{Flag, FromRow, Hex, JsonRows, Tx, hex, json_ids};
use serde::Serialize;
use uuid::Uuid;

use crate::Shop;
use crate::accounting::AccountingError;
use crate::inventory::{self, Movement, Source};
use crate::pricing::home_market;
use crate::settings::shop_currency;

use super::admin::read;
use super::events::{ProductArchived, ProductCreated, ProductPublished, ProductUpdated, ProductWithdrawn};
use super::write::{self, NewProduct};
use super::{CatalogError, check, facts};

/// Saves a product as a whole; a new one begins as a draft. Variants that are not named any more are archived, never deleted.
///
/// # Errors
/// [`CatalogError::Invalid`] by field (see [`check::check`]), [`CatalogError::Stale`] when somebody else saved it since,
/// [`CatalogError::Unknown`], not allowed.
pub async fn save_product(shop: &Shop, ctx: &Context, locale: Locale, mut draft: ProductDraft) -> Result<ProductId, CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    let before = match draft.id {
        Some(id) => Some(read(shop, id).await?.ok_or(CatalogError::Unknown)?.1),
        None => None,
    };
    draft.facts = facts::check(locale, &draft.facts)?;
    let new = check::check(locale, shop_currency(shop), &draft, before.as_ref(), || shop.id()).map_err(CatalogError::Invalid)?;
    let save = ProductSave { shop: shop.clone(), locale, changes: changes(before.as_ref(), &draft), new, draft };
    let id = save.new.id;
    shop.write(ctx, async move |tx| save.write(tx).await).await?;
    shop.listings().invalidate([id]);
    Ok(id)
}

/// For the event of a changed product: names of fields that change, and prices before and after by SKU.
fn changes(before: Option<&ProductDraft>, after: &ProductDraft) -> ProductUpdated {
    let Some(before) = before else {
        return ProductUpdated::default();
    };
    let fields = [
        ("category", before.category != after.category),
        ("product_type", before.product_type != after.product_type),
        ("facts", before.facts != after.facts),
        ("vendor", before.vendor != after.vendor),
        ("tax_class", before.tax_class != after.tax_class),
        ("featured", before.featured != after.featured),
        ("tags", before.tags != after.tags),
        ("texts", before.texts != after.texts),
        ("options", before.options != after.options),
        ("variants", before.variants != after.variants),
        ("pictures", before.pictures != after.pictures),
    ];
    let changed = fields.iter().filter(|f| f.1).map(|f| f.0.to_owned()).collect();
    let prices = after
        .variants
        .iter()
        .filter_map(|v| {
            let was = before.variants.iter().find(|b| b.id == v.id)?.price;
            (was != v.price).then(|| (v.sku.clone(), (was, v.price)))
        })
        .collect();
    ProductUpdated { changed: Some(changed), prices: Some(prices), ..ProductUpdated::default() }
}

#[derive(FromRow)]
struct ExistingProduct {
    version: i64,
    handle: String,
}

#[derive(FromRow)]
struct ExistingVariant {
    id: VariantId,
    product: ProductId,
    sku: String,
    archived: Flag,
}

struct ProductSave {
    shop: Shop,
    locale: Locale,
    draft: ProductDraft,
    new: NewProduct,
    changes: ProductUpdated,
}

impl ProductSave {
    async fn write(&self, tx: &mut Tx) -> Result<(), CatalogError> {
        let currency = shop_currency(&self.shop);
        let mut new = self.new.clone();
        new.created_at = tx.now();
        let version = if self.draft.id.is_some() {
            let existing = self.check_version(tx).await?;
            new.handle = existing.handle;
            Some(existing.version + 1)
        } else {
            self.free_handle(tx, &mut new).await?;
            None
        };
        self.free_slugs(tx, &mut new).await?;
        self.check_skus(tx, &mut new).await?;
        self.check_references(tx, &new).await?;
        let list = write::ordinary_list(tx, currency).await?;
        if version.is_some() {
            write::update_products(tx, list, std::slice::from_ref(&new)).await?;
        } else {
            write::insert_products(tx, list, std::slice::from_ref(&new)).await?;
        }
        facts::write(tx, self.locale, new.id, self.draft.product_type, &self.draft.facts).await?;
        self.first_stock(tx, &new).await?;
        write::refresh(tx, &home_market(&self.shop), &[new.id]).await?;
        if version.is_some() {
            let changes = ProductUpdated { handle: Some(new.handle), version, currency: Some(currency), ..self.changes.clone() };
            tx.record(new.id, changes);
        } else {
            tx.record(new.id, ProductCreated { handle: new.handle, ..ProductCreated::default() });
        }
        Ok(())
    }

    /// The existing product, which must have the version that was edited.
    async fn check_version(&self, tx: &mut Tx) -> Result<ExistingProduct, CatalogError> {
        tx.lock("select 1 from products where id = $1 for update", &[&self.new.id]).await?;
        let existing: Option<ExistingProduct> =
            tx.fetch_optional("select version, handle from products where id = $1", &[&self.new.id]).await?;
        let existing = existing.ok_or(CatalogError::Unknown)?;
        if existing.version == self.draft.version { Ok(existing) } else { Err(CatalogError::Stale) }
    }

    fn wrong<T>(&self, field: impl Into<String>, message: domain::messages::Msg) -> Result<T, CatalogError> {
        Err(CatalogError::Invalid(vec![(field.into(), message.text(self.locale).to_owned())]))
    }

    async fn free_handle(&self, tx: &mut Tx, new: &mut NewProduct) -> Result<(), CatalogError> {
        let taken: Option<ProductId> = tx.fetch_optional_scalar("select id from products where handle = $1", &[&new.handle]).await?;
        if taken.is_some() {
            if !self.draft.handle.trim().is_empty() {
                return self.wrong("handle", t::FIELD_SLUG_TAKEN);
            }
            new.handle = with_id_suffix(&new.handle, new.id.0);
        }
        Ok(())
    }

    /// A slug that was typed must be free; one that was made from the name gets a suffix where it is taken.
    async fn free_slugs(&self, tx: &mut Tx, new: &mut NewProduct) -> Result<(), CatalogError> {
        for text in &mut new.texts {
            let taken: Option<ProductId> = tx
                .fetch_optional_scalar(
                    "select product_id from product_texts where locale = $1 and slug = $2 and product_id <> $3",
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
            text.slug = with_id_suffix(&text.slug, new.id.0);
        }
        Ok(())
    }

    /// A SKU must not be another product's. An archived variant of this product is sold again when a new one has its SKU.
    async fn check_skus(&self, tx: &mut Tx, new: &mut NewProduct) -> Result<(), CatalogError> {
        #[derive(Serialize)]
        struct Row<'a> {
            id: Hex<'a>,
            sku: &'a str,
        }
        let rows: JsonRows = new.variants.iter().map(|v| Row { id: hex(&v.id), sku: &v.sku }).collect();
        let existing: Vec<ExistingVariant> = tx
            .fetch_all(
                "select v.id, v.product_id as product, v.sku, v.archived from variants v
                 where v.sku in (select value->>'sku' from json_each($1)) or v.id in (select unhex(value->>'id') from json_each($1))",
                &[&rows.finish()],
            )
            .await?;
        let named: Vec<VariantId> = self.draft.variants.iter().filter_map(|v| v.id).collect();
        for (n, variant) in new.variants.iter_mut().enumerate() {
            let is_new = self.draft.variants.get(n).is_none_or(|v| v.id.is_none());
            if !is_new && !existing.iter().any(|e| e.id == variant.id && e.product == new.id) {
                return Err(CatalogError::Unknown);
            }
            let Some(holder) = existing.iter().find(|e| e.sku == variant.sku && e.id != variant.id) else {
                continue;
            };
            if holder.product != new.id {
                return self.wrong(format!("sku.{n}"), t::FIELD_SKU_TAKEN);
            }
            // Another variant of this product: allowed when this save renames that one, or when it is archived.
            if !named.contains(&holder.id) {
                if is_new && holder.archived.0 {
                    variant.id = holder.id;
                } else {
                    return self.wrong(format!("sku.{n}"), t::FIELD_SKU_TAKEN);
                }
            }
        }
        Ok(())
    }

    /// The category and the pictures must exist.
    async fn check_references(&self, tx: &mut Tx, new: &NewProduct) -> Result<(), CatalogError> {
        if let Some(category) = new.category {
            let existing: Option<CategoryId> =
                tx.fetch_optional_scalar("select id from categories where id = $1 and rule is null", &[&category]).await?;
            if existing.is_none() {
                return self.wrong("category", t::FIELD_CHOOSE);
            }
        }
        let mut pictures: Vec<PictureId> = new.pictures.iter().copied().chain(new.variants.iter().filter_map(|v| v.picture)).collect();
        pictures.sort_unstable();
        pictures.dedup();
        if pictures.is_empty() {
            return Ok(());
        }
        let sql = "select count(*) from pictures where id in (select unhex(value->>'id') from json_each($1))";
        let existing: i64 = tx.fetch_scalar(sql, &[&json_ids(&pictures)]).await?;
        if usize::try_from(existing).unwrap_or(0) < pictures.len() {
            return self.wrong("pictures", t::FIELD_CHOOSE);
        }
        Ok(())
    }

    /// Each variant has a location; the first stock of a new one is received there, and booked.
    async fn first_stock(&self, tx: &mut Tx, new: &NewProduct) -> Result<(), CatalogError> {
        let first: Vec<FirstStock> = self
            .draft
            .variants
            .iter()
            .zip(&new.variants)
            .filter(|(draft, _)| draft.id.is_none() && draft.stock > 0)
            .map(|(draft, variant)| FirstStock { product: new.id, variant: variant.id, units: draft.stock, unit_cost: variant.cost })
            .collect();
        let variants: Vec<VariantId> = new.variants.iter().map(|variant| variant.id).collect();
        let location = inventory::ensure_location(tx, &self.shop, &variants).await?;
        receive(tx, shop_currency(&self.shop), location, &first, StockReason::Opening).await
    }
}

/// What a new variant begins with.
#[derive(Clone, Debug)]
pub(super) struct FirstStock {
    pub product: ProductId,
    pub variant: VariantId,
    pub units: i64,
    /// In minor units.
    pub unit_cost: i64,
}

/// Receives units at a location, and books their value; `currency` is that of their costs.
pub(super) async fn receive(
    tx: &mut Tx,
    currency: Currency,
    location: LocationId,
    stock: &[FirstStock],
    reason: StockReason,
) -> Result<(), CatalogError> {
    let at = tx.now();
    let mut movements = Vec::with_capacity(stock.len());
    for first in stock {
        let value = Money::new(first.unit_cost, currency).times(first.units);
        movements.push(Movement {
            id: MovementId(tx.id()),
            variant: first.variant,
            location,
            kind: "received",
            units: first.units,
            value: value.map_err(AccountingError::from)?,
            reason,
            note: String::new(),
            source: Some(Source::Product(first.product)),
            at,
        });
    }
    Ok(inventory::receive(tx, &movements).await?)
}

/// The word with the last six digits of an id, for a slug or handle that is taken.
pub(crate) fn with_id_suffix(word: &str, id: Uuid) -> String {
    let id = id.simple().to_string();
    let word: String = word.chars().take(70).collect();
    format!("{}-{}", word.trim_end_matches('-'), &id[id.len() - 6..])
}

/// Publishes (`published`), archives (`archived`) or takes back into work (`draft`). Without effect when it has that status already.
///
/// # Errors
/// [`CatalogError::Status`], [`CatalogError::Unknown`], not allowed.
pub async fn set_status(shop: &Shop, ctx: &Context, id: ProductId, status: &str) -> Result<(), CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    let to = match status {
        "draft" => "draft",
        "published" => "published",
        "archived" => "archived",
        other => return Err(CatalogError::Status(other.chars().take(40).collect())),
    };
    let home = home_market(shop);
    shop.write(ctx, async move |tx| {
        let from: Option<String> = tx.fetch_optional_scalar("select status from products where id = $1", &[&id]).await?;
        let from = from.ok_or(CatalogError::Unknown)?;
        if from == to {
            return Ok(());
        }
        let sql = "update products set status = $2, updated_at = $3, version = version + 1 where id = $1";
        tx.execute(sql, &[&id, &to, &tx.now()]).await?;
        write::refresh(tx, &home, &[id]).await?;
        match to {
            "published" => tx.record(id, ProductPublished { from }),
            "archived" => tx.record(id, ProductArchived { from }),
            _ => tx.record(id, ProductWithdrawn { from }),
        }
        Ok::<_, CatalogError>(())
    })
    .await?;
    shop.listings().invalidate([id]);
    Ok(())
}
