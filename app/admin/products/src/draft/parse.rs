//! Parsing the product form to a draft.

use domain::messages::t;
use domain::slug;
use domain::view::{FieldErrors, OptionDraft, ProductDraft, VariantDraft};
use domain::{Currency, Locale, number_input};

use super::{OptionForm, ProductForm, VariantForm};
use crate::facts::FactForm;
use crate::separated::parts;

/// Parses fields, and collects the errors by field.
struct FormParser {
    locale: Locale,
    currency: Currency,
    errors: FieldErrors,
}

impl FormParser {
    fn wrong(&mut self, field: String, message: domain::messages::Msg) {
        self.errors.push((field, message.text(self.locale).to_owned()));
    }

    fn money(&mut self, field: String, text: &str) -> Option<i64> {
        if text.trim().is_empty() {
            return None;
        }
        let amount = number_input::decimal(text, self.currency.exponent());
        if let Err(error) = amount {
            self.wrong(field, error.of_amount());
        }
        amount.ok()
    }

    fn number(&mut self, field: String, text: &str) -> i64 {
        if text.trim().is_empty() {
            return 0;
        }
        number_input::whole(text).unwrap_or_else(|error| {
            self.wrong(field, error.of_whole());
            0
        })
    }

    /// The variant of row `at`; each option with its position in the form.
    fn variant(&mut self, at: usize, form: &VariantForm, options: &[(usize, OptionDraft)]) -> VariantDraft {
        let field = |name: &str| format!("{name}.{at}");
        let mut values = Vec::with_capacity(options.len());
        for (position, option) in options {
            let typed = form.values.get(*position).map_or("", |typed| typed.trim());
            let fits = |(key, names): &&(String, Vec<String>)| key == typed || names.iter().any(|name| name.eq_ignore_ascii_case(typed));
            let exactly = |(key, names): &&(String, Vec<String>)| key == typed || names.iter().any(|name| name == typed);
            match option.values.iter().find(exactly).or_else(|| option.values.iter().find(fits)) {
                Some((key, _)) => values.push(key.clone()),
                None => self.wrong(field("values"), t::ADMIN_PRODUCTS_VALUES_UNKNOWN),
            }
        }
        let price = self.money(field("price"), &form.price);
        if form.price.trim().is_empty() {
            self.wrong(field("price"), t::FIELD_REQUIRED);
        }
        VariantDraft {
            id: form.id.parse().ok(),
            sku: form.sku.trim().to_owned(),
            values,
            price: price.unwrap_or(0),
            compare_at: self.money(field("compare_at"), &form.compare_at),
            cost: self.money(field("cost"), &form.cost).unwrap_or(0),
            weight_g: self.number(field("weight_g"), &form.weight_g),
            barcode: form.barcode.trim().to_owned(),
            stock: self.number(field("stock"), &form.stock),
            picture: form.picture.parse().ok(),
        }
    }
}

/// The draft of an option. An option keeps its key, and each value its own, as long as the English name stays.
fn option(form: &OptionForm, before: &[OptionDraft]) -> Option<OptionDraft> {
    let name = Some(form.name()).filter(|name| !name.is_empty())?;
    let same = |name: &str, names: &[String]| names.first().is_some_and(|first| first == name);
    let existing = before.iter().find(|option| same(name, &option.names));
    let lists: Vec<Vec<String>> = form.values.iter().map(|list| parts(list)).collect();
    let mut values: Vec<(String, Vec<String>)> = Vec::new();
    for (at, english) in lists.first()?.iter().enumerate() {
        let of_before = existing.and_then(|option| option.values.iter().find(|(_, names)| same(english, names)));
        // `7` and `7½` are two values, though a slug writes both as 7.
        let others = existing.into_iter().flat_map(|option| &option.values).chain(&values);
        let key = of_before.map(|(key, _)| key.clone()).unwrap_or_else(|| {
            let key = slug::key(english);
            let is_taken = others.into_iter().any(|(other, names)| *other == key && !same(english, names));
            if is_taken { slug::key_apart(english) } else { key }
        });
        values.push((key, lists.iter().map(|list| list.get(at).unwrap_or(english).clone()).collect()));
    }
    Some(OptionDraft {
        key: existing.map_or_else(String::new, |option| option.key.clone()),
        names: form.names.iter().map(|other| if other.trim().is_empty() { name.to_owned() } else { other.trim().to_owned() }).collect(),
        values,
    })
}

impl ProductForm {
    /// Parses the form; `before` is the existing product.
    pub(crate) fn draft(&self, locale: Locale, currency: Currency, before: Option<&ProductDraft>) -> Result<ProductDraft, FieldErrors> {
        let mut parser = FormParser { locale, currency, errors: Vec::new() };
        let options_before = before.map_or(&[][..], |before| &before.options);
        let options: Vec<(usize, OptionDraft)> =
            self.options.iter().enumerate().filter_map(|(at, form)| Some((at, option(form, options_before)?))).collect();
        let typed = self.variants.iter().enumerate().filter(|(_, variant)| !variant.is_blank());
        let variants: Vec<VariantDraft> = typed.map(|(at, form)| parser.variant(at, form, &options)).collect();
        let options = options.into_iter().map(|(_, option)| option).collect();
        let featured = Some(self.featured.trim()).filter(|text| !text.is_empty()).map(|text| parser.number("featured".into(), text));
        if variants.is_empty() {
            parser.wrong("sku.0".into(), t::FIELD_REQUIRED);
        }
        if !parser.errors.is_empty() {
            return Err(parser.errors);
        }
        Ok(ProductDraft {
            id: self.id.parse().ok(),
            version: self.version.parse().unwrap_or(0),
            handle: self.handle.clone(),
            category: self.category.parse().ok(),
            product_type: self.product_type.parse().ok(),
            facts: self.facts.iter().filter_map(FactForm::parsed).collect(),
            vendor: self.vendor.clone(),
            tax_class: self.tax_class.clone(),
            featured,
            tags: parts(&self.tags),
            texts: self.texts.clone(),
            options,
            variants,
            pictures: self.pictures.iter().filter_map(|id| id.parse().ok()).collect(),
        })
    }

    /// Maps the errors of a draft to the rows of the form, which has empty rows too.
    pub(crate) fn at_rows(&self, errors: FieldErrors) -> FieldErrors {
        let variants: Vec<usize> = self.variants.iter().enumerate().filter(|(_, form)| !form.is_blank()).map(|(at, _)| at).collect();
        let options: Vec<usize> = self.options.iter().enumerate().filter(|(_, form)| !form.name().is_empty()).map(|(at, _)| at).collect();
        let moved = |field: String| match field.rsplit_once('.').map(|(name, at)| (name, at.parse::<usize>())) {
            Some((name, Ok(at))) => {
                let rows = if name == "options" { &options } else { &variants };
                rows.get(at).map_or_else(|| field.clone(), |row| format!("{name}.{row}"))
            }
            _ => field,
        };
        errors.into_iter().map(|(field, message)| (moved(field), message)).collect()
    }
}
