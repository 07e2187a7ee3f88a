//! The SQL of contacts and addresses.

use domain::id::{AddressId, ContactId, UserId};

use crate::platform::db::{Db, DbError, Rows, Tx};

use super::{PreparedAddress, PreparedContact};

/// Writes many contacts, one statement a table.
///
/// # Errors
/// The database's.
pub async fn insert_contacts(tx: &mut Tx, contacts: &[PreparedContact]) -> Result<(), DbError> {
    let mut rows = Rows::new();
    for c in contacts {
        rows.row(&[&c.id, &c.sealed, &c.email_hash, &c.phone_hash, &c.locale.code(), &c.at]);
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into contacts (id, sealed, email_hash, phone_hash, locale, created_at, updated_at)
         select unhex(value->>0), unhex(value->>1, ''), unhex(value->>2, ''), unhex(value->>3, ''), value->>4,
             cast(value->>5 as bigint), cast(value->>5 as bigint)
         from json_each($1)",
        &[&rows.end()],
    )
    .await?;
    insert_words(tx, contacts).await
}

async fn insert_words(tx: &mut Tx, contacts: &[PreparedContact]) -> Result<(), DbError> {
    let mut rows = Rows::new();
    for contact in contacts {
        for word in &contact.word_hashes {
            rows.row(&[word, &contact.id]);
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into contact_words (word_hash, contact_id) select unhex(value->>0, ''), unhex(value->>1) from json_each($1)",
        &[&rows.end()],
    )
    .await?;
    Ok(())
}

/// Writes many addresses in one statement.
///
/// # Errors
/// The database's.
pub async fn insert_addresses(tx: &mut Tx, addresses: &[PreparedAddress]) -> Result<(), DbError> {
    let mut rows = Rows::new();
    for a in addresses {
        rows.row(&[&a.id, &a.contact, &a.sealed, &a.country, &i64::from(a.in_book), &a.at]);
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        "insert into addresses (id, contact_id, sealed, country, in_book, created_at)
         select unhex(value->>0), unhex(value->>1), unhex(value->>2, ''), value->>3, cast(value->>4 as bigint),
             cast(value->>5 as bigint)
         from json_each($1)",
        &[&rows.end()],
    )
    .await?;
    Ok(())
}

/// Replaces what is kept of a contact, and what it is found by.
pub(crate) async fn update_contact(tx: &mut Tx, contact: &PreparedContact) -> Result<bool, DbError> {
    let changed = tx
        .execute(
            "update contacts set sealed = $2, email_hash = $3, phone_hash = $4, locale = $5, updated_at = $6 where id = $1",
            &[&contact.id, &contact.sealed, &contact.email_hash, &contact.phone_hash, &contact.locale.code(), &contact.at],
        )
        .await?;
    tx.execute("delete from contact_words where contact_id = $1", &[&contact.id]).await?;
    insert_words(tx, std::slice::from_ref(contact)).await?;
    Ok(changed == 1)
}

pub(super) async fn contacts(db: &Db, ids: &[ContactId]) -> Result<Vec<(ContactId, Vec<u8>)>, DbError> {
    let rows: Rows = ids.iter().collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    db.fetch_all("select id, sealed from contacts where id in (select unhex(value->>0) from json_each($1))", &[&rows.end()]).await
}

pub(super) async fn addresses(db: &Db, ids: &[AddressId]) -> Result<Vec<(AddressId, Vec<u8>)>, DbError> {
    let rows: Rows = ids.iter().collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    db.fetch_all("select id, sealed from addresses where id in (select unhex(value->>0) from json_each($1))", &[&rows.end()]).await
}

pub(super) async fn contacts_by_email(db: &Db, hash: &[u8]) -> Result<Vec<ContactId>, DbError> {
    let found: Vec<(ContactId,)> =
        db.fetch_all("select id from contacts where email_hash = $1 order by id desc limit 200", &[&hash]).await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

pub(super) async fn contacts_by_phone(db: &Db, hash: &[u8]) -> Result<Vec<ContactId>, DbError> {
    let found: Vec<(ContactId,)> =
        db.fetch_all("select id from contacts where phone_hash = $1 order by id desc limit 200", &[&hash]).await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

pub(super) async fn contacts_by_words(db: &Db, words: &[Vec<u8>]) -> Result<Vec<ContactId>, DbError> {
    let rows: Rows = words.iter().collect();
    let count = i64::try_from(words.len()).unwrap_or(i64::MAX);
    let found: Vec<(ContactId,)> = db
        .fetch_all(
            "select contact_id from contact_words where word_hash in (select unhex(value->>0, '') from json_each($1))
             group by contact_id having count(*) = $2 order by contact_id desc limit 200",
            &[&rows.end(), &count],
        )
        .await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// The book of an account, the default first, then the latest.
pub(super) async fn book(db: &Db, user: UserId) -> Result<Vec<(AddressId, Vec<u8>, i64)>, DbError> {
    db.fetch_all(
        "select a.id, a.sealed, a.is_default from users u join addresses a on a.contact_id = u.contact_id and a.in_book = 1
         where u.id = $1 order by a.is_default desc, a.id desc",
        &[&user],
    )
    .await
}

/// The contact of an account and how many addresses its book holds.
pub(super) async fn book_of(tx: &mut Tx, user: UserId) -> Result<Option<(ContactId, i64)>, DbError> {
    tx.fetch_optional(
        "select u.contact_id, (select count(*) from addresses a where a.contact_id = u.contact_id and a.in_book = 1)
         from users u where u.id = $1",
        &[&user],
    )
    .await
}

/// Replaces an address of the book. Orders have addresses of their own, so no order changes with it.
pub(super) async fn update_address(tx: &mut Tx, contact: ContactId, address: &PreparedAddress) -> Result<bool, DbError> {
    let changed = tx
        .execute(
            "update addresses set sealed = $3, country = $4 where id = $1 and contact_id = $2 and in_book = 1",
            &[&address.id, &contact, &address.sealed, &address.country],
        )
        .await?;
    Ok(changed == 1)
}

/// Empties an address of the book: what it said is gone, the row stays.
pub(super) async fn empty_address(tx: &mut Tx, contact: ContactId, address: AddressId) -> Result<bool, DbError> {
    let nothing: Vec<u8> = Vec::new();
    let changed = tx
        .execute(
            "update addresses set sealed = $3, country = '', in_book = 0, is_default = 0
             where id = $1 and contact_id = $2 and in_book = 1",
            &[&address, &contact, &nothing],
        )
        .await?;
    Ok(changed == 1)
}

/// Makes one address of the book its default; false when it is not in the book.
pub(super) async fn make_default(tx: &mut Tx, contact: ContactId, address: AddressId) -> Result<bool, DbError> {
    tx.execute("update addresses set is_default = 0 where contact_id = $1 and in_book = 1 and is_default = 1", &[&contact]).await?;
    let changed =
        tx.execute("update addresses set is_default = 1 where id = $1 and contact_id = $2 and in_book = 1", &[&address, &contact]).await?;
    Ok(changed == 1)
}

/// After a default was deleted, the latest takes its place.
pub(super) async fn heal_default(tx: &mut Tx, contact: ContactId) -> Result<(), DbError> {
    tx.execute(
        "update addresses set is_default = 1
         where id = (select a.id from addresses a where a.contact_id = $1 and a.in_book = 1 order by a.id desc limit 1)
           and not exists (select 1 from addresses d where d.contact_id = $1 and d.in_book = 1 and d.is_default = 1)",
        &[&contact],
    )
    .await?;
    Ok(())
}

pub(super) async fn preferences(db: &Db, user: UserId) -> Result<Option<(String,)>, DbError> {
    db.fetch_optional("select preferences from users where id = $1", &[&user]).await
}

pub(super) async fn save_preferences(tx: &mut Tx, user: UserId, preferences: &str) -> Result<bool, DbError> {
    Ok(tx.execute("update users set preferences = $2 where id = $1", &[&user, &preferences]).await? == 1)
}
