//! Fulfilment: goods are picked from the shelf, packed, handed to a courier, and arrive.
//!
//! A parcel (a shipment) holds lines of one order from one place; an order whose goods are in two houses has two parcels. When a
//! parcel leaves, its goods leave the stock and the books carry their cost, in the same transaction. A parcel that was refused or could
//! not be delivered comes back ([`take_back`]).

mod pick_list;
mod returned;
mod store;

use std::collections::BTreeMap;

use domain::id::{LocationId, OrderId, OrderLineId, ShipmentId};
use domain::messages::t;
use domain::order::{PaymentMethod, ShipmentState};
use domain::permission::Permission;
use domain::{Locale, Timestamp};
use serde_json::json;

use crate::accounting::AccountingError;
use crate::inventory::{self, InventoryError};
use crate::orders::OrderError;
use crate::payments::PaymentError;
use crate::platform::Context;
use crate::platform::context::Forbidden;
use crate::platform::db::{DbError, Tx};
use crate::platform::events::{self, Event};
use crate::{Shop, accounting, orders, payments};

pub use pick_list::pick_list;
pub use returned::{Returned, take_back};
pub(crate) use store::{beyond_picking, give_up_open};

/// Why a parcel was not moved on.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FulfilmentError {
    /// Not allowed.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// No such order or parcel.
    #[error("there is no such parcel")]
    Unknown,
    /// The order was cancelled.
    #[error("the order was cancelled")]
    Cancelled,
    /// The card was not authorised, or the money went back.
    #[error("the order is not paid; nothing is sent before")]
    Unpaid,
    /// Everything is in a parcel already.
    #[error("nothing is left to pick")]
    NothingToPick,
    /// More of a line than is open.
    #[error("more is to be picked than is open on this line")]
    TooMany,
    /// The parcel is at another step.
    #[error("the parcel is {is}, so it cannot become {wanted}")]
    Step {
        /// Where it is.
        is: ShipmentState,
        /// Where it was to go.
        wanted: ShipmentState,
    },
    /// The bank holds the money and has not paid it.
    #[error("the card is authorised and not captured; capture it first, or keep the money for now")]
    NotCaptured,
    /// Who carries it is missing or too long.
    #[error("say who carries the parcel, in at most 100 characters")]
    Carrier,
    #[error(transparent)]
    Stock(#[from] InventoryError),
    /// Money.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// What follows for its order.
    #[error(transparent)]
    Order(Box<OrderError>),
    #[error(transparent)]
    Books(#[from] AccountingError),
    /// The database.
    #[error("{0}")]
    Db(#[from] DbError),
}

impl From<OrderError> for FulfilmentError {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::Forbidden(e) => Self::Forbidden(e),
            OrderError::Unknown => Self::Unknown,
            OrderError::NotCaptured => Self::NotCaptured,
            OrderError::Db(e) => Self::Db(e),
            other => Self::Order(Box::new(other)),
        }
    }
}

impl FulfilmentError {
    /// What to tell the reader; `None` for what is not theirs to mend.
    #[must_use]
    pub fn message(&self, locale: Locale) -> Option<String> {
        let message = match self {
            Self::Forbidden(_) => t::ERROR_FORBIDDEN_BODY,
            Self::Unknown => t::ORDER_ERROR_UNKNOWN,
            Self::Cancelled => t::ORDER_ERROR_CANCELLED,
            Self::Unpaid => t::ORDER_ERROR_UNPAID,
            Self::NothingToPick => t::ORDER_ERROR_NOTHING_TO_PICK,
            Self::TooMany => t::ORDER_ERROR_TOO_MANY,
            Self::Step { .. } => t::ORDER_ERROR_STEP,
            Self::Carrier => t::ORDER_ERROR_CARRIER,
            Self::NotCaptured => t::ORDER_ERROR_NOT_CAPTURED,
            Self::Payment(error) => return error.message(locale),
            Self::Order(error) => return error.message(locale),
            Self::Stock(_) | Self::Books(_) | Self::Db(_) => return None,
        };
        Some(message.text(locale).to_owned())
    }
}

/// Takes everything that is open of an order from the shelf: one parcel for each place that its goods are in.
///
/// # Errors
/// [`FulfilmentError::Unpaid`] before the card is authorised; [`FulfilmentError::NothingToPick`] when all is in parcels.
pub async fn pick(shop: &Shop, ctx: &Context, order: OrderId) -> Result<Vec<ShipmentId>, FulfilmentError> {
    pick_lines(shop, ctx, order, Vec::new()).await
}

/// The same for some lines and units only; without any, for all.
///
/// # Errors
/// As [`pick`], and [`FulfilmentError::TooMany`].
pub async fn pick_lines(
    shop: &Shop,
    ctx: &Context,
    order: OrderId,
    lines: Vec<(OrderLineId, i64)>,
) -> Result<Vec<ShipmentId>, FulfilmentError> {
    ctx.require(Permission::FulfilOrders)?;
    let (inner, ctx) = (shop.clone(), ctx.clone());
    let made = shop
        .db()
        .write(async move |tx| {
            ready(tx, order).await?;
            let parcels = choose(open_units(tx, order).await?, &lines)?;
            let at = inner.now();
            let mut made = Vec::new();
            for (location, lines) in parcels {
                let id = ShipmentId(inner.id());
                store::insert(tx, id, order, location, &lines, at).await?;
                made.push(id);
            }
            orders::refresh_states(tx, order).await?;
            let happened: Vec<Event> = made.iter().map(|id| Event::new("shipment.picked", order.0, json!({ "shipment": id }))).collect();
            events::append(tx, &inner, &ctx, at, &happened).await?;
            Ok::<_, FulfilmentError>(made)
        })
        .await?;
    shop.feed().wake();
    Ok(made)
}

/// Picks many orders, for the list's bulk action; each by itself, so one that cannot be picked holds up no other.
///
/// # Errors
/// Not allowed. What became of each order is in the answer.
pub async fn pick_many(
    shop: &Shop,
    ctx: &Context,
    orders: &[OrderId],
) -> Result<Vec<(OrderId, Result<Vec<ShipmentId>, FulfilmentError>)>, FulfilmentError> {
    ctx.require(Permission::FulfilOrders)?;
    let mut answers = Vec::with_capacity(orders.len());
    for order in orders {
        answers.push((*order, pick(shop, ctx, *order).await));
    }
    Ok(answers)
}

/// May this order be sent? Locks it.
async fn ready(tx: &mut Tx, order: OrderId) -> Result<(), FulfilmentError> {
    let head = orders::lock(tx, order).await?.ok_or(FulfilmentError::Unknown)?;
    sendable(&head)
}

/// What stands against sending an order.
fn sendable(head: &orders::Head) -> Result<(), FulfilmentError> {
    if head.cancelled_at.is_some() {
        return Err(FulfilmentError::Cancelled);
    }
    if head.payment_state.may_be_sent(head.payment_method) { Ok(()) } else { Err(FulfilmentError::Unpaid) }
}

type OpenUnits = Vec<(OrderLineId, LocationId, i64)>;

/// Reserved units that are in no parcel yet.
async fn open_units(tx: &mut Tx, order: OrderId) -> Result<OpenUnits, FulfilmentError> {
    let mut open: BTreeMap<(OrderLineId, LocationId), i64> = BTreeMap::new();
    for (line, location, units) in inventory::open_units(tx, order).await? {
        *open.entry((line, location)).or_default() += units;
    }
    for (line, location, units) in store::in_preparation(tx, order).await? {
        *open.entry((line, location)).or_default() -= units;
    }
    Ok(open.into_iter().filter(|(_, units)| *units > 0).map(|((line, location), units)| (line, location, units)).collect())
}

/// The parcels to make: lines and units by place.
fn choose(open: OpenUnits, wanted: &[(OrderLineId, i64)]) -> Result<BTreeMap<LocationId, Vec<(OrderLineId, i64)>>, FulfilmentError> {
    let mut parcels: BTreeMap<LocationId, Vec<(OrderLineId, i64)>> = BTreeMap::new();
    if wanted.is_empty() {
        for (line, location, units) in open {
            parcels.entry(location).or_default().push((line, units));
        }
    } else {
        let mut left: BTreeMap<OrderLineId, i64> = BTreeMap::new();
        for (line, units) in wanted {
            if *units <= 0 {
                return Err(FulfilmentError::TooMany);
            }
            *left.entry(*line).or_default() += units;
        }
        for (line, location, units) in open {
            let part = left.get(&line).copied().unwrap_or(0).min(units);
            if part > 0 {
                left.entry(line).and_modify(|rest| *rest -= part);
                parcels.entry(location).or_default().push((line, part));
            }
        }
        if left.values().any(|rest| *rest > 0) {
            return Err(FulfilmentError::TooMany);
        }
    }
    if parcels.is_empty() { Err(FulfilmentError::NothingToPick) } else { Ok(parcels) }
}

/// The goods are in the box.
///
/// # Errors
/// [`FulfilmentError::Step`] unless the parcel is picked.
pub async fn pack(shop: &Shop, ctx: &Context, parcel: ShipmentId) -> Result<(), FulfilmentError> {
    ctx.require(Permission::FulfilOrders)?;
    let (inner, ctx) = (shop.clone(), ctx.clone());
    shop.db()
        .write(async move |tx| {
            let found = step(tx, parcel, ShipmentState::Packed, inner.now()).await?;
            told(tx, &inner, &ctx, "shipment.packed", &found, json!({ "shipment": parcel })).await
        })
        .await?;
    shop.feed().wake();
    Ok(())
}

/// A parcel that did not leave is unpacked: its goods are open again.
///
/// # Errors
/// [`FulfilmentError::Step`] once it left.
pub async fn unpack(shop: &Shop, ctx: &Context, parcel: ShipmentId) -> Result<(), FulfilmentError> {
    ctx.require(Permission::FulfilOrders)?;
    let (inner, ctx) = (shop.clone(), ctx.clone());
    shop.db()
        .write(async move |tx| {
            let found = step(tx, parcel, ShipmentState::Cancelled, inner.now()).await?;
            told(tx, &inner, &ctx, "shipment.cancelled", &found, json!({ "shipment": parcel })).await
        })
        .await?;
    shop.feed().wake();
    Ok(())
}

/// Hands a packed parcel to a courier: its goods leave the stock, the books carry their cost, an authorised card is charged. The
/// tracking number may be empty.
///
/// # Errors
/// [`FulfilmentError::Step`] unless the parcel is packed; [`FulfilmentError::Carrier`].
pub async fn ship(shop: &Shop, ctx: &Context, parcel: ShipmentId, carrier: &str, tracking: &str) -> Result<(), FulfilmentError> {
    ctx.require(Permission::FulfilOrders)?;
    let (carrier, tracking) = (carrier.trim().to_owned(), tracking.trim().to_owned());
    if carrier.is_empty() || carrier.chars().count() > 100 || tracking.chars().count() > 100 {
        return Err(FulfilmentError::Carrier);
    }
    let (inner, ctx) = (shop.clone(), ctx.clone());
    shop.db()
        .write(async move |tx| {
            let at = inner.now();
            let found = step(tx, parcel, ShipmentState::Shipped, at).await?;
            ready(tx, found.order).await?;
            store::set_carrier(tx, parcel, &carrier, &tracking).await?;
            let lines = store::lines(tx, parcel).await?;
            let units: Vec<(OrderLineId, i64)> = lines.iter().map(|l| (l.0, l.1)).collect();
            inventory::ship(tx, &inner, at, found.order, found.location, &units).await?;
            let cost = lines.iter().try_fold(0_i64, |sum, (_, units, cost)| sum.checked_add(units.checked_mul(*cost)?));
            let cost = cost.ok_or(AccountingError::Overflow("shipment.shipped"))?;
            let postings = [("cost_of_goods_sold", cost), ("inventory", -cost)];
            let (order, currency) = (found.order, found.currency);
            accounting::post(tx, &inner, at, "shipment.shipped", Some(order), parcel.0, currency, &postings).await?;
            payments::request_capture(tx, &inner, &ctx, order).await?;
            let sum: i64 = units.iter().map(|u| u.1).sum();
            let left = Event::new("stock.shipped", order.0, json!({ "shipment": parcel, "units": sum }));
            events::append(tx, &inner, &ctx, at, &[left]).await?;
            let data = json!({ "shipment": parcel, "carrier": carrier, "tracking": tracking });
            told(tx, &inner, &ctx, "shipment.shipped", &found, data).await
        })
        .await?;
    shop.feed().wake();
    Ok(())
}

/// The parcel arrived. With the last one of a cash-on-delivery order all of its cash is captured.
///
/// # Errors
/// [`FulfilmentError::Step`] unless the parcel is on its way.
pub async fn deliver(shop: &Shop, ctx: &Context, parcel: ShipmentId) -> Result<(), FulfilmentError> {
    deliver_for(shop, ctx, parcel, None).await
}

/// The same where it is known how much cash came with the parcel, minor units. What is missing stays due.
///
/// # Errors
/// As [`deliver`]; [`PaymentError::TooMuch`] for more than is due, and then the parcel stays as it was.
pub async fn deliver_for(shop: &Shop, ctx: &Context, parcel: ShipmentId, received: Option<i64>) -> Result<(), FulfilmentError> {
    ctx.require(Permission::FulfilOrders)?;
    let (inner, ctx) = (shop.clone(), ctx.clone());
    shop.db()
        .write(async move |tx| {
            let found = step(tx, parcel, ShipmentState::Delivered, inner.now()).await?;
            told(tx, &inner, &ctx, "shipment.delivered", &found, json!({ "shipment": parcel })).await?;
            let head = orders::head(tx, found.order).await?.ok_or(FulfilmentError::Unknown)?;
            let all_arrived = head.delivery_state == domain::order::DeliveryState::Delivered;
            if head.payment_method == PaymentMethod::Cod && (all_arrived || received.is_some()) {
                payments::collect_cash(tx, &inner, &ctx, found.order, received).await?;
            }
            Ok::<_, FulfilmentError>(())
        })
        .await?;
    shop.feed().wake();
    Ok(())
}

/// Moves a parcel on by one step, with its order locked.
async fn step(tx: &mut Tx, parcel: ShipmentId, wanted: ShipmentState, at: Timestamp) -> Result<store::Parcel, FulfilmentError> {
    let order = store::order_of(tx, parcel).await?.ok_or(FulfilmentError::Unknown)?;
    orders::lock(tx, order).await?.ok_or(FulfilmentError::Unknown)?;
    let found = store::parcel(tx, parcel).await?.ok_or(FulfilmentError::Unknown)?;
    if !found.state.may_become(wanted) {
        return Err(FulfilmentError::Step { is: found.state, wanted });
    }
    store::set_state(tx, parcel, wanted, at).await?;
    orders::refresh_states(tx, order).await?;
    Ok(found)
}

async fn told(
    tx: &mut Tx,
    shop: &Shop,
    ctx: &Context,
    kind: &'static str,
    parcel: &store::Parcel,
    data: serde_json::Value,
) -> Result<(), FulfilmentError> {
    Ok(events::append(tx, shop, ctx, shop.now(), &[Event::new(kind, parcel.order.0, data)]).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const fn line(n: u128) -> OrderLineId {
        OrderLineId(Uuid::from_u128(n))
    }
    const fn place(n: u128) -> LocationId {
        LocationId(Uuid::from_u128(n))
    }

    #[test]
    fn goods_in_two_houses_make_two_parcels() {
        let open = vec![(line(1), place(1), 1), (line(1), place(2), 1)];
        assert_eq!(choose(open, &[]).map(|parcels| parcels.len()).ok(), Some(2));
    }

    #[test]
    fn no_more_is_picked_than_is_open() {
        let open = || vec![(line(1), place(1), 2)];
        assert!(matches!(choose(open(), &[(line(1), 3)]), Err(FulfilmentError::TooMany)));
        assert!(matches!(choose(open(), &[(line(2), 1)]), Err(FulfilmentError::TooMany)));
        assert!(matches!(choose(Vec::new(), &[]), Err(FulfilmentError::NothingToPick)));
        assert!(choose(open(), &[(line(1), 1)]).is_ok());
    }
}
