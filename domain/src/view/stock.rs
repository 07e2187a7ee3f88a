use serde::{Deserialize, Serialize};

use crate::id::{LocationId, MovementId, OrderId, ProductId, VariantId};
use crate::order::{Channel, LocationKind};
use crate::stock::StockReason;
use crate::{Money, TimeZone, Timestamp};

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
    /// What the units on hand cost together; for those who may see costs.
    pub value: Option<Money>,
    /// Can shoppers buy it, while there is any? What is not on sale does not run low.
    pub on_sale: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockListView {
    /// Up to 50, by SKU.
    pub rows: Vec<StockRowView>,
    pub previous: Option<String>,
    pub next: Option<String>,
}

/// A location to choose, with the name that staff know it by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationChoiceView {
    pub location: LocationId,
    pub name: String,
    /// Orders get nothing from a location that is not.
    pub active: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovementView {
    pub id: MovementId,
    pub at: Timestamp,
    /// `received`, `shipped`, `returned` or `adjusted`.
    pub kind: String,
    /// Units, negative when they left.
    pub quantity: i64,
    /// Units on hand at the location after it.
    pub balance: i64,
    /// What the units had cost together, negative when they left; for those who may see costs.
    pub value: Option<Money>,
    pub location_name: String,
    pub reason: StockReason,
    /// What staff typed beside the reason.
    pub note: String,
    /// Who did it: the text of an actor.
    pub actor: String,
    pub order: Option<OrderId>,
    pub order_number: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovementListView {
    /// Up to 50, newest first.
    pub movements: Vec<MovementView>,
    pub previous: Option<String>,
    pub next: Option<String>,
}

/// A location, as edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationDraft {
    /// A new one: an existing code is refused.
    pub is_new: bool,
    /// Letters, digits and hyphens.
    pub code: String,
    pub name: String,
    pub kind: LocationKind,
    pub address: LocationAddress,
    /// One of [`TimeZone::NAMED`].
    pub time_zone: String,
    /// Orders get nothing from a location that is not.
    pub active: bool,
    /// Orders are served from the first that has all they need.
    pub position: i64,
    /// The channels whose orders it serves; all when there is none.
    pub channels: Vec<Channel>,
}

/// The shop's own address at a location. Each part may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationAddress {
    /// House number and street.
    pub line1: String,
    /// Floor, unit or landmark.
    pub line2: String,
    /// City or municipality.
    pub city: String,
    /// Province, state, prefecture.
    pub province: String,
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

impl LocationDraft {
    /// What a new location begins with: an active warehouse by the shop's clock, which serves all channels.
    #[must_use]
    pub fn new(position: i64) -> Self {
        Self {
            is_new: true,
            code: String::new(),
            name: String::new(),
            kind: LocationKind::Warehouse,
            address: LocationAddress::default(),
            time_zone: TimeZone::DEFAULT.name().to_owned(),
            active: true,
            position,
            channels: Vec::new(),
        }
    }
}
