//! A product as a file has it. `None` where the file has no value: the shop's stays.
//!
//! Hashes of these types are stored, so that a file which was imported before is known again. A renamed field keeps its old name there.

use domain::{Locale, slug};
use platform::db::hex;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The rows of one handle.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct FileProduct {
    /// Line of the file where the product begins, counted from 1.
    #[serde(skip)]
    pub line: u64,
    /// Lines of the rows that were accepted.
    #[serde(skip)]
    pub lines: Vec<u64>,
    /// Lines of the rows that were rejected.
    #[serde(skip)]
    pub rejected_lines: Vec<u64>,
    pub handle: String,
    /// As the file writes it; slugs are made from this.
    pub written_handle: String,
    /// Texts by language code.
    #[serde(rename = "words")]
    pub texts: Vec<(&'static str, FileTexts)>,
    pub vendor: Option<String>,
    /// Names of categories, the preferred one first.
    #[serde(rename = "kinds")]
    pub categories: Vec<String>,
    pub tags: Option<Vec<String>>,
    pub status: Option<&'static str>,
    pub tax: Option<FileTax>,
    pub gift_card: bool,
    pub featured: Option<Option<i64>>,
    /// Empty for a product with one variant and no options.
    pub options: Option<Vec<LocalizedName>>,
    pub variants: Vec<FileVariant>,
    pub images: Vec<FileImage>,
    /// Handle of its product type; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_type: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: FileFacts,
    /// SHA-256 of all fields that are serialised.
    #[serde(skip)]
    pub hash: String,
}

/// By language code: keys of the fields of its type, and what the product states of them.
pub(super) type FileFacts = Vec<(&'static str, Vec<(String, String)>)>;

/// A product's texts in one language.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct FileTexts {
    pub title: Option<String>,
    pub slug: Option<String>,
    pub summary: Option<String>,
    pub body: Option<String>,
    pub seo_title: Option<String>,
    pub seo_description: Option<String>,
}

/// A name in English, and in other languages by their code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct LocalizedName {
    pub name: String,
    pub others: Vec<(&'static str, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) enum FileTax {
    Class(String),
    /// In whichever class it has, or the standard class where that one is not taxed.
    Taxed,
}

/// A row that describes a variant.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct FileVariant {
    #[serde(skip)]
    pub line: u64,
    pub sku: String,
    /// The SKU was made from the handle, or got a suffix because another row has it. An existing variant keeps its own.
    #[serde(rename = "sku_is_made")]
    pub sku_is_generated: bool,
    /// A value of each option; empty where the file has none.
    pub values: Vec<LocalizedName>,
    pub price: Option<i64>,
    pub compare_at: Option<Option<i64>>,
    pub cost: Option<i64>,
    pub grams: Option<i64>,
    /// The first stock of a new variant. Not part of the hash, for the stock of an existing one has its own history.
    #[serde(skip)]
    pub quantity: i64,
    pub barcode: Option<Option<String>>,
    pub image: Option<String>,
    pub archived: bool,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct FileImage {
    #[serde(skip)]
    pub line: u64,
    #[serde(skip)]
    pub column: String,
    /// An address or a file name.
    pub source: String,
    pub position: i64,
    /// Descriptions by language code, none empty.
    pub alts: Vec<(&'static str, String)>,
    /// A variant's picture that is not among the product's, in a file that names the product's pictures.
    pub of_variant: bool,
}

pub(super) const MAX_SKU_CHARS: usize = 64;

impl FileVariant {
    /// A SKU in place of one that is taken. The same row gets the same one in each run.
    pub fn sku_with_mark(&self, handle: &str, sku: &str) -> String {
        let start: String = sku.chars().take(MAX_SKU_CHARS - 9).collect();
        let whole: Vec<&str> = std::iter::once(handle).chain(self.values.iter().map(|value| value.name.as_str())).collect();
        format!("{start}-{}", slug::mark(&whole.join("\u{1f}")).to_uppercase())
    }

    /// For a row without a SKU.
    pub fn generated_sku(&self, handle: &str) -> String {
        let keys = self.values.iter().map(|value| slug::key(&value.name));
        let sku = std::iter::once(handle.to_owned()).chain(keys).collect::<Vec<_>>().join("-").to_uppercase();
        if sku.len() > MAX_SKU_CHARS { self.sku_with_mark(handle, &sku) } else { sku }
    }
}

impl FileProduct {
    pub fn row_count(&self) -> u64 {
        (self.lines.len() + self.rejected_lines.len()) as u64
    }

    pub fn english(&self) -> Option<&FileTexts> {
        self.texts.iter().find(|(code, _)| *code == Locale::En.code()).map(|(_, texts)| texts)
    }

    pub fn title(&self) -> &str {
        self.english().and_then(|texts| texts.title.as_deref()).unwrap_or(&self.handle)
    }

    /// Replaces what belongs to the product itself, as another row has it; variants, pictures and lines stay.
    pub fn replace_head(&mut self, head: Self) {
        let own = std::mem::replace(self, head);
        self.line = own.line;
        self.lines = own.lines;
        self.rejected_lines = own.rejected_lines;
        self.variants = own.variants;
        self.images = own.images;
    }

    /// Those of the shop stay.
    pub fn remove_pictures(&mut self) {
        self.images.clear();
        self.variants.iter_mut().for_each(|variant| variant.image = None);
        self.finish();
    }

    /// Sorts the pictures and computes the hash.
    pub fn finish(&mut self) {
        self.images.sort_by_key(|image| image.position);
        let json = serde_json::to_vec(self).unwrap_or_default();
        self.hash = hex(&Sha256::digest(&json)).to_string();
    }
}
