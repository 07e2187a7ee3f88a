//! Imports the file's products into the database, a batch at a time.

use std::collections::{HashMap, HashSet};

use domain::id::{CategoryId, ProductId};
use domain::messages::t;
use domain::slug::{self, slug};
use domain::view::{ImportProblem, ImportReport, ImportedProduct};
use platform::Context;
use platform::db::{DbError, FromRow, hex, json_texts};

use crate::Shop;
use crate::catalog::events::CategoryCreated;
use crate::catalog::former_slugs::{self, NewSlug};
use crate::catalog::full_product::{self, FullProduct};
use crate::catalog::write::NewProduct;
use crate::catalog::{CatalogError, product_types, store};

use super::batch::{ImportState, PreparedProduct, write_batch};
use super::merge::{Merge, MergeContext};
use super::model::FileProduct;
use super::pictures::ImportedPictures;
use super::{ImportOptions, problem};

/// Further products are only counted.
const MAX_REPORTED_PRODUCTS: usize = 500;

/// Bits of what an earlier run left to do: pictures that could not be fetched, and rows that were rejected.
pub(super) const UNFINISHED_PICTURES: i64 = 1;
const UNFINISHED_ROWS: i64 = 2;

pub(super) struct Importer<'a> {
    pub(super) shop: &'a Shop,
    pub(super) ctx: &'a Context,
    pub(super) options: &'a ImportOptions<'a>,
    /// By names in lower case, slugs and handles.
    categories: HashMap<String, CategoryId>,
    /// The same of categories that are filled by a rule: no product is put into them.
    filled_by_rule: HashSet<String>,
    /// Keys of the fields of each product type, by its handle.
    types: HashMap<String, HashSet<String>>,
    /// Language and slug of products that this run created or changed.
    given_slugs: HashSet<(String, String)>,
}

/// A product of the file with the shop's product of the same handle.
#[derive(Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub file: &'a FileProduct,
    pub existing: Option<&'a FullProduct>,
    /// What an earlier run of the same file left to do; none when the product was not read from this file yet.
    pub unfinished: Option<i64>,
}

/// Which product has a handle, and what the last import left of it.
#[derive(FromRow)]
struct Head {
    handle: String,
    id: ProductId,
    hash: Option<String>,
    unfinished: i64,
}

impl<'a> Importer<'a> {
    pub(super) async fn new(shop: &'a Shop, ctx: &'a Context, options: &'a ImportOptions<'a>) -> Result<Self, CatalogError> {
        let (mut categories, mut filled_by_rule) = (HashMap::new(), HashSet::new());
        for category in store::categories(shop.db(), true).await? {
            let texts = category.texts.values().flat_map(|text| [text.name.to_lowercase(), text.slug.clone()]);
            for key in texts.chain([category.handle.clone()]) {
                if category.rule.is_some() {
                    filled_by_rule.insert(key);
                } else {
                    categories.entry(key).or_insert(category.id);
                }
            }
        }
        filled_by_rule.retain(|name| !categories.contains_key(name));
        let types = product_types::keys(shop.db()).await?;
        Ok(Self { shop, ctx, options, categories, filled_by_rule, types, given_slugs: HashSet::new() })
    }

    /// Creates the product types that the file names and the shop does not have, with a field for each key that the file has a fact of. A
    /// preview only reserves their names.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn create_types(&mut self, products: &[FileProduct]) -> Result<(), CatalogError> {
        let mut new: Vec<(String, Vec<String>)> = Vec::new();
        for file in products {
            let Some(handle) = file.product_type.as_ref().filter(|handle| !handle.is_empty() && !self.types.contains_key(*handle)) else {
                continue;
            };
            let at = new.iter().position(|(known, _)| known == handle).unwrap_or_else(|| {
                new.push((handle.clone(), Vec::new()));
                new.len() - 1
            });
            for (key, _) in file.facts.iter().flat_map(|(_, facts)| facts) {
                if !new[at].1.contains(key) && new[at].1.len() < product_types::MAX_FIELDS {
                    new[at].1.push(key.clone());
                }
            }
        }
        self.types.extend(new.iter().map(|(handle, keys)| (handle.clone(), keys.iter().cloned().collect())));
        if new.is_empty() || self.options.preview {
            return Ok(());
        }
        self.shop.write(self.ctx, async move |tx| product_types::create_named(tx, &new).await).await
    }

    /// Imports a batch. Products that were created meanwhile, as by another import of the same file, are read again and merged
    /// with what they are now.
    pub(super) async fn import(
        &mut self,
        batch: &[FileProduct],
        report: &mut ImportReport,
        problems: &mut Vec<ImportProblem>,
    ) -> Result<(), CatalogError> {
        let count_before = problems.len();
        let conflicting = self.pass(batch, report, problems, true).await?;
        if conflicting.is_empty() {
            return Ok(());
        }
        let again: Vec<FileProduct> = batch.iter().filter(|file| conflicting.contains(&file.handle)).cloned().collect();
        // What the first pass reported of these products, such as that their SKUs are taken, is not true of what is written.
        let lines: HashSet<u64> = again.iter().flat_map(|file| file.lines.iter().chain(&file.rejected_lines)).copied().collect();
        let of_first_pass = problems.split_off(count_before);
        problems.extend(of_first_pass.into_iter().filter(|problem| !lines.contains(&problem.line)));
        self.pass(&again, report, problems, false).await.map(drop)
    }

    /// On the `first` pass returns the handles of products that were created meanwhile.
    async fn pass(
        &mut self,
        batch: &[FileProduct],
        report: &mut ImportReport,
        problems: &mut Vec<ImportProblem>,
        first: bool,
    ) -> Result<HashSet<String>, CatalogError> {
        let heads = self.heads(batch).await?;
        let is_same = |file: &FileProduct| heads.get(&file.handle).is_some_and(|head| head.hash.as_deref() == Some(file.hash.as_str()));
        let is_done = |file: &FileProduct| is_same(file) && heads.get(&file.handle).is_some_and(|head| head.unfinished == 0);
        let (done, todo): (Vec<&FileProduct>, Vec<&FileProduct>) = batch.iter().partition(|file| is_done(file));
        report.unchanged += done.len() as u64;
        if todo.is_empty() {
            return Ok(HashSet::new());
        }
        let ids: Vec<ProductId> = todo.iter().filter_map(|file| heads.get(&file.handle)).map(|head| head.id).collect();
        let full = full_product::read(self.shop, &ids).await?;
        let mut candidates = Vec::with_capacity(todo.len());
        for file in todo {
            let head = heads.get(&file.handle);
            let unfinished = head.filter(|_| is_same(file)).map(|head| head.unfinished);
            candidates.push(Candidate { file, existing: head.and_then(|head| full.get(&head.id)), unfinished });
        }
        self.create_categories(&candidates).await?;
        let pictures = self.pictures(&candidates, report, problems).await?;
        let prepared = self.prepare(&candidates, &pictures, problems).await?;
        let (unchanged, changed): (Vec<_>, Vec<_>) = prepared.into_iter().partition(|(_, is_unchanged)| *is_unchanged);
        report.unchanged += unchanged.len() as u64;
        let unchanged: Vec<ImportState> = unchanged.iter().map(|(product, _)| product.state()).collect();
        let changed: Vec<PreparedProduct> = changed.into_iter().map(|(product, _)| product).collect();
        if self.options.preview {
            changed.iter().for_each(|product| count(report, product));
            return Ok(HashSet::new());
        }
        let conflicting = self.save(changed, unchanged, report, problems, first).await?;
        for text in conflicting.iter().flat_map(|prepared| &prepared.product.texts) {
            self.given_slugs.remove(&(text.locale.to_owned(), text.slug.clone()));
        }
        Ok(conflicting.into_iter().map(|prepared| prepared.product.handle).collect())
    }

    /// Merges the products of the file with those of the shop; returns of each whether it is unchanged.
    async fn prepare(
        &mut self,
        candidates: &[Candidate<'_>],
        pictures: &ImportedPictures,
        problems: &mut Vec<ImportProblem>,
    ) -> Result<Vec<(PreparedProduct, bool)>, CatalogError> {
        let (skus, slugs) = self.taken(candidates).await?;
        let mut prepared = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let context = MergeContext {
                shop: self.shop,
                locale: self.options.locale,
                pictures: &pictures.ids,
                failed_pictures: &pictures.failed,
                skus: &skus,
                taken_slugs: [&slugs, &self.given_slugs],
                category: self.category(*candidate),
                is_filled_by_rule: self.names_filled_by_rule(candidate.file),
                types: &self.types,
            };
            let Some(product) = prepare_one(&context, *candidate, pictures, problems) else { continue };
            self.given_slugs.extend(product.product.texts.iter().map(|text| (text.locale.to_owned(), text.slug.clone())));
            let is_unchanged = candidate.existing.is_some_and(|full| full.product == product.product) && product.alts.is_empty();
            prepared.push((product, is_unchanged));
        }
        Ok(prepared)
    }

    /// The products that exist, by handle.
    async fn heads(&self, batch: &[FileProduct]) -> Result<HashMap<String, Head>, CatalogError> {
        let rows: Vec<Head> = self
            .shop
            .db()
            .fetch_all(
                "select p.handle, p.id, i.hash, coalesce(i.unfinished, 0) as unfinished
                 from (select value->>'text' as handle from json_each($1)) j
                 join products p on p.handle = j.handle
                 left join product_imports i on i.product_id = p.id",
                &[&json_texts(batch.iter().map(|file| &file.handle))],
            )
            .await?;
        Ok(rows.into_iter().map(|head| (head.handle.clone(), head)).collect())
    }

    /// The category that the product has, where it is the first that the file names, else the first named one that the shop has.
    fn category(&self, candidate: Candidate<'_>) -> Option<CategoryId> {
        let names = || candidate.file.categories.iter().map(|name| name.to_lowercase());
        let own = candidate.existing.filter(|full| names().next() == Some(full.category.to_lowercase()));
        own.and_then(|full| full.product.category).or_else(|| names().find_map(|name| self.categories.get(&name)).copied())
    }

    /// Is the first category that it names filled by a rule?
    fn names_filled_by_rule(&self, file: &FileProduct) -> bool {
        file.categories.first().is_some_and(|name| self.filled_by_rule.contains(&name.to_lowercase()))
    }

    /// Creates the categories that the file names and the shop does not have. A preview only reserves their names.
    async fn create_categories(&mut self, candidates: &[Candidate<'_>]) -> Result<(), CatalogError> {
        let mut new: Vec<(CategoryId, String, String)> = Vec::new();
        for candidate in candidates {
            if let (None, Some(name)) = (self.category(*candidate), candidate.file.categories.first()) {
                if self.names_filled_by_rule(candidate.file) {
                    continue;
                }
                let id = CategoryId(self.shop.id());
                let handle = slug(name);
                let is_free = !handle.is_empty() && !self.categories.contains_key(&handle);
                let handle = if is_free { handle } else { slug::key_apart(name) };
                self.categories.insert(name.to_lowercase(), id);
                self.categories.entry(handle.clone()).or_insert(id);
                new.push((id, handle, name.clone()));
            }
        }
        if new.is_empty() || self.options.preview {
            return Ok(());
        }
        self.shop
            .write(self.ctx, async move |tx| {
                for (id, handle, name) in &new {
                    tx.execute(
                        "insert into categories (id, handle, position, created_at, updated_at)
                         select $1, $2, coalesce(max(position), 0) + 1, $3, $3 from categories",
                        &[id, handle, &tx.now()],
                    )
                    .await?;
                    tx.execute(
                        "insert into category_texts (category_id, locale, name, slug, blurb) values ($1, 'en', $2, $3, '')",
                        &[id, name, handle],
                    )
                    .await?;
                    former_slugs::category_has(tx, &[NewSlug { id: hex(id), locale: "en", slug: handle }]).await?;
                    tx.record(*id, CategoryCreated { handle: Some(handle.clone()), ..CategoryCreated::default() });
                }
                Ok::<_, DbError>(())
            })
            .await?;
        Ok(())
    }

    /// Which of the SKUs and slugs that the batch may need are taken: products by SKU, and language and slug.
    async fn taken(&self, candidates: &[Candidate<'_>]) -> Result<(HashMap<String, ProductId>, HashSet<(String, String)>), CatalogError> {
        #[derive(FromRow)]
        struct SkuRow {
            sku: String,
            product: ProductId,
        }
        #[derive(FromRow)]
        struct SlugRow {
            locale: String,
            slug: String,
        }
        let (mut skus, mut slugs) = (Vec::new(), Vec::new());
        for Candidate { file, .. } in candidates {
            slugs.extend(file.texts.iter().filter_map(|(_, texts)| texts.slug.clone()));
            slugs.extend([slug(&file.written_handle), file.handle.clone()]);
            for variant in &file.variants {
                skus.extend([variant.sku.clone(), variant.sku_with_mark(&file.handle, &variant.sku)]);
            }
            skus.push(file.handle.to_uppercase());
        }
        let db = self.shop.db();
        let skus: Vec<SkuRow> = db
            .fetch_all(
                "select v.sku, v.product_id as product from (select value->>'text' as sku from json_each($1)) j
                 join variants v on v.sku = j.sku",
                &[&json_texts(skus)],
            )
            .await?;
        let slugs: Vec<SlugRow> = db
            .fetch_all(
                "select t.locale, t.slug from (select value->>'text' as slug from json_each($1)) j
                 cross join product_texts t where t.locale in ('en', 'fil') and t.slug = j.slug",
                &[&json_texts(slugs)],
            )
            .await?;
        let skus = skus.into_iter().map(|row| (row.sku, row.product)).collect();
        Ok((skus, slugs.into_iter().map(|row| (row.locale, row.slug)).collect()))
    }

    /// Writes them together; when that fails, one by one, so that a bad product does not hold back the others. On the `first` pass returns
    /// those that were created meanwhile.
    async fn save(
        &self,
        products: Vec<PreparedProduct>,
        unchanged: Vec<ImportState>,
        report: &mut ImportReport,
        problems: &mut Vec<ImportProblem>,
        first: bool,
    ) -> Result<Vec<PreparedProduct>, CatalogError> {
        let mut conflicting = Vec::new();
        if products.is_empty() && unchanged.is_empty() {
            return Ok(conflicting);
        }
        if self.write(products.clone(), unchanged.clone()).await.is_ok() {
            products.iter().for_each(|product| count(report, product));
            return Ok(conflicting);
        }
        self.write(Vec::new(), unchanged).await?;
        for product in products {
            match self.write(vec![product.clone()], Vec::new()).await {
                Ok(()) => count(report, &product),
                Err(CatalogError::Db(error)) if first && error.is_unique_violation() => conflicting.push(product),
                Err(CatalogError::Db(error @ (DbError::Busy | DbError::Away | DbError::Full | DbError::Stopped))) => {
                    return Err(error.into());
                }
                Err(error) => {
                    let why = t::IMPORT_NOT_SAVED.with(self.options.locale, &[("why", &error.to_string())]);
                    problems.extend(product.lines.iter().map(|line| problem(*line, "Handle", why.clone())));
                }
            }
        }
        Ok(conflicting)
    }

    async fn write(&self, products: Vec<PreparedProduct>, unchanged: Vec<ImportState>) -> Result<(), CatalogError> {
        let ids: Vec<ProductId> = products.iter().map(|p| p.product.id).collect();
        let shop = self.shop.clone();
        self.shop.write(self.ctx, async move |tx| write_batch(tx, &shop, &products, &unchanged).await).await?;
        self.shop.listings().invalidate(ids);
        Ok(())
    }
}

/// Merges one product; none when nothing of it can be imported. Where an earlier run of the same file left something to do, only
/// pictures are imported that could not be fetched then, so that edits of staff stay; or all, if rows that were rejected then are
/// accepted now.
fn prepare_one(
    context: &MergeContext<'_>,
    candidate: Candidate<'_>,
    pictures: &ImportedPictures,
    problems: &mut Vec<ImportProblem>,
) -> Option<PreparedProduct> {
    let Candidate { file, existing, unfinished } = candidate;
    let mut merge = Merge::new(context, file, existing);
    let merged = merge.run();
    let has_rejected = merge.problems.iter().any(|problem| !problem.taken);
    problems.append(&mut merge.problems);
    let merged = merged?;
    let has_failed = file.images.iter().any(|image| pictures.failed.contains(&image.source));
    let mut prepared = PreparedProduct {
        was: existing.map(|full| (full.version, full.product.status)),
        unfinished: if has_failed { UNFINISHED_PICTURES } else { 0 } | if has_rejected { UNFINISHED_ROWS } else { 0 },
        hash: file.hash.clone(),
        line: file.line,
        lines: file.lines.clone(),
        title: file.title().to_owned(),
        changes: merged.changes,
        product: merged.product,
        stock: merged.stock,
        alts: merged.alts,
    };
    if let (Some(unfinished), Some(full)) = (unfinished, existing)
        && (unfinished & UNFINISHED_ROWS == 0 || has_rejected)
    {
        prepared.product = with_new_pictures(file, full.product.clone(), pictures);
        (prepared.stock, prepared.alts) = (Vec::new(), Vec::new());
        prepared.changes = vec![t::IMPORT_PART_PICTURES.text(context.locale).to_owned()];
    }
    Some(prepared)
}

/// The product with the pictures that this run created, and nothing else of the file.
fn with_new_pictures(file: &FileProduct, mut product: NewProduct, pictures: &ImportedPictures) -> NewProduct {
    let new = |source: &String| pictures.ids.get(source).copied().filter(|_| pictures.new.contains(source));
    for id in file.images.iter().filter(|image| !image.of_variant).filter_map(|image| new(&image.source)) {
        if !product.pictures.contains(&id) {
            product.pictures.push(id);
        }
    }
    for row in &file.variants {
        let id = row.image.as_ref().and_then(new);
        let variant = product.variants.iter_mut().find(|variant| variant.sku == row.sku);
        if let (Some(id), Some(variant)) = (id, variant) {
            variant.picture = variant.picture.or(Some(id));
        }
    }
    product
}

fn count(report: &mut ImportReport, prepared: &PreparedProduct) {
    if prepared.is_new() {
        report.created += 1;
    } else {
        report.updated += 1;
    }
    if report.products.len() < MAX_REPORTED_PRODUCTS {
        report.products.push(ImportedProduct {
            line: prepared.line,
            handle: prepared.product.handle.clone(),
            title: prepared.title.clone(),
            created: prepared.is_new(),
            changes: prepared.changes.clone(),
        });
    }
}
