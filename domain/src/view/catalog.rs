//! Products as shoppers see them.

use serde::{Deserialize, Serialize};

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
}

/// A value that a listing can be filtered by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacetValue {
    /// For [`ListingQuery::options`]: `option_key:value_key`.
    pub key: String,
    pub name: String,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingView {
    /// The category; none for all products.
    pub category: Option<CategoryView>,
    /// Up to 24 products.
    pub products: Vec<ProductCardView>,
    /// The options to filter by.
    pub facets: Vec<Facet>,
    pub next: Option<String>,
}

/// A value of an option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionValueView {
    pub key: String,
    pub name: String,
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
    /// The same page in each language: `(code, slug)`.
    pub slugs: Vec<(String, String)>,
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
    /// The tax inside the price, basis points.
    pub tax_rate_bp: i64,
    /// Other products of its category.
    pub related: Vec<ProductCardView>,
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

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeView {
    /// Stories, the leading one first.
    pub stories: Vec<StoryView>,
    pub categories: Vec<CategoryView>,
    pub featured: Vec<ProductCardView>,
    pub newest: Vec<ProductCardView>,
    /// Does the shop take cash on delivery?
    pub cash: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchView {
    pub query: String,
    /// Best first.
    pub products: Vec<ProductCardView>,
    /// Was a typo corrected?
    pub corrected: bool,
    pub next: Option<String>,
}
