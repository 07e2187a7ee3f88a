//! The product form: its fields, the changes of its buttons, and the draft it parses to.

#[cfg(feature = "ssr")]
mod parse;

use std::collections::HashSet;

use domain::slug::{self, slug};
use domain::view::{ProductDraft, ProductTexts, VariantDraft};
use domain::{Currency, Locale, Money};
use serde::{Deserialize, Serialize};

use crate::facts::FactForm;
use crate::separated::{joined, parts};

/// The most options of a product.
pub(crate) const OPTIONS: usize = 3;
/// The most variants of a product.
const MAX_VARIANTS: usize = 250;

/// An option as typed: its name and its values, by language in the order of `Locale::ALL`; values separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OptionForm {
    pub names: Vec<String>,
    pub values: Vec<String>,
}

/// A variant as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VariantForm {
    /// Empty for a new one.
    pub id: String,
    pub sku: String,
    /// The value of each option, in the options' order, by its English name.
    pub values: Vec<String>,
    /// In the shop's currency.
    pub price: String,
    /// In the shop's currency; may be empty.
    pub compare_at: String,
    /// In the shop's currency; empty for 0.
    pub cost: String,
    /// Grams; empty for 0.
    pub weight_g: String,
    /// GTIN, or a code of the shop's own of at most 32 characters; may be empty.
    pub barcode: String,
    /// Opening stock in units; only for a new variant.
    pub stock: String,
    /// A picture's id, or empty.
    pub picture: String,
}

/// A product as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProductForm {
    /// Empty for a new one.
    pub id: String,
    pub version: String,
    /// The key for imports.
    pub handle: String,
    /// The category's id, or empty.
    pub category: String,
    /// The type's id, or empty.
    pub product_type: String,
    /// What it states by the fields of its type.
    pub facts: Vec<FactForm>,
    pub vendor: String,
    pub tax_class: String,
    /// Order on the home page, or empty.
    pub featured: String,
    /// Separated by commas.
    pub tags: String,
    pub texts: Vec<ProductTexts>,
    /// At most three.
    pub options: Vec<OptionForm>,
    /// At least one.
    pub variants: Vec<VariantForm>,
    /// Ids of the pictures in the order in which they are shown.
    pub pictures: Vec<String>,
}

/// What the buttons of a picture do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrange {
    /// Moves it one position to the front.
    Earlier,
    /// Moves it one position to the back.
    Later,
    Remove,
}

impl Arrange {
    /// The value of the form's button.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Earlier => "earlier",
            Self::Later => "later",
            Self::Remove => "remove",
        }
    }

    /// Does it to the picture at this position; nothing at the end of the list.
    pub(crate) fn apply<T>(self, pictures: &mut Vec<T>, at: usize) {
        match self {
            Self::Earlier if at > 0 && at < pictures.len() => pictures.swap(at - 1, at),
            Self::Later if at + 1 < pictures.len() => pictures.swap(at, at + 1),
            Self::Remove if at < pictures.len() => {
                pictures.remove(at);
            }
            Self::Earlier | Self::Later | Self::Remove => {}
        }
    }
}

impl OptionForm {
    fn name(&self) -> &str {
        self.names.first().map(|name| name.trim()).unwrap_or_default()
    }

    /// The values in English.
    fn english(&self) -> Vec<String> {
        self.values.first().map(|list| parts(list)).unwrap_or_default()
    }
}

impl VariantForm {
    /// Is it a row that was left empty?
    pub(crate) fn is_blank(&self) -> bool {
        self.sku.trim().is_empty() && self.price.trim().is_empty()
    }

    fn of(variant: &VariantDraft, draft: &ProductDraft, currency: Currency) -> Self {
        let amount = |minor: i64| Money::new(minor, currency).decimal();
        let unless_zero = |number: i64, text: String| if number == 0 { String::new() } else { text };
        let named = draft.options.iter().zip(&variant.values).map(|(option, key)| {
            let names = option.values.iter().find(|(own, _)| own == key).map(|(_, names)| names);
            names.and_then(|names| names.first()).cloned().unwrap_or_default()
        });
        Self {
            id: variant.id.map(|id| id.to_string()).unwrap_or_default(),
            sku: variant.sku.clone(),
            values: named.collect(),
            price: amount(variant.price),
            compare_at: variant.compare_at.map(amount).unwrap_or_default(),
            cost: unless_zero(variant.cost, amount(variant.cost)),
            weight_g: unless_zero(variant.weight_g, variant.weight_g.to_string()),
            barcode: variant.barcode.clone(),
            stock: String::new(),
            picture: variant.picture.map(|id| id.to_string()).unwrap_or_default(),
        }
    }
}

impl ProductForm {
    /// The form of an existing product.
    pub(crate) fn of(draft: &ProductDraft, currency: Currency) -> Self {
        let options = draft.options.iter().map(|option| OptionForm {
            names: option.names.clone(),
            values: (0..Locale::ALL.len())
                .map(|language| joined(option.values.iter().filter_map(|(_, names)| names.get(language))))
                .collect(),
        });
        Self {
            id: draft.id.map(|id| id.to_string()).unwrap_or_default(),
            version: draft.version.to_string(),
            handle: draft.handle.clone(),
            category: draft.category.map(|id| id.to_string()).unwrap_or_default(),
            product_type: draft.product_type.map(|id| id.to_string()).unwrap_or_default(),
            facts: draft.facts.iter().map(FactForm::of).collect(),
            vendor: draft.vendor.clone(),
            tax_class: if draft.tax_class.is_empty() { "standard".to_owned() } else { draft.tax_class.clone() },
            featured: draft.featured.map(|position| position.to_string()).unwrap_or_default(),
            tags: joined(&draft.tags),
            texts: draft.texts.clone(),
            options: options.collect(),
            variants: draft.variants.iter().map(|variant| VariantForm::of(variant, draft, currency)).collect(),
            pictures: draft.pictures.iter().map(ToString::to_string).collect(),
        }
    }

    /// Applies a button of the form without a script, before anything is saved: `look:combine`, `look:earlier:pic_…` and so on.
    pub(crate) fn look(&mut self, step: &str) {
        let Some(request) = step.strip_prefix("look:") else { return };
        if request == "combine" {
            self.combine();
        }
        let Some((what, picture)) = request.split_once(':') else { return };
        let way = [Arrange::Earlier, Arrange::Later, Arrange::Remove].into_iter().find(|way| way.as_str() == what);
        if let (Some(way), Some(at)) = (way, self.pictures.iter().position(|id| id == picture)) {
            way.apply(&mut self.pictures, at);
        }
    }

    /// Makes a variant for every combination of values without one: variants without values take theirs first, others are new,
    /// priced like the first. Returns the number of new ones.
    pub(crate) fn combine(&mut self) -> usize {
        self.variants.retain(|variant| !variant.is_blank());
        let slots: Vec<(usize, Vec<String>)> = self
            .options
            .iter()
            .enumerate()
            .filter(|(_, option)| !option.name().is_empty())
            .map(|(at, option)| (at, option.english()))
            .collect();
        if slots.is_empty() || slots.iter().any(|(_, values)| values.is_empty()) {
            return 0;
        }
        let value = |variant: &VariantForm, at: usize| variant.values.get(at).map(|value| value.trim().to_lowercase()).unwrap_or_default();
        let key = |variant: &VariantForm| slots.iter().map(|(at, _)| value(variant, *at)).collect::<Vec<_>>();
        let mut seen: HashSet<Vec<String>> = self.variants.iter().map(key).collect();
        let all = slots.iter().fold(vec![Vec::new()], |begun: Vec<Vec<String>>, (_, values)| {
            let longer =
                begun.iter().flat_map(|so_far| values.iter().map(move |value| [so_far.as_slice(), std::slice::from_ref(value)].concat()));
            longer.take(MAX_VARIANTS).collect()
        });
        let missing = all.into_iter().filter(|values| seen.insert(values.iter().map(|value| value.to_lowercase()).collect()));
        let missing: Vec<Vec<String>> = missing.collect();
        let base = if self.handle.is_empty() {
            self.texts.first().map(|texts| slug(&texts.name)).unwrap_or_default()
        } else {
            self.handle.clone()
        };
        let like = self.variants.first().cloned().unwrap_or_default();
        let mut created = 0;
        for values in missing {
            let mut placed = vec![String::new(); self.options.len()];
            for ((at, _), value) in slots.iter().zip(&values) {
                placed[*at].clone_from(value);
            }
            let bare = self.variants.iter_mut().find(|variant| slots.iter().all(|(at, _)| value(variant, *at).is_empty()));
            if let Some(bare) = bare {
                bare.values = placed;
            } else if self.variants.len() < MAX_VARIANTS {
                let parts =
                    std::iter::once(base.clone()).chain(values.iter().map(|value| slug::key(value))).filter(|part| !part.is_empty());
                self.variants.push(VariantForm {
                    sku: parts.collect::<Vec<_>>().join("-").to_uppercase(),
                    values: placed,
                    price: like.price.clone(),
                    compare_at: like.compare_at.clone(),
                    cost: like.cost.clone(),
                    weight_g: like.weight_g.clone(),
                    ..VariantForm::default()
                });
            }
            created += 1;
        }
        created
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_form(options: &[(&str, &str)], variants: &[(&str, &[&str])]) -> ProductForm {
        ProductForm {
            handle: "scarf".into(),
            options: options
                .iter()
                .map(|(name, values)| OptionForm { names: vec![(*name).into()], values: vec![(*values).into()] })
                .collect(),
            variants: variants
                .iter()
                .map(|(sku, values)| VariantForm {
                    sku: (*sku).into(),
                    price: "149.00".into(),
                    values: values.iter().map(|value| (*value).to_owned()).collect(),
                    ..VariantForm::default()
                })
                .collect(),
            ..ProductForm::default()
        }
    }

    #[test]
    fn every_missing_combination_is_made_once_and_existing_ones_stay() {
        let mut form = a_form(
            &[("Size", "Small, Large"), ("", "left over"), ("Colour", "Red, Blue")],
            &[("OLD-1", &["small", "", "Blue"]), ("", &[])],
        );
        form.variants[1].price.clear();
        assert_eq!(form.combine(), 3);
        let combined: Vec<_> = form.variants.iter().map(|variant| (variant.sku.as_str(), variant.values.join("/"))).collect();
        let expected = [
            ("OLD-1", "small//Blue"),
            ("SCARF-SMALL-RED", "Small//Red"),
            ("SCARF-LARGE-RED", "Large//Red"),
            ("SCARF-LARGE-BLUE", "Large//Blue"),
        ];
        assert_eq!(combined, expected.map(|(sku, values)| (sku, values.to_owned())));
        assert!(form.variants.iter().all(|variant| variant.price == "149.00"));
        assert_eq!(form.combine(), 0);
    }

    #[test]
    fn a_variant_without_values_takes_the_first_combination() {
        let mut form = a_form(&[("Size", "Small, Large")], &[("ONLY", &[])]);
        assert_eq!(form.combine(), 2);
        assert_eq!((form.variants[0].sku.as_str(), form.variants[0].values[0].as_str()), ("ONLY", "Small"));
        assert_eq!(form.variants[1].sku, "SCARF-LARGE");
    }

    #[test]
    fn combinations_beyond_the_most_variants_of_a_product_are_not_made() {
        let many: Vec<String> = (0..40).map(|n| n.to_string()).collect();
        let many = many.join(",");
        let mut form = a_form(&[("A", &many), ("B", &many), ("C", &many)], &[]);
        form.combine();
        assert!(form.variants.len() <= MAX_VARIANTS);
        assert_eq!(a_form(&[], &[("ONLY", &[])]).combine(), 0);
        assert_eq!(a_form(&[("Size", " , ")], &[("ONLY", &[])]).combine(), 0);
    }

    #[test]
    fn pictures_are_moved_and_removed_and_not_beyond_the_ends() {
        let mut form = ProductForm { pictures: ["a", "b", "c"].map(str::to_owned).to_vec(), ..ProductForm::default() };
        for (step, order) in [
            ("look:later:a", "bac"),
            ("look:earlier:b", "bac"),
            ("look:later:c", "bac"),
            ("look:remove:a", "bc"),
            ("look:remove:x", "bc"),
            ("save", "bc"),
        ] {
            form.look(step);
            assert_eq!(form.pictures.concat(), order, "{step}");
        }
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn a_number_with_a_decimal_comma_is_refused_beside_its_field() {
        let mut form = a_form(&[], &[("A", &[])]);
        let variant = VariantForm {
            price: "12,50".into(),
            compare_at: "1.290".into(),
            cost: "0,50".into(),
            weight_g: "56,7".into(),
            stock: "1,5".into(),
            ..form.variants[0].clone()
        };
        form.variants = vec![variant];
        let errors = form.draft(Locale::En, Currency::PHP, None).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["price.0", "compare_at.0", "cost.0", "weight_g.0", "stock.0"]);
        assert!(errors[0].1.contains("two ways") && errors[3].1.contains("whole number"), "{errors:?}");
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn a_value_with_a_comma_is_saved_as_it_is_shown() {
        let typed = a_form(&[("Grind", "\"Coarse, for French press\", Fine")], &[("A", &["Coarse, for French press"]), ("B", &["Fine"])]);
        let draft = typed.draft(Locale::En, Currency::PHP, None).unwrap();
        let names = |draft: &ProductDraft| draft.options[0].values.iter().map(|(_, names)| names[0].clone()).collect::<Vec<_>>();
        assert_eq!(names(&draft), ["Coarse, for French press", "Fine"]);
        let again = ProductForm::of(&draft, Currency::PHP).draft(Locale::En, Currency::PHP, None).unwrap();
        assert_eq!((names(&again), again.variants), (names(&draft), draft.variants));
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn an_error_is_shown_beside_the_row_it_belongs_to() {
        let mut form = a_form(&[("", ""), ("Size", "S")], &[("", &[]), ("A", &["", "S"]), ("B", &["", "M"])]);
        form.variants[0].price.clear();
        let errors = form.draft(Locale::En, Currency::PHP, None).unwrap_err();
        assert_eq!(errors.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), ["values.2"]);
        let errors =
            form.at_rows(vec![("sku.1".into(), String::new()), ("options.0".into(), String::new()), ("name.en".into(), String::new())]);
        assert_eq!(errors.into_iter().map(|(field, _)| field).collect::<Vec<_>>(), ["sku.2", "options.1", "name.en"]);
    }
}
