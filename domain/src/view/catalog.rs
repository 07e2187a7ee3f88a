//! Products as shoppers see them.

use serde::{Deserialize, Serialize};

use super::{FactView, SizeGuideView};
use crate::Money;
use crate::id::{PictureId, ProductId, VariantId};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureView {
    /// Part of the picture's address.
    pub id: PictureId,
    /// Says what the picture shows, for those who cannot see it.
    pub alt: String,
    /// Pixels of the largest form.
    pub width: u32,
    /// Pixels of the largest form.
    pub height: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryView {
    pub slug: String,
    pub name: String,
    pub blurb: String,
    pub picture: Option<PictureView>,
}

/// What is at the address with a slug.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BySlug<T> {
    Here(T),
    /// Its address changed: the slug of now.
    Moved(String),
}

/// A product in a listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductCardView {
    pub id: ProductId,
    pub slug: String,
    pub name: String,
    pub vendor: String,
    pub picture: Option<PictureView>,
    /// The lowest price of its variants.
    pub price_from: Money,
    /// Do variants differ in price?
    pub price_varies: bool,
    /// A former price above `price_from`.
    pub compare_at: Option<Money>,
    /// Can any variant be bought now?
    pub in_stock: bool,
    /// The only variant, when there is one: it can go into the cart from the list.
    pub only_variant: Option<VariantId>,
}

named! {
    /// The order of a listing.
    #[derive(Default)]
    Sort {
        #[default]
        Newest "newest",
        /// Cheapest first.
        PriceUp "price_up",
        /// Dearest first.
        PriceDown "price_down",
        /// What fits a search best; where nothing is searched, as newest.
        Best "best",
    }
}

/// The filters and the order of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ListingQuery {
    /// A category's slug; all products without one.
    pub category: Option<String>,
    pub sort: Sort,
    /// Chosen option values as `option_key:value_key`: one value of each option must match.
    pub options: Vec<String>,
    /// Lowest price, minor units.
    pub price_min: Option<i64>,
    /// Highest price, minor units.
    pub price_max: Option<i64>,
    /// Only products in stock.
    pub in_stock: bool,
    /// The `next` of the page before.
    pub after: Option<String>,
    /// The `previous` of the page after; comes before `after`.
    pub before: Option<String>,
}

impl ListingQuery {
    /// The same from its first page.
    #[must_use]
    pub fn first_page(self) -> Self {
        Self { after: None, before: None, ..self }
    }
}

/// A value that a listing can be filtered by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacetValue {
    /// For [`ListingQuery::options`]: `option_key:value_key`.
    pub key: String,
    pub name: String,
    /// Of a colour: how it looks, `#rrggbb`.
    pub swatch: Option<String>,
    /// How many products have it.
    pub count: i64,
    pub chosen: bool,
}

/// An option that a listing can be filtered by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facet {
    pub name: String,
    pub values: Vec<FacetValue>,
}

/// A page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingView {
    /// The category; none for all products.
    pub category: Option<CategoryView>,
    /// The category's slug by language code, where it has an address of its own in each of several languages; else none.
    pub languages: Vec<(String, String)>,
    /// How many products there are on all pages.
    pub total: i64,
    /// The lowest and the highest price without a filter; none where there is nothing.
    pub prices: Option<(Money, Money)>,
    /// Up to 24 products.
    pub products: Vec<ProductCardView>,
    /// The options to filter by.
    pub facets: Vec<Facet>,
    /// Names the page before; none on the first one.
    pub previous: Option<String>,
    /// Names the page after; none on the last one.
    pub next: Option<String>,
}

/// Such as `Large` of a size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionValueView {
    pub key: String,
    pub name: String,
    /// Of a colour: how it looks, `#rrggbb`.
    pub swatch: Option<String>,
}

/// An option, such as size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionView {
    pub key: String,
    pub name: String,
    pub values: Vec<OptionValueView>,
}

/// What is bought and stocked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantView {
    pub id: VariantId,
    pub sku: String,
    /// The value key of each option, in the order of the options.
    pub values: Vec<String>,
    /// Price, tax included.
    pub price: Money,
    /// A former, higher price.
    pub compare_at: Option<Money>,
    /// Units that can be bought, shown as 10 at most: how much more there is stays private.
    pub available: i64,
    pub picture: Option<PictureId>,
    /// Grams.
    pub weight_g: i64,
    /// GTIN, or a code of the shop's own of at most 32 characters.
    pub barcode: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductView {
    pub id: ProductId,
    pub slug: String,
    /// Its slug by language code, where it has an address of its own in each of several languages; else none.
    pub languages: Vec<(String, String)>,
    pub name: String,
    pub vendor: String,
    pub summary: String,
    /// Paragraphs, separated by an empty line.
    pub description: String,
    /// For search engines; empty to use the name.
    pub seo_title: String,
    pub seo_description: String,
    /// Its category, for the breadcrumbs.
    pub category: Option<CategoryView>,
    /// Pictures, the main one first.
    pub pictures: Vec<PictureView>,
    /// Options, at most three.
    pub options: Vec<OptionView>,
    pub variants: Vec<VariantView>,
    pub tags: Vec<String>,
    /// What it states by the fields of its type.
    pub facts: Vec<FactView>,
    /// Of its type.
    pub size_guide: Option<SizeGuideView>,
    /// The tax inside the price, basis points.
    pub tax_rate_bp: i64,
    /// Other products of its category.
    pub related: Vec<ProductCardView>,
}

impl ProductView {
    /// For each option the value that all variants have; empty where there is something to choose.
    #[must_use]
    pub fn given_choice(&self) -> Vec<String> {
        let given = |at: usize| {
            let mut values = self.variants.iter().map(|variant| variant.values.get(at));
            let first = values.next().flatten()?;
            values.all(|value| value == Some(first)).then(|| first.clone())
        };
        (0..self.options.len()).map(|at| given(at).unwrap_or_default()).collect()
    }

    /// The variants that have the chosen values; an option whose value is empty is not chosen yet.
    pub fn fitting<'a>(&'a self, choice: &'a [String]) -> impl Iterator<Item = &'a VariantView> {
        let fits =
            |variant: &VariantView| choice.iter().enumerate().all(|(at, value)| value.is_empty() || variant.values.get(at) == Some(value));
        self.variants.iter().filter(move |variant| fits(variant))
    }

    /// The variant with these values, one of each option.
    #[must_use]
    pub fn variant(&self, choice: &[String]) -> Option<&VariantView> {
        self.variants.iter().find(|variant| variant.values == choice)
    }
}

/// A story on the home page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryView {
    pub title: String,
    /// A sentence or two.
    pub body: String,
    pub action: String,
    pub link: String,
    /// Picture, wide or square.
    pub picture: Option<PictureView>,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchView {
    pub query: String,
    /// A page of what was found; none where nothing was.
    pub listing: Option<ListingView>,
    /// Was a typo corrected?
    pub corrected: bool,
    /// Where nothing was found: the nearest products, or popular ones.
    pub nearest: Vec<ProductCardView>,
    /// Are these near, and not only popular?
    pub is_near: bool,
    /// Where nothing was found: categories, popular ones first.
    pub categories: Vec<CategoryView>,
}

/// What the search box suggests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestionView {
    pub href: String,
    pub label: String,
    /// The name of a product's category.
    pub category: Option<String>,
    /// As it is shown.
    pub price: Option<String>,
    /// The picture's id.
    pub picture: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;
    use uuid::Uuid;

    fn variant(n: u128, values: &[&str]) -> VariantView {
        VariantView {
            id: VariantId(Uuid::from_u128(n)),
            sku: format!("S{n}"),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            price: Money::new(100, Currency::PHP),
            compare_at: None,
            available: 1,
            picture: None,
            weight_g: 0,
            barcode: None,
        }
    }

    fn product(options: &[&str], variants: Vec<VariantView>) -> ProductView {
        let option = |key: &&str| OptionView { key: (*key).to_owned(), name: (*key).to_owned(), values: Vec::new() };
        ProductView {
            id: ProductId(Uuid::nil()),
            slug: "slippers".into(),
            languages: Vec::new(),
            name: "Slippers".into(),
            vendor: String::new(),
            summary: String::new(),
            description: String::new(),
            seo_title: String::new(),
            seo_description: String::new(),
            category: None,
            pictures: Vec::new(),
            options: options.iter().map(option).collect(),
            variants,
            tags: Vec::new(),
            facts: Vec::new(),
            size_guide: None,
            tax_rate_bp: 0,
            related: Vec::new(),
        }
    }

    #[test]
    fn only_what_cannot_be_chosen_is_given() {
        let slippers = product(&["size", "colour"], vec![variant(1, &["36", "red"]), variant(2, &["37", "red"])]);
        assert_eq!(slippers.given_choice(), ["", "red"]);
        assert_eq!(slippers.variant(&slippers.given_choice()), None);
        let plain = product(&[], vec![variant(1, &[])]);
        assert_eq!(plain.variant(&plain.given_choice()), plain.variants.first());
        assert!(product(&["size"], Vec::new()).given_choice()[0].is_empty());
    }

    #[test]
    fn variants_fit_what_is_chosen_so_far() {
        let all = vec![variant(1, &["36", "red"]), variant(2, &["37", "red"]), variant(3, &["37", "blue"])];
        let slippers = product(&["size", "colour"], all);
        let fitting =
            |choice: [&str; 2]| slippers.fitting(&choice.map(str::to_owned)).map(|variant| variant.sku.clone()).collect::<Vec<_>>();
        assert_eq!(fitting(["", ""]), ["S1", "S2", "S3"]);
        assert_eq!(fitting(["37", ""]), ["S2", "S3"]);
        assert_eq!(fitting(["36", "blue"]), [""; 0]);
    }
}
