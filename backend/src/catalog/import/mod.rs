//! Real goods in: Shopify's product CSV, in both generations of its columns.
//!
//! Rows of one handle are one product. A bad row is left out and reported with its line, column and reason; the rest of its
//! product is kept. What a product was read from is remembered by its hash, so a second run of the same file changes nothing, and
//! an edit in the admin is only overwritten by a file that says something new.

mod columns;
mod images;
mod known;
mod rows;
mod save;
mod written;

use std::path::Path;

use domain::Locale;
use domain::permission::Permission;
use domain::view::{ImportProblem, ImportReport};

use crate::Shop;
use crate::platform::Context;
use crate::settings::shop_currency;

use super::CatalogError;

/// Products that are read and written together.
const BATCH: usize = 200;

/// Imports a product list; reasons are in English. See [`import_csv_in`].
///
/// # Errors
/// As [`import_csv_in`].
pub async fn import_csv(
    shop: &Shop,
    ctx: &Context,
    bytes: &[u8],
    pictures: Option<&Path>,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<ImportReport, CatalogError> {
    import_csv_in(shop, ctx, Locale::En, bytes, pictures, progress).await
}

/// Imports a product list. Pictures come from their addresses, or by file name from a folder. `progress` is told how many rows of
/// how many are done. Stock of the file is what a new variant begins with; that of one that is known has its own history.
///
/// # Errors
/// Not allowed, [`CatalogError::NotAList`], or the database's; what was written until then stays, and a further run goes on.
pub async fn import_csv_in(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    bytes: &[u8],
    pictures: Option<&Path>,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<ImportReport, CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    let (list, mut problems, rows) = rows::read(locale, shop_currency(shop), bytes).map_err(CatalogError::NotAList)?;
    let mut report = ImportReport { rows, ..ImportReport::default() };
    let mut importing = save::Importing::begin(shop, ctx, locale, pictures).await?;
    let mut done = 0;
    for batch in list.chunks(BATCH) {
        progress(done, rows);
        importing.batch(batch, &mut report, &mut problems).await?;
        done += batch.iter().map(|listing| listing.rows).sum::<u64>();
    }
    progress(rows, rows);
    problems.sort_by(|a, b| (a.line, &a.column).cmp(&(b.line, &b.column)));
    report.problems = problems;
    Ok(report)
}

/// A bad cell.
fn problem(line: u64, column: &str, reason: impl Into<String>) -> ImportProblem {
    ImportProblem { line, column: column.to_owned(), reason: reason.into() }
}
