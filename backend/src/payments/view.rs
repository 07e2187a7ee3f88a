//! The payments of an order, for staff and the API.

use domain::Money;
use domain::id::OrderId;
use domain::view::{CaptureView, PaymentView};

use platform::db::{DbError, Read};

use super::store::{self, Attempt, Capture};

/// The payments of an order with their captures, oldest first.
///
/// # Errors
/// The database's.
pub(crate) async fn payment_views(db: &mut impl Read, order: OrderId) -> Result<Vec<PaymentView>, DbError> {
    let attempts = store::of_order(db, order).await?;
    let captures = store::captures_of(db, order).await?;
    let view = |attempt: Attempt| {
        let money = |minor| Money::new(minor, attempt.currency);
        let capture = |capture: &Capture| CaptureView {
            id: capture.id,
            amount: money(capture.amount),
            state: capture.state,
            failure: capture.failure.clone(),
            at: capture.at,
            ended_at: capture.ended_at,
        };
        PaymentView {
            id: attempt.id,
            tender: attempt.tender,
            state: attempt.state,
            amount: money(attempt.amount),
            authorised: money(attempt.authorised),
            authorised_until: attempt.authorised_until,
            captured: money(attempt.captured),
            refunded: money(attempt.refunded),
            captures: captures.iter().filter(|capture| capture.payment_id == attempt.id).map(capture).collect(),
        }
    };
    Ok(attempts.into_iter().map(view).collect())
}
