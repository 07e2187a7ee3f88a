//! The books: double entry, written in the transaction of what it records, never edited.
//!
//! | account | what |
//! |---|---|
//! | `accounts_receivable` | owed by shoppers and couriers |
//! | `cash` | at the bank, with the gateway, in the till |
//! | `sales` | products sold, without tax |
//! | `shipping_income` | delivery charged, without tax |
//! | `vat_payable` | tax owed to the state |
//! | `sales_returns` | money given back, without tax |
//! | `inventory` | stock on hand, at cost |
//! | `cost_of_goods_sold` | stock that left, at cost |
//! | `inventory_adjustment` | stock found and lost, at cost |

mod store;

use domain::id::{EntryId, OrderId};
use domain::{Currency, Timestamp};
use uuid::Uuid;

use platform::db::{DbError, Read, Tx};

/// Why an entry was not written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AccountingError {
    /// Debits and credits differ: a bug, refused before it reaches the books.
    #[error("the entry “{kind}” does not balance: {difference} minor units too much")]
    Unbalanced { kind: &'static str, difference: i64 },
    /// The sums exceed 64 bits.
    #[error("the entry “{0}” is too large")]
    Overflow(&'static str),
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
    /// What caused it: an order, a payment, a parcel, a movement.
    pub reference: Uuid,
    /// The currency of all its postings.
    pub currency: Currency,
    pub at: Timestamp,
    /// Account, and minor units: debits positive, credits negative. They add up to zero.
    pub postings: Vec<(&'static str, i64)>,
}

/// Writes one entry of this transaction's time.
///
/// # Errors
/// [`AccountingError::Unbalanced`] when it does not add up to nothing.
pub async fn post(
    tx: &mut Tx,
    kind: &'static str,
    order: Option<OrderId>,
    reference: Uuid,
    currency: Currency,
    postings: &[(&'static str, i64)],
) -> Result<(), AccountingError> {
    let entry = Entry { id: EntryId(tx.id()), kind, order, reference, currency, at: tx.now(), postings: postings.to_vec() };
    post_all(tx, std::slice::from_ref(&entry)).await
}

/// The sum that entries of a kind with this reference posted to an account, minor units.
///
/// # Errors
/// The database's.
pub async fn posted(db: &mut impl Read, kind: &str, reference: Uuid, account: &str) -> Result<i64, DbError> {
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
