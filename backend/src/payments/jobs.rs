//! Jobs that repeat requests to the gateway when the first try was cut short.
//!
//! Each job is written in the transaction that decides on the request, and does nothing when it was carried out already.

use domain::Money;
use domain::id::{PaymentId, RefundId};
use domain::order::AttemptState;
use domain::view::{RefusalKind, reasons};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use platform::db::{DbError, Tx};
use platform::jobs::{self, Failure, Handlers, Job};

use crate::refusals::Refusal;
use crate::{Shop, orders};

use super::gateway::GatewayError;
use super::{PaymentError, attempt, capture, reconciliation, refund, reversal, store};

/// The caller who enqueues the job makes the call at once and most often succeeds; the job runs later than that.
const DELAY_MS: i64 = 5_000;

/// Makes the intent of an attempt.
#[derive(Serialize, Deserialize)]
pub(super) struct BeginPayment {
    pub(super) payment: PaymentId,
}

/// Brings an attempt to the gateway's state.
#[derive(Serialize, Deserialize)]
pub(super) struct SyncPayment {
    pub(super) payment: PaymentId,
}

#[derive(Serialize, Deserialize)]
pub(super) struct CapturePayment {
    pub(super) payment: PaymentId,
    /// Minor units.
    pub(super) amount: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct VoidPayment {
    pub(super) payment: PaymentId,
}

#[derive(Serialize, Deserialize)]
pub(super) struct RefundPayment {
    pub(super) refund: RefundId,
}

impl Job for BeginPayment {
    const KIND: &'static str = "payment.begin";
    type State = Shop;
    async fn run(self, shop: Shop) -> Result<(), Failure> {
        job_result(Self::KIND, retry_begin(&shop, self.payment).await)
    }
}

impl Job for SyncPayment {
    const KIND: &'static str = "payment.settle";
    type State = Shop;
    async fn run(self, shop: Shop) -> Result<(), Failure> {
        job_result(Self::KIND, retry_sync(&shop, self.payment).await)
    }
}

impl Job for CapturePayment {
    const KIND: &'static str = "payment.capture";
    type State = Shop;
    async fn run(self, shop: Shop) -> Result<(), Failure> {
        job_result(Self::KIND, capture::perform(&shop, self.payment, self.amount).await)
    }
}

impl Job for VoidPayment {
    const KIND: &'static str = "payment.void";
    type State = Shop;
    async fn run(self, shop: Shop) -> Result<(), Failure> {
        job_result(Self::KIND, reversal::void(&shop, self.payment).await)
    }
}

impl Job for RefundPayment {
    const KIND: &'static str = "payment.refund";
    type State = Shop;
    async fn run(self, shop: Shop) -> Result<(), Failure> {
        job_result(Self::KIND, refund::perform(&shop, self.refund).await)
    }
}

pub fn register(handlers: &mut Handlers<Shop>) {
    handlers.add::<BeginPayment>();
    handlers.add::<SyncPayment>();
    handlers.add::<CapturePayment>();
    handlers.add::<VoidPayment>();
    handlers.add::<RefundPayment>();
}

pub(super) async fn begin_later(tx: &mut Tx, payment: PaymentId) -> Result<(), DbError> {
    enqueue(tx, &BeginPayment { payment }, &payment.to_string()).await
}

/// `event` is the webhook after which the gateway did not answer.
pub(super) async fn sync_later(tx: &mut Tx, payment: PaymentId, event: &str) -> Result<(), DbError> {
    enqueue(tx, &SyncPayment { payment }, event).await
}

pub(super) async fn capture_later(tx: &mut Tx, payment: PaymentId, amount: i64) -> Result<(), DbError> {
    enqueue(tx, &CapturePayment { payment, amount }, &format!("{payment}:{amount}")).await
}

pub(super) async fn void_later(tx: &mut Tx, payment: PaymentId) -> Result<(), DbError> {
    enqueue(tx, &VoidPayment { payment }, &payment.to_string()).await
}

pub(super) async fn refund_later(tx: &mut Tx, refund: RefundId) -> Result<(), DbError> {
    enqueue(tx, &RefundPayment { refund }, &refund.to_string()).await
}

async fn enqueue<J: Job>(tx: &mut Tx, job: &J, subject: &str) -> Result<(), DbError> {
    let run_at = tx.now().plus_millis(DELAY_MS);
    jobs::enqueue_again(tx, job, run_at, &format!("{}:{subject}", J::KIND)).await
}

/// What a job returns for what became of its request.
pub(crate) fn job_result(kind: &str, done: Result<(), PaymentError>) -> Result<(), Failure> {
    match done {
        Ok(()) => Ok(()),
        // The gateway has refused, which is recorded; asking again would not change it.
        Err(PaymentError::Gateway(error)) if !error.is_transient() => {
            tracing::warn!(kind, %error, "the gateway refused");
            Ok(())
        }
        Err(PaymentError::Waiting) => Err(Failure::Transient(reasons::NO_ANSWER.to_owned())),
        // It was captured with another amount meanwhile, and the caller of this one got an error.
        Err(PaymentError::CapturedOtherwise(_)) => Ok(()),
        Err(error) => Err(error.to_string().into()),
    }
}

/// The fields of all of these jobs.
#[derive(Deserialize)]
struct AnyJob {
    payment: Option<PaymentId>,
    refund: Option<RefundId>,
    amount: Option<i64>,
}

/// The refusal that a job becomes when it is dead; nothing for the jobs of other areas.
pub(crate) async fn refusal_of(tx: &mut Tx, kind: &str, payload: &Value, why: &str) -> Result<Option<Refusal>, DbError> {
    if !kind.starts_with("payment.") {
        return Ok(None);
    }
    let Ok(job) = serde_json::from_value::<AnyJob>(payload.clone()) else { return Ok(None) };
    let refund = match job.refund {
        Some(id) => store::find_refund(tx, id).await?,
        None => None,
    };
    let payment = job.payment.or(refund.as_ref().map(|refund| refund.payment_id));
    let attempt = match payment {
        Some(id) => store::find_attempt(tx, id).await?,
        None => None,
    };
    let (row, key) = match (kind, job.refund, payment) {
        (RefundPayment::KIND, Some(refund), _) => (RefusalKind::Refund, refund::refusal_key(refund)),
        (CapturePayment::KIND, _, Some(payment)) => (RefusalKind::Capture, capture::refusal_key(payment)),
        (_, _, Some(payment)) => (RefusalKind::Payment, reconciliation::refusal_key(payment)),
        _ => return Ok(None),
    };
    let minor = job.amount.or(refund.as_ref().map(|refund| refund.amount)).or(attempt.as_ref().map(|attempt| attempt.amount));
    Ok(Some(Refusal {
        order: attempt.as_ref().map(|attempt| attempt.order_id),
        payment,
        refund: job.refund,
        amount: minor.zip(attempt.as_ref()).map(|(minor, attempt)| Money::new(minor, attempt.currency)),
        ..Refusal::new(row, key, why)
    }))
}

async fn retry_begin(shop: &Shop, payment: PaymentId) -> Result<(), PaymentError> {
    let attempt = store::attempt(&mut shop.db(), payment).await?;
    if attempt.gateway_ref.is_some() || attempt.state == AttemptState::Voided {
        return Ok(());
    }
    let head = orders::head(&mut shop.db(), attempt.order_id).await?.ok_or(PaymentError::Unknown)?;
    if attempt::is_unwanted(&head, &attempt) {
        return Ok(());
    }
    match attempt::begin(shop, &attempt, &head.number).await? {
        Some(intent) => attempt::apply(shop, payment, &intent).await,
        None => Ok(()),
    }
}

async fn retry_sync(shop: &Shop, payment: PaymentId) -> Result<(), PaymentError> {
    let attempt = store::attempt(&mut shop.db(), payment).await?;
    match attempt.gateway_ref {
        Some(reference) => match attempt::sync_attempt(shop, payment, &reference).await {
            Err(PaymentError::Gateway(GatewayError::Missing(_))) => reconciliation::report(shop, payment, reasons::NOT_KNOWN).await,
            Err(PaymentError::Gateway(error)) if !error.is_transient() => {
                reconciliation::report(shop, payment, &capture::refusal_message(&error)).await
            }
            other => other.map(drop),
        },
        None => Ok(()),
    }
}
