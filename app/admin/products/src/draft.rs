//! The product form: what its fields send, and the draft that they mean.

use domain::view::ProductTexts;
use serde::{Deserialize, Serialize};

/// An option as typed: its name and its values, by language in the order of `Locale::ALL`; values with commas between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OptionForm {
    /// Names.
    pub names: Vec<String>,
    /// Values.
    pub values: Vec<String>,
}

/// A variant as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VariantForm {
    /// Empty for a new one.
    pub id: String,
    /// Stock keeping unit.
    pub sku: String,
    /// The value of each option, by its English name.
    pub values: Vec<String>,
    /// In the shop's currency.
    pub price: String,
    /// In the shop's currency; may be empty.
    pub compare_at: String,
    /// In the shop's currency; empty for nothing.
    pub cost: String,
    /// Grams; empty for nothing.
    pub weight_g: String,
    /// GTIN or empty.
    pub barcode: String,
    /// Units to begin with; only for a new variant.
    pub stock: String,
    /// The id of the picture that shows it, or empty.
    pub picture: String,
}

/// A product as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProductForm {
    /// Empty for a new one.
    pub id: String,
    /// The version that was edited.
    pub version: String,
    /// Key for imports.
    pub handle: String,
    /// The category's id, or empty.
    pub category: String,
    /// Maker.
    pub vendor: String,
    /// Tax class.
    pub tax_class: String,
    /// Order on the home page, or empty.
    pub featured: String,
    /// With commas between them.
    pub tags: String,
    /// By language.
    pub texts: Vec<ProductTexts>,
    /// At most three.
    pub options: Vec<OptionForm>,
    /// At least one.
    pub variants: Vec<VariantForm>,
    /// Ids in order.
    pub pictures: Vec<String>,
}

#[cfg(feature = "ssr")]
mod reading {
    use domain::messages::t;
    use domain::slug::slug;
    use domain::view::{FieldErrors, OptionDraft, ProductDraft, VariantDraft};
    use domain::{Currency, Locale, Money};

    use super::{OptionForm, ProductForm, VariantForm};

    fn parts(text: &str) -> Vec<String> {
        text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
    }

    /// Collects what cannot be read, each beside its field.
    struct Reader {
        locale: Locale,
        currency: Currency,
        errors: FieldErrors,
    }

    impl Reader {
        fn wrong(&mut self, field: String, message: domain::messages::Msg) {
            self.errors.push((field, message.text(self.locale).to_owned()));
        }

        fn money(&mut self, field: String, text: &str) -> Option<i64> {
            if text.trim().is_empty() {
                return None;
            }
            let money = Money::parse(text.trim(), self.currency).ok();
            if money.is_none() {
                self.wrong(field, t::FIELD_NUMBER_INVALID);
            }
            money.map(|money| money.minor)
        }

        fn number(&mut self, field: String, text: &str) -> i64 {
            if text.trim().is_empty() {
                return 0;
            }
            text.trim().replace(',', "").parse().unwrap_or_else(|_| {
                self.wrong(field, t::FIELD_NUMBER_INVALID);
                0
            })
        }

        fn variant(&mut self, at: usize, form: &VariantForm, options: &[OptionDraft]) -> VariantDraft {
            let field = |name: &str| format!("{name}.{at}");
            let mut values = Vec::with_capacity(options.len());
            for (place, option) in options.iter().enumerate() {
                let typed = form.values.get(place).map_or("", |typed| typed.trim());
                let fits = |(key, names): &&(String, Vec<String>)| key == typed || names.iter().any(|name| name.eq_ignore_ascii_case(typed));
                match option.values.iter().find(fits) {
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

    /// An option keeps its key, and each value its own, as long as the English name stays.
    fn option(form: &OptionForm, before: &[OptionDraft]) -> Option<OptionDraft> {
        let name = form.names.first().map(|name| name.trim()).filter(|name| !name.is_empty())?;
        let same = |name: &str, names: &[String]| names.first().is_some_and(|known| known == name);
        let known = before.iter().find(|option| same(name, &option.names));
        let lists: Vec<Vec<String>> = form.values.iter().map(|list| parts(list)).collect();
        let values = lists.first()?.iter().enumerate().map(|(at, english)| {
            let key = known.and_then(|option| option.values.iter().find(|(_, names)| same(english, names))).map_or_else(|| slug(english), |(key, _)| key.clone());
            let names = lists.iter().map(|list| list.get(at).unwrap_or(english).clone()).collect();
            (key, names)
        });
        Some(OptionDraft {
            key: known.map_or_else(String::new, |option| option.key.clone()),
            names: form.names.iter().map(|other| if other.trim().is_empty() { name.to_owned() } else { other.trim().to_owned() }).collect(),
            values: values.collect(),
        })
    }

    impl ProductForm {
        /// The draft that was meant; `before` is the product as it is.
        pub(crate) fn draft(&self, locale: Locale, currency: Currency, before: Option<&ProductDraft>) -> Result<ProductDraft, FieldErrors> {
            let mut reader = Reader { locale, currency, errors: Vec::new() };
            let known = before.map_or(&[][..], |before| &before.options);
            let options: Vec<OptionDraft> = self.options.iter().filter_map(|form| option(form, known)).collect();
            let typed = self.variants.iter().filter(|variant| !(variant.sku.trim().is_empty() && variant.price.trim().is_empty()));
            let variants: Vec<VariantDraft> = typed.enumerate().map(|(at, form)| reader.variant(at, form, &options)).collect();
            let featured = Some(self.featured.trim()).filter(|text| !text.is_empty()).map(|text| reader.number("featured".into(), text));
            if variants.is_empty() {
                reader.wrong("sku.0".into(), t::FIELD_REQUIRED);
            }
            if !reader.errors.is_empty() {
                return Err(reader.errors);
            }
            Ok(ProductDraft {
                id: self.id.parse().ok(),
                version: self.version.parse().unwrap_or(0),
                handle: self.handle.clone(),
                category: self.category.parse().ok(),
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
    }
}
