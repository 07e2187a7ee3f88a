//! An attempt to be paid by card, from its intent to the state that the gateway reports.

use domain::Money;
use domain::books::{Account, EntryKind};
use domain::id::{OrderId, PaymentId};
use domain::order::{AttemptState, PaymentMethod, Tender};

use platform::db::Tx;

use crate::orders::{LockedOrder, OrderHeader};
use crate::{Shop, accounting, inventory, orders, refusals};

use super::events::{AttemptChange, PaymentAuthorised, PaymentCaptured, PaymentFailed, PaymentRequiresAction, PaymentVoided};
use super::gateway::{GatewayError, Intent, NewIntent};
use super::store::{Attempt, Cause};
use super::{PaymentError, capture, context_of, jobs, reconciliation, return_url, reversal, store};

/// Where the shopper goes to pay an order by card; `None` when there is nothing to pay. Makes the intent at the gateway where there is
/// none; called again, it leads to the same intent, and after a declined card to one that can be paid.
///
/// # Errors
/// [`PaymentError::Gateway`] when the gateway does not answer; a job then makes the intent, and calling again is safe.
pub async fn start_card(shop: &Shop, order: OrderId) -> Result<Option<String>, PaymentError> {
    // A voided attempt is followed by a new one, once.
    for _ in 0..2 {
        let head = orders::head(&mut shop.db(), order).await?.ok_or(PaymentError::Unknown)?;
        if !is_by_card(&head)? || head.price_now() <= 0 {
            return Ok(None);
        }
        let gateway = super::open_gateway(shop).ok_or(PaymentError::NoGateway)?;
        let mut attempts = store::of_order(&mut shop.db(), order).await?;
        if attempts.iter().any(Attempt::brought_money) {
            return Ok(None);
        }
        let attempt = attempts.pop().ok_or(PaymentError::Unknown)?;
        if let Some(intent) = current_intent(shop, &attempt, &head.number).await? {
            apply(shop, attempt.id, &intent).await?;
            if intent.payable {
                // It may have been cancelled or switched to cash since the gateway answered: it must not be paid by card then.
                let now = orders::head(&mut shop.db(), order).await?.ok_or(PaymentError::Unknown)?;
                if !is_by_card(&now)? {
                    return Ok(None);
                }
                if attempt.amount <= now.price_now() {
                    return Ok(Some(gateway.pay_page(&intent.reference)));
                }
                // Less is due by now: this intent ends, and what is left is asked for.
                reversal::void(shop, attempt.id).await?;
            } else if intent.state != AttemptState::Voided {
                return Ok(None);
            }
        }
        follow_with_next(shop, &attempt).await?;
    }
    Err(PaymentError::Waiting)
}

/// Is the order to be paid by card, and not cancelled?
fn is_by_card(head: &OrderHeader) -> Result<bool, PaymentError> {
    if head.cancelled_at.is_some() {
        return Err(PaymentError::Cancelled);
    }
    Ok(head.payment_method == PaymentMethod::Card)
}

/// The intent of an attempt as it is at the gateway, made where there is none; `None` when another attempt is needed.
async fn current_intent(shop: &Shop, attempt: &Attempt, number: &str) -> Result<Option<Intent>, PaymentError> {
    let gateway = super::open_gateway(shop).ok_or(PaymentError::NoGateway)?;
    match (&attempt.gateway_ref, attempt.state) {
        (_, AttemptState::Voided) => Ok(None),
        (Some(reference), _) => match gateway.fetch(reference).await {
            Ok(intent) => Ok(Some(intent)),
            // Made with another account: the shopper pays with a new one.
            Err(GatewayError::Missing(_)) => {
                reconciliation::give_up(shop, attempt.id, None).await?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        },
        (None, _) => begin(shop, attempt, number).await,
    }
}

/// Inserts the attempt that follows this one, unless somebody else did.
async fn follow_with_next(shop: &Shop, attempt: &Attempt) -> Result<(), PaymentError> {
    let (order, number, amount, currency) = (attempt.order_id, attempt.attempt, attempt.amount, attempt.currency);
    shop.db()
        .write(async move |tx| {
            let head = orders::lock(tx, order).await?.ok_or(PaymentError::Unknown)?;
            let attempts = store::of_order(tx, order).await?;
            let is_latest = attempts.last().is_some_and(|latest| latest.attempt == number);
            // Less may be due by now.
            let due = amount.min(head.price_now());
            if is_by_card(&head)? && is_latest && due > 0 && !attempts.iter().any(Attempt::brought_money) {
                store::insert_next(tx, order, Tender::Card, (due, currency)).await?;
            }
            Ok(())
        })
        .await
}

/// Locks the order of an attempt; returns both as they are under the lock.
pub(super) async fn lock(tx: &mut Tx, payment: PaymentId) -> Result<(LockedOrder, Attempt), PaymentError> {
    let order = store::attempt(tx, payment).await?.order_id;
    let order = orders::lock(tx, order).await?.ok_or(PaymentError::Unknown)?;
    // Read again: it may have changed while the lock was awaited.
    Ok((order, store::attempt(tx, payment).await?))
}

/// Makes the intent of an attempt; `None` when its key was used up, so that another attempt is needed.
pub(super) async fn begin(shop: &Shop, attempt: &Attempt, number: &str) -> Result<Option<Intent>, PaymentError> {
    let gateway = super::open_gateway(shop).ok_or(PaymentError::NoGateway)?;
    let new = NewIntent {
        payment: attempt.id,
        order: attempt.order_id,
        number: number.to_owned(),
        amount: Money::new(attempt.amount, attempt.currency),
        capture_at_once: false,
        return_url: return_url(shop, attempt.order_id),
    };
    let payment = attempt.id;
    match gateway.create(&new).await {
        Ok(intent) => Ok(Some(intent)),
        Err(error) if error.is_transient() => {
            shop.db().write(async move |tx| jobs::begin_later(tx, payment).await).await?;
            Err(error.into())
        }
        Err(error) if error.is_key_reused() => {
            // Made before with other details, as after a change of the shop's address. No shopper ever got the address of that intent.
            end_unstarted(shop, payment, AttemptState::Voided, "the request changed").await?;
            Ok(None)
        }
        Err(error) => {
            end_unstarted(shop, payment, AttemptState::Failed, &error.to_string()).await?;
            reconciliation::report(shop, payment, &capture::refusal_message(&error)).await?;
            Err(error.into())
        }
    }
}

/// Ends an attempt that has no intent at the gateway.
async fn end_unstarted(shop: &Shop, payment: PaymentId, state: AttemptState, reason: &str) -> Result<(), PaymentError> {
    let intent = Intent { failure: Some(reason.to_owned()), ..Intent::without_reference(payment, state) };
    shop.db().write(async move |tx| apply_rows(tx, payment, &intent, None).await.map(drop)).await
}

/// Brings an order's open payments to the gateway's state. Called when the shopper comes back, by webhooks, by the jobs, and before an
/// order expires; any number of times. Returns whether the bank is at work on one of them: nothing can be paid again before it has
/// answered.
///
/// # Errors
/// [`PaymentError::Gateway`] when it does not answer: then nothing changed.
pub async fn sync(shop: &Shop, order: OrderId) -> Result<bool, PaymentError> {
    let mut at_work = false;
    for attempt in store::of_order(&mut shop.db(), order).await? {
        let open = !matches!(attempt.state, AttemptState::Captured | AttemptState::Voided);
        if let (true, Some(reference)) = (open, &attempt.gateway_ref) {
            let intent = sync_attempt(shop, attempt.id, reference).await?;
            at_work |= intent.state == AttemptState::Pending && !intent.payable;
        }
    }
    Ok(at_work)
}

pub(super) async fn sync_attempt(shop: &Shop, payment: PaymentId, reference: &str) -> Result<Intent, PaymentError> {
    let gateway = super::open_gateway(shop).ok_or(PaymentError::NoGateway)?;
    let intent = gateway.fetch(reference).await?;
    apply(shop, payment, &intent).await?;
    Ok(intent)
}

/// Brings an attempt to the gateway's state.
pub(super) async fn apply(shop: &Shop, payment: PaymentId, intent: &Intent) -> Result<(), PaymentError> {
    if intent.payment.is_some_and(|id| id != payment) {
        return Err(PaymentError::Mismatch(payment));
    }
    let (account, intent) = (super::account(shop).map(|account| account.key), intent.clone());
    let calls = shop
        .db()
        .write(async move |tx| {
            let is_new = apply_rows(tx, payment, &intent, account.as_deref()).await?;
            let attempt = store::attempt(tx, payment).await?;
            // Money for an order that was cancelled meanwhile, or is paid in cash by now, is refunded when it comes: once, as a refund that
            // fails is the staff's to repeat. A hold is released until it is gone.
            let comes = attempt.state == AttemptState::Captured && is_new || attempt.state == AttemptState::Authorised;
            let head = orders::head(tx, attempt.order_id).await?.ok_or(PaymentError::Unknown)?;
            match (is_unwanted(&head, &attempt), attempt.brought_money()) {
                (true, _) if comes => reversal::reverse_attempt(tx, &attempt).await,
                (false, true) => reversal::release_surplus(tx, &head).await,
                _ => Ok(Vec::new()),
            }
        })
        .await?;
    if !calls.is_empty() {
        // The jobs send these requests: the caller waits for other things.
        tracing::info!(%payment, "money came that the order does not take, and goes back");
    }
    Ok(())
}

/// Does the order take no money in this way: cancelled, or paid in another?
pub(super) fn is_unwanted(head: &OrderHeader, attempt: &Attempt) -> bool {
    head.cancelled_at.is_some() || Tender::of(head.payment_method) != attempt.tender
}

/// The same inside a transaction; `account` is where at the gateway the intent is. Returns whether the attempt's state changed: one that it
/// is past already changes nothing. The bank may hold more than was asked for; what is due of it is captured.
pub(super) async fn apply_rows(tx: &mut Tx, payment: PaymentId, intent: &Intent, account: Option<&str>) -> Result<bool, PaymentError> {
    let (order, attempt) = lock(tx, payment).await?;
    match attempt.gateway_ref.as_deref() {
        None if !intent.reference.is_empty() => store::set_reference(tx, payment, &intent.reference, account).await?,
        Some(current) if !intent.reference.is_empty() && current != intent.reference => {
            return Err(PaymentError::Mismatch(payment));
        }
        _ => {}
    }
    if intent.state == AttemptState::Pending || !attempt.state.may_become(intent.state) {
        return Ok(false);
    }
    if intent.captured > attempt.amount {
        return Err(PaymentError::Mismatch(payment));
    }
    let amount = match intent.state {
        AttemptState::Authorised => intent.authorised,
        AttemptState::Captured => intent.captured,
        AttemptState::Pending | AttemptState::RequiresAction | AttemptState::Failed | AttemptState::Voided => 0,
    };
    if matches!(intent.state, AttemptState::Authorised | AttemptState::Captured) {
        let until = intent.authorised_until.or(attempt.authorised_until);
        store::set_authorised(tx, payment, intent.authorised.max(intent.captured), until).await?;
    }
    let captured = if intent.state == AttemptState::Captured { intent.captured } else { attempt.captured };
    let failure = if intent.state == AttemptState::Failed { intent.failure.as_deref() } else { None };
    store::set_state(tx, payment, intent.state, captured, failure).await?;
    record_state(tx, &order, &attempt, intent.state, amount, Report { failure, capture: intent.capture.as_deref() }).await?;
    Ok(true)
}

/// What the gateway says about an attempt's new state.
#[derive(Clone, Copy, Default)]
pub(super) struct Report<'a> {
    /// Why the card was declined.
    failure: Option<&'a str>,
    /// The gateway's name for what was captured.
    capture: Option<&'a str>,
}

/// Records what an attempt's new state means: the capture and the order that it pays, the journal, the reservation, the events, the
/// order's states.
pub(super) async fn record_state(
    tx: &mut Tx,
    order: &LockedOrder,
    attempt: &Attempt,
    state: AttemptState,
    amount: i64,
    Report { failure, capture: reference }: Report<'_>,
) -> Result<(), PaymentError> {
    let ctx = match &attempt.capturing_by {
        Some(by) if state == AttemptState::Captured => context_of(tx.id(), Some(by)),
        _ => tx.ctx().clone(),
    };
    if state == AttemptState::Captured {
        refusals::succeeded_as(tx, &ctx, &capture::refusal_key(attempt.id)).await?;
    }
    if state == AttemptState::Captured && amount > 0 {
        let capture = store::capture_done(tx, attempt, amount, (&ctx.actor.to_string(), reference)).await?;
        store::insert_allocation(tx, (attempt.id, order.id), (amount, attempt.currency), Cause::Capture(capture)).await?;
        let (money, accounts) = (Money::new(amount, attempt.currency), (Account::of_money(attempt.tender), Account::AccountsReceivable));
        accounting::post_between(tx, EntryKind::PaymentCaptured, Some(order.id), capture.0, money, accounts).await?;
    }
    if matches!(state, AttemptState::Authorised | AttemptState::Captured | AttemptState::Voided) {
        refusals::succeeded_as(tx, &ctx, &reconciliation::refusal_key(attempt.id)).await?;
    }
    if matches!(state, AttemptState::Authorised | AttemptState::Captured) {
        inventory::clear_expiry(tx, order.id).await?;
    }
    let change = AttemptChange { payment: attempt.id, amount, currency: attempt.currency, failure: failure.map(str::to_owned) };
    store::insert_event(tx, attempt.id, state.as_str(), amount, &change).await?;
    orders::refresh_states(tx, order).await?;
    match state {
        AttemptState::Authorised => tx.record_as(&ctx, order.id, PaymentAuthorised(change)),
        AttemptState::Captured => tx.record_as(&ctx, order.id, PaymentCaptured(change)),
        AttemptState::Failed => tx.record_as(&ctx, order.id, PaymentFailed(change)),
        AttemptState::Voided => tx.record_as(&ctx, order.id, PaymentVoided(change)),
        AttemptState::RequiresAction | AttemptState::Pending => tx.record_as(&ctx, order.id, PaymentRequiresAction(change)),
    }
    Ok(())
}
