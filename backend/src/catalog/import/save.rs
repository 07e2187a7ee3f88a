//! From the file's products to the database, a batch at a time.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use domain::Locale;
use domain::id::{CategoryId, PictureId, PriceListId, ProductId, VariantId};
use domain::messages::t;
use domain::slug::slug;
use domain::view::{ImportProblem, ImportReport};
use futures::StreamExt;
use serde_json::json;

use crate::Shop;
use crate::catalog::check::key_of;
use crate::catalog::edit::told_apart;
use crate::catalog::write::{self, NewOption, NewPicture, NewProduct, NewText, NewValue, NewVariant};
use crate::catalog::{CatalogError, store};
use crate::platform::db::{DbError, Rows};
use crate::platform::events::{self, Event};
use crate::platform::{Actor, Context};

use super::images;
use super::known::Known;
use super::problem;
use super::rows::{Listing, Row};
use super::written::{Ready, written};

/// Pictures that are fetched at once.
const AT_ONCE: usize = 8;

/// An import that runs.
pub(super) struct Importing<'a> {
    pub(super) shop: &'a Shop,
    ctx: &'a Context,
    locale: Locale,
    folder: Option<&'a Path>,
    categories: HashMap<String, CategoryId>,
}

impl<'a> Importing<'a> {
    pub(super) async fn begin(shop: &'a Shop, ctx: &'a Context, locale: Locale, folder: Option<&'a Path>) -> Result<Self, CatalogError> {
        let mut importing = Self { shop, ctx, locale, folder, categories: HashMap::new() };
        importing.read_categories().await?;
        Ok(importing)
    }

    async fn read_categories(&mut self) -> Result<(), CatalogError> {
        for category in store::categories(self.shop.db(), true).await? {
            let texts = category.texts.values().flat_map(|text| [slug(&text.name), text.slug.clone()]);
            for word in texts.chain([category.handle.clone()]) {
                self.categories.insert(word, category.id);
            }
        }
        Ok(())
    }

    /// Takes in a batch of products.
    pub(super) async fn batch(
        &mut self,
        batch: &[Listing],
        report: &mut ImportReport,
        problems: &mut Vec<ImportProblem>,
    ) -> Result<(), CatalogError> {
        let heads = self.heads(batch).await?;
        let (same, new): (Vec<&Listing>, Vec<&Listing>) =
            batch.iter().partition(|l| heads.get(&l.handle).is_some_and(|k| k.hash.as_deref() == Some(l.hash.as_str())));
        report.unchanged += same.len() as u64;
        if new.is_empty() {
            return Ok(());
        }
        let known = self.details(heads, &new).await?;
        self.make_categories(&new).await?;
        let (pictures, failed) = self.pictures(&new, problems).await?;
        let taken = self.taken(&new).await?;
        let mut ready = Vec::with_capacity(new.len());
        for listing in new {
            let known = known.get(&listing.handle).cloned().unwrap_or_default();
            if let Some(mut one) = self.ready(listing, known, &pictures, &taken, problems) {
                if listing.images.iter().any(|image| failed.contains(&image.source)) {
                    // Tried again by the next run.
                    one.hash.clear();
                }
                ready.push(one);
            }
        }
        self.save(ready, report, problems).await
    }

    /// Makes the categories that the file names and the shop has not.
    async fn make_categories(&mut self, new: &[&Listing]) -> Result<(), CatalogError> {
        let mut missing: Vec<(String, String)> = Vec::new();
        for listing in new {
            let known = listing.kinds.iter().any(|kind| self.categories.contains_key(&slug(kind)));
            if let (false, Some(kind)) = (known, listing.kinds.first()) {
                let word = slug(kind);
                if !word.is_empty() && missing.iter().all(|(known, _)| *known != word) {
                    missing.push((word, kind.clone()));
                }
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let made: Vec<(CategoryId, String, String)> =
            missing.into_iter().map(|(word, name)| (CategoryId(self.shop.id()), word, name)).collect();
        let (own, ctx, rows) = (self.shop.clone(), self.ctx.clone(), made.clone());
        self.shop
            .db()
            .write(async move |tx| {
                let at = own.now();
                for (id, word, name) in &rows {
                    tx.execute(
                        "insert into categories (id, handle, position, created_at, updated_at)
                         select $1, $2, coalesce(max(position), 0) + 1, $3, $3 from categories",
                        &[id, word, &at],
                    )
                    .await?;
                    tx.execute(
                        "insert into category_texts (category_id, locale, name, slug, blurb) values ($1, 'en', $2, $3, '')",
                        &[id, name, word],
                    )
                    .await?;
                }
                let events: Vec<Event> =
                    rows.iter().map(|(id, word, _)| Event::new("category.created", id.0, json!({ "handle": word }))).collect();
                events::append(tx, &own, &ctx, at, &events).await
            })
            .await?;
        self.categories.extend(made.into_iter().map(|(id, word, _)| (word, id)));
        Ok(())
    }

    /// Pictures by their source: those that came before, and those that are fetched now; and the sources that failed.
    async fn pictures(
        &self,
        new: &[&Listing],
        problems: &mut Vec<ImportProblem>,
    ) -> Result<(HashMap<String, PictureId>, HashSet<String>), CatalogError> {
        let mut asked = Rows::new();
        let mut sources = HashSet::new();
        let wanted: Vec<_> =
            new.iter().flat_map(|l| l.images.iter().map(move |i| (*l, i))).filter(|(_, i)| sources.insert(i.source.as_str())).collect();
        for (_, image) in &wanted {
            asked.row(&[&image.source]);
        }
        if asked.is_empty() {
            return Ok(Default::default());
        }
        let rows: Vec<(String, PictureId)> = self
            .shop
            .db()
            .fetch_all(
                "select p.source, p.picture_id from (select value->>0 as source from json_each($1)) j
                 join imported_pictures p on p.source = j.source",
                &[&asked.end()],
            )
            .await?;
        let mut known: HashMap<String, PictureId> = rows.into_iter().collect();
        let trusted = self.ctx.actor == Actor::System;
        let missing: Vec<_> = wanted.into_iter().filter(|(_, image)| !known.contains_key(&image.source)).collect();
        // Collected first: a stream over the closure itself is not `Send`, and a server function must be.
        let bringing: Vec<_> = missing
            .into_iter()
            .map(|(listing, image)| async move {
                (listing, image, images::bring(self.shop, self.locale, trusted, self.folder, &image.source).await)
            })
            .collect();
        let fetched: Vec<_> = futures::stream::iter(bringing).buffer_unordered(AT_ONCE).collect().await;
        let mut failed = HashSet::new();
        let mut kept = Vec::new();
        for (listing, image, outcome) in fetched {
            match outcome {
                Ok((hash, width, height)) => {
                    let id = PictureId(self.shop.id());
                    let alt = if image.alt.is_empty() { listing.title.clone() } else { image.alt.clone() };
                    known.insert(image.source.clone(), id);
                    kept.push((image.source.clone(), NewPicture { id, hash, width, height, alts: vec![(Locale::En.code(), alt)] }));
                }
                Err(reason) => {
                    problems.push(problem(image.line, &image.column, reason));
                    failed.insert(image.source.clone());
                }
            }
        }
        self.keep(kept).await?;
        Ok((known, failed))
    }

    async fn keep(&self, kept: Vec<(String, NewPicture)>) -> Result<(), CatalogError> {
        if kept.is_empty() {
            return Ok(());
        }
        let own = self.shop.clone();
        self.shop
            .db()
            .write(async move |tx| {
                let pictures: Vec<NewPicture> = kept.iter().map(|(_, picture)| picture.clone()).collect();
                write::insert_pictures(tx, own.now(), &pictures).await?;
                let mut rows = Rows::new();
                for (source, picture) in &kept {
                    rows.row(&[source, &picture.id]);
                }
                tx.execute(
                    "insert into imported_pictures (source, picture_id) select value->>0, unhex(value->>1) from json_each($1) where true
                     on conflict (source) do update set picture_id = excluded.picture_id",
                    &[&rows.end()],
                )
                .await
            })
            .await?;
        Ok(())
    }

    /// Who has the SKUs and slugs of the batch already.
    async fn taken(&self, new: &[&Listing]) -> Result<Taken, CatalogError> {
        let (mut skus, mut slugs) = (Rows::new(), Rows::new());
        for listing in new {
            slugs.row(&[&listing.handle]);
            for row in &listing.variants {
                skus.row(&[&row.sku]);
            }
        }
        let db = self.shop.db();
        let skus: Vec<(String, String)> = db
            .fetch_all(
                "select v.sku, p.handle from (select value->>0 as sku from json_each($1)) j
                 join variants v on v.sku = j.sku join products p on p.id = v.product_id",
                &[&skus.end()],
            )
            .await?;
        let slugs: Vec<(String, String)> = db
            .fetch_all(
                "select t.slug, p.handle from (select value->>0 as slug from json_each($1)) j
                 cross join product_texts t join products p on p.id = t.product_id
                 where t.locale = 'en' and t.slug = j.slug",
                &[&slugs.end()],
            )
            .await?;
        Ok(Taken { skus: skus.into_iter().collect(), slugs: slugs.into_iter().collect() })
    }

    /// Puts a product together; none when no row of it is left.
    fn ready(
        &self,
        listing: &Listing,
        known: Known,
        pictures: &HashMap<String, PictureId>,
        taken: &Taken,
        problems: &mut Vec<ImportProblem>,
    ) -> Option<Ready> {
        let is_new = known.id.is_none();
        let id = known.id.unwrap_or_else(|| ProductId(self.shop.id()));
        let mut rows: Vec<&Row> = Vec::with_capacity(listing.variants.len());
        for row in &listing.variants {
            if taken.skus.get(&row.sku).is_some_and(|handle| *handle != listing.handle) {
                problems.push(problem(row.line, "SKU", t::FIELD_SKU_TAKEN.text(self.locale)));
            } else {
                rows.push(row);
            }
        }
        if rows.is_empty() {
            return None;
        }
        let mut options = self.options(listing, &rows, &known);
        let mut stock = Vec::new();
        let mut variants = Vec::with_capacity(rows.len());
        for row in &rows {
            let held = known.variants.iter().find(|v| v.sku == row.sku);
            let cost = row.cost.or(held.map(|v| v.cost)).unwrap_or(0);
            let id = held.map_or_else(|| VariantId(self.shop.id()), |v| v.id);
            if held.is_none() && row.quantity > 0 {
                stock.push((id, row.quantity, cost));
            }
            let values = options.iter().zip(&row.values).filter_map(|(o, name)| value_of(o, name)).collect();
            variants.push(NewVariant {
                id,
                sku: row.sku.clone(),
                values,
                price: row.price,
                compare_at: row.compare_at,
                cost,
                weight_g: row.grams,
                barcode: row.barcode.clone(),
                picture: row.image.as_ref().and_then(|source| pictures.get(source)).copied(),
            });
        }
        variants.extend(self.kept(&mut options, &rows, &known));
        let first_paragraph = listing.body.lines().next().unwrap_or_default();
        let summary = if listing.seo_description.is_empty() { first_paragraph } else { listing.seo_description.as_str() };
        let free = taken.slugs.get(&listing.handle).is_none_or(|handle| *handle == listing.handle);
        let made = if free { listing.handle.clone() } else { told_apart(&listing.handle, id.0) };
        let english = NewText {
            locale: Locale::En.code(),
            name: listing.title.clone(),
            slug: known.slug.clone().unwrap_or(made),
            summary: cut(summary, 200),
            description: listing.body.clone(),
            seo_title: listing.seo_title.clone(),
            seo_description: listing.seo_description.clone(),
        };
        let category = listing.kinds.iter().find_map(|kind| self.categories.get(&slug(kind))).copied().or(known.category);
        let product = NewProduct {
            id,
            handle: listing.handle.clone(),
            category,
            vendor: listing.vendor.clone(),
            tax_class: listing.tax_class.to_owned(),
            status: listing.status,
            featured: known.featured,
            created_at: self.shop.now(),
            texts: std::iter::once(english).chain(known.texts).collect(),
            tags: listing.tags.clone(),
            pictures: listing.images.iter().filter_map(|image| pictures.get(&image.source)).copied().collect(),
            options,
            variants,
        };
        Some(Ready { product, is_new, was: known.status, stock, hash: listing.hash.clone(), line: listing.line })
    }

    fn options(&self, listing: &Listing, rows: &[&Row], known: &Known) -> Vec<NewOption> {
        let mut options: Vec<NewOption> = Vec::with_capacity(listing.options.len());
        for (n, name) in listing.options.iter().enumerate() {
            let mut key = key_of("", name, n);
            if options.iter().any(|o| o.key == key) {
                key = format!("{key}-{}", n + 1);
            }
            let others = known.names.get(&key).cloned().unwrap_or_default();
            let mut values: Vec<NewValue> = Vec::new();
            for value in rows.iter().filter_map(|row| row.values.get(n)) {
                let value_key = key_of("", value, 0);
                if values.iter().all(|v| v.key != value_key) {
                    let others = known.names.get(&format!("{key}:{value_key}")).cloned().unwrap_or_default();
                    let names = std::iter::once((Locale::En.code(), value.clone())).chain(others).collect();
                    values.push(NewValue { id: self.shop.id(), key: value_key, names });
                }
            }
            let names = std::iter::once((Locale::En.code(), name.clone())).chain(others).collect();
            options.push(NewOption { id: self.shop.id(), key, names, values });
        }
        options
    }

    /// Variants that the file does not name (any more, or because their row was bad) stay, where they fit the options.
    fn kept(&self, options: &mut [NewOption], rows: &[&Row], known: &Known) -> Vec<NewVariant> {
        let mut kept = Vec::new();
        for variant in known.variants.iter().filter(|v| !v.archived && rows.iter().all(|row| row.sku != v.sku)) {
            let fits = variant.values.len() == options.len() && variant.values.iter().zip(options.iter()).all(|(v, o)| v.0 == o.key);
            let choice = |row: &Row| row.values.iter().map(|name| key_of("", name, 0)).eq(variant.values.iter().map(|v| v.1.clone()));
            if !fits || rows.iter().any(|row| choice(row)) {
                continue;
            }
            let values = variant
                .values
                .iter()
                .zip(options.iter_mut())
                .map(|((option, key, name), o)| {
                    if let Some(value) = o.values.iter().find(|v| v.key == *key) {
                        return value.id;
                    }
                    let others = known.names.get(&format!("{option}:{key}")).cloned().unwrap_or_default();
                    let names = std::iter::once((Locale::En.code(), name.clone())).chain(others).collect();
                    let id = self.shop.id();
                    o.values.push(NewValue { id, key: key.clone(), names });
                    id
                })
                .collect();
            kept.push(NewVariant {
                id: variant.id,
                sku: variant.sku.clone(),
                values,
                price: variant.price,
                compare_at: variant.compare_at,
                cost: variant.cost,
                weight_g: variant.weight_g,
                barcode: variant.barcode.clone(),
                picture: variant.picture,
            });
        }
        kept
    }

    /// Writes them together; when that fails, one by one, so that one bad product hurts itself only.
    async fn save(&self, ready: Vec<Ready>, report: &mut ImportReport, problems: &mut Vec<ImportProblem>) -> Result<(), CatalogError> {
        if ready.is_empty() {
            return Ok(());
        }
        if self.write(ready.clone()).await.is_ok() {
            ready.iter().for_each(|one| count(report, one));
            return Ok(());
        }
        for one in ready {
            match self.write(vec![one.clone()]).await {
                Ok(()) => count(report, &one),
                Err(CatalogError::Db(error @ (DbError::Busy | DbError::Full | DbError::Stopped))) => return Err(error.into()),
                Err(error) => {
                    let why = error.to_string();
                    problems.push(problem(one.line, "Handle", t::IMPORT_NOT_SAVED.with(self.locale, &[("why", &why)])));
                }
            }
        }
        Ok(())
    }

    async fn write(&self, ready: Vec<Ready>) -> Result<(), CatalogError> {
        let ids: Vec<ProductId> = ready.iter().map(|r| r.product.id).collect();
        let (own, ctx, list, touched) = (self.shop.clone(), self.ctx.clone(), PriceListId(self.shop.id()), ids.clone());
        self.shop.db().write(async move |tx| written(tx, &own, &ctx, list, &ready, &ids).await).await?;
        self.shop.shelf().touch(touched);
        Ok(())
    }
}

struct Taken {
    skus: HashMap<String, String>,
    slugs: HashMap<String, String>,
}

fn count(report: &mut ImportReport, one: &Ready) {
    if one.is_new {
        report.created += 1;
    } else {
        report.updated += 1;
    }
}

/// The value of an option by the name it has in the file.
fn value_of(option: &NewOption, name: &str) -> Option<uuid::Uuid> {
    let key = key_of("", name, 0);
    option.values.iter().find(|value| value.key == key).map(|value| value.id)
}

/// A text of at most so many characters, cut between words.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let short: String = text.chars().take(most - 1).collect();
    let end = short.rfind(' ').unwrap_or(short.len());
    format!("{}…", &short[..end])
}
