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
        pub attempt: i64,
    }
}

macro_rules! attempts {
    ($rest:literal) => {
        concat!("select id, order_id, method, amount, currency, state, captured, refunded, gateway_ref, attempt from payments ", $rest)
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
    (amount, currency): (i64, Currency),
    attempt: i64,
    at: Timestamp,
) -> Result<u64, DbError> {
    tx.execute(
        "insert into payments (id, order_id, method, amount, currency, state, attempt, created_at, updated_at)
         values ($1, $2, 'card', $3, $4, 'pending', $5, $6, $6) on conflict (order_id, attempt) do nothing",
        &[&id, &order, &amount, &currency, &attempt, &at],
    )
    .await
}

pub(super) async fn set_reference(tx: &mut Tx, id: PaymentId, reference: &str, at: Timestamp) -> Result<(), DbError> {
    tx.execute("update payments set gateway_ref = $2, updated_at = $3 where id = $1 and gateway_ref is null", &[&id, &reference, &at])
        .await?;
    Ok(())
}

pub(super) async fn set_amount(tx: &mut Tx, id: PaymentId, amount: i64, at: Timestamp) -> Result<(), DbError> {
    tx.execute("update payments set amount = $2, updated_at = $3 where id = $1", &[&id, &amount, &at]).await.map(drop)
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
        pub state: String,
        pub at: Timestamp,
    }
}

pub(super) async fn refund(db: &mut impl Reader, id: RefundId) -> Result<Option<Refund>, DbError> {
    db.fetch_optional("select id, payment_id, order_id, amount, state, at from refunds where id = $1", &[&id]).await
}

pub(super) async fn insert_refund(tx: &mut Tx, refund: &Refund, reason: &str) -> Result<(), DbError> {
    tx.execute(
        "insert into refunds (id, payment_id, order_id, amount, reason, state, at) values ($1, $2, $3, $4, $5, 'pending', $6)",
        &[&refund.id, &refund.payment_id, &refund.order_id, &refund.amount, &reason, &refund.at],
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

/// Ends a refund once; false when it had ended before.
pub(super) async fn end_refund(tx: &mut Tx, id: RefundId, state: &str, reference: Option<&str>) -> Result<bool, DbError> {
    let ended = tx
        .execute("update refunds set state = $2, gateway_ref = $3 where id = $1 and state = 'pending'", &[&id, &state, &reference])
        .await?;
    Ok(ended == 1)
}

pub(super) async fn add_refunded(tx: &mut Tx, payment: PaymentId, amount: i64, at: Timestamp) -> Result<(), DbError> {
    tx.execute("update payments set refunded = refunded + $2, updated_at = $3 where id = $1", &[&payment, &amount, &at]).await?;
    Ok(())
}

/// Card orders without money that were placed before a moment, oldest first.
pub(super) async fn unpaid_before(db: &mut impl Reader, before: Timestamp) -> Result<Vec<(OrderId,)>, DbError> {
    db.fetch_all(
        "select id from orders
         where payment_state in ('pending', 'requires_action', 'failed', 'voided') and placed_at <= $1 and payment_method = 'card'
            and cancelled_at is null and fulfilment_state = 'unfulfilled' and total > 0
         order by placed_at, id limit 100",
        &[&before],
    )
    .await
}
