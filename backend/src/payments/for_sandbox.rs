//! The payments that a gateway is to know: for a stand-in that forgets them when it ends.

use domain::id::{OrderId, PaymentId};
use domain::order::AttemptState;
use domain::{Currency, Money};

use platform::db::DbError;

use super::return_url;
use crate::Shop;

/// A payment with an intent at a gateway.
#[derive(Clone, Debug)]
pub struct GatewayPayment {
    /// The gateway's name for it.
    pub reference: String,
    pub payment: PaymentId,
    pub order: OrderId,
    /// The order's number.
    pub number: String,
    pub amount: Money,
    pub state: AttemptState,
    /// Minor units, as is what went back.
    pub captured: i64,
    pub refunded: i64,
    /// Where the shopper is sent afterwards.
    pub return_url: String,
}

/// How many are read.
const MAX_PAYMENTS: i64 = 20_000;

/// The latest payments with an intent at any gateway, 20,000 at most, oldest first.
///
/// # Errors
/// The database's.
pub async fn payments_for_sandbox(shop: &Shop) -> Result<Vec<GatewayPayment>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        gateway_ref: String,
        id: PaymentId,
        order_id: OrderId,
        number: String,
        amount: i64,
        currency: Currency,
        state: AttemptState,
        captured: i64,
        refunded: i64,
    }
    let rows: Vec<Row> = shop
        .db()
        .fetch_all(
            "select p.gateway_ref, p.id, p.order_id, o.number, p.amount, p.currency, p.state, p.captured, p.refunded
             from payments p join orders o on o.id = p.order_id where p.gateway_ref is not null order by p.id desc limit $1",
            &[&MAX_PAYMENTS],
        )
        .await?;
    let payment = |row: Row| GatewayPayment {
        reference: row.gateway_ref,
        payment: row.id,
        order: row.order_id,
        number: row.number,
        amount: Money::new(row.amount, row.currency),
        state: row.state,
        captured: row.captured,
        refunded: row.refunded,
        return_url: return_url(shop, row.order_id),
    };
    Ok(rows.into_iter().rev().map(payment).collect())
}
