//! Checks a draft of a product, field by field.

use std::collections::HashSet;

use domain::id::{ProductId, VariantId};
use domain::messages::t;
use domain::slug::{self, slug};
use domain::text::is_blank;
use domain::view::{FieldErrors, OptionDraft, ProductDraft, ProductTexts, VariantDraft};
use domain::{Currency, Locale, Money};
use uuid::Uuid;

use super::write::{NewOption, NewProduct, NewText, NewValue, NewVariant};

pub(super) const MAX_VARIANTS: usize = 250;
pub(super) const MAX_OPTIONS: usize = 3;
/// Of one option. Each variant may have a value of its own.
const MAX_VALUES: usize = MAX_VARIANTS;
pub(super) const MAX_TAGS: usize = 50;
/// Characters of a tag.
pub(super) const MAX_TAG: usize = 60;
pub(super) const MAX_PICTURES: usize = 50;
/// The last rank among the featured products of the home page.
pub(super) const MAX_FEATURED: i64 = 1_000_000;
/// In minor units; ten thousand million in a currency with two decimals. Sums of higher prices could pass 64 bits.
pub(super) const MAX_PRICE: i64 = 1_000_000_000_000;
/// One tonne.
pub(super) const MAX_WEIGHT_G: i64 = 1_000_000;
pub(super) const MAX_STOCK: i64 = 1_000_000;
use crate::inventory::MAX_VALUE;
pub(super) use crate::pricing::TAX_CLASSES;

/// Collects what is wrong by field.
pub(crate) struct Checker {
    pub locale: Locale,
    pub errors: FieldErrors,
}

impl Checker {
    pub fn wrong(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.errors.push((field.into(), message.into()));
    }
    pub fn text(&mut self, field: &str, text: &str, most: usize) -> String {
        if text.chars().count() > most {
            self.wrong(field, t::FIELD_TOO_LONG.with(self.locale, &[("max", &most.to_string())]));
        }
        text.trim().to_owned()
    }
    pub fn required(&mut self, field: &str, text: &str, most: usize) -> String {
        if is_blank(text) {
            self.wrong(field, t::FIELD_REQUIRED.text(self.locale));
        }
        self.text(field, text, most)
    }
    /// A name in one language, beside the field `name.en` and so on. English stands in for the others, so it alone is required.
    pub fn name(&mut self, locale: Locale, name: &str, most: usize) -> String {
        let field = format!("name.{}", locale.code());
        if locale == Locale::En { self.required(&field, name, most) } else { self.text(&field, name, most) }
    }
    pub fn range(&mut self, field: &str, n: i64, most: i64) -> i64 {
        if !(0..=most).contains(&n) {
            self.wrong(field, t::FIELD_NUMBER_RANGE.with(self.locale, &[("min", "0"), ("max", &self.locale.number(most))]));
        }
        n
    }
    /// An amount in minor units, up to [`MAX_PRICE`].
    pub fn amount(&mut self, field: &str, minor: i64, currency: Currency) -> i64 {
        if !(0..=MAX_PRICE).contains(&minor) {
            let words = |minor| self.locale.money(Money::new(minor, currency));
            self.wrong(field, t::FIELD_AMOUNT_RANGE.with(self.locale, &[("min", &words(0)), ("max", &words(MAX_PRICE))]));
        }
        minor
    }
}

/// Turns a draft into what is written, with new ids where it has none. Whether handle and slugs are free is not checked here. A barcode
/// with a wrong check digit that the product has already (`before`) may stay, for an import takes such codes from the file.
///
/// # Errors
/// By field: `name.en`, `slug.fil`, `sku.0`, `price.0`, `values.0`, `options.0`, `tax_class`, `tags` …
pub(super) fn check(
    locale: Locale,
    currency: Currency,
    draft: &ProductDraft,
    before: Option<&ProductDraft>,
    mut id: impl FnMut() -> Uuid,
) -> Result<NewProduct, FieldErrors> {
    let mut c = Checker { locale, errors: Vec::new() };
    let product = draft.id.unwrap_or_else(|| ProductId(id()));
    let mut texts = texts(&mut c, draft);
    let handle =
        if draft.handle.trim().is_empty() { texts.first().map(|t| slug(&t.name)).unwrap_or_default() } else { slug(&draft.handle) };
    let handle = if handle.is_empty() { format!("p-{}", product.0.simple()) } else { handle };
    texts.iter_mut().filter(|text| text.slug.is_empty()).for_each(|text| text.slug.clone_from(&handle));
    if !TAX_CLASSES.contains(&draft.tax_class.as_str()) {
        c.wrong("tax_class", t::FIELD_CHOOSE.text(locale));
    }
    let tags = tags(&mut c, &draft.tags);
    let options = options(&mut c, &draft.options, &mut id);
    let existing = before.map_or(&[][..], |before| &before.variants);
    let variants = variants(&mut c, currency, &draft.variants, existing, &options, &mut id);
    if draft.pictures.len() > MAX_PICTURES {
        c.wrong("pictures", t::FIELD_NUMBER_RANGE.with(locale, &[("min", "0"), ("max", &MAX_PICTURES.to_string())]));
    }
    let vendor = c.text("vendor", &draft.vendor, 200);
    if !c.errors.is_empty() {
        return Err(c.errors);
    }
    let new = NewProduct {
        id: product,
        category: draft.category,
        vendor,
        tax_class: draft.tax_class.clone(),
        status: "draft",
        featured: draft.featured,
        created_at: domain::Timestamp::default(),
        texts,
        tags,
        pictures: draft.pictures.clone(),
        options,
        variants,
        handle,
        stated: None,
    };
    Ok(new)
}

fn texts(c: &mut Checker, draft: &ProductDraft) -> Vec<NewText> {
    let mut texts = Vec::new();
    let none = ProductTexts::default();
    for locale in Locale::ALL {
        let code = locale.code();
        let text = draft.texts.iter().find(|t| t.locale == code).unwrap_or(&none);
        let field = |name: &str| format!("{name}.{code}");
        let name = c.name(locale, &text.name, 200);
        if name.is_empty() {
            continue;
        }
        texts.push(NewText {
            locale: code,
            slug: slug_of(c, &field("slug"), &text.slug, &name),
            summary: c.text(&field("summary"), &text.summary, 500),
            description: c.text(&field("description"), &text.description, 20_000),
            seo_title: c.text(&field("seo_title"), &text.seo_title, 200),
            seo_description: c.text(&field("seo_description"), &text.seo_description, 500),
            name,
        });
    }
    texts
}

/// The slug that was typed, or one made from the name; empty for a name without Latin letters or digits.
pub(crate) fn slug_of(c: &mut Checker, field: &str, typed: &str, name: &str) -> String {
    let slug = slug(if typed.trim().is_empty() { name } else { typed });
    if slug.is_empty() && !typed.trim().is_empty() {
        c.wrong(field, t::FIELD_SLUG_INVALID.text(c.locale));
    }
    slug
}

/// Tags without commas, in lower case, each once.
pub(super) fn tidy_tags<'a>(tags: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut seen = HashSet::new();
    let tags = tags.into_iter().flat_map(|tag| tag.split(',')).map(|tag| tag.trim().to_lowercase());
    tags.filter(|tag| !tag.is_empty() && seen.insert(tag.clone())).collect()
}

fn tags(c: &mut Checker, tags: &[String]) -> Vec<String> {
    let tags = tidy_tags(tags.iter().map(String::as_str));
    if tags.len() > MAX_TAGS {
        c.wrong("tags", t::FIELD_NUMBER_RANGE.with(c.locale, &[("min", "0"), ("max", &MAX_TAGS.to_string())]));
    }
    for tag in &tags {
        c.text("tags", tag, MAX_TAG);
    }
    tags
}

/// Names by language; the English one stands in for those that are missing.
fn names(c: &mut Checker, field: &str, names: &[String]) -> Vec<(&'static str, String)> {
    let english = c.required(field, names.first().map_or("", String::as_str), 100);
    let others = Locale::ALL.into_iter().zip(names).skip(1);
    let others: Vec<_> =
        others.map(|(locale, name)| (locale.code(), c.text(field, name, 100))).filter(|(_, name)| !name.is_empty()).collect();
    std::iter::once((Locale::En.code(), english)).chain(others).collect()
}

/// The key of an option or a value: the one that it has, or else one made from its name that is free in its list.
pub(super) fn key_of(typed: &str, name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let typed = slug(typed);
    if !typed.is_empty() {
        return typed;
    }
    let key = slug::key(name);
    if is_taken(&key) { slug::key_apart(name) } else { key }
}

fn options(c: &mut Checker, drafts: &[OptionDraft], id: &mut impl FnMut() -> Uuid) -> Vec<NewOption> {
    if drafts.len() > MAX_OPTIONS {
        c.wrong("options", t::FIELD_NUMBER_RANGE.with(c.locale, &[("min", "0"), ("max", &MAX_OPTIONS.to_string())]));
    }
    let mut keys = HashSet::new();
    let mut options = Vec::new();
    for (n, draft) in drafts.iter().enumerate().take(MAX_OPTIONS) {
        let field = format!("options.{n}");
        let names_of = names(c, &field, &draft.names);
        let key = key_of(&draft.key, names_of.first().map_or("", |(_, name)| name), |_| false);
        if !keys.insert(key.clone()) {
            c.wrong(&*field, t::FIELD_DUPLICATE.text(c.locale));
        }
        if draft.values.is_empty() || draft.values.len() > MAX_VALUES {
            c.wrong(&*field, t::FIELD_NUMBER_RANGE.with(c.locale, &[("min", "1"), ("max", &MAX_VALUES.to_string())]));
        }
        let mut seen = HashSet::new();
        let mut values = Vec::new();
        for (key, value_names) in draft.values.iter().take(MAX_VALUES) {
            let names = names(c, &field, value_names);
            let key = key_of(key, names.first().map_or("", |(_, name)| name), |_| false);
            if !seen.insert(key.clone()) {
                c.wrong(&*field, t::FIELD_DUPLICATE.text(c.locale));
            }
            values.push(NewValue { id: id(), key, names });
        }
        options.push(NewOption { id: id(), key, names: names_of, values });
    }
    options
}

fn variants(
    c: &mut Checker,
    currency: Currency,
    drafts: &[VariantDraft],
    existing: &[VariantDraft],
    options: &[NewOption],
    id: &mut impl FnMut() -> Uuid,
) -> Vec<NewVariant> {
    if drafts.is_empty() || drafts.len() > MAX_VARIANTS {
        c.wrong("variants", t::FIELD_NUMBER_RANGE.with(c.locale, &[("min", "1"), ("max", &MAX_VARIANTS.to_string())]));
    }
    let (mut skus, mut combinations) = (HashSet::new(), HashSet::new());
    let mut variants = Vec::new();
    for (n, draft) in drafts.iter().enumerate().take(MAX_VARIANTS) {
        let sku = c.required(&format!("sku.{n}"), &draft.sku, 64);
        if !sku.is_empty() && !skus.insert(sku.clone()) {
            c.wrong(format!("sku.{n}"), t::FIELD_DUPLICATE.text(c.locale));
        }
        let values = value_ids(options, draft);
        match &values {
            None => c.wrong(format!("values.{n}"), t::FIELD_CHOOSE.text(c.locale)),
            Some(values) if !combinations.insert(values.clone()) => {
                c.wrong(format!("values.{n}"), t::FIELD_DUPLICATE.text(c.locale));
            }
            Some(_) => {}
        }
        let price = c.amount(&format!("price.{n}"), draft.price, currency);
        if let Some(was) = draft.compare_at {
            c.amount(&format!("compare_at.{n}"), was, currency);
            // An imported product may have one already.
            let is_new = !existing.iter().any(|old| old.id.is_some() && old.id == draft.id && old.compare_at == draft.compare_at);
            if is_new && (1..=draft.price).contains(&was) {
                c.wrong(format!("compare_at.{n}"), t::ADMIN_PRODUCTS_COMPARE_AT_LOW.text(c.locale));
            }
        }
        c.range(&format!("stock.{n}"), draft.stock, MAX_STOCK);
        if draft.id.is_none() && draft.stock.saturating_mul(draft.cost) > MAX_VALUE {
            c.wrong(format!("stock.{n}"), t::ADMIN_PRODUCTS_STOCK_WORTH.text(c.locale));
        }
        let barcode = barcode(c, n, draft, existing);
        variants.push(NewVariant {
            id: draft.id.unwrap_or_else(|| VariantId(id())),
            sku,
            values: values.unwrap_or_default(),
            price: Some(price),
            compare_at: draft.compare_at,
            cost: c.amount(&format!("cost.{n}"), draft.cost, currency),
            weight_g: c.range(&format!("weight_g.{n}"), draft.weight_g, MAX_WEIGHT_G),
            barcode,
            picture: draft.picture,
        });
    }
    variants
}

/// One value of each option; none when a key is missing or unknown.
fn value_ids(options: &[NewOption], draft: &VariantDraft) -> Option<Vec<Uuid>> {
    if draft.values.len() != options.len() {
        return None;
    }
    let id = |(option, key): (&NewOption, &String)| option.values.iter().find(|value| value.key == *key).map(|value| value.id);
    options.iter().zip(&draft.values).map(id).collect()
}

fn barcode(c: &mut Checker, n: usize, draft: &VariantDraft, existing: &[VariantDraft]) -> Option<String> {
    let barcode = draft.barcode.trim().to_owned();
    let has_already = existing.iter().any(|old| old.id.is_some() && old.id == draft.id && old.barcode == barcode);
    if let Err(error) = domain::barcode::check(&barcode)
        && !has_already
    {
        c.wrong(format!("barcode.{n}"), error.message().text(c.locale));
    }
    (!barcode.is_empty()).then_some(barcode)
}
