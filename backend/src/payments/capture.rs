//! Taking money: what the bank holds, or cash at the door.

use domain::id::{OrderId, PaymentEventId, PaymentId};
use domain::order::{AttemptState, PaymentMethod};
use domain::permission::Permission;
use domain::{Money, Timestamp};
use serde_json::json;

use crate::platform::Context;
use crate::platform::db::Tx;
use crate::{Shop, orders};

use super::attempt::{apply, arrived, settle_one};
use super::gateway::GatewayError;
use super::store::Attempt;
use super::{PaymentError, jobs, store};

/// Captures an order's payment: all of it, or minor units (what the bank holds beyond them is let go, for good). For cash on
/// delivery it says that the cash is in the till.
///
/// # Errors
/// [`PaymentError::NothingToCapture`], [`PaymentError::TooMuch`], [`PaymentError::Waiting`] when the gateway does not answer and a job
/// repeats it.
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
            if head.cancelled_at.is_some() {
                return Err(PaymentError::Cancelled);
            }
            let attempt = capturable(tx, order).await?.ok_or(PaymentError::NothingToCapture)?;
            let minor = amount.unwrap_or(attempt.amount);
            if minor > attempt.amount {
                return Err(PaymentError::TooMuch(Money::new(attempt.amount, attempt.currency)));
            }
            if attempt.method == PaymentMethod::Cod {
                cash(tx, &inner, &ctx, &attempt, minor).await?;
                return Ok(None);
            }
            ask(tx, &inner, &attempt, minor, inner.now()).await?;
            Ok(Some((attempt.id, minor)))
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

/// Writes down that a capture is wanted, and leaves it to the job: for parcels that leave with an authorised card.
pub(crate) async fn request_capture(tx: &mut Tx, shop: &Shop, order: OrderId) -> Result<(), PaymentError> {
    match capturable(tx, order).await? {
        Some(attempt) if attempt.method == PaymentMethod::Card => ask(tx, shop, &attempt, attempt.amount, shop.now()).await,
        _ => Ok(()),
    }
}

/// The courier has the cash: what is due of a cash-on-delivery order is captured, once.
pub(crate) async fn collect_cash(tx: &mut Tx, shop: &Shop, ctx: &Context, order: OrderId) -> Result<(), PaymentError> {
    match capturable(tx, order).await? {
        Some(attempt) if attempt.method == PaymentMethod::Cod => cash(tx, shop, ctx, &attempt, attempt.amount).await,
        _ => Ok(()),
    }
}

/// Less cash is due of an order than it was placed with.
pub(crate) async fn lower_cash(tx: &mut Tx, order: OrderId, less: i64, at: Timestamp) -> Result<(), PaymentError> {
    if let Some(attempt) = capturable(tx, order).await?.filter(|attempt| attempt.method == PaymentMethod::Cod) {
        store::set_amount(tx, attempt.id, (attempt.amount - less).max(0), at).await?;
    }
    Ok(())
}

async fn cash(tx: &mut Tx, shop: &Shop, ctx: &Context, attempt: &Attempt, minor: i64) -> Result<(), PaymentError> {
    store::set_state(tx, attempt.id, AttemptState::Captured, minor, None, shop.now()).await?;
    arrived(tx, shop, ctx, attempt, "captured", minor, None).await
}

async fn ask(tx: &mut Tx, shop: &Shop, attempt: &Attempt, minor: i64, at: Timestamp) -> Result<(), PaymentError> {
    let data = json!({ "payment": attempt.id, "amount": minor });
    store::note(tx, PaymentEventId(shop.id()), attempt.id, "capture_requested", minor, &data, at).await?;
    Ok(jobs::capture_later(tx, shop, attempt.id, minor).await?)
}

/// Asks the gateway for the money. Done already, it does nothing.
pub(super) async fn perform(shop: &Shop, payment: PaymentId, minor: i64) -> Result<(), PaymentError> {
    let attempt = store::by_id(&mut shop.db(), payment).await?.ok_or(PaymentError::Unknown)?;
    let Some(reference) = attempt.gateway_ref.clone() else { return Err(PaymentError::NothingToCapture) };
    if attempt.state == AttemptState::Captured {
        return Ok(());
    }
    let gateway = super::open_gateway(shop).ok_or(PaymentError::NoGateway)?;
    match gateway.capture(&reference, minor, &format!("capture-{payment}-{minor}")).await {
        Ok(intent) => apply(shop, payment, &intent).await,
        Err(error) if error.is_passing() => Err(PaymentError::Waiting),
        Err(error @ GatewayError::Refused { .. }) => {
            // It may have been captured, or given up, behind our back: what the gateway says now counts.
            let intent = settle_one(shop, payment, &reference).await?;
            if intent.state == AttemptState::Captured { Ok(()) } else { Err(error.into()) }
        }
        Err(error) => Err(error.into()),
    }
}
