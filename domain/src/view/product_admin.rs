//! Products and categories as managers list and edit them.

use serde::{Deserialize, Serialize};

use super::{PictureView, ProductFact, StockRowView};
use crate::id::{CategoryId, PictureId, ProductId, ProductTypeId, VariantId};
use crate::{Money, Timestamp};

/// A product in the managers' list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductRowView {
    pub id: ProductId,
    pub name: String,
    /// `draft`, `published` or `archived`.
    pub status: String,
    pub category: String,
    pub picture: Option<PictureView>,
    pub variants: i64,
    /// Units available over all variants.
    pub available: i64,
    /// Lowest price of its variants.
    pub price_from: Money,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductListView {
    pub products: Vec<ProductRowView>,
    pub previous: Option<String>,
    pub next: Option<String>,
}

/// A category in the managers' list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryRowView {
    pub id: CategoryId,
    pub name: String,
    /// Its address below `/c/`.
    pub slug: String,
    pub picture: Option<PictureView>,
    /// Is it in the shop's menu?
    pub published: bool,
    /// Products in it, whatever their state; of one that is filled by a rule those that are published.
    pub products: i64,
    /// Is it filled by a rule?
    pub by_rule: bool,
}

/// Texts of a category in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CategoryTexts {
    /// `en` or `fil`.
    pub locale: String,
    /// Name, at most 80 characters.
    pub name: String,
    /// Address; made from the name when empty.
    pub slug: String,
    /// A sentence or two, at most 500 characters.
    pub blurb: String,
}

/// What fills a category in place of hands: the published products of which all that is given here is true.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CategoryRule {
    /// They have this tag, in small letters; empty for any.
    pub tag: String,
    /// The lowest price of their variants is at least so much, minor units of the shop's currency, tax inside.
    pub price_min: Option<i64>,
    /// And at most so much.
    pub price_max: Option<i64>,
    /// They came in the last so many days, today included, by the shop's calendar; 1 to 365.
    pub new_days: Option<i64>,
    /// Their lowest price has a higher compare-at price.
    pub on_sale: bool,
    /// They can be bought now.
    pub in_stock: bool,
}

impl CategoryRule {
    /// The most days of [`new_days`](Self::new_days).
    pub const MOST_DAYS: i64 = 365;

    /// Is nothing given? Every product would be in the category.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A category as it is edited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryDraft {
    /// None for a new one.
    pub id: Option<CategoryId>,
    /// The version that was edited; another one in the database is a conflict.
    pub version: i64,
    /// Sort key in the shop's menu, 0 to 9999; on a tie the older category comes first.
    pub position: i64,
    /// Is it in the shop's menu?
    pub published: bool,
    pub texts: Vec<CategoryTexts>,
    /// What fills it; none where products are put into it by hand.
    pub rule: Option<CategoryRule>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryEditView {
    pub draft: CategoryDraft,
    pub picture: Option<PictureView>,
    /// Products in it, whatever their state.
    pub products: i64,
}

/// Texts of a product in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProductTexts {
    /// `en` or `fil`.
    pub locale: String,
    pub name: String,
    /// Address; made from the name when empty.
    pub slug: String,
    pub summary: String,
    /// Paragraphs, separated by an empty line.
    pub description: String,
    pub seo_title: String,
    pub seo_description: String,
}

/// An option of a product, as edited: name and values by language in the order of `Locale::ALL`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OptionDraft {
    /// Key, made from the English name when empty.
    pub key: String,
    /// One for each language, in the order of `Locale::ALL`.
    pub names: Vec<String>,
    /// Values: key and names by language.
    pub values: Vec<(String, Vec<String>)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VariantDraft {
    /// None for a new one.
    pub id: Option<VariantId>,
    pub sku: String,
    /// The value key of each option.
    pub values: Vec<String>,
    /// Minor units.
    pub price: i64,
    /// Minor units.
    pub compare_at: Option<i64>,
    /// Minor units, what it costs the shop.
    pub cost: i64,
    /// Grams.
    pub weight_g: i64,
    /// GTIN, or a code of the shop's own of at most 32 characters; may be empty.
    pub barcode: String,
    /// Opening stock in units; only for a new variant.
    pub stock: i64,
    /// One of the product's pictures.
    pub picture: Option<PictureId>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProductDraft {
    /// None for a new one.
    pub id: Option<ProductId>,
    /// The version that was edited; another one in the database is a conflict.
    pub version: i64,
    /// Stable key for imports; made from the English name when empty.
    pub handle: String,
    pub category: Option<CategoryId>,
    /// Its type, whose fields it states.
    pub product_type: Option<ProductTypeId>,
    /// What it states, by the fields of its type.
    pub facts: Vec<ProductFact>,
    pub vendor: String,
    /// `standard`, `exempt`, `zero` or `none`.
    pub tax_class: String,
    /// Order on the home page, when featured.
    pub featured: Option<i64>,
    pub tags: Vec<String>,
    /// One for each language.
    pub texts: Vec<ProductTexts>,
    /// Options, at most three.
    pub options: Vec<OptionDraft>,
    /// Variants, at least one.
    pub variants: Vec<VariantDraft>,
    pub pictures: Vec<PictureId>,
}

/// A product as the managers' page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductAdminView {
    /// What the form edits.
    pub draft: ProductDraft,
    /// `draft`, `published` or `archived`.
    pub status: String,
    pub pictures: Vec<PictureView>,
    /// Stock of each variant, in the order of the draft's variants.
    pub stock: Vec<StockRowView>,
}

/// A part of a product that is changed as a whole, as the events of its changes name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProductChange {
    Texts,
    Category,
    ProductType,
    Facts,
    Vendor,
    TaxClass,
    Featured,
    Tags,
    Options,
    Variants,
    Pictures,
    Status,
}

impl ProductChange {
    pub const ALL: [Self; 12] = [
        Self::Texts,
        Self::Category,
        Self::ProductType,
        Self::Facts,
        Self::Vendor,
        Self::TaxClass,
        Self::Featured,
        Self::Tags,
        Self::Options,
        Self::Variants,
        Self::Pictures,
        Self::Status,
    ];

    /// As events have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Texts => "texts",
            Self::Category => "category",
            Self::ProductType => "product_type",
            Self::Facts => "facts",
            Self::Vendor => "vendor",
            Self::TaxClass => "tax_class",
            Self::Featured => "featured",
            Self::Tags => "tags",
            Self::Options => "options",
            Self::Variants => "variants",
            Self::Pictures => "pictures",
            Self::Status => "status",
        }
    }
}

/// One change of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductChangeView {
    /// The text of an actor.
    pub actor: String,
    pub at: Timestamp,
    pub parts: Vec<ProductChange>,
}
