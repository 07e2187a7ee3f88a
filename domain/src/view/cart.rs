use serde::{Deserialize, Serialize};

use crate::cart::Totals;
use crate::id::{CartId, PictureId, VariantId};
use crate::{Money, Quantity, Timestamp};

/// A line as the browser keeps and sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartItem {
    pub variant: VariantId,
    pub quantity: Quantity,
    /// The unit price that the shopper last saw, minor units; 0 when none.
    pub seen_price: i64,
}

/// A line as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartLineView {
    pub variant: VariantId,
    pub slug: String,
    pub name: String,
    /// Chosen options, `Large · Oat`; empty without options.
    pub options: String,
    pub sku: String,
    pub picture: Option<PictureId>,
    pub quantity: Quantity,
    pub unit_price: Money,
    /// Units times price, before discount.
    pub total: Money,
    /// For sums in the browser.
    pub tax_rate_bp: i64,
    /// For sums in the browser, grams of one.
    pub weight_g: i64,
    /// The most that can be bought now, at most 10 more than `quantity`.
    pub available: i64,
}

/// What changed in a cart since the shopper last saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CartNotice {
    PriceChanged {
        name: String,
        from: Money,
        to: Money,
    },
    /// Fewer are left than were in the cart; the line was cut.
    QuantityCut {
        name: String,
        from: i64,
        to: i64,
    },
    /// None is left; the line stays, but cannot be bought.
    SoldOut {
        name: String,
    },
    /// It is no longer sold; the line was removed.
    Gone {
        name: String,
    },
    /// The code does not work (any more), or not for this cart.
    DiscountRefused {
        code: String,
        reason: DiscountRefusal,
    },
}

/// Why a discount code does not apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DiscountRefusal {
    /// No code of this name exists.
    Unknown,
    /// Valid from this moment on.
    NotYet(Timestamp),
    /// No longer valid.
    Ended,
    /// Used as often as it may be.
    UsedUp,
    /// The items cost less than this.
    BelowMinimum(Money),
    /// Too many codes were tried that do not exist; it was not looked up.
    TooMany,
}

/// A cart with current prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartView {
    /// The cart on the server; none before the first sync.
    pub id: Option<CartId>,
    /// Its version, for the next sync.
    pub version: i64,
    pub lines: Vec<CartLineView>,
    /// Sums without delivery, which depends on the address.
    pub totals: Totals,
    /// The code that applies.
    pub discount_code: Option<String>,
    pub notices: Vec<CartNotice>,
}
