//! Goods, as shoppers see them.

use serde::{Deserialize, Serialize};

use crate::Money;
use crate::id::{PictureId, ProductId, VariantId};

/// A photograph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureView {
    /// Its address is made from this.
    pub id: PictureId,
    /// What it shows, for who cannot see it.
    pub alt: String,
    /// Pixels of the largest form.
    pub width: u32,
    /// Pixels of the largest form.
    pub height: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryView {
    /// In the reader's language.
    pub slug: String,
    /// In the reader's language.
    pub name: String,
    /// A sentence.
    pub blurb: String,
    /// Its tile.
    pub picture: Option<PictureView>,
}

/// A product in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductCardView {
    /// The product.
    pub id: ProductId,
    /// In the reader's language.
    pub slug: String,
    /// In the reader's language.
    pub name: String,
    /// Who makes it.
    pub vendor: String,
    /// Main photograph.
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

/// How a list is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Newest first.
    #[default]
    Newest,
    /// Cheapest first.
    PriceUp,
    /// Dearest first.
    PriceDown,
}

impl Sort {
    /// As in an address.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::PriceUp => "price_up",
            Self::PriceDown => "price_down",
        }
    }
    /// Reads [`Sort::as_str`]; newest for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "price_up" => Self::PriceUp,
            "price_down" => Self::PriceDown,
            _ => Self::Newest,
        }
    }
}

/// What a shopper asks of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ListingQuery {
    /// A category's slug; all goods without one.
    pub category: Option<String>,
    /// Order.
    pub sort: Sort,
    /// Chosen option values as `option_key:value_key`; values of one option are alternatives, options add up.
    pub options: Vec<String>,
    /// Lowest price, minor units.
    pub price_min: Option<i64>,
    /// Highest price, minor units.
    pub price_max: Option<i64>,
    /// Only what can be bought now.
    pub in_stock: bool,
    /// Where the page begins, as a former answer's `next`.
    pub after: Option<String>,
}

/// One value that a list can be filtered by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacetValue {
    /// For [`ListingQuery::options`]: `option_key:value_key`.
    pub key: String,
    /// In the reader's language.
    pub name: String,
    /// How many products have it.
    pub count: i64,
    pub chosen: bool,
}

/// An option that a list can be filtered by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facet {
    /// In the reader's language.
    pub name: String,
    pub values: Vec<FacetValue>,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingView {
    /// The category that is shown, when there is one.
    pub category: Option<CategoryView>,
    /// Up to 24 products.
    pub products: Vec<ProductCardView>,
    /// What can be filtered by.
    pub facets: Vec<Facet>,
    /// For the next page.
    pub next: Option<String>,
}

/// A choice of an option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionValueView {
    pub key: String,
    /// In the reader's language.
    pub name: String,
}

/// An option, such as size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionView {
    pub key: String,
    /// In the reader's language.
    pub name: String,
    pub values: Vec<OptionValueView>,
}

/// What is sold and stocked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantView {
    /// The variant.
    pub id: VariantId,
    /// Stock keeping unit.
    pub sku: String,
    /// The value key of each option, in the order of the options.
    pub values: Vec<String>,
    /// Price, tax included.
    pub price: Money,
    /// A former, higher price.
    pub compare_at: Option<Money>,
    /// Units that can be bought, at most 10 (what more there is, is nobody's business).
    pub available: i64,
    /// A picture of its own.
    pub picture: Option<PictureId>,
    /// Grams.
    pub weight_g: i64,
    /// GTIN.
    pub barcode: Option<String>,
}

/// A product's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductView {
    /// The product.
    pub id: ProductId,
    /// In the reader's language.
    pub slug: String,
    /// The same page in each language: `(code, slug)`.
    pub slugs: Vec<(String, String)>,
    /// In the reader's language.
    pub name: String,
    /// Who makes it.
    pub vendor: String,
    /// A sentence.
    pub summary: String,
    /// Paragraphs, separated by an empty line.
    pub description: String,
    /// For search engines; empty when the name will do.
    pub seo_title: String,
    /// For search engines.
    pub seo_description: String,
    /// Where it stands.
    pub category: Option<CategoryView>,
    /// Photographs, the main one first.
    pub pictures: Vec<PictureView>,
    /// Options, at most three.
    pub options: Vec<OptionView>,
    /// Variants, in order.
    pub variants: Vec<VariantView>,
    pub tags: Vec<String>,
    /// The tax inside the price, basis points.
    pub tax_rate_bp: i64,
    /// Others of its kind.
    pub related: Vec<ProductCardView>,
}

/// A story on the home page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryView {
    /// Headline.
    pub title: String,
    /// A sentence or two.
    pub body: String,
    /// What the button says.
    pub action: String,
    /// Where it leads.
    pub link: String,
    /// Photograph, wide or square.
    pub picture: Option<PictureView>,
}

/// The home page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeView {
    /// Stories, the leading one first.
    pub stories: Vec<StoryView>,
    pub categories: Vec<CategoryView>,
    /// Chosen by the shop.
    pub featured: Vec<ProductCardView>,
    /// Newest first.
    pub newest: Vec<ProductCardView>,
    /// Does the shop take cash on delivery?
    pub cash: bool,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchView {
    /// What was looked for.
    pub query: String,
    /// Best first.
    pub products: Vec<ProductCardView>,
    /// Was a typo forgiven?
    pub corrected: bool,
    /// For the next page.
    pub next: Option<String>,
}
