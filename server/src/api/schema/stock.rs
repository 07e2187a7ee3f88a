//! Stock in the API.

use domain::view;
use serde::Serialize;
use utoipa::ToSchema;

/// Stock of one variant at one location.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StockRow {
    /// Id of the variant.
    pub variant: String,
    /// Stock keeping unit of the variant.
    pub sku: String,
    /// Name of the product and its options.
    pub name: String,
    /// Id of the location.
    pub location: String,
    /// Name of the location.
    pub location_name: String,
    /// Units at the location, reserved ones included.
    pub on_hand: i64,
    /// Units promised to orders.
    pub reserved: i64,
    /// Units that can be sold: `on_hand` less `reserved`.
    pub available: i64,
}

/// A page of stock.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Stock {
    /// Up to 50, by SKU.
    pub rows: Vec<StockRow>,
    /// For `after` of the next page; none on the last.
    pub next: Option<String>,
}

impl From<view::StockListView> for Stock {
    fn from(list: view::StockListView) -> Self {
        let row = |s: view::StockRowView| StockRow {
            variant: s.variant.to_string(),
            sku: s.sku,
            name: s.name,
            location: s.location.to_string(),
            location_name: s.location_name,
            on_hand: s.on_hand,
            reserved: s.reserved,
            available: s.available,
        };
        Self { rows: list.rows.into_iter().map(row).collect(), next: list.next }
    }
}
