//! A product as the file has it. What the file does not say is `None`, and stays as it is in the shop.

use domain::{Locale, slug};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Rows of one handle.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Listing {
    /// Where it begins.
    #[serde(skip)]
    pub line: u64,
    /// Lines of rows that were taken, and of those that were refused.
    #[serde(skip)]
    pub lines: Vec<u64>,
    #[serde(skip)]
    pub refused: Vec<u64>,
    pub handle: String,
    /// What an address is made from.
    pub written_handle: String,
    pub words: Vec<(&'static str, Words)>,
    pub vendor: Option<String>,
    /// Names of its kind, the most fitting first; none when the file names none.
    pub kinds: Vec<String>,
    pub tags: Option<Vec<String>>,
    pub status: Option<&'static str>,
    pub tax: Option<Tax>,
    pub gift_card: bool,
    pub featured: Option<Option<i64>>,
    /// None where the file does not say; empty when there is one variant without a choice.
    pub options: Option<Vec<Named>>,
    pub variants: Vec<Row>,
    pub images: Vec<Image>,
    /// Of everything above.
    #[serde(skip)]
    pub hash: String,
}

/// What is said in one language.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Words {
    pub title: Option<String>,
    pub slug: Option<String>,
    pub summary: Option<String>,
    pub body: Option<String>,
    pub seo_title: Option<String>,
    pub seo_description: Option<String>,
}

/// A name in English, and in other languages by their code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Named {
    pub name: String,
    pub others: Vec<(&'static str, String)>,
}

/// How it is taxed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Tax {
    Class(String),
    /// In one of the classes that are taxed, whichever it has.
    Taxed,
}

/// A variant as the file has it.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Row {
    #[serde(skip)]
    pub line: u64,
    pub sku: String,
    /// The SKU was made from the handle, or told apart from another one; it gives way to one that the variant has already.
    pub sku_is_made: bool,
    /// A value of each option; empty where the file does not say.
    pub values: Vec<Named>,
    pub price: Option<i64>,
    pub compare_at: Option<Option<i64>>,
    pub cost: Option<i64>,
    pub grams: Option<i64>,
    /// What a new variant begins with. Stock has its own history and is no change of the product.
    #[serde(skip)]
    pub quantity: i64,
    pub barcode: Option<Option<String>>,
    pub image: Option<String>,
    pub archived: bool,
}

/// A picture's address or file name.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Image {
    #[serde(skip)]
    pub line: u64,
    #[serde(skip)]
    pub column: String,
    pub source: String,
    pub position: i64,
    /// What it shows, by language code; never empty texts.
    pub alts: Vec<(&'static str, String)>,
    /// It is a variant's and, in a file that names the product's pictures, not among those.
    pub of_variant: bool,
}

/// The most letters of a SKU.
pub(super) const MAX_SKU_CHARS: usize = 64;

impl Row {
    /// A SKU for this row in place of one that something else has already: the same for the same row of each file.
    pub fn sku_apart(&self, handle: &str, sku: &str) -> String {
        let short: String = sku.chars().take(MAX_SKU_CHARS - 9).collect();
        let whole: Vec<&str> = std::iter::once(handle).chain(self.values.iter().map(|value| value.name.as_str())).collect();
        format!("{short}-{}", slug::mark(&whole.join("\u{1f}")).to_uppercase())
    }

    /// The SKU of a row that has none.
    pub fn made_sku(&self, handle: &str) -> String {
        let keys = self.values.iter().map(|value| slug::key(&value.name));
        let made = std::iter::once(handle.to_owned()).chain(keys).collect::<Vec<_>>().join("-").to_uppercase();
        if made.len() > MAX_SKU_CHARS { self.sku_apart(handle, &made) } else { made }
    }
}

impl Listing {
    /// How many rows it had.
    pub fn rows(&self) -> u64 {
        (self.lines.len() + self.refused.len()) as u64
    }

    /// Its English words.
    pub fn english(&self) -> Option<&Words> {
        self.words.iter().find(|(code, _)| *code == Locale::En.code()).map(|(_, words)| words)
    }

    pub fn title(&self) -> &str {
        self.english().and_then(|words| words.title.as_deref()).unwrap_or(&self.handle)
    }

    /// Takes what another row of the same product says of the product.
    pub fn take_head(&mut self, head: Self) {
        let own = std::mem::replace(self, head);
        self.line = own.line;
        self.lines = own.lines;
        self.refused = own.refused;
        self.variants = own.variants;
        self.images = own.images;
    }

    /// Forgets its pictures: they stay as they are in the shop.
    pub fn without_pictures(&mut self) {
        self.images.clear();
        self.variants.iter_mut().for_each(|row| row.image = None);
        self.finish();
    }

    /// Puts its pictures in order and remembers what it says.
    pub fn finish(&mut self) {
        self.images.sort_by_key(|image| image.position);
        let said = serde_json::to_vec(self).unwrap_or_default();
        self.hash = Sha256::digest(&said).iter().map(|byte| format!("{byte:02x}")).collect();
    }
}
