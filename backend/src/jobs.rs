//! All timed work of the shop, and what the staff see of it.

use domain::Timestamp;
use domain::id::JobId;
use domain::permission::Permission;
use domain::view::DeadJobView;
use platform::db::DbError;
use platform::events::Event;
use platform::jobs::{Ended, Handlers};
use platform::{Context, Forbidden};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Shop, back_in_stock, catalog, content, identity, mails, notifications, order_management, payments, pricing, refusals};

/// Why jobs were not shown or retried.
#[derive(Clone, Debug, thiserror::Error)]
pub enum JobsError {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    #[error("{0}")]
    Db(#[from] DbError),
}

/// The staff retried a job that was given up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobRetried {
    pub kind: String,
}

impl Event for JobRetried {
    const KIND: &'static str = "job.retried";
    type Subject = JobId;
}

/// The handlers of every job. Dead jobs are shown to staff as refusals.
#[must_use]
pub fn handlers() -> Handlers<Shop> {
    let mut handlers = Handlers::new();
    pricing::register(&mut handlers);
    catalog::register(&mut handlers);
    payments::register(&mut handlers);
    mails::register(&mut handlers);
    back_in_stock::register(&mut handlers);
    identity::register(&mut handlers);
    order_management::register(&mut handlers);
    notifications::register(&mut handlers);
    content::register(&mut handlers);
    observe(&mut handlers);
    handlers
}

/// Records a refusal for each dead job.
pub fn observe(handlers: &mut Handlers<Shop>) {
    handlers.observe(|tx, job, ended| {
        Box::pin(async move {
            match ended {
                Ended::Done => refusals::job_done(tx, job).await,
                Ended::Dead { kind, payload, why } => {
                    let payload: Value = serde_json::from_str(payload).unwrap_or_default();
                    let refusal = match payments::refusal_of(tx, kind, &payload, why).await? {
                        Some(refusal) => Some(refusal),
                        None => order_management::refusal_of(kind, &payload, why),
                    };
                    refusals::job_died(tx, job, (kind, &payload), why, refusal).await
                }
            }
        })
    });
}

/// Runs all jobs that are due, one after the other; returns how many were tried.
///
/// # Errors
/// The database's. A job that fails is no error: it is tried again later.
pub async fn run_due(shop: &Shop, handlers: &Handlers<Shop>) -> Result<u64, DbError> {
    platform::jobs::run_due(shop.db(), shop, handlers).await
}

/// Works for as long as the program runs.
pub fn run(shop: &Shop) -> tokio::task::JoinHandle<()> {
    platform::jobs::run(shop.db(), shop.clone(), handlers())
}

/// How far back [`schedule_dated_rules`] looks, for moments that came while the program did not run.
const LOOK_BACK_MS: i64 = 7 * Timestamp::DAY;

/// Enqueues the job of each moment at which a price list, a tax rate or a section of the home page begins or ends, where it has none: for
/// rows that were written by other means than this program.
///
/// # Errors
/// The database's.
pub async fn schedule_dated_rules(shop: &Shop) -> Result<(), DbError> {
    shop.db()
        .write(async |tx| {
            let since = tx.now().plus_millis(-LOOK_BACK_MS);
            catalog::schedule_price_lists(tx, since).await?;
            pricing::schedule_tax_rates(tx).await?;
            content::schedule_sections(tx, since).await
        })
        .await
}

/// Deletes jobs that were done more than 30 days ago; returns how many. Dead jobs stay until staff retry them.
///
/// # Errors
/// The database's.
pub async fn delete_done(shop: &Shop) -> Result<u64, DbError> {
    platform::jobs::delete_done(shop.db()).await
}

/// The dead jobs, the latest first, at most 100.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn dead(shop: &Shop, ctx: &Context) -> Result<Vec<DeadJobView>, JobsError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        id: JobId,
        kind: String,
        payload: String,
        last_error: Option<String>,
        created_at: Timestamp,
    }
    ctx.require(Permission::ReadSettings)?;
    let sql = "select id, kind, payload, last_error, created_at from jobs where state = 'dead' order by run_at desc, id desc limit 100";
    let rows: Vec<Row> = shop.db().fetch_all(sql, &[]).await?;
    let view = |row: Row| DeadJobView {
        id: row.id,
        kind: row.kind,
        about: row.payload,
        why: row.last_error.unwrap_or_default(),
        since: row.created_at,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Retries a job that was given up, from the beginning; false when there is none.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn retry(shop: &Shop, ctx: &Context, job: JobId) -> Result<bool, JobsError> {
    ctx.require(Permission::WriteSettings)?;
    shop.write(ctx, async move |tx| {
        let Some(kind) = platform::jobs::retry(tx, job).await? else { return Ok(false) };
        tx.record(job, JobRetried { kind });
        Ok(true)
    })
    .await
}
