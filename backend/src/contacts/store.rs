//! The SQL of contacts and addresses.

use domain::Timestamp;
use domain::id::{AddressId, ContactId, UserId};
use platform::db::{Db, DbError, Flag, Hex, JsonRows, Tx, hex, json_ids};
use serde::Serialize;

use super::{PreparedAddress, PreparedContact};

/// A sealed contact or address.
#[derive(Debug, platform::db::FromRow)]
pub(super) struct SealedRow<Id> {
    pub id: Id,
    pub sealed: Vec<u8>,
}

#[derive(Debug, platform::db::FromRow)]
pub(super) struct BookAddress {
    pub id: AddressId,
    pub sealed: Vec<u8>,
    pub is_default: Flag,
}

/// The contact of an account, and the number of addresses in its book.
#[derive(Debug, platform::db::FromRow)]
pub(super) struct BookOwner {
    pub contact_id: ContactId,
    pub addresses: i64,
}

/// Inserts contacts, one statement a table.
///
/// # Errors
/// The database's.
pub async fn insert_contacts<'a>(tx: &mut Tx, contacts: impl IntoIterator<Item = &'a PreparedContact> + Clone) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: Hex<'a>,
        sealed: Hex<'a>,
        email_hash: Option<Hex<'a>>,
        phone_hash: Option<Hex<'a>>,
        locale: &'a str,
        at: Timestamp,
    }
    let mut rows = JsonRows::new();
    for contact in contacts.clone() {
        rows.push(&Row {
            id: hex(&contact.id),
            sealed: hex(&contact.sealed),
            email_hash: contact.email_hash.as_ref().map(hex),
            phone_hash: contact.phone_hash.as_ref().map(hex),
            locale: contact.locale.code(),
            at: contact.at,
        });
    }
    tx.write_rows(
        "insert into contacts (id, sealed, email_hash, phone_hash, locale, created_at, updated_at)
         select unhex(value->>'id'), unhex(value->>'sealed', ''), unhex(value->>'email_hash', ''), unhex(value->>'phone_hash', ''),
             value->>'locale', cast(value->>'at' as bigint), cast(value->>'at' as bigint)
         from json_each($1)",
        rows,
    )
    .await?;
    insert_name_words(tx, contacts).await
}

async fn insert_name_words<'a>(tx: &mut Tx, contacts: impl IntoIterator<Item = &'a PreparedContact>) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        contact: Hex<'a>,
        word_hash: Hex<'a>,
    }
    let mut rows = JsonRows::new();
    for contact in contacts {
        for word_hash in &contact.word_hashes {
            rows.push(&Row { contact: hex(&contact.id), word_hash: hex(word_hash) });
        }
    }
    tx.write_rows(
        "insert into contact_words (word_hash, contact_id)
         select unhex(value->>'word_hash', ''), unhex(value->>'contact') from json_each($1)",
        rows,
    )
    .await
}

/// Inserts addresses in one statement.
///
/// # Errors
/// The database's.
pub async fn insert_addresses<'a>(tx: &mut Tx, addresses: impl IntoIterator<Item = &'a PreparedAddress>) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: Hex<'a>,
        contact: Hex<'a>,
        sealed: Hex<'a>,
        country: &'a str,
        in_book: Flag,
        at: Timestamp,
    }
    let mut rows = JsonRows::new();
    for address in addresses {
        rows.push(&Row {
            id: hex(&address.id),
            contact: hex(&address.contact),
            sealed: hex(&address.sealed),
            country: &address.country,
            in_book: address.in_book.into(),
            at: address.at,
        });
    }
    tx.write_rows(
        "insert into addresses (id, contact_id, sealed, country, in_book, created_at)
         select unhex(value->>'id'), unhex(value->>'contact'), unhex(value->>'sealed', ''), value->>'country',
             cast(value->>'in_book' as bigint), cast(value->>'at' as bigint)
         from json_each($1)",
        rows,
    )
    .await
}

/// Replaces a contact's details and the hashes it is found by.
pub(crate) async fn update_contact(tx: &mut Tx, contact: &PreparedContact) -> Result<bool, DbError> {
    let changed = tx
        .execute(
            "update contacts set sealed = $2, email_hash = $3, phone_hash = $4, locale = $5, updated_at = $6 where id = $1",
            &[&contact.id, &contact.sealed, &contact.email_hash, &contact.phone_hash, &contact.locale.code(), &contact.at],
        )
        .await?;
    tx.execute("delete from contact_words where contact_id = $1", &[&contact.id]).await?;
    insert_name_words(tx, [contact]).await?;
    Ok(changed == 1)
}

pub(super) async fn contacts(db: &Db, ids: &[ContactId]) -> Result<Vec<SealedRow<ContactId>>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    db.fetch_all("select id, sealed from contacts where id in (select unhex(value->>'id') from json_each($1))", &[&json_ids(ids)]).await
}

pub(super) async fn addresses(db: &Db, ids: &[AddressId]) -> Result<Vec<SealedRow<AddressId>>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    db.fetch_all("select id, sealed from addresses where id in (select unhex(value->>'id') from json_each($1))", &[&json_ids(ids)]).await
}

pub(super) async fn contacts_by_email(db: &Db, hash: &[u8]) -> Result<Vec<ContactId>, DbError> {
    db.fetch_scalars("select id from contacts where email_hash = $1 order by id desc limit 200", &[&hash]).await
}

pub(super) async fn contacts_by_phone(db: &Db, hash: &[u8]) -> Result<Vec<ContactId>, DbError> {
    db.fetch_scalars("select id from contacts where phone_hash = $1 order by id desc limit 200", &[&hash]).await
}

/// Contacts with all of these words in their names. They are looked for among those with the rarest of the words.
pub(super) async fn contacts_by_words(db: &Db, word_hashes: &[Vec<u8>]) -> Result<Vec<ContactId>, DbError> {
    let (words, count) = (json_ids(word_hashes), i64::try_from(word_hashes.len()).unwrap_or(i64::MAX));
    // What as many have as are returned is not counted further.
    let rarest: Vec<u8> = db
        .fetch_scalar(
            "select w.word_hash from (select unhex(value->>'id', '') as word_hash from json_each($1)) w
             order by (select count(*) from (select 1 from contact_words c where c.word_hash = w.word_hash limit 200) counted) limit 1",
            &[&words],
        )
        .await?;
    db.fetch_scalars(
        "select r.contact_id from contact_words r
         where r.word_hash = $3 and (select count(*) from contact_words c where c.contact_id = r.contact_id
            and c.word_hash in (select unhex(value->>'id', '') from json_each($1))) = $2
         order by r.contact_id desc limit 200",
        &[&words, &count, &rarest],
    )
    .await
}

/// The address book of an account, the default first, then the latest.
pub(super) async fn address_book(db: &Db, user: UserId) -> Result<Vec<BookAddress>, DbError> {
    db.fetch_all(
        "select a.id, a.sealed, a.is_default from users u join addresses a on a.contact_id = u.contact_id and a.in_book = 1
         where u.id = $1 order by a.is_default desc, a.id desc",
        &[&user],
    )
    .await
}

pub(super) async fn book_owner(tx: &mut Tx, user: UserId) -> Result<Option<BookOwner>, DbError> {
    tx.fetch_optional(
        "select u.contact_id, (select count(*) from addresses a where a.contact_id = u.contact_id and a.in_book = 1) as addresses
         from users u where u.id = $1",
        &[&user],
    )
    .await
}

/// Replaces an address of the book. Orders have addresses of their own and do not change.
pub(super) async fn update_address(tx: &mut Tx, contact: ContactId, address: &PreparedAddress) -> Result<bool, DbError> {
    let changed = tx
        .execute(
            "update addresses set sealed = $3, country = $4 where id = $1 and contact_id = $2 and in_book = 1",
            &[&address.id, &contact, &address.sealed, &address.country],
        )
        .await?;
    Ok(changed == 1)
}

/// Erases the text of an address and takes it out of the book; the row stays.
pub(super) async fn erase_address(tx: &mut Tx, contact: ContactId, address: AddressId) -> Result<bool, DbError> {
    let empty: Vec<u8> = Vec::new();
    let changed = tx
        .execute(
            "update addresses set sealed = $3, country = '', in_book = 0, is_default = 0
             where id = $1 and contact_id = $2 and in_book = 1",
            &[&address, &contact, &empty],
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

/// Makes the latest address of a book without a default its default.
pub(super) async fn ensure_default(tx: &mut Tx, contact: ContactId) -> Result<(), DbError> {
    tx.execute(
        "update addresses set is_default = 1
         where id = (select a.id from addresses a where a.contact_id = $1 and a.in_book = 1 order by a.id desc limit 1)
           and not exists (select 1 from addresses d where d.contact_id = $1 and d.in_book = 1 and d.is_default = 1)",
        &[&contact],
    )
    .await?;
    Ok(())
}

pub(super) async fn preferences(db: &Db, user: UserId) -> Result<Option<String>, DbError> {
    db.fetch_optional_scalar("select preferences from users where id = $1", &[&user]).await
}

pub(super) async fn save_preferences(tx: &mut Tx, user: UserId, preferences: &str) -> Result<bool, DbError> {
    Ok(tx.execute("update users set preferences = $2 where id = $1", &[&user, &preferences]).await? == 1)
}
