//! Refunds of what was captured.

use std::cmp::Reverse;
use std::pin::Pin;

use domain::Money;
use domain::books::{Account, EntryKind};
use domain::credit::{self, Credit, CreditError, CreditRequest};
use domain::id::{OrderId, RefundId};
use domain::order::Tender;
use domain::permission::Permission;
use domain::text;
use domain::view::{RefusalKind, reasons};

use platform::Context;
use platform::db::{DbError, Read, Tx};
use platform::request_keys;

use crate::orders::LockedOrder;
use crate::refusals::{self, Refusal};
use crate::{Shop, accounting, orders};

use super::capture::refusal_message;
use super::events::{PaymentRefunded, RefundFailed};
use super::gateway::GatewayError;
use super::store::{Attempt, Refund};
use super::{GatewayCall, PaymentError, context_of, handover, jobs, store};

/// What is done, in the same transaction, about an order of which money was refunded; the shop hands it in, because what it touches is
/// above payments. It does nothing unless all of the money was.
pub(crate) type WhenRefunded = for<'a> fn(&'a mut Tx, &'a LockedOrder) -> Pin<Box<dyn Future<Output = Result<(), DbError>> + Send + 'a>>;

/// How long the gateway stores idempotency keys: gateways document a day. A request that is repeated later may have been carried out
/// the first time, and is looked up first.
const KEY_LIFETIME_MS: i64 = 20 * 60 * 60 * 1_000;

/// By which way money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RefundWay {
    /// The way it was paid: what a card paid is asked of the gateway.
    AsPaid,
    /// The staff gave it back otherwise: it is done.
    ByHand,
}

/// What became of the refund of one payment.
#[derive(Clone, Debug)]
pub struct RefundPart {
    pub id: RefundId,
    pub amount: Money,
    /// [`PaymentError::Waiting`] where the gateway does not answer and a job asks it again; otherwise why it was refused.
    pub outcome: Result<(), PaymentError>,
}

/// [`refund_parts`] for whom it is all or nothing: the refunds, where each was made.
///
/// # Errors
/// As [`refund_parts`]; the first of any part, such as [`PaymentError::Waiting`] when the gateway does not answer and a job repeats it.
pub async fn refund(
    shop: &Shop,
    ctx: &Context,
    order: OrderId,
    wanted: impl Into<CreditRequest>,
    reason: &str,
) -> Result<Vec<RefundId>, PaymentError> {
    refund_parts(shop, ctx, order, wanted, reason).await?.into_iter().map(|part| part.outcome.map(|()| part.id)).collect()
}

/// Refunds units of lines, a part of the delivery fee, or minor units off everything, the way it was paid. What no single payment brought is
/// a refund of each of several, the largest first. Any number of refunds add up to at most what was captured, to the last minor unit, and
/// the tax of each is that of its lines.
///
/// # Errors
/// [`PaymentError::TooMuch`] with what can still be refunded, [`PaymentError::TooManyUnits`] and [`PaymentError::TooMuchFee`] likewise. What
/// the gateway says of each is in its part.
pub async fn refund_parts(
    shop: &Shop,
    ctx: &Context,
    order: OrderId,
    wanted: impl Into<CreditRequest>,
    reason: &str,
) -> Result<Vec<RefundPart>, PaymentError> {
    ctx.require(Permission::RefundPayments)?;
    let wanted: CreditRequest = wanted.into();
    if wanted.amount < 0 || wanted.fee < 0 || (wanted.amount == 0 && wanted.fee == 0 && wanted.lines.iter().all(|(_, units)| *units == 0)) {
        return Err(PaymentError::Amount);
    }
    let reason = text::reason(reason).ok_or(PaymentError::Reason)?;
    let when_refunded = shop.when_refunded();
    let ids = shop
        .write(ctx, async move |tx| {
            let ctx = tx.ctx().clone();
            let locked = orders::lock(tx, order).await?.ok_or(PaymentError::Unknown)?;
            let contents = format!("{order} {wanted:?} {reason}");
            if let Some(earlier) = request_keys::answered(tx, &ctx, "refund", &contents).await? {
                return earlier.split(' ').map(|id| id.parse().map_err(|_| PaymentError::Unknown)).collect();
            }
            let (amount, credits) = credits_for(tx, &locked, &wanted).await?;
            let ids = begin_from_largest(tx, order, (amount, &credits), &reason, RefundWay::AsPaid).await?;
            when_refunded(tx, &locked).await?;
            let answer: Vec<String> = ids.iter().map(RefundId::to_string).collect();
            request_keys::keep(tx, &ctx, "refund", &contents, &answer.join(" ")).await?;
            Ok(ids)
        })
        .await?;
    perform_all(shop, &ids).await
}

/// Refunds at the gateway, each.
///
/// # Errors
/// The database's, before anything is asked of the gateway.
async fn perform_all(shop: &Shop, ids: &[RefundId]) -> Result<Vec<RefundPart>, PaymentError> {
    let mut parts = Vec::with_capacity(ids.len());
    for id in ids {
        let refund = store::refund(&mut shop.db(), *id).await?;
        parts.push(RefundPart { id: *id, amount: Money::new(refund.amount, refund.currency), outcome: Ok(()) });
    }
    for part in &mut parts {
        part.outcome = perform(shop, part.id).await;
    }
    if parts.is_empty() { Err(PaymentError::NothingToRefund) } else { Ok(parts) }
}

/// An amount off everything: what was paid beyond the price goes back first, which is of no part of it.
async fn amount_off(tx: &mut Tx, order: &LockedOrder, amount: i64) -> Result<Vec<Credit>, PaymentError> {
    let parts = orders::price_parts(tx, order.id).await?;
    Ok(credit::spread(&parts, amount - orders::overpaid(tx, order).await?))
}

/// How much a request comes to, and what it is of. A cancelled order has no price any more: only an amount of the debt can go back.
async fn credits_for(tx: &mut Tx, order: &LockedOrder, wanted: &CreditRequest) -> Result<(i64, Vec<Credit>), PaymentError> {
    let only_amount = wanted.lines.iter().all(|(_, units)| *units == 0) && wanted.fee == 0;
    if order.cancelled_at.is_some() {
        return if only_amount { Ok((wanted.amount, Vec::new())) } else { Err(PaymentError::Cancelled) };
    }
    let (parts, overpaid) = (orders::price_parts(tx, order.id).await?, orders::overpaid(tx, order).await?);
    let refund = credit::refund(&parts, overpaid, wanted).map_err(|error| match error {
        CreditError::Unknown => PaymentError::Unknown,
        CreditError::TooManyUnits { line, left } => PaymentError::TooManyUnits { line, left },
        CreditError::TooMuchFee(left) => PaymentError::TooMuchFee(order.money(left)),
        CreditError::TooMuch(left) => PaymentError::TooMuch(order.money(left)),
    })?;
    if refund.0 == 0 { Err(PaymentError::NothingToRefund) } else { Ok(refund) }
}

/// What a refund that failed was of, as far as that is left; otherwise its amount off everything.
async fn credits_again(tx: &mut Tx, order: &LockedOrder, refund: &Refund) -> Result<Vec<Credit>, PaymentError> {
    if order.cancelled_at.is_some() {
        return Ok(Vec::new());
    }
    let (parts, before) = (orders::price_parts(tx, order.id).await?, orders::credits_of(tx, refund.id).await?);
    let same = !before.is_empty() && credit::fits(&parts, &before);
    if same { Ok(before) } else { amount_off(tx, order, refund.amount).await }
}

/// What is left to refund of each payment of an order that brought money, minor units, and how much of all is on its way already.
async fn left_of(tx: &mut Tx, order: OrderId) -> Result<(Vec<(Attempt, i64)>, i64), PaymentError> {
    let (mut payments, mut underway) = (Vec::new(), 0);
    for attempt in store::of_order(tx, order).await?.into_iter().filter(|attempt| attempt.captured > 0) {
        let left = store::refundable(tx, &attempt).await?;
        underway += attempt.captured - attempt.refunded - left;
        payments.push((attempt, left));
    }
    Ok((payments, underway))
}

/// Records refunds that come to an amount: of whichever of the order's payments has the most left to refund, and where that is not enough, of
/// the next.
async fn begin_from_largest(
    tx: &mut Tx,
    order: OrderId,
    (amount, credits): (i64, &[Credit]),
    reason: &str,
    way: RefundWay,
) -> Result<Vec<RefundId>, PaymentError> {
    let (payments, underway) = left_of(tx, order).await?;
    let currency = payments.first().ok_or(PaymentError::NothingToRefund)?.0.currency;
    let left: i64 = payments.iter().map(|(_, left)| *left).sum();
    if amount > left {
        let money = |minor| Money::new(minor, currency);
        return Err(match (left, underway) {
            (0, 0) => PaymentError::NothingToRefund,
            (_, 0) => PaymentError::TooMuch(money(left)),
            (_, underway) => PaymentError::TooMuchWith(money(left), money(underway)),
        });
    }
    Ok(begin_split(tx, order, (amount, credits), reason, way).await?.into_iter().map(|(id, _)| id).collect())
}

/// Records refunds of an amount, at most what is left, of one payment after the other, the largest first: their ids and tenders. What the
/// amount is beyond its credits is of the first.
async fn begin_split(
    tx: &mut Tx,
    order: OrderId,
    (amount, credits): (i64, &[Credit]),
    reason: &str,
    way: RefundWay,
) -> Result<Vec<(RefundId, Tender)>, PaymentError> {
    let (mut rest, mut credits, mut refunds) = (amount, credits.to_vec(), Vec::new());
    while rest > 0 {
        let largest = left_of(tx, order).await?.0.into_iter().min_by_key(|(_, left)| Reverse(*left));
        let Some((attempt, left)) = largest.filter(|(_, left)| *left > 0) else { break };
        let minor = rest.min(left);
        let debt = (rest - credit::sum(&credits).0).clamp(0, minor);
        let (these, others) = credit::split(&credits, minor - debt);
        refunds.push((begin_by(tx, &attempt, (minor, &these), reason, way).await?, attempt.tender));
        (rest, credits) = (rest - minor, others);
    }
    Ok(refunds)
}

/// Locks the order of a refund; returns both as they are under the lock.
pub(super) async fn lock(tx: &mut Tx, id: RefundId) -> Result<(LockedOrder, Refund), PaymentError> {
    let order = store::refund(tx, id).await?.order_id;
    let order = orders::lock(tx, order).await?.ok_or(PaymentError::Unknown)?;
    // Read again: it may have changed while the lock was awaited.
    Ok((order, store::refund(tx, id).await?))
}

/// Records a refund and what it is of, before it is requested of the gateway. Cash is refunded at once. A refund of more than its credits
/// pays a debt to the shopper: of a cancelled order, or of what was paid beyond the price.
pub(super) async fn begin(tx: &mut Tx, attempt: &Attempt, amount: i64, reason: &str, credits: &[Credit]) -> Result<RefundId, PaymentError> {
    begin_by(tx, attempt, (amount, credits), reason, RefundWay::AsPaid).await
}

/// [`begin`] by this way.
async fn begin_by(
    tx: &mut Tx,
    attempt: &Attempt,
    (amount, credits): (i64, &[Credit]),
    reason: &str,
    way: RefundWay,
) -> Result<RefundId, PaymentError> {
    let id = RefundId(tx.id());
    let refund = Refund {
        id,
        payment_id: attempt.id,
        order_id: attempt.order_id,
        tender: attempt.tender,
        amount,
        currency: attempt.currency,
        reason: reason.to_owned(),
        state: "pending".into(),
        failure: None,
        gateway_ref: None,
        actor: tx.ctx().actor.to_string(),
        at: tx.now(),
    };
    let order = orders::lock(tx, attempt.order_id).await?.ok_or(PaymentError::Unknown)?;
    store::insert_refund(tx, &refund).await?;
    orders::insert_credits(tx, &order, Some(id), credits).await?;
    if attempt.tender == Tender::Cash || way == RefundWay::ByHand {
        finish(tx, &refund, None).await?;
        handover::follow(tx, &order, &refund, way == RefundWay::ByHand);
    } else {
        jobs::refund_later(tx, id).await?;
    }
    Ok(id)
}

/// Refunds at the gateway. Does nothing when it was done already; one that was refused already is refused again.
pub(super) async fn perform(shop: &Shop, id: RefundId) -> Result<(), PaymentError> {
    let refund = store::refund(&mut shop.db(), id).await?;
    match refund.state.as_str() {
        "pending" => {}
        "failed" => return Err(GatewayError::Refused { code: "failed".into(), message: refund.failure.unwrap_or_default() }.into()),
        _ => return Ok(()),
    }
    let attempt = store::attempt(&mut shop.db(), refund.payment_id).await?;
    let reference = attempt.gateway_ref.ok_or(PaymentError::NothingToRefund)?;
    let gateway = super::open_gateway(shop).ok_or(PaymentError::NoGateway)?;
    let existing = if refund.at.plus_millis(KEY_LIFETIME_MS) < shop.now() { gateway.refunded(&reference, id).await } else { Ok(None) };
    let outcome = match existing {
        Ok(None) => gateway.refund(&reference, refund.amount, id).await,
        Ok(Some(refund)) => Ok(refund),
        Err(error) => Err(error),
    };
    let outcome = outcome.and_then(|refund| match refund.failure {
        Some(message) => Err(GatewayError::Refused { code: "failed".into(), message }),
        None => Ok(refund.reference),
    });
    let (ctx, when_refunded) = (context_of(shop.id(), Some(&refund.actor)), shop.when_refunded());
    match outcome {
        Ok(reference) => shop.write(&ctx, async move |tx| finish_and_release(tx, &refund, &reference, when_refunded).await).await,
        Err(error) if error.is_transient() => Err(PaymentError::Waiting),
        Err(error) => {
            let reason = refusal_message(&error);
            shop.write(&ctx, async move |tx| fail(tx, &refund, &reason).await).await?;
            Err(error.into())
        }
    }
}

/// [`finish`] for a refund that the gateway made, and what follows it.
async fn finish_and_release(tx: &mut Tx, refund: &Refund, reference: &str, when_refunded: WhenRefunded) -> Result<(), PaymentError> {
    match finish(tx, refund, Some(reference)).await? {
        Some(order) => Ok(when_refunded(tx, &order).await?),
        None => Ok(()),
    }
}

/// Books a refund that arrived, once, and returns its order; nothing when it had ended before. `reference` is the gateway's name for it.
/// The caller does what follows for an order that is refunded in full now.
async fn finish(tx: &mut Tx, refund: &Refund, reference: Option<&str>) -> Result<Option<LockedOrder>, PaymentError> {
    let order = orders::lock(tx, refund.order_id).await?.ok_or(PaymentError::Unknown)?;
    if !store::refund_done(tx, refund.id, reference).await? {
        let current = store::refund_reference(tx, refund.id).await?;
        if reference.is_some() && current.as_deref() != reference {
            // It was dismissed or settled in another way while the gateway still made it: the money may have been refunded twice.
            show_to_staff(tx, refund, reasons::MADE_AFTER_ALL).await?;
        }
        return Ok(None);
    }
    refusals::succeeded(tx, &refusal_key(refund.id)).await?;
    let amount = refund.amount;
    store::add_refunded(tx, refund, amount).await?;
    // What no gateway made was handed back in cash.
    let money = if reference.is_some() { Account::GatewayClearing } else { Account::Cash };
    let (kind, postings) = if order.cancelled_at.is_some() {
        // The sale is out of the books already; this pays the debt that the cancellation left.
        (EntryKind::PaymentReturned, vec![(Account::AccountsReceivable, amount), (money, -amount)])
    } else {
        (EntryKind::PaymentRefunded, refund_postings(tx, refund, money).await?.into())
    };
    accounting::post(tx, kind, Some(order.id), refund.id.0, order.currency, &postings).await?;
    let refunded = PaymentRefunded { payment: refund.payment_id, refund: refund.id, amount, currency: order.currency };
    store::insert_event(tx, refund.payment_id, "refunded", amount, &refunded).await?;
    orders::refresh_states(tx, &order).await?;
    tx.record(order.id, refunded);
    Ok(Some(order))
}

/// What a refund posts: the price and the tax of its credits, and the rest as a debt that is paid; `money` is where it comes from.
pub(super) async fn refund_postings(tx: &mut Tx, refund: &Refund, money: Account) -> Result<[(Account, i64); 4], PaymentError> {
    let (price, tax) = credit::sum(&orders::credits_of(tx, refund.id).await?);
    Ok([
        (Account::SalesReturns, price - tax),
        (Account::VatPayable, tax),
        (Account::AccountsReceivable, refund.amount - price),
        (money, -refund.amount),
    ])
}

/// The key of a refund's refusal.
pub(super) fn refusal_key(refund: RefundId) -> String {
    format!("refund:{refund}")
}

/// The gateway refused: nothing was refunded.
pub(super) async fn fail(tx: &mut Tx, refund: &Refund, reason: &str) -> Result<(), PaymentError> {
    orders::lock(tx, refund.order_id).await?;
    if mark_failed(tx, refund, reason).await? {
        show_to_staff(tx, refund, reason).await?;
    }
    Ok(())
}

/// Ends a pending refund as failed; false when it had ended before.
async fn mark_failed(tx: &mut Tx, refund: &Refund, reason: &str) -> Result<bool, PaymentError> {
    if !store::refund_failed(tx, refund.id, "pending", reason).await? {
        return Ok(false);
    }
    let failed =
        RefundFailed { payment: refund.payment_id, refund: refund.id, amount: refund.amount, currency: None, failure: reason.to_owned() };
    store::insert_event(tx, refund.payment_id, "refund_failed", refund.amount, &failed).await?;
    tx.record(refund.order_id, failed);
    Ok(true)
}

/// Shows a failed refund to the staff.
pub(super) async fn show_to_staff(tx: &mut Tx, refund: &Refund, reason: &str) -> Result<(), PaymentError> {
    let row = Refusal::new(RefusalKind::Refund, refusal_key(refund.id), reason);
    let (order, payment, amount) = (Some(refund.order_id), Some(refund.payment_id), Some(Money::new(refund.amount, refund.currency)));
    Ok(refusals::record(tx, &Refusal { order, payment, refund: Some(refund.id), amount, ..row }).await?)
}

/// Did the gateway make this refund? Otherwise it is the staff's, in cash or by transfer.
///
/// # Errors
/// The database's.
pub(crate) async fn is_made_by_gateway(db: &mut impl Read, id: RefundId) -> Result<bool, DbError> {
    Ok(store::find_refund(db, id).await?.is_some_and(|refund| refund.gateway_ref.is_some()))
}

/// Repeats a refund that was not made: with the same key where there was no answer, as a new one where it was refused. False when
/// another request was quicker, or it has been settled.
///
/// # Errors
/// As [`refund`].
pub(crate) async fn retry_refund(shop: &Shop, ctx: &Context, id: RefundId) -> Result<bool, PaymentError> {
    ctx.require(Permission::RefundPayments)?;
    let when_refunded = shop.when_refunded();
    let next = shop
        .write(ctx, async move |tx| {
            let (order, refund) = lock(tx, id).await?;
            if refund.state == "pending" {
                jobs::refund_later(tx, id).await?;
                return Ok::<_, PaymentError>(Some(vec![id]));
            }
            // Only the request that ends the refusal makes the new refund.
            if !refusals::succeeded(tx, &refusal_key(id)).await? {
                return Ok(None);
            }
            if refund.state == "failed" {
                let credits = credits_again(tx, &order, &refund).await?;
                let next = begin_from_largest(tx, refund.order_id, (refund.amount, &credits), &refund.reason, RefundWay::AsPaid).await?;
                when_refunded(tx, &order).await?;
                return Ok(Some(next));
            }
            Ok(Some(vec![id]))
        })
        .await?;
    let Some(next) = next else { return Ok(false) };
    perform_all(shop, &next).await?.into_iter().try_for_each(|part| part.outcome)?;
    Ok(true)
}

/// Fetches a refund without an answer from the gateway, and books it. One that is missing at the gateway stays as it is.
///
/// # Errors
/// [`PaymentError::Waiting`] when it does not answer.
pub(crate) async fn check_refund(shop: &Shop, id: RefundId) -> Result<(), PaymentError> {
    let refund = store::refund(&mut shop.db(), id).await?;
    let attempt = store::attempt(&mut shop.db(), refund.payment_id).await?;
    let (Some(reference), "pending") = (attempt.gateway_ref, refund.state.as_str()) else { return Ok(()) };
    let gateway = super::open_gateway(shop).ok_or(PaymentError::NoGateway)?;
    let found = match gateway.refunded(&reference, id).await {
        Ok(Some(found)) => found,
        Ok(None) | Err(GatewayError::Missing(_)) => return Ok(()),
        Err(error) if error.is_transient() => return Err(PaymentError::Waiting),
        Err(error) => return Err(error.into()),
    };
    let (ctx, when_refunded) = (context_of(shop.id(), Some(&refund.actor)), shop.when_refunded());
    shop.write(&ctx, async move |tx| match &found.failure {
        Some(why) => fail(tx, &refund, why).await,
        None => finish_and_release(tx, &refund, &found.reference, when_refunded).await,
    })
    .await
}

/// This refund is not requested any more: its money is the shop's again, to be refunded in another way.
pub(crate) async fn give_up_refund(tx: &mut Tx, id: RefundId) -> Result<(), PaymentError> {
    let refund = store::refund(tx, id).await?;
    mark_failed(tx, &refund, reasons::NO_ANSWER).await.map(drop)
}

/// The money was refunded in another way than by the card, as in cash: it is booked. A refund that failed is made anew of whichever payments
/// have it left by now, as any other. The caller does what follows for an order that is refunded in full now.
pub(crate) async fn refunded_otherwise(tx: &mut Tx, id: RefundId) -> Result<(), PaymentError> {
    tx.ctx().require(Permission::RefundPayments)?;
    let refund = store::refund(tx, id).await?;
    match refund.state.as_str() {
        "pending" => finish(tx, &refund, None).await.map(drop),
        "failed" => {
            let order = orders::lock(tx, refund.order_id).await?.ok_or(PaymentError::Unknown)?;
            let credits = credits_again(tx, &order, &refund).await?;
            begin_from_largest(tx, order.id, (refund.amount, &credits), &refund.reason, RefundWay::ByHand).await.map(drop)
        }
        _ => Ok(()),
    }
}

/// Refunds what was paid of these parts of an order's price, the way it came: of its largest payment first. Requests to the gateway are
/// returned. The caller does what follows for an order that is refunded in full now.
///
/// # Errors
/// The database's and the books'.
pub(crate) async fn refund_rows(
    tx: &mut Tx,
    order: &LockedOrder,
    credits: &[Credit],
    reason: &str,
) -> Result<Vec<GatewayCall>, PaymentError> {
    let refunds = begin_split(tx, order.id, (credit::sum(credits).0, credits), reason, RefundWay::AsPaid).await?;
    Ok(refunds.into_iter().filter(|(_, tender)| *tender == Tender::Card).map(|(id, _)| GatewayCall::Refund(id)).collect())
}
