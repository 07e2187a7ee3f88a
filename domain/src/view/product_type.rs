//! Product types: which facts the products of a kind state, and their size guide.

use serde::{Deserialize, Serialize};

use crate::Locale;
use crate::id::{ProductFieldId, ProductTypeId};

named! {
    /// What a fact is by schema.org.
    #[derive(Default)]
    FactProperty {
        /// A fact of the shop's own, with its label.
        #[default]
        Other "other",
        Material "material",
        Manufacturer "manufacturer",
        CountryOfOrigin "countryOfOrigin",
    }
}

/// A type in the managers' list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductTypeRowView {
    pub id: ProductTypeId,
    pub name: String,
    /// No longer offered; products keep it.
    pub archived: bool,
    /// Its fields.
    pub fields: i64,
    /// Products of it, whatever their state.
    pub products: i64,
}

/// Texts of a type in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProductTypeTexts {
    /// `en` or `fil`.
    pub locale: String,
    /// Name, at most 80 characters.
    pub name: String,
    /// A table, see [`size_rows`]; at most 5,000 characters.
    pub size_guide: String,
    /// How to measure, at most 500 characters.
    pub size_note: String,
}

/// A field of a type, as it is edited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductFieldDraft {
    /// None for a new one.
    pub id: Option<ProductFieldId>,
    /// Labels of at most 80 characters, in the order of [`Locale::ALL`]; one without any is left out.
    pub labels: Vec<String>,
    pub property: FactProperty,
}

/// A type as it is edited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductTypeDraft {
    /// None for a new one.
    pub id: Option<ProductTypeId>,
    /// The version that was edited; another one in the database is a conflict.
    pub version: i64,
    pub archived: bool,
    pub texts: Vec<ProductTypeTexts>,
    /// In the order in which the page of a product has them.
    pub fields: Vec<ProductFieldDraft>,
}

/// A type for the form of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductTypeChoiceView {
    pub id: ProductTypeId,
    pub name: String,
    pub archived: bool,
    /// Id of each field and its label.
    pub fields: Vec<(ProductFieldId, String)>,
}

/// What a product states of a field of its type, in one language.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ProductFact {
    pub field: ProductFieldId,
    /// `en` or `fil`.
    pub locale: String,
    /// At most 2,000 characters.
    pub value: String,
}

/// A fact as shoppers read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactView {
    pub label: String,
    pub value: String,
    pub property: FactProperty,
}

/// The table of sizes as shoppers read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeGuideView {
    /// The first row has the headings.
    pub rows: Vec<Vec<String>>,
    /// How to measure; may be empty.
    pub note: String,
}

/// The most cells of a row of a size guide.
pub const MAX_SIZE_CELLS: usize = 12;

/// The rows of a size guide: one a line, its cells separated by `|`. None when a row has another number of cells than the first, or there
/// are fewer than 2 rows or cells, or more than [`MAX_SIZE_CELLS`]. A text without a line is no table, and has no row.
#[must_use]
pub fn size_rows(text: &str) -> Option<Vec<Vec<String>>> {
    let cells = |line: &str| line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = text.lines().filter(|line| !line.trim().is_empty()).map(cells).collect();
    let Some(first) = rows.first() else { return Some(rows) };
    let is_table = rows.len() > 1 && (2..=MAX_SIZE_CELLS).contains(&first.len()) && rows.iter().all(|row| row.len() == first.len());
    is_table.then_some(rows)
}

impl ProductTypeDraft {
    /// The texts in a language; empty ones where there are none.
    #[must_use]
    pub fn texts_in(&self, locale: Locale) -> ProductTypeTexts {
        let found = self.texts.iter().find(|texts| texts.locale == locale.code()).cloned();
        found.unwrap_or_else(|| ProductTypeTexts { locale: locale.code().to_owned(), ..ProductTypeTexts::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_guide_is_a_table_of_lines_with_as_many_cells_each() {
        let rows = size_rows("EU | Foot, cm\r\n\n36 | 23\n| 37 | 23.5 |\n").unwrap();
        assert_eq!(rows, [["EU", "Foot, cm"], ["36", "23"], ["37", "23.5"]]);
        assert_eq!(size_rows(" \n"), Some(Vec::new()));
        for wrong in ["EU | cm", "EU\n36", "EU | cm\n36", "a|b|c|d|e|f|g|h|i|j|k|l|m\n1|2|3|4|5|6|7|8|9|10|11|12|13"] {
            assert_eq!(size_rows(wrong), None, "{wrong}");
        }
    }
}
