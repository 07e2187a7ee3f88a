//! The SQL of the orders of one person, by what the person is known by.

use domain::id::{AddressId, ContactId, UserId};
use domain::{Currency, Timestamp};
use platform::db::{DbError, Read, Tx, json_ids};

use super::list::{OrderRow, RowOrder, Slice, rows};
use crate::orders::{is_credited, is_sale};

/// Gives an account the orders that were placed as a guest with the address of this keyed hash; returns how many.
pub(crate) async fn give_guest_orders(tx: &mut Tx, user: UserId, email_hash: &[u8]) -> Result<u64, DbError> {
    let theirs = "select 1 from orders where user_id is null and contact_id in (select id from contacts where email_hash = $1)
         order by id for update";
    tx.lock(theirs, &[&email_hash]).await?;
    let sql = "update orders set user_id = $1 where user_id is null and contact_id in (select id from contacts where email_hash = $2)";
    tx.execute(sql, &[&user, &email_hash]).await
}

/// What the orders of one person are found by. An order that was placed by an account is that account's, whatever e-mail it has; one of a
/// guest is of whoever has its e-mail.
#[derive(Clone, Debug, Default)]
pub(crate) struct PersonKeys {
    pub accounts: Vec<UserId>,
    /// Keyed hashes.
    pub emails: Vec<Vec<u8>>,
    /// Contacts without an e-mail.
    pub contacts: Vec<ContactId>,
}

impl PersonKeys {
    fn binds(&self) -> [String; 3] {
        [json_ids(&self.accounts), json_ids(&self.emails), json_ids(&self.contacts)]
    }
}

/// A statement's beginning: `theirs` has the orders of a person, by `$1` to `$3` of [`PersonKeys`].
macro_rules! theirs {
    () => {
        "with theirs as materialized (
            select o.id, o.placed_at from orders o where o.user_id in (select unhex(value->>'id') from json_each($1))
            union
            select o.id, o.placed_at from contacts c join orders o on o.contact_id = c.id
                where c.email_hash in (select unhex(value->>'id', '') from json_each($2))
                    and (o.user_id is null or o.user_id in (select unhex(value->>'id') from json_each($1)))
            union
            select o.id, o.placed_at from orders o where o.contact_id in (select unhex(value->>'id') from json_each($3)))"
    };
}

/// What is left of the price of an order `o`: without what is not charged, and what went back of it.
macro_rules! left_of {
    () => {
        concat!(
            "(o.total - coalesce((select cast(sum(c.amount) as bigint) from credit_lines c where c.order_id = o.id and ",
            is_credited!(),
            "), 0))"
        )
    };
}

/// A page of their orders: the newest first, or the oldest.
pub(in crate::orders) async fn of_person(db: &mut impl Read, keys: &PersonKeys, slice: Slice) -> Result<Vec<OrderRow>, DbError> {
    macro_rules! page {
        ($behind:literal, $direction:literal) => {
            concat!(
                theirs!(),
                ", page as materialized (select t.id from theirs t where (t.placed_at, t.id) ",
                $behind,
                " ($4, $5) order by t.placed_at",
                $direction,
                ", t.id",
                $direction,
                " limit 51) ",
                rows!(),
                " from page p join orders o on o.id = p.id order by o.placed_at",
                $direction,
                ", o.id",
                $direction
            )
        };
    }
    let ([accounts, emails, contacts], (at, id)) = (keys.binds(), slice.key);
    let sql = if slice.order == RowOrder::Oldest { page!(">", "") } else { page!("<", " desc") };
    db.fetch_all(sql, &[&accounts, &emails, &contacts, &at, &id]).await
}

/// How many orders somebody has.
#[derive(platform::db::FromRow)]
pub(crate) struct Counted {
    pub orders: i64,
    pub last: Option<Timestamp>,
}

/// Counts their orders, those that were cancelled among them.
pub(crate) async fn count_of(db: &mut impl Read, keys: &PersonKeys) -> Result<Counted, DbError> {
    let [accounts, emails, contacts] = keys.binds();
    db.fetch_one(concat!(theirs!(), " select count(*) as orders, max(placed_at) as last from theirs"), &[&accounts, &emails, &contacts])
        .await
}

/// What somebody spent in a currency.
#[derive(platform::db::FromRow)]
pub(crate) struct Spent {
    pub currency: Currency,
    pub orders: i64,
    /// Minor units, less what is not charged and what went back of the price.
    pub total: i64,
}

/// Their sales by currency, less what was given back of them; the currency of most orders first.
pub(crate) async fn spent_of(db: &mut impl Read, keys: &PersonKeys) -> Result<Vec<Spent>, DbError> {
    let [accounts, emails, contacts] = keys.binds();
    db.fetch_all(
        concat!(
            theirs!(),
            " select o.currency, count(*) as orders, cast(sum(",
            left_of!(),
            ") as bigint) as total
             from theirs t join orders o on o.id = t.id where ",
            is_sale!(),
            " group by o.currency order by count(*) desc, o.currency"
        ),
        &[&accounts, &emails, &contacts],
    )
    .await
}

/// A sale to one of several people.
#[derive(Clone, Debug, platform::db::FromRow)]
pub(crate) struct Sale {
    pub user_id: Option<UserId>,
    pub email_hash: Option<Vec<u8>>,
    pub contact_id: Option<ContactId>,
    pub placed_at: Timestamp,
    pub currency: Currency,
    /// As in [`Spent`].
    pub total: i64,
    pub delivery_address_id: Option<AddressId>,
}

/// Each of their sales.
pub(crate) async fn sales_of(db: &mut impl Read, keys: &PersonKeys) -> Result<Vec<Sale>, DbError> {
    let [accounts, emails, contacts] = keys.binds();
    db.fetch_all(
        concat!(
            theirs!(),
            " select o.user_id, k.email_hash, o.contact_id, o.placed_at, o.currency, ",
            left_of!(),
            " as total, o.delivery_address_id
             from theirs t join orders o on o.id = t.id left join contacts k on k.id = o.contact_id where ",
            is_sale!()
        ),
        &[&accounts, &emails, &contacts],
    )
    .await
}

/// Where their latest orders went, the latest first.
pub(crate) async fn addresses_of(db: &mut impl Read, keys: &PersonKeys) -> Result<Vec<AddressId>, DbError> {
    let [accounts, emails, contacts] = keys.binds();
    db.fetch_scalars(
        concat!(
            theirs!(),
            ", latest as materialized (select t.id from theirs t order by t.placed_at desc, t.id desc limit 50)
             select o.delivery_address_id from latest l join orders o on o.id = l.id where o.delivery_address_id is not null
             order by o.placed_at desc, o.id desc"
        ),
        &[&accounts, &emails, &contacts],
    )
    .await
}
