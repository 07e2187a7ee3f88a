//! Accounts of the demonstration. Their passwords are printed, so they open nothing unless the shop is a demonstration that only this
//! machine reaches ([`crate::ShopConfig::demo_accounts`]). A password of one's own makes an account like any other.

use domain::id::UserId;

use crate::Shop;
use crate::customers;
use crate::platform::db::{Db, DbError, Tx};

/// Marks an account as one of the demonstration.
pub(super) async fn mark(tx: &mut Tx, user: UserId) -> Result<(), DbError> {
    tx.execute("update users set demo = 1 where id = $1", &[&user]).await.map(drop)
}

/// How many accounts still have a password that is printed: of staff, and of shoppers.
///
/// # Errors
/// The database's.
pub async fn demo_accounts(db: &Db) -> Result<(i64, i64), DbError> {
    let sql = "select count(role), count(*) - count(role) from users where demo = 1 and active = 1";
    db.fetch_one(sql, &[]).await
}

/// Can the account of this e-mail sign in with the password that the demonstration gave it?
///
/// # Errors
/// The database's.
pub async fn has_demo_password(shop: &Shop, email: &str) -> Result<bool, DbError> {
    if !shop.config().demo_accounts {
        return Ok(false);
    }
    let hash = customers::email_hash(shop, email);
    let sql = "select 1 from users where email_hash = $1 and demo = 1 and active = 1";
    Ok(shop.db().fetch_optional::<(i64,)>(sql, &[&hash]).await?.is_some())
}

/// How many owners can sign in, where those of the demonstration can or cannot.
///
/// # Errors
/// The database's.
pub async fn owners(db: &Db, demo_accounts: bool) -> Result<i64, DbError> {
    let sql = "select count(*) from users where role = 'owner' and active = 1 and demo <= $1";
    Ok(db.fetch_one::<(i64,)>(sql, &[&i64::from(demo_accounts)]).await?.0)
}
