//! Money that goes back: refunds of what was captured, and giving up what was not.

use domain::id::{OrderId, PaymentEventId, PaymentId, RefundId};
use domain::order::{AttemptState, PaymentMethod};
use domain::permission::Permission;
use domain::view::{RefusalKind, reasons};
use domain::{Money, MoneyError};
use serde_json::json;

use crate::platform::Context;
use crate::platform::db::{DbError, Tx};
use crate::platform::events::{self, Event};
use crate::platform::once;
use crate::refusals::{self, Refusal};
use crate::{Shop, accounting, orders};

use super::attempt::{apply, apply_rows, settle_one};
use super::capture::words;
use super::gateway::{GatewayError, Intent};
use super::store::{Attempt, Refund};
use super::{GatewayCall, PaymentError, asked_by, jobs, lost, store};

/// How long the gateway knows a request by its key, milliseconds: Stripe promises a day. What is asked again later may have been
/// done at the first time, and is looked up before it is done twice.
const KEY_LIFETIME_MS: i64 = 20 * 60 * 60 * 1_000;

/// Gives minor units of what was paid back the way it came. Any number of refunds add up to at most what was captured, to the
/// last minor unit, and their tax to the order's tax.
///
/// # Errors
/// [`PaymentError::TooMuch`] with what can still be given back; [`PaymentError::Waiting`] when the gateway does not answer and a job
/// repeats it.
pub async fn refund(shop: &Shop, ctx: &Context, order: OrderId, amount: i64, reason: &str) -> Result<RefundId, PaymentError> {
    ctx.require(Permission::RefundPayments)?;
    if amount <= 0 {
        return Err(PaymentError::Amount);
    }
    let reason: String = reason.trim().chars().take(200).collect();
    if reason.is_empty() {
        return Err(PaymentError::Reason);
    }
    let (inner, ctx) = (shop.clone(), ctx.clone());
    let id = shop
        .db()
        .write(async move |tx| {
            orders::lock(tx, order).await?.ok_or(PaymentError::Unknown)?;
            let wish = format!("{order} {amount} {reason}");
            if let Some(before) = once::answered(tx, &ctx, "refund", &wish).await? {
                return before.parse().map_err(|_| PaymentError::Unknown);
            }
            let id = begin_of(tx, &inner, &ctx, order, amount, &reason).await?;
            once::keep(tx, &ctx, "refund", &wish, &id.to_string(), inner.now()).await?;
            Ok(id)
        })
        .await?;
    let done = perform(shop, id).await;
    shop.feed().wake();
    done.map(|()| id)
}

/// Whichever of an order's payments has the most left to give back, how much that is, and how much of all is on its way already.
async fn most_left(tx: &mut Tx, order: OrderId) -> Result<(Option<(Attempt, i64)>, i64), PaymentError> {
    let mut most: Option<(Attempt, i64)> = None;
    let mut underway = 0;
    for attempt in store::of_order(tx, order).await? {
        let returning = store::returning(tx, attempt.id).await?;
        let left = attempt.captured - attempt.refunded - returning;
        underway += returning;
        if most.as_ref().is_none_or(|most| left > most.1) && attempt.captured > 0 {
            most = Some((attempt, left));
        }
    }
    Ok((most, underway))
}

/// Writes a refund down of whichever of the order's payments has the most left to give back.
async fn begin_of(tx: &mut Tx, shop: &Shop, ctx: &Context, order: OrderId, amount: i64, reason: &str) -> Result<RefundId, PaymentError> {
    let (most, underway) = most_left(tx, order).await?;
    let (attempt, left) = most.ok_or(PaymentError::NothingToRefund)?;
    if amount > left {
        let money = |minor| Money::new(minor, attempt.currency);
        return Err(match (left, underway) {
            (0, 0) => PaymentError::NothingToRefund,
            (_, 0) => PaymentError::TooMuch(money(left)),
            (_, underway) => PaymentError::TooMuchWith(money(left), money(underway)),
        });
    }
    begin(tx, shop, ctx, &attempt, amount, reason).await
}

/// Writes a refund down, before anybody is asked for it. Cash is given back at once.
async fn begin(tx: &mut Tx, shop: &Shop, ctx: &Context, attempt: &Attempt, amount: i64, reason: &str) -> Result<RefundId, PaymentError> {
    let id = RefundId(shop.id());
    let refund = Refund {
        id,
        payment_id: attempt.id,
        order_id: attempt.order_id,
        amount,
        reason: reason.to_owned(),
        state: "pending".into(),
        failure: None,
        actor: ctx.actor.to_string(),
        at: shop.now(),
    };
    store::insert_refund(tx, &refund).await?;
    if attempt.method == PaymentMethod::Cod {
        finish(tx, shop, ctx, &refund, None).await?;
    } else {
        jobs::refund_later(tx, shop, id).await?;
    }
    Ok(id)
}

/// Asks the gateway to give the money back. Done already, it does nothing; refused already, it says so again.
pub(super) async fn perform(shop: &Shop, id: RefundId) -> Result<(), PaymentError> {
    let refund = store::refund(&mut shop.db(), id).await?.ok_or(PaymentError::Unknown)?;
    match refund.state.as_str() {
        "pending" => {}
        "failed" => return Err(GatewayError::Refused { code: "failed".into(), message: refund.failure.unwrap_or_default() }.into()),
        _ => return Ok(()),
    }
    let attempt = store::by_id(&mut shop.db(), refund.payment_id).await?.ok_or(PaymentError::Unknown)?;
    let reference = attempt.gateway_ref.ok_or(PaymentError::NothingToRefund)?;
    let gateway = super::open_gateway(shop).ok_or(PaymentError::NoGateway)?;
    let inner = shop.clone();
    let known = if refund.at.plus_millis(KEY_LIFETIME_MS) < shop.now() { gateway.refunded(&reference, id).await } else { Ok(None) };
    let asked = match known {
        Ok(None) => gateway.refund(&reference, refund.amount, id).await,
        Ok(Some(made)) => Ok(made),
        Err(error) => Err(error),
    };
    let asked = asked.and_then(|made| match made.failure {
        Some(message) => Err(GatewayError::Refused { code: "failed".into(), message }),
        None => Ok(made.reference),
    });
    match asked {
        Ok(name) => {
            shop.db()
                .write(async move |tx| {
                    let ctx = asked_by(&inner, Some(refund.actor.as_str()));
                    finish(tx, &inner, &ctx, &refund, Some(&name)).await
                })
                .await
        }
        Err(error) if error.is_passing() => Err(PaymentError::Waiting),
        Err(error) => {
            let reason = words(&error);
            shop.db().write(async move |tx| fail(tx, &inner, &refund, &reason).await).await?;
            Err(error.into())
        }
    }
}

/// Books a refund that arrived, once.
async fn finish(tx: &mut Tx, shop: &Shop, ctx: &Context, refund: &Refund, name: Option<&str>) -> Result<(), PaymentError> {
    let head = orders::lock(tx, refund.order_id).await?.ok_or(PaymentError::Unknown)?;
    if !store::refund_done(tx, refund.id, name).await? {
        let known = store::refund_reference(tx, refund.id).await?;
        if name.is_some() && known.as_deref() != name {
            // It was given up, or settled in another way, while the gateway still made it: the money may have gone back twice.
            told_refused(tx, ctx, refund, reasons::MADE_AFTER_ALL).await?;
        }
        return Ok(());
    }
    refusals::succeeded(tx, ctx, &key_of(refund.id)).await?;
    let (at, order, amount) = (shop.now(), refund.order_id, refund.amount);
    let before: i64 = store::of_order(tx, order).await?.iter().map(|a| a.refunded).sum();
    store::add_refunded(tx, refund.payment_id, amount, at).await?;
    let (kind, postings) = if head.cancelled_at.is_some() {
        // The sale is out of the books already; this pays the debt that the cancellation left.
        ("payment.returned", vec![("accounts_receivable", amount), ("cash", -amount)])
    } else {
        let tax = tax_share(&head, before.saturating_add(amount))? - tax_share(&head, before)?;
        ("payment.refunded", vec![("sales_returns", amount - tax), ("vat_payable", tax), ("cash", -amount)])
    };
    accounting::post(tx, kind, Some(order), refund.id.0, head.currency, &postings).await?;
    let data = json!({ "payment": refund.payment_id, "refund": refund.id, "amount": amount, "currency": head.currency });
    store::note(tx, PaymentEventId(shop.id()), refund.payment_id, "refunded", amount, &data, at).await?;
    orders::refresh_states(tx, &head).await?;
    events::append(tx, shop, ctx, at, &[Event::new("payment.refunded", order.0, data)]).await?;
    Ok(orders::release_when_refunded(tx, ctx, &head).await?)
}

/// The order's tax inside its first `refunded` minor units, so that the shares of several refunds add up.
fn tax_share(head: &orders::Head, refunded: i64) -> Result<i64, PaymentError> {
    let due = head.total - head.waived;
    if due <= 0 {
        return Ok(0);
    }
    let (tax, part, total) = (i128::from(head.tax - head.waived_tax), i128::from(refunded), i128::from(due));
    i64::try_from((tax * part * 2 + total) / (total * 2)).map_err(|_| DbError::Lost(MoneyError::Overflow.to_string()).into())
}

/// Names a refund among refusals.
fn key_of(refund: RefundId) -> String {
    format!("refund:{refund}")
}

/// The gateway said no: nothing went back.
pub(super) async fn fail(tx: &mut Tx, shop: &Shop, refund: &Refund, reason: &str) -> Result<(), PaymentError> {
    orders::lock(tx, refund.order_id).await?;
    let ctx = asked_by(shop, Some(refund.actor.as_str()));
    if fail_rows(tx, shop, &ctx, refund, reason).await? {
        told_refused(tx, &ctx, refund, reason).await?;
    }
    Ok(())
}

/// Ends a refund that is under way without its money; false when it had ended before.
async fn fail_rows(tx: &mut Tx, shop: &Shop, ctx: &Context, refund: &Refund, reason: &str) -> Result<bool, PaymentError> {
    if !store::refund_failed(tx, refund.id, "pending", reason).await? {
        return Ok(false);
    }
    let at = shop.now();
    let data = json!({ "payment": refund.payment_id, "refund": refund.id, "amount": refund.amount, "failure": reason });
    store::note(tx, PaymentEventId(shop.id()), refund.payment_id, "refund_failed", refund.amount, &data, at).await?;
    events::append(tx, shop, ctx, at, &[Event::new("payment.refund_failed", refund.order_id.0, data)]).await?;
    Ok(true)
}

/// Shows a refund that did not arrive to the staff.
pub(super) async fn told_refused(tx: &mut Tx, ctx: &Context, refund: &Refund, reason: &str) -> Result<(), PaymentError> {
    let currency = store::by_id(tx, refund.payment_id).await?.ok_or(PaymentError::Unknown)?.currency;
    let row = Refusal::new(RefusalKind::Refund, key_of(refund.id), reason);
    let (order, payment, amount) = (Some(refund.order_id), Some(refund.payment_id), Some(Money::new(refund.amount, currency)));
    Ok(refusals::record(tx, ctx, &Refusal { order, payment, refund: Some(refund.id), amount, ..row }).await?)
}

/// Gives money back once more that did not arrive: asks for the same refund where nobody answered, and makes another one of what was
/// refused, once: false when somebody else was quicker, or it has been settled.
///
/// # Errors
/// As [`refund`].
pub(crate) async fn refund_again(shop: &Shop, ctx: &Context, id: RefundId) -> Result<bool, PaymentError> {
    ctx.require(Permission::RefundPayments)?;
    let (inner, ctx) = (shop.clone(), ctx.clone());
    let next = shop
        .db()
        .write(async move |tx| {
            let found = store::refund(tx, id).await?.ok_or(PaymentError::Unknown)?;
            orders::lock(tx, found.order_id).await?;
            let refund = store::refund(tx, id).await?.ok_or(PaymentError::Unknown)?;
            if refund.state == "pending" {
                jobs::refund_later(tx, &inner, id).await?;
                return Ok::<_, PaymentError>(Some(id));
            }
            // The row is ended by whoever gives the money back, and by nobody after them.
            if !refusals::succeeded(tx, &ctx, &key_of(id)).await? {
                return Ok(None);
            }
            if refund.state == "failed" {
                return begin_of(tx, &inner, &ctx, refund.order_id, refund.amount, &refund.reason).await.map(Some);
            }
            Ok(Some(id))
        })
        .await?;
    let Some(next) = next else { return Ok(false) };
    let done = perform(shop, next).await;
    shop.feed().wake();
    done.map(|()| true)
}

/// Asks the gateway what became of a refund that nobody answered, and books it. One that the gateway does not know stays as it is.
///
/// # Errors
/// [`PaymentError::Waiting`] when it does not answer.
pub(crate) async fn look_for_refund(shop: &Shop, id: RefundId) -> Result<(), PaymentError> {
    let refund = store::refund(&mut shop.db(), id).await?.ok_or(PaymentError::Unknown)?;
    let attempt = store::by_id(&mut shop.db(), refund.payment_id).await?.ok_or(PaymentError::Unknown)?;
    let (Some(reference), "pending") = (attempt.gateway_ref, refund.state.as_str()) else { return Ok(()) };
    let gateway = super::open_gateway(shop).ok_or(PaymentError::NoGateway)?;
    let made = match gateway.refunded(&reference, id).await {
        Ok(Some(made)) => made,
        Ok(None) | Err(GatewayError::Missing(_)) => return Ok(()),
        Err(error) if error.is_passing() => return Err(PaymentError::Waiting),
        Err(error) => return Err(error.into()),
    };
    let inner = shop.clone();
    shop.db()
        .write(async move |tx| match made.failure {
            Some(ref why) => fail(tx, &inner, &refund, why).await,
            None => {
                let ctx = asked_by(&inner, Some(refund.actor.as_str()));
                finish(tx, &inner, &ctx, &refund, Some(&made.reference)).await
            }
        })
        .await?;
    shop.feed().wake();
    Ok(())
}

/// Nobody asks for this refund any more: its money is the shop's again, to be given back in another way.
pub(crate) async fn give_up_refund(tx: &mut Tx, shop: &Shop, ctx: &Context, id: RefundId) -> Result<(), PaymentError> {
    let refund = store::refund(tx, id).await?.ok_or(PaymentError::Unknown)?;
    fail_rows(tx, shop, ctx, &refund, reasons::NO_ANSWER).await.map(drop)
}

/// The money went back in another way than the card's, as in cash: the books say so.
pub(crate) async fn refunded_otherwise(tx: &mut Tx, shop: &Shop, ctx: &Context, id: RefundId) -> Result<(), PaymentError> {
    ctx.require(Permission::RefundPayments)?;
    let refund = store::refund(tx, id).await?.ok_or(PaymentError::Unknown)?;
    match refund.state.as_str() {
        "pending" => finish(tx, shop, ctx, &refund, None).await,
        "failed" => {
            let attempt = store::by_id(tx, refund.payment_id).await?.ok_or(PaymentError::Unknown)?;
            let left = attempt.captured - attempt.refunded - store::returning(tx, attempt.id).await?;
            if refund.amount > left {
                return Err(PaymentError::TooMuch(Money::new(left, attempt.currency)));
            }
            let again = Refund {
                id: RefundId(shop.id()),
                state: "pending".into(),
                failure: None,
                actor: ctx.actor.to_string(),
                at: shop.now(),
                ..refund
            };
            store::insert_refund(tx, &again).await?;
            finish(tx, shop, ctx, &again, None).await
        }
        _ => Ok(()),
    }
}

/// Gives up or gives back every payment of a cancelled order: what needs no gateway is done here, the rest is written down, with its
/// job, and returned.
///
/// # Errors
/// The database's and the books'.
pub(crate) async fn unwind_rows(tx: &mut Tx, shop: &Shop, ctx: &Context, order: OrderId) -> Result<Vec<GatewayCall>, PaymentError> {
    let mut calls = Vec::new();
    for attempt in store::of_order(tx, order).await? {
        // Nobody wants to be paid any more.
        store::set_capturing(tx, attempt.id, None, None).await?;
        refusals::not_wanted(tx, ctx, &super::capture::key_of(attempt.id)).await?;
        calls.extend(unwind_attempt(tx, shop, ctx, &attempt).await?);
    }
    Ok(calls)
}

/// Gives at most so much of what an order paid back the way it came: what is left of its largest payment. What needs the gateway is
/// returned.
///
/// # Errors
/// The database's and the books'.
pub(crate) async fn refund_rows(
    tx: &mut Tx,
    shop: &Shop,
    ctx: &Context,
    order: OrderId,
    amount: i64,
    reason: &str,
) -> Result<Option<GatewayCall>, PaymentError> {
    let Some((attempt, left)) = most_left(tx, order).await?.0.filter(|(_, left)| *left > 0) else { return Ok(None) };
    let refund = begin(tx, shop, ctx, &attempt, amount.min(left), reason).await?;
    Ok((attempt.method == PaymentMethod::Card).then_some(GatewayCall::Refund(refund)))
}

/// Gives up or gives back one payment.
pub(super) async fn unwind_attempt(tx: &mut Tx, shop: &Shop, ctx: &Context, attempt: &Attempt) -> Result<Vec<GatewayCall>, PaymentError> {
    let mut calls = Vec::new();
    match (attempt.state, &attempt.gateway_ref) {
        (AttemptState::Voided, _) => {}
        (AttemptState::Captured, _) => {
            let left = attempt.captured - attempt.refunded - store::returning(tx, attempt.id).await?;
            if left > 0 {
                let refund = begin(tx, shop, ctx, attempt, left, super::CANCELLED).await?;
                if attempt.method == PaymentMethod::Card {
                    calls.push(GatewayCall::Refund(refund));
                }
            }
        }
        (_, Some(_)) => {
            jobs::void_later(tx, shop, attempt.id).await?;
            calls.push(GatewayCall::Void(attempt.id));
        }
        (_, None) => void_unasked(tx, shop, ctx, attempt.id).await?,
    }
    Ok(calls)
}

/// Gives up an attempt of which the gateway knows nothing.
pub(super) async fn void_unasked(tx: &mut Tx, shop: &Shop, ctx: &Context, payment: PaymentId) -> Result<(), PaymentError> {
    let intent = Intent {
        reference: String::new(),
        payment: Some(payment),
        state: AttemptState::Voided,
        authorised: 0,
        captured: 0,
        failure: None,
        payable: false,
    };
    apply_rows(tx, shop, ctx, payment, &intent).await
}

/// Does what a transaction left to be done at the gateway. What does not succeed is left to the jobs.
pub(crate) async fn carry_out(shop: &Shop, calls: Vec<GatewayCall>) {
    for one in calls {
        let done = match one {
            GatewayCall::Void(payment) => void(shop, payment).await,
            GatewayCall::Refund(refund) => perform(shop, refund).await,
        };
        if let Err(error) = done {
            tracing::warn!(?one, %error, "the gateway was not reached; a job asks it again");
        }
    }
}

/// Gives an attempt up at the gateway. If it was paid meanwhile, what the gateway says counts.
pub(super) async fn void(shop: &Shop, payment: PaymentId) -> Result<(), PaymentError> {
    let attempt = store::by_id(&mut shop.db(), payment).await?.ok_or(PaymentError::Unknown)?;
    let Some(reference) = attempt.gateway_ref.clone() else { return Ok(()) };
    if matches!(attempt.state, AttemptState::Voided | AttemptState::Captured) {
        return Ok(());
    }
    let gateway = super::open_gateway(shop).ok_or(PaymentError::NoGateway)?;
    match gateway.cancel(&reference, &format!("void-{payment}")).await {
        Ok(intent) => apply(shop, payment, &intent).await,
        Err(GatewayError::Refused { message: refusal, .. }) => match settle_one(shop, payment, &reference).await {
            Err(PaymentError::Gateway(GatewayError::Missing(_))) => lost::lost(shop, payment, None).await,
            // The shopper's money stays held: the staff look at it.
            Ok(intent) if intent.state == AttemptState::Authorised => lost::note(shop, payment, &refusal).await,
            other => other.map(drop),
        },
        // Nothing can be paid or held there.
        Err(GatewayError::Missing(_)) => lost::lost(shop, payment, None).await,
        Err(_) => Err(PaymentError::Waiting),
    }
}
