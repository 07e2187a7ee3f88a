//! Reading the file.

use std::collections::BTreeMap;
use std::io::Read;

use serde::{Deserialize, Serialize};

use super::super::SeedError;

/// The first line of the file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Heading {
    /// Ids that are not the past's own: of the catalogue as hexadecimal digits, of accounts as `@` and the e-mail address.
    pub others: Vec<String>,
}

/// Any further line: the rows of a table, column by column.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Rows {
    pub table: String,
    pub rows: usize,
    /// Of ids, numbers, moments and days; see [`encode`](super::encode).
    pub numbers: BTreeMap<String, Vec<Option<i64>>>,
    pub texts: BTreeMap<String, Texts>,
}

/// A column of texts: each text once, and which of them each row has.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Texts {
    pub words: Vec<String>,
    pub of: Vec<Option<u32>>,
}

/// What the file holds.
#[derive(Debug)]
pub struct Past {
    pub(super) heading: Heading,
    pub(super) tables: Vec<Rows>,
}

impl Past {
    /// The one that the program carries; none while it is being made for the first time.
    ///
    /// # Errors
    /// [`SeedError::Data`] when the file is none.
    pub(in crate::seed) fn read() -> Result<Option<Self>, SeedError> {
        if super::FILE.is_empty() {
            return Ok(None);
        }
        let text = unpack(super::FILE)?;
        let mut lines = text.lines();
        let wrong = |error: serde_json::Error| SeedError::Data(format!("the past: {error}"));
        let heading = serde_json::from_str(lines.next().unwrap_or_default()).map_err(wrong)?;
        let tables = lines.map(serde_json::from_str).collect::<Result<_, _>>().map_err(wrong)?;
        Ok(Some(Self { heading, tables }))
    }

    pub(in crate::seed) fn orders(&self) -> usize {
        self.table("orders").map_or(0, |orders| orders.rows)
    }

    pub(super) fn table(&self, name: &str) -> Option<&Rows> {
        self.tables.iter().find(|rows| rows.table == name)
    }
}

/// The text of a file that [`pack`](super::pack) made.
///
/// # Errors
/// [`SeedError::Data`] when it is none.
pub fn unpack(file: &[u8]) -> Result<String, SeedError> {
    let mut text = String::new();
    let read = brotli::Decompressor::new(file, 64 << 10).read_to_string(&mut text);
    read.map_err(|error| SeedError::Data(format!("the past: {error}")))?;
    Ok(text)
}
