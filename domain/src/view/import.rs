//! The result of an import of products.

use serde::{Deserialize, Serialize};

/// A bad row of an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportProblem {
    /// Line in the file, from 1.
    pub line: u64,
    pub column: String,
    pub reason: String,
    /// A warning: the row is taken.
    pub taken: bool,
}

/// A product that an import makes or changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedProduct {
    /// The line of its first row.
    pub line: u64,
    pub handle: String,
    pub title: String,
    pub created: bool,
    /// What changes in an existing product, in words.
    pub changes: Vec<String>,
}

/// The result of an import, or of its preview.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// Rows of the file that were read, without its header.
    pub rows: u64,
    pub created: u64,
    pub updated: u64,
    /// Products without a change.
    pub unchanged: u64,
    /// Rows that are not taken.
    pub left_out: u64,
    pub pictures: u64,
    /// A preview: nothing was written.
    pub preview: bool,
    /// The first products that are made or changed.
    pub products: Vec<ImportedProduct>,
    /// Errors, and warnings about rows that are taken.
    pub problems: Vec<ImportProblem>,
    /// How many problems more than listed.
    pub more_problems: u64,
}
