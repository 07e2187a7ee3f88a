//! Stock: on hand, reserved and available for each variant and location.
//!
//! Movements are never edited; the `stock` row is their sum, units and value, changed in the same transaction: `available = on_hand −
//! reserved`, never below 0, for stock that is sellable. What units cost is in `cost.rs`. A reservation is taken in the transaction that places its order, and closed by shipping or by release. `tindahan audit`
//! checks the sums.

/// The condition that the location `l` serves the orders of a channel, which is an expression of SQL.
macro_rules! serves {
    ($channel:literal) => {
        concat!(
            "l.active = 1 and (not exists (select 1 from stock_location_channels a where a.location_id = l.id)
                or exists (select 1 from stock_location_channels a where a.location_id = l.id and a.channel = ",
            $channel,
            "))"
        )
    };
}
pub(crate) use serves;

mod adjust;
mod cost;
pub mod events;
mod locations;
mod movements;
mod read;
mod reserve;
mod store;
mod write_off;

use crate::accounting::AccountingError;
use platform::context::Forbidden;
use platform::db::DbError;
use platform::request_keys::KeyError;

pub use adjust::adjust;
pub use locations::{check_location, locations, save_location};
pub use movements::{Movement, Source, receive, ship};
pub(crate) use movements::{ReturnedLine, ensure_location, take_back};
pub(crate) use read::available_by_channel;
pub use read::{LowStock, LowStockCache, available_of, list, list_low, list_value, location_choices, low, movements, sku_and_name};
pub(crate) use reserve::{
    Allocation, Demand, NewReservations, OrderDemand, insert_reservations, release, release_units, reserve, try_lock_stock, wait_for_stock,
};
pub use reserve::{clear_expiry, reserved_units};
pub(crate) use store::{NamedVariant, named, running_low};
pub(crate) use write_off::write_off;

/// What the stock of a variant may be worth at most, minor units, over all locations: sums over the stock of a thousand of them stay
/// within 64 bits.
pub(crate) const MAX_VALUE: i64 = 9_000_000_000_000_000;

/// Why stock was not changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum InventoryError {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    #[error("only {available} can be taken away; {reserved} more are promised to orders")]
    NotEnough { available: i64, reserved: i64 },
    #[error("less is reserved for this order than is to be shipped")]
    NotReserved,
    #[error("an adjustment is a whole number from −1,000,000 to 1,000,000, and not 0")]
    Amount,
    /// With these units the stock of the variant would be worth more than [`MAX_VALUE`].
    #[error("these units are worth more than can be kept of one variant")]
    Worth,
    #[error("this is no reason for which the stock is changed by hand")]
    Reason,
    #[error("for this reason units {}", if *.comes_in { "leave" } else { "come in" })]
    Direction {
        /// The adjustment adds units.
        comes_in: bool,
    },
    #[error("there is no such variant at this location")]
    Unknown,
    #[error("this form was sent before with other contents")]
    KeyReused,
    #[error(transparent)]
    Books(AccountingError),
    #[error("{0}")]
    Db(#[from] DbError),
}

crate::accounting::from_accounting!(InventoryError);

impl From<KeyError> for InventoryError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Reused => Self::KeyReused,
            KeyError::Db(error) => Self::Db(error),
        }
    }
}
