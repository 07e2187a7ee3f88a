//! Taking money: what the bank holds, or cash at the door.
//!
//! One capture of a payment is under way at a time. A request for another amount meanwhile is refused, whether the gateway answers or not.

use domain::Money;
use domain::id::{OrderId, PaymentId};
use domain::order::{AttemptState, CaptureState, Tender};
use domain::permission::Permission;
use domain::view::RefusalKind;
use serde::Serialize;

use platform::Context;
use platform::db::Tx;
use platform::request_keys;

use crate::orders::LockedOrder;
use crate::refusals::{self, Refusal};
use crate::{Shop, orders};

use super::attempt::{self, Report, apply, record_state, sync_attempt};
use super::events::{CaptureKept, CashMissing};
use super::gateway::GatewayError;
use super::store::Attempt;
use super::{GatewayCall, PaymentError, context_of, jobs, reversal, store, unpaid};

/// Captures an order's payment: all that is due of it, or minor units (what the bank holds beyond them is released for good). For cash on delivery
/// it records that the cash is in the till; what is missing of it stays due. What a card that was captured in part leaves to pay is recorded as
/// cash too.
///
/// # Errors
/// [`PaymentError::NothingToCapture`], [`PaymentError::TooMuch`], [`PaymentError::Capturing`] when another amount is being captured,
/// [`PaymentError::Waiting`] when the gateway does not answer and a job repeats it.
pub async fn capture(shop: &Shop, ctx: &Context, order: OrderId, amount: Option<i64>) -> Result<(), PaymentError> {
    ctx.require(Permission::CapturePayments)?;
    if amount.is_some_and(|minor| minor <= 0) {
        return Err(PaymentError::Amount);
    }
    let requested = shop.write(ctx, async move |tx| capture_rows(tx, order, amount).await).await?;
    match requested {
        Some((payment, minor)) => perform(shop, payment, minor).await,
        None => Ok(()),
    }
}

/// Takes the cash, or records the request that is to be sent to the gateway: of which payment and how much.
async fn capture_rows(tx: &mut Tx, order: OrderId, amount: Option<i64>) -> Result<Option<(PaymentId, i64)>, PaymentError> {
    let ctx = tx.ctx().clone();
    let locked = orders::lock(tx, order).await?.ok_or(PaymentError::Unknown)?;
    let found = capturable(tx, &locked).await?;
    // Nothing is under way: what this form requested before was refused.
    if found.as_ref().is_some_and(|(attempt, _)| attempt.tender == Tender::Card && attempt.capturing.is_none()) {
        request_keys::forget(tx, &ctx, "capture", &format!("{order} ")).await?;
    }
    let contents = format!("{order} {amount:?}");
    if let Some(earlier) = request_keys::answered(tx, &ctx, "capture", &contents).await? {
        return Ok(earlier.split_once(' ').and_then(|(payment, minor)| Some((payment.parse().ok()?, minor.parse().ok()?))));
    }
    if locked.cancelled_at.is_some() {
        return Err(PaymentError::Cancelled);
    }
    let (attempt, due) = match found {
        Some(found) => found,
        None => rest_in_cash(tx, &locked).await?.ok_or(PaymentError::NothingToCapture)?,
    };
    let minor = amount.unwrap_or(due);
    if minor > due {
        return Err(PaymentError::TooMuch(Money::new(due, attempt.currency)));
    }
    let requested = if attempt.tender == Tender::Cash {
        take_cash(tx, &locked, &attempt, minor).await?;
        None
    } else {
        request(tx, &attempt, minor).await?;
        Some((attempt.id, minor))
    };
    let answer = requested.map(|(payment, minor)| format!("{payment} {minor}")).unwrap_or_default();
    request_keys::keep(tx, &ctx, "capture", &contents, &answer).await?;
    Ok(requested)
}

/// What could be captured and how much of it is due: the latest attempt that the bank holds money of, or cash. The bank may hold more than
/// is due of the order by then.
async fn capturable(tx: &mut Tx, order: &LockedOrder) -> Result<Option<(Attempt, i64)>, PaymentError> {
    let owed = orders::owed(tx, order).await?;
    for attempt in store::of_order(tx, order.id).await?.into_iter().rev() {
        let due = match (attempt.tender, attempt.state) {
            (Tender::Card, AttemptState::Authorised) => owed.min(attempt.authorised),
            (Tender::Cash, AttemptState::Pending) => attempt.amount,
            _ => 0,
        };
        if due > 0 {
            return Ok(Some((attempt, due)));
        }
    }
    Ok(None)
}

/// What is left to pay of an order whose card was captured in part, and of which the bank holds nothing: it is due in cash from then on, or
/// comes by transfer. Nothing for another order.
async fn rest_in_cash(tx: &mut Tx, order: &LockedOrder) -> Result<Option<(Attempt, i64)>, PaymentError> {
    let attempts = store::of_order(tx, order.id).await?;
    let took_a_part = attempts.iter().any(|attempt| attempt.tender == Tender::Card && attempt.captured > 0);
    let is_held = attempts.iter().any(|attempt| attempt.state == AttemptState::Authorised);
    let owed = orders::owed(tx, order).await?;
    if owed <= 0 || !took_a_part || is_held {
        return Ok(None);
    }
    Ok(Some((due_in_cash(tx, order, owed).await?, owed)))
}

/// Has a card order paid in cash from now on: the payment of what is owed of it.
async fn due_in_cash(tx: &mut Tx, order: &LockedOrder, owed: i64) -> Result<Attempt, PaymentError> {
    unpaid::set_to_cash(tx, order).await?;
    let waiting = |attempt: &Attempt| attempt.tender == Tender::Cash && attempt.state == AttemptState::Pending && attempt.amount > 0;
    match store::of_order(tx, order.id).await?.into_iter().find(waiting) {
        Some(attempt) => Ok(attempt),
        None => Ok(store::insert_next(tx, order.id, Tender::Cash, (owed, order.currency)).await?),
    }
}

/// Is the gateway asked to capture what it has not answered yet?
pub(crate) async fn is_capturing(tx: &mut Tx, order: &LockedOrder) -> Result<bool, PaymentError> {
    let attempts = store::of_order(tx, order.id).await?;
    Ok(attempts.iter().any(|attempt| attempt.state == AttemptState::Authorised && attempt.capturing.is_some()))
}

/// Records that a capture is requested, and leaves it to the job: for parcels that leave with an authorised card. An amount that was
/// requested before stands, and an event on the order records that the parcel requested all of it.
pub(crate) async fn request_capture(tx: &mut Tx, order: &LockedOrder) -> Result<(), PaymentError> {
    let found = capturable(tx, order).await?.filter(|(attempt, _)| attempt.tender == Tender::Card);
    let Some((attempt, due)) = found else { return Ok(()) };
    match attempt.capturing {
        Some(minor) if minor != due => {
            let kept = CaptureKept { payment: attempt.id, amount: minor, wanted: due, currency: attempt.currency };
            tx.record(order.id, kept);
            Ok(())
        }
        _ => request(tx, &attempt, due).await,
    }
}

/// The courier has the cash: what is due of a cash-on-delivery order is captured, once, or so many minor units of it.
///
/// # Errors
/// [`PaymentError::TooMuch`] for more than is due, [`PaymentError::NothingToCapture`] where no cash is due.
pub(crate) async fn collect_cash(tx: &mut Tx, order: &LockedOrder, received: Option<i64>) -> Result<(), PaymentError> {
    let due = capturable(tx, order).await?.map(|(attempt, _)| attempt).filter(|attempt| attempt.tender == Tender::Cash);
    match (due, received) {
        (_, Some(minor)) if minor < 0 => Err(PaymentError::Amount),
        (None, None | Some(0)) => Ok(()),
        (None, Some(_)) => Err(PaymentError::NothingToCapture),
        (Some(attempt), Some(minor)) if minor > attempt.amount => Err(PaymentError::TooMuch(Money::new(attempt.amount, attempt.currency))),
        (Some(attempt), Some(0)) => {
            record_missing_cash(tx, &attempt, 0);
            Ok(())
        }
        (Some(attempt), received) => take_cash(tx, order, &attempt, received.unwrap_or(attempt.amount)).await,
    }
}

/// An order is delivered whose other units came back or are not sent: its cash is captured. What staff recorded as missing stays due until
/// they record that it came.
pub(crate) async fn collect_rest(tx: &mut Tx, order: &LockedOrder) -> Result<(), PaymentError> {
    if store::is_cash_missing(tx, order.id).await? { Ok(()) } else { collect_cash(tx, order, None).await }
}

/// Less is due of an order than before. Cash is lowered. What the bank holds stays, and what is due of it is captured; when nothing is,
/// the hold is released. A card that is not paid yet is asked for anew, with what is due then; where the gateway has not answered yet, that
/// is once it has. Requests to the gateway are returned.
pub(crate) async fn lower_due(tx: &mut Tx, order: &LockedOrder, less: i64) -> Result<Vec<GatewayCall>, PaymentError> {
    let now = orders::head(tx, order.id).await?.ok_or(PaymentError::Unknown)?;
    let owed = orders::owed(tx, &now).await?;
    let mut calls = Vec::new();
    for attempt in store::of_order(tx, order.id).await? {
        match (attempt.tender, attempt.state) {
            (_, AttemptState::Captured | AttemptState::Voided) => {}
            (Tender::Cash, AttemptState::Pending) => store::set_amount(tx, attempt.id, (attempt.amount - less).max(0)).await?,
            (Tender::Cash, _) => {}
            (Tender::Card, AttemptState::Authorised) if owed > 0 => {}
            (Tender::Card, AttemptState::Pending) if attempt.gateway_ref.is_none() && owed > 0 => {}
            (Tender::Card, _) => calls.extend(reversal::reverse_attempt(tx, &attempt).await?),
        }
    }
    Ok(calls)
}

/// Records cash as received. What is missing of what was due stays due, as an attempt of its own.
async fn take_cash(tx: &mut Tx, order: &LockedOrder, attempt: &Attempt, minor: i64) -> Result<(), PaymentError> {
    let rest = attempt.amount - minor;
    store::set_state(tx, attempt.id, AttemptState::Captured, minor, None).await?;
    if rest > 0 {
        store::insert_next(tx, order.id, Tender::Cash, (rest, attempt.currency)).await?;
    }
    record_state(tx, order, attempt, AttemptState::Captured, minor, Report::default()).await?;
    if rest > 0 {
        record_missing_cash(tx, attempt, minor);
    }
    Ok(())
}

/// Records that less cash came than was due.
fn record_missing_cash(tx: &mut Tx, attempt: &Attempt, received: i64) {
    let amount = attempt.amount - received;
    tx.record(attempt.order_id, CashMissing { payment: attempt.id, amount, received, currency: attempt.currency });
}

/// Records that a capture is requested, and enqueues its job.
async fn request(tx: &mut Tx, attempt: &Attempt, minor: i64) -> Result<(), PaymentError> {
    #[derive(Serialize)]
    struct Requested<'a> {
        payment: PaymentId,
        amount: i64,
        by: &'a str,
    }
    match attempt.capturing {
        Some(other) if other != minor => return Err(PaymentError::Capturing(Money::new(other, attempt.currency))),
        Some(_) => {}
        None => {
            let by = tx.ctx().actor.to_string();
            store::insert_capture(tx, attempt, minor, &by).await?;
            let requested = Requested { payment: attempt.id, amount: minor, by: &by };
            store::insert_event(tx, attempt.id, "capture_requested", minor, &requested).await?;
        }
    }
    Ok(jobs::capture_later(tx, attempt.id, minor).await?)
}

/// Captures at the gateway. Does nothing when it was captured already or is not requested any more.
pub(super) async fn perform(shop: &Shop, payment: PaymentId, minor: i64) -> Result<(), PaymentError> {
    let attempt = store::attempt(&mut shop.db(), payment).await?;
    let Some(reference) = attempt.gateway_ref.clone() else { return Err(PaymentError::NothingToCapture) };
    if attempt.state == AttemptState::Captured {
        return check_captured(&attempt, minor);
    }
    if attempt.capturing != Some(minor) {
        return Ok(());
    }
    let gateway = super::open_gateway(shop).ok_or(PaymentError::NoGateway)?;
    // The gateway repeats its first answer to a key, a refusal too: a new request after an answer has a key of its own.
    let key = match store::answered_captures(&mut shop.db(), payment).await? {
        0 => format!("capture-{payment}-{minor}"),
        before => format!("capture-{payment}-{minor}-{before}"),
    };
    match gateway.capture(&reference, minor, &key).await {
        Ok(intent) => apply(shop, payment, &intent).await,
        Err(error) if error.is_transient() => Err(PaymentError::Waiting),
        Err(error) => {
            // It may have been captured or cancelled at the gateway by others: its state counts.
            match sync_attempt(shop, payment, &reference).await {
                Ok(intent) if intent.state == AttemptState::Captured => {
                    return check_captured(&store::attempt(&mut shop.db(), payment).await?, minor);
                }
                Ok(_) | Err(PaymentError::Gateway(GatewayError::Missing(_))) => {}
                Err(PaymentError::Gateway(passing)) if passing.is_transient() => return Err(PaymentError::Waiting),
                Err(other) => return Err(other),
            }
            let (ctx, reason) = (context_of(shop.id(), attempt.capturing_by.as_deref()), refusal_message(&error));
            shop.write(&ctx, async move |tx| record_refusal(tx, payment, minor, &reason).await).await?;
            Err(error.into())
        }
    }
}

/// Was it captured with the requested amount?
fn check_captured(attempt: &Attempt, minor: i64) -> Result<(), PaymentError> {
    if attempt.captured == minor { Ok(()) } else { Err(PaymentError::CapturedOtherwise(Money::new(attempt.captured, attempt.currency))) }
}

/// A gateway's refusal in its own words.
pub(super) fn refusal_message(error: &GatewayError) -> String {
    match error {
        GatewayError::Refused { message, .. } => message.clone(),
        other => other.to_string(),
    }
}

/// The key of a capture's refusal.
pub(super) fn refusal_key(payment: PaymentId) -> String {
    format!("capture:{payment}")
}

/// The gateway refused for good: it is shown to the staff, and another amount may be requested.
async fn record_refusal(tx: &mut Tx, payment: PaymentId, minor: i64, reason: &str) -> Result<(), PaymentError> {
    #[derive(Serialize)]
    struct Refused<'a> {
        payment: PaymentId,
        amount: i64,
        currency: domain::Currency,
        failure: &'a str,
    }
    let (order, attempt) = attempt::lock(tx, payment).await?;
    if attempt.capturing != Some(minor) || attempt.state == AttemptState::Captured {
        return Ok(());
    }
    let refused = Refused { payment, amount: minor, currency: attempt.currency, failure: reason };
    store::insert_event(tx, payment, "capture_refused", minor, &refused).await?;
    store::end_capture(tx, payment, CaptureState::Refused, Some(reason)).await?;
    let amount = Some(Money::new(minor, attempt.currency));
    let row = Refusal::new(RefusalKind::Capture, refusal_key(payment), reason);
    refusals::record(tx, &Refusal { order: Some(order.id), payment: Some(payment), amount, ..row }).await?;
    Ok(())
}

/// Requests a capture again that was refused or got no answer.
///
/// # Errors
/// As [`capture`].
pub(crate) async fn retry_capture(shop: &Shop, ctx: &Context, payment: PaymentId, minor: i64) -> Result<(), PaymentError> {
    ctx.require(Permission::CapturePayments)?;
    let minor = shop
        .write(ctx, async move |tx| {
            let (order, attempt) = attempt::lock(tx, payment).await?;
            if order.cancelled_at.is_some() {
                return Err(PaymentError::Cancelled);
            }
            if attempt.state != AttemptState::Authorised {
                return Err(PaymentError::NothingToCapture);
            }
            let due = capturable(tx, &order).await?.map_or(0, |(_, due)| due);
            let minor = attempt.capturing.unwrap_or(minor.min(due));
            if minor <= 0 {
                return Err(PaymentError::NothingToCapture);
            }
            request(tx, &attempt, minor).await?;
            Ok(minor)
        })
        .await?;
    perform(shop, payment, minor).await
}

/// The money came in another way than by the card; `minor` of it, which the books take as cash. The card's attempt is voided: requests
/// to the gateway are returned, and what the card brings all the same is refunded.
pub(crate) async fn captured_otherwise(
    tx: &mut Tx,
    order: &LockedOrder,
    payment: PaymentId,
    minor: i64,
) -> Result<Vec<GatewayCall>, PaymentError> {
    tx.ctx().require(Permission::CapturePayments)?;
    let attempt = store::attempt(tx, payment).await?;
    if order.cancelled_at.is_some() {
        return Err(PaymentError::Cancelled);
    }
    // Other attempts may have paid a part of it, or all.
    let owed = orders::owed(tx, order).await?;
    if owed <= 0 || attempt.state == AttemptState::Captured {
        return Ok(Vec::new());
    }
    store::end_capture(tx, payment, CaptureState::Withdrawn, None).await?;
    // All that is due: what did not come of it stays due.
    let paid = due_in_cash(tx, order, owed).await?;
    let minor = minor.min(paid.amount);
    let calls = reversal::reverse_attempt(tx, &attempt).await?;
    take_cash(tx, order, &paid, minor).await?;
    Ok(calls)
}

/// This capture is not requested any more.
pub(crate) async fn give_up_capture(tx: &mut Tx, payment: PaymentId) -> Result<(), PaymentError> {
    Ok(store::end_capture(tx, payment, CaptureState::Withdrawn, None).await?)
}
