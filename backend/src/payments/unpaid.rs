//! Card orders that wait for their payment: until when, and how their attempts end.

use domain::id::OrderId;
use domain::order::{AttemptState, FulfilmentState, PaymentMethod, PaymentState, Tender};
use domain::view::{UnpaidView, reasons};

use platform::db::{DbError, Read, Tx};

use crate::orders::LockedOrder;
use crate::pricing::Rules;
use crate::{Shop, inventory, orders, settings};

use super::attempt::sync_attempt;
use super::events::PaymentMethodChanged;
use super::store::Attempt;
use super::{PaymentError, reconciliation, reversal, store, sync};

/// How long a card order may stay unpaid before it is cancelled.
pub const UNPAID_FOR_MS: i64 = 30 * 60 * 1_000;

/// Does this order wait for a payment by card? Voided and not cancelled: the bank's hold ran out, or an attempt was cancelled.
pub(crate) fn is_unpaid(head: &orders::OrderHeader) -> bool {
    let waits =
        matches!(head.payment_state, PaymentState::Pending | PaymentState::RequiresAction | PaymentState::Failed | PaymentState::Voided);
    let open = head.cancelled_at.is_none() && head.fulfilment_state == FulfilmentState::Unfulfilled;
    open && waits && head.payment_method == PaymentMethod::Card && head.total > 0
}

/// How long an order waits for its payment by card, and whether it can be paid in cash instead; `None` for one that does not wait.
pub(crate) async fn unpaid_view(shop: &Shop, head: &orders::OrderHeader) -> Result<Option<UnpaidView>, DbError> {
    if !is_unpaid(head) {
        return Ok(None);
    }
    let cash = takes_cash(shop, &mut shop.db(), head).await?;
    Ok(Some(UnpaidView { until: head.placed_at.plus_millis(UNPAID_FOR_MS), cash }))
}

/// Can this order be paid in cash, at the door or at the counter? What is left to pay counts, not what it cost when it was placed.
pub(crate) async fn takes_cash(shop: &Shop, db: &mut impl Read, head: &orders::OrderHeader) -> Result<bool, DbError> {
    if !settings::shop(shop).limits.takes_cash(orders::owed(db, head).await?) {
        return Ok(false);
    }
    // At a counter it is taken by hand.
    let Some(method) = &head.delivery_code else { return Ok(true) };
    let rules = Rules::load(db, shop.now()).await?;
    Ok(rules.method(method).is_some_and(|method| method.collects_cash))
}

/// Cancels the attempts of an order at the gateway, so that they cannot be paid any more; returns whether one was paid first.
///
/// # Errors
/// [`PaymentError::Gateway`] and [`PaymentError::Waiting`] when the gateway does not answer: then the order stays as it is.
pub(crate) async fn close_attempts(shop: &Shop, order: OrderId) -> Result<bool, PaymentError> {
    sync(shop, order).await?;
    for attempt in store::of_order(&mut shop.db(), order).await? {
        if !matches!(attempt.state, AttemptState::Authorised | AttemptState::Captured | AttemptState::Voided) {
            reversal::void(shop, attempt.id).await?;
        }
    }
    is_paid(&mut shop.db(), order).await
}

/// Does the bank hold money for an order, or did it arrive?
pub(crate) async fn is_paid(db: &mut impl Read, order: OrderId) -> Result<bool, PaymentError> {
    Ok(store::of_order(db, order).await?.iter().any(Attempt::brought_money))
}

/// Brings an attempt to the gateway's state, and cancels it when it is not paid. One that is missing at the gateway ends at once, one that
/// it does not answer about ends unless `patient`; both are shown to the staff.
async fn close(shop: &Shop, attempt: &Attempt, patient: bool) -> Result<(), PaymentError> {
    let (id, Some(reference)) = (attempt.id, &attempt.gateway_ref) else { return Ok(()) };
    if matches!(attempt.state, AttemptState::Captured | AttemptState::Voided) {
        return Ok(());
    }
    let closed = match sync_attempt(shop, id, reference).await {
        Ok(intent) if matches!(intent.state, AttemptState::Authorised | AttemptState::Captured | AttemptState::Voided) => Ok(()),
        Ok(_) => reversal::void(shop, id).await,
        Err(error) => Err(error),
    };
    match closed {
        // The payment is missing there, or the gateway refuses: repeating will not help.
        Err(PaymentError::Gateway(error)) if !error.is_transient() => reconciliation::give_up(shop, id, None).await,
        Err(PaymentError::NoGateway) => reconciliation::give_up(shop, id, Some(reasons::NO_GATEWAY)).await,
        Err(PaymentError::Mismatch(_)) => reconciliation::give_up(shop, id, Some(reasons::MISMATCH)).await,
        Err(PaymentError::Waiting | PaymentError::Gateway(_)) if !patient => {
            reconciliation::give_up(shop, id, Some(reasons::NO_ANSWER)).await
        }
        other => other,
    }
}

/// Ends the attempts of an order whose time is over; see [`close`].
///
/// # Errors
/// [`PaymentError::Waiting`] and [`PaymentError::Gateway`] when the gateway does not answer and the caller is patient.
pub(crate) async fn close_expired(shop: &Shop, order: OrderId, patient: bool) -> Result<(), PaymentError> {
    for attempt in store::of_order(&mut shop.db(), order).await? {
        close(shop, &attempt, patient).await?;
    }
    Ok(())
}

/// Has an order paid in cash whose payment by card was ended at the gateway before.
pub(crate) async fn change_to_cash(tx: &mut Tx, order: &LockedOrder) -> Result<(), PaymentError> {
    for attempt in store::of_order(tx, order.id).await?.iter().filter(|attempt| attempt.gateway_ref.is_none()) {
        reversal::void_locally(tx, attempt.id).await?;
    }
    let sum = (orders::owed(tx, order).await?, order.currency);
    set_to_cash(tx, order).await?;
    store::insert_next(tx, order.id, Tender::Cash, sum).await?;
    inventory::clear_expiry(tx, order.id).await?;
    orders::refresh_states(tx, order).await?;
    Ok(())
}

/// Makes cash the payment method of an order, and records that with its actor; nothing changes where it is that already. The caller sees to
/// its payments.
pub(super) async fn set_to_cash(tx: &mut Tx, order: &LockedOrder) -> Result<(), DbError> {
    if order.payment_method == PaymentMethod::Cash {
        return Ok(());
    }
    orders::set_payment_method(tx, order, PaymentMethod::Cash).await?;
    tx.record(order.id, PaymentMethodChanged { from: order.payment_method, to: PaymentMethod::Cash });
    Ok(())
}
