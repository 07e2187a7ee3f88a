//! Merges a product of a file with the product in the shop.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::id::{CategoryId, PictureId, ProductId};
use domain::messages::t;
use domain::slug::slug;
use domain::view::ImportProblem;
use domain::{Locale, Money};
use uuid::Uuid;

use super::columns::{Column, TextPart, all};
use super::model::{FileProduct, FileTax, FileTexts};
use super::{notice, problem};
use crate::Shop;
use crate::catalog::edit::{FirstStock, with_id_suffix};
use crate::catalog::full_product::{FullProduct, ProductPicture};
use crate::catalog::write::{NewProduct, NewText, StatedFact};
use crate::settings::shop_currency;

/// What a merge needs besides the product itself.
pub(super) struct MergeContext<'a> {
    pub shop: &'a Shop,
    pub locale: Locale,
    /// Pictures by their source.
    pub pictures: &'a HashMap<String, PictureId>,
    /// Sources of pictures that could not be fetched.
    pub failed_pictures: &'a HashSet<String>,
    /// The products that have the file's SKUs in the shop.
    pub skus: &'a HashMap<String, ProductId>,
    /// Language and slug of those that are taken: in the shop, and by products of the same file.
    pub taken_slugs: [&'a HashSet<(String, String)>; 2],
    pub category: Option<CategoryId>,
    /// The file names a category that is filled by a rule.
    pub is_filled_by_rule: bool,
    /// Keys of the fields of each product type, by its handle.
    pub types: &'a HashMap<String, HashSet<String>>,
}

pub(super) struct Merged {
    pub product: NewProduct,
    /// Opening stock of new variants.
    pub stock: Vec<FirstStock>,
    /// New descriptions of existing pictures.
    pub alts: Vec<(PictureId, &'static str, String)>,
    /// What the import's report lists as changed.
    pub changes: Vec<String>,
}

pub(super) struct Merge<'a> {
    pub context: &'a MergeContext<'a>,
    pub file: &'a FileProduct,
    pub existing: Option<&'a FullProduct>,
    pub problems: Vec<ImportProblem>,
    /// A row was rejected, or something is missing.
    pub incomplete: bool,
}

impl<'a> Merge<'a> {
    pub fn new(context: &'a MergeContext<'a>, file: &'a FileProduct, existing: Option<&'a FullProduct>) -> Self {
        Self { context, file, existing, problems: Vec::new(), incomplete: !file.rejected_lines.is_empty() }
    }

    pub fn translate(&self, message: domain::messages::Msg) -> &'static str {
        message.text(self.context.locale)
    }

    pub fn reject(&mut self, line: u64, column: Column, reason: impl Into<String>) {
        self.problems.push(problem(line, name_of(column), reason));
        self.incomplete = true;
    }

    pub fn notice(&mut self, line: u64, column: Column, reason: impl Into<String>) {
        self.problems.push(notice(line, name_of(column), reason));
    }

    /// Rejects all rows of the product.
    fn reject_all(&mut self, column: Column, reason: &str) {
        for line in self.file.lines.clone() {
            self.reject(line, column, reason);
        }
    }

    /// None when nothing of the product can be imported.
    pub fn run(&mut self) -> Option<Merged> {
        let file = self.file;
        let has_title = file.english().is_some_and(|texts| texts.title.is_some());
        if self.existing.is_none() && !has_title {
            self.reject_all(Column::Text(Locale::En, TextPart::Title), self.translate(t::IMPORT_TITLE_MISSING));
            return None;
        }
        let mut product = self.existing.map_or_else(|| self.blank(), |existing| existing.product.clone());
        let stock = match self.variants(&mut product) {
            Ok(stock) => stock,
            Err(why) => {
                self.reject_all(Column::OptionName(0, Locale::En), &why);
                return None;
            }
        };
        if product.variants.is_empty() {
            let rejected: Vec<u64> = self.problems.iter().filter(|problem| !problem.taken).map(|problem| problem.line).collect();
            for line in file.lines.iter().filter(|line| !rejected.contains(line)) {
                self.reject(*line, Column::Handle, self.translate(t::IMPORT_NO_VARIANT));
            }
            return None;
        }
        self.texts(&mut product);
        if let Some(vendor) = &file.vendor {
            product.vendor.clone_from(vendor);
        }
        if let Some(tags) = &file.tags {
            product.tags.clone_from(tags);
        }
        if let Some(featured) = file.featured {
            product.featured = featured;
        }
        product.category = self.context.category.or(product.category);
        if self.context.is_filled_by_rule {
            self.notice(file.line, Column::Type, self.translate(t::IMPORT_FILLED_BY_RULE));
        }
        match &file.tax {
            Some(FileTax::Class(class)) => product.tax_class.clone_from(class),
            Some(FileTax::Taxed) if matches!(product.tax_class.as_str(), "none" | "exempt") => {
                "standard".clone_into(&mut product.tax_class);
            }
            Some(FileTax::Taxed) | None => {}
        }
        self.facts(&mut product);
        let alts = self.pictures(&mut product);
        self.status(&mut product);
        let changes = self.existing.map_or_else(Vec::new, |existing| self.changes(&existing.product, &product, !alts.is_empty()));
        Some(Merged { product, stock, alts, changes })
    }

    /// The type, and what is stated of its fields in the languages of the file. What another type has no field for goes, with
    /// a notice.
    fn facts(&mut self, product: &mut NewProduct) {
        let file = self.file;
        if file.product_type.is_none() && file.facts.is_empty() {
            return;
        }
        let (types, locale) = (self.context.types, self.context.locale);
        let unknown = |key: &str| t::IMPORT_FACT_UNKNOWN.with(locale, &[("key", key)]);
        let mut stated = product.stated.take().unwrap_or_default();
        if let Some(handle) = file.product_type.as_ref().filter(|handle| **handle != stated.product_type) {
            stated.product_type.clone_from(handle);
            let known = types.get(handle);
            let (stay, go): (Vec<_>, Vec<_>) =
                stated.facts.into_iter().partition(|fact| known.is_some_and(|fields| fields.contains(&fact.key)));
            stated.facts = stay;
            for key in go.iter().filter(|_| !handle.is_empty()).map(|fact| &fact.key).collect::<BTreeSet<_>>() {
                self.notice(file.line, Column::ProductType, unknown(key));
            }
        }
        let fields = types.get(&stated.product_type);
        for (language, facts) in &file.facts {
            stated.facts.retain(|fact| fact.locale != *language);
            for (key, value) in facts {
                if fields.is_some_and(|fields| fields.contains(key)) {
                    stated.facts.push(StatedFact { key: key.clone(), locale: language, value: value.clone() });
                } else {
                    self.notice(file.line, Column::Facts(Locale::parse(language).unwrap_or_default()), unknown(key));
                }
            }
        }
        stated.facts.sort();
        product.stated = Some(stated);
    }

    fn blank(&self) -> NewProduct {
        NewProduct {
            id: ProductId(self.context.shop.id()),
            handle: self.file.handle.clone(),
            category: None,
            vendor: String::new(),
            tax_class: "standard".to_owned(),
            status: "draft",
            featured: None,
            created_at: self.context.shop.now(),
            texts: Vec::new(),
            tags: Vec::new(),
            pictures: Vec::new(),
            options: Vec::new(),
            variants: Vec::new(),
            stated: None,
        }
    }

    /// In each language that has a title, in the file or in the shop.
    fn texts(&self, product: &mut NewProduct) {
        for (locale, from) in &self.file.texts {
            if let Some(text) = product.texts.iter_mut().find(|text| text.locale == *locale) {
                let automatic = text.summary == summary(&text.description, &text.seo_description);
                set_texts(text, from);
                if from.summary.is_none() && automatic {
                    text.summary = summary(&text.description, &text.seo_description);
                }
                if let Some(slug) = from.slug.as_ref().filter(|slug| **slug != text.slug && self.is_free(locale, slug)) {
                    text.slug.clone_from(slug);
                }
            } else if from.title.is_some() {
                let empty = || NewText {
                    locale,
                    name: String::new(),
                    slug: String::new(),
                    summary: String::new(),
                    description: String::new(),
                    seo_title: String::new(),
                    seo_description: String::new(),
                };
                let mut text = empty();
                set_texts(&mut text, from);
                if from.summary.is_none() {
                    text.summary = summary(&text.description, &text.seo_description);
                }
                text.slug = self.new_slug(locale, from, product.id);
                product.texts.push(text);
            }
        }
    }

    fn is_free(&self, locale: &str, slug: &str) -> bool {
        let slug = (locale.to_owned(), slug.to_owned());
        self.context.taken_slugs.iter().all(|taken| !taken.contains(&slug))
    }

    /// The file's, or one made from the handle; with a suffix where it is taken.
    fn new_slug(&self, locale: &str, from: &FileTexts, id: ProductId) -> String {
        let generated = slug(&self.file.written_handle);
        let generated = if generated.is_empty() { self.file.handle.clone() } else { generated };
        let slug = from.slug.clone().unwrap_or(generated);
        if self.is_free(locale, &slug) { slug } else { with_id_suffix(&slug, id.0) }
    }

    /// Sets the product's pictures: those that the file names, in its order, then those that were uploaded in the admin. Those of an
    /// earlier import are removed, unless one of the file's could not be fetched. Returns new descriptions of existing pictures.
    fn pictures(&self, product: &mut NewProduct) -> Vec<(PictureId, &'static str, String)> {
        let images = &self.file.images;
        let of_product = || images.iter().filter(|image| !image.of_variant);
        if of_product().next().is_none() {
            return Vec::new();
        }
        let named: Vec<PictureId> = of_product().filter_map(|image| self.context.pictures.get(&image.source)).copied().collect();
        let some_failed = images.iter().any(|image| self.context.failed_pictures.contains(&image.source));
        let uploaded = |id: &PictureId| self.existing_picture(id).is_none_or(|picture| picture.source.is_none());
        let stay = product.pictures.iter().filter(|id| !named.contains(*id) && (some_failed || uploaded(id)));
        let mut all: Vec<PictureId> = Vec::with_capacity(named.len());
        for id in named.iter().chain(stay) {
            if !all.contains(id) {
                all.push(*id);
            }
        }
        product.pictures = all;
        self.new_alts(product)
    }

    fn existing_picture(&self, id: &PictureId) -> Option<&'a ProductPicture> {
        self.existing.and_then(|existing| existing.pictures.get(id))
    }

    /// Descriptions in the file that differ from those of existing pictures.
    fn new_alts(&self, product: &NewProduct) -> Vec<(PictureId, &'static str, String)> {
        let mut alts = Vec::new();
        let title = product.texts.first().map(|text| text.name.clone()).unwrap_or_default();
        for image in &self.file.images {
            let Some((id, picture)) = self.context.pictures.get(&image.source).and_then(|id| Some((*id, self.existing_picture(id)?)))
            else {
                continue;
            };
            for (code, alt) in &image.alts {
                let old = picture.alts.iter().find(|(locale, _)| locale == code).map_or("", |(_, alt)| alt);
                // A picture without a description is exported with its product's name.
                if old != alt && !(old.is_empty() && *alt == title) {
                    alts.push((id, *code, alt.clone()));
                }
            }
        }
        alts
    }

    /// An incomplete product is not published.
    fn status(&mut self, product: &mut NewProduct) {
        let Some(status) = self.file.status else { return };
        let held_back = if self.file.gift_card {
            Some(self.translate(t::IMPORT_GIFT_CARD))
        } else {
            self.incomplete.then(|| self.translate(t::IMPORT_KEPT_BACK))
        };
        match held_back.filter(|_| status == "published" && product.status != "published") {
            Some(why) => self.notice(self.file.line, Column::Status, why),
            None => product.status = status,
        }
    }

    /// In the words of the report.
    fn changes(&self, before: &NewProduct, after: &NewProduct, alts: bool) -> Vec<String> {
        let text = |product: &NewProduct, pick: fn(&NewText) -> &String| product.texts.iter().map(pick).cloned().collect::<Vec<_>>();
        let differs = |pick: fn(&NewText) -> &String| text(before, pick) != text(after, pick);
        let options = |product: &NewProduct| product.options.clone();
        let parts = [
            (t::IMPORT_PART_TITLE, differs(|text| &text.name)),
            (t::IMPORT_PART_DESCRIPTION, differs(|text| &text.description) || differs(|text| &text.summary)),
            (t::IMPORT_PART_SEARCH, differs(|text| &text.seo_title) || differs(|text| &text.seo_description) || differs(|text| &text.slug)),
            (t::IMPORT_PART_VENDOR, before.vendor != after.vendor),
            (t::IMPORT_PART_CATEGORY, before.category != after.category),
            (t::IMPORT_PART_TAGS, before.tags != after.tags),
            (t::IMPORT_PART_TAX, before.tax_class != after.tax_class),
            (t::IMPORT_PART_FEATURED, before.featured != after.featured),
            (t::IMPORT_PART_STATUS, before.status != after.status),
            (t::IMPORT_PART_OPTIONS, options(before) != options(after)),
            (t::IMPORT_PART_FACTS, before.stated != after.stated),
            (t::IMPORT_PART_PICTURES, alts || before.pictures != after.pictures),
        ];
        let mut changes: Vec<String> = parts.into_iter().filter(|part| part.1).map(|(name, _)| self.translate(name).to_owned()).collect();
        changes.extend(self.variant_changes(before, after));
        changes
    }

    /// The first changed prices by SKU; further ones, other changes, new and archived variants by their number.
    fn variant_changes(&self, before: &NewProduct, after: &NewProduct) -> Vec<String> {
        const MAX_PRICES: usize = 3;
        let (locale, currency) = (self.context.locale, shop_currency(self.context.shop));
        let money = |minor: Option<i64>| minor.map_or_else(|| "–".to_owned(), |minor| locale.money(Money::new(minor, currency)));
        let (mut prices, mut others, mut new) = (Vec::new(), before.variants.len() == after.variants.len(), 0);
        others = others && !before.variants.iter().map(|v| v.id).eq(after.variants.iter().map(|v| v.id));
        let mut others = i64::from(others);
        for variant in &after.variants {
            let Some(was) = before.variants.iter().find(|was| was.id == variant.id) else {
                new += 1;
                continue;
            };
            if was.price != variant.price {
                prices.push(format!("{}: {} → {}", variant.sku, money(was.price), money(variant.price)));
            }
            let mut same_price = was.clone();
            same_price.price = variant.price;
            others += i64::from(same_price != *variant);
        }
        let gone = before.variants.iter().filter(|was| after.variants.iter().all(|variant| variant.id != was.id)).count();
        let more = prices.len().saturating_sub(MAX_PRICES);
        let mut changes: Vec<String> = prices.into_iter().take(MAX_PRICES).collect();
        let counts = [
            (t::IMPORT_PART_PRICES, i64::try_from(more).unwrap_or(i64::MAX)),
            (t::IMPORT_PART_VARIANTS, others),
            (t::IMPORT_PART_NEW_VARIANTS, new),
            (t::IMPORT_PART_ARCHIVED, i64::try_from(gone).unwrap_or(i64::MAX)),
        ];
        changes.extend(counts.into_iter().filter(|(_, count)| *count > 0).map(|(name, count)| name.with(locale, count, &[])));
        changes
    }

    pub fn id(&self) -> Uuid {
        self.context.shop.id()
    }
}

/// As an export calls it.
fn name_of(column: Column) -> String {
    all().into_iter().find(|(known, _)| *known == column).map(|(_, name)| name).unwrap_or_default()
}

fn set_texts(text: &mut NewText, from: &FileTexts) {
    let set = |to: &mut String, from: &Option<String>| {
        if let Some(from) = from {
            to.clone_from(from);
        }
    };
    set(&mut text.name, &from.title);
    set(&mut text.description, &from.body);
    set(&mut text.summary, &from.summary);
    set(&mut text.seo_title, &from.seo_title);
    set(&mut text.seo_description, &from.seo_description);
}

/// The summary for lists where none is given: the description for search engines, or the first paragraph.
fn summary(description: &str, seo_description: &str) -> String {
    const MAX_CHARS: usize = 200;
    let text = if seo_description.is_empty() { description.lines().next().unwrap_or_default() } else { seo_description };
    if text.chars().count() <= MAX_CHARS {
        return text.to_owned();
    }
    let short: String = text.chars().take(MAX_CHARS - 1).collect();
    let end = short.rfind(' ').unwrap_or(short.len());
    format!("{}…", &short[..end])
}
