//! Events of who waits for a variant. The address is sealed, so they hold nothing of it.

use domain::id::{BackInStockRequestId, VariantId};
use platform::events::Event;
use serde::{Deserialize, Serialize};

/// Somebody asked to be told when a variant can be bought again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BackInStockRequested {
    pub variant: VariantId,
}

impl Event for BackInStockRequested {
    const KIND: &'static str = "back_in_stock.requested";
    type Subject = BackInStockRequestId;
}

/// The shopper does not want to be told any more; the request is deleted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BackInStockWithdrawn {
    pub variant: VariantId,
}

impl Event for BackInStockWithdrawn {
    const KIND: &'static str = "back_in_stock.withdrawn";
    type Subject = BackInStockRequestId;
}

/// The mail was sent, and the request is deleted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BackInStockMailed {
    pub variant: VariantId,
}

impl Event for BackInStockMailed {
    const KIND: &'static str = "back_in_stock.mailed";
    type Subject = BackInStockRequestId;
}
