//! What becomes of a product when a file says something of it: the product as it is, and on top of it what the file says.

use std::collections::{HashMap, HashSet};

use domain::id::{CategoryId, PictureId, ProductId, VariantId};
use domain::messages::t;
use domain::slug::slug;
use domain::view::ImportProblem;
use domain::{Locale, Money};
use uuid::Uuid;

use super::columns::{Column, TextPart, all};
use super::listing::{Listing, Tax, Words};
use super::{notice, problem};
use crate::Shop;
use crate::catalog::edit::told_apart;
use crate::catalog::whole::Whole;
use crate::catalog::write::{NewProduct, NewText};
use crate::settings::shop_currency;

/// What is known besides the product itself.
pub(super) struct Means<'a> {
    pub shop: &'a Shop,
    pub locale: Locale,
    /// Pictures by their source.
    pub pictures: &'a HashMap<String, PictureId>,
    /// Sources of pictures that could not be had.
    pub failed: &'a HashSet<String>,
    /// Whose the SKUs of the file are in the shop.
    pub skus: &'a HashMap<String, ProductId>,
    /// Addresses that are taken, by language: in the shop, and by products of the same file.
    pub slugs: [&'a HashSet<(String, String)>; 2],
    pub category: Option<CategoryId>,
}

/// A product that is ready to be written.
pub(super) struct Merged {
    pub product: NewProduct,
    /// What new variants begin with: units, and what one costs.
    pub stock: Vec<(VariantId, i64, i64)>,
    /// What pictures show that are there already.
    pub alts: Vec<(PictureId, &'static str, String)>,
    /// What changes, in words.
    pub changes: Vec<String>,
}

/// One product being put together.
pub(super) struct Merge<'a> {
    pub means: &'a Means<'a>,
    pub listing: &'a Listing,
    pub known: Option<&'a Whole>,
    pub problems: Vec<ImportProblem>,
    /// Something of it was refused, or is missing.
    pub incomplete: bool,
}

impl<'a> Merge<'a> {
    pub fn new(means: &'a Means<'a>, listing: &'a Listing, known: Option<&'a Whole>) -> Self {
        Self { means, listing, known, problems: Vec::new(), incomplete: !listing.refused.is_empty() }
    }

    pub fn say(&self, message: domain::messages::Msg) -> &'static str {
        message.text(self.means.locale)
    }

    pub fn refuse(&mut self, line: u64, column: Column, reason: impl Into<String>) {
        self.problems.push(problem(line, name_of(column), reason));
        self.incomplete = true;
    }

    pub fn notice(&mut self, line: u64, column: Column, reason: impl Into<String>) {
        self.problems.push(notice(line, name_of(column), reason));
    }

    /// Refuses all rows of the product.
    fn refuse_all(&mut self, column: Column, reason: &str) {
        for line in self.listing.lines.clone() {
            self.refuse(line, column, reason);
        }
    }

    /// Puts the product together; none when nothing of it can be taken.
    pub fn run(&mut self) -> Option<Merged> {
        let listing = self.listing;
        let has_title = listing.english().is_some_and(|words| words.title.is_some());
        if self.known.is_none() && !has_title {
            self.refuse_all(Column::Text(Locale::En, TextPart::Title), self.say(t::IMPORT_TITLE_MISSING));
            return None;
        }
        let mut product = self.known.map_or_else(|| self.blank(), |known| known.product.clone());
        let stock = match self.variants(&mut product) {
            Ok(stock) => stock,
            Err(why) => {
                self.refuse_all(Column::OptionName(0, Locale::En), &why);
                return None;
            }
        };
        if product.variants.is_empty() {
            let named: Vec<u64> = self.problems.iter().filter(|problem| !problem.taken).map(|problem| problem.line).collect();
            for line in listing.lines.iter().filter(|line| !named.contains(line)) {
                self.refuse(*line, Column::Handle, self.say(t::IMPORT_NO_VARIANT));
            }
            return None;
        }
        self.texts(&mut product);
        if let Some(vendor) = &listing.vendor {
            product.vendor.clone_from(vendor);
        }
        if let Some(tags) = &listing.tags {
            product.tags.clone_from(tags);
        }
        if let Some(featured) = listing.featured {
            product.featured = featured;
        }
        product.category = self.means.category.or(product.category);
        match &listing.tax {
            Some(Tax::Class(class)) => product.tax_class.clone_from(class),
            Some(Tax::Taxed) if matches!(product.tax_class.as_str(), "none" | "exempt") => "standard".clone_into(&mut product.tax_class),
            Some(Tax::Taxed) | None => {}
        }
        let alts = self.pictures(&mut product);
        self.status(&mut product);
        let changes = self.known.map_or_else(Vec::new, |known| self.changes(&known.product, &product, !alts.is_empty()));
        Some(Merged { product, stock, alts, changes })
    }

    /// A product of which nothing is known.
    fn blank(&self) -> NewProduct {
        NewProduct {
            id: ProductId(self.means.shop.id()),
            handle: self.listing.handle.clone(),
            category: None,
            vendor: String::new(),
            tax_class: "standard".to_owned(),
            status: "draft",
            featured: None,
            created_at: self.means.shop.now(),
            texts: Vec::new(),
            tags: Vec::new(),
            pictures: Vec::new(),
            options: Vec::new(),
            variants: Vec::new(),
        }
    }

    /// Words in each language that has a title, in the file or in the shop.
    fn texts(&self, product: &mut NewProduct) {
        for (locale, words) in &self.listing.words {
            if let Some(text) = product.texts.iter_mut().find(|text| text.locale == *locale) {
                let automatic = text.summary == summary(&text.description, &text.seo_description);
                put(text, words);
                if words.summary.is_none() && automatic {
                    text.summary = summary(&text.description, &text.seo_description);
                }
                if let Some(slug) = words.slug.as_ref().filter(|slug| **slug != text.slug && self.is_free(locale, slug)) {
                    text.slug.clone_from(slug);
                }
            } else if words.title.is_some() {
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
                put(&mut text, words);
                if words.summary.is_none() {
                    text.summary = summary(&text.description, &text.seo_description);
                }
                text.slug = self.new_slug(locale, words, product.id);
                product.texts.push(text);
            }
        }
    }

    fn is_free(&self, locale: &str, slug: &str) -> bool {
        let wanted = (locale.to_owned(), slug.to_owned());
        self.means.slugs.iter().all(|taken| !taken.contains(&wanted))
    }

    /// The address that the file says, or one made from the handle.
    fn new_slug(&self, locale: &str, words: &Words, id: ProductId) -> String {
        let made = slug(&self.listing.written_handle);
        let made = if made.is_empty() { self.listing.handle.clone() } else { made };
        let wanted = words.slug.clone().unwrap_or(made);
        if self.is_free(locale, &wanted) { wanted } else { told_apart(&wanted, id.0) }
    }

    /// The pictures that the file names, in its order. Behind them stay those that were uploaded in the admin; those that an earlier
    /// import brought go, unless one that should stand in their place could not be had. Says what pictures show that is new.
    fn pictures(&self, product: &mut NewProduct) -> Vec<(PictureId, &'static str, String)> {
        let images = &self.listing.images;
        let of_product = || images.iter().filter(|image| !image.of_variant);
        if of_product().next().is_none() {
            return Vec::new();
        }
        let named: Vec<PictureId> = of_product().filter_map(|image| self.means.pictures.get(&image.source)).copied().collect();
        let some_failed = images.iter().any(|image| self.means.failed.contains(&image.source));
        let photograph = |id: &PictureId| self.known.and_then(|known| known.pictures.get(id));
        let uploaded = |id: &PictureId| photograph(id).is_none_or(|photograph| photograph.source.is_none());
        let stay = product.pictures.iter().filter(|id| !named.contains(*id) && (some_failed || uploaded(id)));
        let mut all: Vec<PictureId> = Vec::with_capacity(named.len());
        for id in named.iter().chain(stay) {
            if !all.contains(id) {
                all.push(*id);
            }
        }
        product.pictures = all;
        let mut alts = Vec::new();
        let title = product.texts.first().map(|text| text.name.clone()).unwrap_or_default();
        for image in images {
            let Some((id, photograph)) = self.means.pictures.get(&image.source).and_then(|id| Some((*id, photograph(id)?))) else {
                continue;
            };
            for (code, alt) in &image.alts {
                let known = photograph.alts.iter().find(|(known, _)| known == code).map_or("", |(_, alt)| alt);
                // A picture that nobody described is called as its product.
                if known != alt && !(known.is_empty() && *alt == title) {
                    alts.push((id, *code, alt.clone()));
                }
            }
        }
        alts
    }

    /// Nothing is published that is half there.
    fn status(&mut self, product: &mut NewProduct) {
        let Some(wanted) = self.listing.status else { return };
        let held_back = if self.listing.gift_card {
            Some(self.say(t::IMPORT_GIFT_CARD))
        } else {
            self.incomplete.then(|| self.say(t::IMPORT_KEPT_BACK))
        };
        match held_back.filter(|_| wanted == "published" && product.status != "published") {
            Some(why) => self.notice(self.listing.line, Column::Status, why),
            None => product.status = wanted,
        }
    }

    /// What is different, in words.
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
            (t::IMPORT_PART_PICTURES, alts || before.pictures != after.pictures),
        ];
        let mut said: Vec<String> = parts.into_iter().filter(|part| part.1).map(|(name, _)| self.say(name).to_owned()).collect();
        said.extend(self.variant_changes(before, after));
        said
    }

    /// Prices by name, as far as they fit; other changes of variants, new ones and archived ones by their number.
    fn variant_changes(&self, before: &NewProduct, after: &NewProduct) -> Vec<String> {
        const NAMED: usize = 3;
        let (locale, currency) = (self.means.locale, shop_currency(self.means.shop));
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
        let more = prices.len().saturating_sub(NAMED);
        let mut said: Vec<String> = prices.into_iter().take(NAMED).collect();
        let counts = [
            (t::IMPORT_PART_PRICES, i64::try_from(more).unwrap_or(i64::MAX)),
            (t::IMPORT_PART_VARIANTS, others),
            (t::IMPORT_PART_NEW_VARIANTS, new),
            (t::IMPORT_PART_ARCHIVED, i64::try_from(gone).unwrap_or(i64::MAX)),
        ];
        said.extend(counts.into_iter().filter(|(_, count)| *count > 0).map(|(name, count)| name.with(locale, count, &[])));
        said
    }

    /// A new id.
    pub fn id(&self) -> Uuid {
        self.means.shop.id()
    }
}

fn name_of(column: Column) -> String {
    all().into_iter().find(|(known, _)| *known == column).map(|(_, name)| name).unwrap_or_default()
}

fn put(text: &mut NewText, words: &Words) {
    let set = |to: &mut String, said: &Option<String>| {
        if let Some(said) = said {
            to.clone_from(said);
        }
    };
    set(&mut text.name, &words.title);
    set(&mut text.description, &words.body);
    set(&mut text.summary, &words.summary);
    set(&mut text.seo_title, &words.seo_title);
    set(&mut text.seo_description, &words.seo_description);
}

/// What lists show below the name, where nobody wrote it: what is said to search engines, or the first paragraph.
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
