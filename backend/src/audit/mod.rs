//! The audit: proves on a live database that what must always hold does hold.
//!
//! Each check walks its table by key, a page at a time, and looks at a page with one statement, which sees one moment of the
//! database. So it takes bounded memory, holds nobody up, and may run beside a busy shop.

mod checks;
mod whole;

use domain::view::AuditCheck;
use uuid::Uuid;

use crate::Shop;
use crate::platform::db::DbError;

use checks::{CHECKS, Check, Find};
pub use whole::{NOT_LOOKED_AT, whole};

/// Rows looked at with one statement.
const PAGE: usize = 1_000;
/// Failures that are named, at most, for each check; the rest is counted.
const NAMED: usize = 200;

/// Runs every check. `progress` is told how many rows were looked at, of about how many.
///
/// # Errors
/// The database's. What a check finds is no error; it is in the answer.
pub async fn run(shop: &Shop, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Vec<AuditCheck>, DbError> {
    let mut all = 0;
    for check in CHECKS {
        let row: (i64,) = shop.db().fetch_one(check.count, &[]).await?;
        all += row.0.unsigned_abs();
    }
    let mut done = 0;
    let mut answers = Vec::with_capacity(CHECKS.len());
    progress(done, all);
    for check in CHECKS {
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

async fn walk(shop: &Shop, check: &Check, looked: &mut (dyn FnMut(u64) + Send)) -> Result<AuditCheck, DbError> {
    let mut answer = AuditCheck { name: check.name.to_owned(), count: 0, failures: Vec::new() };
    let mut unnamed = 0_usize;
    let mut after = Uuid::nil();
    loop {
        let page: Vec<(Uuid,)> = shop.db().fetch_all(check.page, &[&after]).await?;
        let Some((last,)) = page.last().copied() else { break };
        let found = match check.find {
            Find::Sql(sql) => shop.db().fetch_all::<(Uuid, String)>(sql, &[&after, &last]).await?,
            Find::States => checks::wrong_states(shop, after, last).await?,
        };
        for (id, what) in found {
            if answer.failures.len() < NAMED {
                answer.failures.push(format!("{}: {what}", (check.name_of)(id)));
            } else {
                unnamed += 1;
            }
        }
        answer.count += i64::try_from(page.len()).unwrap_or(i64::MAX);
        looked(page.len() as u64);
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
