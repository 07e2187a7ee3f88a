//! What the sandbox gateway of a demonstration knows of its shop.

use backend::Shop;
use backend::payments::{self, GatewayPayment};
use domain::order::AttemptState;
use simulators::{EarlierPayment, EarlierState, Running};

/// Has the sandbox know how the shop's orders were paid, which it forgot when it last ended, or never heard of: they can be captured and
/// refunded.
///
/// # Errors
/// The database's.
pub async fn remember_payments(shop: &Shop, sandbox: &Running) -> Result<(), String> {
    let payments = payments::payments_for_sandbox(shop).await.map_err(|error| error.to_string())?;
    sandbox.remember(payments.into_iter().map(earlier).collect());
    Ok(())
}

fn earlier(payment: GatewayPayment) -> EarlierPayment {
    let minor = |amount: i64| u64::try_from(amount).unwrap_or(0);
    EarlierPayment {
        reference: payment.reference,
        amount: minor(payment.amount.minor),
        currency: payment.amount.currency.code().to_ascii_lowercase(),
        state: match payment.state {
            AttemptState::Pending | AttemptState::RequiresAction | AttemptState::Failed => EarlierState::Waiting,
            AttemptState::Authorised => EarlierState::Held,
            AttemptState::Captured => EarlierState::Captured,
            AttemptState::Voided => EarlierState::Cancelled,
        },
        captured: minor(payment.captured),
        refunded: minor(payment.refunded),
        description: payment.number,
        return_url: payment.return_url,
        // As the adapter of the real gateway names them.
        metadata: vec![("order".to_owned(), payment.order.to_string()), ("payment".to_owned(), payment.payment.to_string())],
    }
}
