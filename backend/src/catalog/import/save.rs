//! From the file's products to the database, a batch at a time.

use std::collections::{HashMap, HashSet};

use domain::id::{CategoryId, PriceListId, ProductId};
use domain::messages::t;
use domain::slug::{self, slug};
use domain::view::{ImportProblem, ImportReport, ImportedProduct};
use serde_json::json;

use crate::Shop;
use crate::catalog::whole::{self, Whole};
use crate::catalog::{CatalogError, store};
use crate::platform::Context;
use crate::platform::db::{DbError, Rows};
use crate::platform::events::{self, Event};

use super::listing::Listing;
use super::merge::{Means, Merge};
use super::pictures::{Asked, Brought};
use super::written::{Ready, Seen, written};
use super::{ImportOptions, problem};

/// Products that a report names, at most; the others are counted.
const NAMED: usize = 500;

/// What a former run left to do: pictures that could not be had, rows that were refused.
pub(super) const PICTURES: i64 = 1;
const ROWS: i64 = 2;

/// An import that runs.
pub(super) struct Importing<'a> {
    pub(super) shop: &'a Shop,
    pub(super) ctx: &'a Context,
    pub(super) options: &'a ImportOptions<'a>,
    /// By their names in small letters, their addresses and handles.
    categories: HashMap<String, CategoryId>,
    /// Addresses that this run gave to products, by language.
    given: HashSet<(String, String)>,
}

/// A product as the shop knows it from an earlier file.
struct Head {
    id: ProductId,
    hash: Option<String>,
    unfinished: i64,
}

impl<'a> Importing<'a> {
    pub(super) async fn begin(shop: &'a Shop, ctx: &'a Context, options: &'a ImportOptions<'a>) -> Result<Self, CatalogError> {
        let mut categories = HashMap::new();
        for category in store::categories(shop.db(), true).await? {
            let texts = category.texts.values().flat_map(|text| [text.name.to_lowercase(), text.slug.clone()]);
            for word in texts.chain([category.handle.clone()]) {
                categories.entry(word).or_insert(category.id);
            }
        }
        Ok(Self { shop, ctx, options, categories, given: HashSet::new() })
    }

    /// Takes in a batch of products. What somebody else made in the meantime, as in another import of the same file, is read again and
    /// put onto what they made.
    pub(super) async fn batch(
        &mut self,
        batch: &[Listing],
        report: &mut ImportReport,
        problems: &mut Vec<ImportProblem>,
    ) -> Result<(), CatalogError> {
        let rivals = self.pass(batch, report, problems, true).await?;
        if rivals.is_empty() {
            return Ok(());
        }
        let again: Vec<Listing> = batch.iter().filter(|listing| rivals.contains(&listing.handle)).cloned().collect();
        self.pass(&again, report, problems, false).await.map(drop)
    }

    /// Takes in products; gives back the handles of those that somebody else made in the meantime, as long as it is the `first` time.
    async fn pass(
        &mut self,
        batch: &[Listing],
        report: &mut ImportReport,
        problems: &mut Vec<ImportProblem>,
        first: bool,
    ) -> Result<HashSet<String>, CatalogError> {
        let heads = self.heads(batch).await?;
        let is_same = |l: &Listing| heads.get(&l.handle).is_some_and(|head| head.hash.as_deref() == Some(l.hash.as_str()));
        let is_done = |l: &Listing| is_same(l) && heads.get(&l.handle).is_some_and(|head| head.unfinished == 0);
        let (done, todo): (Vec<&Listing>, Vec<&Listing>) = batch.iter().partition(|listing| is_done(listing));
        report.unchanged += done.len() as u64;
        if todo.is_empty() {
            return Ok(HashSet::new());
        }
        let ids: Vec<ProductId> = todo.iter().filter_map(|listing| heads.get(&listing.handle)).map(|head| head.id).collect();
        let wholes = whole::read(self.shop, &ids).await?;
        let known = |listing: &Listing| heads.get(&listing.handle).and_then(|head| wholes.get(&head.id));
        let asked: Vec<Asked<'_>> = todo.into_iter().map(|listing| (listing, known(listing))).collect();
        self.make_categories(&asked).await?;
        let brought = self.pictures(&asked, report, problems).await?;
        let (skus, slugs) = self.taken(&asked).await?;
        let (mut ready, mut seen) = (Vec::with_capacity(asked.len()), Vec::new());
        for (listing, known) in asked {
            let category = self.category(listing, known);
            let (pictures, failed) = (&brought.ids, &brought.failed);
            let means = Means {
                shop: self.shop,
                locale: self.options.locale,
                pictures,
                failed,
                skus: &skus,
                slugs: [&slugs, &self.given],
                category,
            };
            let left = heads.get(&listing.handle).filter(|_| is_same(listing)).map(|head| head.unfinished);
            let Some(one) = put_together(&means, listing, known, left, &brought, problems) else { continue };
            self.given.extend(one.product.texts.iter().map(|text| (text.locale.to_owned(), text.slug.clone())));
            let is_known_so = known.is_some_and(|known| known.product == one.product) && one.alts.is_empty();
            if is_known_so {
                report.unchanged += 1;
                seen.push(one.seen());
            } else {
                ready.push(one);
            }
        }
        if self.options.preview {
            ready.iter().for_each(|one| count(report, one));
            return Ok(HashSet::new());
        }
        let rivals = self.save(ready, seen, report, problems, first).await?;
        for text in rivals.iter().flat_map(|one| &one.product.texts) {
            self.given.remove(&(text.locale.to_owned(), text.slug.clone()));
        }
        Ok(rivals.into_iter().map(|one| one.product.handle).collect())
    }

    /// What is known of the handles.
    async fn heads(&self, batch: &[Listing]) -> Result<HashMap<String, Head>, CatalogError> {
        let asked: Rows = batch.iter().map(|listing| &listing.handle).collect();
        let rows: Vec<(String, ProductId, Option<String>, Option<i64>)> = self
            .shop
            .db()
            .fetch_all(
                "select p.handle, p.id, i.hash, i.unfinished
                 from (select value->>0 as handle from json_each($1)) j
                 join products p on p.handle = j.handle
                 left join product_imports i on i.product_id = p.id",
                &[&asked.end()],
            )
            .await?;
        let head =
            |(handle, id, hash, unfinished): (_, _, _, Option<i64>)| (handle, Head { id, hash, unfinished: unfinished.unwrap_or(0) });
        Ok(rows.into_iter().map(head).collect())
    }

    /// The category of a product: the one that it has, where the file calls it so, or the first that the shop knows.
    fn category(&self, listing: &Listing, known: Option<&Whole>) -> Option<CategoryId> {
        let kinds = || listing.kinds.iter().map(|kind| kind.to_lowercase());
        let own = known.filter(|known| kinds().next() == Some(known.category.to_lowercase())).and_then(|known| known.product.category);
        own.or_else(|| kinds().find_map(|kind| self.categories.get(&kind)).copied())
    }

    /// Makes the categories that the file names and the shop has not. A preview does as if.
    async fn make_categories(&mut self, asked: &[Asked<'_>]) -> Result<(), CatalogError> {
        let mut made: Vec<(CategoryId, String, String)> = Vec::new();
        for (listing, known) in asked {
            if let (None, Some(kind)) = (self.category(listing, *known), listing.kinds.first()) {
                let id = CategoryId(self.shop.id());
                let word = slug(kind);
                let free = !word.is_empty() && !self.categories.contains_key(&word);
                let word = if free { word } else { slug::key_apart(kind) };
                self.categories.insert(kind.to_lowercase(), id);
                self.categories.entry(word.clone()).or_insert(id);
                made.push((id, word, kind.clone()));
            }
        }
        if made.is_empty() || self.options.preview {
            return Ok(());
        }
        let (own, ctx) = (self.shop.clone(), self.ctx.clone());
        self.shop
            .db()
            .write(async move |tx| {
                let at = own.now();
                for (id, word, name) in &made {
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
                    made.iter().map(|(id, word, _)| Event::new("category.created", id.0, json!({ "handle": word }))).collect();
                events::append(tx, &own, &ctx, at, &events).await
            })
            .await?;
        Ok(())
    }

    /// Whose the SKUs and addresses of the batch are already, and those that may be taken in their place.
    async fn taken(&self, asked: &[Asked<'_>]) -> Result<(HashMap<String, ProductId>, HashSet<(String, String)>), CatalogError> {
        let (mut skus, mut slugs) = (Rows::new(), Rows::new());
        for (listing, _) in asked {
            let said = listing.words.iter().filter_map(|(_, words)| words.slug.clone());
            for word in said.chain([slug(&listing.written_handle), listing.handle.clone()]) {
                slugs.row(&[&word]);
            }
            let made = listing.handle.to_uppercase();
            for row in &listing.variants {
                skus.row(&[&row.sku]);
                skus.row(&[&row.sku_apart(&listing.handle, &row.sku)]);
            }
            skus.row(&[&made]);
        }
        let db = self.shop.db();
        let skus: Vec<(String, ProductId)> = db
            .fetch_all(
                "select v.sku, v.product_id from (select value->>0 as sku from json_each($1)) j join variants v on v.sku = j.sku",
                &[&skus.end()],
            )
            .await?;
        let slugs: Vec<(String, String)> = db
            .fetch_all(
                "select t.locale, t.slug from (select value->>0 as slug from json_each($1)) j
                 cross join product_texts t where t.locale in ('en', 'fil') and t.slug = j.slug",
                &[&slugs.end()],
            )
            .await?;
        Ok((skus.into_iter().collect(), slugs.into_iter().collect()))
    }

    /// Writes them together; when that fails, one by one, so that one bad product hurts itself only. Gives back those that somebody else
    /// made in the meantime, when it is the `first` time.
    async fn save(
        &self,
        ready: Vec<Ready>,
        seen: Vec<Seen>,
        report: &mut ImportReport,
        problems: &mut Vec<ImportProblem>,
        first: bool,
    ) -> Result<Vec<Ready>, CatalogError> {
        let mut rivals = Vec::new();
        if ready.is_empty() && seen.is_empty() {
            return Ok(rivals);
        }
        if self.write(ready.clone(), seen.clone()).await.is_ok() {
            ready.iter().for_each(|one| count(report, one));
            return Ok(rivals);
        }
        self.write(Vec::new(), seen).await?;
        for one in ready {
            match self.write(vec![one.clone()], Vec::new()).await {
                Ok(()) => count(report, &one),
                Err(CatalogError::Db(error)) if first && error.is_unique_violation() => rivals.push(one),
                Err(CatalogError::Db(error @ (DbError::Busy | DbError::Away | DbError::Full | DbError::Stopped))) => {
                    return Err(error.into());
                }
                Err(error) => {
                    let why = t::IMPORT_NOT_SAVED.with(self.options.locale, &[("why", &error.to_string())]);
                    problems.extend(one.lines.iter().map(|line| problem(*line, "Handle", why.clone())));
                }
            }
        }
        Ok(rivals)
    }

    async fn write(&self, ready: Vec<Ready>, seen: Vec<Seen>) -> Result<(), CatalogError> {
        let ids: Vec<ProductId> = ready.iter().map(|r| r.product.id).collect();
        let (own, ctx, list, touched) = (self.shop.clone(), self.ctx.clone(), PriceListId(self.shop.id()), ids.clone());
        self.shop.db().write(async move |tx| written(tx, &own, &ctx, list, &ready, &seen, &ids).await).await?;
        self.shop.shelf().touch(touched);
        Ok(())
    }
}

/// Puts a product together; none when nothing of it can be taken. `left` is what a run of the same file left to do: then only pictures
/// are taken that could not be had before, and what staff changed since stays; unless rows that were refused can be taken now.
fn put_together(
    means: &Means<'_>,
    listing: &Listing,
    known: Option<&Whole>,
    left: Option<i64>,
    brought: &Brought,
    problems: &mut Vec<ImportProblem>,
) -> Option<Ready> {
    let mut merge = Merge::new(means, listing, known);
    let merged = merge.run();
    let refused = merge.problems.iter().any(|problem| !problem.taken);
    problems.append(&mut merge.problems);
    let merged = merged?;
    let missing = listing.images.iter().any(|image| brought.failed.contains(&image.source));
    let mut ready = Ready {
        is_new: known.is_none(),
        was: known.map(|known| (known.version, known.product.status)),
        unfinished: if missing { PICTURES } else { 0 } | if refused { ROWS } else { 0 },
        hash: listing.hash.clone(),
        line: listing.line,
        lines: listing.lines.clone(),
        title: listing.title().to_owned(),
        merged_changes: merged.changes,
        product: merged.product,
        stock: merged.stock,
        alts: merged.alts,
    };
    if let (Some(left), Some(whole)) = (left, known)
        && (left & ROWS == 0 || refused)
    {
        ready.product = with_pictures(listing, whole.product.clone(), brought);
        (ready.stock, ready.alts) = (Vec::new(), Vec::new());
        ready.merged_changes = vec![t::IMPORT_PART_PICTURES.text(means.locale).to_owned()];
    }
    Some(ready)
}

/// The product with the pictures that came only now.
fn with_pictures(listing: &Listing, mut product: crate::catalog::NewProduct, brought: &Brought) -> crate::catalog::NewProduct {
    let new = |source: &String| brought.ids.get(source).copied().filter(|_| brought.new.contains(source));
    for id in listing.images.iter().filter(|image| !image.of_variant).filter_map(|image| new(&image.source)) {
        if !product.pictures.contains(&id) {
            product.pictures.push(id);
        }
    }
    for row in &listing.variants {
        let id = row.image.as_ref().and_then(new);
        let variant = product.variants.iter_mut().find(|variant| variant.sku == row.sku);
        if let (Some(id), Some(variant)) = (id, variant) {
            variant.picture = variant.picture.or(Some(id));
        }
    }
    product
}

fn count(report: &mut ImportReport, one: &Ready) {
    if one.is_new {
        report.created += 1;
    } else {
        report.updated += 1;
    }
    if report.products.len() < NAMED {
        report.products.push(ImportedProduct {
            line: one.line,
            handle: one.product.handle.clone(),
            title: one.title.clone(),
            created: one.is_new,
            changes: one.merged_changes.clone(),
        });
    }
}
