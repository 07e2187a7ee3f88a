//! The payments' SQL.

use domain::id::{OrderId, PaymentEventId, PaymentId, RefundId};
use domain::order::{AttemptState, PaymentMethod};
use domain::{Currency, Timestamp};

use crate::platform::db::{DbError, Reader, Tx};

crate::rows! {
    /// One attempt to be paid.
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
        /// Minor units of a capture that is asked for and not answered, and who asked.
        pub capturing: Option<i64>,
        pub capturing_by: Option<String>,
        pub attempt: i64,
    }
}

macro_rules! attempts {
    ($rest:literal) => {
        concat!(
            "select id, order_id, method, amount, currency, state, captured, refunded, gateway_ref, gateway_account, capturing,
                capturing_by, attempt from payments ",
            $rest
        )
    };
}

pub(super) async fn by_id(db: &mut impl Reader, id: PaymentId) -> Result<Option<Attempt>, DbError> {
    db.fetch_optional(attempts!("where id = $1"), &[&id]).await
}

pub(super) async fn by_reference(db: &mut impl Reader, reference: &str) -> Result<Option<Attempt>, DbError> {
    db.fetch_optional(attempts!("where gateway_ref = $1"), &[&reference]).await
}

pub(super) async fn of_order(db: &mut impl Reader, order: OrderId) -> Result<Vec<Attempt>, DbError> {
    db.fetch_all(attempts!("where order_id = $1 order by attempt"), &[&order]).await
}

pub(super) async fn insert(
    tx: &mut Tx,
    id: PaymentId,
    order: OrderId,
    method: PaymentMethod,
    (amount, currency): (i64, Currency),
    attempt: i64,
    at: Timestamp,
) -> Result<u64, DbError> {
    tx.execute(
        "insert into payments (id, order_id, method, amount, currency, state, attempt, created_at, updated_at)
         values ($1, $2, $3, $4, $5, 'pending', $6, $7, $7) on conflict (order_id, attempt) do nothing",
        &[&id, &order, &method, &amount, &currency, &attempt, &at],
    )
    .await
}

/// `account` is where at the gateway the intent is.
pub(super) async fn set_reference(
    tx: &mut Tx,
    id: PaymentId,
    reference: &str,
    account: Option<String>,
    at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "update payments set gateway_ref = $2, gateway_account = $3, updated_at = $4 where id = $1 and gateway_ref is null",
        &[&id, &reference, &account, &at],
    )
    .await?;
    Ok(())
}

pub(super) async fn set_amount(tx: &mut Tx, id: PaymentId, amount: i64, at: Timestamp) -> Result<(), DbError> {
    tx.execute("update payments set amount = $2, updated_at = $3 where id = $1", &[&id, &amount, &at]).await.map(drop)
}

/// A capture is asked for, or not any more.
pub(super) async fn set_capturing(tx: &mut Tx, id: PaymentId, minor: Option<i64>, by: Option<String>) -> Result<(), DbError> {
    tx.execute("update payments set capturing = $2, capturing_by = $3 where id = $1", &[&id, &minor, &by]).await?;
    Ok(())
}

/// How often the gateway refused to capture a payment.
pub(super) async fn refused_captures(db: &mut impl Reader, id: PaymentId) -> Result<i64, DbError> {
    let row: Option<(i64,)> =
        db.fetch_optional("select count(*) from payment_events where payment_id = $1 and kind = 'capture_refused'", &[&id]).await?;
    Ok(row.map_or(0, |row| row.0))
}

pub(super) async fn set_state(
    tx: &mut Tx,
    id: PaymentId,
    state: AttemptState,
    captured: i64,
    failure: Option<&str>,
    at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "update payments set state = $2, captured = $3, failure = $4, updated_at = $5 where id = $1",
        &[&id, &state, &captured, &failure, &at],
    )
    .await?;
    Ok(())
}

/// What happened to a payment, for good.
pub(super) async fn note(
    tx: &mut Tx,
    id: PaymentEventId,
    payment: PaymentId,
    kind: &str,
    amount: i64,
    data: &serde_json::Value,
    at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "insert into payment_events (id, payment_id, kind, amount, data, at) values ($1, $2, $3, $4, $5, $6)",
        &[&id, &payment, &kind, &amount, &data.to_string(), &at],
    )
    .await?;
    Ok(())
}

/// Keeps a webhook once; false when it was here before.
pub(super) async fn note_notice(
    tx: &mut Tx,
    id: PaymentEventId,
    payment: PaymentId,
    event: &str,
    kind: &str,
    at: Timestamp,
) -> Result<bool, DbError> {
    let data = serde_json::json!({ "type": kind }).to_string();
    let new = tx
        .execute(
            "insert into payment_events (id, payment_id, kind, amount, gateway_event, data, at)
             values ($1, $2, 'notice', 0, $3, $4, $5) on conflict (gateway_event) do nothing",
            &[&id, &payment, &event, &data, &at],
        )
        .await?;
    Ok(new == 1)
}

crate::rows! {
    /// Money on its way back.
    pub(super) struct Refund {
        pub id: RefundId,
        pub payment_id: PaymentId,
        pub order_id: OrderId,
        pub amount: i64,
        pub reason: String,
        pub state: String,
        pub failure: Option<String>,
        /// Who asked for it.
        pub actor: String,
        pub at: Timestamp,
    }
}

macro_rules! refunds {
    ($rest:literal) => {
        concat!("select id, payment_id, order_id, amount, reason, state, failure, actor, at from refunds ", $rest)
    };
}

pub(super) async fn refund(db: &mut impl Reader, id: RefundId) -> Result<Option<Refund>, DbError> {
    db.fetch_optional(refunds!("where id = $1"), &[&id]).await
}

/// The refunds of an order, oldest first.
pub(super) async fn refunds_of(db: &mut impl Reader, order: OrderId) -> Result<Vec<Refund>, DbError> {
    db.fetch_all(refunds!("where order_id = $1 order by at, id"), &[&order]).await
}

/// The refunds of a payment that the gateway makes or has made.
pub(super) async fn refunds_at_gateway(db: &mut impl Reader, payment: PaymentId) -> Result<Vec<Refund>, DbError> {
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

/// Minor units of a payment that are on their way back and did not arrive yet.
pub(super) async fn returning(db: &mut impl Reader, payment: PaymentId) -> Result<i64, DbError> {
    let row: Option<(i64,)> = db
        .fetch_optional(
            "select coalesce(cast(sum(amount) as bigint), 0) from refunds where payment_id = $1 and state = 'pending'",
            &[&payment],
        )
        .await?;
    Ok(row.map_or(0, |r| r.0))
}

/// It arrived, once; false when it had ended before.
pub(super) async fn refund_done(tx: &mut Tx, id: RefundId, reference: Option<&str>) -> Result<bool, DbError> {
    let sql = "update refunds set state = 'done', gateway_ref = $2 where id = $1 and state = 'pending'";
    Ok(tx.execute(sql, &[&id, &reference]).await? == 1)
}

/// The gateway's name of a refund that it made.
pub(super) async fn refund_reference(db: &mut impl Reader, id: RefundId) -> Result<Option<String>, DbError> {
    let row: Option<(Option<String>,)> = db.fetch_optional("select gateway_ref from refunds where id = $1", &[&id]).await?;
    Ok(row.and_then(|row| row.0))
}

/// It was refused, from the state it is in; false when it was in another one.
pub(super) async fn refund_failed(tx: &mut Tx, id: RefundId, from: &str, failure: &str) -> Result<bool, DbError> {
    let sql = "update refunds set state = 'failed', failure = $3 where id = $1 and state = $2";
    Ok(tx.execute(sql, &[&id, &from, &failure]).await? == 1)
}

pub(super) async fn add_refunded(tx: &mut Tx, payment: PaymentId, amount: i64, at: Timestamp) -> Result<(), DbError> {
    tx.execute("update payments set refunded = refunded + $2, updated_at = $3 where id = $1", &[&payment, &amount, &at]).await?;
    Ok(())
}

/// Card orders without money that were placed before a moment, oldest first, those after one of them; at most 100.
pub(super) async fn unpaid_before(
    db: &mut impl Reader,
    before: Timestamp,
    (at, id): (Timestamp, OrderId),
) -> Result<Vec<(OrderId, Timestamp)>, DbError> {
    db.fetch_all(
        "select id, placed_at from orders
         where (placed_at, id) > ($2, $3) and payment_state in ('pending', 'requires_action', 'failed', 'voided') and placed_at <= $1 and payment_method = 'card'
            and cancelled_at is null and fulfilment_state = 'unfulfilled' and total > 0
         order by placed_at, id limit 100",
        &[&before, &at, &id],
    )
    .await
}
