//! The SQL of refusals.

use domain::id::{JobId, OrderId, PaymentId, RefundId, RefusalId};
use domain::{Currency, Timestamp};

use platform::db::{DbError, Read, Tx};

use super::Refusal;

/// A refusal that has not ended.
#[derive(platform::db::FromRow)]
pub(crate) struct OpenRefusal {
    pub id: RefusalId,
    pub kind: String,
    pub order_id: Option<OrderId>,
    pub number: Option<String>,
    pub payment_id: Option<PaymentId>,
    pub refund_id: Option<RefundId>,
    pub job_id: Option<JobId>,
    pub job_kind: Option<String>,
    pub job_payload: Option<String>,
    pub amount: Option<i64>,
    pub currency: Option<Currency>,
    pub reason: String,
    pub times: i64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

macro_rules! open {
    ($rest:literal) => {
        concat!(
            "select r.id, r.kind, r.order_id, o.number, r.payment_id, r.refund_id, r.job_id, j.kind as job_kind, j.payload as job_payload,
                r.amount, r.currency, r.reason, r.times, r.first_at, r.last_at
             from refusals r left join orders o on o.id = r.order_id left join jobs j on j.id = r.job_id where r.ended_at is null ",
            $rest
        )
    };
}

pub(super) async fn open(db: &mut impl Read) -> Result<Vec<OpenRefusal>, DbError> {
    db.fetch_all(open!("order by r.last_at desc, r.id desc limit 50"), &[]).await
}

pub(crate) async fn one(db: &mut impl Read, id: RefusalId) -> Result<Option<OpenRefusal>, DbError> {
    db.fetch_optional(open!("and r.id = $1"), &[&id]).await
}

/// When something that is still open was refused last.
pub(super) async fn last_seen(db: &mut impl Read, key: &str) -> Result<Option<Timestamp>, DbError> {
    db.fetch_optional_scalar("select last_at from refusals where key = $1 and ended_at is null", &[&key]).await
}

#[derive(platform::db::FromRow)]
pub(super) struct Recorded {
    pub id: RefusalId,
    /// How often it was refused by now.
    pub times: i64,
}

/// Opens a row, or counts the open one up. Only the success of the latest dead job ends the row.
pub(super) async fn record(tx: &mut Tx, new: &Refusal) -> Result<Recorded, DbError> {
    let (id, at) = (RefusalId(tx.id()), tx.now());
    let (amount, currency) = (new.amount.map(|money| money.minor), new.amount.map(|money| money.currency));
    tx.fetch_one(
        "insert into refusals (id, key, kind, order_id, payment_id, refund_id, job_id, amount, currency, reason, first_at, last_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
         on conflict (key) where ended_at is null do update set times = refusals.times + 1, last_at = excluded.last_at,
            reason = excluded.reason, amount = excluded.amount, currency = excluded.currency, job_id = excluded.job_id
         returning id, times",
        &[&id, &new.key, &new.kind.as_str(), &new.order, &new.payment, &new.refund, &new.job, &amount, &currency, &new.reason, &at],
    )
    .await
}

/// A row that was ended.
#[derive(platform::db::FromRow)]
pub(super) struct Ended {
    pub id: RefusalId,
    pub kind: String,
    pub order_id: Option<OrderId>,
}

pub(super) async fn end(tx: &mut Tx, id: RefusalId, outcome: &str, note: &str, by: &str) -> Result<Option<Ended>, DbError> {
    let at = tx.now();
    tx.fetch_optional(
        "update refusals set ended_at = $2, ended_by = $3, outcome = $4, note = $5 where id = $1 and ended_at is null
         returning id, kind, order_id",
        &[&id, &at, &by, &outcome, &note],
    )
    .await
}

pub(super) async fn end_by_key(tx: &mut Tx, key: &str, outcome: &str, by: &str) -> Result<Vec<Ended>, DbError> {
    let at = tx.now();
    tx.fetch_all(
        "update refusals set ended_at = $2, ended_by = $3, outcome = $4 where key = $1 and ended_at is null
         returning id, kind, order_id",
        &[&key, &at, &by, &outcome],
    )
    .await
}

pub(super) async fn end_by_job(tx: &mut Tx, job: JobId) -> Result<Vec<Ended>, DbError> {
    let at = tx.now();
    tx.fetch_all(
        "update refusals set ended_at = $2, ended_by = 'system', outcome = 'done' where job_id = $1 and ended_at is null
         returning id, kind, order_id",
        &[&job, &at],
    )
    .await
}
