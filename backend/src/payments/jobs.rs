//! What is asked of the gateway again, when the first time was cut short.
//!
//! Each job is written in the transaction that decides what is wanted, and does nothing when that was done already.

use domain::Money;
use domain::id::{OrderId, PaymentId, RefundId};
use domain::view::{RefusalKind, reasons};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::platform::db::{DbError, Tx};
use crate::platform::jobs::{self, Done, Failure, Handlers};
use crate::refusals::Refusal;
use crate::{Shop, orders};

use super::gateway::GatewayError;
use super::{PaymentError, attempt, capture, expiry, lost, refund, store};

/// The job is not in a hurry: whoever wrote it tries at once, and most often succeeds.
const DELAY_MS: i64 = 5_000;

const BEGIN: &str = "payment.begin";
const SETTLE: &str = "payment.settle";
const CAPTURE: &str = "payment.capture";
const VOID: &str = "payment.void";
const REFUND: &str = "payment.refund";
/// Written by checkout, for when the time to pay is over.
const EXPIRE: &str = "payments.expire";

pub(super) async fn begin_later(tx: &mut Tx, shop: &Shop, payment: PaymentId) -> Result<(), DbError> {
    put(tx, shop, BEGIN, json!({ "payment": payment }), &format!("{BEGIN}:{payment}")).await
}

/// `event` is the webhook that could not be followed.
pub(super) async fn settle_later(tx: &mut Tx, shop: &Shop, payment: PaymentId, event: &str) -> Result<(), DbError> {
    put(tx, shop, SETTLE, json!({ "payment": payment }), &format!("{SETTLE}:{event}")).await
}

pub(super) async fn capture_later(tx: &mut Tx, shop: &Shop, payment: PaymentId, minor: i64) -> Result<(), DbError> {
    let payload = json!({ "payment": payment, "amount": minor });
    put(tx, shop, CAPTURE, payload, &format!("{CAPTURE}:{payment}:{minor}")).await
}

pub(super) async fn void_later(tx: &mut Tx, shop: &Shop, payment: PaymentId) -> Result<(), DbError> {
    put(tx, shop, VOID, json!({ "payment": payment }), &format!("{VOID}:{payment}")).await
}

pub(super) async fn refund_later(tx: &mut Tx, shop: &Shop, refund: RefundId) -> Result<(), DbError> {
    put(tx, shop, REFUND, json!({ "refund": refund }), &format!("{REFUND}:{refund}")).await
}

async fn put(tx: &mut Tx, shop: &Shop, kind: &str, payload: Value, key: &str) -> Result<(), DbError> {
    jobs::enqueue_again(tx, shop, kind, &payload, shop.now().plus_millis(DELAY_MS), key).await
}

#[derive(Deserialize)]
struct Payload {
    order: Option<OrderId>,
    payment: Option<PaymentId>,
    refund: Option<RefundId>,
    amount: Option<i64>,
}

/// Adds the payments' jobs.
pub fn register(handlers: &mut Handlers) {
    for kind in [BEGIN, SETTLE, CAPTURE, VOID, REFUND, EXPIRE] {
        handlers.insert(kind, Box::new(move |shop, payload| -> Done { Box::pin(run(shop, kind, payload)) }));
    }
}

async fn run(shop: Shop, kind: &'static str, payload: Value) -> Result<(), Failure> {
    let payload: Payload = serde_json::from_value(payload).map_err(|e| e.to_string())?;
    let done = match (kind, payload) {
        (REFUND, Payload { refund: Some(id), .. }) => refund::perform(&shop, id).await,
        (VOID, Payload { payment: Some(id), .. }) => refund::void(&shop, id).await,
        (CAPTURE, Payload { payment: Some(id), amount: Some(minor), .. }) => capture::perform(&shop, id, minor).await,
        (BEGIN, Payload { payment: Some(id), .. }) => begin_again(&shop, id).await,
        (EXPIRE, Payload { order: Some(id), .. }) => expiry::expire_order(&shop, id).await.map(drop),
        (SETTLE, Payload { payment: Some(id), .. }) => settle_again(&shop, id).await,
        _ => return Err("the job does not say what for".into()),
    };
    match done {
        Ok(()) => {
            shop.feed().wake();
            Ok(())
        }
        // The gateway has answered, with no. That is known and written down; asking again would not change it.
        Err(PaymentError::Gateway(error)) if !error.is_passing() => {
            tracing::warn!(kind, %error, "the gateway refused");
            Ok(())
        }
        Err(PaymentError::Waiting) => Err(Failure::Passing(reasons::NO_ANSWER.to_owned())),
        // Decided in another way meanwhile, and told to whoever asked.
        Err(PaymentError::CapturedOtherwise(_)) => Ok(()),
        Err(error) => Err(error.to_string().into()),
    }
}

/// What a job that was given up was about; nothing for the jobs of other areas.
pub(crate) async fn refusal_of(tx: &mut Tx, kind: &str, payload: &Value, why: &str) -> Result<Option<Refusal>, DbError> {
    if !kind.starts_with("payment") {
        return Ok(None);
    }
    let Ok(payload) = serde_json::from_value::<Payload>(payload.clone()) else { return Ok(None) };
    let refund = match payload.refund {
        Some(id) => store::refund(tx, id).await?,
        None => None,
    };
    let payment = payload.payment.or(refund.as_ref().map(|refund| refund.payment_id));
    let attempt = match payment {
        Some(id) => store::by_id(tx, id).await?,
        None => None,
    };
    let (row, key) = match (kind, payload.refund, payment) {
        (REFUND, Some(refund), _) => (RefusalKind::Refund, format!("refund:{refund}")),
        (CAPTURE, _, Some(payment)) => (RefusalKind::Capture, capture::key_of(payment)),
        (_, _, Some(payment)) => (RefusalKind::Payment, lost::key_of(payment)),
        _ => (RefusalKind::Payment, format!("{kind}:{}", payload.order.map(|order| order.to_string()).unwrap_or_default())),
    };
    let minor = payload.amount.or(refund.as_ref().map(|refund| refund.amount)).or(attempt.as_ref().map(|attempt| attempt.amount));
    Ok(Some(Refusal {
        order: payload.order.or(attempt.as_ref().map(|attempt| attempt.order_id)),
        payment,
        refund: payload.refund,
        amount: minor.zip(attempt.as_ref()).map(|(minor, attempt)| Money::new(minor, attempt.currency)),
        ..Refusal::new(row, key, why)
    }))
}

async fn begin_again(shop: &Shop, payment: PaymentId) -> Result<(), PaymentError> {
    let found = store::by_id(&mut shop.db(), payment).await?.ok_or(PaymentError::Unknown)?;
    if found.gateway_ref.is_some() {
        return Ok(());
    }
    let head = orders::head(&mut shop.db(), found.order_id).await?.ok_or(PaymentError::Unknown)?;
    if head.cancelled_at.is_some() || head.payment_method != found.method {
        return Ok(());
    }
    match attempt::begin(shop, &found, &head.number).await? {
        Some(intent) => attempt::apply(shop, payment, &intent).await,
        None => Ok(()),
    }
}

async fn settle_again(shop: &Shop, payment: PaymentId) -> Result<(), PaymentError> {
    let found = store::by_id(&mut shop.db(), payment).await?.ok_or(PaymentError::Unknown)?;
    match found.gateway_ref {
        Some(reference) => match attempt::settle_one(shop, payment, &reference).await {
            Err(PaymentError::Gateway(GatewayError::Missing(_))) => lost::note(shop, payment, reasons::NOT_KNOWN).await,
            Err(PaymentError::Gateway(error)) if !error.is_passing() => lost::note(shop, payment, &capture::words(&error)).await,
            other => other.map(drop),
        },
        None => Ok(()),
    }
}
