//! The books: double entry, written in the transaction of what it records, never edited.
//!
//! | account | what |
//! |---|---|
//! | `accounts_receivable` | owed by shoppers and couriers |
//! | `cash` | at the bank, with the gateway, in the till |
//! | `sales` | goods sold, without tax |
//! | `shipping_income` | delivery charged, without tax |
//! | `vat_payable` | tax owed to the state |
//! | `sales_returns` | money given back, without tax |
//! | `inventory` | goods in the house, at cost |
//! | `cost_of_goods_sold` | goods that left, at cost |
//! | `inventory_adjustment` | goods found and lost, at cost |

mod store;

use domain::id::{EntryId, OrderId};
use domain::{Currency, Timestamp};
use uuid::Uuid;

use crate::Shop;
use crate::platform::db::{DbError, Reader, Tx};

/// Why an entry was not written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AccountingError {
    /// Debits and credits differ: a mistake in the program, refused before it reaches the books.
    #[error("the entry “{kind}” does not balance: {difference} minor units too much")]
    Unbalanced { kind: &'static str, difference: i64 },
    /// The sums pass 64 bits.
    #[error("the entry “{0}” is too large")]
    Overflow(&'static str),
    /// The database.
    #[error("{0}")]
    Db(#[from] DbError),
}

/// One entry. Debits are positive, credits negative, in minor units; postings of nothing are left out.
#[derive(Clone, Debug)]
pub struct Entry {
    pub id: EntryId,
    /// What it records, `order.placed`.
    pub kind: &'static str,
    /// The order it belongs to.
    pub order: Option<OrderId>,
    /// What caused it: an order, a payment, a shipment, a movement.
    pub reference: Uuid,
    /// The currency of all its postings.
    pub currency: Currency,
    /// When.
    pub at: Timestamp,
    /// Account and amount.
    pub postings: Vec<(&'static str, i64)>,
}

/// Writes one entry.
///
/// # Errors
/// [`AccountingError::Unbalanced`] when it does not add up to nothing.
#[allow(clippy::too_many_arguments, reason = "an entry's parts, named at each call")]
pub async fn post(
    tx: &mut Tx,
    shop: &Shop,
    at: Timestamp,
    kind: &'static str,
    order: Option<OrderId>,
    reference: Uuid,
    currency: Currency,
    postings: &[(&'static str, i64)],
) -> Result<(), AccountingError> {
    let entry = Entry { id: EntryId(shop.id()), kind, order, reference, currency, at, postings: postings.to_vec() };
    post_all(tx, std::slice::from_ref(&entry)).await
}

/// What entries of a kind about one thing put on an account.
///
/// # Errors
/// The database's.
pub async fn posted(db: &mut impl Reader, kind: &str, reference: Uuid, account: &str) -> Result<i64, DbError> {
    store::posted(db, kind, reference, account).await
}

/// Writes many entries, one statement a table.
///
/// # Errors
/// [`AccountingError::Unbalanced`] when one of them does not add up to nothing; then none is written.
pub async fn post_all(tx: &mut Tx, entries: &[Entry]) -> Result<(), AccountingError> {
    for entry in entries {
        let sum = entry.postings.iter().try_fold(0_i64, |sum, (_, amount)| sum.checked_add(*amount));
        match sum {
            Some(0) => {}
            Some(difference) => return Err(AccountingError::Unbalanced { kind: entry.kind, difference }),
            None => return Err(AccountingError::Overflow(entry.kind)),
        }
    }
    Ok(store::insert(tx, entries).await?)
}
