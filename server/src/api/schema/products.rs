//! Products in the API.

use domain::view;
use serde::Serialize;
use utoipa::ToSchema;

use super::Money;

/// A picture of a product or category.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Picture {
    /// Id of the picture.
    #[schema(example = "pic_0199a0b0c0d07e10b2f3a4b5c6d7e8f9")]
    pub id: String,
    /// Says what the picture shows, in the caller's language.
    pub alt: String,
    /// Pixels of the largest form.
    pub width: u32,
    /// Pixels of the largest form.
    pub height: u32,
    /// The address of a form 640 pixels wide; 160, 320, 480, 960 and 1280 are beside it, and each as `avif`.
    pub href: String,
}

impl From<view::PictureView> for Picture {
    fn from(picture: view::PictureView) -> Self {
        let href = format!("/pictures/{}/640.webp", picture.id);
        Self { id: picture.id.to_string(), alt: picture.alt, width: picture.width, height: picture.height, href }
    }
}

/// A category: a group of products with a page of its own.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Category {
    /// For `category` of the list of products.
    pub slug: String,
    /// Name in the caller's language.
    pub name: String,
    /// A sentence about it.
    pub blurb: String,
    /// Picture shown on its tile.
    pub picture: Option<Picture>,
}

impl From<view::CategoryView> for Category {
    fn from(category: view::CategoryView) -> Self {
        Self { slug: category.slug, name: category.name, blurb: category.blurb, picture: category.picture.map(Into::into) }
    }
}

/// The categories in the shop's menu.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Categories {
    /// In the shop's order.
    pub categories: Vec<Category>,
}

/// A product in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProductCard {
    /// Id of the product.
    pub id: String,
    /// For the address of its page, `/p/{slug}`.
    pub slug: String,
    /// Name in the caller's language.
    pub name: String,
    /// Who makes or supplies it; may be empty.
    pub vendor: String,
    /// The first of its pictures.
    pub picture: Option<Picture>,
    /// The lowest price of its variants.
    pub price_from: Money,
    /// Do variants differ in price?
    pub price_varies: bool,
    /// A former price above `price_from`.
    pub compare_at: Option<Money>,
    /// Can any variant be bought now?
    pub in_stock: bool,
    /// The only variant, when there is just one.
    pub only_variant: Option<String>,
}

impl From<view::ProductCardView> for ProductCard {
    fn from(card: view::ProductCardView) -> Self {
        Self {
            id: card.id.to_string(),
            slug: card.slug,
            name: card.name,
            vendor: card.vendor,
            picture: card.picture.map(Into::into),
            price_from: card.price_from.into(),
            price_varies: card.price_varies,
            compare_at: card.compare_at.map(Into::into),
            in_stock: card.in_stock,
            only_variant: card.only_variant.map(|id| id.to_string()),
        }
    }
}

/// A value that a list can be filtered by.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FacetValue {
    /// For the parameter `option`.
    #[schema(example = "size:large")]
    pub key: String,
    /// Name in the caller's language.
    pub name: String,
    /// How many products have it.
    pub count: i64,
}

/// An option that a list can be filtered by.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Facet {
    /// Name of the option in the caller's language.
    pub name: String,
    /// The values that listed products have, at most 30.
    pub values: Vec<FacetValue>,
}

/// A page of products.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Products {
    /// At most 24, in the order that was asked for.
    pub products: Vec<ProductCard>,
    /// What can be filtered by.
    pub facets: Vec<Facet>,
    /// For `after` of the next page; none on the last.
    pub next: Option<String>,
}

impl From<view::ListingView> for Products {
    fn from(list: view::ListingView) -> Self {
        let value = |value: view::FacetValue| FacetValue { key: value.key, name: value.name, count: value.count };
        let facet = |facet: view::Facet| Facet { name: facet.name, values: facet.values.into_iter().map(value).collect() };
        Self {
            products: list.products.into_iter().map(Into::into).collect(),
            facets: list.facets.into_iter().map(facet).collect(),
            next: list.next,
        }
    }
}

/// What a search found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Found {
    /// At most 24, the best match first.
    pub products: Vec<ProductCard>,
    /// Was a typo forgiven?
    pub corrected: bool,
    /// For `after` of the next page; none on the last.
    pub next: Option<String>,
}

impl From<view::SearchView> for Found {
    fn from(found: view::SearchView) -> Self {
        let view::ListingView { products, next, .. } = found.listing.unwrap_or_default();
        Self { products: products.into_iter().map(Into::into).collect(), corrected: found.corrected, next }
    }
}

/// A choice of an option.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OptionValue {
    /// Stable key, the same in every language.
    pub key: String,
    /// Name in the caller's language.
    pub name: String,
}

/// An option, such as size.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProductOption {
    /// Stable key, the same in every language.
    pub key: String,
    /// Name in the caller's language.
    pub name: String,
    /// Values to choose from, in the order shown.
    pub values: Vec<OptionValue>,
}

/// What is sold and stocked: a product in one size and colour.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Variant {
    /// For lines of a cart.
    #[schema(example = "var_0199a0b0c0d07e10b2f3a4b5c6d7e8f9")]
    pub id: String,
    /// Stock keeping unit: the name of the variant in the warehouse.
    pub sku: String,
    /// The value key of each option, in the order of the options.
    pub values: Vec<String>,
    /// Price of one unit, tax included.
    pub price: Money,
    /// A former, higher price.
    pub compare_at: Option<Money>,
    /// Units that can be bought, at most 10.
    pub available: i64,
    /// Weight of one unit, grams.
    pub weight_g: i64,
    /// GTIN, or a code of the shop's own of at most 32 characters.
    pub barcode: Option<String>,
}

/// A product with its variants.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Product {
    /// Id of the product.
    pub id: String,
    /// For the address of its page, `/p/{slug}`.
    pub slug: String,
    /// Name in the caller's language.
    pub name: String,
    /// Who makes or supplies it; may be empty.
    pub vendor: String,
    /// A sentence about it, in the caller's language.
    pub summary: String,
    /// Paragraphs, separated by an empty line.
    pub description: String,
    /// Slug of its category.
    pub category: Option<String>,
    /// Pictures, the main one first.
    pub pictures: Vec<Picture>,
    /// Options, at most three.
    pub options: Vec<ProductOption>,
    /// At least one, in the order shown.
    pub variants: Vec<Variant>,
    /// Words that managers gave it, also for search.
    pub tags: Vec<String>,
    /// What it states by the fields of its type, such as ingredients or care.
    pub facts: Vec<Fact>,
    /// The size guide of its type.
    pub size_guide: Option<SizeGuide>,
    /// The tax inside the price, basis points (12 % is 1,200).
    pub tax_rate_bp: i64,
}

/// What a product states of a field of its type.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Fact {
    /// In the caller's language.
    pub label: String,
    /// May have several lines.
    pub value: String,
    /// `material`, `manufacturer` or `countryOfOrigin` by schema.org, or `other`.
    pub property: String,
}

/// A table of sizes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SizeGuide {
    /// Rows of as many cells each; the first has the headings.
    pub rows: Vec<Vec<String>>,
    /// How to measure; may be empty.
    pub note: String,
}

impl From<view::ProductView> for Product {
    fn from(product: view::ProductView) -> Self {
        let value = |value: view::OptionValueView| OptionValue { key: value.key, name: value.name };
        let option = |option: view::OptionView| ProductOption {
            key: option.key,
            name: option.name,
            values: option.values.into_iter().map(value).collect(),
        };
        let variant = |variant: view::VariantView| Variant {
            id: variant.id.to_string(),
            sku: variant.sku,
            values: variant.values,
            price: variant.price.into(),
            compare_at: variant.compare_at.map(Into::into),
            available: variant.available,
            weight_g: variant.weight_g,
            barcode: variant.barcode,
        };
        let fact = |view::FactView { label, value, property }| Fact { label, value, property: property.as_str().to_owned() };
        Self {
            id: product.id.to_string(),
            slug: product.slug,
            name: product.name,
            vendor: product.vendor,
            summary: product.summary,
            description: product.description,
            category: product.category.map(|category| category.slug),
            pictures: product.pictures.into_iter().map(Into::into).collect(),
            options: product.options.into_iter().map(option).collect(),
            variants: product.variants.into_iter().map(variant).collect(),
            tags: product.tags,
            facts: product.facts.into_iter().map(fact).collect(),
            size_guide: product.size_guide.map(|view::SizeGuideView { rows, note }| SizeGuide { rows, note }),
            tax_rate_bp: product.tax_rate_bp,
        }
    }
}
