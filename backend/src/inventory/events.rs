//! Events of the stock, each with its subject: an order, a variant or a location.

use domain::id::{LocationId, OrderId, ParcelId, VariantId};
use domain::order::{Channel, ReturnedItems};
use domain::stock::StockReason;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use platform::events::Event;
use platform::follows;

/// All events after which other units may be available.
pub const STOCK_CHANGES: &[&str] = follows![StockReserved, StockReleased, StockShipped, StockReturned, StockAdjusted, LocationChanged];

/// Units were reserved for an order that was placed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StockReserved {
    pub units: i64,
    #[serde(default)]
    pub variants: Vec<VariantId>,
}

impl Event for StockReserved {
    const KIND: &'static str = "stock.reserved";
    type Subject = OrderId;
}

/// Units became available again that were reserved for an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StockReleased {
    pub units: i64,
}

impl Event for StockReleased {
    const KIND: &'static str = "stock.released";
    type Subject = OrderId;
}

/// Units left the stock in a parcel of an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StockShipped {
    pub parcel: ParcelId,
    pub units: i64,
}

impl Event for StockShipped {
    const KIND: &'static str = "stock.shipped";
    type Subject = OrderId;
}

/// Units of a parcel came back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StockReturned {
    pub parcel: ParcelId,
    pub units: i64,
    #[serde(rename = "goods")]
    pub items: ReturnedItems,
}

impl Event for StockReturned {
    const KIND: &'static str = "stock.returned";
    type Subject = OrderId;
}

/// A member of staff changed the stock of a variant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StockAdjusted {
    pub variant: VariantId,
    pub location: LocationId,
    /// Units, negative for fewer.
    pub delta: i64,
    pub reason: StockReason,
    /// What they typed beside the reason.
    #[serde(default)]
    pub note: String,
}

impl Event for StockAdjusted {
    const KIND: &'static str = "stock.adjusted";
    type Subject = VariantId;
}

/// A location was set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LocationChanged {
    pub code: String,
    pub active: bool,
    /// The channels that it serves; all when there is none.
    pub channels: Vec<Channel>,
    /// Each changed field with its value before and after; empty for a new one. The address is only named.
    pub changed: Value,
}

impl Event for LocationChanged {
    const KIND: &'static str = "location.changed";
    type Subject = LocationId;
}
