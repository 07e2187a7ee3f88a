//! Demo accounts. Their passwords are public, so they can sign in only where [`crate::ShopConfig::demo_accounts`] allows it: in a
//! demonstration that only this machine reaches. With a password of its own an account is like any other.

use domain::id::UserId;
use platform::db::{Db, DbError, Tx};

use crate::{Shop, contacts};

pub(super) async fn mark_as_demo(tx: &mut Tx, user: UserId) -> Result<(), DbError> {
    tx.execute("update users set demo = 1, email_proved_at = created_at where id = $1", &[&user]).await.map(drop)
}

/// The number of accounts that still have a public password: of staff, and of shoppers.
///
/// # Errors
/// The database's.
pub async fn count_demo_accounts(db: &Db) -> Result<(i64, i64), DbError> {
    #[derive(platform::db::FromRow)]
    struct Counts {
        staff: i64,
        shoppers: i64,
    }
    let sql = "select count(role) as staff, count(*) - count(role) as shoppers from users where demo = 1 and active = 1";
    let counts: Counts = db.fetch_one(sql, &[]).await?;
    Ok((counts.staff, counts.shoppers))
}

/// Can this account sign in with the public password of the demo?
///
/// # Errors
/// The database's.
pub async fn has_demo_password(shop: &Shop, email: &str) -> Result<bool, DbError> {
    if !shop.config().demo_accounts {
        return Ok(false);
    }
    let hash = contacts::email_hash(shop, email);
    let sql = "select id from users where email_hash = $1 and demo = 1 and active = 1";
    Ok(shop.db().fetch_optional_scalar::<UserId>(sql, &[&hash]).await?.is_some())
}

/// The number of owners who can sign in; `demo_accounts` is whether demo accounts can.
///
/// # Errors
/// The database's.
pub async fn count_owners(db: &Db, demo_accounts: bool) -> Result<i64, DbError> {
    let sql = "select count(*) from users where role = 'owner' and active = 1 and demo <= $1";
    db.fetch_scalar(sql, &[&demo_accounts]).await
}
