//! Imports Shopify's product CSV, in both generations of its columns, with the columns that our own export adds.
//!
//! Rows of one handle are one product. Fields that the file has not stay as they are. A row that is rejected is reported with its line,
//! column and reason, and so is one that is accepted with something left out; a new product of which rows are missing begins as a draft.
//! The hash of what a product was read from is stored, so a second run of the same file changes nothing, and an edit in the admin is
//! only overwritten by a file that has changed since. See `docs/products.md`.
//!
//! `csv` and `row` read cells, `parse` makes products of rows, `importer` finds the products that the shop has (by handle) and writes in
//! batches, `merge` puts what was read on top of them, `variants` finds their variants (by SKU, then by option values).

mod batch;
pub(super) mod columns;
mod csv;
mod fetch;
pub(super) mod html;
mod importer;
mod merge;
mod model;
mod parse;
mod pictures;
mod row;
mod variants;

use std::path::Path;

use domain::Locale;
use domain::messages::t;
use domain::number_input::DecimalMark;
use domain::permission::Permission;
use domain::view::{ImportProblem, ImportReport};
use platform::Context;
use platform::db::DbError;

use crate::Shop;
use crate::settings::shop_currency;

use super::CatalogError;
use importer::Importer;
use model::FileProduct;
use parse::ParsedFile;

/// Products that are written in one transaction.
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

const MAX_PROBLEMS: usize = 1_000;

#[derive(Clone, Copy, Debug, Default)]
pub struct ImportOptions<'a> {
    pub pictures: Pictures<'a>,
    /// The sign before the decimals. Needed for a file with numbers that can be read in two ways.
    pub decimals: Option<DecimalMark>,
    /// Report what would be done, and do nothing.
    pub preview: bool,
    /// The language of reasons.
    pub locale: Locale,
}

/// Why a file was not parsed.
#[derive(Debug)]
enum ParseError {
    NotAList(String),
    AmbiguousDecimalMark { line: u64, column: String, text: String },
}

impl ParseError {
    fn no_column(locale: Locale, column: &str) -> Self {
        Self::NotAList(t::IMPORT_NOT_A_LIST.with(locale, &[("column", column)]))
    }
}

impl From<ParseError> for CatalogError {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::NotAList(why) => Self::NotAList(why),
            ParseError::AmbiguousDecimalMark { line, column, text } => Self::AmbiguousDecimalMark { line, column, text },
        }
    }
}

/// Imports a product list, or reports what would be done. `progress` receives how many rows of how many are done. The file's stock is
/// received for new variants alone; that of existing ones has its own history.
///
/// # Errors
/// Not allowed, [`CatalogError::NotAList`], [`CatalogError::AmbiguousDecimalMark`], or the database's; what was written until then stays,
/// and another run continues.
pub async fn import_csv(
    shop: &Shop,
    ctx: &Context,
    bytes: &[u8],
    options: &ImportOptions<'_>,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<ImportReport, CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    let (locale, currency, decimals, file) = (options.locale, shop_currency(shop), options.decimals, bytes.to_vec());
    // A large file takes a second or more.
    let parsed = tokio::task::spawn_blocking(move || parse::parse(locale, currency, decimals, &file)).await;
    let ParsedFile { mut products, mut problems, row_count } = parsed.map_err(DbError::from)??;
    if options.pictures == Pictures::LeaveOut {
        products.iter_mut().for_each(FileProduct::remove_pictures);
    }
    let mut report = ImportReport { rows: row_count, preview: options.preview, ..ImportReport::default() };
    let mut importer = Importer::new(shop, ctx, options).await?;
    importer.create_types(&products).await?;
    let mut done = 0;
    for batch in products.chunks(BATCH) {
        progress(done, row_count);
        importer.import(batch, &mut report, &mut problems).await?;
        done += batch.iter().map(FileProduct::row_count).sum::<u64>();
    }
    progress(row_count, row_count);
    report_problems(&mut report, problems);
    Ok(report)
}

/// Puts the problems into the report in the order of the file. When there are too many, rejected rows go before notices.
fn report_problems(report: &mut ImportReport, mut problems: Vec<ImportProblem>) {
    problems.sort_by(|a, b| (a.line, &a.column).cmp(&(b.line, &b.column)));
    let mut rejected: Vec<u64> = problems.iter().filter(|problem| !problem.taken).map(|problem| problem.line).collect();
    rejected.dedup();
    report.left_out = rejected.len() as u64;
    if problems.len() > MAX_PROBLEMS {
        problems.sort_by_key(|problem| problem.taken);
    }
    report.more_problems = problems.len().saturating_sub(MAX_PROBLEMS) as u64;
    problems.truncate(MAX_PROBLEMS);
    report.problems = problems;
}

/// Why a row is rejected.
fn problem(line: u64, column: impl Into<String>, reason: impl Into<String>) -> ImportProblem {
    ImportProblem { line, column: column.into(), reason: reason.into(), taken: false }
}

/// What is odd about a row that is accepted.
fn notice(line: u64, column: impl Into<String>, reason: impl Into<String>) -> ImportProblem {
    ImportProblem { taken: true, ..problem(line, column, reason) }
}
