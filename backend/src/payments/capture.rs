//! Taking money: what the bank holds, or cash at the door.
//!
//! One capture of a payment is under way at a time. Who asks for another amount meanwhile is told, whether the gateway answers or not.

use domain::id::{OrderId, PaymentEventId, PaymentId};
use domain::order::{AttemptState, PaymentMethod};
use domain::permission::Permission;
use domain::view::RefusalKind;
use domain::{Money, Timestamp};
use serde_json::json;

use crate::orders::LockedOrder;
use crate::platform::Context;
use crate::platform::db::Tx;
use crate::platform::events::{self, Event};
use crate::platform::once;
use crate::refusals::{self, Refusal};
use crate::{Shop, orders};

use super::attempt::{apply, arrived, settle_one};
use super::gateway::GatewayError;
use super::store::Attempt;
use super::{GatewayCall, PaymentError, asked_by, jobs, refund, store};

/// Captures an order's payment: all of it, or minor units (what the bank holds beyond them is let go, for good). For cash on
/// delivery it says that the cash is in the till; what is missing of it stays due.
///
/// # Errors
/// [`PaymentError::NothingToCapture`], [`PaymentError::TooMuch`], [`PaymentError::Capturing`] when another amount is being captured,
/// [`PaymentError::Waiting`] when the gateway does not answer and a job repeats it.
pub async fn capture(shop: &Shop, ctx: &Context, order: OrderId, amount: Option<i64>) -> Result<(), PaymentError> {
    ctx.require(Permission::CapturePayments)?;
    if amount.is_some_and(|minor| minor <= 0) {
        return Err(PaymentError::Amount);
    }
    let (inner, ctx) = (shop.clone(), ctx.clone());
    let asked = shop
        .db()
        .write(async move |tx| {
            let head = orders::lock(tx, order).await?.ok_or(PaymentError::Unknown)?;
            let attempt = capturable(tx, order).await?;
            // Nothing is under way: what this form asked for before was refused.
            if attempt.as_ref().is_some_and(|attempt| attempt.method == PaymentMethod::Card && attempt.capturing.is_none()) {
                once::forget(tx, &ctx, "capture", &format!("{order} ")).await?;
            }
            let wish = format!("{order} {amount:?}");
            if let Some(before) = once::answered(tx, &ctx, "capture", &wish).await? {
                return Ok(before.split_once(' ').and_then(|(payment, minor)| Some((payment.parse().ok()?, minor.parse().ok()?))));
            }
            if head.cancelled_at.is_some() {
                return Err(PaymentError::Cancelled);
            }
            let attempt = attempt.ok_or(PaymentError::NothingToCapture)?;
            let minor = amount.unwrap_or(attempt.amount);
            if minor > attempt.amount {
                return Err(PaymentError::TooMuch(Money::new(attempt.amount, attempt.currency)));
            }
            let asked = if attempt.method == PaymentMethod::Cod {
                cash(tx, &inner, &ctx, &head, &attempt, minor).await?;
                None
            } else {
                ask(tx, &inner, &ctx, &attempt, minor).await?;
                Some((attempt.id, minor))
            };
            let answer = asked.map(|(payment, minor): (PaymentId, i64)| format!("{payment} {minor}")).unwrap_or_default();
            once::keep(tx, &ctx, "capture", &wish, &answer, inner.now()).await?;
            Ok(asked)
        })
        .await?;
    match asked {
        Some((payment, minor)) => perform(shop, payment, minor).await,
        None => {
            shop.feed().wake();
            Ok(())
        }
    }
}

/// What could be captured: the attempt that the bank holds, or cash that is due.
async fn capturable(tx: &mut Tx, order: OrderId) -> Result<Option<Attempt>, PaymentError> {
    for attempt in store::of_order(tx, order).await?.into_iter().rev() {
        let due = match (attempt.method, attempt.state) {
            (PaymentMethod::Card, state) => state == AttemptState::Authorised,
            (PaymentMethod::Cod, state) => state == AttemptState::Pending && attempt.amount > 0,
        };
        if due {
            return Ok(Some(attempt));
        }
    }
    Ok(None)
}

/// Writes down that a capture is wanted, and leaves it to the job: for parcels that leave with an authorised card. An amount that
/// somebody asked for before stands; that the parcel wanted all of it is told on the order.
pub(crate) async fn request_capture(tx: &mut Tx, shop: &Shop, ctx: &Context, order: OrderId) -> Result<(), PaymentError> {
    let Some(attempt) = capturable(tx, order).await?.filter(|attempt| attempt.method == PaymentMethod::Card) else { return Ok(()) };
    match attempt.capturing {
        Some(minor) if minor != attempt.amount => {
            let data = json!({ "payment": attempt.id, "amount": minor, "wanted": attempt.amount, "currency": attempt.currency });
            events::append(tx, shop, ctx, shop.now(), &[Event::new("payment.capture_kept", order.0, data)]).await?;
            Ok(())
        }
        _ => ask(tx, shop, ctx, &attempt, attempt.amount).await,
    }
}

/// The courier has the cash: what is due of a cash-on-delivery order is captured, once, or so many minor units of it.
///
/// # Errors
/// [`PaymentError::TooMuch`] for more than is due, [`PaymentError::NothingToCapture`] for cash that nobody awaits.
pub(crate) async fn collect_cash(
    tx: &mut Tx,
    shop: &Shop,
    ctx: &Context,
    order: &LockedOrder,
    received: Option<i64>,
) -> Result<(), PaymentError> {
    let due = capturable(tx, order.id).await?.filter(|attempt| attempt.method == PaymentMethod::Cod);
    match (due, received) {
        (_, Some(minor)) if minor < 0 => Err(PaymentError::Amount),
        (None, None | Some(0)) => Ok(()),
        (None, Some(_)) => Err(PaymentError::NothingToCapture),
        (Some(attempt), Some(minor)) if minor > attempt.amount => Err(PaymentError::TooMuch(Money::new(attempt.amount, attempt.currency))),
        (Some(attempt), Some(0)) => missing(tx, shop, ctx, &attempt, 0).await,
        (Some(attempt), received) => cash(tx, shop, ctx, order, &attempt, received.unwrap_or(attempt.amount)).await,
    }
}

/// Less cash is due of an order than it was placed with.
pub(crate) async fn lower_cash(tx: &mut Tx, order: OrderId, less: i64, at: Timestamp) -> Result<(), PaymentError> {
    if let Some(attempt) = capturable(tx, order).await?.filter(|attempt| attempt.method == PaymentMethod::Cod) {
        store::set_amount(tx, attempt.id, (attempt.amount - less).max(0), at).await?;
    }
    Ok(())
}

/// Takes cash in. What is missing of what was due stays due, as an attempt of its own.
async fn cash(tx: &mut Tx, shop: &Shop, ctx: &Context, locked: &LockedOrder, attempt: &Attempt, minor: i64) -> Result<(), PaymentError> {
    let (order, rest, at) = (attempt.order_id, attempt.amount - minor, shop.now());
    store::set_state(tx, attempt.id, AttemptState::Captured, minor, None, at).await?;
    if rest > 0 {
        let next = store::of_order(tx, order).await?.last().map_or(1, |last| last.attempt + 1);
        store::insert(tx, PaymentId(shop.id()), order, PaymentMethod::Cod, (rest, attempt.currency), next, at).await?;
    }
    arrived(tx, shop, ctx, locked, attempt, "captured", minor, None).await?;
    if rest > 0 { missing(tx, shop, ctx, attempt, minor).await } else { Ok(()) }
}

/// Tells that less cash came than was due.
async fn missing(tx: &mut Tx, shop: &Shop, ctx: &Context, attempt: &Attempt, came: i64) -> Result<(), PaymentError> {
    let data = json!({ "payment": attempt.id, "amount": attempt.amount - came, "received": came, "currency": attempt.currency });
    Ok(events::append(tx, shop, ctx, shop.now(), &[Event::new("payment.cash_missing", attempt.order_id.0, data)]).await?)
}

async fn ask(tx: &mut Tx, shop: &Shop, ctx: &Context, attempt: &Attempt, minor: i64) -> Result<(), PaymentError> {
    match attempt.capturing {
        Some(other) if other != minor => return Err(PaymentError::Capturing(Money::new(other, attempt.currency))),
        Some(_) => {}
        None => {
            let (by, at) = (ctx.actor.to_string(), shop.now());
            let data = json!({ "payment": attempt.id, "amount": minor, "by": by });
            store::set_capturing(tx, attempt.id, Some(minor), Some(by)).await?;
            store::note(tx, PaymentEventId(shop.id()), attempt.id, "capture_requested", minor, &data, at).await?;
        }
    }
    Ok(jobs::capture_later(tx, shop, attempt.id, minor).await?)
}

/// Asks the gateway for the money. Done already, or not wanted any more, it does nothing.
pub(super) async fn perform(shop: &Shop, payment: PaymentId, minor: i64) -> Result<(), PaymentError> {
    let attempt = store::by_id(&mut shop.db(), payment).await?.ok_or(PaymentError::Unknown)?;
    let Some(reference) = attempt.gateway_ref.clone() else { return Err(PaymentError::NothingToCapture) };
    if attempt.state == AttemptState::Captured {
        return taken(&attempt, minor);
    }
    if attempt.capturing != Some(minor) {
        return Ok(());
    }
    let gateway = super::open_gateway(shop).ok_or(PaymentError::NoGateway)?;
    // The gateway repeats its first answer to a key, a refusal too: what is asked for anew after one has a key of its own.
    let key = match store::refused_captures(&mut shop.db(), payment).await? {
        0 => format!("capture-{payment}-{minor}"),
        before => format!("capture-{payment}-{minor}-{before}"),
    };
    match gateway.capture(&reference, minor, &key).await {
        Ok(intent) => apply(shop, payment, &intent).await,
        Err(error) if error.is_passing() => Err(PaymentError::Waiting),
        Err(error) => {
            // It may have been captured, or given up, behind our back: what the gateway says now counts.
            match settle_one(shop, payment, &reference).await {
                Ok(intent) if intent.state == AttemptState::Captured => {
                    let now = store::by_id(&mut shop.db(), payment).await?.ok_or(PaymentError::Unknown)?;
                    return taken(&now, minor);
                }
                Ok(_) | Err(PaymentError::Gateway(GatewayError::Missing(_))) => {}
                Err(PaymentError::Gateway(passing)) if passing.is_passing() => return Err(PaymentError::Waiting),
                Err(other) => return Err(other),
            }
            let (inner, reason) = (shop.clone(), words(&error));
            shop.db().write(async move |tx| refused(tx, &inner, payment, minor, &reason).await).await?;
            shop.feed().wake();
            Err(error.into())
        }
    }
}

/// It is captured: as it was asked for, or otherwise.
fn taken(attempt: &Attempt, minor: i64) -> Result<(), PaymentError> {
    if attempt.captured == minor { Ok(()) } else { Err(PaymentError::CapturedOtherwise(Money::new(attempt.captured, attempt.currency))) }
}

/// A gateway's no, in its own words.
pub(super) fn words(error: &GatewayError) -> String {
    match error {
        GatewayError::Refused { message, .. } => message.clone(),
        other => other.to_string(),
    }
}

/// Names a capture among refusals.
pub(super) fn key_of(payment: PaymentId) -> String {
    format!("capture:{payment}")
}

/// The gateway said no, for good: it is told to the staff, and another amount may be asked for.
async fn refused(tx: &mut Tx, shop: &Shop, payment: PaymentId, minor: i64, reason: &str) -> Result<(), PaymentError> {
    let found = store::by_id(tx, payment).await?.ok_or(PaymentError::Unknown)?;
    orders::lock(tx, found.order_id).await?;
    let attempt = store::by_id(tx, payment).await?.ok_or(PaymentError::Unknown)?;
    if attempt.capturing != Some(minor) || attempt.state == AttemptState::Captured {
        return Ok(());
    }
    let (at, ctx) = (shop.now(), asked_by(shop, attempt.capturing_by.as_deref()));
    let data = json!({ "payment": payment, "amount": minor, "currency": attempt.currency, "failure": reason });
    store::note(tx, PaymentEventId(shop.id()), payment, "capture_refused", minor, &data, at).await?;
    store::set_capturing(tx, payment, None, None).await?;
    let amount = Some(Money::new(minor, attempt.currency));
    let row = Refusal::new(RefusalKind::Capture, key_of(payment), reason);
    refusals::record(tx, &ctx, &Refusal { order: Some(attempt.order_id), payment: Some(payment), amount, ..row }).await?;
    Ok(())
}

/// Asks once more for what was refused, or for what nobody answered.
///
/// # Errors
/// As [`capture`].
pub(crate) async fn capture_again(shop: &Shop, ctx: &Context, payment: PaymentId, minor: i64) -> Result<(), PaymentError> {
    ctx.require(Permission::CapturePayments)?;
    let (inner, ctx) = (shop.clone(), ctx.clone());
    let minor = shop
        .db()
        .write(async move |tx| {
            let found = store::by_id(tx, payment).await?.ok_or(PaymentError::Unknown)?;
            let head = orders::lock(tx, found.order_id).await?.ok_or(PaymentError::Unknown)?;
            if head.cancelled_at.is_some() {
                return Err(PaymentError::Cancelled);
            }
            let attempt = store::by_id(tx, payment).await?.ok_or(PaymentError::Unknown)?;
            if attempt.state != AttemptState::Authorised {
                return Err(PaymentError::NothingToCapture);
            }
            let minor = attempt.capturing.unwrap_or(minor);
            ask(tx, &inner, &ctx, &attempt, minor).await?;
            Ok(minor)
        })
        .await?;
    perform(shop, payment, minor).await
}

/// The money came in another way than by the card; `minor` of it, what the books take as cash. The card's attempt is given up: what
/// is to be done at the gateway is returned, and what the card brings all the same goes back.
pub(crate) async fn captured_otherwise(
    tx: &mut Tx,
    shop: &Shop,
    ctx: &Context,
    head: &LockedOrder,
    payment: PaymentId,
    minor: i64,
) -> Result<Vec<GatewayCall>, PaymentError> {
    ctx.require(Permission::CapturePayments)?;
    let attempt = store::by_id(tx, payment).await?.ok_or(PaymentError::Unknown)?;
    if head.cancelled_at.is_some() {
        return Err(PaymentError::Cancelled);
    }
    let attempts = store::of_order(tx, attempt.order_id).await?;
    if attempts.iter().any(|attempt| attempt.state == AttemptState::Captured) {
        return Ok(Vec::new());
    }
    store::set_capturing(tx, payment, None, None).await?;
    orders::set_payment_method(tx, head, PaymentMethod::Cod).await?;
    let (id, next) = (PaymentId(shop.id()), attempts.last().map_or(1, |attempt| attempt.attempt + 1));
    // All that is due: what did not come of it stays so.
    let due = (head.total - head.waived).max(minor);
    store::insert(tx, id, attempt.order_id, PaymentMethod::Cod, (due, attempt.currency), next, shop.now()).await?;
    let calls = refund::unwind_attempt(tx, shop, ctx, &attempt).await?;
    let paid = store::by_id(tx, id).await?.ok_or(PaymentError::Unknown)?;
    cash(tx, shop, ctx, head, &paid, minor).await?;
    Ok(calls)
}

/// Nobody asks for this capture any more.
pub(crate) async fn give_up_capture(tx: &mut Tx, payment: PaymentId) -> Result<(), PaymentError> {
    Ok(store::set_capturing(tx, payment, None, None).await?)
}
