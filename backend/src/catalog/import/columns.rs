//! The columns of both generations of Shopify's file, and our own for what Shopify has no column for.

use domain::Locale;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::catalog) enum Column {
    Handle,
    Text(Locale, TextPart),
    Vendor,
    Category,
    Type,
    Tags,
    Published,
    Status,
    OptionName(usize, Locale),
    OptionValue(usize, Locale),
    Sku,
    Grams,
    Quantity,
    Price,
    CompareAt,
    Cost,
    Taxable,
    TaxClass,
    Barcode,
    VariantStatus,
    Image,
    ImagePosition,
    ImageAlt(Locale),
    VariantImage,
    GiftCard,
    Featured,
    ProductType,
    /// What a product states of its type's fields, in one cell.
    Facts(Locale),
}

/// Texts that a product has in each language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::catalog) enum TextPart {
    Title,
    Slug,
    Summary,
    Body,
    SeoTitle,
    SeoDescription,
}

use TextPart::{Body, SeoDescription, SeoTitle, Slug, Summary, Title};

const EN: Locale = Locale::En;

/// The name that is exported, then those of other files. Case does not matter.
const NAMES: &[(Column, &[&str])] = &[
    (Column::Text(EN, Title), &["Title"]),
    (Column::Handle, &["URL handle", "handle"]),
    (Column::Text(EN, Body), &["Description", "body (html)", "body html"]),
    (Column::Vendor, &["Vendor"]),
    (Column::Category, &["Product category", "standardized product type", "standard product type"]),
    (Column::Type, &["Type", "custom product type"]),
    (Column::Tags, &["Tags"]),
    (Column::Published, &["Published on online store", "published"]),
    (Column::Status, &["Status"]),
    (Column::Sku, &["SKU", "variant sku"]),
    (Column::Barcode, &["Barcode", "variant barcode"]),
    (Column::OptionName(0, EN), &["Option1 name"]),
    (Column::OptionValue(0, EN), &["Option1 value"]),
    (Column::OptionName(1, EN), &["Option2 name"]),
    (Column::OptionValue(1, EN), &["Option2 value"]),
    (Column::OptionName(2, EN), &["Option3 name"]),
    (Column::OptionValue(2, EN), &["Option3 value"]),
    (Column::Price, &["Price", "variant price"]),
    (Column::CompareAt, &["Compare-at price", "variant compare at price", "compare at price"]),
    (Column::Cost, &["Cost per item"]),
    (Column::Taxable, &["Charge tax", "variant taxable"]),
    (Column::Quantity, &["Inventory quantity", "variant inventory qty"]),
    (Column::Grams, &["Weight value (grams)", "variant grams"]),
    (Column::Image, &["Product image URL", "image src"]),
    (Column::ImagePosition, &["Image position"]),
    (Column::ImageAlt(EN), &["Image alt text"]),
    (Column::VariantImage, &["Variant image URL", "variant image"]),
    (Column::GiftCard, &["Gift card"]),
    (Column::Text(EN, SeoTitle), &["SEO title"]),
    (Column::Text(EN, SeoDescription), &["SEO description"]),
    // Our own.
    (Column::Text(EN, Slug), &["Slug"]),
    (Column::Text(EN, Summary), &["Summary"]),
    (Column::TaxClass, &["Tax class"]),
    (Column::Featured, &["Featured"]),
    (Column::VariantStatus, &["Variant status"]),
    (Column::ProductType, &["Product type handle"]),
    (Column::Facts(EN), &["Facts"]),
];

/// Columns that are repeated for each other language, with its code: `Title (fil)`.
#[allow(clippy::type_complexity, reason = "a table of two columns")]
const LOCALIZED: &[(fn(Locale) -> Column, &str)] = &[
    (|locale| Column::Text(locale, Title), "Title"),
    (|locale| Column::Text(locale, Slug), "Slug"),
    (|locale| Column::Text(locale, Summary), "Summary"),
    (|locale| Column::Text(locale, Body), "Description"),
    (|locale| Column::Text(locale, SeoTitle), "SEO title"),
    (|locale| Column::Text(locale, SeoDescription), "SEO description"),
    (|locale| Column::OptionName(0, locale), "Option1 name"),
    (|locale| Column::OptionValue(0, locale), "Option1 value"),
    (|locale| Column::OptionName(1, locale), "Option2 name"),
    (|locale| Column::OptionValue(1, locale), "Option2 value"),
    (|locale| Column::OptionName(2, locale), "Option3 name"),
    (|locale| Column::OptionValue(2, locale), "Option3 value"),
    (|locale| Column::ImageAlt(locale), "Image alt text"),
    (|locale| Column::Facts(locale), "Facts"),
];

/// The languages beside English.
pub(in crate::catalog) fn others() -> impl Iterator<Item = Locale> + Clone {
    Locale::ALL.into_iter().filter(|locale| *locale != Locale::En)
}

/// All columns with their names, in the order of an export.
pub(in crate::catalog) fn all() -> Vec<(Column, String)> {
    let english = NAMES.iter().filter_map(|(column, names)| Some((*column, (*names.first()?).to_owned())));
    let localized =
        others().flat_map(|locale| LOCALIZED.iter().map(move |(column, name)| (column(locale), format!("{name} ({})", locale.code()))));
    english.chain(localized).collect()
}

fn named(name: &str) -> Option<Column> {
    let known = NAMES.iter().find(|(_, names)| names.iter().any(|known| known.eq_ignore_ascii_case(name)));
    known
        .map(|(column, _)| *column)
        .or_else(|| all().into_iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(column, _)| column))
}

/// The columns of a file.
pub(super) struct Columns {
    positions: Vec<(Column, usize)>,
    /// By position, those too that are not read.
    names: Vec<String>,
}

impl Columns {
    /// Reads the heading; none without a column for the handle.
    pub(super) fn read<'a>(heading: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let names: Vec<String> = heading.into_iter().map(|cell| cell.trim_start_matches('\u{feff}').trim().to_owned()).collect();
        let mut positions: Vec<(Column, usize)> = Vec::new();
        for (position, name) in names.iter().enumerate() {
            if let Some(column) = named(name).filter(|c| positions.iter().all(|(known, _)| known != c)) {
                positions.push((column, position));
            }
        }
        let columns = Self { positions, names };
        columns.position(Column::Handle).is_some().then_some(columns)
    }

    pub(super) fn position(&self, column: Column) -> Option<usize> {
        self.positions.iter().find(|(known, _)| *known == column).map(|(_, position)| *position)
    }

    /// The file's name for it, or ours where the file has no such column.
    pub(super) fn name(&self, column: Column) -> String {
        let own = self.position(column).and_then(|position| self.names.get(position)).cloned();
        own.or_else(|| all().into_iter().find(|(known, _)| *known == column).map(|(_, name)| name)).unwrap_or_default()
    }

    pub(super) fn name_at(&self, position: usize) -> &str {
        self.names.get(position).map_or("", String::as_str)
    }

    pub(super) fn count(&self) -> usize {
        self.names.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_recognised_by_the_names_of_both_generations_and_of_the_export() {
        for (name, column) in [
            ("Handle", Column::Handle),
            ("Body (HTML)", Column::Text(EN, Body)),
            ("variant compare at price", Column::CompareAt),
            ("TITLE (fil)", Column::Text(Locale::Fil, Title)),
        ] {
            assert_eq!(named(name), Some(column));
        }
        assert_eq!(named("Metafield: x"), None);
        for (column, name) in all() {
            assert_eq!(named(&name), Some(column), "{name}");
        }
    }
}
