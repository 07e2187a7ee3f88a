//! The SQL of accounts, sessions and keys.

use domain::Timestamp;
use domain::id::{ApiKeyId, ContactId, SessionId, UserId};
use domain::permission::Role;
use domain::view::Me;

use crate::Shop;
use crate::customers::{self, CustomerError};
use crate::platform::db::{Db, DbError, Tx};

use super::guard::Digest;

crate::rows! {
    /// An account with its sealed contact.
    pub(super) struct AccountRow {
        pub id: UserId,
        pub contact: ContactId,
        pub password_hash: String,
        role: Option<String>,
        pub active: bool,
        pub demo: bool,
        sealed: Vec<u8>,
    }
    pub(super) struct SessionRow {
        pub id: SessionId,
        pub token_hash: Vec<u8>,
        pub created_at: Timestamp,
        pub seen_at: Timestamp,
    }
    pub(super) struct KeyRow {
        pub id: ApiKeyId,
        pub name: String,
        pub scopes: String,
        pub created_at: Timestamp,
        pub revoked_at: Option<Timestamp>,
    }
}

impl AccountRow {
    /// A role that is not known is none: no permission follows from it.
    pub(super) fn role(&self) -> Option<Role> {
        self.role.as_deref().and_then(|role| role.parse().ok())
    }

    /// May its owner be let in, with the right password?
    pub(super) fn may_sign_in(&self, shop: &Shop) -> bool {
        self.active && (!self.demo || shop.config().demo_accounts)
    }

    pub(super) fn me(&self, shop: &Shop) -> Result<Me, CustomerError> {
        let contact = customers::unseal_contact(shop, self.contact, &self.sealed)?;
        Ok(Me { id: self.id, contact, role: self.role() })
    }
}

/// A session with whose it is.
pub(super) struct Found {
    pub seen_at: Timestamp,
    pub account: AccountRow,
}

pub(super) async fn by_email(db: &Db, email_hash: &[u8]) -> Result<Option<AccountRow>, DbError> {
    db.fetch_optional(
        "select u.id, u.contact_id, u.password_hash, u.role, u.active, u.demo, c.sealed
         from users u join contacts c on c.id = u.contact_id where u.email_hash = $1",
        &[&email_hash],
    )
    .await
}

pub(super) async fn by_id(db: &Db, user: UserId) -> Result<Option<AccountRow>, DbError> {
    db.fetch_optional(
        "select u.id, u.contact_id, u.password_hash, u.role, u.active, u.demo, c.sealed
         from users u join contacts c on c.id = u.contact_id where u.id = $1",
        &[&user],
    )
    .await
}

pub(super) async fn by_session(db: &Db, session: &Digest, now: Timestamp) -> Result<Option<Found>, DbError> {
    type Row = (UserId, ContactId, String, Option<String>, bool, bool, Vec<u8>, Timestamp);
    let row: Option<Row> = db
        .fetch_optional(
            "select u.id, u.contact_id, u.password_hash, u.role, u.active, u.demo, c.sealed, s.seen_at
             from sessions s join users u on u.id = s.user_id join contacts c on c.id = u.contact_id
             where s.token_hash = $1 and s.expires_at > $2 and u.active = 1",
            &[&session.as_slice(), &now],
        )
        .await?;
    Ok(row.map(|(id, contact, password_hash, role, active, demo, sealed, seen_at)| Found {
        seen_at,
        account: AccountRow { id, contact, password_hash, role, active, demo, sealed },
    }))
}

pub(super) async fn staff(db: &Db) -> Result<Vec<AccountRow>, DbError> {
    db.fetch_all(
        "select u.id, u.contact_id, u.password_hash, u.role, u.active, u.demo, c.sealed
         from users u join contacts c on c.id = u.contact_id where u.role is not null order by u.id",
        &[],
    )
    .await
}

/// False when the e-mail has an account already.
pub(super) async fn insert_user(
    tx: &mut Tx,
    user: UserId,
    contact: ContactId,
    email_hash: &[u8],
    password_hash: &str,
    role: Option<Role>,
    at: Timestamp,
) -> Result<bool, DbError> {
    let inserted = tx
        .execute(
            "insert into users (id, contact_id, email_hash, password_hash, role, created_at) values ($1, $2, $3, $4, $5, $6)
             on conflict (email_hash) do nothing",
            &[&user, &contact, &email_hash, &password_hash, &role.map(Role::as_str), &at],
        )
        .await?;
    Ok(inserted == 1)
}

/// False when another account has the e-mail.
pub(super) async fn set_email(tx: &mut Tx, user: UserId, email_hash: &[u8]) -> Result<bool, DbError> {
    let changed = tx
        .execute(
            "update users set email_hash = $2
             where id = $1 and not exists (select 1 from users o where o.email_hash = $2 and o.id <> $1)",
            &[&user, &email_hash],
        )
        .await?;
    Ok(changed == 1)
}

pub(super) async fn set_password(tx: &mut Tx, user: UserId, hash: &str) -> Result<(), DbError> {
    tx.execute("update users set password_hash = $2, demo = 0 where id = $1", &[&user, &hash]).await.map(drop)
}

pub(super) async fn set_role(tx: &mut Tx, user: UserId, role: Option<Role>) -> Result<bool, DbError> {
    Ok(tx.execute("update users set role = $2 where id = $1", &[&user, &role.map(Role::as_str)]).await? == 1)
}

pub(super) async fn set_active(tx: &mut Tx, user: UserId, active: bool) -> Result<bool, DbError> {
    Ok(tx.execute("update users set active = $2 where id = $1 and role is not null", &[&user, &active]).await? == 1)
}

/// Owners who can sign in, their rows held until the end of the transaction.
pub(super) async fn owners(tx: &mut Tx, shop: &Shop) -> Result<usize, DbError> {
    let demo = i64::from(shop.config().demo_accounts);
    tx.lock("select 1 from users where role = 'owner' order by id for update", &[]).await?;
    let owners: Vec<(UserId,)> = tx.fetch_all("select id from users where role = 'owner' and active = 1 and demo <= $1", &[&demo]).await?;
    Ok(owners.len())
}

/// Is the account active, with this password? Its row is held until the end of the transaction.
pub(super) async fn still_holds(tx: &mut Tx, user: UserId, password_hash: &str) -> Result<bool, DbError> {
    tx.lock("select 1 from users where id = $1 for update", &[&user]).await?;
    let found: Option<(UserId,)> =
        tx.fetch_optional("select id from users where id = $1 and password_hash = $2 and active = 1", &[&user, &password_hash]).await?;
    Ok(found.is_some())
}

pub(super) async fn insert_session(
    tx: &mut Tx,
    session: &Digest,
    id: SessionId,
    user: UserId,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "insert into sessions (token_hash, id, user_id, created_at, seen_at, expires_at) values ($1, $2, $3, $4, $4, $5)",
        &[&session.as_slice(), &id, &user, &now, &expires_at],
    )
    .await
    .map(drop)
}

/// Takes away an account's ended sessions, and its oldest where there would be more than `most`.
pub(super) async fn clear_sessions(tx: &mut Tx, user: UserId, now: Timestamp, most: i64) -> Result<(), DbError> {
    tx.execute(
        "delete from sessions where user_id = $1 and (expires_at <= $2 or id in
             (select s.id from sessions s where s.user_id = $1 order by s.seen_at desc, s.id desc limit 1000 offset $3))",
        &[&user, &now, &(most - 1)],
    )
    .await
    .map(drop)
}

/// Takes away sessions that have ended, whoever's.
pub(super) async fn clear_ended(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    tx.execute("delete from sessions where expires_at <= $1", &[&now]).await
}

pub(super) async fn keep_session(tx: &mut Tx, session: &Digest, now: Timestamp, expires_at: Timestamp) -> Result<(), DbError> {
    tx.execute("update sessions set seen_at = $2, expires_at = $3 where token_hash = $1", &[&session.as_slice(), &now, &expires_at])
        .await
        .map(drop)
}

pub(super) async fn end_session(tx: &mut Tx, session: &Digest) -> Result<(), DbError> {
    tx.execute("delete from sessions where token_hash = $1", &[&session.as_slice()]).await.map(drop)
}

/// Ends an account's sessions, but not the one that is kept.
pub(super) async fn end_sessions(tx: &mut Tx, user: UserId, kept: Option<&Digest>) -> Result<(), DbError> {
    let kept = kept.map_or(&[][..], Digest::as_slice);
    tx.execute("delete from sessions where user_id = $1 and token_hash <> $2", &[&user, &kept]).await.map(drop)
}

pub(super) async fn revoke_session(tx: &mut Tx, user: UserId, session: SessionId) -> Result<bool, DbError> {
    Ok(tx.execute("delete from sessions where id = $1 and user_id = $2", &[&session, &user]).await? == 1)
}

pub(super) async fn sessions(db: &Db, user: UserId, now: Timestamp) -> Result<Vec<SessionRow>, DbError> {
    db.fetch_all(
        "select id, token_hash, created_at, seen_at from sessions where user_id = $1 and expires_at > $2
         order by seen_at desc, id desc limit 100",
        &[&user, &now],
    )
    .await
}

pub(super) async fn insert_key(tx: &mut Tx, id: ApiKeyId, name: &str, secret: &Digest, scopes: &str, at: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "insert into api_keys (id, name, secret_hash, scopes, created_at) values ($1, $2, $3, $4, $5)",
        &[&id, &name, &secret.as_slice(), &scopes, &at],
    )
    .await
    .map(drop)
}

pub(super) async fn revoke_key(tx: &mut Tx, id: ApiKeyId, at: Timestamp) -> Result<bool, DbError> {
    Ok(tx.execute("update api_keys set revoked_at = $2 where id = $1 and revoked_at is null", &[&id, &at]).await? == 1)
}

pub(super) async fn key(db: &Db, secret: &Digest) -> Result<Option<(ApiKeyId, String)>, DbError> {
    db.fetch_optional("select id, scopes from api_keys where secret_hash = $1 and revoked_at is null", &[&secret.as_slice()]).await
}

pub(super) async fn keys(db: &Db) -> Result<Vec<KeyRow>, DbError> {
    db.fetch_all("select id, name, scopes, created_at, revoked_at from api_keys order by id desc limit 500", &[]).await
}
