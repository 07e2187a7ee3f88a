//! The audit: checks the invariants of the shop on a live database.
//!
//! Each check walks its table by key, a page at a time, with one statement a page, which sees one snapshot of the database. Memory
//! is bounded and nothing is locked, so it may run beside a busy shop.

mod checks;
mod integrity;

use domain::view::AuditCheck;
use uuid::Uuid;

use crate::Shop;
use platform::db::DbError;

use checks::{Check, Find, Wrong};
pub use integrity::{NOT_CHECKED, integrity};

/// Rows that are checked with one statement.
const PAGE: usize = 1_000;
/// At most so many failures of a check are named; the rest is counted.
const MAX_NAMED: usize = 200;

/// Runs every check. `progress` gets how many rows were checked, of about how many.
///
/// # Errors
/// The database's. What a check finds is in the answer.
pub async fn run(shop: &Shop, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Vec<AuditCheck>, DbError> {
    let mut all = 0;
    for check in checks::all() {
        all += shop.db().fetch_scalar::<i64>(check.count, &[]).await?.unsigned_abs();
    }
    let mut done = 0;
    let mut answers = Vec::new();
    progress(done, all);
    for check in checks::all() {
        answers.push(
            walk(shop, check, &mut |rows| {
                done += rows;
                progress(done.min(all), all);
            })
            .await?,
        );
    }
    progress(all, all);
    Ok(answers)
}

async fn walk(shop: &Shop, check: &Check, checked: &mut (dyn FnMut(u64) + Send)) -> Result<AuditCheck, DbError> {
    let mut answer = AuditCheck { name: check.name.to_owned(), count: 0, failures: Vec::new() };
    let mut unnamed = 0_usize;
    let mut after = Uuid::nil();
    loop {
        let page: Vec<Uuid> = shop.db().fetch_scalars(check.page, &[&after]).await?;
        let Some(last) = page.last().copied() else { break };
        let found = match check.find {
            Find::Sql(sql) => shop.db().fetch_all::<Wrong>(sql, &[&after, &last]).await?,
            Find::States => checks::wrong_states(shop, after, last).await?,
        };
        for Wrong { id, what } in found {
            if answer.failures.len() < MAX_NAMED {
                answer.failures.push(format!("{}: {what}", (check.name_of)(id)));
            } else {
                unnamed += 1;
            }
        }
        answer.count += i64::try_from(page.len()).unwrap_or(i64::MAX);
        checked(page.len() as u64);
        after = last;
        if page.len() < PAGE {
            break;
        }
    }
    if unnamed > 0 {
        answer.failures.push(format!("and {unnamed} more"));
    }
    Ok(answer)
}
