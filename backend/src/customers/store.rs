//! The SQL of customers as staff see them.

use std::collections::{BTreeMap, HashMap};

use domain::Timestamp;
use domain::id::{AddressId, ContactId, CustomerId, CustomerNoteId, UserId};
use platform::db::{DbError, Flag, Hex, JsonRows, Read, Tx, hex, json_ids};
use serde::Serialize;
use uuid::Uuid;

use crate::orders::PersonKeys;
use crate::paging::Rows;

#[derive(platform::db::FromRow)]
struct OwnerRow {
    /// None for an unknown contact.
    id: Option<ContactId>,
    email_hash: Option<Vec<u8>>,
    account: Option<UserId>,
}

/// Whose a contact is.
pub(super) struct Owner {
    pub id: ContactId,
    pub email_hash: Option<Vec<u8>>,
    /// The account that ordered with it, or whose own it is; else the account with the same e-mail.
    pub account: Option<UserId>,
}

/// Whose these contacts are; unknown ids are left out.
pub(super) async fn owners(db: &mut impl Read, contacts: &[ContactId]) -> Result<Vec<Owner>, DbError> {
    // Each is looked up by itself: a join reads all contacts where Postgres takes them for few.
    let rows: Vec<OwnerRow> = db
        .fetch_all(
            "select w.id, w.email_hash, coalesce(
                (select o.user_id from orders o where o.contact_id = w.id and o.user_id is not null limit 1),
                (select u.id from users u where u.contact_id = w.id limit 1),
                (select u.id from users u where u.email_hash = w.email_hash)) as account
             from (select (select c.id from contacts c where c.id = j.id) as id, (select c.email_hash from contacts c where c.id = j.id) as email_hash
                from (select unhex(value->>'id') as id from json_each($1)) j) w",
            &[&json_ids(contacts)],
        )
        .await?;
    Ok(rows.into_iter().filter_map(|OwnerRow { id, email_hash, account }| Some(Owner { id: id?, email_hash, account })).collect())
}

#[derive(Clone, Debug, platform::db::FromRow)]
pub(super) struct Account {
    pub id: UserId,
    pub contact_id: ContactId,
    pub email_hash: Vec<u8>,
    pub role: Option<String>,
    pub preferences: String,
    pub active: Flag,
    pub created_at: Timestamp,
}

/// Accounts by id or e-mail.
pub(super) async fn accounts<'a>(
    db: &mut impl Read,
    ids: impl IntoIterator<Item = UserId>,
    emails: impl IntoIterator<Item = &'a [u8]>,
) -> Result<HashMap<UserId, Account>, DbError> {
    let rows: Vec<Account> = db
        .fetch_all(
            "select id, contact_id, email_hash, role, preferences, active, created_at from users
             where id in (select unhex(value->>'id') from json_each($1))
             union
             select id, contact_id, email_hash, role, preferences, active, created_at from users
             where email_hash in (select unhex(value->>'id', '') from json_each($2))",
            &[&json_ids(ids), &json_ids(emails)],
        )
        .await?;
    Ok(rows.into_iter().map(|account| (account.id, account)).collect())
}

/// One thing that a customer with a row is known by.
#[derive(Clone, Debug, platform::db::FromRow)]
pub(super) struct Key {
    pub customer_id: CustomerId,
    pub user_id: Option<UserId>,
    pub email_hash: Option<Vec<u8>>,
    pub contact_id: Option<ContactId>,
}

/// Those of these keys that lead to a row.
pub(super) async fn keys(db: &mut impl Read, keys: &PersonKeys) -> Result<Vec<Key>, DbError> {
    db.fetch_all(
        "select customer_id, user_id, email_hash, contact_id from customer_keys
         where user_id in (select unhex(value->>'id') from json_each($1))
         union all
         select customer_id, user_id, email_hash, contact_id from customer_keys
         where email_hash in (select unhex(value->>'id', '') from json_each($2))
         union all
         select customer_id, user_id, email_hash, contact_id from customer_keys
         where contact_id in (select unhex(value->>'id') from json_each($3))",
        &[&json_ids(&keys.accounts), &json_ids(&keys.emails), &json_ids(&keys.contacts)],
    )
    .await
}

/// All keys of these customers.
pub(super) async fn keys_of_customers(db: &mut impl Read, customers: &[CustomerId]) -> Result<Vec<Key>, DbError> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    db.fetch_all(
        "select customer_id, user_id, email_hash, contact_id from customer_keys
         where customer_id in (select unhex(value->>'id') from json_each($1))",
        &[&json_ids(customers)],
    )
    .await
}

/// What came last of somebody who is known by one key.
#[derive(Clone, Copy, Debug, platform::db::FromRow)]
pub(super) struct Latest {
    pub contact: Option<ContactId>,
    pub last_order: Option<Timestamp>,
}

/// Of accounts: the contact and the time of their last order.
pub(super) async fn latest_of_accounts(
    db: &mut impl Read,
    accounts: impl IntoIterator<Item = UserId>,
) -> Result<HashMap<UserId, Latest>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        account: UserId,
        #[sqlx(flatten)]
        latest: Latest,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select w.account, (select o.contact_id from orders o where o.user_id = w.account and o.contact_id is not null
                    order by o.placed_at desc, o.id desc limit 1) as contact,
                (select max(o.placed_at) from orders o where o.user_id = w.account) as last_order
             from (select unhex(value->>'id') as account from json_each($1)) w",
            &[&json_ids(accounts)],
        )
        .await?;
    Ok(rows.into_iter().map(|row| (row.account, row.latest)).collect())
}

/// Of e-mails, each with the account that has it now: the newest contact and the last order, without what other accounts ordered with it.
pub(super) async fn latest_of_emails(
    db: &mut impl Read,
    emails: BTreeMap<&Vec<u8>, Option<UserId>>,
) -> Result<HashMap<Vec<u8>, Latest>, DbError> {
    #[derive(Serialize)]
    struct Sent<'a> {
        email: Hex<'a>,
        account: Option<Hex<'a>>,
    }
    #[derive(platform::db::FromRow)]
    struct Row {
        email: Vec<u8>,
        #[sqlx(flatten)]
        latest: Latest,
    }
    let mut sent = JsonRows::new();
    for (email, account) in &emails {
        sent.push(&Sent { email: hex(*email), account: account.as_ref().map(hex) });
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select w.email, (select c.id from contacts c where c.email_hash = w.email and not exists
                    (select 1 from orders o where o.contact_id = c.id and o.user_id is not null and (w.account is null or o.user_id <> w.account))
                    order by c.id desc limit 1) as contact,
                (select o.placed_at from contacts c join orders o on o.contact_id = c.id
                    where c.email_hash = w.email and (o.user_id is null or o.user_id = w.account) order by c.id desc limit 1) as last_order
             from (select unhex(value->>'email', '') as email, unhex(value->>'account') as account from json_each($1)) w",
            &[&sent.finish()],
        )
        .await?;
    Ok(rows.into_iter().map(|row| (row.email, row.latest)).collect())
}

/// Of contacts without an e-mail: themselves, and their order.
pub(super) async fn latest_of_contacts(
    db: &mut impl Read,
    contacts: impl IntoIterator<Item = ContactId>,
) -> Result<HashMap<ContactId, Latest>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        contact: ContactId,
        last_order: Option<Timestamp>,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select w.contact, (select max(o.placed_at) from orders o where o.contact_id = w.contact) as last_order
             from (select unhex(value->>'id') as contact from json_each($1)) w",
            &[&json_ids(contacts)],
        )
        .await?;
    Ok(rows.into_iter().map(|row| (row.contact, Latest { contact: Some(row.contact), last_order: row.last_order })).collect())
}

/// Contacts older than this one, the newest first; or newer than it, the oldest first.
pub(super) async fn contacts_from(db: &mut impl Read, contact: ContactId, back: bool) -> Result<Vec<ContactId>, DbError> {
    let sql = if back {
        "select id from contacts where id > $1 order by id limit 100"
    } else {
        "select id from contacts where id < $1 order by id desc limit 100"
    };
    db.fetch_scalars(sql, &[&contact]).await
}

/// Contacts of the orders with numbers from `from` up to, but without, `to`.
pub(super) async fn contacts_of_numbers(db: &mut impl Read, (from, to): (&str, &str)) -> Result<Vec<ContactId>, DbError> {
    db.fetch_scalars(
        "select contact_id from orders where number >= $1 and number < $2 and contact_id is not null order by number limit 100",
        &[&from, &to],
    )
    .await
}

/// The newest contacts of these people, to see what else they gave of themselves.
pub(super) async fn contacts_of(db: &mut impl Read, keys: &PersonKeys) -> Result<Vec<ContactId>, DbError> {
    db.fetch_scalars(
        "with theirs as materialized (
            select c.id from contacts c where c.email_hash in (select unhex(value->>'id', '') from json_each($2))
                and not exists (select 1 from orders o where o.contact_id = c.id and o.user_id is not null
                    and o.user_id not in (select unhex(value->>'id') from json_each($1)))
            union select o.contact_id from orders o where o.user_id in (select unhex(value->>'id') from json_each($1))
            union select unhex(value->>'id') from json_each($3))
         select id from theirs where id is not null order by id desc limit 100",
        &[&json_ids(&keys.accounts), &json_ids(&keys.emails), &json_ids(&keys.contacts)],
    )
    .await
}

/// The address books of these accounts, the default addresses first.
pub(super) async fn address_books(db: &mut impl Read, accounts: &[UserId]) -> Result<Vec<AddressId>, DbError> {
    db.fetch_scalars(
        "select a.id from users u join addresses a on a.contact_id = u.contact_id and a.in_book = 1
         where u.id in (select unhex(value->>'id') from json_each($1)) order by a.is_default desc, a.id desc",
        &[&json_ids(accounts)],
    )
    .await
}

/// Holds off other changes of customers until the end of the transaction. They are few, and what one of them reads of who is who must stay so.
pub(super) async fn lock(tx: &mut Tx) -> Result<(), DbError> {
    tx.lock("select pg_advisory_xact_lock(7220151, 1)", &[]).await
}

pub(super) async fn insert_customer(tx: &mut Tx) -> Result<CustomerId, DbError> {
    let id = CustomerId(tx.id());
    tx.execute("insert into customers (id, created_at) values ($1, $2)", &[&id, &tx.now()]).await?;
    Ok(id)
}

/// Gives a customer keys that no other has.
pub(super) async fn insert_keys(tx: &mut Tx, customer: CustomerId, keys: &PersonKeys) -> Result<(), DbError> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: Hex<'a>,
        customer: Hex<'a>,
        account: Option<Hex<'a>>,
        email: Option<Hex<'a>>,
        contact: Option<Hex<'a>>,
    }
    let mut rows = JsonRows::new();
    let mut push = |tx: &Tx, account: Option<&UserId>, email: Option<&Vec<u8>>, contact: Option<&ContactId>| {
        let id = tx.id();
        rows.push(&Row {
            id: hex(&id),
            customer: hex(&customer),
            account: account.map(hex),
            email: email.map(hex),
            contact: contact.map(hex),
        });
    };
    keys.accounts.iter().for_each(|account| push(tx, Some(account), None, None));
    keys.emails.iter().for_each(|email| push(tx, None, Some(email), None));
    keys.contacts.iter().for_each(|contact| push(tx, None, None, Some(contact)));
    tx.write_rows(
        "insert into customer_keys (id, customer_id, user_id, email_hash, contact_id)
         select unhex(value->>'id'), unhex(value->>'customer'), unhex(value->>'account'), unhex(value->>'email', ''), unhex(value->>'contact')
         from json_each($1) where true on conflict do nothing",
        rows,
    )
    .await
}

/// Moves keys, notes and tags of one customer to another, and keeps the row as a part of it.
pub(super) async fn move_all(tx: &mut Tx, from: CustomerId, to: CustomerId) -> Result<(), DbError> {
    for sql in [
        "update customer_keys set customer_id = $2 where customer_id = $1",
        "update customer_notes set customer_id = $2 where customer_id = $1",
        "insert into customer_tags (customer_id, tag_hash, sealed, at)
         select $2, tag_hash, sealed, at from customer_tags where customer_id = $1 on conflict do nothing",
        "update customers set merged_into = $2 where id = $1 or merged_into = $1",
    ] {
        tx.execute(sql, &[&from, &to]).await?;
    }
    tx.execute("delete from customer_tags where customer_id = $1", &[&from]).await.map(drop)
}

#[derive(platform::db::FromRow)]
pub(super) struct Note {
    pub id: CustomerNoteId,
    pub customer_id: CustomerId,
    pub sealed: Vec<u8>,
    pub actor: String,
    pub at: Timestamp,
}

/// The notes of these customers, newest first.
pub(super) async fn notes(db: &mut impl Read, customers: &[CustomerId]) -> Result<Vec<Note>, DbError> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    db.fetch_all(
        "select id, customer_id, sealed, actor, at from customer_notes
         where customer_id in (select unhex(value->>'id') from json_each($1)) order by id desc",
        &[&json_ids(customers)],
    )
    .await
}

pub(super) async fn insert_note(tx: &mut Tx, id: CustomerNoteId, customer: CustomerId, sealed: &[u8]) -> Result<(), DbError> {
    let (actor, at) = (tx.ctx().actor.to_string(), tx.now());
    tx.execute(
        "insert into customer_notes (id, customer_id, sealed, actor, at) values ($1, $2, $3, $4, $5)",
        &[&id, &customer, &sealed, &actor, &at],
    )
    .await
    .map(drop)
}

/// Deletes a note; whose it was, when there was one.
pub(super) async fn delete_note(tx: &mut Tx, note: CustomerNoteId) -> Result<Option<CustomerId>, DbError> {
    tx.fetch_optional_scalar("delete from customer_notes where id = $1 returning customer_id", &[&note]).await
}

#[derive(platform::db::FromRow)]
pub(super) struct Tag {
    pub customer_id: CustomerId,
    pub tag_hash: Vec<u8>,
    pub sealed: Vec<u8>,
}

/// The tags of these customers, in the order in which they were given.
pub(super) async fn tags(db: &mut impl Read, customers: &[CustomerId]) -> Result<Vec<Tag>, DbError> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    db.fetch_all(
        "select customer_id, tag_hash, sealed from customer_tags
         where customer_id in (select unhex(value->>'id') from json_each($1)) order by at, tag_hash",
        &[&json_ids(customers)],
    )
    .await
}

/// Gives a customer a tag; false when it has it already.
pub(super) async fn insert_tag(tx: &mut Tx, customer: CustomerId, tag_hash: &[u8], sealed: &[u8]) -> Result<bool, DbError> {
    let at = tx.now();
    let inserted = tx
        .execute(
            "insert into customer_tags (customer_id, tag_hash, sealed, at) values ($1, $2, $3, $4) on conflict do nothing",
            &[&customer, &tag_hash, &sealed, &at],
        )
        .await?;
    Ok(inserted == 1)
}

/// Takes a tag from these customers; how many had it.
pub(super) async fn delete_tag(tx: &mut Tx, customers: &[CustomerId], tag_hash: &[u8]) -> Result<u64, DbError> {
    tx.execute(
        "delete from customer_tags where tag_hash = $2 and customer_id in (select unhex(value->>'id') from json_each($1))",
        &[&json_ids(customers), &tag_hash],
    )
    .await
}

/// Customers with a tag, the newest first behind this one, or the oldest first before it.
pub(super) async fn tagged(db: &mut impl Read, tag_hash: &[u8], rows: Rows) -> Result<Vec<CustomerId>, DbError> {
    const FORWARD: &str =
        "select customer_id from customer_tags where tag_hash = $1 and customer_id < $2 order by customer_id desc limit 51";
    const BACK: &str = "select customer_id from customer_tags where tag_hash = $1 and customer_id > $2 order by customer_id limit 51";
    let newest = CustomerId(Uuid::max());
    let (key, sql) = match rows {
        Rows::First => (newest, FORWARD),
        Rows::After(key) => (key.parse().unwrap_or(newest), FORWARD),
        Rows::Before(key) => (key.parse().unwrap_or(newest), BACK),
    };
    db.fetch_scalars(sql, &[&tag_hash, &key]).await
}
