//! Card orders that wait for their payment: until when, and paying in cash instead.

use domain::id::{OrderId, PaymentId};
use domain::order::{AttemptState, FulfilmentState, PaymentMethod, PaymentState};
use domain::view::{OrderLimits, UnpaidView};

use platform::Context;
use platform::db::{DbError, Read, Tx};

use crate::pricing::Rules;
use crate::{Shop, checkout, inventory, orders, settings};

use super::events::PaymentMethodChanged;
use super::{PaymentError, UNPAID_FOR_MS, settle, store, unwind};

/// Does this order wait for a payment by card? Voided and not cancelled: the bank's hold ran out, or an attempt was given up.
pub(crate) fn is_unpaid(head: &orders::Head) -> bool {
    let waits =
        matches!(head.payment_state, PaymentState::Pending | PaymentState::RequiresAction | PaymentState::Failed | PaymentState::Voided);
    let open = head.cancelled_at.is_none() && head.fulfilment_state == FulfilmentState::Unfulfilled;
    open && waits && head.payment_method == PaymentMethod::Card && head.total > 0
}

/// How long an order waits for its payment by card, and whether it can be paid in cash instead; `None` for one that does not wait.
pub(crate) async fn unpaid_view(shop: &Shop, head: &orders::Head) -> Result<Option<UnpaidView>, DbError> {
    if !is_unpaid(head) {
        return Ok(None);
    }
    let cash = takes_cash(shop, &mut shop.db(), head).await?;
    Ok(Some(UnpaidView { until: head.placed_at.plus_millis(UNPAID_FOR_MS), cash }))
}

/// Can this order be paid for at the door?
async fn takes_cash(shop: &Shop, db: &mut impl Read, head: &orders::Head) -> Result<bool, DbError> {
    if !settings::shop(shop).limits.takes_cash(head.total) {
        return Ok(false);
    }
    let rules = Rules::load(db, shop.now()).await?;
    Ok(rules.method(&head.delivery_code).is_some_and(|method| method.collects_cash))
}

/// Ends the attempts of an order at the gateway, so that nobody pays there any more; returns whether one was paid first.
///
/// # Errors
/// [`PaymentError::Gateway`] and [`PaymentError::Waiting`] when the gateway does not answer: then the order stays as it is.
pub(crate) async fn close_attempts(shop: &Shop, order: OrderId) -> Result<bool, PaymentError> {
    settle(shop, order).await?;
    for attempt in store::of_order(&mut shop.db(), order).await? {
        if !matches!(attempt.state, AttemptState::Authorised | AttemptState::Captured | AttemptState::Voided) {
            unwind::void(shop, attempt.id).await?;
        }
    }
    is_paid(&mut shop.db(), order).await
}

/// Does the bank hold money for an order, or did it arrive?
pub(crate) async fn is_paid(db: &mut impl Read, order: OrderId) -> Result<bool, PaymentError> {
    let attempts = store::of_order(db, order).await?;
    Ok(attempts.iter().any(|attempt| matches!(attempt.state, AttemptState::Authorised | AttemptState::Captured)))
}

/// Changes an unpaid card order to cash on delivery. Its payment is first cancelled at the gateway; an order that was paid meanwhile
/// stays paid by card.
///
/// # Errors
/// [`PaymentError::NoCash`] where the delivery method takes none; [`PaymentError::Cancelled`]; [`PaymentError::Gateway`] and
/// [`PaymentError::Waiting`] when the gateway does not answer.
pub async fn pay_in_cash(shop: &Shop, ctx: &Context, order: OrderId) -> Result<(), PaymentError> {
    let head = orders::head(&mut shop.db(), order).await?.ok_or(PaymentError::Unknown)?;
    if head.cancelled_at.is_some() {
        return Err(PaymentError::Cancelled);
    }
    if !is_unpaid(&head) {
        return Ok(());
    }
    if !takes_cash(shop, &mut shop.db(), &head).await? {
        return Err(PaymentError::NoCash);
    }
    if close_attempts(shop, order).await? {
        return Ok(());
    }
    let limits = settings::shop(shop).limits;
    shop.write(ctx, async move |tx| to_cash(tx, &limits, order).await).await
}

async fn to_cash(tx: &mut Tx, limits: &OrderLimits, order: OrderId) -> Result<(), PaymentError> {
    let head = orders::lock(tx, order).await?.ok_or(PaymentError::Unknown)?;
    if head.cancelled_at.is_some() {
        return Err(PaymentError::Cancelled);
    }
    if !is_unpaid(&head) || is_paid(tx, order).await? {
        return Ok(());
    }
    if !checkout::cash::may_be_cash(tx, limits, order, head.total).await? {
        return Err(PaymentError::NoCash);
    }
    let attempts = store::of_order(tx, order).await?;
    for attempt in attempts.iter().filter(|attempt| attempt.gateway_ref.is_none()) {
        unwind::void_locally(tx, attempt.id).await?;
    }
    let next = attempts.last().map_or(1, |attempt| attempt.attempt + 1);
    let sum = (head.total - head.waived, head.currency);
    orders::set_payment_method(tx, &head, PaymentMethod::Cod).await?;
    store::insert(tx, PaymentId(tx.id()), order, PaymentMethod::Cod, sum, next).await?;
    inventory::hold_for_good(tx, order).await?;
    orders::refresh_states(tx, &head).await?;
    tx.record(order, PaymentMethodChanged { from: PaymentMethod::Card, to: PaymentMethod::Cod });
    Ok(())
}
