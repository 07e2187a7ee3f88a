//! The SQL of payments, their captures, refunds and payment allocations.

use domain::id::{CaptureId, OrderId, PaymentAllocationId, PaymentEventId, PaymentId, RefundId};
use domain::order::{AttemptState, CaptureState, Tender};
use domain::{Currency, Timestamp};
use serde::Serialize;

use platform::db::{DbError, Read, Tx};
use platform::events::Event;

use crate::orders::OrderHeader;

use super::PaymentError;
use super::events::{CashMissing, RefundHandedOver};
use super::gateway::GatewayAccount;

/// One attempt to be paid.
#[derive(Clone, Debug, platform::db::FromRow)]
pub(super) struct Attempt {
    pub id: PaymentId,
    pub order_id: OrderId,
    pub tender: Tender,
    /// What was asked for, minor units, as are the other amounts.
    pub amount: i64,
    pub currency: Currency,
    pub state: AttemptState,
    /// What the bank holds or held.
    pub authorised: i64,
    pub authorised_until: Option<Timestamp>,
    pub captured: i64,
    pub refunded: i64,
    pub gateway_ref: Option<String>,
    pub gateway_account: Option<String>,
    /// The capture that is requested and not answered: its minor units, and who requested it.
    pub capture_id: Option<CaptureId>,
    pub capturing: Option<i64>,
    pub capturing_by: Option<String>,
    /// Which attempt of its order it is, from 1.
    pub attempt: i64,
}

impl Attempt {
    /// Does the bank hold its money, or did it arrive?
    pub(super) const fn brought_money(&self) -> bool {
        matches!(self.state, AttemptState::Authorised | AttemptState::Captured)
    }
}

/// Selects [`Attempt`]s: payments `p`.
macro_rules! attempts {
    ($rest:literal) => {
        concat!(
            "select p.id, p.order_id, p.tender, p.amount, p.currency, p.state, p.authorised, p.authorised_until, p.captured, p.refunded,
                p.gateway_ref, p.gateway_account, p.attempt, c.id as capture_id, c.amount as capturing, c.requested_by as capturing_by
             from payments p left join captures c on c.payment_id = p.id and c.state = 'requested' ",
            $rest
        )
    };
}

pub(super) async fn find_attempt(db: &mut impl Read, id: PaymentId) -> Result<Option<Attempt>, DbError> {
    db.fetch_optional(attempts!("where p.id = $1"), &[&id]).await
}

/// [`find_attempt`], or [`PaymentError::Unknown`].
pub(super) async fn attempt(db: &mut impl Read, id: PaymentId) -> Result<Attempt, PaymentError> {
    find_attempt(db, id).await?.ok_or(PaymentError::Unknown)
}

/// The attempt of an intent at this gateway: with this account, otherwise with another, as before its key was changed.
pub(super) async fn by_reference(db: &mut impl Read, account: &GatewayAccount, reference: &str) -> Result<Option<Attempt>, DbError> {
    db.fetch_optional(
        attempts!(
            "join gateway_accounts g on g.key = p.gateway_account where p.gateway_ref = $1 and g.gateway = $2
             order by case when g.key = $3 then 0 else 1 end limit 1"
        ),
        &[&reference, &account.gateway, &account.key],
    )
    .await
}

pub(super) async fn of_order(db: &mut impl Read, order: OrderId) -> Result<Vec<Attempt>, DbError> {
    db.fetch_all(attempts!("where p.order_id = $1 order by p.attempt"), &[&order]).await
}

/// Inserts the next attempt of an order whose lock the transaction has.
pub(super) async fn insert_next(
    tx: &mut Tx,
    order: OrderId,
    tender: Tender,
    (amount, currency): (i64, Currency),
) -> Result<Attempt, DbError> {
    let (id, at) = (PaymentId(tx.id()), tx.now());
    tx.execute(
        "insert into payments (id, order_id, tender, amount, currency, state, attempt, created_at, updated_at)
         values ($1, $2, $3, $4, $5, 'pending', (select coalesce(max(attempt), 0) + 1 from payments where order_id = $2), $6, $6)",
        &[&id, &order, &tender, &amount, &currency, &at],
    )
    .await?;
    tx.fetch_one(attempts!("where p.id = $1"), &[&id]).await
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

/// What the bank holds, and until when it does.
pub(super) async fn set_authorised(tx: &mut Tx, id: PaymentId, authorised: i64, until: Option<Timestamp>) -> Result<(), DbError> {
    tx.execute("update payments set authorised = $2, authorised_until = $3 where id = $1", &[&id, &authorised, &until]).await.map(drop)
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

/// Did staff record for an order that less cash came than was due?
pub(super) async fn is_cash_missing(db: &mut impl Read, order: OrderId) -> Result<bool, DbError> {
    let times: i64 = db.fetch_scalar("select count(*) from events where subject = $1 and kind = $2", &[&order, &CashMissing::KIND]).await?;
    Ok(times > 0)
}

/// Was the cash of an order's refund handed over?
pub(super) async fn is_handed_over(db: &mut impl Read, order: OrderId, refund: RefundId) -> Result<bool, DbError> {
    let events: Vec<String> =
        db.fetch_scalars("select data from events where subject = $1 and kind = $2", &[&order, &RefundHandedOver::KIND]).await?;
    Ok(events.iter().filter_map(|data| serde_json::from_str::<RefundHandedOver>(data).ok()).any(|event| event.refund == refund))
}

/// Was this webhook of an account followed before?
pub(super) async fn is_known_webhook(db: &mut impl Read, account: &str, event: &str) -> Result<bool, DbError> {
    let times: i64 = db
        .fetch_scalar("select count(*) from payment_events where gateway_event = $1 and gateway_account = $2", &[&event, &account])
        .await?;
    Ok(times > 0)
}

/// Stores a webhook of an account, once.
pub(super) async fn insert_webhook(tx: &mut Tx, payment: PaymentId, account: &str, event: &str, kind: &str) -> Result<(), DbError> {
    let data = serde_json::json!({ "type": kind }).to_string();
    tx.execute(
        "insert into payment_events (id, payment_id, kind, amount, gateway_account, gateway_event, data, at)
         values ($1, $2, 'notice', 0, $3, $4, $5, $6) on conflict (gateway_event, gateway_account) do nothing",
        &[&PaymentEventId(tx.id()), &payment, &account, &event, &data, &tx.now()],
    )
    .await
    .map(drop)
}

/// What was asked to be taken of a payment.
#[derive(Clone, Debug, platform::db::FromRow)]
pub(super) struct Capture {
    pub id: CaptureId,
    pub payment_id: PaymentId,
    pub amount: i64,
    pub state: CaptureState,
    pub failure: Option<String>,
    pub at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// The captures of an order's payments, oldest first.
pub(super) async fn captures_of(db: &mut impl Read, order: OrderId) -> Result<Vec<Capture>, DbError> {
    db.fetch_all(
        "select c.id, c.payment_id, c.amount, c.state, c.failure, c.at, c.ended_at
         from captures c join payments p on p.id = c.payment_id where p.order_id = $1 order by c.at, c.id",
        &[&order],
    )
    .await
}

/// A capture is requested of the gateway by this actor.
pub(super) async fn insert_capture(tx: &mut Tx, attempt: &Attempt, minor: i64, by: &str) -> Result<(), DbError> {
    tx.execute(
        "insert into captures (id, payment_id, amount, currency, state, requested_by, at) values ($1, $2, $3, $4, 'requested', $5, $6)",
        &[&CaptureId(tx.id()), &attempt.id, &minor, &attempt.currency, &by, &tx.now()],
    )
    .await
    .map(drop)
}

/// The capture that is requested of a payment, if one is, is refused or withdrawn.
pub(super) async fn end_capture(tx: &mut Tx, payment: PaymentId, state: CaptureState, failure: Option<&str>) -> Result<(), DbError> {
    tx.execute(
        "update captures set state = $2, failure = $3, ended_at = $4 where payment_id = $1 and state = 'requested'",
        &[&payment, &state, &failure, &tx.now()],
    )
    .await
    .map(drop)
}

/// So much was captured: as it was requested, or otherwise by this actor, and then what was requested is withdrawn. `reference` is the
/// gateway's name for it.
pub(super) async fn capture_done(
    tx: &mut Tx,
    attempt: &Attempt,
    minor: i64,
    (by, reference): (&str, Option<&str>),
) -> Result<CaptureId, DbError> {
    let now = tx.now();
    if let Some(id) = attempt.capture_id.filter(|_| attempt.capturing == Some(minor)) {
        tx.execute("update captures set state = 'done', gateway_ref = $2, ended_at = $3 where id = $1", &[&id, &reference, &now]).await?;
        return Ok(id);
    }
    end_capture(tx, attempt.id, CaptureState::Withdrawn, None).await?;
    let id = CaptureId(tx.id());
    tx.execute(
        "insert into captures (id, payment_id, amount, currency, state, gateway_ref, requested_by, at, ended_at)
         values ($1, $2, $3, $4, 'done', $5, $6, $7, $7)",
        &[&id, &attempt.id, &minor, &attempt.currency, &reference, &by, &now],
    )
    .await?;
    Ok(id)
}

/// How many captures of a payment the gateway has made or refused.
pub(super) async fn answered_captures(db: &mut impl Read, id: PaymentId) -> Result<i64, DbError> {
    db.fetch_scalar("select count(*) from captures where payment_id = $1 and state in ('done', 'refused')", &[&id]).await
}

/// What a payment allocation comes of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cause {
    Capture(CaptureId),
    Refund(RefundId),
}

/// Captured money pays its order, or goes back when the amount is negative.
pub(super) async fn insert_allocation(
    tx: &mut Tx,
    (payment, order): (PaymentId, OrderId),
    (amount, currency): (i64, Currency),
    cause: Cause,
) -> Result<(), DbError> {
    let (capture, refund) = match cause {
        Cause::Capture(id) => (Some(id), None),
        Cause::Refund(id) => (None, Some(id)),
    };
    tx.execute(
        "insert into payment_allocations (id, payment_id, order_id, amount, currency, capture_id, refund_id, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[&PaymentAllocationId(tx.id()), &payment, &order, &amount, &currency, &capture, &refund, &tx.now()],
    )
    .await
    .map(drop)
}

/// A refund of an order's payment.
#[derive(Clone, Debug, platform::db::FromRow)]
pub(crate) struct Refund {
    pub id: RefundId,
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    /// Of the payment.
    pub tender: Tender,
    /// Minor units.
    pub amount: i64,
    pub currency: Currency,
    pub reason: String,
    /// `pending`, `done` or `failed`.
    pub state: String,
    pub failure: Option<String>,
    /// The gateway's name for it; none until the gateway made it, and for what staff hand over.
    pub gateway_ref: Option<String>,
    /// Who requested it.
    pub actor: String,
    pub at: Timestamp,
}

impl Refund {
    /// Is it of a payment in cash, which the staff hand back or transfer?
    pub(crate) fn is_by_hand(&self) -> bool {
        self.state == "done" && self.gateway_ref.is_none() && self.tender == Tender::Cash
    }
}

macro_rules! refunds {
    ($rest:literal) => {
        concat!(
            "select r.id, r.payment_id, r.order_id, p.tender, r.amount, r.currency, r.reason, r.state, r.failure, r.gateway_ref, r.actor,
                r.at
             from refunds r join payments p on p.id = r.payment_id ",
            $rest
        )
    };
}

pub(super) async fn find_refund(db: &mut impl Read, id: RefundId) -> Result<Option<Refund>, DbError> {
    db.fetch_optional(refunds!("where r.id = $1"), &[&id]).await
}

/// [`find_refund`], or [`PaymentError::Unknown`].
pub(super) async fn refund(db: &mut impl Read, id: RefundId) -> Result<Refund, PaymentError> {
    find_refund(db, id).await?.ok_or(PaymentError::Unknown)
}

/// The refunds of an order, oldest first.
pub(crate) async fn refunds_of(db: &mut impl Read, order: OrderId) -> Result<Vec<Refund>, DbError> {
    db.fetch_all(refunds!("where r.order_id = $1 order by r.at, r.id"), &[&order]).await
}

/// What goes back of an order because it is cancelled, minor units: what was captured and not refunded before; all of it where nothing was
/// left by then. `refunds` are the order's.
pub(crate) fn returned_on_cancel(order: &OrderHeader, captured: i64, refunds: &[Refund]) -> i64 {
    let Some(cancelled_at) = order.cancelled_at else { return 0 };
    let is_before = |refund: &&Refund| {
        let is_of_cancellation = refund.at == cancelled_at && refund.reason == super::CANCELLED;
        refund.state != "failed" && refund.at <= cancelled_at && !is_of_cancellation
    };
    let before: i64 = refunds.iter().filter(is_before).map(|refund| refund.amount).sum();
    if before < captured { captured - before } else { captured }
}

/// The refunds of a payment that the gateway is making or has made.
pub(super) async fn refunds_at_gateway(db: &mut impl Read, payment: PaymentId) -> Result<Vec<Refund>, DbError> {
    db.fetch_all(
        refunds!(
            "where r.payment_id = $1 and (r.state = 'pending' or (r.state = 'done' and r.gateway_ref is not null)) order by r.at, r.id"
        ),
        &[&payment],
    )
    .await
}

/// Of the payment's only capture, where it has no other.
pub(super) async fn insert_refund(tx: &mut Tx, refund: &Refund) -> Result<(), DbError> {
    let Refund { id, payment_id, order_id, amount, currency, reason, actor, at, .. } = refund;
    tx.execute(
        "insert into refunds (id, payment_id, order_id, capture_id, amount, currency, reason, state, actor, at)
         values ($1, $2, $3,
            (select c.id from captures c where c.payment_id = $2 and c.state = 'done'
                and not exists (select 1 from captures d where d.payment_id = $2 and d.state = 'done' and d.id <> c.id)),
            $4, $5, $6, 'pending', $7, $8)",
        &[id, payment_id, order_id, amount, currency, reason, actor, at],
    )
    .await
    .map(drop)
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

/// A refund went back, so many minor units of it; a negative amount when it failed later.
pub(super) async fn add_refunded(tx: &mut Tx, refund: &Refund, amount: i64) -> Result<(), DbError> {
    let payment = refund.payment_id;
    tx.execute("update payments set refunded = refunded + $2, updated_at = $3 where id = $1", &[&payment, &amount, &tx.now()]).await?;
    insert_allocation(tx, (payment, refund.order_id), (-amount, refund.currency), Cause::Refund(refund.id)).await
}
