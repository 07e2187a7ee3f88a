//! Stand-ins.
use domain::id::{OrderId, VariantId};
use platform::events::Event;
use serde::{Deserialize, Serialize};
macro_rules! stub { ($($n:ident $k:literal)*) => {$(
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct $n { pub amount: i64 }
    impl Event for $n { const KIND: &'static str = $k; type Subject = OrderId; }
)*} }
stub! { PaymentAuthorised "payment.authorised" PaymentCaptured "payment.captured" PaymentFailed "payment.failed" PaymentRefunded "payment.refunded" PaymentMethodChanged "order.payment_changed" }
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StockReserved {
    pub units: i64,
    pub variants: Vec<VariantId>,
}
impl Event for StockReserved {
    const KIND: &'static str = "stock.reserved";
    type Subject = OrderId;
}
