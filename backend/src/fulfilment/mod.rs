//! Fulfilment: parcels are picked, packed, shipped and delivered.
//!
//! A parcel holds lines of one order from one location; an order whose stock is in two locations has two parcels. When a parcel is
//! shipped, its units leave the stock and the books carry what they had cost, in the same transaction. A parcel that was refused or could not be
//! delivered is taken back with `order_management::take_back`.

pub mod events;
mod pick;
mod pick_list;
mod pick_many;
mod remove_units;
mod returned;
mod steps;
mod store;

use domain::id::{LocationId, OrderLineId, ParcelId};
use domain::messages::t;
use domain::order::ParcelState;
use domain::{Locale, Money};

use crate::accounting::AccountingError;
use crate::contacts::ContactError;
use crate::inventory::InventoryError;
use crate::orders::{self, LockedOrder, UnitState};
use crate::payments::PaymentError;
use platform::context::Forbidden;
use platform::db::{DbError, Tx};

pub use pick::{pick, pick_lines};
pub use pick_list::pick_list;
pub use pick_many::pick_many;
pub(crate) use remove_units::remove_units;
pub use returned::Returned;
pub(crate) use returned::return_parcel;
pub use steps::{deliver, deliver_for, pack, ship, unpack};
pub(crate) use store::{cancel_open_parcels, count_parcels};

/// Why a parcel was not moved on.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FulfilmentError {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// No such order or parcel.
    #[error("there is no such parcel")]
    Unknown,
    #[error("the order was cancelled")]
    Cancelled,
    /// The card is not authorised, or the money was refunded.
    #[error("the order is not paid; nothing is sent before")]
    Unpaid,
    #[error("nothing is left to pick")]
    NothingToPick,
    #[error("more is to be picked than is open on this line")]
    TooMany,
    /// Of a parcel that came back.
    #[error("at most {most} units of this line are in the parcel")]
    TooManyDamaged { line: OrderLineId, most: i64 },
    /// Units of lines were named as damaged, and all of the parcel as well.
    #[error("either all units are written off, or those that are named")]
    AllAndSomeDamaged { line: OrderLineId },
    #[error("the parcel is {is}, so it cannot become {wanted}")]
    Step { is: ParcelState, wanted: ParcelState },
    #[error("say who carries the parcel, in at most 100 characters")]
    Courier,
    #[error(transparent)]
    Stock(InventoryError),
    #[error(transparent)]
    Payment(PaymentError),
    #[error(transparent)]
    Books(AccountingError),
    /// A gift note cannot be opened.
    #[error(transparent)]
    Customer(#[from] ContactError),
    #[error("{0}")]
    Db(#[from] DbError),
}

crate::accounting::from_accounting!(FulfilmentError);

impl From<InventoryError> for FulfilmentError {
    fn from(error: InventoryError) -> Self {
        match error {
            InventoryError::Db(error) => Self::Db(error),
            other => Self::Stock(other),
        }
    }
}

impl From<PaymentError> for FulfilmentError {
    fn from(error: PaymentError) -> Self {
        match error {
            PaymentError::Db(error) => Self::Db(error),
            other => Self::Payment(other),
        }
    }
}

impl FulfilmentError {
    /// The message for the user; `None` for an internal error.
    #[must_use]
    pub fn message(&self, locale: Locale) -> Option<String> {
        let message = match self {
            Self::Forbidden(_) => t::ERROR_FORBIDDEN_BODY,
            Self::Unknown => t::ORDER_ERROR_UNKNOWN,
            Self::Cancelled => t::ORDER_ERROR_CANCELLED,
            Self::Unpaid => t::ORDER_ERROR_UNPAID,
            Self::NothingToPick => t::ORDER_ERROR_NOTHING_TO_PICK,
            Self::TooMany => t::ORDER_ERROR_TOO_MANY,
            Self::TooManyDamaged { most, .. } => {
                return Some(t::ORDER_ERROR_AT_MOST_IN_PARCEL.with(locale, &[("units", &locale.number(*most))]));
            }
            Self::AllAndSomeDamaged { .. } => t::ORDER_ERROR_ALL_AND_SOME_DAMAGED,
            Self::Step { .. } => t::ORDER_ERROR_STEP,
            Self::Courier => t::ORDER_ERROR_COURIER,
            Self::Payment(error) => return error.message(locale),
            Self::Stock(_) | Self::Books(_) | Self::Customer(_) | Self::Db(_) => return None,
        };
        Some(message.text(locale).to_owned())
    }
}

/// Checks that an order may be sent.
fn sendable(head: &orders::OrderHeader) -> Result<(), FulfilmentError> {
    if head.cancelled_at.is_some() {
        return Err(FulfilmentError::Cancelled);
    }
    if head.payment_state.may_be_sent(head.payment_method) { Ok(()) } else { Err(FulfilmentError::Unpaid) }
}

/// Locks a parcel's order and moves the parcel on by one step. Returns the order as it was before, and the parcel's location.
async fn step(tx: &mut Tx, parcel: ParcelId, wanted: ParcelState) -> Result<(LockedOrder, LocationId), FulfilmentError> {
    let order = store::order_of(tx, parcel).await?.ok_or(FulfilmentError::Unknown)?;
    let order = orders::lock(tx, order).await?.ok_or(FulfilmentError::Unknown)?;
    let found = store::parcel(tx, parcel).await?.ok_or(FulfilmentError::Unknown)?;
    if !found.state.may_become(wanted) {
        return Err(FulfilmentError::Step { is: found.state, wanted });
    }
    store::set_state(tx, parcel, wanted).await?;
    let state = match wanted {
        ParcelState::Shipped => Some(UnitState::Shipped),
        ParcelState::Delivered => Some(UnitState::Delivered),
        // Whoever takes it back says what becomes of its units.
        ParcelState::Returned | ParcelState::Picking | ParcelState::Packed | ParcelState::Cancelled => None,
    };
    if let Some(state) = state {
        let lines = store::lines(tx, parcel).await?;
        if !orders::count_units(tx, &order, state, lines.iter().map(|line| (line.order_line_id, line.quantity))).await? {
            return Err(FulfilmentError::TooMany);
        }
    }
    orders::refresh_states(tx, &order).await?;
    Ok((order, found.location_id))
}

/// The sum of what the lines of a parcel had cost. A parcel is booked with one entry, so the costs in it must be in one currency.
fn sum_of(costs: impl IntoIterator<Item = Money>) -> Result<Option<Money>, AccountingError> {
    let mut costs = costs.into_iter();
    let Some(first) = costs.next() else { return Ok(None) };
    Ok(Some(costs.try_fold(first, Money::plus)?))
}
