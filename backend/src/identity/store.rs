//! The SQL of accounts, sessions and API keys.

use domain::Timestamp;
use domain::id::{ApiKeyId, ContactId, SessionId, UserId};
use domain::permission::Role;
use domain::view::Me;
use platform::db::{Db, DbError, Flag, Tx};

use super::{Digest, digest};
use crate::Shop;
use crate::contacts::{self, ContactError};

/// An account with its sealed contact.
#[derive(Clone, Debug, platform::db::FromRow)]
pub(super) struct AccountRow {
    pub id: UserId,
    pub contact_id: ContactId,
    pub email_hash: Vec<u8>,
    /// When the address was proved to be its owner's; none until then.
    pub email_proved_at: Option<Timestamp>,
    /// Links that undo a change of the address and were made from this moment until `undone_until` hold no more.
    undone_from: Option<Timestamp>,
    undone_until: Option<Timestamp>,
    /// When the second factor was used last; none where there is none.
    pub factor_used_at: Option<Timestamp>,
    pub password_hash: String,
    role: Option<String>,
    pub active: Flag,
    pub demo: Flag,
    sealed: Vec<u8>,
}

#[derive(Debug, platform::db::FromRow)]
pub(super) struct SessionRow {
    pub id: SessionId,
    pub token_hash: Vec<u8>,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
    /// What is known of the browser; none for a session that is older than this.
    pub sealed: Option<Vec<u8>>,
}

#[derive(Debug, platform::db::FromRow)]
pub(super) struct ApiKeyRow {
    pub id: ApiKeyId,
    pub name: String,
    pub scopes: String,
    pub created_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

/// The columns of [`AccountRow`], from `users u` and `contacts c`.
macro_rules! account_columns {
    () => {
        "u.id, u.contact_id, u.email_hash, u.email_proved_at, u.undone_from, u.undone_until, u.password_hash, u.role, u.active, u.demo, c.sealed,
         (select max(a.used_at) from authenticators a where a.user_id = u.id and a.confirmed_at is not null) as factor_used_at"
    };
}

impl AccountRow {
    /// None for an unknown role, which grants nothing.
    pub(super) fn role(&self) -> Option<Role> {
        self.role.as_deref().and_then(|role| role.parse().ok())
    }

    /// May it sign in, with the right password?
    pub(super) fn may_sign_in(&self, shop: &Shop) -> bool {
        self.active.0 && (!self.demo.0 || shop.config().demo_accounts)
    }

    pub(super) const fn has_second_factor(&self) -> bool {
        self.factor_used_at.is_some()
    }

    /// What must not have changed since its password was typed.
    pub(super) fn sign_in_state(&self) -> Vec<u8> {
        [&digest(&self.password_hash)[..], &self.email_hash].concat()
    }

    /// The account once it has the password of this hash.
    pub(super) fn with_password(&self, password_hash: String) -> Self {
        Self { password_hash, ..self.clone() }
    }

    /// The account once it has the address of this keyed hash.
    pub(super) fn at_address(&self, email_hash: Vec<u8>) -> Self {
        Self { email_hash, ..self.clone() }
    }

    /// Was a change undone since, by a link that was made before this one or is this one?
    pub(super) fn is_undone(&self, made_at: Timestamp) -> bool {
        self.undone_from.is_some_and(|from| from <= made_at) && self.undone_until.is_some_and(|until| made_at <= until)
    }

    pub(super) fn me(&self, shop: &Shop) -> Result<Me, ContactError> {
        let contact = contacts::unseal_contact(shop, self.contact_id, &self.sealed)?;
        Ok(Me { id: self.id, contact, role: self.role() })
    }
}

#[derive(Debug, platform::db::FromRow)]
pub(super) struct SessionAccount {
    pub begun_at: Timestamp,
    pub seen_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
    #[sqlx(flatten)]
    pub account: AccountRow,
}

pub(super) async fn by_email(db: &Db, email_hash: &[u8]) -> Result<Option<AccountRow>, DbError> {
    let sql = concat!("select ", account_columns!(), " from users u join contacts c on c.id = u.contact_id where u.email_hash = $1");
    db.fetch_optional(sql, &[&email_hash]).await
}

pub(super) async fn by_id(db: &Db, user: UserId) -> Result<Option<AccountRow>, DbError> {
    let sql = concat!("select ", account_columns!(), " from users u join contacts c on c.id = u.contact_id where u.id = $1");
    db.fetch_optional(sql, &[&user]).await
}

/// The account as it is within a transaction.
pub(super) async fn by_id_in(tx: &mut Tx, user: UserId) -> Result<Option<AccountRow>, DbError> {
    let sql = concat!("select ", account_columns!(), " from users u join contacts c on c.id = u.contact_id where u.id = $1");
    tx.fetch_optional(sql, &[&user]).await
}

pub(super) async fn by_session(db: &Db, session: &Digest, now: Timestamp) -> Result<Option<SessionAccount>, DbError> {
    let sql = concat!(
        "select ",
        account_columns!(),
        ", s.created_at as begun_at, s.seen_at, s.confirmed_at from sessions s join users u on u.id = s.user_id join contacts c on c.id = u.contact_id
         where s.token_hash = $1 and s.expires_at > $2 and u.active = 1"
    );
    db.fetch_optional(sql, &[&session.as_slice(), &now]).await
}

pub(super) async fn staff(db: &Db) -> Result<Vec<AccountRow>, DbError> {
    let sql = concat!(
        "select ",
        account_columns!(),
        " from users u join contacts c on c.id = u.contact_id where u.role is not null order by u.id"
    );
    db.fetch_all(sql, &[]).await
}

/// False when the e-mail has an account already.
pub(super) async fn insert_user(
    tx: &mut Tx,
    user: UserId,
    contact: ContactId,
    email_hash: &[u8],
    password_hash: &str,
    role: Option<Role>,
) -> Result<bool, DbError> {
    if is_reserved(tx, user, email_hash).await? {
        return Ok(false);
    }
    let inserted = tx
        .execute(
            "insert into users (id, contact_id, email_hash, password_hash, role, created_at) values ($1, $2, $3, $4, $5, $6)
             on conflict (email_hash) do nothing",
            &[&user, &contact, &email_hash, &password_hash, &role.map(Role::as_str), &tx.now()],
        )
        .await?;
    Ok(inserted == 1)
}

/// Gives an account an address, which is not proved unless it is the one that it has. False when another account has it, or it is kept for one.
pub(super) async fn set_email(tx: &mut Tx, user: UserId, email_hash: &[u8]) -> Result<bool, DbError> {
    if is_reserved(tx, user, email_hash).await? {
        return Ok(false);
    }
    let changed = tx
        .execute(
            "update users set email_hash = $2, email_proved_at = case when email_hash = $2 then email_proved_at end
             where id = $1 and not exists (select 1 from users o where o.email_hash = $2 and o.id <> $1)",
            &[&user, &email_hash],
        )
        .await?;
    Ok(changed == 1)
}

/// Is the account active, with the same address and password? Its row is locked until the end of the transaction.
pub(super) async fn lock_if_same(tx: &mut Tx, account: &AccountRow) -> Result<bool, DbError> {
    if !lock_if_unchanged(tx, account.id, &account.password_hash).await? {
        return Ok(false);
    }
    let sql = "select id from users where id = $1 and email_hash = $2";
    Ok(tx.fetch_optional_scalar::<UserId>(sql, &[&account.id, &account.email_hash]).await?.is_some())
}

/// False when the address was proved before.
pub(super) async fn set_email_proved(tx: &mut Tx, user: UserId) -> Result<bool, DbError> {
    let sql = "update users set email_proved_at = $2 where id = $1 and email_proved_at is null";
    Ok(tx.execute(sql, &[&user, &tx.now()]).await? == 1)
}

/// Ends the links that undo a change of the address and were made since `made_at`. The address that the account has again is kept for it no
/// longer.
pub(super) async fn set_undone(tx: &mut Tx, account: &AccountRow, made_at: Timestamp, email_hash: &[u8]) -> Result<(), DbError> {
    let from = account.undone_from.map_or(made_at, |before| before.min(made_at));
    tx.execute("update users set undone_from = $2, undone_until = $3 where id = $1", &[&account.id, &from, &tx.now()]).await?;
    let sql = "update users set reserved_email_hash = null, reserved_until = null where id = $1 and reserved_email_hash = $2";
    tx.execute(sql, &[&account.id, &email_hash]).await.map(drop)
}

/// Keeps a former address for an account, so that nobody else signs up with it while the change can be undone. The first of several is kept.
pub(super) async fn reserve_email(tx: &mut Tx, user: UserId, email_hash: &[u8], until: Timestamp) -> Result<(), DbError> {
    let sql =
        "update users set reserved_email_hash = $2, reserved_until = $3 where id = $1 and (reserved_until is null or reserved_until <= $4)";
    tx.execute(sql, &[&user, &email_hash, &until, &tx.now()]).await.map(drop)
}

/// Is the address kept for another account?
async fn is_reserved(tx: &mut Tx, user: UserId, email_hash: &[u8]) -> Result<bool, DbError> {
    let sql = "select id from users where reserved_email_hash = $1 and reserved_until > $2 and id <> $3";
    Ok(tx.fetch_optional_scalar::<UserId>(sql, &[&email_hash, &tx.now(), &user]).await?.is_some())
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

/// The number of owners who can sign in. The rows of all owners are locked until the end of the transaction.
pub(super) async fn lock_owners(tx: &mut Tx, demo_accounts: bool) -> Result<i64, DbError> {
    tx.lock("select 1 from users where role = 'owner' order by id for update", &[]).await?;
    tx.fetch_scalar("select count(*) from users where role = 'owner' and active = 1 and demo <= $1", &[&demo_accounts]).await
}

/// Is the account active, with this hash of its password? Its row is locked until the end of the transaction.
pub(super) async fn lock_if_unchanged(tx: &mut Tx, user: UserId, password_hash: &str) -> Result<bool, DbError> {
    tx.lock("select 1 from users where id = $1 for update", &[&user]).await?;
    let found: Option<UserId> = tx
        .fetch_optional_scalar("select id from users where id = $1 and password_hash = $2 and active = 1", &[&user, &password_hash])
        .await?;
    Ok(found.is_some())
}

pub(super) async fn insert_session(
    tx: &mut Tx,
    session: &Digest,
    id: SessionId,
    user: UserId,
    expires_at: Timestamp,
    sealed: &[u8],
) -> Result<(), DbError> {
    tx.execute(
        "insert into sessions (token_hash, id, user_id, created_at, seen_at, expires_at, sealed, confirmed_at)
         values ($1, $2, $3, $4, $4, $5, $6, $4)",
        &[&session.as_slice(), &id, &user, &tx.now(), &expires_at, &sealed],
    )
    .await
    .map(drop)
}

/// Deletes an account's expired sessions and its oldest ones, so that with one more there are at most `max`.
pub(super) async fn make_room_for_session(tx: &mut Tx, user: UserId, max: i64) -> Result<(), DbError> {
    tx.execute(
        "delete from sessions where user_id = $1 and (expires_at <= $2 or id in
             (select s.id from sessions s where s.user_id = $1 order by s.seen_at desc, s.id desc limit 1000 offset $3))",
        &[&user, &tx.now(), &(max - 1)],
    )
    .await
    .map(drop)
}

pub(super) async fn delete_expired_sessions(tx: &mut Tx) -> Result<u64, DbError> {
    tx.execute("delete from sessions where expires_at <= $1", &[&tx.now()]).await
}

pub(super) async fn renew_session(tx: &mut Tx, session: &Digest, now: Timestamp, expires_at: Timestamp) -> Result<(), DbError> {
    tx.execute("update sessions set seen_at = $2, expires_at = $3 where token_hash = $1", &[&session.as_slice(), &now, &expires_at])
        .await
        .map(drop)
}

/// Its owner has just shown that it is them: the session has another token. False when it has ended.
pub(super) async fn set_confirmed(tx: &mut Tx, session: &Digest, new: &Digest) -> Result<bool, DbError> {
    let sql = "update sessions set token_hash = $2, confirmed_at = $3 where token_hash = $1";
    Ok(tx.execute(sql, &[&session.as_slice(), &new.as_slice(), &tx.now()]).await? == 1)
}

pub(super) async fn end_session(tx: &mut Tx, session: &Digest) -> Result<(), DbError> {
    tx.execute("delete from sessions where token_hash = $1", &[&session.as_slice()]).await.map(drop)
}

/// Ends an account's sessions, except one; returns how many.
pub(super) async fn end_sessions(tx: &mut Tx, user: UserId, except: Option<&Digest>) -> Result<u64, DbError> {
    let except = except.map_or(&[][..], Digest::as_slice);
    tx.execute("delete from sessions where user_id = $1 and token_hash <> $2", &[&user, &except]).await
}

pub(super) async fn revoke_session(tx: &mut Tx, user: UserId, session: SessionId) -> Result<bool, DbError> {
    Ok(tx.execute("delete from sessions where id = $1 and user_id = $2", &[&session, &user]).await? == 1)
}

pub(super) async fn sessions(db: &Db, user: UserId, now: Timestamp) -> Result<Vec<SessionRow>, DbError> {
    db.fetch_all(
        "select id, token_hash, created_at, seen_at, sealed from sessions where user_id = $1 and expires_at > $2
         order by seen_at desc, id desc limit 100",
        &[&user, &now],
    )
    .await
}

pub(super) async fn insert_api_key(tx: &mut Tx, id: ApiKeyId, name: &str, secret: &Digest, scopes: &str) -> Result<(), DbError> {
    tx.execute(
        "insert into api_keys (id, name, secret_hash, scopes, created_at) values ($1, $2, $3, $4, $5)",
        &[&id, &name, &secret.as_slice(), &scopes, &tx.now()],
    )
    .await
    .map(drop)
}

pub(super) async fn revoke_api_key(tx: &mut Tx, id: ApiKeyId) -> Result<bool, DbError> {
    Ok(tx.execute("update api_keys set revoked_at = $2 where id = $1 and revoked_at is null", &[&id, &tx.now()]).await? == 1)
}

pub(super) async fn active_api_key(db: &Db, secret: &Digest) -> Result<Option<ApiKeyRow>, DbError> {
    db.fetch_optional(
        "select id, name, scopes, created_at, revoked_at from api_keys where secret_hash = $1 and revoked_at is null",
        &[&secret.as_slice()],
    )
    .await
}

pub(super) async fn api_keys(db: &Db) -> Result<Vec<ApiKeyRow>, DbError> {
    db.fetch_all("select id, name, scopes, created_at, revoked_at from api_keys order by id desc limit 500", &[]).await
}
