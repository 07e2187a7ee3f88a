//! The books: double entry, written in the transaction of what it records, never edited. Accounts and kinds of entries are
//! [`domain::books`]; `docs/books.md` has the rules of posting.

mod store;

use domain::books::{Account, EntryKind};
use domain::id::{EntryId, OrderId};
use domain::{Currency, Money, MoneyError, TimeZone, Timestamp};
use uuid::Uuid;

use platform::db::{Db, DbError, Read, Tx};

use crate::settings;

/// Why an entry was not written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AccountingError {
    /// Debits and credits differ: a bug, refused before it reaches the books.
    #[error("the entry “{kind}” does not balance: {difference} minor units too much")]
    Unbalanced { kind: EntryKind, difference: i64 },
    /// The sums exceed 64 bits.
    #[error("the entry “{0}” is too large")]
    Overflow(EntryKind),
    /// Amounts of several currencies in one entry, or what is no amount.
    #[error("the amount of an entry: {0}")]
    Amount(#[from] MoneyError),
    /// The database's; a unique rule's when the same cause was posted before.
    #[error("{0}")]
    Db(#[from] DbError),
}

/// Implements `From<AccountingError>` for the error of an area, with its cases `Books` and `Db`: the database's errors stay the database's,
/// so that what failed as it was away is tried again.
macro_rules! from_accounting {
    ($error:ty) => {
        impl From<$crate::accounting::AccountingError> for $error {
            fn from(error: $crate::accounting::AccountingError) -> Self {
                match error {
                    $crate::accounting::AccountingError::Db(error) => Self::Db(error),
                    other => Self::Books(other),
                }
            }
        }
    };
}
pub(crate) use from_accounting;

/// One entry. Debits are positive, credits negative, in minor units; postings of nothing are left out.
#[derive(Clone, Debug)]
pub struct Entry {
    pub id: EntryId,
    pub kind: EntryKind,
    /// The order it belongs to.
    pub order: Option<OrderId>,
    /// What caused it: an order, a payment, a parcel, a movement. A cause is posted once for each kind.
    pub reference: Uuid,
    /// The currency of all its postings.
    pub currency: Currency,
    /// When it is recorded. It belongs to the day of that time in the time zone that the shop has then.
    pub at: Timestamp,
    /// Account, and minor units: debits positive, credits negative. They add up to zero.
    pub postings: Vec<(Account, i64)>,
}

/// Adds the accounts that the shop posts to and the chart does not have yet.
///
/// # Errors
/// The database's.
pub(crate) async fn open_accounts(db: &Db) -> Result<(), DbError> {
    let existing = store::accounts(db).await?;
    let missing: Vec<Account> = Account::ALL.into_iter().filter(|account| !existing.iter().any(|key| key == account.as_str())).collect();
    if missing.is_empty() {
        return Ok(());
    }
    db.write(async move |tx| store::insert_accounts(tx, &missing).await).await
}

/// Writes one entry of this transaction's time.
///
/// # Errors
/// [`AccountingError::Unbalanced`] when it does not add up to nothing; the database's unique rule when this cause was posted before.
pub async fn post(
    tx: &mut Tx,
    kind: EntryKind,
    order: Option<OrderId>,
    reference: Uuid,
    currency: Currency,
    postings: &[(Account, i64)],
) -> Result<(), AccountingError> {
    let entry = Entry { id: EntryId(tx.id()), kind, order, reference, currency, at: tx.now(), postings: postings.to_vec() };
    let zone = settings::shop_in(tx).await?.zone();
    post_all(tx, zone, std::slice::from_ref(&entry)).await
}

/// Writes one entry of two postings: the amount is debited to the first account and credited to the second.
///
/// # Errors
/// As [`post`].
pub async fn post_between(
    tx: &mut Tx,
    kind: EntryKind,
    order: Option<OrderId>,
    reference: Uuid,
    amount: Money,
    (debit, credit): (Account, Account),
) -> Result<(), AccountingError> {
    post(tx, kind, order, reference, amount.currency, &[(debit, amount.minor), (credit, -amount.minor)]).await
}

/// What an order's entries of these kinds posted to each account, minor units.
///
/// # Errors
/// The database's.
pub async fn posted_of_order(db: &mut impl Read, order: OrderId, kinds: &[EntryKind]) -> Result<Vec<(Account, i64)>, DbError> {
    store::posted_of_order(db, order, kinds).await
}

/// Writes many entries, one statement a table, each on its day in the shop's time zone.
///
/// # Errors
/// [`AccountingError::Unbalanced`] when one of them does not add up to nothing; then none is written.
pub async fn post_all(tx: &mut Tx, zone: TimeZone, entries: &[Entry]) -> Result<(), AccountingError> {
    for entry in entries {
        let sum = entry.postings.iter().try_fold(0_i64, |sum, (_, amount)| sum.checked_add(*amount));
        match sum {
            Some(0) => {}
            Some(difference) => return Err(AccountingError::Unbalanced { kind: entry.kind, difference }),
            None => return Err(AccountingError::Overflow(entry.kind)),
        }
    }
    Ok(store::insert(tx, zone, entries).await?)
}
