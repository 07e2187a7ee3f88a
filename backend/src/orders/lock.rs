//! An order with its lock.

use std::ops::Deref;

use domain::id::OrderId;

use platform::db::{DbError, Tx};

use super::store::{self, OrderHeader};

/// An order that is locked until the end of the transaction, with its head as it was when it was locked. Whatever changes an order
/// takes one, and only [`lock`] makes one, so no order is changed without its lock.
#[derive(Clone, Debug)]
pub(crate) struct LockedOrder(OrderHeader);

/// Locks an order; `None` when there is none. Every transaction that changes an order does this first.
///
/// # Errors
/// The database's.
pub(crate) async fn lock(tx: &mut Tx, order: OrderId) -> Result<Option<LockedOrder>, DbError> {
    store::lock(tx, order).await?;
    Ok(store::head(tx, order).await?.map(LockedOrder))
}

impl Deref for LockedOrder {
    type Target = OrderHeader;

    fn deref(&self) -> &OrderHeader {
        &self.0
    }
}
