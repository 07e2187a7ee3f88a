use domain::id::{OrderId, PaymentEventId, PaymentId, RefundId};
use domain::order::{AttemptState, PaymentMethod};
use domain::{Currency, Timestamp};
use serde::Serialize;

use platform::db::{DbError, Read, Tx};

use super::PaymentError;

/// One attempt to be paid.
#[derive(Clone, Debug, platform::db::FromRow)]
pub(super) struct Attempt {
    pub id: PaymentId,
    pub order_id: OrderId,
    pub method: PaymentMethod,
    pub amount: i64,
    pub currency: Currency,
    pub state: AttemptState,
    pub captured: i64,
    pub refunded: i64,
    pub gateway_ref: Option<String>,
    pub gateway_account: Option<String>,
    /// Minor units of a capture that is requested and not answered, and who requested it.
    pub capturing: Option<i64>,
    pub capturing_by: Option<String>,
    /// Which attempt of its order it is, from 1.
    pub attempt: i64,
}

macro_rules! columns {
    () => {
        "id, order_id, method, amount, currency, state, captured, refunded, gateway_ref, gateway_account, capturing, capturing_by, attempt"
    };
}

macro_rules! attempts {
    ($rest:literal) => {
        concat!("select ", columns!(), " from payments ", $rest)
    };
}

pub(super) async fn find_attempt(db: &mut impl Read, id: PaymentId) -> Result<Option<Attempt>, DbError> {
    db.fetch_optional(attempts!("where id = $1"), &[&id]).await
}

/// [`find_attempt`], or [`PaymentError::Unknown`].
pub(super) async fn attempt(db: &mut impl Read, id: PaymentId) -> Result<Attempt, PaymentError> {
    find_attempt(db, id).await?.ok_or(PaymentError::Unknown)
}

pub(super) async fn by_reference(db: &mut impl Read, reference: &str) -> Result<Option<Attempt>, DbError> {
    db.fetch_optional(attempts!("where gateway_ref = $1"), &[&reference]).await
}

pub(super) async fn of_order(db: &mut impl Read, order: OrderId) -> Result<Vec<Attempt>, DbError> {
    db.fetch_all(attempts!("where order_id = $1 order by attempt"), &[&order]).await
}

/// Inserts the next attempt of an order whose lock the transaction has.
pub(super) async fn insert_next(
    tx: &mut Tx,
    order: OrderId,
    method: PaymentMethod,
    (amount, currency): (i64, Currency),
) -> Result<Attempt, DbError> {
    let (id, at) = (PaymentId(tx.id()), tx.now());
    tx.fetch_one(
        concat!(
            "insert into payments (id, order_id, method, amount, currency, state, attempt, created_at, updated_at)
             values ($1, $2, $3, $4, $5, 'pending', (select coalesce(max(attempt), 0) + 1 from payments where order_id = $2), $6, $6)
             returning ",
            columns!()
        ),
        &[&id, &order, &method, &amount, &currency, &at],
    )
    .await
}

/// `account` is where at the gateway the intent is.
pub(super) async fn set_reference(tx: &mut Tx, id: PaymentId, reference: &str, account: Option<&str>) -> Result<(), DbError> {
    tx.execute(
        "update payments set gateway_ref = $2, gateway_account = $3, updated_at = $4 where id = $1 and gateway_ref is null",
        &[&id, &reference, &account, &tx.now()],
    )
    .await
    .map(drop)
}

pub(super) async fn set_amount(tx: &mut Tx, id: PaymentId, amount: i64) -> Result<(), DbError> {
    tx.execute("update payments set amount = $2, updated_at = $3 where id = $1", &[&id, &amount, &tx.now()]).await.map(drop)
}

/// A capture is requested, or no longer.
pub(super) async fn set_capturing(tx: &mut Tx, id: PaymentId, requested: Option<(i64, &str)>) -> Result<(), DbError> {
    let (minor, by) = requested.unzip();
    tx.execute("update payments set capturing = $2, capturing_by = $3 where id = $1", &[&id, &minor, &by]).await.map(drop)
}

/// How often the gateway refused to capture a payment.
pub(super) async fn refused_captures(db: &mut impl Read, id: PaymentId) -> Result<i64, DbError> {
    db.fetch_scalar("select count(*) from payment_events where payment_id = $1 and kind = 'capture_refused'", &[&id]).await
}

pub(super) async fn set_state(
    tx: &mut Tx,
    id: PaymentId,
    state: AttemptState,
    captured: i64,
    failure: Option<&str>,
) -> Result<(), DbError> {
    tx.execute(
        "update payments set state = $2, captured = $3, failure = $4, updated_at = $5 where id = $1",
        &[&id, &state, &captured, &failure, &tx.now()],
    )
    .await
    .map(drop)
}

/// An entry in a payment's history, which is never edited.
pub(super) async fn insert_event<T: Serialize>(tx: &mut Tx, payment: PaymentId, kind: &str, amount: i64, data: &T) -> Result<(), DbError> {
    let data = serde_json::to_string(data)?;
    tx.execute(
        "insert into payment_events (id, payment_id, kind, amount, data, at) values ($1, $2, $3, $4, $5, $6)",
        &[&PaymentEventId(tx.id()), &payment, &kind, &amount, &data, &tx.now()],
    )
    .await
    .map(drop)
}

/// Stores a webhook once; false when it was stored before.
pub(super) async fn insert_webhook(tx: &mut Tx, payment: PaymentId, event: &str, kind: &str) -> Result<bool, DbError> {
    let data = serde_json::json!({ "type": kind }).to_string();
    let new = tx
        .execute(
            "insert into payment_events (id, payment_id, kind, amount, gateway_event, data, at)
             values ($1, $2, 'notice', 0, $3, $4, $5) on conflict (gateway_event) do nothing",
            &[&PaymentEventId(tx.id()), &payment, &event, &data, &tx.now()],
        )
        .await?;
    Ok(new == 1)
}

/// A refund of an order's payment.
#[derive(Clone, Debug, platform::db::FromRow)]
pub(crate) struct Refund {
    pub id: RefundId,
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    /// Minor units.
    pub amount: i64,
    pub reason: String,
    /// `pending`, `done` or `failed`.
    pub state: String,
    pub failure: Option<String>,
    /// Who requested it.
    pub actor: String,
    pub at: Timestamp,
}

macro_rules! refunds {
    ($rest:literal) => {
        concat!("select id, payment_id, order_id, amount, reason, state, failure, actor, at from refunds ", $rest)
    };
}

pub(super) async fn find_refund(db: &mut impl Read, id: RefundId) -> Result<Option<Refund>, DbError> {
    db.fetch_optional(refunds!("where id = $1"), &[&id]).await
}

/// [`find_refund`], or [`PaymentError::Unknown`].
pub(super) async fn refund(db: &mut impl Read, id: RefundId) -> Result<Refund, PaymentError> {
    find_refund(db, id).await?.ok_or(PaymentError::Unknown)
}

/// The refunds of an order, oldest first.
pub(crate) async fn refunds_of(db: &mut impl Read, order: OrderId) -> Result<Vec<Refund>, DbError> {
    db.fetch_all(refunds!("where order_id = $1 order by at, id"), &[&order]).await
}

/// The refunds of a payment that the gateway is making or has made.
pub(super) async fn refunds_at_gateway(db: &mut impl Read, payment: PaymentId) -> Result<Vec<Refund>, DbError> {
    db.fetch_all(
        refunds!("where payment_id = $1 and (state = 'pending' or (state = 'done' and gateway_ref is not null)) order by at, id"),
        &[&payment],
    )
    .await
}

pub(super) async fn insert_refund(tx: &mut Tx, refund: &Refund) -> Result<(), DbError> {
    tx.execute(
        "insert into refunds (id, payment_id, order_id, amount, reason, state, actor, at) values ($1, $2, $3, $4, $5, 'pending', $6, $7)",
        &[&refund.id, &refund.payment_id, &refund.order_id, &refund.amount, &refund.reason, &refund.actor, &refund.at],
    )
    .await?;
    Ok(())
}

/// Minor units of a payment that can still be refunded: neither refunded nor on their way back.
pub(super) async fn refundable(db: &mut impl Read, attempt: &Attempt) -> Result<i64, DbError> {
    let pending: i64 = db
        .fetch_scalar(
            "select coalesce(cast(sum(amount) as bigint), cast(0 as bigint)) from refunds where payment_id = $1 and state = 'pending'",
            &[&attempt.id],
        )
        .await?;
    Ok(attempt.captured - attempt.refunded - pending)
}

/// It arrived, once; false when it had ended before.
pub(super) async fn refund_done(tx: &mut Tx, id: RefundId, reference: Option<&str>) -> Result<bool, DbError> {
    let sql = "update refunds set state = 'done', gateway_ref = $2 where id = $1 and state = 'pending'";
    Ok(tx.execute(sql, &[&id, &reference]).await? == 1)
}

/// The gateway's name of a refund that it made.
pub(super) async fn refund_reference(db: &mut impl Read, id: RefundId) -> Result<Option<String>, DbError> {
    let reference: Option<Option<String>> = db.fetch_optional_scalar("select gateway_ref from refunds where id = $1", &[&id]).await?;
    Ok(reference.flatten())
}

/// It was refused, from the state it is in; false when it was in another one.
pub(super) async fn refund_failed(tx: &mut Tx, id: RefundId, from: &str, failure: &str) -> Result<bool, DbError> {
    let sql = "update refunds set state = 'failed', failure = $3 where id = $1 and state = $2";
    Ok(tx.execute(sql, &[&id, &from, &failure]).await? == 1)
}

pub(super) async fn add_refunded(tx: &mut Tx, payment: PaymentId, amount: i64) -> Result<(), DbError> {
    tx.execute("update payments set refunded = refunded + $2, updated_at = $3 where id = $1", &[&payment, &amount, &tx.now()])
        .await
        .map(drop)
}
