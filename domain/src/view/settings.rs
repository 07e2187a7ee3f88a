use serde::{Deserialize, Serialize};

use crate::TimeZone;
use crate::id::PictureId;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShopSettings {
    pub name: String,
    pub currency: String,
    pub logo: Option<PictureId>,
    /// Primary colour as `#rrggbb`; empty for the theme's own.
    pub primary: String,
    /// Accent colour as `#rrggbb`; empty for the theme's own.
    pub accent: String,
    pub country: String,
    /// Whose days and clock the shop goes by; the name of one of [`TimeZone::NAMED`].
    pub time_zone: String,
    /// The address that customers write to.
    pub contact_email: String,
    /// At this many units or fewer a variant is low in stock.
    pub low_stock: i64,
    pub limits: OrderLimits,
}

impl Default for ShopSettings {
    fn default() -> Self {
        Self {
            name: "Tindahan".into(),
            currency: "PHP".into(),
            logo: None,
            primary: String::new(),
            accent: String::new(),
            country: "PH".into(),
            time_zone: TimeZone::DEFAULT.name().into(),
            contact_email: String::new(),
            low_stock: 5,
            limits: OrderLimits::default(),
        }
    }
}

impl ShopSettings {
    /// The shop's time zone; the default's where the name is none that is known.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        TimeZone::named(&self.time_zone).unwrap_or(TimeZone::DEFAULT)
    }
}

/// Limits on orders, more so on unpaid ones. Staff and keys of the API are not bound by them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderLimits {
    /// Is cash on delivery taken at all?
    pub cash: bool,
    /// The greatest total of a cash order, minor units; 0 for any.
    pub cash_total: i64,
    /// Cash orders that may be open for one e-mail, telephone number or address; 0 for any number.
    pub cash_per_person: i64,
    /// Cash orders that may be open from one network address, which many shoppers may share; 0 for any number.
    pub cash_per_client: i64,
    /// Unpaid card orders that may be open for one e-mail, telephone number or address; 0 for any number.
    pub card_per_person: i64,
    /// Unpaid card orders that may be open from one network address; 0 for any number.
    pub card_per_client: i64,
    /// Days after which a cash order without a parcel is cancelled; 0 for never.
    pub cash_days: i64,
    /// Units of one variant in an order; 0 for any number.
    pub line_units: i64,
    /// Lines of an order; 0 for [`MAX_LINES`](crate::cart::MAX_LINES).
    pub lines: i64,
}

impl Default for OrderLimits {
    fn default() -> Self {
        Self {
            cash: true,
            cash_total: 2_000_000,
            cash_per_person: 5,
            cash_per_client: 20,
            card_per_person: 5,
            card_per_client: 10,
            cash_days: 14,
            line_units: 100,
            lines: 50,
        }
    }
}

impl OrderLimits {
    pub const NONE: Self = Self {
        cash: true,
        cash_total: 0,
        cash_per_person: 0,
        cash_per_client: 0,
        card_per_person: 0,
        card_per_client: 0,
        cash_days: 0,
        line_units: 0,
        lines: 0,
    };

    /// Is cash taken for this total, minor units?
    #[must_use]
    pub const fn takes_cash(&self, total: i64) -> bool {
        self.cash && (self.cash_total <= 0 || total <= self.cash_total)
    }
}
