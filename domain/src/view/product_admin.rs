//! Products and categories as managers list and edit them.

use serde::{Deserialize, Serialize};

use super::{PictureView, StockRowView};
use crate::Money;
use crate::id::{CategoryId, PictureId, ProductId, VariantId};

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
    /// Products in it, whatever their state.
    pub products: i64,
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
