use domain::id::{LocationId, OrderId, ParcelId, VariantId};
use domain::order::ReturnedItems;
use serde::{Deserialize, Serialize};

use platform::events::Event;
use platform::follows;

/// All events after which other units may be available.
pub const STOCK_CHANGES: &[&str] = follows![StockReserved, StockReleased, StockShipped, StockReturned, StockAdjusted];

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
    #[serde(rename = "shipment")]
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
    #[serde(rename = "shipment")]
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
    pub reason: String,
}

impl Event for StockAdjusted {
    const KIND: &'static str = "stock.adjusted";
    type Subject = VariantId;
}
