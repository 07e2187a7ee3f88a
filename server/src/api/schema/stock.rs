//! Stock in the API.

use domain::view;
use serde::Serialize;
use utoipa::ToSchema;

/// Stock of one variant at one location.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StockRow {
    /// The variant.
    pub variant: String,
    /// Stock keeping unit.
    pub sku: String,
    /// Product and options.
    pub name: String,
    /// The location.
    pub location: String,
    /// Its name.
    pub location_name: String,
    /// In the house.
    pub on_hand: i64,
    /// Promised to orders.
    pub reserved: i64,
    /// To sell.
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
