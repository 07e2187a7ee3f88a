//! Real goods in: Shopify's product CSV, in both generations of its columns, and what our own export adds to them.
//!
//! Rows of one handle are one product. What the file does not say stays as it is. A row that cannot be taken is named with its line,
//! column and reason, and so is one that is taken with something left out; a new product of which rows are missing begins as a draft.
//! What a product was read from is remembered by its hash, so a second run of the same file changes nothing, and an edit in the
//! admin is only overwritten by a file that says something new. See `docs/products.md`.

mod cells;
pub(super) mod columns;
mod images;
mod listing;
pub(super) mod markup;
mod merge;
mod pictures;
mod rows;
mod save;
mod text;
mod variants;
mod written;

use std::path::Path;

use domain::Locale;
use domain::messages::t;
use domain::number::DecimalMark;
use domain::permission::Permission;
use domain::view::{ImportProblem, ImportReport};

use crate::Shop;
use crate::platform::Context;
use crate::platform::db::DbError;
use crate::settings::shop_currency;

use super::CatalogError;

/// Products that are read and written together.
const BATCH: usize = 200;

/// What to do with the pictures that a file names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pictures<'a> {
    /// Fetch them from their addresses.
    #[default]
    Fetch,
    /// The same, and take those that are named without an address from a folder.
    Folder(&'a Path),
    /// Leave all pictures as they are.
    LeaveOut,
}

/// Problems that are named of a file, at most.
const MAX_PROBLEMS: usize = 1_000;

/// How a file is to be read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImportOptions<'a> {
    /// What to do with pictures.
    pub pictures: Pictures<'a>,
    /// The sign before the decimals. Needed for a file with numbers that can be read in two ways.
    pub decimals: Option<DecimalMark>,
    /// Say what would be done, and do nothing.
    pub preview: bool,
    /// The language of reasons.
    pub locale: Locale,
}

/// Why a file was not read.
#[derive(Debug)]
enum NotRead {
    NotAList(String),
    WhichDecimalMark { line: u64, column: String, text: String },
}

impl NotRead {
    fn no_column(locale: Locale, column: &str) -> Self {
        Self::NotAList(t::IMPORT_NOT_A_LIST.with(locale, &[("column", column)]))
    }
}

impl From<NotRead> for CatalogError {
    fn from(why: NotRead) -> Self {
        match why {
            NotRead::NotAList(why) => Self::NotAList(why),
            NotRead::WhichDecimalMark { line, column, text } => Self::WhichDecimalMark { line, column, text },
        }
    }
}

/// Imports a product list, or says what would come of it. `progress` is told how many rows of how many are done. Stock of the file
/// is what a new variant begins with; that of one that is known has its own history.
///
/// # Errors
/// Not allowed, [`CatalogError::NotAList`], [`CatalogError::WhichDecimalMark`], or the database's; what was written until then stays,
/// and a further run goes on.
pub async fn import_csv(
    shop: &Shop,
    ctx: &Context,
    bytes: &[u8],
    options: &ImportOptions<'_>,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<ImportReport, CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    let (locale, currency, decimals, file) = (options.locale, shop_currency(shop), options.decimals, bytes.to_vec());
    // A large file is work for a second or more, in which this thread would serve nobody else.
    let read = tokio::task::spawn_blocking(move || rows::read(locale, currency, decimals, &file)).await;
    let rows::Read { mut listings, mut problems, rows } = read.map_err(|error| DbError::Lost(error.to_string()))??;
    if options.pictures == Pictures::LeaveOut {
        listings.iter_mut().for_each(listing::Listing::without_pictures);
    }
    let mut report = ImportReport { rows, preview: options.preview, ..ImportReport::default() };
    let mut importing = save::Importing::begin(shop, ctx, options).await?;
    let mut done = 0;
    for batch in listings.chunks(BATCH) {
        progress(done, rows);
        importing.batch(batch, &mut report, &mut problems).await?;
        done += batch.iter().map(listing::Listing::rows).sum::<u64>();
    }
    progress(rows, rows);
    problems.sort_by(|a, b| (a.line, &a.column).cmp(&(b.line, &b.column)));
    let mut refused: Vec<u64> = problems.iter().filter(|problem| !problem.taken).map(|problem| problem.line).collect();
    refused.dedup();
    report.left_out = refused.len() as u64;
    if problems.len() > MAX_PROBLEMS {
        // What is refused is named before what is only odd.
        problems.sort_by_key(|problem| problem.taken);
    }
    report.more_problems = problems.len().saturating_sub(MAX_PROBLEMS) as u64;
    problems.truncate(MAX_PROBLEMS);
    report.problems = problems;
    Ok(report)
}

/// Why a row is refused.
fn problem(line: u64, column: impl Into<String>, reason: impl Into<String>) -> ImportProblem {
    ImportProblem { line, column: column.into(), reason: reason.into(), taken: false }
}

/// What is odd about a row that is taken.
fn notice(line: u64, column: impl Into<String>, reason: impl Into<String>) -> ImportProblem {
    ImportProblem { taken: true, ..problem(line, column, reason) }
}
