//! The demonstration shop's file, `demo/shop.toml`.

use domain::Locale;
use domain::view::FactProperty;
use serde::Deserialize;

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct LocalizedText {
    pub en: String,
    pub fil: String,
}

/// A language's code, and which text is in it.
type Language = (&'static str, fn(&LocalizedText) -> &str);

impl LocalizedText {
    /// Code of each language, and its text.
    pub const LANGUAGES: [Language; 2] = [(Locale::En.code(), |t| &t.en), (Locale::Fil.code(), |t| &t.fil)];

    /// Language code and text of each language.
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        Self::LANGUAGES.map(|(code, text)| (code, text(self).to_owned())).into()
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct ShopFile {
    pub shop: ShopEntry,
    pub category: Vec<CategoryEntry>,
    pub product_type: Vec<ProductTypeEntry>,
    pub product: Vec<ProductEntry>,
    pub delivery_method: Vec<DeliveryEntry>,
    pub discount_code: Vec<DiscountEntry>,
    pub tax_rate: Vec<TaxRateEntry>,
    pub staff: Vec<StaffEntry>,
    pub customer: Vec<CustomerEntry>,
    pub story: Vec<StoryEntry>,
    pub page: Vec<crate::content::NewPage>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ShopEntry {
    pub name: String,
    pub currency: String,
    /// Open cash orders per shopper. Higher than usual, as one person trying out the shop places many orders.
    pub cash_per_person: i64,
}

#[derive(Debug, Deserialize)]
pub(super) struct CategoryEntry {
    pub slug: String,
    pub position: i64,
    pub picture: String,
    pub name: LocalizedText,
    pub local_slug: LocalSlug,
    pub blurb: LocalizedText,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct LocalSlug {
    pub fil: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct ProductTypeEntry {
    pub handle: String,
    pub name: LocalizedText,
    pub fields: Vec<FieldEntry>,
    /// A table, see [`domain::view::size_rows`].
    #[serde(default)]
    pub size_guide: LocalizedText,
    #[serde(default)]
    pub size_note: LocalizedText,
}

#[derive(Debug, Deserialize)]
pub(super) struct FieldEntry {
    pub key: String,
    #[serde(default)]
    pub property: FactProperty,
    #[serde(flatten)]
    pub label: LocalizedText,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct FactEntry {
    /// Of a field of the product's type.
    pub key: String,
    #[serde(flatten)]
    pub value: LocalizedText,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ProductEntry {
    pub slug: String,
    pub category: String,
    /// Handle of its product type; empty for none.
    #[serde(default, rename = "type")]
    pub product_type: String,
    #[serde(default)]
    pub facts: Vec<FactEntry>,
    pub name: LocalizedText,
    pub local_slug: LocalSlug,
    pub vendor: String,
    pub tags: Vec<String>,
    pub tax_class: String,
    pub published: bool,
    pub featured: Option<i64>,
    pub pictures: Vec<PictureEntry>,
    #[serde(default)]
    pub options: Vec<OptionEntry>,
    pub summary: LocalizedText,
    pub description: LocalizedText,
    pub variant: Vec<VariantEntry>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PictureEntry {
    pub file: String,
    pub alt: LocalizedText,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct OptionEntry {
    pub name: LocalizedText,
    pub values: Vec<ValueEntry>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ValueEntry {
    pub key: String,
    #[serde(flatten)]
    pub name: LocalizedText,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct VariantEntry {
    pub sku: String,
    #[serde(default)]
    pub options: Vec<String>,
    pub price: i64,
    pub compare_at: Option<i64>,
    pub weight_g: i64,
    pub stock: i64,
    pub barcode: Option<String>,
    pub picture: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct DeliveryEntry {
    pub code: String,
    pub name: LocalizedText,
    pub description: LocalizedText,
    pub fee: i64,
    #[serde(default)]
    pub per_kg_fee: i64,
    pub free_from: Option<i64>,
    pub days_min: i64,
    pub days_max: i64,
    pub cutoff: Option<i64>,
    pub regions: Vec<String>,
    #[serde(default = "yes")]
    pub collects_cash: bool,
}

const fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
pub(super) struct DiscountEntry {
    pub code: String,
    pub percent: Option<i64>,
    pub amount: Option<i64>,
    pub min_subtotal: i64,
}

#[derive(Debug, Deserialize)]
pub(super) struct TaxRateEntry {
    pub class: String,
    pub country: String,
    /// Of a state or province, by its code.
    #[serde(default)]
    pub province: String,
    pub rate_bp: i64,
    pub source: String,
    pub valid_from: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct StaffEntry {
    pub email: String,
    pub name: String,
    pub role: domain::permission::Role,
    pub password: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct CustomerEntry {
    pub email: String,
    pub name: String,
    pub phone: String,
    pub locale: String,
    pub password: String,
    pub address: domain::view::Address,
}

#[derive(Debug, Deserialize)]
pub(super) struct StoryEntry {
    pub title: LocalizedText,
    pub body: LocalizedText,
    pub action: LocalizedText,
    pub picture: String,
    pub alt: LocalizedText,
    pub link: String,
}
