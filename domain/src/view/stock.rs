use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::id::{LocationId, MovementId, OrderId, ProductId, VariantId};

/// Stock of one variant at one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockRowView {
    pub variant: VariantId,
    pub product: ProductId,
    pub sku: String,
    /// Product and options, for example `Mug, blue`.
    pub name: String,
    pub location: LocationId,
    pub location_name: String,
    /// Units at the location.
    pub on_hand: i64,
    /// Units reserved for orders.
    pub reserved: i64,
    /// `on_hand` less `reserved`.
    pub available: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockListView {
    /// Up to 50, by SKU.
    pub rows: Vec<StockRowView>,
    pub next: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovementView {
    pub id: MovementId,
    pub at: Timestamp,
    /// `received`, `shipped`, `returned` or `adjusted`.
    pub kind: String,
    /// Units, negative when they left.
    pub quantity: i64,
    pub reason: String,
    pub order: Option<OrderId>,
}
