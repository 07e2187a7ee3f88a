//! An attempt to be paid by card, from its intent to what the gateway says of it.

use domain::Money;
use domain::id::{OrderId, PaymentEventId, PaymentId};
use domain::order::{AttemptState, PaymentMethod};
use serde_json::json;

use crate::orders::LockedOrder;
use crate::platform::Context;
use crate::platform::db::Tx;
use crate::platform::events::{self, Event};
use crate::{Shop, accounting, inventory, orders, refusals};

use super::gateway::{GatewayError, Intent, NewIntent};
use super::store::Attempt;
use super::{PaymentError, asked_by, capture, jobs, lost, refund, return_url, store};

/// Where the shopper goes to pay an order by card; `None` when there is nothing to pay. Makes the intent at the gateway where there is
/// none; asked again, it leads to the same intent, and after a declined card to one that can be paid.
///
/// # Errors
/// [`PaymentError::Gateway`] when the gateway does not answer; a job then makes the intent, and asking again is safe.
pub async fn start_card(shop: &Shop, order: OrderId) -> Result<Option<String>, PaymentError> {
    // A given-up attempt is followed by a new one, once.
    for _ in 0..2 {
        let head = orders::head(&mut shop.db(), order).await?.ok_or(PaymentError::Unknown)?;
        if head.cancelled_at.is_some() {
            return Err(PaymentError::Cancelled);
        }
        if head.payment_method != PaymentMethod::Card || head.total == 0 {
            return Ok(None);
        }
        let gateway = super::open_gateway(shop).ok_or(PaymentError::NoGateway)?;
        let attempt = store::of_order(&mut shop.db(), order).await?.pop().ok_or(PaymentError::Unknown)?;
        if matches!(attempt.state, AttemptState::Authorised | AttemptState::Captured) {
            return Ok(None);
        }
        let intent = match (&attempt.gateway_ref, attempt.state) {
            (_, AttemptState::Voided) => None,
            (Some(reference), _) => match gateway.fetch(reference).await {
                Ok(intent) => Some(intent),
                // Made with another account: the shopper pays with a new one.
                Err(GatewayError::Missing(_)) => {
                    lost::lost(shop, attempt.id, None).await?;
                    None
                }
                Err(error) => return Err(error.into()),
            },
            (None, _) => begin(shop, &attempt, &head.number).await?,
        };
        if let Some(intent) = intent {
            apply(shop, attempt.id, &intent).await?;
            if intent.payable {
                // It may have been cancelled, or be paid in cash, since the gateway was asked: nobody is sent to pay for that.
                let now = orders::head(&mut shop.db(), order).await?.ok_or(PaymentError::Unknown)?;
                if now.cancelled_at.is_some() {
                    return Err(PaymentError::Cancelled);
                }
                if now.payment_method != PaymentMethod::Card {
                    return Ok(None);
                }
                return Ok(Some(gateway.pay_page(&intent.reference)));
            }
            if intent.state != AttemptState::Voided {
                return Ok(None);
            }
        }
        let (id, at, next) = (PaymentId(shop.id()), shop.now(), attempt.attempt + 1);
        let sum = (attempt.amount, attempt.currency);
        shop.db()
            .write(async move |tx| {
                let head = orders::lock(tx, order).await?.ok_or(PaymentError::Unknown)?;
                if head.cancelled_at.is_some() {
                    return Err(PaymentError::Cancelled);
                }
                if head.payment_method != PaymentMethod::Card {
                    return Ok(0);
                }
                Ok(store::insert(tx, id, order, PaymentMethod::Card, sum, next, at).await?)
            })
            .await?;
    }
    Err(PaymentError::Waiting)
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
        Err(error) if error.is_passing() => {
            let inner = shop.clone();
            shop.db().write(async move |tx| jobs::begin_later(tx, &inner, payment).await).await?;
            Err(error.into())
        }
        Err(GatewayError::Refused { code, .. }) if code == "idempotency_error" => {
            // Made before with other details, as after a change of the shop's address. Nobody was ever sent to that intent.
            give_up(shop, payment, AttemptState::Voided, "the request changed").await?;
            Ok(None)
        }
        Err(error) => {
            give_up(shop, payment, AttemptState::Failed, &error.to_string()).await?;
            lost::note(shop, payment, &capture::words(&error)).await?;
            Err(error.into())
        }
    }
}

/// Ends an attempt that has no intent at the gateway.
async fn give_up(shop: &Shop, payment: PaymentId, state: AttemptState, reason: &str) -> Result<(), PaymentError> {
    let (inner, reason) = (shop.clone(), reason.to_owned());
    shop.db()
        .write(async move |tx| {
            let ctx = inner.system();
            let intent = Intent {
                reference: String::new(),
                payment: Some(payment),
                state,
                authorised: 0,
                captured: 0,
                failure: Some(reason.clone()),
                payable: false,
            };
            apply_rows(tx, &inner, &ctx, payment, &intent).await
        })
        .await
}

/// Asks the gateway where an order's open payments stand, and keeps it. Called when the shopper comes back, by webhooks, by
/// the jobs, and before an order expires; any number of times. Says whether the bank is at work on one of them: nothing can be paid
/// again before it has answered.
///
/// # Errors
/// [`PaymentError::Gateway`] when it does not answer: then nothing changed.
pub async fn settle(shop: &Shop, order: OrderId) -> Result<bool, PaymentError> {
    let mut at_work = false;
    for attempt in store::of_order(&mut shop.db(), order).await? {
        let open = !matches!(attempt.state, AttemptState::Captured | AttemptState::Voided);
        if let (true, Some(reference)) = (open, &attempt.gateway_ref) {
            let intent = settle_one(shop, attempt.id, reference).await?;
            at_work |= intent.state == AttemptState::Pending && !intent.payable;
        }
    }
    Ok(at_work)
}

pub(super) async fn settle_one(shop: &Shop, payment: PaymentId, reference: &str) -> Result<Intent, PaymentError> {
    let gateway = super::open_gateway(shop).ok_or(PaymentError::NoGateway)?;
    let intent = gateway.fetch(reference).await?;
    apply(shop, payment, &intent).await?;
    Ok(intent)
}

/// Brings an attempt to where the gateway says it is.
pub(super) async fn apply(shop: &Shop, payment: PaymentId, intent: &Intent) -> Result<(), PaymentError> {
    if intent.payment.is_some_and(|id| id != payment) {
        return Err(PaymentError::Mismatch(payment));
    }
    let (inner, intent) = (shop.clone(), intent.clone());
    let calls = shop
        .db()
        .write(async move |tx| {
            let ctx = inner.system();
            apply_rows(tx, &inner, &ctx, payment, &intent).await?;
            let attempt = store::by_id(tx, payment).await?.ok_or(PaymentError::Unknown)?;
            // Money for an order that was cancelled meanwhile, or is paid in cash by now, goes back at once.
            let head = orders::head(tx, attempt.order_id).await?.ok_or(PaymentError::Unknown)?;
            let open = matches!(attempt.state, AttemptState::Authorised | AttemptState::Captured);
            if is_unwanted(&head, &attempt) && open { refund::unwind_attempt(tx, &inner, &ctx, &attempt).await } else { Ok(Vec::new()) }
        })
        .await?;
    shop.feed().wake();
    if !calls.is_empty() {
        // The jobs do it: whoever asked here waits for other things.
        tracing::info!(%payment, "money came for an order that takes none and goes back");
    }
    Ok(())
}

/// Does the order take no money in this way: cancelled, or paid in another?
pub(super) fn is_unwanted(head: &orders::Head, attempt: &Attempt) -> bool {
    head.cancelled_at.is_some() || head.payment_method != attempt.method
}

/// The same inside a transaction. News that the attempt is past already change nothing.
pub(super) async fn apply_rows(tx: &mut Tx, shop: &Shop, ctx: &Context, payment: PaymentId, intent: &Intent) -> Result<(), PaymentError> {
    let found = store::by_id(tx, payment).await?.ok_or(PaymentError::Unknown)?;
    let order = found.order_id;
    let locked = orders::lock(tx, order).await?.ok_or(PaymentError::Unknown)?;
    // Read again: it may have changed while the lock was awaited.
    let attempt = store::by_id(tx, payment).await?.ok_or(PaymentError::Unknown)?;
    let at = shop.now();
    match attempt.gateway_ref.as_deref() {
        None if !intent.reference.is_empty() => {
            store::set_reference(tx, payment, &intent.reference, super::account(shop), at).await?;
        }
        Some(known) if !intent.reference.is_empty() && known != intent.reference => {
            return Err(PaymentError::Mismatch(payment));
        }
        _ => {}
    }
    if !attempt.state.may_become(intent.state) {
        return Ok(());
    }
    if intent.captured > attempt.amount || (intent.authorised > attempt.amount && intent.authorised > 0) {
        return Err(PaymentError::Mismatch(payment));
    }
    let (kind, amount) = match intent.state {
        AttemptState::Pending => return Ok(()),
        AttemptState::RequiresAction => ("requires_action", 0),
        AttemptState::Authorised => ("authorised", intent.authorised),
        AttemptState::Captured => ("captured", intent.captured),
        AttemptState::Failed => ("failed", 0),
        AttemptState::Voided => ("voided", 0),
    };
    let captured = if intent.state == AttemptState::Captured { intent.captured } else { attempt.captured };
    let failure = if intent.state == AttemptState::Failed { intent.failure.as_deref() } else { None };
    store::set_state(tx, payment, intent.state, captured, failure, at).await?;
    arrived(tx, shop, ctx, &locked, &attempt, kind, amount, failure).await
}

/// Books what an attempt's new state means: the journal, the reservation, the events, the order's states.
#[allow(clippy::too_many_arguments, reason = "a payment's news, named at each call")]
pub(super) async fn arrived(
    tx: &mut Tx,
    shop: &Shop,
    ctx: &Context,
    locked: &LockedOrder,
    attempt: &Attempt,
    kind: &'static str,
    amount: i64,
    failure: Option<&str>,
) -> Result<(), PaymentError> {
    let (order, at) = (attempt.order_id, shop.now());
    let asker = attempt.capturing_by.as_deref().filter(|_| kind == "captured").map(|by| asked_by(shop, Some(by)));
    let ctx = asker.as_ref().unwrap_or(ctx);
    if kind == "captured" {
        store::set_capturing(tx, attempt.id, None, None).await?;
        refusals::succeeded(tx, ctx, &capture::key_of(attempt.id)).await?;
        let postings = [("cash", amount), ("accounts_receivable", -amount)];
        let (reference, currency) = (attempt.id.0, attempt.currency);
        accounting::post(tx, "payment.captured", Some(order), reference, currency, &postings).await?;
    }
    if matches!(kind, "authorised" | "captured" | "voided") {
        refusals::succeeded(tx, ctx, &lost::key_of(attempt.id)).await?;
    }
    if matches!(kind, "authorised" | "captured") {
        inventory::hold_for_good(tx, order).await?;
    }
    let data = json!({ "payment": attempt.id, "amount": amount, "currency": attempt.currency, "failure": failure });
    store::note(tx, PaymentEventId(shop.id()), attempt.id, kind, amount, &data, at).await?;
    orders::refresh_states(tx, locked).await?;
    let event = match kind {
        "authorised" => "payment.authorised",
        "captured" => "payment.captured",
        "failed" => "payment.failed",
        "voided" => "payment.voided",
        _ => "payment.requires_action",
    };
    events::append(tx, shop, ctx, at, &[Event::new(event, order.0, data)]).await?;
    Ok(())
}
